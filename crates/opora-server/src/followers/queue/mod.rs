//! The queue: every live ticket in memory, the open ones in order of urgency (docs/contract.md "Requests",
//! `ListTickets`). The writer brings it up to date before it answers, under a lock that nobody holds for long.

mod checkpoint;
mod cursor;
mod list;
mod matching;
mod page;
mod summary;

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use opora_core::model::{Revision, Ticket, TicketNumber, TicketState};
use opora_core::sla::UrgencyKey;
use opora_store::{Commit, Record};
use parking_lot::RwLock;

use super::search::NumberSet;
use crate::engine::Refused;
use crate::engine::log::Published;
use crate::scans::Going;
pub use cursor::Cursor;
pub(crate) use list::{Scan, in_a_hurry};
pub(crate) use matching::{Texts, count, open_matching};
pub use page::{ListPage, ListQuery};
pub(crate) use summary::Tally;
pub use summary::{AssigneeCount, PriorityCount, Summary};

/// How many tickets are looked up before the writer gets its turn.
const AT_ONCE: usize = 512;

/// A ticket in a list, with a place for the service to keep it encoded: once for all who list it while it stands so.
#[derive(Debug)]
pub struct Listed {
    /// The ticket.
    pub ticket: Arc<Ticket>,
    /// In the BASIC view.
    pub encoded: OnceLock<Bytes>,
}

impl Listed {
    pub(crate) fn new(ticket: Arc<Ticket>) -> Arc<Self> {
        Arc::new(Self { ticket, encoded: OnceLock::new() })
    }
}

impl std::ops::Deref for Listed {
    type Target = Ticket;

    fn deref(&self) -> &Ticket {
        &self.ticket
    }
}

pub(crate) struct Queue {
    /// Where its checkpoint is kept.
    dir: PathBuf,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    live: HashMap<TicketNumber, Arc<Ticket>>,
    open: BTreeMap<UrgencyKey, Arc<Listed>>,
    revision: Revision,
}

/// Whether a ticket is kept in memory: something can still happen to it by itself.
fn is_live(ticket: &Ticket) -> bool {
    !matches!(ticket.state, TicketState::Closed | TicketState::Merged)
}

impl State {
    fn put(&mut self, ticket: &Arc<Ticket>) {
        let before = if is_live(ticket) {
            self.live.insert(ticket.number, ticket.clone())
        } else {
            self.live.remove(&ticket.number)
        };
        let place = ticket.state.is_open().then(|| UrgencyKey::of(ticket));
        if let Some(before) = before.filter(|before| before.state.is_open()) {
            let before = UrgencyKey::of(&before);
            if place != Some(before) {
                self.open.remove(&before);
            }
        }
        if let Some(place) = place {
            self.open.insert(place, Listed::new(ticket.clone()));
        }
    }

    fn apply(&mut self, commit: &Commit) {
        for record in &commit.records {
            if let Record::Ticket(event) = record {
                self.put(&event.ticket);
            }
        }
        self.revision = commit.revision;
    }
}

impl Queue {
    /// A live ticket.
    pub(crate) fn get(&self, number: TicketNumber) -> Option<Arc<Ticket>> {
        self.state.read().live.get(&number).cloned()
    }

    /// Brings it up to date.
    pub(crate) fn apply(&self, commits: &[Arc<Published>]) {
        let mut state = self.state.write();
        for published in commits {
            state.apply(&published.commit);
        }
    }

    /// The revision that it shows.
    pub(crate) fn revision(&self) -> Revision {
        self.state.read().revision
    }

    /// Every live ticket, and at which revision.
    pub(crate) fn live(&self) -> (Vec<Arc<Ticket>>, Revision) {
        let state = self.state.read();
        (state.live.values().cloned().collect(), state.revision)
    }

    /// Every open ticket in order of urgency, and at which revision.
    pub(crate) fn open(&self) -> (Vec<Arc<Ticket>>, Revision) {
        let state = self.state.read();
        (state.open.values().map(|listed| listed.ticket.clone()).collect(), state.revision)
    }

    /// How many tickets are open.
    fn open_count(&self) -> u64 {
        self.state.read().open.len() as u64
    }

    /// The open tickets of a set, in no order, as long as somebody waits for them.
    fn open_among(&self, numbers: &NumberSet, going: &Going) -> Result<Vec<Arc<Ticket>>, Refused> {
        let mut found = Vec::new();
        let mut numbers = numbers.iter().peekable();
        while numbers.peek().is_some() {
            going.look()?;
            let state = self.state.read();
            let some = numbers.by_ref().take(AT_ONCE).filter_map(|number| state.live.get(&number));
            found.extend(some.filter(|ticket| ticket.state.is_open()).cloned());
        }
        Ok(found)
    }

    /// Some open tickets after a place, in order, and at which revision.
    fn walk(&self, after: Option<UrgencyKey>, limit: usize) -> (Vec<Arc<Listed>>, Revision) {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let state = self.state.read();
        let found = state.open.range((after, Bound::Unbounded)).take(limit).map(|(_, listed)| listed.clone());
        (found.collect(), state.revision)
    }
}
