//! The store that a configuration asks for, and the place where its files are kept.

use std::sync::Arc;

use opora_store::{BlobOptions, Blobs, Embedded, EmbeddedOptions, Store};

use crate::config::Config;
use crate::serve_error::ServeError;
use crate::size::FILE;

/// A store with its files.
pub(crate) type Storage = (Arc<dyn Store>, Arc<Blobs>);

/// Opens both. Blocks.
pub(crate) fn open(config: &Config) -> Result<Storage, ServeError> {
    let options = EmbeddedOptions {
        disk_reserve: config.disk_reserve,
        probe: config.start.probe.clone(),
        accept_restored: config.start.accept_restored,
        degraded: config.start.degraded,
        ..EmbeddedOptions::new(&config.data)
    };
    let store = Embedded::open(options)?;
    let options = BlobOptions { reserve: config.disk_reserve, staging: config.files.staging_bytes, largest: FILE };
    let files = Blobs::open(&config.data, options).map_err(|error| ServeError::Store(error.to_string()))?;
    Ok((Arc::new(store), Arc::new(files)))
}
