//! A machine that is short of threads or descriptors says nothing of the view.

use opora_core::model::Revision;

use crate::conformance::sample;
use crate::{Embedded, EmbeddedOptions, OpenError, Store as _};

fn left_open(dir: &std::path::Path) {
    let store = Embedded::open(EmbeddedOptions::new(dir)).unwrap();
    sample::append(&store, &[sample::create(1, 1)]).unwrap();
    drop(store);
    left_open_again(dir);
}

fn left_open_again(dir: &std::path::Path) {
    std::fs::write(dir.join("state"), format!("open {}\n", crate::boot_id())).unwrap();
}

fn probed(dir: &std::path::Path, script: &str) -> Result<Embedded, OpenError> {
    let probe = ["sh", "-c", script].map(Into::into).to_vec();
    Embedded::open(EmbeddedOptions { probe: Some(probe), ..EmbeddedOptions::new(dir) })
}

#[test]
fn a_view_that_could_not_be_probed_for_want_of_threads_is_kept_and_a_damaged_one_is_not() {
    let home = tempfile::tempdir().unwrap();
    left_open(home.path());
    let marker = home.path().join("view/1/marker");
    std::fs::write(&marker, "the same").unwrap();
    for script in ["exit 75", "kill -9 $$"] {
        let error = probed(home.path(), script).unwrap_err();
        assert!(matches!(error, OpenError::Short { .. }), "{script}: {error}");
        assert!(marker.exists(), "{script}: the view is as it was");
    }
    let store = probed(home.path(), "exit 0").unwrap();
    assert_eq!(store.position().newest, Revision(1));
    drop(store);
    assert!(marker.exists(), "it stood the trial");
    left_open_again(home.path());
    drop(probed(home.path(), "exit 1").unwrap());
    assert!(!marker.exists(), "it did not stand a trial, and is built again");
}

#[test]
fn what_the_machine_is_short_of_is_told_from_damage() {
    let broken = |text: &str| crate::view::tree::Broken(text.into()).is_passing();
    for text in [
        "IO error: Too many open files (os error 24)",
        "called `Result::unwrap()` on an `Err` value: Os { code: 11, kind: WouldBlock, message: \"Resource temporarily unavailable\" }",
        "Resource temporarily unavailable (os error 11)",
    ] {
        assert!(broken(text), "{text}");
    }
    for text in [
        "a block of tickets does not match its checksum",
        "IO error: Input/output error (os error 5)",
        "(os error 110)",
    ] {
        assert!(!broken(text), "{text}");
    }
}
