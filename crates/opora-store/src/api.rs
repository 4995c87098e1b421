//! What a store gives. One conformance suite is written against this trait.

use std::sync::Arc;

use opora_core::event::{DirectoryPut, TicketEvent};
use opora_core::model::{Actor, Revision, Ticket, TicketNumber};
use opora_core::sla::PolicyDefinition;
use opora_core::time::Timestamp;

use crate::index::Index;

/// Names a store; changes when a backup is restored.
pub type StoreUid = uuid::Uuid;

/// Who leads: it rises each time that another one is allowed to append, and what an older one sends is refused for good.
/// [`Epoch::FIRST`] where there was only ever one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

impl Epoch {
    /// That of a store which nobody took over yet.
    pub const FIRST: Self = Self(0);

    /// That of who takes over.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Everything that happens under one revision, whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The newest one plus one: revisions have no gap, except where a copy was put to use.
    pub revision: Revision,
    /// When it was committed, by the server's clock. (Events carry their own times, earlier for imports.)
    pub at: Timestamp,
    /// What happened, in order.
    pub records: Vec<Record>,
    /// The request that asked for it, if it had an id.
    pub request: Option<RequestRecord>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// To a ticket.
    Ticket(TicketEvent),
    /// To the directory.
    Directory(Actor, DirectoryPut),
    /// A new version of a policy.
    Policy(Actor, Arc<str>, Arc<PolicyDefinition>),
}

/// The hash of (principal, method, request id).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestKey(pub [u8; 16]);

/// What is remembered of a request, with the change itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// Which request.
    pub key: RequestKey,
    /// The hash of its content.
    pub content: [u8; 16],
    /// What of its answer does not follow from the commit; the engine's own coding, opaque here.
    pub answer: Vec<u8>,
}

/// A request that was answered before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The commit that it made.
    pub revision: Revision,
    /// The hash of its content.
    pub content: [u8; 16],
}

/// Where a store stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The newest revision; `Revision::ZERO`: nothing happened yet.
    pub newest: Revision,
    /// The oldest revision that can be read.
    pub oldest: Revision,
    /// When the newest was committed.
    pub newest_at: Option<Timestamp>,
    /// How many tickets there are, ever; the next number is one more.
    pub tickets: u64,
}

/// What can't be read of a store that was opened all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// How many revisions.
    pub revisions: u64,
    /// The first of them.
    pub first: Option<Revision>,
    /// How many tickets are known to have been changed last in one of them, and are refused.
    pub tickets: u64,
    /// Why it would not be opened otherwise.
    pub why: Option<String>,
}

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// There is no room, or only the reserve is left. Nothing was written; trying later may work.
    #[error("the disk is full: {0}")]
    Full(String),
    /// The machine is short of something that comes back: descriptors, memory, threads. Nothing was written; trying
    /// again soon may work.
    #[error("the machine is short of something: {0}")]
    Short(String),
    /// A sync failed or the view can't be written: the store takes nothing any more, the process has to end.
    #[error("the store failed: {0}")]
    Failed(String),
    /// The store was opened to be read only, because it is damaged. Nothing was written.
    #[error("the store is damaged and only read")]
    ReadOnly,
    /// The commits don't follow on the newest one, or on each other. Nothing was written.
    #[error("revision {} does not follow on revision {}", .given.0, .newest.0)]
    NotNext {
        /// What was given.
        given: Revision,
        /// What is the newest.
        newest: Revision,
    },
    /// Somebody else leads since. Nothing was written, and nothing of this epoch ever will be.
    #[error("epoch {} is over: the store is led in epoch {}", .given.0, .current.0)]
    Fenced {
        /// What was given.
        given: Epoch,
        /// In which it is led.
        current: Epoch,
    },
}

/// Why something can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// What is stored does not match its checksum and could not be healed.
    #[error("what is stored is damaged: {0}")]
    Corrupt(String),
    /// The file system said no.
    #[error("can't read: {0}")]
    Io(#[from] std::io::Error),
    /// The revision is not kept any more, or is not there yet.
    #[error("revision {} is not there", .0.0)]
    NoRevision(Revision),
    /// The store failed before.
    #[error("the store failed: {0}")]
    Failed(String),
}

impl ReadError {
    /// Whether the machine is short of something that comes back, descriptors for one: nothing is said of what is stored.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Io(error) if crate::disk::is_passing(error))
    }
}

/// An engine below the desk. Calls block; async callers use a blocking thread, except where what they read is
/// likely in memory.
///
/// There is one writer: [`Store::append`] is never called by two threads at once. Reads may come from everywhere at
/// any time, and see every commit whose `append` returned.
pub trait Store: Send + Sync + 'static {
    /// Which store it is.
    fn uid(&self) -> StoreUid;

    /// Where it stands.
    fn position(&self) -> Position;

    /// In which epoch it is led.
    fn epoch(&self) -> Epoch;

    /// Hands the lead over: durable when it returns, from then on nothing of an older epoch is appended. Nothing happens
    /// where it is led in that epoch already.
    ///
    /// # Errors
    /// [`AppendError::Fenced`] when it is led in a newer one; [`AppendError`] when it can't be written down.
    fn lead(&self, epoch: Epoch) -> Result<(), AppendError>;

    /// Appends commits as one group, following on the revision `after`: all of them durable when it returns, in order.
    /// An epoch that is newer than the store's is handed the lead first, see [`Self::lead`].
    ///
    /// # Errors
    /// [`AppendError`]; then none of them happened.
    fn append(&self, epoch: Epoch, after: Revision, commits: &[Arc<Commit>]) -> Result<(), AppendError>;

    /// A ticket as it stands.
    ///
    /// # Errors
    /// [`ReadError`].
    fn ticket(&self, number: TicketNumber) -> Result<Option<Arc<Ticket>>, ReadError>;

    /// At most `limit` tickets in order of their numbers, from `from` on (including it); downwards if `descending`.
    ///
    /// # Errors
    /// [`ReadError`].
    fn tickets(&self, from: TicketNumber, descending: bool, limit: usize) -> Result<Vec<Arc<Ticket>>, ReadError>;

    /// The ticket that an event brought a key to, however long ago; see [`Index::of`].
    ///
    /// # Errors
    /// [`ReadError`].
    fn find(&self, index: Index, key: &str) -> Result<Option<TicketNumber>, ReadError>;

    /// A request that was answered before.
    ///
    /// # Errors
    /// [`ReadError`].
    fn remembered(&self, key: &RequestKey) -> Result<Option<Remembered>, ReadError>;

    /// One commit.
    ///
    /// # Errors
    /// [`ReadError::NoRevision`] when it is not there.
    fn commit(&self, revision: Revision) -> Result<Arc<Commit>, ReadError>;

    /// Commits in order from `from` on (including it; the next one that is there, where it was left out), until `max_commits` or about `max_bytes` are reached; at least
    /// one if there is one. Empty when `from` is the newest plus one.
    ///
    /// # Errors
    /// [`ReadError::NoRevision`] when `from` is below the oldest or above the newest plus one.
    fn commits(&self, from: Revision, max_commits: usize, max_bytes: usize) -> Result<Vec<Arc<Commit>>, ReadError>;

    /// Whether a revision was left out: after a copy was put to use, those that the desk may have given out since the
    /// copy was made have no commit and never will.
    fn is_left_out(&self, _: Revision) -> bool {
        false
    }

    /// The next revision from `revision` on that can be read, where the store is damaged and only read.
    fn sound_after(&self, _: Revision) -> Option<Revision> {
        None
    }

    /// What can't be read, where the store is damaged and only read.
    fn damage(&self) -> Option<Damage> {
        None
    }

    /// The revisions at which something happened to a ticket, newest first, from `from` on (including it; `None`: from
    /// the newest) downwards; at most `limit`.
    ///
    /// # Errors
    /// [`ReadError`].
    fn history(&self, number: TicketNumber, from: Option<Revision>, limit: usize) -> Result<Vec<Revision>, ReadError>;

    /// The whole directory as it stands. Read once, at the start.
    ///
    /// # Errors
    /// [`ReadError`].
    fn directory(&self) -> Result<Vec<DirectoryPut>, ReadError>;

    /// Every version of every policy that was applied. Read once, at the start.
    ///
    /// # Errors
    /// [`ReadError`].
    fn policies(&self) -> Result<Vec<Arc<PolicyDefinition>>, ReadError>;

    /// Writes down what is still only in memory of the view; called at a graceful stop.
    ///
    /// # Errors
    /// [`ReadError::Failed`].
    fn close(&self) -> Result<(), ReadError>;
}
