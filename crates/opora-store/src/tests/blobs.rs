//! Content that was kept is given back, or damage is told.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::TryStreamExt as _;
use uuid::Uuid;

use crate::blobs::{beside, path_of};
use crate::{Beside, Blob, BlobError, BlobOptions, Blobs, Hash, Held, LEAST_STAGED, Pile, Sending};

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|n| ((n * n) >> 7) as u8).collect()
}

fn options(staging: u64) -> BlobOptions {
    BlobOptions { reserve: 0, staging, largest: 1 << 20 }
}

fn open(dir: &Path) -> Blobs {
    Blobs::open(dir, options(1 << 30)).unwrap()
}

/// After everything that a test writes.
fn late() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 200)
}

async fn read(blobs: &Blobs, blob: Blob, offset: u64, limit: u64) -> Result<Vec<u8>, BlobError> {
    let pieces: Vec<Bytes> = blobs.read((blob.hash, blob.size), offset, limit).await?.try_collect().await?;
    Ok(pieces.concat())
}

async fn stage(blobs: &Blobs, upload: Uuid, size: u64, content: &[u8]) -> Sending {
    let (sending, there) = blobs.begin(upload, size, None).await.unwrap();
    blobs.write(&sending, there.unwrap_or(0), content.to_vec().into()).await.unwrap();
    sending
}

async fn finish(blobs: &Blobs, sending: &Sending, expected: Option<Hash>) -> Result<(Blob, Held), BlobError> {
    let turn = blobs.finishing(sending.clone()).await.unwrap();
    blobs.finish(&turn, expected).await
}

async fn keep(blobs: &Blobs, content: &[u8]) -> (Blob, Held) {
    let sending = stage(blobs, Uuid::new_v4(), content.len() as u64, content).await;
    let kept = finish(blobs, &sending, None).await.unwrap();
    blobs.discard(&sending).await.unwrap();
    kept
}

#[tokio::test]
async fn an_upload_survives_a_restart_and_its_content_is_read_in_ranges() {
    let dir = tempfile::tempdir().unwrap();
    let (upload, content) = (Uuid::new_v4(), content(700_000));
    let blobs = open(dir.path());
    assert_eq!(blobs.committed(upload).await.unwrap(), None);
    let (sending, there) = blobs.begin(upload, 700_000, None).await.unwrap();
    assert_eq!(there, None);
    assert!(matches!(blobs.write(&sending, 5, Bytes::from_static(b"x")).await, Err(BlobError::Offset(0))));
    assert_eq!(blobs.write(&sending, 0, content[..300_000].to_vec().into()).await.unwrap(), 300_000);
    drop((sending, blobs));
    let blobs = open(dir.path());
    let (sending, there) = blobs.begin(upload, 700_000, None).await.unwrap();
    assert_eq!(there, Some(300_000));
    assert!(matches!(blobs.write(&sending, 0, Bytes::from_static(b"x")).await, Err(BlobError::Offset(300_000))));
    blobs.write(&sending, 300_000, content[300_000..].to_vec().into()).await.unwrap();
    let (blob, _held) = finish(&blobs, &sending, None).await.unwrap();
    assert_eq!((blob.size, &blob.hash), (700_000, blake3::hash(&content).as_bytes()));
    assert_eq!(blobs.committed(upload).await.unwrap(), Some(700_000), "until something refers to it");
    blobs.discard(&sending).await.unwrap();
    assert_eq!(blobs.committed(upload).await.unwrap(), None);
    assert_eq!(read(&blobs, blob, 0, u64::MAX).await.unwrap(), content);
    for (offset, limit) in [(0, 10), (262_143, 2), (262_144, 262_144), (699_999, 10), (700_000, 5), (800_000, 5)] {
        let wanted = content.iter().skip(offset).take(limit).copied().collect::<Vec<_>>();
        assert_eq!(read(&blobs, blob, offset as u64, limit as u64).await.unwrap(), wanted, "{offset}+{limit}");
    }
}

#[tokio::test]
async fn an_empty_file_and_the_same_file_twice_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    for _ in 0..2 {
        let (blob, _held) = keep(&blobs, b"").await;
        assert_eq!(read(&blobs, blob, 0, 9).await.unwrap(), b"");
    }
}

#[tokio::test]
async fn damage_is_told_and_never_given_out() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let content = content(600_000);
    let (blob, _held) = keep(&blobs, &content).await;
    let path = path_of(dir.path(), &blob.hash);
    let good = std::fs::read(&path).unwrap();
    for place in (0..good.len()).step_by(good.len() / 40) {
        let mut bad = good.clone();
        bad[place] ^= 4;
        std::fs::write(&path, bad).unwrap();
        match read(&blobs, blob, 0, u64::MAX).await {
            Ok(read) => assert_eq!(read, content),
            Err(e) => assert!(matches!(e, BlobError::Corrupt(_)), "{e}"),
        }
    }
    for length in [0, 1, 31, 32, 33, good.len() / 2, good.len() - 1] {
        std::fs::write(&path, &good[..length]).unwrap();
        let e = read(&blobs, blob, 0, u64::MAX).await.unwrap_err();
        assert!(matches!(e, BlobError::Corrupt(_)), "{length}: {e}");
    }
    std::fs::remove_file(&path).unwrap();
    let e = read(&blobs, blob, 0, u64::MAX).await.unwrap_err();
    assert!(matches!(&e, BlobError::Lost(file) if dir.path().join(file) == path), "{e}");
}

#[tokio::test]
async fn a_sound_file_in_the_place_of_another_is_not_given_out_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let (ours, theirs) = (vec![1; 400_000], vec![2; 400_000]);
    let ((mine, _a), (other, _b)) = (keep(&blobs, &ours).await, keep(&blobs, &theirs).await);
    std::fs::copy(path_of(dir.path(), &other.hash), path_of(dir.path(), &mine.hash)).unwrap();
    let e = read(&blobs, mine, 0, u64::MAX).await.unwrap_err();
    assert!(matches!(e, BlobError::Corrupt(_)), "{e}");
    // The same content again puts it right.
    drop(keep(&blobs, &ours).await);
    assert_eq!(read(&blobs, mine, 0, u64::MAX).await.unwrap(), ours);
}

#[tokio::test]
async fn stale_uploads_are_swept_and_a_full_disk_takes_none() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let upload = Uuid::new_v4();
    let sending = stage(&blobs, upload, 1, b"x").await;
    let later = late();
    assert_eq!(blobs.sweep_staging(later).await.unwrap().count, 0, "it is being sent");
    drop(sending);
    assert_eq!(blobs.sweep_staging(SystemTime::UNIX_EPOCH).await.unwrap().count, 0);
    assert_eq!(blobs.sweep_staging(later).await.unwrap(), Pile { count: 1, bytes: 1 });
    assert_eq!(blobs.committed(upload).await.unwrap(), None);
    let full = Blobs::open(dir.path(), BlobOptions { reserve: u64::MAX, ..options(1 << 30) }).unwrap();
    assert!(matches!(full.begin(upload, 1, None).await, Err(BlobError::NoRoom(1))));
}

#[tokio::test]
async fn uploads_stay_within_their_allowance_and_the_oldest_that_nobody_sends_goes_first() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path(), options(40_000)).unwrap();
    let ids: Vec<Uuid> = (0..5).map(|_| Uuid::new_v4()).collect();
    let there = async || {
        let mut there = Vec::new();
        for id in &ids {
            there.push(blobs.committed(*id).await.unwrap().is_some());
        }
        there
    };
    drop(stage(&blobs, ids[0], 20_000, &[0; 10_000]).await);
    let sending = stage(&blobs, ids[1], 10_000, &[0; 1]).await;
    drop(stage(&blobs, ids[2], 10_000, &[0; 10_000]).await);
    let staged = blobs.staged().await.unwrap();
    assert_eq!((staged.uploads, staged.allowance), (Pile { count: 3, bytes: 30_000 }, 40_000));
    // As much as there may be goes beside them; one byte more does not.
    drop(stage(&blobs, ids[3], 10_000, &[0; 10_000]).await);
    assert_eq!(there().await, [true, true, true, true, false]);
    drop(stage(&blobs, ids[3], 10_001, &[0; 1]).await);
    assert_eq!(there().await, [false, true, true, true, false], "the oldest is gone");
    // What is being sent is given up for nobody, and nobody for one who can't be helped by it.
    assert!(matches!(blobs.begin(ids[4], 30_001, None).await, Err(BlobError::Allowance(40_000))));
    assert_eq!(there().await, [false, true, true, true, false]);
    drop(stage(&blobs, ids[4], 30_000, &[0; 1]).await);
    assert_eq!(there().await, [false, true, false, false, true]);
    drop(sending);
    // Nothing but names counts as well.
    let dir = tempfile::tempdir().unwrap();
    let tiny = Blobs::open(dir.path(), options(2 * LEAST_STAGED)).unwrap();
    for id in &ids {
        drop(stage(&tiny, *id, 0, b"").await);
    }
    assert_eq!(tiny.staged().await.unwrap().uploads, Pile { count: 2, bytes: 2 * LEAST_STAGED });
}

#[tokio::test]
async fn what_is_refused_for_its_hash_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let upload = Uuid::new_v4();
    let sending = stage(&blobs, upload, 3, b"abc").await;
    assert!(matches!(finish(&blobs, &sending, Some([7; 32])).await, Err(BlobError::Differs)));
    drop(sending);
    assert_eq!(blobs.committed(upload).await.unwrap(), None);
    assert_eq!(beside(dir.path(), |_| false), Beside::default());
}

#[tokio::test]
async fn what_somebody_holds_is_not_swept_and_what_was_held_since_is_not_either() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let store = Uuid::new_v4();
    let later = late();
    let ((first, held), (second, other)) = (keep(&blobs, b"first").await, keep(&blobs, b"second").await);
    drop(other);
    let all = || HashSet::from([first.hash, second.hash]);
    // Both were put since the opening.
    assert_eq!(blobs.remove(all()).await.unwrap().count, 0);
    blobs.sweep_ends(None).await.unwrap();
    assert_eq!(blobs.remove(all()).await.unwrap().count, 0, "no sweep is under way");
    assert_eq!(blobs.sweep_begins(store).await.unwrap(), None);
    let found = blobs.candidates(None, later, 0).await.unwrap();
    assert_eq!((found.hashes, found.next), (all(), None));
    drop(held);
    assert_eq!(blobs.remove(all()).await.unwrap().count, 1, "the first was held when it began");
    assert!(path_of(dir.path(), &first.hash).exists() && !path_of(dir.path(), &second.hash).exists());
    blobs.sweep_ends(Some((store, later))).await.unwrap();
    assert_eq!(blobs.sweep_begins(Uuid::new_v4()).await.unwrap(), None, "it is of another store");
    let known = blobs.sweep_begins(store).await.unwrap().unwrap();
    assert!(later.duration_since(known).unwrap() < Duration::from_millis(1));
    assert!(blobs.candidates(Some(known), later, 0).await.unwrap().hashes.is_empty());
    assert_eq!(blobs.remove(all()).await.unwrap().count, 1);
}

#[tokio::test]
async fn what_was_not_written_to_its_end_is_removed_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let (blob, _held) = keep(&blobs, b"whole").await;
    let part = format!("{}#1", path_of(dir.path(), &[7; 32]).display());
    std::fs::create_dir_all(Path::new(&part).parent().unwrap()).unwrap();
    std::fs::write(&part, b"par").unwrap();
    let one = Pile { count: 1, bytes: 3 };
    assert_eq!(beside(dir.path(), |hash| *hash == blob.hash), Beside { parts: one, ..Beside::default() });
    let found = blobs.candidates(None, late(), 0).await.unwrap();
    assert_eq!(found.parts, one);
    assert!(!Path::new(&part).exists());
}

#[tokio::test]
async fn who_gives_up_waiting_to_finish_costs_nothing_and_one_upload_is_finished_once_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let content = content(1000);
    let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
    let (first, other) = (stage(&blobs, one, 1000, &content).await, stage(&blobs, two, 1000, &content).await);
    let (again, there) = blobs.begin(one, 1000, None).await.unwrap();
    assert_eq!(there, Some(1000));
    let turn = blobs.finishing(first).await.unwrap();
    // The same upload waits, and takes no place meanwhile.
    let mut second = Box::pin(blobs.finishing(again));
    assert!(futures::poll!(&mut second).is_pending());
    let last_place = blobs.finishing(other.clone()).await.unwrap();
    for _ in 0..100 {
        let upload = stage(&blobs, Uuid::new_v4(), 1000, &content).await;
        assert!(futures::poll!(Box::pin(blobs.finishing(upload))).is_pending(), "both places are taken");
    }
    blobs.finish(&turn, None).await.unwrap();
    blobs.finished(&turn).await.unwrap();
    drop(turn);
    // Nobody who gave up is before it.
    let std::task::Poll::Ready(Ok(turn)) = futures::poll!(&mut second) else { panic!("it still waits") };
    assert!(matches!(blobs.finish(&turn, None).await, Err(BlobError::Nothing)), "it was finished before");
    drop((turn, last_place));
    blobs.finishing(other).await.unwrap();
}
