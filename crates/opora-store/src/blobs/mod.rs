//! Blobs: content by its BLAKE3, compressed, durable, verified when read; and uploads that are not finished yet.
//!
//! Knows nothing of tickets or names of files.

mod block;
mod error;
mod kept;
mod read;
mod share;
mod staging;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use self::block::{BLOCK, Table};
use self::kept::Hands;
use self::staging::Staging;

pub use self::error::BlobError;
pub(crate) use self::kept::beside;
pub use self::kept::{Beside, Candidates, Hash, Held};
pub(crate) use self::read::verify;
pub use self::share::LEAST_STAGED;
pub use self::staging::{Sending, Staged};

/// How many uploads are finished at once: each is in memory meanwhile, compressed.
const FINISHING: usize = 2;

/// How blobs are kept.
#[derive(Clone, Copy, Debug)]
pub struct BlobOptions {
    /// Bytes: while less is free nothing is written.
    pub reserve: u64,
    /// The most bytes of uploads that are not finished.
    pub staging: u64,
    /// Bytes of the largest file: uploads may have twice as many also where little is free.
    pub largest: u64,
}

/// So many, of so many bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pile {
    /// How many.
    pub count: u64,
    /// Bytes of all.
    pub bytes: u64,
}

impl Pile {
    pub(crate) fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }

    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self { count: self.count + other.count, bytes: self.bytes + other.bytes }
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

/// The turn to finish an upload: one at a time has it for one, and two for all of them.
#[derive(Debug)]
pub struct Finishing {
    sending: Sending,
    _end: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

/// Where blobs are kept.
#[derive(Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    dir: PathBuf,
    staging: Arc<Staging>,
    hands: Arc<Hands>,
    reserve: u64,
    finishing: Arc<Semaphore>,
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

/// Bytes that are free where `path` lies. Blocks.
fn free(path: &Path) -> Result<u64, BlobError> {
    let stat = rustix::fs::statvfs(path).map_err(io::Error::from)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

impl Blobs {
    /// Opens `blobs/` in a data directory. Blocks.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub fn open(data: &Path, options: BlobOptions) -> Result<Self, BlobError> {
        let dir = data.join("blobs");
        let (kept, staging) = (dir.join("kept"), dir.join("staging"));
        std::fs::create_dir_all(&kept)?;
        std::fs::create_dir_all(&staging)?;
        for dir in [&dir, data] {
            std::fs::File::open(dir)?.sync_all()?;
        }
        let store = LocalFileSystem::new_with_prefix(kept)?.with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
            dir,
            staging: Arc::new(Staging::open(staging, options)?),
            hands: Arc::new(Hands::opened()),
            reserve: options.reserve,
            finishing: Arc::new(Semaphore::new(FINISHING)),
        })
    }

    /// Begins to send an upload that will have `size` bytes, or goes on with it, and says how many bytes of it are there;
    /// `None`: none, not even the beginning. Others that nobody sends are given up where there is no room for all: at once
    /// those of whoever has most, and more than `caller` with this one; the others when the bytes come.
    ///
    /// `caller`, opaque, may have set aside only as much as is left to another one, or a single file; `None`: whom no
    /// share bounds.
    ///
    /// # Errors
    /// [`BlobError::NoRoom`], [`BlobError::Allowance`]; then nothing was given up.
    pub async fn begin(
        &self,
        upload: uuid::Uuid,
        size: u64,
        caller: Option<u64>,
    ) -> Result<(Sending, Option<u64>), BlobError> {
        self.staging.begin(upload, size, caller).await
    }

    /// How many bytes of an upload are there; `None`: there is no such upload.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub async fn committed(&self, upload: uuid::Uuid) -> Result<Option<u64>, BlobError> {
        let path = self.dir.join("staging").join(upload.to_string());
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
    pub async fn write(&self, sending: &Sending, offset: u64, data: Bytes) -> Result<u64, BlobError> {
        self.staging.write(sending, offset, data).await
    }

    /// Waits for the turn to finish an upload: one at a time finishes an upload, and of all together two are finished at
    /// once. Both turns last as long as what is given; it also keeps the upload from being given up. Who stops waiting
    /// takes no turn from others, and what has its turn need not end with its caller.
    ///
    /// # Errors
    /// [`BlobError::Io`]: never, in a program that runs.
    pub async fn finishing(&self, sending: Sending) -> Result<Finishing, BlobError> {
        let closed = |error: AcquireError| BlobError::Io(error.to_string());
        // Its own first: who waits for that takes no place from others.
        let end = sending.end().await.map_err(closed)?;
        let place = self.finishing.clone().acquire_owned().await.map_err(closed)?;
        Ok(Finishing { sending, _end: end, _place: place })
    }

    /// Keeps what was uploaded, durably. The upload stays until it is [discarded](Self::finished): when what refers to the
    /// content is written, so that a kill in between costs no sending again. No sweep removes the content while it is held.
    ///
    /// # Errors
    /// [`BlobError::Differs`], when it has another hash than `expected`: then the upload is gone, and nothing is kept;
    /// [`BlobError::Nothing`], where it was finished and discarded before.
    pub async fn finish(&self, turn: &Finishing, expected: Option<Hash>) -> Result<(Blob, Held), BlobError> {
        let sending = &turn.sending;
        let (path, hands, dir, reserve) = (sending.path(), self.hands.clone(), self.dir.clone(), self.reserve);
        let packed = blocking(move || {
            let (blob, parts) = pack(&path)?;
            if expected.is_some_and(|hash| hash != blob.hash) {
                return Ok(None);
            }
            let bytes = parts.iter().map(|part| part.len() as u64).sum::<u64>();
            if free(&dir)? < reserve.saturating_add(bytes) {
                return Err(BlobError::Full);
            }
            Ok(Some((blob, parts, hands.hold(blob.hash))))
        });
        let Some((blob, parts, held)) = packed.await? else {
            self.discard(sending).await?;
            return Err(BlobError::Differs);
        };
        // Also where it is kept already: what was damaged is whole again.
        self.store.put(&key(&blob.hash), PutPayload::from_iter(parts)).await?;
        Ok((blob, held))
    }

    /// Discards what was sent of an upload that was finished, or should not be.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub async fn finished(&self, turn: &Finishing) -> Result<(), BlobError> {
        self.discard(&turn.sending).await
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub async fn discard(&self, sending: &Sending) -> Result<(), BlobError> {
        self.staging.discard(sending).await
    }

    /// What is staged.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub async fn staged(&self) -> Result<Staged, BlobError> {
        let staging = self.staging.clone();
        blocking(move || staging.staged()).await
    }

    /// Gives up uploads that nobody touched since `before` or that there is no room for; how many.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub async fn sweep_staging(&self, before: SystemTime) -> Result<Pile, BlobError> {
        self.staging.sweep(before).await
    }

    /// Begins to look for what nothing refers to; what is held from now on is not removed until the sweep ends. Gives
    /// the time up to which everything kept is known to be referred to in that store, if it is known.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub async fn sweep_begins(&self, store: uuid::Uuid) -> Result<Option<SystemTime>, BlobError> {
        self.hands.sweep_begins();
        let dir = self.dir.clone();
        blocking(move || Ok(kept::mark(&dir, store))).await
    }

    /// Content that was written before a moment, and not before another one, from a shelf on (the first: 0), for somebody
    /// to say what refers to it. What was left of writing is removed at once.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub async fn candidates(
        &self,
        after: Option<SystemTime>,
        before: SystemTime,
        from: u16,
    ) -> Result<Candidates, BlobError> {
        let (hands, kept) = (self.hands.clone(), self.dir.join("kept"));
        blocking(move || kept::candidates((&hands, &kept), (after, before), from)).await
    }

    /// Removes content that nothing refers to, unless it was held since the sweep began.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub async fn remove(&self, hashes: HashSet<Hash>) -> Result<Pile, BlobError> {
        let (hands, kept) = (self.hands.clone(), self.dir.join("kept"));
        blocking(move || kept::remove(&hands, &kept, hashes)).await
    }

    /// Ends a sweep; `done`: of which store everything is known up to which time.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub async fn sweep_ends(&self, done: Option<(uuid::Uuid, SystemTime)>) -> Result<(), BlobError> {
        self.hands.sweep_ends();
        let Some((store, until)) = done else { return Ok(()) };
        let dir = self.dir.clone();
        blocking(move || kept::set_mark(&dir, store, until)).await
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

/// Where a blob lies in a data directory.
pub(crate) fn path_of(data: &Path, hash: &[u8; 32]) -> PathBuf {
    kept::place(&data.join("blobs").join("kept"), hash)
}
