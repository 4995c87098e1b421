//! What those who follow share: the engine's state, and the two followers that the writer itself brings up to date.

use std::sync::Arc;

use opora_core::decide::Rules;
use opora_core::model::{Revision, Ticket, TicketNumber};
use opora_core::time::Timestamp;
use opora_store::{ReadError, Store};

use super::queue::Queue;
use super::watch::Hub;
use crate::engine::log::Published;
use crate::engine::sink::CommitSink;
use crate::engine::state::EngineState;
use crate::engine::{Directory, Timekeeper};

/// The desk as it stands, for whoever reads.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) state: Arc<EngineState>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) hub: Arc<Hub>,
}

impl World {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        queue: Queue,
        directory: Directory,
        rules: Rules,
        time: Timekeeper,
        leads: bool,
    ) -> Self {
        let (queue, hub) = (Arc::new(queue), Arc::new(Hub::new(store.position().newest)));
        let shown = Arc::new(Shown { queue: queue.clone(), hub: hub.clone() });
        let state = Arc::new(EngineState::new(store, shown, directory, rules, time, leads));
        Self { state, queue, hub }
    }

    /// A ticket as it stands.
    pub(crate) fn ticket(&self, number: TicketNumber) -> Result<Option<Arc<Ticket>>, ReadError> {
        self.state.ticket(number)
    }

    pub(crate) fn rules(&self) -> Arc<Rules> {
        self.state.rules()
    }

    /// The present, never before the newest commit.
    pub(crate) fn now(&self) -> Timestamp {
        self.state.now()
    }
}

/// Those whom the writer shows and tells what it appended.
struct Shown {
    queue: Arc<Queue>,
    hub: Arc<Hub>,
}

impl CommitSink for Shown {
    fn live(&self, number: TicketNumber) -> Option<Arc<Ticket>> {
        self.queue.get(number)
    }

    fn show(&self, commits: &[Arc<Published>]) {
        self.queue.apply(commits);
    }

    fn is_soon_told(&self) -> bool {
        self.hub.is_soon_told()
    }

    fn tell(&self, commits: &[Arc<Published>], oldest: Revision) -> bool {
        self.hub.judge_at_once(commits, oldest)
    }
}
