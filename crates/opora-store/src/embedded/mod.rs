//! The embedded store: a journal that is the truth and a view in sled that is written behind it.
//!
//! Decides nothing about a ticket.

pub(crate) mod format;
mod open;
mod options;
mod packer;
mod ring;

use std::collections::HashMap;
use std::sync::Arc;

use opora_core::event::{Change, DirectoryPut};
use opora_core::model::{Revision, Ticket, TicketNumber};
use opora_core::sla::PolicyDefinition;
use parking_lot::{Mutex, RwLock};

use self::format::{Left, Lock};
use self::packer::Packer;
use self::ring::Ring;
use crate::api::{AppendError, Commit, Position, ReadError, Record, Remembered, RequestKey, Store, StoreUid};
use crate::codec::{decode_commit, encode_commit, previous_in};
use crate::disk::{Disk, RealDisk};
use crate::journal::frame::write_frame;
use crate::journal::{Group, Journal, refused};
use crate::view::{View, ViewOptions};
pub use format::boot_id;
pub use options::{EmbeddedOptions, OpenError};

/// The embedded store.
pub struct Embedded {
    uid: StoreUid,
    journal: Arc<Journal>,
    view: Arc<View>,
    packer: Packer,
    ring: RwLock<Ring>,
    /// The writer's, and why it takes nothing any more.
    writer: Mutex<Writer>,
    position: RwLock<Position>,
    disk: Arc<dyn Disk>,
    options: EmbeddedOptions,
    lock: Mutex<Option<Lock>>,
}

#[derive(Default)]
struct Writer {
    buffer: Vec<u8>,
    lengths: Vec<u32>,
    failed: Option<String>,
    closed: bool,
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded").field("uid", &self.uid).field("dir", &self.options.dir).finish_non_exhaustive()
    }
}

impl Embedded {
    /// Opens a store, making it when it is not there, and heals what can be healed.
    ///
    /// # Errors
    /// [`OpenError`]; then nothing that was acknowledged was changed.
    pub fn open(options: EmbeddedOptions) -> Result<Self, OpenError> {
        Self::open_on(Arc::new(RealDisk), options)
    }

    pub(crate) fn open_on(disk: Arc<dyn Disk>, options: EmbeddedOptions) -> Result<Self, OpenError> {
        let io = |e| OpenError::Io { path: options.dir.clone(), source: e };
        std::fs::create_dir_all(&options.dir)
            .map_err(|source| OpenError::Unusable { dir: options.dir.clone(), source })?;
        let lock = format::lock(&options.dir)?;
        disk.create_dir(&options.dir).map_err(io)?;
        let (uid, journal, tree) = open::open(&disk, &options)?;
        let view = ViewOptions {
            root: options.dir.join("view"),
            uid,
            sled_cache: options.sled_cache,
            ticket_cache: options.ticket_cache,
            inline_limit: options.inline_limit,
            overlay_limit: options.overlay_limit,
            floor: options.disk_reserve / 2,
        };
        let view = View::new(view, journal.clone(), tree);
        view.start().map_err(io)?;
        let packer = Packer::start(journal.clone(), options.disk_reserve).map_err(io)?;
        let position = Position {
            newest: journal.newest(),
            oldest: journal.oldest(),
            newest_at: journal.newest_at(),
            tickets: view.tickets(),
        };
        Ok(Self {
            uid,
            journal,
            view,
            packer,
            ring: RwLock::default(),
            writer: Mutex::default(),
            position: RwLock::new(position),
            disk,
            options,
            lock: Mutex::new(Some(lock)),
        })
    }

    /// The data directory.
    pub fn dir(&self) -> &std::path::Path {
        &self.options.dir
    }

    /// Whether the view is being built again, and an index in memory answers.
    pub fn is_mending(&self) -> bool {
        self.view.is_mending()
    }

    /// Seals what is finished and compresses it now, however much there is to do; how many segments that were.
    #[cfg(test)]
    pub(crate) fn pack(&self) -> std::io::Result<usize> {
        self.journal.housekeep()?;
        let mut packed = 0;
        while self.journal.pack_next(&|| true)? == crate::journal::Packing::Done {
            packed += 1;
        }
        Ok(packed)
    }

    /// The revision of the event before on a ticket: what the view says, or what the group said since.
    fn previous(&self, group: &HashMap<TicketNumber, Revision>, commit: &Commit) -> Result<Previous, ReadError> {
        let mut previous = Previous::default();
        for record in &commit.records {
            let Record::Ticket(event) = record else { continue };
            let number = event.ticket.number;
            let before = match group.get(&number) {
                Some(revision) => *revision,
                None if matches!(event.change, Change::Created { .. }) => Revision::ZERO,
                None => self.view.revision_of(number)?,
            };
            previous.push((number, before));
        }
        Ok(previous)
    }

    fn encode(&self, writer: &mut Writer, commits: &[Arc<Commit>], newest: Revision) -> Result<(), AppendError> {
        writer.buffer.clear();
        writer.lengths.clear();
        let mut group = HashMap::new();
        for commit in commits {
            let previous = self.previous(&group, commit).map_err(|e| match e {
                e if e.is_passing() => AppendError::Short(format!("reading the view: {e}")),
                e => AppendError::Failed(format!("reading the view: {e}")),
            })?;
            let start = writer.buffer.len();
            let of = |number| previous.iter().find(|(n, _)| *n == number).map_or(Revision::ZERO, |(_, r)| *r);
            write_frame(self.uid, commit.revision, commit.at, newest, &mut writer.buffer, |out| {
                encode_commit(commit, of, out);
            });
            writer.lengths.push((writer.buffer.len() - start) as u32);
            group.extend(previous.iter().map(|(number, _)| (*number, commit.revision)));
        }
        Ok(())
    }

    fn append_group(&self, writer: &mut Writer, commits: &[Arc<Commit>]) -> Result<(), AppendError> {
        let newest = self.journal.newest();
        let mut expected = newest.next();
        for commit in commits {
            if commit.revision != expected {
                return Err(AppendError::NotNext { given: commit.revision, newest: Revision(expected.0 - 1) });
            }
            expected = expected.next();
        }
        let Some(last) = commits.last() else { return Ok(()) };
        self.encode(writer, commits, newest)?;
        let free = self.journal.free().map_err(|e| refused("asking for free room", &e))?;
        if free < self.options.disk_reserve {
            return Err(AppendError::Full(format!(
                "{free} bytes are free, and the last {} are kept in reserve",
                self.options.disk_reserve
            )));
        }
        let group = Group { first: newest.next(), bytes: &writer.buffer, lengths: &writer.lengths, at: last.at };
        self.journal.append(&group)?;
        self.view.apply(commits);
        {
            let mut ring = self.ring.write();
            for (commit, length) in commits.iter().zip(&writer.lengths) {
                ring.push(commit.clone(), *length);
            }
        }
        let mut position = self.position.write();
        position.newest = last.revision;
        position.newest_at = Some(last.at);
        position.tickets = self.view.tickets();
        drop(position);
        self.view.hold_back();
        Ok(())
    }
}

type Previous = Vec<(TicketNumber, Revision)>;

impl Store for Embedded {
    fn uid(&self) -> StoreUid {
        self.uid
    }

    fn position(&self) -> Position {
        *self.position.read()
    }

    fn append(&self, commits: &[Arc<Commit>]) -> Result<(), AppendError> {
        let mut writer = self.writer.lock();
        if let Some(failed) = &writer.failed {
            return Err(AppendError::Failed(failed.clone()));
        }
        if writer.closed {
            return Err(AppendError::Failed("the store is closed".into()));
        }
        let appended = self.append_group(&mut writer, commits);
        if let Err(AppendError::Failed(why)) = &appended {
            writer.failed = Some(why.clone());
        }
        // A rare giant must not be kept.
        if writer.buffer.capacity() > 4 << 20 {
            writer.buffer = Vec::new();
        }
        appended
    }

    fn ticket(&self, number: TicketNumber) -> Result<Option<Arc<Ticket>>, ReadError> {
        self.view.ticket(number)
    }

    fn tickets(&self, from: TicketNumber, descending: bool, limit: usize) -> Result<Vec<Arc<Ticket>>, ReadError> {
        // Numbers have no gap.
        let count = self.view.tickets();
        let numbers: Box<dyn Iterator<Item = u64>> =
            if descending { Box::new((1..=from.0.min(count)).rev()) } else { Box::new(from.0.max(1)..=count) };
        let mut found = Vec::with_capacity(limit.min(1_024));
        for number in numbers.take(limit) {
            found.extend(self.view.ticket(TicketNumber(number))?);
        }
        Ok(found)
    }

    fn by_external_id(&self, external_id: &str) -> Result<Option<TicketNumber>, ReadError> {
        self.view.by_external_id(external_id)
    }

    fn remembered(&self, key: &RequestKey) -> Result<Option<Remembered>, ReadError> {
        self.view.remembered(key)
    }

    fn commit(&self, revision: Revision) -> Result<Arc<Commit>, ReadError> {
        let recent = self.ring.read().from(revision, 1, usize::MAX);
        match recent.and_then(|commits| commits.into_iter().next()) {
            Some(commit) => Ok(commit),
            None => self.journal.read(revision, decoded),
        }
    }

    fn commits(&self, from: Revision, max_commits: usize, max_bytes: usize) -> Result<Vec<Arc<Commit>>, ReadError> {
        let position = self.position();
        if from == position.newest.next() || max_commits == 0 {
            return Ok(Vec::new());
        }
        if from < position.oldest || from > position.newest {
            return Err(ReadError::NoRevision(from));
        }
        if let Some(commits) = self.ring.read().from(from, max_commits, max_bytes) {
            return Ok(commits);
        }
        let to = Revision(position.newest.0.min(from.0.saturating_add(max_commits as u64 - 1)));
        let (mut commits, mut bytes) = (Vec::new(), 0);
        let read = self.journal.read_range(from, to, |frame| {
            bytes += frame.payload.len();
            if !commits.is_empty() && bytes > max_bytes {
                return Err(Enough::Enough);
            }
            commits.push(decoded(frame)?);
            Ok(())
        });
        match read {
            Ok(()) | Err(Enough::Enough) => Ok(commits),
            // What could be read before a damaged one is given first.
            Err(Enough::Failed(_)) if !commits.is_empty() => Ok(commits),
            Err(Enough::Failed(e)) => Err(e),
        }
    }

    fn history(&self, number: TicketNumber, from: Option<Revision>, limit: usize) -> Result<Vec<Revision>, ReadError> {
        let newest = self.view.revision_of(number)?;
        if newest == Revision::ZERO {
            return Ok(Vec::new());
        }
        let previous = |revision: Revision| {
            self.journal.read(revision, |frame| {
                previous_in(frame.payload, number)
                    .map_err(|e| ReadError::Corrupt(format!("revision {}: {e}", revision.0)))
            })
        };
        let from = from.unwrap_or(newest).min(newest);
        let mut next = newest;
        // A revision that a page ended with is on the ticket: no need to walk down to it.
        if from < next && from >= self.journal.oldest() && previous(from)?.is_some() {
            next = from;
        }
        let mut found = Vec::new();
        while next >= self.journal.oldest() && found.len() < limit {
            let before = previous(next)?
                .ok_or_else(|| ReadError::Corrupt(format!("revision {} has nothing on {number}", next.0)))?;
            if next <= from {
                found.push(next);
            }
            if before >= next {
                return Err(ReadError::Corrupt(format!("the history of {number} is broken at revision {}", next.0)));
            }
            next = before;
        }
        Ok(found)
    }

    fn directory(&self) -> Result<Vec<DirectoryPut>, ReadError> {
        self.view.directory()
    }

    fn policies(&self) -> Result<Vec<Arc<PolicyDefinition>>, ReadError> {
        self.view.policies()
    }

    fn close(&self) -> Result<(), ReadError> {
        let mut writer = self.writer.lock();
        if std::mem::replace(&mut writer.closed, true) {
            return Ok(());
        }
        if !self.packer.stop() {
            tracing::warn!("the thread that compresses the journal had died");
        }
        self.view.stop()?;
        if writer.failed.is_none() {
            format::leave(&*self.disk, &self.options.dir, &Left::Clean(self.journal.newest()))?;
        }
        *self.lock.lock() = None;
        Ok(())
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // Whoever did not close it gets a view that is caught up at the next start.
        if let Err(e) = self.close() {
            tracing::warn!(error = %e, "the store was not closed");
        }
    }
}

fn decoded(frame: crate::journal::frame::Frame<'_>) -> Result<Arc<Commit>, ReadError> {
    decode_commit(frame.revision, frame.at, frame.payload)
        .map(Arc::new)
        .map_err(|e| ReadError::Corrupt(format!("revision {}: {e}", frame.revision.0)))
}

/// Why reading ends.
enum Enough {
    Enough,
    Failed(ReadError),
}

impl From<ReadError> for Enough {
    fn from(error: ReadError) -> Self {
        Self::Failed(error)
    }
}
