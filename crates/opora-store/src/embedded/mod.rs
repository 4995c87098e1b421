//! The embedded store: a journal that is the truth and a view in sled that is written behind it.
//!
//! Decides nothing about a ticket.

pub(crate) mod format;
mod history;
pub(crate) mod lock;
mod made;
pub(crate) mod open;
mod options;
mod packer;
mod probe;
mod ring;
mod sound;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opora_core::event::DirectoryPut;
use opora_core::model::{Revision, Ticket, TicketNumber};
use opora_core::sla::PolicyDefinition;
use parking_lot::{Mutex, RwLock};

use self::format::{Left, State};
use self::lock::Lock;
use self::made::Made;
use self::packer::Packer;
use self::ring::Ring;
use self::writer::Writer;
use crate::api::{AppendError, Commit, Damage, Epoch, Position, ReadError, Remembered, RequestKey, Store, StoreUid};
use crate::codec::decode_commit;
use crate::disk::{Disk, RealDisk};
use crate::index::Index;
use crate::journal::Journal;
use crate::view::View;
pub use format::boot_id;
pub use options::{EmbeddedOptions, OpenError};
pub use probe::{ProbeError, probe_view};

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
    /// In which epoch it is led, as `state` says.
    epoch: AtomicU64,
    position: RwLock<Position>,
    disk: Arc<dyn Disk>,
    options: EmbeddedOptions,
    lock: Mutex<Option<Lock>>,
    /// Why nothing may be written.
    damage: Option<Damage>,
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
    /// [`OpenError`]; then nothing that was acknowledged was changed, and nothing was made that was not there.
    pub fn open(options: EmbeddedOptions) -> Result<Self, OpenError> {
        Self::open_on(Arc::new(RealDisk), options)
    }

    pub(crate) fn open_on(disk: Arc<dyn Disk>, options: EmbeddedOptions) -> Result<Self, OpenError> {
        if options.degraded {
            return Self::open_sound(options);
        }
        let io = |e| OpenError::Io { path: options.dir.clone(), source: e };
        // Most refusals are told from what is there.
        match format::look(&*disk, &options.dir) {
            Ok(None) if options.accept_restored => return Err(OpenError::NoDesk { dir: options.dir }),
            // Whether it can be used at all is told by taking it.
            Ok(_) | Err(OpenError::Io { .. }) => {}
            Err(refused) => return Err(refused),
        }
        let made = Made::before(&options.dir);
        let lock = Self::take(&options.dir).inspect_err(|error| {
            // Who has it may have made it a moment ago.
            if !matches!(error, OpenError::InUse { .. }) {
                made.remove_dirs();
            }
        })?;
        let opened = disk.create_dir(&options.dir).map_err(io).and_then(|()| open::open(&disk, &options));
        let open::Ready { uid, journal, tree, state } = opened.inspect_err(|_| made.remove())?;
        let view = View::new(open::view_options(&options, uid), journal.clone(), tree);
        view.start().map_err(io)?;
        let packer = Packer::start(journal.clone(), options.disk_reserve).map_err(io)?;
        Ok(Self::of(disk, options, lock, (uid, journal, view, state), Some(packer)))
    }

    /// Makes a data directory, where it is not there, and takes it.
    fn take(dir: &std::path::Path) -> Result<Lock, OpenError> {
        let unusable = |source| OpenError::Unusable { dir: dir.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(unusable)?;
        // It is locked beside the file `lock`, so it has to be there first.
        std::fs::create_dir_all(dir.join("journal"))
            .map_err(|source| OpenError::Io { path: dir.to_owned(), source })?;
        lock::lock(dir)
    }

    fn of(
        disk: Arc<dyn Disk>,
        options: EmbeddedOptions,
        lock: Lock,
        (uid, journal, view, state): (StoreUid, Arc<Journal>, Arc<View>, State),
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
            epoch: AtomicU64::new(state.epoch.0),
            writer: Mutex::new(Writer::of(state)),
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
}

impl Store for Embedded {
    fn uid(&self) -> StoreUid {
        self.uid
    }

    fn position(&self) -> Position {
        *self.position.read()
    }

    fn epoch(&self) -> Epoch {
        Epoch(self.epoch.load(Ordering::Acquire))
    }

    fn lead(&self, epoch: Epoch) -> Result<(), AppendError> {
        let mut writer = self.writing()?;
        let led = self.lead_in(&mut writer, epoch);
        writer.failed_if(&led);
        led
    }

    fn append(&self, epoch: Epoch, after: Revision, commits: &[Arc<Commit>]) -> Result<(), AppendError> {
        let mut writer = self.writing()?;
        let appended = self.lead_in(&mut writer, epoch).and_then(|()| self.append_group(&mut writer, after, commits));
        writer.failed_if(&appended);
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
            if found.len() >= limit {
                break;
            }
            match self.view.ticket(TicketNumber(number)) {
                Ok(ticket) => found.extend(ticket),
                // Who asks for that one is told; a list shows what is sound.
                Err(ReadError::Corrupt(_)) if self.options.degraded => {}
                Err(e) => return Err(e),
            }
        }
        Ok(found)
    }

    fn find(&self, index: Index, key: &str) -> Result<Option<TicketNumber>, ReadError> {
        self.view.find(index, key)
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
            let state = State { left: Left::Clean(self.journal.newest()), epoch: writer.state.epoch };
            format::leave(&*self.disk, &self.options.dir, &state)?;
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
