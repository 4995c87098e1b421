//! Finished segments that are compressed: they answer as before, and take less room.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use opora_core::model::{Revision, TicketNumber};

use crate::conformance::sample;
use crate::{Commit, Embedded, EmbeddedOptions, Store as _, check};

const COMMITS: u64 = 200;

fn options(dir: &Path) -> EmbeddedOptions {
    EmbeddedOptions {
        disk_reserve: 0,
        segment_size: 32 << 10,
        // Smaller than most commits, so that they lie across blocks.
        segment_block: 700,
        block_cache: 8 << 10,
        sled_cache: 1 << 20,
        ticket_cache: 0,
        ..EmbeddedOptions::new(dir)
    }
}

fn open(dir: &Path) -> Embedded {
    Embedded::open(options(dir)).unwrap()
}

fn filled(dir: &Path) -> (Embedded, Vec<Arc<Commit>>) {
    let store = open(dir);
    let commit = |n| if n % 2 == 1 { sample::create(n, n / 2 + 1) } else { sample::change(n, n / 2) };
    let commits: Vec<_> = (1..=COMMITS).map(commit).collect();
    for group in commits.chunks(7) {
        sample::append(&store, group).unwrap();
    }
    (store, commits)
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.join("journal")).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "journal")).collect();
    paths.sort();
    paths
}

fn answers(store: &Embedded, commits: &[Arc<Commit>]) {
    for commit in commits {
        assert_eq!(&store.commit(commit.revision).unwrap(), commit);
    }
    let (mut next, mut read) = (Revision(1), Vec::new());
    while next.0 <= COMMITS {
        let part = store.commits(next, 50, 1 << 20).unwrap();
        next = part.last().unwrap().revision.next();
        read.extend(part);
    }
    assert_eq!(read, commits);
    for number in 1..=COMMITS / 2 {
        assert_eq!(store.ticket(TicketNumber(number)).unwrap().unwrap().revision.0, number * 2);
    }
}

#[test]
fn what_is_compressed_answers_as_before_also_after_a_start_and_without_a_view() {
    let home = tempfile::tempdir().unwrap();
    let (store, commits) = filled(home.path());
    let before = segments(home.path());
    let packed = store.pack().unwrap();
    assert_eq!(packed, before.len() - 1, "all but the last");
    assert_eq!(segments(home.path()), before);
    answers(&store, &commits);
    assert_eq!(store.pack().unwrap(), 0, "once is enough");
    store.close().unwrap();
    drop(store);
    for path in before.iter().take(packed) {
        let length = fs::metadata(path).unwrap().len();
        assert!(length < (32 << 10) * 3 / 4, "{} takes {length} bytes", path.display());
    }
    let report = check(home.path(), false, &mut |_| {}).unwrap();
    assert!(report.is_sound() && report.findings.is_empty(), "{:?}", report.findings);
    assert_eq!(report.commits, COMMITS);
    answers(&open(home.path()), &commits);
    fs::remove_dir_all(home.path().join("view")).unwrap();
    answers(&open(home.path()), &commits);
}

#[test]
fn blocks_of_another_size_are_read_as_well() {
    let home = tempfile::tempdir().unwrap();
    let (store, commits) = filled(home.path());
    store.pack().unwrap();
    drop(store);
    let options = EmbeddedOptions { segment_block: 32 << 10, ..options(home.path()) };
    answers(&Embedded::open(options).unwrap(), &commits);
}

#[test]
fn a_seal_that_is_lost_is_made_again_from_what_is_compressed() {
    let home = tempfile::tempdir().unwrap();
    let (store, commits) = filled(home.path());
    store.pack().unwrap();
    drop(store);
    let seal = segments(home.path())[0].with_extension("seal");
    let before = fs::read(&seal).unwrap();
    fs::remove_file(&seal).unwrap();
    let store = open(home.path());
    answers(&store, &commits);
    assert_eq!(store.pack().unwrap(), 0);
    assert_eq!(fs::read(&seal).unwrap(), before);
}

#[test]
fn what_was_begun_and_not_finished_is_removed_at_the_next_start() {
    let home = tempfile::tempdir().unwrap();
    let (store, commits) = filled(home.path());
    drop(store);
    let left = home.path().join("journal/packed.tmp");
    fs::write(&left, "half a segment").unwrap();
    let store = open(home.path());
    assert!(!left.exists());
    answers(&store, &commits);
}

#[test]
fn a_damaged_segment_is_not_replaced_and_holds_the_others_up_in_nothing() {
    let home = tempfile::tempdir().unwrap();
    let (store, _) = filled(home.path());
    store.close().unwrap();
    drop(store);
    let first = segments(home.path())[0].clone();
    let mut bytes = fs::read(&first).unwrap();
    bytes[5_000] ^= 1;
    fs::write(&first, &bytes).unwrap();
    let store = open(home.path());
    assert!(store.pack().is_err());
    assert!(store.pack().unwrap() > 0);
    assert_eq!(fs::read(&first).unwrap(), bytes);
}

#[test]
fn a_compressed_segment_after_which_all_is_gone_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let (store, _) = filled(home.path());
    store.pack().unwrap();
    drop(store);
    fs::remove_file(segments(home.path()).last().unwrap()).unwrap();
    // As if nothing had said how far it went.
    fs::remove_file(home.path().join("state")).unwrap();
    let error = Embedded::open(options(home.path())).unwrap_err().to_string();
    assert!(error.contains("opora check"), "{error}");
}

#[test]
fn finished_segments_are_compressed_by_themselves() {
    let home = tempfile::tempdir().unwrap();
    let (store, commits) = filled(home.path());
    let first = segments(home.path())[0].clone();
    let version = || fs::read(&first).unwrap()[8];
    for _ in 0..3_000 {
        if version() == 2 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(version(), 2, "it is not compressed");
    answers(&store, &commits);
}
