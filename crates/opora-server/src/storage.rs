//! The store that a configuration asks for, and the place where its files are kept.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt as _};
use opora_store::{BlobError, Blobs, Embedded, EmbeddedOptions, Store};
use uuid::Uuid;

use crate::config::Config;
use crate::files::{Files, FilesError, Kept};
use crate::serve::ServeError;

/// A store with its files.
pub(crate) type Storage = (Arc<dyn Store>, Arc<dyn Files>);

/// Opens both. Blocks.
pub(crate) fn open(config: &Config) -> Result<Storage, ServeError> {
    let options = EmbeddedOptions {
        disk_reserve: config.disk_reserve,
        probe: config.probe.clone(),
        ..EmbeddedOptions::new(&config.data)
    };
    let store = Embedded::open(options).map_err(|error| ServeError::Store(error.to_string()))?;
    let blobs = Blobs::open(&config.data, config.disk_reserve).map_err(|error| ServeError::Store(error.to_string()))?;
    Ok((Arc::new(store), Arc::new(KeptFiles(blobs))))
}

/// The store's blobs, as the services ask for them.
struct KeptFiles(Blobs);

impl From<BlobError> for FilesError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Offset(stands) => Self::Offset(stands),
            BlobError::Nothing => Self::Nothing,
            BlobError::Full => Self::Full,
            BlobError::Corrupt(what) => Self::Corrupt(what),
            BlobError::Io(what) => Self::Io(what),
        }
    }
}

#[async_trait]
impl Files for KeptFiles {
    async fn committed(&self, upload: Uuid) -> Result<Option<u64>, FilesError> {
        Ok(self.0.committed(upload).await?)
    }

    async fn write(&self, upload: Uuid, offset: u64, data: Bytes) -> Result<u64, FilesError> {
        Ok(self.0.write(upload, offset, data).await?)
    }

    async fn finish(&self, upload: Uuid) -> Result<Kept, FilesError> {
        let blob = self.0.finish(upload).await?;
        Ok(Kept { hash: blob.hash, size: blob.size })
    }

    async fn discard(&self, upload: Uuid) -> Result<(), FilesError> {
        Ok(self.0.discard(upload).await?)
    }

    async fn read(
        &self,
        hash: [u8; 32],
        offset: u64,
        limit: u64,
    ) -> Result<BoxStream<'static, Result<Bytes, FilesError>>, FilesError> {
        let pieces = self.0.read(hash, offset, limit).await?;
        Ok(pieces.map(|piece| piece.map_err(FilesError::from)).boxed())
    }
}
