//! sled, handled with care: it panics on damage and calls a page cache's flush a flush.
//!
//! Knows keys and bytes. Whatever goes wrong in it is [`Broken`]; the view is then built again from the journal.

use std::any::Any;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use opora_core::model::Revision;
use parking_lot::RwLock;

use super::layer::Layer;
use super::record::{META, Meta, meta_of, meta_value};
use crate::api::StoreUid;

/// sled holds one process-wide lock while a batch is applied, which every read takes too.
const BATCH_KEYS: usize = 100;

/// What sled holds is damaged, or sled is.
#[derive(Debug, thiserror::Error)]
#[error("the view is damaged: {0}")]
pub(crate) struct Broken(pub(crate) String);

/// One generation of the view.
pub(crate) struct Tree {
    /// `None` only while it is dropped.
    db: Option<sled::Db>,
    path: PathBuf,
    uid: StoreUid,
    meta: RwLock<Meta>,
    /// It is damaged: it is not even closed.
    abandoned: AtomicBool,
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").chars().take(300).collect()
}

fn guarded<T>(work: impl FnOnce() -> sled::Result<T>) -> Result<T, Broken> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|e| Broken(e.to_string())),
        Err(panic) => Err(Broken(said(&*panic))),
    }
}

/// Opens sled in a thread of its own, in which it may panic.
fn open_sled(path: &Path, cache: u64) -> Result<sled::Db, Broken> {
    let config = sled::Config::new().path(path).cache_capacity(cache).flush_every_ms(Some(500));
    let opened = std::thread::Builder::new()
        .name("opora-view-open".into())
        .spawn(move || guarded(|| config.open()))
        .map_err(|e| Broken(e.to_string()))?
        .join();
    opened.map_err(|panic| Broken(said(&*panic)))?
}

impl Tree {
    /// Opens a generation. One that is new stands at revision zero.
    pub(crate) fn open(path: &Path, uid: StoreUid, cache: u64) -> Result<Self, Broken> {
        let fresh = !path.exists();
        let db = open_sled(path, cache)?;
        let meta = RwLock::new(Meta { revision: Revision::ZERO, tickets: 0 });
        let mut tree = Self { db: Some(db), path: path.to_owned(), uid, meta, abandoned: AtomicBool::new(false) };
        match tree.get(META)? {
            Some(bytes) => {
                let meta = meta_of(uid, &bytes);
                *tree.meta.get_mut() = meta.ok_or_else(|| Broken("where it stands can't be read".into()))?;
            }
            // A file that was cut opens as an empty database.
            None if !fresh => return Err(Broken("it does not say where it stands".into())),
            None => tree.write_meta(tree.meta())?,
        }
        Ok(tree)
    }

    /// Where it stands.
    pub(crate) fn meta(&self) -> Meta {
        *self.meta.read()
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves it as it is when it is dropped: closing a damaged sled may hang.
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
    }

    fn db(&self) -> Result<&sled::Db, Broken> {
        self.db.as_ref().ok_or_else(|| Broken("it is closed".into()))
    }

    fn write_meta(&self, meta: Meta) -> Result<(), Broken> {
        let db = self.db()?;
        guarded(|| db.insert(META, meta_value(self.uid, meta)).map(drop))
    }

    /// Reads a value.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<sled::IVec>, Broken> {
        let db = self.db()?;
        guarded(|| db.get(key))
    }

    /// Everything whose key begins with `prefix`.
    pub(crate) fn each(
        &self,
        prefix: &[u8],
        mut each: impl FnMut(&[u8], &[u8]) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        let db = self.db()?;
        let mut entries = guarded(|| Ok(db.scan_prefix(prefix)))?;
        while let Some(entry) = guarded(|| entries.next().transpose())? {
            each(&entry.0, &entry.1)?;
        }
        Ok(())
    }

    /// Writes a layer; where it stands is told with the last keys.
    pub(crate) fn write(&self, layer: &Layer, inline_limit: usize) -> Result<(), Broken> {
        let after = layer.meta_after(self.meta());
        let entries = layer.entries(inline_limit);
        let db = self.db()?;
        let mut chunks = entries.chunks(BATCH_KEYS).peekable();
        if chunks.peek().is_none() {
            self.write_meta(after)?;
        }
        while let Some(chunk) = chunks.next() {
            let mut batch = sled::Batch::default();
            for (key, value) in chunk {
                batch.insert(key.as_slice(), value.as_slice());
            }
            if chunks.peek().is_none() {
                batch.insert(META, meta_value(self.uid, after));
            }
            guarded(|| db.apply_batch(batch))?;
        }
        *self.meta.write() = after;
        Ok(())
    }

    /// Writes down what sled holds in memory, and syncs it: sled's own flush does not.
    pub(crate) fn flush(&self) -> Result<(), Broken> {
        let db = self.db()?;
        guarded(|| db.flush())?;
        let sync = || -> std::io::Result<()> {
            for entry in fs::read_dir(&self.path)? {
                let path = entry?.path();
                if path.is_file() {
                    fs::File::open(path)?.sync_all()?;
                }
            }
            fs::File::open(&self.path)?.sync_all()
        };
        sync().map_err(|e| Broken(e.to_string()))
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // Dropping sled writes, and may panic when it is damaged.
        if let Some(db) = self.db.take() {
            if self.abandoned.load(Ordering::Acquire) {
                std::mem::forget(db);
                return;
            }
            let _ = catch_unwind(AssertUnwindSafe(move || drop(db)));
        }
    }
}
