//! The store that a configuration asks for, and the place where its files are kept.

use std::sync::Arc;

use opora_store::Store;

use crate::config::Config;
use crate::files::Files;
use crate::serve::ServeError;

/// A store with its files.
pub(crate) type Storage = (Arc<dyn Store>, Arc<dyn Files>);

/// Opens both. Blocks.
pub(crate) fn open(_config: &Config) -> Result<Storage, ServeError> {
    Err(ServeError::Store("there is no store yet".into()))
}
