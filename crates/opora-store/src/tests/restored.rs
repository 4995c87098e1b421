//! Copies of a directory: an older journal is told from the files beside it, one that is put to use is another store, and
//! one that was made while the store was written opens as of a moment or is refused with what to do.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use opora_core::model::{Revision, TicketNumber};

use super::damage::{copy, files, options};
use crate::conformance::sample;
use crate::journal::frame::SEGMENT_HEADER;
use crate::{Embedded, EmbeddedOptions, OpenError, ReadError, Severity, Store as _, StoreUid, Wrong, check};

const LEFT_OUT: u64 = 1_000_000;

/// Appends changes of the first ticket, which is made where there is none, until so many commits are there.
fn fill(dir: &Path, to: u64) -> StoreUid {
    let store = Embedded::open(options(dir)).unwrap();
    for revision in store.position().newest.0 + 1..=to {
        let commit = if revision == 1 { sample::create(1, 1) } else { sample::change(revision, 1) };
        sample::append(&store, &[commit]).unwrap();
    }
    store.close().unwrap();
    store.uid()
}

fn replace_dir(from: &Path, to: &Path) {
    fs::remove_dir_all(to).unwrap();
    copy(from, to);
}

/// A desk whose journal is 40 commits older than all that is beside it.
fn with_an_older_journal(home: &Path) -> (std::path::PathBuf, StoreUid) {
    let dir = home.join("desk");
    fill(&dir, 60);
    copy(&dir.join("journal"), &home.join("older"));
    let uid = fill(&dir, 100);
    replace_dir(&home.join("older"), &dir.join("journal"));
    (dir, uid)
}

fn accepted(dir: &Path) -> Embedded {
    Embedded::open(EmbeddedOptions { accept_restored: true, ..options(dir) }).unwrap()
}

#[test]
fn a_journal_that_is_older_than_its_state_is_refused_and_the_refusal_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let (dir, _) = with_an_older_journal(home.path());
    for view in [true, false] {
        if !view {
            fs::remove_dir_all(dir.join("view")).unwrap();
        }
        let before = contents(&dir.join("journal"));
        let error = Embedded::open(options(&dir)).unwrap_err();
        let said = error.to_string();
        assert!(said.contains("--accept-restored") && said.contains("copy the directory again"), "{said}");
        assert!(!said.contains("Revision("), "{said}");
        let behind = matches!(
            error,
            OpenError::Behind { newest: Revision(60), acknowledged: Revision(100), witness: "state" | "view", .. }
        );
        assert!(behind, "{error:?}");
        assert_eq!(contents(&dir.join("journal")), before, "nothing was changed");
        let report = check(&dir, false, &mut |_| {}).unwrap();
        assert!(report.is_lost(), "{:?}", report.findings);
        assert!(report.findings.iter().any(|f| matches!(f.what, Wrong::JournalBehind { .. })));
    }
}

#[test]
fn a_copy_that_is_put_to_use_is_another_store_whose_revisions_go_on_a_million_further() {
    let home = tempfile::tempdir().unwrap();
    let (dir, before) = with_an_older_journal(home.path());
    let store = accepted(&dir);
    let uid = store.uid();
    assert_ne!(uid, before);
    let position = store.position();
    assert_eq!((position.newest, position.oldest), (Revision(60 + LEFT_OUT), Revision(1)));
    // The newest can be read, and nothing happened in it.
    assert!(store.commit(position.newest).unwrap().records.is_empty());
    assert!(matches!(store.commit(Revision(61)), Err(ReadError::NoRevision(_))));
    let left_out: Vec<_> = [1, 60, 61, 62, 60 + LEFT_OUT - 1, 60 + LEFT_OUT, 61 + LEFT_OUT]
        .into_iter()
        .map(|revision| store.is_left_out(Revision(revision)))
        .collect();
    assert_eq!(left_out, [false, false, true, true, true, false, false]);
    sample::append(&store, &[sample::change(61 + LEFT_OUT, 1)]).unwrap();
    goes_on(&store);
    store.close().unwrap();
    drop(store);
    // From now on it is a store like any other.
    for round in 0..3 {
        if round == 1 {
            fs::remove_dir_all(dir.join("view")).unwrap();
        }
        let store = Embedded::open(options(&dir)).unwrap();
        assert_eq!(store.uid(), uid, "round {round}");
        goes_on(&store);
        store.pack().unwrap();
        goes_on(&store);
        store.close().unwrap();
        drop(store);
        let report = check(&dir, false, &mut |_| {}).unwrap();
        assert!(report.is_sound() && !report.is_lost(), "{:?}", report.findings);
    }
    assert!(fs::read_to_string(dir.join("format")).unwrap().contains("format = 2"), "older versions refuse it");
}

/// Everything around the revisions that were left out.
fn goes_on(store: &Embedded) {
    let newest = 61 + LEFT_OUT;
    assert_eq!(store.position().newest, Revision(newest));
    assert_eq!(store.ticket(TicketNumber(1)).unwrap().unwrap().revision, Revision(newest));
    let read = |from: u64| -> Vec<u64> {
        store.commits(Revision(from), 10, 1 << 20).unwrap().iter().map(|commit| commit.revision.0).collect()
    };
    assert_eq!(read(61), [newest - 1, newest]);
    assert_eq!(read(500_000), [newest - 1, newest]);
    let (mut next, mut all) = (1, Vec::new());
    while next <= newest {
        all.extend(read(next));
        next = all.last().unwrap() + 1;
    }
    let expected: Vec<_> = (1..=60).chain([newest - 1, newest]).collect();
    assert_eq!(all, expected);
    let history = |from| store.history(TicketNumber(1), from, 3).unwrap();
    assert_eq!(history(None), [Revision(newest), Revision(60), Revision(59)]);
    assert_eq!(history(Some(Revision(newest - 1))), [Revision(60), Revision(59), Revision(58)]);
    assert_eq!(history(Some(Revision(70_000))), [Revision(60), Revision(59), Revision(58)]);
    assert_eq!(store.remembered(&sample::request_key(60)).unwrap().unwrap().revision, Revision(60));
}

#[test]
fn whatever_directory_is_accepted_becomes_another_store_each_time() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("desk");
    let mut uids = vec![fill(&dir, 5)];
    let copied = home.path().join("copy");
    copy(&dir, &copied);
    for (dir, leaps) in [(&dir, 1), (&copied, 1), (&copied, 2)] {
        let store = accepted(dir);
        assert_eq!(store.position().newest, Revision(5 + leaps * LEFT_OUT));
        assert!(!uids.contains(&store.uid()));
        uids.push(store.uid());
        store.close().unwrap();
    }
    let report = check(&copied, false, &mut |_| {}).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
}

#[test]
fn a_copy_without_a_commit_is_put_to_use_and_read_from_its_beginning() {
    for kept in ["no directory", "no segment", "a header alone", "a torn first frame"] {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("desk");
        let before = fill(&dir, 5);
        let journal = dir.join("journal");
        let first = fs::read(journal.join("00000000000000000001.journal")).unwrap();
        fs::remove_dir_all(&journal).unwrap();
        let length = match kept {
            "no directory" => None,
            "no segment" => {
                fs::create_dir(&journal).unwrap();
                None
            }
            "a header alone" => Some(SEGMENT_HEADER),
            _ => Some(SEGMENT_HEADER + 7),
        };
        if let Some(length) = length {
            fs::create_dir(&journal).unwrap();
            fs::write(journal.join("00000000000000000001.journal"), &first[..length]).unwrap();
        }
        assert!(matches!(Embedded::open(options(&dir)), Err(OpenError::Behind { .. })), "{kept}");
        let store = accepted(&dir);
        let uid = store.uid();
        assert_ne!(uid, before, "{kept}");
        sample::append(&store, &[sample::create(1 + LEFT_OUT, 1)]).unwrap();
        let from_the_beginning = |store: &Embedded| {
            let position = store.position();
            assert_eq!((position.oldest, position.newest), (Revision(1), Revision(1 + LEFT_OUT)), "{kept}");
            let commits = store.commits(position.oldest, 10, 1 << 20).unwrap();
            let revisions: Vec<_> = commits.iter().map(|commit| commit.revision.0).collect();
            assert_eq!(revisions, [LEFT_OUT, 1 + LEFT_OUT], "{kept}");
            assert_eq!(store.history(TicketNumber(1), None, 3).unwrap(), [position.newest], "{kept}");
            assert!(store.is_left_out(Revision(1)) && !store.is_left_out(Revision(LEFT_OUT)), "{kept}");
        };
        from_the_beginning(&store);
        store.close().unwrap();
        drop(store);
        let report = check(&dir, false, &mut |_| {}).unwrap();
        assert!(report.is_sound() && !report.is_lost(), "{kept}: {:?}", report.findings);
        for degraded in [false, true] {
            let store = Embedded::open(EmbeddedOptions { degraded, ..options(&dir) }).unwrap();
            assert_eq!(store.uid(), uid, "{kept}");
            from_the_beginning(&store);
        }
    }
}

#[test]
fn what_is_gone_before_a_leap_is_damage_and_whoever_reads_on_after_it_finds_the_rest() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("desk");
    fill(&dir, 5);
    let store = accepted(&dir);
    sample::append(&store, &[sample::create(6 + LEFT_OUT, 2)]).unwrap();
    store.close().unwrap();
    drop(store);
    fs::remove_file(dir.join("journal/00000000000000000001.journal")).unwrap();
    let store = Embedded::open(EmbeddedOptions { degraded: true, ..options(&dir) }).unwrap();
    assert_eq!(store.damage().map(|damage| (damage.revisions, damage.first)), Some((5, Some(Revision(1)))));
    assert_eq!(store.position().oldest, Revision(1));
    for revision in 1..=5 {
        assert!(matches!(store.commits(Revision(revision), 10, 1 << 20), Err(ReadError::Corrupt(_))));
        assert_eq!(store.sound_after(Revision(revision)), Some(Revision(5 + LEFT_OUT)));
    }
    let rest: Vec<_> = store.commits(Revision(6), 10, 1 << 20).unwrap().iter().map(|c| c.revision.0).collect();
    assert_eq!(rest, [5 + LEFT_OUT, 6 + LEFT_OUT]);
}

#[test]
fn what_is_no_desk_is_not_made_one_by_accepting_it() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("typo");
    let opened = Embedded::open(EmbeddedOptions { accept_restored: true, ..options(&dir) });
    assert!(matches!(opened, Err(OpenError::NoDesk { .. })));
    assert!(!dir.exists());
}

#[test]
fn damage_is_not_accepted_as_a_copy() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("desk");
    fill(&dir, 200);
    let first = dir.join("journal/00000000000000000001.journal");
    fs::remove_file(first).unwrap();
    let opened = Embedded::open(EmbeddedOptions { accept_restored: true, ..options(&dir) });
    assert!(matches!(opened, Err(OpenError::Damaged { revision: Revision(1), .. })), "{opened:?}");
}

#[test]
fn a_copy_of_a_directory_that_is_written_opens_as_of_a_moment_or_is_refused_with_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("desk");
    fill(&dir, 1);
    let store = Embedded::open(options(&dir)).unwrap();
    let stop = AtomicBool::new(false);
    let orders = [["view", "journal"], ["journal", "view"]];
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut revision = 1;
            while !stop.load(Ordering::Acquire) {
                revision += 1;
                sample::append(&store, &[sample::change(revision, 1)]).unwrap();
                if revision.is_multiple_of(64) {
                    store.pack().unwrap();
                }
            }
            revision
        });
        for round in 0..12 {
            let target = home.path().join(format!("copy-{round}"));
            fs::create_dir_all(&target).unwrap();
            let before = store.position().newest;
            for part in orders[round % 2] {
                copy_what_is_there(&dir.join(part), &target.join(part));
            }
            for file in ["format", "state"] {
                fs::copy(dir.join(file), target.join(file)).unwrap();
            }
            for _ in 0..2 {
                match Embedded::open(options(&target)) {
                    Ok(copied) => {
                        let position = copied.position();
                        assert!(position.newest >= before, "round {round}");
                        let ticket = copied.ticket(TicketNumber(1)).unwrap().unwrap();
                        assert_eq!(ticket.revision, position.newest, "round {round}");
                        copied.close().unwrap();
                    }
                    Err(e) => {
                        let said = e.to_string();
                        let refused = matches!(e, OpenError::Behind { .. } | OpenError::Damaged { .. });
                        assert!(
                            refused && said.contains("copy") && !said.contains("Revision("),
                            "round {round}: {said}"
                        );
                    }
                }
            }
            fs::remove_dir_all(&target).unwrap();
        }
        stop.store(true, Ordering::Release);
        assert!(writer.join().unwrap() > 12);
    });
}

/// As `cp -a` does: the names first, then one file after the other; what went away meanwhile is left out.
fn copy_what_is_there(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let names: Vec<_> = fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in names {
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_what_is_there(&path, &target);
        } else {
            let _ = fs::copy(&path, &target);
        }
    }
}

#[test]
fn a_directory_without_what_can_be_built_again_opens_twice_in_turn() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("desk");
    fill(&dir, 100);
    let bare = home.path().join("bare");
    copy(&dir.join("journal"), &bare.join("journal"));
    for file in ["format", "state"] {
        fs::copy(dir.join(file), bare.join(file)).unwrap();
    }
    for _ in 0..2 {
        let store = Embedded::open(options(&bare)).unwrap();
        assert_eq!(store.ticket(TicketNumber(1)).unwrap().unwrap().revision, Revision(100));
        store.close().unwrap();
    }
}

#[test]
fn a_view_of_another_moment_is_not_believed() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("desk");
    fill(&dir, 50);
    // A state that is older than the journal says nothing of the view.
    let state = fs::read(dir.join("state")).unwrap();
    fill(&dir, 80);
    fs::write(dir.join("state"), state).unwrap();
    let store = Embedded::open(options(&dir)).unwrap();
    assert_eq!(store.ticket(TicketNumber(1)).unwrap().unwrap().revision, Revision(80));
}

#[test]
fn who_deletes_the_lock_lets_nobody_else_in() {
    let home = tempfile::tempdir().unwrap();
    let store = Embedded::open(options(home.path())).unwrap();
    for _ in 0..2 {
        fs::remove_file(home.path().join("lock")).unwrap();
        for opened in [
            Embedded::open(options(home.path())).map(drop),
            Embedded::open(EmbeddedOptions { degraded: true, ..options(home.path()) }).map(drop),
            check(home.path(), false, &mut |_| {}).map(drop),
        ] {
            match opened {
                Err(OpenError::InUse { pid: Some(pid), .. }) => assert_eq!(pid, std::process::id()),
                other => panic!("{other:?}"),
            }
        }
        // Made again by who was refused, and belonging to nobody.
        let _ = fs::write(home.path().join("lock"), "");
    }
    sample::append(&store, &[sample::create(1, 1)]).unwrap();
    store.close().unwrap();
    drop(Embedded::open(options(home.path())).unwrap());
}

#[test]
fn a_check_writes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("desk");
    fill(&dir, 100);
    for lock in [true, false] {
        if !lock {
            fs::remove_file(dir.join("lock")).unwrap();
        }
        let before = contents(&dir);
        let report = check(&dir, false, &mut |_| {}).unwrap();
        assert!(report.findings.iter().all(|f| f.severity == Severity::Harmless), "{:?}", report.findings);
        assert_eq!(contents(&dir), before);
    }
}

fn contents(dir: &Path) -> Vec<(std::path::PathBuf, std::time::SystemTime, Vec<u8>)> {
    files(dir)
        .into_iter()
        .map(|path| {
            let changed = fs::metadata(&path).unwrap().modified().unwrap();
            let bytes = fs::read(&path).unwrap();
            (path, changed, bytes)
        })
        .collect()
}
