//! Uploads that are not finished yet, within an allowance: what is being sent has its whole size set aside before the
//! first byte comes, and what nobody sends is given up for it. Who may set aside how much, and what goes first: `share`.

use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{AcquireError, Mutex as Turn, OwnedSemaphorePermit, Semaphore};

use super::share::{Caller, Entries, Entry, NEW, Order, admitted};
use super::{BlobError, BlobOptions, Pile, blocking, free};

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
    /// Who finishes it has its permit.
    end: Arc<Semaphore>,
}

impl Drop for Turned {
    fn drop(&mut self) {
        let mut entries = self.staging.entries.lock();
        let Some(entry) = entries.uploads.get_mut(&self.upload) else { return };
        entry.sending = entry.sending.saturating_sub(1);
        let last = entry.sending == 0;
        if entry.sending == 0 && entry.bytes.is_none() {
            entries.uploads.remove(&self.upload);
        }
        if last {
            entries.ends.remove(&self.upload);
        }
    }
}

impl Sending {
    pub(super) fn path(&self) -> PathBuf {
        self.0.staging.path(self.0.upload)
    }

    /// The turn to finish it: one at a time has it.
    pub(super) async fn end(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.0.end.clone().acquire_owned().await
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

    /// The allowance: a tenth of what would be free without uploads, but two files at least, so that one that is sent
    /// leaves as much to another caller; never more than is set.
    fn allowance(&self, free: u64, staged: u64) -> u64 {
        let would_be = free.saturating_add(staged).saturating_sub(self.options.reserve);
        self.options.staging.min((would_be / 10).max(self.options.largest.saturating_mul(2)))
    }

    pub(super) fn staged(&self) -> Result<Staged, BlobError> {
        let free = free(&self.dir)?;
        let entries = self.entries.lock();
        let there = entries.sum(Entry::there);
        let uploads = Pile { count: entries.uploads.len() as u64, bytes: entries.sum(Entry::counts) };
        Ok(Staged { uploads, allowance: self.allowance(free, there) })
    }

    pub(super) async fn begin(
        self: &Arc<Self>,
        upload: uuid::Uuid,
        size: u64,
        caller: Caller,
    ) -> Result<(Sending, Option<u64>), BlobError> {
        let turn = self.turn.clone().lock_owned().await;
        let staging = self.clone();
        blocking(move || {
            let _turn = turn;
            let given_up = staging.admit(upload, size, caller)?;
            let end = staging.entries.lock().ends.entry(upload).or_insert_with(|| Arc::new(Semaphore::new(1))).clone();
            let sending = Sending(Arc::new(Turned { staging: staging.clone(), upload, end }));
            staging.give_up(&given_up, "for a newer one")?;
            let bytes = staging.entries.lock().uploads.get(&upload).and_then(|entry| entry.bytes);
            Ok((sending, bytes))
        })
        .await
    }

    /// Sets an upload's size aside; gives those that are to go for it.
    fn admit(&self, upload: uuid::Uuid, size: u64, caller: Caller) -> Result<Vec<uuid::Uuid>, BlobError> {
        let free = free(&self.dir)?;
        let mut entries = self.entries.lock();
        let allowance = self.allowance(free, entries.sum(Entry::there));
        let before = entries.uploads.get(&upload).copied();
        let mut wanted = before.unwrap_or(NEW);
        wanted.size = if wanted.sending > 0 { wanted.size.max(size) } else { size };
        wanted.sending += 1;
        wanted.caller = caller;
        // As if it were admitted; on any refusal it is put back.
        entries.uploads.insert(upload, wanted);
        let admitted = admitted(&entries, (upload, size), allowance, |promised| {
            promised.saturating_add(self.options.reserve).saturating_add(JOURNAL).saturating_sub(free)
        });
        match &admitted {
            Ok((_, owes)) => entries.owes |= owes,
            Err(_) => match before {
                Some(before) => drop(entries.uploads.insert(upload, before)),
                None => drop(entries.uploads.remove(&upload)),
            },
        }
        admitted.map(|(go, _)| go)
    }

    /// Gives up what has to go for bytes that come now: headers alone took only what is not more than theirs.
    async fn make_way(self: &Arc<Self>, upload: uuid::Uuid, more: u64) -> Result<(), BlobError> {
        if !self.entries.lock().owes {
            return Ok(());
        }
        let turn = self.turn.clone().lock_owned().await;
        let staging = self.clone();
        blocking(move || {
            let _turn = turn;
            let free = free(&staging.dir)?;
            let go = {
                let mut entries = staging.entries.lock();
                let allowance = staging.allowance(free, entries.sum(Entry::there));
                let kept = staging.options.reserve.saturating_add(JOURNAL);
                let lacks = |promised: u64| promised.saturating_add(kept).saturating_sub(free);
                let whole = lacks(entries.sum(Entry::promised));
                entries.owes = entries.sum(Entry::counts) > allowance || whole > 0;
                // What came will be kept once more.
                let came = entries.sum(|entry| if entry.sending > 0 { entry.there() } else { 0 });
                let mut lacks = lacks(came.saturating_add(more.saturating_mul(2)));
                let grows = entries.uploads.get(&upload).map_or(more, |entry| {
                    let grown = Entry { bytes: Some(entry.there().saturating_add(more)), ..*entry };
                    grown.takes() - entry.takes()
                });
                let mut total = entries.sum(Entry::takes).saturating_add(grows);
                let (mut order, mut go) = (Order::of(&entries, Entry::takes), Vec::new());
                while entries.owes
                    && (total > allowance || lacks > 0)
                    && let Some((id, entry)) = order.next(|_, _| true)
                {
                    total = total.saturating_sub(entry.takes());
                    lacks = lacks.saturating_sub(entry.there());
                    go.push(id);
                }
                go
            };
            staging.give_up(&go, "for one that came")
        })
        .await
    }

    /// Removes uploads that nobody sends, and only then takes them off the list: what can't be removed stays in it. Whoever
    /// calls has the turn.
    fn give_up(&self, uploads: &[uuid::Uuid], why: &str) -> Result<(), BlobError> {
        let mut failed = None;
        for upload in uploads {
            match gone(&self.path(*upload)) {
                Ok(()) => drop(self.entries.lock().uploads.remove(upload)),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        if !uploads.is_empty() {
            tracing::info!(uploads = uploads.len(), why, "uploads that nobody went on with were given up");
        }
        failed.map_or(Ok(()), Err)
    }

    pub(super) async fn write(self: &Arc<Self>, sending: &Sending, offset: u64, data: Bytes) -> Result<u64, BlobError> {
        self.make_way(sending.0.upload, data.len() as u64).await?;
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
            let go = {
                let entries = staging.entries.lock();
                let allowance = staging.allowance(free, entries.sum(Entry::there));
                let mut total = entries.sum(Entry::takes);
                let mut lacks = staging.options.reserve.saturating_add(JOURNAL).saturating_sub(free);
                let (mut order, mut go) = (Order::of(&entries, Entry::takes), Vec::new());
                let idle: Vec<_> = std::iter::from_fn(|| order.next(|_, _| true)).collect();
                let (old, newer): (Vec<_>, Vec<_>) = idle.into_iter().partition(|(_, entry)| entry.touched < before);
                for (id, entry) in old.into_iter().chain(newer) {
                    if entry.touched < before || total > allowance || lacks > 0 {
                        total = total.saturating_sub(entry.takes());
                        lacks = lacks.saturating_sub(entry.there());
                        given_up.add(entry.there());
                        go.push(id);
                    }
                }
                go
            };
            staging.give_up(&go, "they are too old, or there is no room for them")?;
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
