//! Reading what is kept, verified; what is gone or damaged is told as such.

use std::path::Path;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};
use object_store::{ObjectStore, ObjectStoreExt as _};

use super::block::{self, BLOCK, FOOTER, Table};
use super::error::system_said;
use super::{BlobError, Blobs, Hash, kept, key};

impl Blobs {
    /// Content of `size` bytes from `offset` on, at most `limit` bytes, in pieces of at most 256 KiB, each verified before
    /// it is given; where all of it is read, the whole is verified before the last piece is given.
    ///
    /// # Errors
    /// [`BlobError::Lost`], [`BlobError::Corrupt`], also in the stream.
    pub async fn read(
        &self,
        (hash, size): (Hash, u64),
        offset: u64,
        limit: u64,
    ) -> Result<BoxStream<'static, Result<Bytes, BlobError>>, BlobError> {
        let table = table(&*self.store, &hash).await?;
        if table.size != size {
            return Err(BlobError::Corrupt(kept::name(&hash)));
        }
        let end = size.min(offset.saturating_add(limit));
        let first = (offset / BLOCK as u64) as usize;
        let blocks: Vec<(u64, block::Block)> = (0_u64..)
            .zip(table.blocks)
            .skip(first)
            .map(|(n, block)| (n * BLOCK as u64, block))
            .take_while(|(begins, _)| *begins < end)
            .collect();
        let whole = (offset == 0 && end == size).then(blake3::Hasher::new);
        let last = blocks.last().map(|(begins, _)| *begins);
        let begun = (self.store.clone(), whole, blocks.into_iter());
        let pieces = stream::try_unfold(begun, move |(store, mut whole, mut blocks)| async move {
            let Some((begins, block)) = blocks.next() else { return Ok(None) };
            let corrupt = || BlobError::Corrupt(kept::name(&hash));
            let range = block.start..block.start + u64::from(block.length);
            let packed = store.get_range(&key(&hash), range).await.map_err(|error| unreadable(error, &hash))?;
            let content = block.unpack(&packed).ok_or_else(corrupt)?;
            if let Some(hasher) = &mut whole {
                hasher.update(&content);
                if last == Some(begins) && hasher.finalize().as_bytes() != &hash {
                    return Err(corrupt());
                }
            }
            let from = offset.saturating_sub(begins).min(content.len() as u64) as usize;
            let to = (end - begins).min(content.len() as u64) as usize;
            Ok(Some((content.slice(from..to.max(from)), (store, whole, blocks))))
        });
        Ok(pieces.boxed())
    }
}

async fn table(store: &dyn ObjectStore, hash: &Hash) -> Result<Table, BlobError> {
    let key = key(hash);
    let corrupt = || BlobError::Corrupt(kept::name(hash));
    let unreadable = |error| unreadable(error, hash);
    let size = store.head(&key).await.map_err(unreadable)?.size;
    if size < FOOTER as u64 {
        return Err(corrupt());
    }
    let footer = store.get_range(&key, size - FOOTER as u64..size).await.map_err(unreadable)?;
    let length = Table::length(&footer).filter(|length| *length <= size).ok_or_else(corrupt)?;
    let end = store.get_range(&key, size - length..size).await.map_err(unreadable)?;
    Table::read(&end).ok_or_else(corrupt)
}

/// What it means when content that was kept can't be read: it is gone, shorter than it was, or the machine fails.
fn unreadable(error: object_store::Error, hash: &Hash) -> BlobError {
    // A range that is not there: the file system had no say in it.
    let is_short = matches!(error, object_store::Error::Generic { .. }) && system_said(&error).is_none();
    match BlobError::from(error) {
        BlobError::Nothing => BlobError::Lost(kept::name(hash)),
        BlobError::Io(_) if is_short => BlobError::Corrupt(kept::name(hash)),
        other => other,
    }
}

/// Reads a kept file through. Blocks; for `opora check`.
pub(crate) fn verify(path: &Path, hash: &[u8; 32]) -> Result<u64, BlobError> {
    let corrupt = || BlobError::Corrupt(kept::name(hash));
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
