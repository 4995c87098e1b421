//! The store that a configuration asks for, and the place where its files are kept.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use opora_store::{Embedded, EmbeddedOptions, Store};
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
    Ok((Arc::new(store), Arc::new(NoFiles)))
}

/// No place for files: each call is refused.
struct NoFiles;

impl NoFiles {
    fn refuse<T>() -> Result<T, FilesError> {
        Err(FilesError::Io("this desk keeps no files".into()))
    }
}

#[async_trait]
impl Files for NoFiles {
    async fn committed(&self, _upload: Uuid) -> Result<Option<u64>, FilesError> {
        Ok(None)
    }

    async fn write(&self, _upload: Uuid, _offset: u64, _data: Bytes) -> Result<u64, FilesError> {
        Self::refuse()
    }

    async fn finish(&self, _upload: Uuid) -> Result<Kept, FilesError> {
        Self::refuse()
    }

    async fn discard(&self, _upload: Uuid) -> Result<(), FilesError> {
        Ok(())
    }

    async fn read(
        &self,
        _hash: [u8; 32],
        _offset: u64,
        _limit: u64,
    ) -> Result<BoxStream<'static, Result<Bytes, FilesError>>, FilesError> {
        Self::refuse()
    }
}
