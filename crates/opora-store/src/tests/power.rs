//! Power cuts and full disks, on a modelled disk: nothing that was acknowledged is lost.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use opora_core::model::{Revision, TicketNumber};

use crate::conformance::sample;
use crate::disk::model::{Dice, ModelDisk};
use crate::{AppendError, Commit, Embedded, EmbeddedOptions, OpenError, Store as _};

fn options(dir: &Path) -> EmbeddedOptions {
    EmbeddedOptions {
        disk_reserve: 0,
        segment_size: 24 << 10,
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
    let (mut cut_back, mut adopted) = (0, 0);
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
            store.append(&group).unwrap();
            acknowledged.extend(group);
        }
        let syncs = disk.syncs();
        if dice.roll(3) > 0 {
            disk.fail_syncs(true);
            assert!(matches!(store.append(&group(&store, &mut dice)), Err(AppendError::Failed(_))));
            cut_back += 1;
            disk.fail_syncs(false);
            assert!(matches!(store.append(&group(&store, &mut dice)), Err(AppendError::Failed(_))), "it is poisoned");
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
    assert!(cut_back > 10 && adopted > 0, "{cut_back} {adopted}");
    assert!(acknowledged.len() > 200);
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let home = tempfile::tempdir().unwrap();
    let disk = ModelDisk::new();
    let store = open(&disk, home.path()).unwrap();
    store.append(&[sample::create(1, 1)]).unwrap();
    disk.set_room(10_000);
    let mut refused = 0;
    for _ in 0..60 {
        let newest = store.position().newest.0;
        match store.append(&[sample::change(newest + 1, 1)]) {
            Ok(()) => {}
            Err(AppendError::Full(_)) => refused += 1,
            Err(e) => panic!("{e}"),
        }
    }
    assert!(refused > 5);
    let newest = store.position().newest.0;
    assert_eq!(store.ticket(TicketNumber(1)).unwrap().unwrap().revision.0, newest, "reads go on");
    disk.set_room(1 << 30);
    store.append(&[sample::change(newest + 1, 1)]).unwrap();
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
    store.append(&[sample::create(1, 1)]).unwrap();
    disk.set_room((1 << 20) - 1);
    assert!(matches!(store.append(&[sample::create(2, 2)]), Err(AppendError::Full(_))));
    disk.set_room(1 << 20);
    store.append(&[sample::create(2, 2)]).unwrap();
}

#[test]
fn a_journal_that_ends_before_what_was_acknowledged_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let disk = ModelDisk::new();
    let store = open(&disk, home.path()).unwrap();
    for n in 1..=3 {
        store.append(&[sample::create(n, n)]).unwrap();
    }
    store.close().unwrap();
    drop(store);
    // The last frame is zeroed: it looks like the end of a journal, but the store was closed after it.
    disk.damage(&home.path().join("journal/00000000000000000001.journal"), |bytes| {
        let used = bytes.iter().rposition(|b| *b != 0).unwrap();
        bytes[used - 300..].fill(0);
    });
    match open(&disk, home.path()) {
        Err(e @ OpenError::Damaged { revision: Revision(3), .. }) => assert!(e.to_string().contains("opora check")),
        other => panic!("{other:?}"),
    }
}
