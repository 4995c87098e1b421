//! What callers may have of uploads that are not finished.

use std::path::Path;
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::{BlobError, BlobOptions, Blobs, Sending};

const ALICE: Option<u64> = Some(1);
const MALLORY: Option<u64> = Some(2);

/// Uploads may have 100,000 bytes.
fn open(dir: &Path) -> Blobs {
    Blobs::open(dir, BlobOptions { reserve: 0, staging: 100_000, largest: 1 << 20 }).unwrap()
}

/// Begins one and sends some of it.
async fn send(blobs: &Blobs, size: u64, caller: Option<u64>, bytes: usize) -> Result<(Uuid, Sending), BlobError> {
    let upload = Uuid::new_v4();
    let (sending, _) = blobs.begin(upload, size, caller).await?;
    if bytes > 0 {
        blobs.write(&sending, 0, vec![7; bytes].into()).await?;
    }
    Ok((upload, sending))
}

/// One that broke off.
async fn idle(blobs: &Blobs, caller: Option<u64>, bytes: usize) -> Uuid {
    send(blobs, bytes as u64, caller, bytes).await.unwrap().0
}

async fn is_there(blobs: &Blobs, upload: Uuid) -> bool {
    blobs.committed(upload).await.unwrap().is_some()
}

#[tokio::test]
async fn a_caller_may_set_aside_only_as_much_as_is_left_to_another_one() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let mut theirs = vec![send(&blobs, 30_000, MALLORY, 0).await.unwrap()];
    assert!(matches!(send(&blobs, 20_001, MALLORY, 0).await, Err(BlobError::Allowance(100_000))), "above the half");
    theirs.push(send(&blobs, 20_000, MALLORY, 0).await.unwrap());
    for size in [0, 1, 20_000] {
        assert!(matches!(send(&blobs, size, MALLORY, 0).await, Err(BlobError::Allowance(_))), "{size}");
    }
    // Another one finds as much: two files in a half of what is left, or a single one in all of it.
    let first = send(&blobs, 20_000, ALICE, 0).await.unwrap();
    assert!(matches!(send(&blobs, 5_001, ALICE, 0).await, Err(BlobError::Allowance(_))));
    let second = send(&blobs, 5_000, ALICE, 0).await.unwrap();
    drop((first, second));
    assert!(matches!(send(&blobs, 50_001, ALICE, 0).await, Err(BlobError::Allowance(_))));
    let single = send(&blobs, 50_000, ALICE, 0).await.unwrap();
    // Whom no share bounds takes what there is, and no more.
    drop((theirs, single));
    let many = [send(&blobs, 60_000, None, 0).await.unwrap(), send(&blobs, 40_000, None, 0).await.unwrap()];
    assert!(send(&blobs, 1, None, 0).await.is_err() && send(&blobs, 1, ALICE, 0).await.is_err());
    drop(many);
    send(&blobs, 100_000, ALICE, 0).await.unwrap();
    assert!(matches!(send(&blobs, 100_001, ALICE, 0).await, Err(BlobError::Allowance(_))));
}

#[tokio::test]
async fn one_callers_largest_file_leaves_another_one_theirs_where_there_is_room_for_two() {
    const LARGEST: u64 = 1 << 20;
    for (staging, fits) in [(2 * LARGEST - 1, false), (2 * LARGEST, true), (2 * LARGEST + 1, true)] {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(dir.path(), BlobOptions { reserve: 0, staging, largest: LARGEST }).unwrap();
        let _theirs = send(&blobs, LARGEST, MALLORY, 1).await.unwrap();
        assert_eq!(send(&blobs, LARGEST, ALICE, 1).await.is_ok(), fits, "{staging}");
    }
    // Where nearly nothing is free beside the reserve a tenth of it is less than that.
    let dir = tempfile::tempdir().unwrap();
    let free = rustix::fs::statvfs(dir.path()).unwrap();
    let reserve = (free.f_bavail * free.f_frsize).saturating_sub(512 << 20);
    let largest = 64 << 20;
    let blobs = Blobs::open(dir.path(), BlobOptions { reserve, staging: 1 << 40, largest }).unwrap();
    assert_eq!(blobs.staged().await.unwrap().allowance, 2 * largest);
}

#[tokio::test]
async fn a_header_alone_takes_nobodys_smaller_upload_and_its_bytes_take_what_is_in_their_way() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let (old, new) = (idle(&blobs, ALICE, 10_000).await, idle(&blobs, ALICE, 30_000).await);
    let (upload, sending) = send(&blobs, 100_000, MALLORY, 0).await.unwrap();
    assert!(is_there(&blobs, old).await && is_there(&blobs, new).await, "a header alone");
    // A sweep looks at what is there, not at what was told.
    assert_eq!(blobs.sweep_staging(SystemTime::UNIX_EPOCH).await.unwrap().count, 0);
    blobs.write(&sending, 0, vec![7; 60_000].into()).await.unwrap();
    assert!(is_there(&blobs, old).await && is_there(&blobs, new).await, "they have room together");
    blobs.write(&sending, 60_000, vec![7; 1].into()).await.unwrap();
    assert!(!is_there(&blobs, old).await && is_there(&blobs, new).await, "the oldest goes");
    blobs.write(&sending, 60_001, vec![7; 39_999].into()).await.unwrap();
    assert!(!is_there(&blobs, new).await, "one file always fits");
    assert_eq!(blobs.committed(upload).await.unwrap(), Some(100_000));
}

#[tokio::test]
async fn what_goes_at_a_header_is_of_whoever_has_most_and_more_than_its_caller() {
    for (size, gone) in [(39_999, true), (40_000, false), (40_001, false)] {
        let dir = tempfile::tempdir().unwrap();
        let blobs = open(dir.path());
        let smaller = idle(&blobs, Some(3), 30_000).await;
        let (first, second) = (idle(&blobs, ALICE, 10_000).await, idle(&blobs, ALICE, 30_000).await);
        let filled = send(&blobs, 29_999, None, 0).await.unwrap();
        let asked = send(&blobs, size, MALLORY, 0).await.unwrap();
        // Alice's 40,000 bytes are more, until the first of hers is gone.
        assert_eq!(is_there(&blobs, first).await, !gone, "{size}");
        assert!(is_there(&blobs, second).await && is_there(&blobs, smaller).await, "{size}");
        drop((filled, asked));
    }
    // One's own go before those of whoever has less.
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let other = idle(&blobs, ALICE, 30_000).await;
    let (first, second) = (idle(&blobs, MALLORY, 35_000).await, idle(&blobs, MALLORY, 35_000).await);
    drop(send(&blobs, 35_000, MALLORY, 0).await.unwrap());
    assert!(is_there(&blobs, other).await && !is_there(&blobs, first).await && is_there(&blobs, second).await);
    // After a restart it is not known whose they are.
    drop(blobs);
    let blobs = open(dir.path());
    drop(send(&blobs, 50_000, ALICE, 0).await.unwrap());
    assert!(is_there(&blobs, second).await != is_there(&blobs, other).await, "one made room");
}

#[tokio::test]
async fn what_can_not_be_removed_stays_counted_and_holds_up_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let staging = dir.path().join("blobs/staging");
    std::fs::create_dir_all(&staging).unwrap();
    // Directories are no files that can be removed: on any file system, also for root.
    for _ in 0..2 {
        std::fs::create_dir(staging.join(Uuid::new_v4().to_string())).unwrap();
    }
    let blobs = open(dir.path());
    let uploads = [idle(&blobs, ALICE, 10).await, idle(&blobs, None, 10).await, idle(&blobs, MALLORY, 10).await];
    let late = SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 200);
    for _ in 0..2 {
        assert!(matches!(blobs.sweep_staging(late).await, Err(BlobError::Io(_))));
        assert_eq!(blobs.staged().await.unwrap().uploads.count, 2, "the directories");
    }
    for upload in uploads {
        assert!(!is_there(&blobs, upload).await);
    }
}
