//! The embedded store: a journal that is the truth and a view in sled that is written behind it.
//!
//! Decides nothing about a ticket.

pub(crate) mod format;
mod history;
pub(crate) mod lock;
pub(crate) mod open;
mod options;
mod packer;
mod ring;
mod sound;

use std::collections::HashMap;
use std::sync::Arc;

use opora_core::event::{Change, DirectoryPut};
use opora_core::model::{Revision, Ticket, TicketNumber};
use opora_core::sla::PolicyDefinition;
use parking_lot::{Mutex, RwLock};

use self::format::Left;
use self::lock::Lock;
use self::packer::Packer;
use self::ring::Ring;
use crate::api::{AppendError, Commit, Damage, Position, ReadError, Record, Remembered, RequestKey, Store, StoreUid};
use crate::codec::{decode_commit, encode_commit};
use crate::disk::{Disk, RealDisk};
use crate::journal::frame::write_frame;
use crate::journal::{Group, Journal, refused};
use crate::view::View;
pub use format::boot_id;
pub use options::{EmbeddedOptions, OpenError};

/// The embedded store.
pub struct Embedded {
    uid: StoreUid,
    journal: Arc<Journal>,
    view: Arc<View>,
    /// Not where nothing may be written.
    packer: Option<Packer>,
    ring: RwLock<Ring>,
    /// The writer's, and why it takes nothing any more.
    writer: Mutex<Writer>,
    position: RwLock<Position>,
    disk: Arc<dyn Disk>,
    options: EmbeddedOptions,
    lock: Mutex<Option<Lock>>,
    /// Why nothing may be written.
    damage: Option<Damage>,
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
        if options.degraded {
            return Self::open_sound(options);
        }
        let io = |e| OpenError::Io { path: options.dir.clone(), source: e };
        std::fs::create_dir_all(&options.dir)
            .map_err(|source| OpenError::Unusable { dir: options.dir.clone(), source })?;
        // It is locked beside the file `lock`, so it has to be there first.
        std::fs::create_dir_all(options.dir.join("journal")).map_err(io)?;
        let lock = lock::lock(&options.dir)?;
        disk.create_dir(&options.dir).map_err(io)?;
        let (uid, journal, tree) = open::open(&disk, &options)?;
        let view = View::new(open::view_options(&options, uid), journal.clone(), tree);
        view.start().map_err(io)?;
        let packer = Packer::start(journal.clone(), options.disk_reserve).map_err(io)?;
        Ok(Self::of(disk, options, lock, (uid, journal, view), Some(packer)))
    }

    fn of(
        disk: Arc<dyn Disk>,
        options: EmbeddedOptions,
        lock: Lock,
        (uid, journal, view): (StoreUid, Arc<Journal>, Arc<View>),
        packer: Option<Packer>,
    ) -> Self {
        let position = Position {
            newest: journal.newest(),
            oldest: journal.oldest(),
            newest_at: journal.newest_at(),
            tickets: view.tickets(),
        };
        Self {
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
            damage: None,
        }
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
            write_frame(self.journal.uid(), commit.revision, commit.at, newest, &mut writer.buffer, |out| {
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
        if self.options.degraded {
            return Err(AppendError::ReadOnly);
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
        for number in numbers {
            match self.view.ticket(TicketNumber(number)) {
                Ok(ticket) => found.extend(ticket),
                // Who asks for that one is told; a list shows what is sound.
                Err(ReadError::Corrupt(_)) if self.options.degraded => {}
                Err(e) => return Err(e),
            }
            if found.len() >= limit {
                break;
            }
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
        let from = self.journal.present(from);
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
        self.revisions_of(number, from, limit)
    }

    fn is_left_out(&self, revision: Revision) -> bool {
        revision < self.position().newest && self.journal.present(revision) != revision
    }

    fn sound_after(&self, revision: Revision) -> Option<Revision> {
        let degraded = self.options.degraded;
        degraded.then(|| self.journal.sound_from(revision)).flatten()
    }

    fn damage(&self) -> Option<Damage> {
        self.damage.clone()
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
        if self.packer.as_ref().is_some_and(|packer| !packer.stop()) {
            tracing::warn!("the thread that compresses the journal had died");
        }
        self.view.stop()?;
        if writer.failed.is_none() && !self.options.degraded {
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
