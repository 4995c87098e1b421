//! Why a blob can't be kept or read.

use std::error::Error as _;
use std::io;

/// Why a blob can't be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The bytes don't begin where the upload stands; how many there are.
    #[error("the upload stands at {0}")]
    Offset(u64),
    /// No such upload, or nothing of that name.
    #[error("there is nothing of that name")]
    Nothing,
    /// Content that was kept is gone: the name of its file in the data directory.
    #[error("{0} is gone")]
    Lost(String),
    /// Less than the reserve is free.
    #[error("the disk is full")]
    Full,
    /// An upload of so many bytes would leave less free than the reserve and the journal need.
    #[error("there is no room for {0} bytes")]
    NoRoom(u64),
    /// With it, uploads that are being sent would have more than they may: how many bytes these are.
    #[error("uploads may have {0} bytes, and others are being sent")]
    Allowance(u64),
    /// The content does not have the hash or the size that was told.
    #[error("the content is not what was told")]
    Differs,
    /// Content that was kept does not match its hash: the name of its file in the data directory.
    #[error("{0} is damaged")]
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
        let text = error.to_string();
        match error {
            object_store::Error::NotFound { .. } => Self::Nothing,
            _ if system_said(&error).is_some_and(crate::disk::is_full) => Self::Full,
            _ if crate::disk::tells_passing(&text) => Self::Short(text),
            _ => Self::Io(text),
        }
    }
}

/// What the file system said, at the bottom of an error of the object store.
pub(super) fn system_said(error: &object_store::Error) -> Option<&io::Error> {
    let mut cause = error.source();
    while let Some(deeper) = cause {
        if let Some(io) = deeper.downcast_ref::<io::Error>() {
            return Some(io);
        }
        cause = deeper.source();
    }
    None
}
