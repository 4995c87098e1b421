//! Power cuts and full disks, on a modelled disk: nothing that was acknowledged is lost.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use opora_core::model::{Revision, TicketNumber};
use rustix::io::Errno;

use crate::conformance::sample;
use crate::disk::Disk as _;
use crate::disk::model::{Dice, ModelDisk};
use crate::{AppendError, Commit, Embedded, EmbeddedOptions, OpenError, Store as _};

fn options(dir: &Path) -> EmbeddedOptions {
    EmbeddedOptions {
        disk_reserve: 0,
        segment_size: 24 << 10,
        segment_block: 2 << 10,
        sled_cache: 1 << 20,
        ticket_cache: 0,
        ..EmbeddedOptions::new(dir)
    }
}

fn open(disk: &ModelDisk, dir: &Path) -> Result<Embedded, OpenError> {
    Embedded::open_on(Arc::new(disk.clone()), options(dir))
}

/// The next commits: creates and changes.
fn group(store: &Embedded, dice: &mut Dice) -> Vec<Arc<Commit>> {
    let position = store.position();
    let mut tickets = position.tickets;
    let next = |n: u64| {
        let revision = position.newest.0 + n;
        if tickets == 0 || dice.roll(3) == 0 {
            tickets += 1;
            sample::create(revision, tickets)
        } else {
            sample::change(revision, dice.roll(tickets) + 1)
        }
    };
    (1..=1 + position.newest.0 % 5).map(next).collect()
}

#[test]
fn fifty_power_cuts_lose_nothing_that_was_acknowledged() {
    let home = tempfile::tempdir().unwrap();
    let mut disk = ModelDisk::new();
    let mut acknowledged: Vec<Arc<Commit>> = Vec::new();
    let (mut cut_back, mut adopted, mut packed) = (0, 0, 0);
    for round in 0..50 {
        let mut dice = Dice(round);
        let store = open(&disk, home.path()).unwrap_or_else(|e| panic!("round {round}: {e}"));
        let newest = store.position().newest.0 as usize;
        assert!(newest >= acknowledged.len(), "round {round}: {newest} of {}", acknowledged.len());
        for commit in &acknowledged {
            assert_eq!(&store.commit(commit.revision).unwrap(), commit, "round {round}");
        }
        // What was written whole and not acknowledged may have happened.
        for revision in acknowledged.len() + 1..=newest {
            adopted += 1;
            acknowledged.push(store.commit(Revision(revision as u64)).unwrap());
        }
        for _ in 0..dice.roll(12) {
            let group = group(&store, &mut dice);
            sample::append(&store, &group).unwrap();
            acknowledged.extend(group);
        }
        if dice.roll(2) == 0 {
            packed += store.pack().unwrap();
        }
        let syncs = disk.syncs();
        if dice.roll(3) > 0 {
            disk.fail_syncs(true);
            assert!(matches!(sample::append(&store, &group(&store, &mut dice)), Err(AppendError::Failed(_))));
            cut_back += 1;
            disk.fail_syncs(false);
            assert!(
                matches!(sample::append(&store, &group(&store, &mut dice)), Err(AppendError::Failed(_))),
                "it is poisoned"
            );
        }
        let after = disk.power_cut(&mut dice);
        assert!(disk.syncs() >= syncs);
        drop(store);
        disk = after;
        // The machine booted since, and what sled wrote is anything.
        disk.damage(&home.path().join("state"), |state| *state = b"open another-boot\n".to_vec());
        for entry in fs::read_dir(home.path().join("view")).unwrap() {
            let file = entry.unwrap().path().join("db");
            let garbage: Vec<u8> = (0..50_000).map(|_| dice.roll(256) as u8).collect();
            fs::write(file, garbage).unwrap();
        }
    }
    assert!(cut_back > 10 && adopted > 0 && packed > 5, "{cut_back} {adopted} {packed}");
    assert!(acknowledged.len() > 200);
}

/// A store with some finished segments, and all that is in it.
fn finished(disk: &ModelDisk, dir: &Path) -> (Embedded, Vec<Arc<Commit>>) {
    let store = open(disk, dir).unwrap();
    let commits: Vec<_> = (1..=60).map(|n| sample::create(n, n)).collect();
    for group in commits.chunks(4) {
        sample::append(&store, group).unwrap();
    }
    (store, commits)
}

fn holds(store: &Embedded, commits: &[Arc<Commit>], what: &str) {
    assert_eq!(store.position().newest.0, commits.len() as u64, "{what}");
    for commit in commits {
        assert_eq!(&store.commit(commit.revision).unwrap(), commit, "{what}");
    }
}

#[test]
fn a_cut_at_any_step_of_compressing_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let disk = ModelDisk::new();
    let (store, commits) = finished(&disk, home.path());
    drop(store);
    let mut steps = 0;
    loop {
        let disk = disk.copied();
        let store = open(&disk, home.path()).unwrap();
        disk.cut_at(steps);
        assert!(store.pack().unwrap() > 1);
        holds(&store, &commits, "while it runs");
        let Some(cut) = disk.cut() else { break };
        drop(store);
        let found = cut.power_cut(&mut Dice(steps));
        found.damage(&home.path().join("state"), |state| *state = b"open another-boot\n".to_vec());
        let store = open(&found, home.path()).unwrap_or_else(|e| panic!("step {steps}: {e}"));
        holds(&store, &commits, &format!("step {steps}"));
        store.pack().unwrap();
        holds(&store, &commits, &format!("step {steps}, compressed after it"));
        steps += 1;
    }
    assert!(steps > 20, "{steps}");
}

#[test]
fn where_there_is_no_room_a_segment_stays_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    let disk = ModelDisk::new();
    let (store, commits) = finished(&disk, home.path());
    // Not even the first fits, whatever was sealed before.
    disk.set_room(500);
    assert!(crate::disk::is_full(&store.pack().unwrap_err()));
    holds(&store, &commits, "without room");
    disk.set_room(1 << 30);
    assert!(store.pack().unwrap() > 1);
    holds(&store, &commits, "compressed");
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let home = tempfile::tempdir().unwrap();
    let disk = ModelDisk::new();
    let store = open(&disk, home.path()).unwrap();
    sample::append(&store, &[sample::create(1, 1)]).unwrap();
    disk.set_room(10_000);
    let mut refused = 0;
    for _ in 0..60 {
        let newest = store.position().newest.0;
        match sample::append(&store, &[sample::change(newest + 1, 1)]) {
            Ok(()) => {}
            Err(AppendError::Full(_)) => refused += 1,
            Err(e) => panic!("{e}"),
        }
    }
    assert!(refused > 5);
    let newest = store.position().newest.0;
    assert_eq!(store.ticket(TicketNumber(1)).unwrap().unwrap().revision.0, newest, "reads go on");
    disk.set_room(1 << 30);
    sample::append(&store, &[sample::change(newest + 1, 1)]).unwrap();
    drop(store);
    let store = open(&disk, home.path()).unwrap();
    assert_eq!(store.position().newest.0, newest + 1);
}

#[test]
fn below_the_reserve_nothing_is_written() {
    let home = tempfile::tempdir().unwrap();
    let disk = ModelDisk::new();
    let options = EmbeddedOptions { disk_reserve: 1 << 20, ..options(home.path()) };
    let store = Embedded::open_on(Arc::new(disk.clone()), options).unwrap();
    sample::append(&store, &[sample::create(1, 1)]).unwrap();
    disk.set_room((1 << 20) - 1);
    assert!(matches!(sample::append(&store, &[sample::create(2, 2)]), Err(AppendError::Full(_))));
    disk.set_room(1 << 20);
    sample::append(&store, &[sample::create(2, 2)]).unwrap();
}

#[test]
fn a_journal_that_ends_before_what_was_acknowledged_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let disk = ModelDisk::new();
    let store = open(&disk, home.path()).unwrap();
    for n in 1..=3 {
        sample::append(&store, &[sample::create(n, n)]).unwrap();
    }
    store.close().unwrap();
    drop(store);
    // The last frame is zeroed: it looks like the end of a journal, but the store was closed after it.
    disk.damage(&home.path().join("journal/00000000000000000001.journal"), |bytes| {
        let used = bytes.iter().rposition(|b| *b != 0).unwrap();
        bytes[used - 300..].fill(0);
    });
    match open(&disk, home.path()) {
        Err(e @ OpenError::Behind { newest: Revision(2), acknowledged: Revision(3), witness: "state", .. }) => {
            assert!(e.to_string().contains("opora check"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_machine_without_descriptors_refuses_and_goes_on_when_there_are_some() {
    for errno in [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::INTR] {
        let home = tempfile::tempdir().unwrap();
        let disk = ModelDisk::new();
        let store = open(&disk, home.path()).unwrap();
        sample::append(&store, &[sample::create(1, 1)]).unwrap();
        disk.run_short(Some(errno.raw_os_error()));
        let (mut taken, mut refused) = (0_u64, 0);
        while refused < 5 {
            match sample::append(&store, &[sample::change(store.position().newest.0 + 1, 1)]) {
                Ok(()) => taken += 1,
                Err(AppendError::Short(_)) => refused += 1,
                Err(e) => panic!("{errno}: {e}"),
            }
        }
        assert_eq!(store.position().newest.0, taken + 1, "what was refused did not happen");
        disk.run_short(None);
        let newest = store.position().newest.0;
        sample::append(&store, &[sample::change(newest + 1, 1)]).unwrap();
        drop(store);
        assert_eq!(open(&disk, home.path()).unwrap().position().newest.0, newest + 1, "{errno}");
    }
}

#[test]
fn the_next_segment_begins_where_no_descriptor_is_left() {
    let home = tempfile::tempdir().unwrap();
    let disk = ModelDisk::new();
    let store = open(&disk, home.path()).unwrap();
    sample::append(&store, &[sample::create(1, 1)]).unwrap();
    disk.run_short(Some(Errno::MFILE.raw_os_error()));
    let segments = || {
        let names = disk.list(&home.path().join("journal")).unwrap();
        names.iter().filter(|name| name.ends_with(".journal")).count()
    };
    while segments() < 2 {
        sample::append(&store, &[sample::change(store.position().newest.0 + 1, 1)]).unwrap();
    }
}
