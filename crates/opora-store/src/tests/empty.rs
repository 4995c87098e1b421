//! A segment that nothing was appended to: a desk was put to use before its first commit, or killed between making a
//! segment and appending to it. It is finished by the leap after it, and is a segment like any other.

use std::fs;
use std::path::Path;

use opora_core::model::{Revision, TicketNumber};

use super::damage::options;
use crate::conformance::sample;
use crate::journal::frame::{SEGMENT_VERSION, segment_header};
use crate::{Embedded, EmbeddedOptions, Store as _, check};

const LEFT_OUT: u64 = 1_000_000;

fn segment(dir: &Path, first: u64, ending: &str) -> std::path::PathBuf {
    dir.join(format!("journal/{first:020}.{ending}"))
}

/// A desk with so many commits, whose last segment is empty.
fn ending_with_nothing(dir: &Path, commits: u64) {
    let store = Embedded::open(options(dir)).unwrap();
    for revision in 1..=commits {
        sample::append(&store, &[sample::create(revision, revision)]).unwrap();
    }
    store.close().unwrap();
    if commits > 0 {
        let header = segment_header(store.uid(), Revision(commits + 1), None, SEGMENT_VERSION);
        fs::write(segment(dir, commits + 1, "journal"), header).unwrap();
    }
}

#[test]
fn a_segment_without_a_commit_is_sealed_and_compressed_like_any_other_and_holds_up_none_after_it() {
    for commits in [0, 5, 40] {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path();
        ending_with_nothing(dir, commits);
        let accepted = Embedded::open(EmbeddedOptions { accept_restored: true, ..options(dir) }).unwrap();
        accepted.close().unwrap();
        drop(accepted);
        let store = Embedded::open(options(dir)).unwrap();
        let newest = commits + LEFT_OUT + 120;
        for revision in commits + LEFT_OUT + 1..=newest {
            sample::append(&store, &[sample::create(revision, revision - LEFT_OUT)]).unwrap();
        }
        let packed = store.pack().unwrap();
        assert!(packed > 2, "{commits}: {packed}");
        assert!(segment(dir, commits + 1, "seal").exists(), "{commits}");
        assert!(dir.join("journal/spare.tmp").exists(), "{commits}: a spare is ready");
        let answers = |store: &Embedded| {
            let (mut next, mut all) = (store.position().oldest, Vec::new());
            assert_eq!(next, Revision(1));
            while next <= store.position().newest {
                all.extend(store.commits(next, 100, 1 << 20).unwrap().iter().map(|commit| commit.revision.0));
                next = Revision(all.last().unwrap() + 1);
            }
            let expected: Vec<_> = (1..=commits).chain(commits + LEFT_OUT..=newest).collect();
            assert_eq!(all, expected, "{commits}");
            for number in 1..=store.position().tickets {
                assert!(store.ticket(TicketNumber(number)).unwrap().is_some(), "{commits}: {number}");
            }
            assert_eq!(store.position().newest_at, Some(store.commit(Revision(newest)).unwrap().at), "{commits}");
        };
        answers(&store);
        store.close().unwrap();
        drop(store);
        for view in [true, false] {
            if !view {
                fs::remove_dir_all(dir.join("view")).unwrap();
            }
            for degraded in [true, false] {
                let store = Embedded::open(EmbeddedOptions { degraded, ..options(dir) }).unwrap();
                assert!(store.damage().is_none_or(|damage| damage.revisions == 0), "{commits}");
                answers(&store);
                store.close().unwrap();
            }
            let report = check(dir, false, &mut |_| {}).unwrap();
            assert_eq!(report.findings, [], "{commits}");
        }
    }
}

#[test]
fn what_a_check_says_of_a_missing_seal_is_true_of_a_segment_without_a_commit_as_well() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path();
    ending_with_nothing(dir, 0);
    let accepted = Embedded::open(EmbeddedOptions { accept_restored: true, ..options(dir) }).unwrap();
    accepted.close().unwrap();
    drop(accepted);
    let _ = fs::remove_file(segment(dir, 1, "seal"));
    let findings = || check(dir, false, &mut |_| {}).unwrap().findings;
    assert!(findings().iter().any(|finding| finding.what == crate::Wrong::SealMissing));
    // One start, in which nothing happens.
    Embedded::open(options(dir)).unwrap().close().unwrap();
    assert_eq!(findings(), []);
}
