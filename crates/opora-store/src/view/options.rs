//! How a view is kept.

use std::path::PathBuf;

use crate::api::StoreUid;

/// How a view is kept.
#[derive(Clone, Debug)]
pub(crate) struct ViewOptions {
    /// Its directory.
    pub(crate) root: PathBuf,
    /// The store's.
    pub(crate) uid: StoreUid,
    /// sled's cache, bytes.
    pub(crate) sled_cache: u64,
    /// Recently used tickets, bytes.
    pub(crate) ticket_cache: u64,
    /// Larger values are kept as pointers into the journal, bytes.
    pub(crate) inline_limit: usize,
    /// The writer waits when more is not written yet, bytes.
    pub(crate) overlay_limit: usize,
    /// Nothing is written into it while less is free, bytes.
    pub(crate) floor: u64,
}
