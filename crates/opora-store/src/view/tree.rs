//! sled, handled with care: it panics on damage and calls a page cache's flush a flush.
//!
//! Knows keys and bytes. Whatever goes wrong in it is [`Broken`]; the view is then built again from the journal.

use std::any::Any;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use opora_core::model::{Revision, TicketNumber};
use opora_core::time::Timestamp;
use parking_lot::RwLock;

use super::layer::Layer;
use super::record::{Block, META, Meta, Place, RUN, block_of, meta_of, meta_value};
use super::runs::{self, Run, Runs, Turn};
use crate::api::{Remembered, RequestKey, StoreUid};

/// sled holds one process-wide lock while a batch is applied, which every read takes too.
const BATCH_KEYS: usize = 100;

/// What sled holds is damaged, or sled is.
#[derive(Debug, thiserror::Error)]
#[error("the view is damaged: {0}")]
pub(crate) struct Broken(pub(crate) String);

impl Broken {
    /// Whether it is the machine that is short of something, threads for one: nothing is said of the view.
    pub(crate) fn is_passing(&self) -> bool {
        crate::disk::tells_passing(&self.0)
    }
}

/// A key and its value.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

/// One generation of the view.
pub(crate) struct Tree {
    /// `None` only while it is dropped.
    db: Option<sled::Db>,
    path: PathBuf,
    uid: StoreUid,
    meta: RwLock<Meta>,
    runs: Runs,
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
        let meta = RwLock::new(Meta { revision: Revision::ZERO, tickets: 0, requests: Revision::ZERO });
        let (runs, abandoned) = (Runs::default(), AtomicBool::new(false));
        let mut tree = Self { db: Some(db), path: path.to_owned(), uid, meta, runs, abandoned };
        match tree.get(META)? {
            Some(bytes) => {
                let meta = meta_of(uid, &bytes);
                *tree.meta.get_mut() = meta.ok_or_else(|| Broken("where it stands can't be read".into()))?;
            }
            // A file that was cut opens as an empty database.
            None if !fresh => return Err(Broken("it does not say where it stands".into())),
            None => tree.write_all(&[], None, tree.meta())?,
        }
        tree.each(&[RUN], |key, bytes| {
            let run = Run::of_header(key, bytes).ok_or_else(|| Broken("the header of a run is damaged".into()))?;
            tree.runs.found(run);
            Ok(())
        })?;
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

    /// The first entry at or before `key` whose key begins with `prefix`.
    fn at_or_before(&self, prefix: &[u8], key: &[u8]) -> Result<Option<(sled::IVec, sled::IVec)>, Broken> {
        let db = self.db()?;
        guarded(|| db.range(prefix..=key).next_back().transpose())
    }

    /// What the view says of a ticket; `Revision::ZERO`: nothing.
    pub(crate) fn place(&self, number: TicketNumber) -> Result<Place, Broken> {
        let (key, place) = block_of(number);
        Ok(self.block(&key)?.at(place))
    }

    fn block(&self, key: &[u8]) -> Result<Block, Broken> {
        let Some(bytes) = self.get(key)? else { return Ok(Block::default()) };
        Block::read(key, &bytes).ok_or_else(|| Broken("a block of tickets does not match its checksum".into()))
    }

    /// A request that was answered.
    pub(crate) fn remembered(&self, request: &RequestKey) -> Result<Option<Remembered>, Broken> {
        if let Some(found) = self.runs.pending(request) {
            return Ok(Some(found));
        }
        for run in self.runs.maybe(request) {
            let wanted = run.part_key(request);
            let Some((key, bytes)) = self.at_or_before(&run.prefix(), &wanted)? else { continue };
            let found = runs::entries(&key, &bytes)?.into_iter().find(|(key, _)| key == request);
            if let Some((_, remembered)) = found {
                return Ok(Some(remembered));
            }
        }
        Ok(None)
    }

    /// Whether the request of that revision is older than what is remembered.
    pub(crate) fn has_forgotten(&self, revision: Revision) -> bool {
        self.runs.oldest().is_some_and(|oldest| revision <= oldest)
    }

    /// Takes in requests that the journal remembers and no run holds yet.
    pub(crate) fn take_requests(&self, requests: impl IntoIterator<Item = (RequestKey, Remembered)>) {
        self.runs.take(requests);
    }

    /// Learns which requests are in which run. Until then each is looked for in every run.
    pub(crate) fn learn(&self, stopping: &AtomicBool) -> Result<(), Broken> {
        for run in self.runs.all() {
            let mut learning = run.learning();
            self.each(&run.prefix(), |key, bytes| {
                if stopping.load(Ordering::Acquire) {
                    return Err(Broken("stopping".into()));
                }
                learning.part(key, bytes)
            })?;
            learning.finish()?;
        }
        Ok(())
    }

    /// Writes a layer; where it stands is told with the last keys.
    pub(crate) fn write(&self, layer: &Layer, inline_limit: usize) -> Result<(), Broken> {
        let mut entries = layer.entries(inline_limit);
        entries.extend(self.changed_blocks(layer)?);
        entries.sort_unstable();
        self.runs.take(layer.requests.iter().map(|(key, remembered)| (*key, *remembered)));
        let mut after = layer.meta_after(self.meta());
        let turn = if self.runs.is_time(after.requests, after.revision) {
            self.runs.turn(after.requests, after.revision, layer.at)
        } else {
            None
        };
        if let Some(turn) = &turn {
            after.requests = after.revision;
            entries.extend_from_slice(&turn.parts);
        }
        self.write_all(&entries, turn, after)
    }

    /// Writes a run of what was gathered, however little: it need not be gathered again at the next start.
    pub(crate) fn write_gathered(&self, at: Timestamp) -> Result<(), Broken> {
        let before = self.meta();
        let turn = self.runs.turn(before.requests, before.revision, at);
        let parts = turn.as_ref().map(|turn| turn.parts.clone()).unwrap_or_default();
        self.write_all(&parts, turn, Meta { requests: before.revision, ..before })
    }

    /// The blocks that a layer changes, as they will be.
    fn changed_blocks(&self, layer: &Layer) -> Result<Vec<Pair>, Broken> {
        let mut blocks: HashMap<[u8; 9], Block> = HashMap::new();
        for (number, latest) in &layer.tickets {
            let (key, place) = block_of(*number);
            let block = match blocks.entry(key) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(self.block(&key)?),
            };
            block.set(place, Place { revision: latest.ticket.revision, kept: latest.kept });
        }
        Ok(blocks.into_iter().map(|(key, block)| (key.to_vec(), block.value(&key))).collect())
    }

    fn write_all(&self, entries: &[Pair], turn: Option<Turn>, after: Meta) -> Result<(), Broken> {
        let db = self.db()?;
        for chunk in entries.chunks(BATCH_KEYS) {
            let mut batch = sled::Batch::default();
            for (key, value) in chunk {
                batch.insert(key.as_slice(), value.as_slice());
            }
            guarded(|| db.apply_batch(batch))?;
        }
        let mut last = sled::Batch::default();
        last.insert(META, meta_value(self.uid, after));
        if let Some(turn) = &turn {
            last.insert(&turn.run.header(), turn.run.header_value());
            turn.expired.iter().for_each(|run| last.remove(&run.header()));
        }
        guarded(|| db.apply_batch(last))?;
        *self.meta.write() = after;
        if let Some(turn) = turn {
            let expired: Vec<_> = turn.expired.iter().map(|run| run.prefix()).collect();
            self.runs.turned(turn);
            expired.iter().try_for_each(|prefix| self.remove(prefix))?;
        }
        Ok(())
    }

    /// Removes everything whose key begins with `prefix`.
    fn remove(&self, prefix: &[u8]) -> Result<(), Broken> {
        let db = self.db()?;
        let mut keys = Vec::new();
        self.each(prefix, |key, _| {
            keys.push(key.to_vec());
            Ok(())
        })?;
        for chunk in keys.chunks(BATCH_KEYS) {
            let mut batch = sled::Batch::default();
            for key in chunk {
                batch.remove(key.as_slice());
            }
            guarded(|| db.apply_batch(batch))?;
        }
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
