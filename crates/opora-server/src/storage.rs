//! The store that a configuration asks for, and the place where its files are kept.

use std::sync::Arc;

use opora_store::{Blobs, Embedded, EmbeddedOptions, Store};

use crate::config::Config;
use crate::serve::ServeError;

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
    let files = Blobs::open(&config.data, config.disk_reserve).map_err(|error| ServeError::Store(error.to_string()))?;
    Ok((Arc::new(store), Arc::new(files)))
}
