//! Blobs: content by its BLAKE3, compressed, durable, verified when read; and uploads that are not finished yet.
//!
//! Knows nothing of tickets or names of files.

mod block;

use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};
use tokio::sync::Semaphore;

use self::block::{BLOCK, FOOTER, Table};

/// How many uploads are finished at once: each is in memory meanwhile, compressed.
const FINISHING: usize = 2;

/// Why a blob can't be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The bytes don't begin where the upload stands; how many there are.
    #[error("the upload stands at {0}")]
    Offset(u64),
    /// No such upload, or no such content.
    #[error("there is nothing of that name")]
    Nothing,
    /// Less than the reserve is free.
    #[error("the disk is full")]
    Full,
    /// The content does not match its hash.
    #[error("the content of {0} is damaged")]
    Corrupt(String),
    /// The machine is short of something that comes back, descriptors for one; trying again soon may work.
    #[error("the machine is short of something: {0}")]
    Short(String),
    /// The file system said no.
    #[error("{0}")]
    Io(String),
}

impl From<io::Error> for BlobError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Nothing,
            _ if crate::disk::is_full(&error) => Self::Full,
            _ if crate::disk::is_passing(&error) => Self::Short(error.to_string()),
            _ => Self::Io(error.to_string()),
        }
    }
}

impl From<object_store::Error> for BlobError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Nothing,
            other => match other.to_string() {
                text if crate::disk::tells_passing(&text) => Self::Short(text),
                text => Self::Io(text),
            },
        }
    }
}

/// Content that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob {
    /// BLAKE3 of it.
    pub hash: [u8; 32],
    /// Bytes.
    pub size: u64,
}

/// Where blobs are kept.
#[derive(Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    staging: PathBuf,
    reserve: u64,
    finishing: Semaphore,
}

fn hex(hash: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*hash).to_hex().to_string()
}

fn key(hash: &[u8; 32]) -> Key {
    let name = hex(hash);
    let (shelf, _) = name.split_at(2);
    Key::from(format!("{shelf}/{name}"))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| BlobError::Io(e.to_string()))?
}

impl Blobs {
    /// Opens `blobs/` in a data directory. While less than `reserve` bytes are free nothing is written. Blocks.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub fn open(data: &Path, reserve: u64) -> Result<Self, BlobError> {
        let (kept, staging) = (data.join("blobs").join("kept"), data.join("blobs").join("staging"));
        std::fs::create_dir_all(&kept)?;
        std::fs::create_dir_all(&staging)?;
        for dir in [data.join("blobs"), data.to_owned()] {
            std::fs::File::open(dir)?.sync_all()?;
        }
        let store = LocalFileSystem::new_with_prefix(kept)?.with_fsync(true);
        Ok(Self { store: Arc::new(store), staging, reserve, finishing: Semaphore::new(FINISHING) })
    }

    fn staged(&self, upload: uuid::Uuid) -> PathBuf {
        self.staging.join(upload.to_string())
    }

    /// How many bytes of an upload are there; `None`: there is no such upload.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub async fn committed(&self, upload: uuid::Uuid) -> Result<Option<u64>, BlobError> {
        let path = self.staged(upload);
        blocking(move || match std::fs::metadata(path) {
            Ok(file) => Ok(Some(file.len())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e.into()),
        })
        .await
    }

    /// Adds bytes at `offset`, which has to be where the upload stands (0: it begins); gives where it stands after.
    /// They are durable when it returns.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn write(&self, upload: uuid::Uuid, offset: u64, data: Bytes) -> Result<u64, BlobError> {
        let (path, dir, reserve) = (self.staged(upload), self.staging.clone(), self.reserve);
        blocking(move || {
            let stat = rustix::fs::statvfs(&dir).map_err(io::Error::from)?;
            if stat.f_bavail.saturating_mul(stat.f_frsize) < reserve {
                return Err(BlobError::Full);
            }
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create(offset == 0);
            let file = match options.open(&path) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(BlobError::Offset(0)),
                opened => opened?,
            };
            let stands = file.metadata()?.len();
            if stands != offset {
                return Err(BlobError::Offset(stands));
            }
            if let Err(e) = file.write_all_at(&data, offset).and_then(|()| file.sync_data()) {
                // What was written in part is not taken for acknowledged.
                file.set_len(offset)?;
                return Err(e.into());
            }
            if offset == 0 {
                std::fs::File::open(&dir)?.sync_all()?;
            }
            Ok(offset + data.len() as u64)
        })
        .await
    }

    /// Keeps what was uploaded for good, durably, and forgets the upload.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn finish(&self, upload: uuid::Uuid) -> Result<Blob, BlobError> {
        let _turn = self.finishing.acquire().await.map_err(|e| BlobError::Io(e.to_string()))?;
        let path = self.staged(upload);
        let (blob, parts) = blocking(move || pack(&path)).await?;
        self.store.put(&key(&blob.hash), PutPayload::from_iter(parts)).await?;
        self.discard(upload).await?;
        Ok(blob)
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub async fn discard(&self, upload: uuid::Uuid) -> Result<(), BlobError> {
        let path = self.staged(upload);
        blocking(move || match std::fs::remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        })
        .await
    }

    /// Content from `offset` on, at most `limit` bytes, in pieces of at most 256 KiB, each verified before it is given.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn read(
        &self,
        hash: [u8; 32],
        offset: u64,
        limit: u64,
    ) -> Result<BoxStream<'static, Result<Bytes, BlobError>>, BlobError> {
        let table = self.table(&hash).await?;
        let end = table.size.min(offset.saturating_add(limit));
        let (store, key) = (self.store.clone(), key(&hash));
        let first = (offset / BLOCK as u64) as usize;
        let blocks: Vec<(u64, block::Block)> = (0_u64..)
            .zip(table.blocks)
            .skip(first)
            .map(|(n, block)| (n * BLOCK as u64, block))
            .take_while(|(begins, _)| *begins < end)
            .collect();
        let pieces = stream::iter(blocks).then(move |(begins, block)| {
            let (store, key) = (store.clone(), key.clone());
            async move {
                let packed = store.get_range(&key, block.start..block.start + u64::from(block.length)).await?;
                let content = block.unpack(&packed).ok_or_else(|| BlobError::Corrupt(hex(&hash)))?;
                let from = offset.saturating_sub(begins).min(content.len() as u64) as usize;
                let to = (end - begins).min(content.len() as u64) as usize;
                Ok(content.slice(from..to.max(from)))
            }
        });
        Ok(pieces.boxed())
    }

    async fn table(&self, hash: &[u8; 32]) -> Result<Table, BlobError> {
        let key = key(hash);
        let corrupt = || BlobError::Corrupt(hex(hash));
        let size = self.store.head(&key).await?.size;
        let footer = self.store.get_range(&key, size.saturating_sub(FOOTER as u64)..size).await?;
        let length = Table::length(&footer).filter(|length| *length <= size).ok_or_else(corrupt)?;
        let end = self.store.get_range(&key, size - length..size).await?;
        Table::read(&end).ok_or_else(corrupt)
    }

    /// Removes uploads that nobody touched since `before`, and what writing left behind.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub async fn sweep(&self, before: SystemTime) -> Result<u64, BlobError> {
        let staging = self.staging.clone();
        blocking(move || {
            let mut swept = 0;
            for entry in std::fs::read_dir(staging)? {
                let entry = entry?;
                if entry.metadata()?.modified()? < before {
                    std::fs::remove_file(entry.path())?;
                    swept += 1;
                }
            }
            Ok(swept)
        })
        .await
    }
}

/// Hashes and compresses an upload.
fn pack(path: &Path) -> Result<(Blob, Vec<Bytes>), BlobError> {
    let file = std::fs::File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let (mut table, mut parts) = (Table::default(), Vec::new());
    let mut buffer = vec![0; BLOCK];
    loop {
        let read = crate::disk::read_full(&file, &mut buffer, table.size)?;
        let content = buffer.get(..read).unwrap_or_default();
        if content.is_empty() {
            break;
        }
        hasher.update(content);
        parts.push(table.push(content)?);
    }
    parts.push(table.end());
    Ok((Blob { hash: *hasher.finalize().as_bytes(), size: table.size }, parts))
}

/// Reads a kept file through. Blocks; for `opora check`.
pub(crate) fn verify(path: &Path, hash: &[u8; 32]) -> Result<u64, BlobError> {
    let corrupt = || BlobError::Corrupt(hex(hash));
    let bytes = std::fs::read(path)?;
    let footer = bytes.get(bytes.len().saturating_sub(FOOTER)..).unwrap_or_default();
    let length = Table::length(footer).ok_or_else(corrupt)?;
    let start = (bytes.len() as u64).checked_sub(length).ok_or_else(corrupt)?;
    let table = Table::read(bytes.get(start as usize..).unwrap_or_default()).ok_or_else(corrupt)?;
    let mut hasher = blake3::Hasher::new();
    for block in &table.blocks {
        let packed = bytes.get(block.start as usize..(block.start + u64::from(block.length)) as usize);
        hasher.update(&packed.and_then(|packed| block.unpack(packed)).ok_or_else(corrupt)?);
    }
    if hasher.finalize().as_bytes() == hash { Ok(table.size) } else { Err(corrupt()) }
}

/// Where a blob lies in a data directory.
pub(crate) fn path_of(data: &Path, hash: &[u8; 32]) -> PathBuf {
    data.join("blobs").join("kept").join(key(hash).as_ref())
}
