//! A file that is read to be sent, chunk by chunk.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::v1;

/// Bytes of a chunk. A slow line has to take one within the time that nothing may come of a call: the contract would take
/// four times as much.
const CHUNK: usize = 64 * 1024;
/// A file that is read to be sent.
pub(super) struct Reading {
    path: PathBuf,
    /// Opened with the first chunk.
    file: Option<File>,
    at: u64,
    size: u64,
    /// The chunk that ends it was given.
    is_over: bool,
}

impl Reading {
    /// A file of that size, from a place on.
    pub(super) const fn new(path: PathBuf, at: u64, size: u64) -> Self {
        Self { path, file: None, at, size, is_over: false }
    }

    /// Which.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The next chunk; `None`: there is none.
    pub(super) fn next(self) -> io::Result<Option<(v1::UploadChunk, Self)>> {
        if self.is_over {
            return Ok(None);
        }
        let mut file = if let Some(file) = self.file { file } else { from(&self.path, self.at)? };
        let mut data = Vec::with_capacity(CHUNK);
        (&mut file).take(CHUNK as u64).read_to_end(&mut data)?;
        let end = self.at + data.len() as u64;
        let is_over = end >= self.size || data.is_empty();
        let chunk = v1::UploadChunk { write_offset: self.at, data: Bytes::from(data), finish_write: is_over };
        Ok(Some((chunk, Self { file: Some(file), at: end, is_over, ..self })))
    }
}

fn from(path: &Path, at: u64) -> io::Result<File> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(at))?;
    Ok(file)
}
