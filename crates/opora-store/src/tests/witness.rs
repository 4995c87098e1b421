//! What tells that a journal is not the one that it was: a copy that lacks it, or has an older one, is refused whatever
//! became of the other files on their way.

use std::fs;
use std::path::Path;

use opora_core::model::Revision;

use super::damage::{copy, options};
use crate::conformance::sample;
use crate::{Embedded, EmbeddedOptions, OpenError, Store as _, StoreUid, Wrong, check};

/// What became of the file `state` on its way, and what does that.
type Change = (&'static str, fn(&Path));

/// A desk that was never opened a second time, as far as its `state` tells: its view alone knows of 60 commits. Beside it
/// the journal as it stood after 20.
fn once_opened(home: &Path) -> StoreUid {
    let dir = home.join("desk");
    let store = Embedded::open(options(&dir)).unwrap();
    let state = fs::read(dir.join("state")).unwrap();
    for revision in 1..=60 {
        sample::append(&store, &[sample::create(revision, revision)]).unwrap();
        if revision == 20 {
            copy(&dir.join("journal"), &home.join("older"));
        }
    }
    store.close().unwrap();
    fs::write(dir.join("state"), state).unwrap();
    store.uid()
}

fn is_refused(dir: &Path, what: &str, right: impl Fn(&OpenError) -> bool) {
    let had_journal = dir.join("journal").exists();
    for _ in 0..2 {
        let error = Embedded::open(options(dir)).expect_err(what);
        assert!(right(&error), "{what}: {error:?}");
        let said = error.to_string();
        assert!(said.contains("opora check") && said.contains("--accept-restored"), "{what}: {said}");
        assert_eq!(dir.join("journal").exists(), had_journal, "{what}: a refusal makes nothing");
    }
    let report = check(dir, false, &mut |_| {}).unwrap();
    assert!(report.is_lost(), "{what}: {:?}", report.findings);
}

fn is_accepted(dir: &Path, what: &str, before: StoreUid) {
    let store = Embedded::open(EmbeddedOptions { accept_restored: true, ..options(dir) }).unwrap();
    assert_ne!(store.uid(), before, "{what}");
    store.close().unwrap();
    drop(store);
    Embedded::open(options(dir)).unwrap().close().unwrap();
}

#[test]
fn a_view_past_the_end_of_the_journal_is_believed_whatever_else_is_doubted() {
    let home = tempfile::tempdir().unwrap();
    let before = once_opened(home.path());
    let states: [Change; 4] = [
        ("a copy", |_| {}),
        ("a copy on another machine", |state| fs::write(state, "open another-boot 0 1:2\n").unwrap()),
        ("a copy of an older state", |state| fs::write(state, "clean 7\n").unwrap()),
        ("a copy without its state", |state| fs::remove_file(state).unwrap()),
    ];
    for (kind, change) in states {
        let dir = home.path().join("copy");
        copy(&home.path().join("desk"), &dir);
        fs::remove_dir_all(dir.join("journal")).unwrap();
        copy(&home.path().join("older"), &dir.join("journal"));
        change(&dir.join("state"));
        is_refused(&dir, kind, |error| {
            let (newest, acknowledged) = (Revision(20), Revision(60));
            matches!(error, OpenError::Behind { newest: n, acknowledged: a, witness: "view", .. }
                if (*n, *a) == (newest, acknowledged))
        });
        is_accepted(&dir, kind, before);
        fs::remove_dir_all(&dir).unwrap();
    }
}

#[test]
fn a_view_that_is_doubted_and_not_past_the_end_is_built_again() {
    let home = tempfile::tempdir().unwrap();
    let uid = once_opened(home.path());
    let dir = home.path().join("copy");
    copy(&home.path().join("desk"), &dir);
    let store = Embedded::open(options(&dir)).unwrap();
    assert_eq!((store.uid(), store.position().newest, store.position().tickets), (uid, Revision(60), 60));
    store.close().unwrap();
}

#[test]
fn a_directory_without_its_journal_is_no_new_desk() {
    let home = tempfile::tempdir().unwrap();
    let before = once_opened(home.path());
    let fresh = home.path().join("fresh");
    let store = Embedded::open(options(&fresh)).unwrap();
    store.close().unwrap();
    for (kind, from, uid) in [("one with tickets", "desk", before), ("one without", "fresh", store.uid())] {
        for view in [true, false] {
            for empty in [true, false] {
                let what = format!("{kind}, view: {view}, journal empty: {empty}");
                let dir = home.path().join("copy");
                copy(&home.path().join(from), &dir);
                fs::remove_dir_all(dir.join("journal")).unwrap();
                if empty {
                    fs::create_dir(dir.join("journal")).unwrap();
                }
                if !view {
                    fs::remove_dir_all(dir.join("view")).unwrap();
                }
                is_refused(&dir, &what, |error| matches!(error, OpenError::NoJournal { .. }));
                let report = check(&dir, false, &mut |_| {}).unwrap();
                assert!(report.findings.iter().any(|f| f.what == Wrong::JournalGone), "{what}: {:?}", report.findings);
                is_accepted(&dir, &what, uid);
                fs::remove_dir_all(&dir).unwrap();
            }
        }
    }
}

#[test]
fn a_start_that_was_killed_before_it_made_a_journal_is_done_again() {
    let home = tempfile::tempdir().unwrap();
    let (dir, killed) = (home.path().join("desk"), home.path().join("killed"));
    let store = Embedded::open(options(&dir)).unwrap();
    store.close().unwrap();
    fs::create_dir(&killed).unwrap();
    fs::copy(dir.join("format"), killed.join("format")).unwrap();
    let made = Embedded::open(options(&killed)).unwrap();
    assert_eq!((made.uid(), made.position().newest), (store.uid(), Revision::ZERO));
}
