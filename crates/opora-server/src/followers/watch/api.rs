//! What a watcher asks for and gets.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use opora_core::event::TicketEvent;
use opora_core::filter::Filter;
use opora_core::model::{Revision, Ticket};
use opora_store::{Commit, Record, StoreUid};

use crate::engine::log::KEEP_BYTES;
use crate::scope::Scope;

/// What a watcher asks for.
#[derive(Clone, Debug)]
pub struct WatchQuery {
    /// The filter's text: watchers with the same text share the work of judging.
    pub filter_text: Arc<str>,
    /// The same, understood. Without bare text and nothing relative to now: the service refuses those.
    pub filter: Arc<Filter>,
    /// Where to begin.
    pub start: WatchStart,
    /// The store that the caller knows; another one is refused.
    pub store_uid: Option<StoreUid>,
}

/// Where a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchStart {
    /// With what happens from now on.
    Now,
    /// With this revision, which may be the newest plus one.
    From(Revision),
    /// With the tickets that match now.
    Current,
}

impl WatchQuery {
    /// The same for what may be seen of it: those who may see the same share what is judged.
    pub(crate) fn within(self, scope: &Scope) -> Self {
        if scope.sees_everything() {
            return self;
        }
        let filter = scope.narrow(&self.filter);
        Self { filter_text: filter.to_string().into(), filter, ..self }
    }
}

/// One message of a stream.
#[derive(Clone, Debug)]
pub enum WatchBatch {
    /// Tickets that match at `revision`, in part, in order of urgency.
    Current {
        /// Of which revision they are, the same in all of these.
        revision: Revision,
        /// Some of them.
        tickets: Vec<Arc<Ticket>>,
    },
    /// That was all that matched at `revision`; events follow.
    Synced(Revision),
    /// All events of one revision that concern the watcher; shared by all that the same of them concern.
    Events(Arc<Matched>),
    /// Nothing more that concerns the watcher happened up to here; also the first that is given, of the revision before
    /// the one that the stream begins with.
    Bookmark(Revision),
}

impl WatchBatch {
    /// How many tickets or events it holds.
    pub fn len(&self) -> usize {
        match self {
            Self::Current { tickets, .. } => tickets.len(),
            Self::Events(matched) => matched.events.len(),
            Self::Synced(_) | Self::Bookmark(_) => 0,
        }
    }

    /// Whether it holds neither.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The revision that the message speaks of.
    pub fn revision(&self) -> Revision {
        match self {
            Self::Current { revision, .. } | Self::Synced(revision) | Self::Bookmark(revision) => *revision,
            Self::Events(matched) => matched.commit.revision,
        }
    }
}

/// The events of one revision that concern a filter.
#[derive(Debug)]
pub struct Matched {
    /// The commit that they are of.
    pub commit: Arc<Commit>,
    /// Which of its records, in order.
    pub events: Vec<MatchedEvent>,
    /// Places for the service to keep the messages encoded, once for all whom the same concerns: the BASIC view, FULL.
    pub encoded: [Parts; 2],
}

/// What the events of one revision become on the wire, one message after the other. Nearly always it is one.
#[derive(Debug, Default)]
pub struct Parts(OnceLock<Box<Part>>);

/// One of the messages.
#[derive(Debug)]
pub struct Part {
    /// The first of the events in it.
    from: usize,
    /// The message.
    pub bytes: Bytes,
    /// The first of the events in the next message; `None`: it is the last.
    pub rest: Option<usize>,
    /// The next message.
    next: Parts,
}

impl Parts {
    /// The message that begins with this event, if it was made.
    pub fn get(&self, from: usize) -> Option<&Part> {
        let mut part = self.0.get()?;
        while part.from != from {
            part = part.next.0.get()?;
        }
        Some(part)
    }

    /// Keeps a message for all who come later, unless as many bytes are kept as the log keeps.
    pub fn keep(&self, from: usize, bytes: &Bytes, rest: Option<usize>) {
        let (mut place, mut kept) = (&self.0, 0);
        while let Some(part) = place.get() {
            if part.from == from {
                return;
            }
            kept += part.bytes.len();
            place = &part.next.0;
        }
        if kept == 0 || kept + bytes.len() <= KEEP_BYTES {
            // Somebody else may have been quicker; then it is made once more where it is needed.
            let _ = place.set(Box::new(Part { from, bytes: bytes.clone(), rest, next: Self::default() }));
        }
    }
}

/// One event that concerns a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchedEvent {
    /// The index in [`Commit::records`].
    pub record: usize,
    /// The ticket matched before, and does not match any more.
    pub left_view: bool,
}

impl Matched {
    pub(super) fn new(commit: &Arc<Commit>, events: Vec<MatchedEvent>) -> Self {
        Self { commit: commit.clone(), events, encoded: Default::default() }
    }

    /// The events with whether their ticket left the view.
    pub fn events(&self) -> impl Iterator<Item = (&TicketEvent, bool)> {
        self.events_from(0)
    }

    /// The same from one of them on.
    pub fn events_from(&self, from: usize) -> impl Iterator<Item = (&TicketEvent, bool)> {
        self.events.iter().skip(from).filter_map(|matched| match self.commit.records.get(matched.record) {
            Some(Record::Ticket(event)) => Some((event, matched.left_view)),
            _ => None,
        })
    }
}

/// Why a stream was refused or ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatchEnd {
    /// The watcher did not read for too long.
    #[error("the watcher did not read for too long")]
    TooSlow,
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
    /// The store is another one than the watcher knows.
    #[error("the store is another one, {0}")]
    StoreReplaced(StoreUid),
    /// The revision is not kept any more.
    #[error("the oldest revision is {}", oldest.0)]
    Compacted {
        /// The oldest that is kept.
        oldest: Revision,
        /// The newest.
        newest: Revision,
    },
    /// The revision is not there yet.
    #[error("the newest revision is {}", newest.0)]
    InFuture {
        /// The oldest that is kept.
        oldest: Revision,
        /// The newest.
        newest: Revision,
    },
    /// What is stored can't be read.
    #[error("what is stored can't be read: {0}")]
    Corrupt(String),
}
