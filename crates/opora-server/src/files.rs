//! What the services ask of the place where files are kept: resumable uploads, content by its hash, verified when read.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use uuid::Uuid;

/// Why a file can't be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The bytes don't begin where the upload stands; how many there are.
    #[error("the upload stands at {0}")]
    Offset(u64),
    /// No such upload, or no such content.
    #[error("there is nothing of that name")]
    Nothing,
    /// The disk is nearly full.
    #[error("the disk is full")]
    Full,
    /// The content does not match its hash.
    #[error("the content of {0} is damaged")]
    Corrupt(String),
    /// The file system said no.
    #[error("{0}")]
    Io(String),
}

/// A file that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// BLAKE3 of its content.
    pub hash: [u8; 32],
    /// Bytes.
    pub size: u64,
}

/// Where files are kept.
#[async_trait]
pub trait Files: Send + Sync + 'static {
    /// How many bytes of an upload are there; `None`: there is no such upload.
    ///
    /// # Errors
    /// [`FilesError`].
    async fn committed(&self, upload: Uuid) -> Result<Option<u64>, FilesError>;

    /// Adds bytes at `offset`, which has to be where the upload stands (0: it begins); gives where it stands after.
    ///
    /// # Errors
    /// [`FilesError`].
    async fn write(&self, upload: Uuid, offset: u64, data: Bytes) -> Result<u64, FilesError>;

    /// Keeps what was uploaded for good, durably, and forgets the upload.
    ///
    /// # Errors
    /// [`FilesError`].
    async fn finish(&self, upload: Uuid) -> Result<Kept, FilesError>;

    /// Gives an upload up.
    ///
    /// # Errors
    /// [`FilesError`].
    async fn discard(&self, upload: Uuid) -> Result<(), FilesError>;

    /// Content from `offset` on, at most `limit` bytes, in pieces of at most 256 KiB; verified.
    ///
    /// # Errors
    /// [`FilesError`].
    async fn read(
        &self,
        hash: [u8; 32],
        offset: u64,
        limit: u64,
    ) -> Result<BoxStream<'static, Result<Bytes, FilesError>>, FilesError>;
}
