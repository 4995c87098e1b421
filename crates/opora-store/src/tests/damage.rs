//! Damage: the view is always healed; the journal is cut only where nothing was acknowledged, else refused and named.

use std::fs;
use std::path::{Path, PathBuf};

use opora_core::model::{Revision, TicketNumber};

use crate::conformance::sample;
use crate::disk::model::Dice;
use crate::view::record::{secondary_key, secondary_value};
use crate::{Embedded, EmbeddedOptions, Index, OpenError, Severity, Store as _, Wrong, check};

pub(super) const TICKETS: u64 = 60;

pub(super) fn options(dir: &Path) -> EmbeddedOptions {
    EmbeddedOptions {
        disk_reserve: 0,
        segment_size: 32 << 10,
        segment_block: 2 << 10,
        sled_cache: 1 << 20,
        ticket_cache: 0,
        ..EmbeddedOptions::new(dir)
    }
}

/// A store that was closed: tickets, each changed once.
pub(super) fn closed(dir: &Path) {
    let store = Embedded::open(options(dir)).unwrap();
    let creates: Vec<_> = (1..=TICKETS).map(|n| sample::create(n, n)).collect();
    let changes: Vec<_> = (1..=TICKETS).map(|n| sample::change(TICKETS + n, n)).collect();
    for group in creates.chunks(10).chain(changes.chunks(10)) {
        sample::append(&store, group).unwrap();
    }
    store.close().unwrap();
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = {
            let e = entry.unwrap();
            (e.path(), to.join(e.file_name()))
        };
        if path.is_dir() {
            copy(&path, &target);
        } else {
            let _ = fs::copy(&path, &target).unwrap();
        }
    }
}

pub(super) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn answers_as_before(store: &Embedded) {
    assert_eq!(store.position().newest.0, 2 * TICKETS);
    assert_eq!(store.position().tickets, TICKETS);
    for number in 1..=TICKETS {
        let ticket = store.ticket(TicketNumber(number)).unwrap().unwrap();
        assert_eq!(ticket.revision.0, TICKETS + number);
        assert!(ticket.subject.contains(&format!("в ревизии {}", TICKETS + number)));
        let external = format!("INC{number:07}");
        assert_eq!(store.find(Index::ExternalId, &external).unwrap(), Some(TicketNumber(number)));
    }
    for revision in 1..=2 * TICKETS {
        assert_eq!(store.remembered(&sample::request_key(revision)).unwrap().unwrap().revision.0, revision);
    }
}

/// One bit flipped or a page zeroed, where there is something.
fn hurt(path: &Path, dice: &mut Dice) {
    let mut bytes = fs::read(path).unwrap();
    let before = bytes.clone();
    while bytes == before {
        let at = dice.roll(bytes.len() as u64) as usize;
        if dice.roll(2) == 0 {
            bytes[at] ^= 1 << dice.roll(8);
        } else {
            let page = at / 4096 * 4096;
            let end = bytes.len().min(page + 4096);
            bytes[page..end].fill(0);
        }
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_view_is_always_healed() {
    let home = tempfile::tempdir().unwrap();
    let good = home.path().join("good");
    closed(&good);
    for round in 0..50 {
        let dir = home.path().join(format!("round-{round}"));
        copy(&good, &dir);
        let mut dice = Dice(round);
        let inside: Vec<_> =
            files(&dir.join("view")).into_iter().filter(|f| fs::metadata(f).unwrap().len() > 0).collect();
        let hit = &inside[dice.roll(inside.len() as u64) as usize];
        hurt(hit, &mut dice);
        let store = Embedded::open(options(&dir)).unwrap_or_else(|e| panic!("round {round}, {}: {e}", hit.display()));
        answers_as_before(&store);
        sample::append(&store, &[sample::change(2 * TICKETS + 1, 1)]).unwrap();
        assert_eq!(store.ticket(TicketNumber(1)).unwrap().unwrap().revision.0, 2 * TICKETS + 1);
        drop(store);
        let store = Embedded::open(options(&dir)).unwrap();
        assert_eq!(store.position().newest.0, 2 * TICKETS + 1, "round {round}");
        drop(store);
        fs::remove_dir_all(&dir).unwrap();
    }
}

#[test]
fn a_view_that_is_deleted_empty_or_garbage_is_built_again() {
    let home = tempfile::tempdir().unwrap();
    closed(home.path());
    let view = home.path().join("view");
    for round in 0..3 {
        match round {
            0 => fs::remove_dir_all(&view).unwrap(),
            1 => {
                for file in files(&view) {
                    fs::write(file, b"").unwrap();
                }
            }
            _ => {
                for file in files(&view) {
                    fs::write(file, vec![0xAB; 100_000]).unwrap();
                }
            }
        }
        let store = Embedded::open(options(home.path())).unwrap();
        answers_as_before(&store);
        store.close().unwrap();
    }
}

#[test]
fn damage_of_what_was_acknowledged_in_the_journal_is_refused_and_named() {
    let home = tempfile::tempdir().unwrap();
    let good = home.path().join("good");
    closed(&good);
    damage_is_named(home.path(), &good);
}

#[test]
fn so_is_damage_where_it_is_compressed() {
    let home = tempfile::tempdir().unwrap();
    let good = home.path().join("good");
    closed(&good);
    let store = Embedded::open(options(&good)).unwrap();
    assert!(store.pack().unwrap() > 0);
    store.close().unwrap();
    drop(store);
    damage_is_named(home.path(), &good);
}

fn damage_is_named(home: &Path, good: &Path) {
    let mut named = 0;
    for round in 0..50 {
        let dir = home.join(format!("round-{round}"));
        copy(good, &dir);
        let mut dice = Dice(1_000 + round);
        let segments: Vec<_> =
            files(&dir.join("journal")).into_iter().filter(|f| f.extension().is_some_and(|e| e == "journal")).collect();
        let hit = segments[dice.roll(segments.len() as u64) as usize].clone();
        let (before, mut after) = (fs::read(&hit).unwrap(), Vec::new());
        while after.is_empty() {
            hurt(&hit, &mut dice);
            // Only where frames lie: what is reserved behind them holds nothing.
            let used = before.iter().rposition(|b| *b != 0).unwrap();
            after = fs::read(&hit).unwrap();
            if after[..used] == before[..used] {
                fs::write(&hit, &before).unwrap();
                after.clear();
            }
        }
        let report = check(&dir, false, &mut |_| {}).unwrap();
        assert!(report.findings.iter().any(|f| f.path == hit), "round {round}: {:?}", report.findings);
        match Embedded::open(options(&dir)) {
            Err(OpenError::Damaged { path, revision, .. }) => {
                assert_eq!((path, fs::read(&hit).unwrap() == after), (hit, true), "round {round}");
                assert!(revision.0 >= 1 && revision.0 <= 2 * TICKETS);
                named += 1;
            }
            // The end of the last one, which looks like the end of a journal.
            Err(OpenError::Behind { path, acknowledged, .. }) => {
                assert_eq!((path, acknowledged), (hit, Revision(2 * TICKETS)), "round {round}");
                named += 1;
            }
            Err(e) => panic!("round {round}: {e}"),
            // A finished segment is not read through at the start: damage in it is told when it is met.
            Ok(store) => {
                let bad: Vec<_> = (1..=2 * TICKETS).filter(|r| store.commit(Revision(*r)).is_err()).collect();
                assert!(!bad.is_empty(), "round {round}: nothing is wrong");
                for number in 1..=TICKETS {
                    let last = TICKETS + number;
                    match store.ticket(TicketNumber(number)) {
                        Ok(ticket) => assert_eq!(ticket.unwrap().revision.0, last, "round {round}"),
                        // Only what the damage holds is refused, and the refusal names it.
                        Err(e) => assert!(bad.contains(&last) && e.to_string().contains(&format!("revision {last} "))),
                    }
                }
            }
        }
        fs::remove_dir_all(&dir).unwrap();
    }
    assert!(named > 5, "{named}");
}

#[test]
fn a_check_finds_nothing_in_a_sound_store_and_repairs_a_view() {
    let home = tempfile::tempdir().unwrap();
    closed(home.path());
    let report = check(home.path(), false, &mut |_| {}).unwrap();
    assert!(report.findings.iter().all(|f| f.severity == Severity::Harmless), "{:?}", report.findings);
    assert_eq!((report.commits, report.tickets), (2 * TICKETS, TICKETS));
    for file in files(&home.path().join("view")) {
        fs::write(file, vec![7; 5_000]).unwrap();
    }
    assert!(!check(home.path(), false, &mut |_| {}).unwrap().is_sound());
    assert!(check(home.path(), true, &mut |_| {}).unwrap().is_sound());
    let report = check(home.path(), false, &mut |_| {}).unwrap();
    assert!(report.is_sound() && !report.repaired, "{:?}", report.findings);
    answers_as_before(&Embedded::open(options(home.path())).unwrap());
}

#[test]
fn a_check_tells_of_which_kind_the_key_is_that_a_view_lacks() {
    let home = tempfile::tempdir().unwrap();
    let store = Embedded::open(options(home.path())).unwrap();
    let kinds = || (1..).zip(Index::ALL.iter().copied());
    let commits: Vec<_> = kinds().map(|(n, index)| sample::keyed(n, n, &[(index, "INC0000007")])).collect();
    sample::append(&store, &commits).unwrap();
    store.close().unwrap();
    drop(store);
    let found = || -> Vec<_> {
        let report = check(home.path(), false, &mut |_| {}).unwrap();
        report.findings.into_iter().map(|finding| (finding.what, finding.severity)).collect()
    };
    // Closes the view again each time.
    let view = || sled::open(home.path().join("view").join("1")).unwrap();
    assert_eq!(found(), []);
    for (n, index) in kinds() {
        let key = secondary_key(&index.hash("INC0000007"));
        let value = view().remove(key).unwrap().unwrap();
        let wrong = Wrong::KeyWrong { index, number: TicketNumber(n) };
        assert_eq!(found(), [(wrong.clone(), Severity::Repairable)]);
        view().insert(key, secondary_value(&key, TicketNumber(99))).unwrap();
        assert_eq!(found(), [(wrong, Severity::Repairable)]);
        view().insert(key, value).unwrap();
        assert_eq!(found(), []);
        let more = secondary_key(&index.hash("nobody's"));
        view().insert(more, secondary_value(&more, TicketNumber(n))).unwrap();
        let journal = Index::ALL.len();
        assert_eq!(found(), [(Wrong::KeysBeyond { view: journal + 1, journal }, Severity::Repairable)]);
        view().remove(more).unwrap();
    }
}

#[test]
fn a_directory_that_can_not_be_made_or_written_is_named_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    // A directory in the place of the lock can't be opened for writing, whoever asks: root too.
    let taken = dir.path().join("taken");
    fs::create_dir_all(taken.join("lock")).unwrap();
    for unusable in [file.join("desk"), taken] {
        match Embedded::open(EmbeddedOptions::new(&unusable)) {
            Err(e @ OpenError::Unusable { .. }) => {
                let said = e.to_string();
                assert!(said.starts_with(&unusable.display().to_string()), "{said}");
                assert!(said.contains("--data"), "{said}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_store_of_a_newer_version_and_one_in_use_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let store = Embedded::open(options(home.path())).unwrap();
    match Embedded::open(options(home.path())) {
        Err(e @ OpenError::InUse { .. }) => assert!(e.to_string().contains(&std::process::id().to_string()), "{e}"),
        other => panic!("{other:?}"),
    }
    drop(store);
    let path = home.path().join("format");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("format = 1", "format = 3")).unwrap();
    assert!(matches!(Embedded::open(options(home.path())), Err(OpenError::Newer { .. })));
    // An older view is built again.
    fs::write(&path, text.replace("view = 2", "view = 1")).unwrap();
    drop(Embedded::open(options(home.path())).unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}
