//! The desk: the one handle that the services hold. Joins engine, followers and store; knows nothing of gRPC.

mod history;
mod query;

use std::path::PathBuf;
use std::sync::Arc;

use opora_core::decide::Rules;
use opora_core::model::{Revision, Ticket};
use opora_core::sla::{Policy, PolicyDefinition, PolicyRef};
use opora_core::time::Timestamp;
use opora_store::{Position, ReadError, Store, StoreUid};

use crate::engine::{Clock, Directory, Done, Refused, Submission, TicketRef};
use crate::followers::watch::{WatchEnd, WatchQuery, WatchStream};

pub use history::{CommentEntry, EventEntry, HistoryPage, HistoryQuery};
pub use query::{Explained, ListPage, ListQuery, PolicyMove, PolicyPreview, Preview};

/// How a desk runs.
#[derive(Clone)]
pub struct DeskOptions {
    /// Where the followers keep what they would else rebuild: `followers/` in it.
    pub data_dir: PathBuf,
    /// The rules of the configuration; versions of policies that were applied since come from the store.
    pub rules: Rules,
    /// Where the present comes from.
    pub clock: Arc<dyn Clock>,
    /// How many submissions may wait; one more is refused with [`Refused::Overloaded`]. 4,096.
    pub max_waiting: usize,
    /// Whether there is full text.
    pub search: bool,
    /// Whether timers fire.
    pub timers: bool,
}

/// Where a follower stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowerStatus {
    /// `queue`, `search`, `clocks`, `watch`.
    pub name: &'static str,
    /// The revision that it has read through.
    pub revision: Revision,
}

/// Why a desk does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A policy that was applied once is not one any more.
    #[error("the stored {0} is wrong: {1}")]
    Policy(PolicyRef, opora_core::sla::PolicyError),
    /// No thread or directory.
    #[error("can't start: {0}")]
    Io(#[from] std::io::Error),
}

/// The desk. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn Store>,
    options: DeskOptions,
    directory: Directory,
}

impl Desk {
    /// Opens a desk on a store: catches the followers up and starts the threads. Blocks.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(store: Arc<dyn Store>, options: DeskOptions) -> Result<Self, OpenError> {
        let directory = Directory::new(store.directory()?);
        Ok(Self { shared: Arc::new(Shared { store, options, directory }) })
    }

    /// Asks for a change; answered when it is durable. A caller who goes away does not take it back.
    ///
    /// # Errors
    /// [`Refused`].
    #[expect(clippy::unused_async, reason = "the signature first")]
    pub async fn submit(&self, _submission: Submission) -> Result<Done, Refused> {
        Err(Refused::Stopping)
    }

    /// A ticket as it stands.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn ticket(&self, ticket: TicketRef) -> Result<Option<Arc<Ticket>>, ReadError> {
        let number = match ticket {
            TicketRef::Number(number) => number,
            TicketRef::Uid(uid) => uid.number(),
        };
        let found = self.shared.store.ticket(number)?;
        Ok(found.filter(|t| !matches!(ticket, TicketRef::Uid(uid) if uid != t.uid)))
    }

    /// Begins a stream.
    ///
    /// # Errors
    /// [`WatchEnd`], when it can't begin there.
    #[expect(clippy::unused_async, reason = "the signature first")]
    pub async fn watch(&self, _query: WatchQuery) -> Result<WatchStream, WatchEnd> {
        Err(WatchEnd::Stopping)
    }

    /// Who is known.
    pub fn directory(&self) -> &Directory {
        &self.shared.directory
    }

    /// The rules as they stand, with every version of every policy.
    pub fn rules(&self) -> Arc<Rules> {
        Arc::new(self.shared.options.rules.clone())
    }

    /// A version of a policy.
    pub fn policy(&self, policy: &PolicyRef) -> Option<PolicyDefinition> {
        use opora_core::sla::PolicySource as _;
        self.rules().policies.policy(policy).map(Policy::definition).cloned()
    }

    /// Which store it is.
    pub fn store_uid(&self) -> StoreUid {
        self.shared.store.uid()
    }

    /// Where the store stands.
    pub fn position(&self) -> Position {
        self.shared.store.position()
    }

    /// The present as the desk believes it, never before the newest commit.
    pub fn now(&self) -> Timestamp {
        self.shared.options.clock.wall()
    }

    /// Where each follower stands.
    pub fn followers(&self) -> Vec<FollowerStatus> {
        Vec::new()
    }

    /// Whether timers fire; false while a jump of the machine's clock is waited out.
    pub fn timers_healthy(&self) -> bool {
        true
    }

    /// Ends when the store has failed, with why: the process has to end then.
    pub async fn fatal(&self) -> String {
        std::future::pending().await
    }

    /// Takes nothing any more, answers what waits, ends streams, writes down what followers keep, closes the store.
    ///
    /// # Errors
    /// [`ReadError`], when the store did not close well.
    #[expect(clippy::unused_async, reason = "the signature first")]
    pub async fn stop(&self) -> Result<(), ReadError> {
        self.shared.store.close()
    }
}
