//! Uploads that are not finished yet, within an allowance: what is being sent has its whole size set aside before the
//! first byte comes, and what nobody sends is given up for it, the oldest first.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Mutex as Turn;

use super::{BlobError, BlobOptions, Pile, blocking, free};

/// An upload counts for so many bytes at least: a file takes a block and a name, however little is in it.
pub const LEAST_STAGED: u64 = 4096;
/// An upload leaves the journal so much beyond the reserve: room for its next segment.
const JOURNAL: u64 = 64 << 20;

/// What is staged, and how much of it there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Staged {
    /// The uploads; each counts for 4 KiB at least, and one that is being sent for its whole size.
    pub uploads: Pile,
    /// The most bytes that they may have now.
    pub allowance: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    /// What is there; `None`: there is no file yet.
    bytes: Option<u64>,
    touched: SystemTime,
    /// Which of several of one moment was touched last.
    turn: u64,
    /// How many are sending it.
    sending: u32,
    /// What it may become while it is sent.
    size: u64,
}

/// One of which nothing is there yet.
const NEW: Entry = Entry { bytes: None, touched: SystemTime::UNIX_EPOCH, turn: 0, sending: 0, size: 0 };

impl Entry {
    fn there(&self) -> u64 {
        self.bytes.unwrap_or(0)
    }

    fn counts(&self) -> u64 {
        if self.sending > 0 { self.size.max(self.there()) } else { self.there() }.max(LEAST_STAGED)
    }

    /// What it will still take of the disk: the rest, and then the same once more, kept.
    fn promised(&self) -> u64 {
        if self.sending == 0 { 0 } else { (self.size.saturating_sub(self.there())).saturating_add(self.size) }
    }
}

#[derive(Default)]
struct Entries {
    uploads: HashMap<uuid::Uuid, Entry>,
    turns: u64,
}

impl Entries {
    fn total(&self) -> u64 {
        self.uploads.values().map(Entry::counts).sum()
    }

    /// Uploads that nobody sends, the oldest first.
    fn idle(&self) -> Vec<(uuid::Uuid, Entry)> {
        let mut idle: Vec<_> = self.uploads.iter().filter(|(_, e)| e.sending == 0).map(|(id, e)| (*id, *e)).collect();
        idle.sort_by_key(|(id, entry)| (entry.touched, entry.turn, *id));
        idle
    }
}

/// The place of uploads that are not finished.
pub(super) struct Staging {
    dir: PathBuf,
    options: BlobOptions,
    entries: Mutex<Entries>,
    /// Held by whoever begins one or gives others up: a name is not begun anew while its file is being removed.
    turn: Arc<Turn<()>>,
}

impl std::fmt::Debug for Staging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Staging").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// An upload that is being sent: its size is set aside, and nobody gives it up until the last clone is gone.
#[derive(Clone, Debug)]
pub struct Sending(Arc<Turned>);

#[derive(Debug)]
struct Turned {
    staging: Arc<Staging>,
    upload: uuid::Uuid,
}

impl Drop for Turned {
    fn drop(&mut self) {
        let mut entries = self.staging.entries.lock();
        let Some(entry) = entries.uploads.get_mut(&self.upload) else { return };
        entry.sending = entry.sending.saturating_sub(1);
        if entry.sending == 0 && entry.bytes.is_none() {
            entries.uploads.remove(&self.upload);
        }
    }
}

impl Sending {
    pub(super) fn path(&self) -> PathBuf {
        self.0.staging.path(self.0.upload)
    }

    fn now_has(&self, bytes: Option<u64>, touched: SystemTime) {
        let mut entries = self.0.staging.entries.lock();
        entries.turns += 1;
        let turn = entries.turns;
        if let Some(entry) = entries.uploads.get_mut(&self.0.upload) {
            *entry = Entry { bytes, touched, turn, ..*entry };
        }
    }
}

impl Staging {
    /// Reads what an earlier process left. Blocks.
    pub(super) fn open(dir: PathBuf, options: BlobOptions) -> Result<Self, BlobError> {
        let mut entries = Entries::default();
        for (upload, bytes, touched) in listed(&dir)? {
            entries.uploads.insert(upload, Entry { bytes: Some(bytes), touched, ..NEW });
        }
        Ok(Self { dir, options, entries: Mutex::new(entries), turn: Arc::default() })
    }

    fn path(&self, upload: uuid::Uuid) -> PathBuf {
        self.dir.join(upload.to_string())
    }

    /// The allowance: a tenth of what would be free without uploads, but one file at least; never more than is set.
    fn allowance(&self, free: u64, staged: u64) -> u64 {
        let would_be = free.saturating_add(staged).saturating_sub(self.options.reserve);
        self.options.staging.min((would_be / 10).max(self.options.largest))
    }

    pub(super) fn staged(&self) -> Result<Staged, BlobError> {
        let free = free(&self.dir)?;
        let entries = self.entries.lock();
        let there = entries.uploads.values().map(Entry::there).sum();
        let uploads = Pile { count: entries.uploads.len() as u64, bytes: entries.total() };
        Ok(Staged { uploads, allowance: self.allowance(free, there) })
    }

    pub(super) async fn begin(
        self: &Arc<Self>,
        upload: uuid::Uuid,
        size: u64,
    ) -> Result<(Sending, Option<u64>), BlobError> {
        let turn = self.turn.clone().lock_owned().await;
        let staging = self.clone();
        blocking(move || {
            let _turn = turn;
            let given_up = staging.admit(upload, size)?;
            let sending = Sending(Arc::new(Turned { staging: staging.clone(), upload }));
            staging.remove(&given_up, "for a newer one")?;
            let bytes = staging.entries.lock().uploads.get(&upload).and_then(|entry| entry.bytes);
            Ok((sending, bytes))
        })
        .await
    }

    /// Sets an upload's size aside; gives those that are to go for it, which are in the list no more.
    fn admit(&self, upload: uuid::Uuid, size: u64) -> Result<Vec<uuid::Uuid>, BlobError> {
        let free = free(&self.dir)?;
        let mut entries = self.entries.lock();
        let there = entries.uploads.values().map(Entry::there).sum::<u64>();
        let allowance = self.allowance(free, there);
        let before = entries.uploads.get(&upload).copied();
        let mut wanted = before.unwrap_or(NEW);
        wanted.sending += 1;
        wanted.size = wanted.size.max(size);
        let others = || entries.uploads.iter().filter(|(id, _)| **id != upload).map(|(_, entry)| entry);
        let mut total = others().map(Entry::counts).sum::<u64>().saturating_add(wanted.counts());
        let promised = others().map(Entry::promised).sum::<u64>().saturating_add(wanted.promised());
        let mut lacks = promised.saturating_add(self.options.reserve).saturating_add(JOURNAL).saturating_sub(free);
        let mut go = Vec::new();
        for (id, entry) in entries.idle() {
            if total <= allowance && lacks == 0 {
                break;
            }
            if id != upload {
                total -= entry.counts();
                lacks = lacks.saturating_sub(entry.there());
                go.push(id);
            }
        }
        // Whoever can't be helped by it costs nobody else's upload.
        if lacks > 0 {
            return Err(BlobError::NoRoom(size));
        }
        if total > allowance {
            return Err(BlobError::Allowance(allowance));
        }
        for id in &go {
            entries.uploads.remove(id);
        }
        entries.uploads.insert(upload, wanted);
        Ok(go)
    }

    fn remove(&self, uploads: &[uuid::Uuid], why: &str) -> Result<(), BlobError> {
        for upload in uploads {
            gone(&self.path(*upload))?;
        }
        if !uploads.is_empty() {
            tracing::info!(uploads = uploads.len(), why, "uploads that nobody went on with were given up");
        }
        Ok(())
    }

    pub(super) async fn write(&self, sending: &Sending, offset: u64, data: Bytes) -> Result<u64, BlobError> {
        let (dir, reserve, sending) = (self.dir.clone(), self.options.reserve, sending.clone());
        blocking(move || {
            if free(&dir)? < reserve {
                return Err(BlobError::Full);
            }
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create(offset == 0);
            let file = match options.open(sending.path()) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(BlobError::Offset(0)),
                opened => opened?,
            };
            let stands = file.metadata()?.len();
            if stands != offset {
                return Err(BlobError::Offset(stands));
            }
            if let Err(e) = file.write_all_at(&data, offset).and_then(|()| file.sync_data()) {
                // What was written in part is not taken for acknowledged.
                file.set_len(offset)?;
                sending.now_has(Some(offset), file.metadata()?.modified()?);
                return Err(e.into());
            }
            let stands = offset + data.len() as u64;
            sending.now_has(Some(stands), file.metadata()?.modified()?);
            if offset == 0 {
                std::fs::File::open(&dir)?.sync_all()?;
            }
            Ok(stands)
        })
        .await
    }

    pub(super) async fn discard(&self, sending: &Sending) -> Result<(), BlobError> {
        let sending = sending.clone();
        blocking(move || {
            gone(&sending.path())?;
            sending.now_has(None, SystemTime::UNIX_EPOCH);
            Ok(())
        })
        .await
    }

    /// Gives up what nobody touched since `before`, and the oldest where the allowance or the room is less than it was.
    pub(super) async fn sweep(self: &Arc<Self>, before: SystemTime) -> Result<Pile, BlobError> {
        let turn = self.turn.clone().lock_owned().await;
        let staging = self.clone();
        blocking(move || {
            let _turn = turn;
            let free = free(&staging.dir)?;
            let mut given_up = Pile::default();
            let go: Vec<uuid::Uuid> = {
                let mut entries = staging.entries.lock();
                let there = entries.uploads.values().map(Entry::there).sum::<u64>();
                let (allowance, mut total) = (staging.allowance(free, there), entries.total());
                let mut lacks = staging.options.reserve.saturating_add(JOURNAL).saturating_sub(free);
                let idle = entries.idle();
                let too_much = idle.iter().filter(|(_, entry)| {
                    let goes = entry.touched < before || total > allowance || lacks > 0;
                    if goes {
                        total -= entry.counts();
                        lacks = lacks.saturating_sub(entry.there());
                        given_up.add(entry.there());
                    }
                    goes
                });
                let go: Vec<uuid::Uuid> = too_much.map(|(id, _)| *id).collect();
                for id in &go {
                    entries.uploads.remove(id);
                }
                go
            };
            staging.remove(&go, "they are too old, or there is no room for them")?;
            Ok(given_up)
        })
        .await
    }
}

fn gone(path: &Path) -> Result<(), BlobError> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e.into()),
        _ => Ok(()),
    }
}

/// The uploads of a directory: which, how many bytes, when they were last written. What is none is passed over.
pub(super) fn listed(dir: &Path) -> Result<Vec<(uuid::Uuid, u64, SystemTime)>, BlobError> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let Some(upload) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let facts = match entry.metadata() {
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            facts => facts?,
        };
        found.push((upload, facts.len(), facts.modified()?));
    }
    Ok(found)
}
