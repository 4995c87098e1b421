//! Content that was kept is given back, or damage is told.

use bytes::Bytes;
use futures::TryStreamExt as _;

use crate::blobs::path_of;
use crate::{BlobError, Blobs};

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|n| ((n * n) >> 7) as u8).collect()
}

async fn read(blobs: &Blobs, hash: [u8; 32], offset: u64, limit: u64) -> Result<Vec<u8>, BlobError> {
    let pieces: Vec<Bytes> = blobs.read(hash, offset, limit).await?.try_collect().await?;
    Ok(pieces.concat())
}

#[tokio::test]
async fn an_upload_survives_a_restart_and_its_content_is_read_in_ranges() {
    let dir = tempfile::tempdir().unwrap();
    let (upload, content) = (uuid::Uuid::new_v4(), content(700_000));
    let blobs = Blobs::open(dir.path(), 0).unwrap();
    assert_eq!(blobs.committed(upload).await.unwrap(), None);
    assert!(matches!(blobs.write(upload, 5, Bytes::from_static(b"x")).await, Err(BlobError::Offset(0))));
    assert_eq!(blobs.write(upload, 0, content[..300_000].to_vec().into()).await.unwrap(), 300_000);
    drop(blobs);
    let blobs = Blobs::open(dir.path(), 0).unwrap();
    assert_eq!(blobs.committed(upload).await.unwrap(), Some(300_000));
    assert!(matches!(blobs.write(upload, 0, Bytes::from_static(b"x")).await, Err(BlobError::Offset(300_000))));
    blobs.write(upload, 300_000, content[300_000..].to_vec().into()).await.unwrap();
    let blob = blobs.finish(upload).await.unwrap();
    assert_eq!((blob.size, &blob.hash), (700_000, blake3::hash(&content).as_bytes()));
    assert_eq!(blobs.committed(upload).await.unwrap(), None);
    assert_eq!(read(&blobs, blob.hash, 0, u64::MAX).await.unwrap(), content);
    for (offset, limit) in [(0, 10), (262_143, 2), (262_144, 262_144), (699_999, 10), (700_000, 5), (800_000, 5)] {
        let wanted = content.iter().skip(offset).take(limit).copied().collect::<Vec<_>>();
        assert_eq!(read(&blobs, blob.hash, offset as u64, limit as u64).await.unwrap(), wanted, "{offset}+{limit}");
    }
    assert!(matches!(blobs.read([9; 32], 0, 1).await, Err(BlobError::Nothing)));
}

#[tokio::test]
async fn an_empty_file_and_the_same_file_twice_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path(), 0).unwrap();
    for _ in 0..2 {
        let upload = uuid::Uuid::new_v4();
        blobs.write(upload, 0, Bytes::new()).await.unwrap();
        let blob = blobs.finish(upload).await.unwrap();
        assert_eq!(read(&blobs, blob.hash, 0, 9).await.unwrap(), b"");
    }
}

#[tokio::test]
async fn damage_is_told_and_never_given_out() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path(), 0).unwrap();
    let upload = uuid::Uuid::new_v4();
    let content = content(600_000);
    blobs.write(upload, 0, content.clone().into()).await.unwrap();
    let blob = blobs.finish(upload).await.unwrap();
    let path = path_of(dir.path(), &blob.hash);
    let good = std::fs::read(&path).unwrap();
    for place in (0..good.len()).step_by(good.len() / 40) {
        let mut bad = good.clone();
        bad[place] ^= 4;
        std::fs::write(&path, bad).unwrap();
        match read(&blobs, blob.hash, 0, u64::MAX).await {
            Ok(read) => assert_eq!(read, content),
            Err(e) => assert!(matches!(e, BlobError::Corrupt(_)), "{e}"),
        }
    }
}

#[tokio::test]
async fn stale_uploads_are_swept_and_a_full_disk_takes_none() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path(), 0).unwrap();
    let upload = uuid::Uuid::new_v4();
    blobs.write(upload, 0, Bytes::from_static(b"x")).await.unwrap();
    assert_eq!(blobs.sweep(std::time::SystemTime::UNIX_EPOCH).await.unwrap(), 0);
    let later = std::fs::metadata(dir.path().join("blobs/staging").join(upload.to_string())).unwrap();
    let later = later.modified().unwrap() + std::time::Duration::from_secs(1);
    assert_eq!(blobs.sweep(later).await.unwrap(), 1);
    assert_eq!(blobs.committed(upload).await.unwrap(), None);
    let full = Blobs::open(dir.path(), u64::MAX).unwrap();
    assert!(matches!(full.write(upload, 0, Bytes::from_static(b"x")).await, Err(BlobError::Full)));
}
