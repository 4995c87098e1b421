//! One stream: its own place in the log, and what it shows next. Between two messages it holds little more than that.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use opora_core::model::{Revision, Ticket, TicketNumber};
use opora_store::ReadError;
use tokio::sync::watch;
use tokio::time::Instant;

use super::hub::{FilterGroup, Hub, Next};
use super::judge::{Memory, judge, matches, ticket_at};
use super::{WatchBatch, WatchEnd, WatchQuery, WatchStart};
use crate::engine::world::World;
use crate::followers::search::NumberSet;

/// How many tickets that match now come in one message at most.
const CHUNK: usize = 500;
/// How many tickets are looked at between two messages.
const LOOK: usize = 10_000;
/// How many commits a stream that is behind reads at once.
const READ: usize = 256;
/// How long a stream waits before it says that something passed which does not concern it.
const PASSED: Duration = Duration::from_secs(3);
/// How long a stream says nothing at most; less than the 5 s of the contract.
const QUIET: Duration = Duration::from_secs(4);

/// A stream of what a watcher asked for. Dropping it ends it.
pub struct WatchStream {
    world: Arc<World>,
    hub: Arc<Hub>,
    group: Arc<FilterGroup>,
    grown: watch::Receiver<()>,
    phase: Phase,
    /// The revision to be shown next.
    next: Revision,
    /// What was read ahead.
    ahead: VecDeque<WatchBatch>,
    memory: Memory,
    spoke: Instant,
}

enum Phase {
    /// Live tickets as they stood when the stream began.
    Live(std::vec::IntoIter<Arc<Ticket>>, Arc<NumberSet>),
    /// The others, by number, from the store.
    Others(TicketNumber, Arc<NumberSet>),
    Synced,
    Follow,
}

impl std::fmt::Debug for WatchStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WatchStream").field("next", &self.next).finish_non_exhaustive()
    }
}

fn corrupt(error: &ReadError) -> WatchEnd {
    WatchEnd::Corrupt(error.to_string())
}

/// Runs what reads the disk where it may block.
async fn blocking<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> Result<T, WatchEnd> {
    tokio::task::spawn_blocking(read).await.map_err(|_| WatchEnd::Stopping)
}

impl WatchStream {
    pub(crate) fn start(world: Arc<World>, hub: Arc<Hub>, query: &WatchQuery) -> Result<Self, WatchEnd> {
        if hub.stopping.is_cancelled() {
            return Err(WatchEnd::Stopping);
        }
        let uid = world.store.uid();
        if query.store_uid.is_some_and(|known| known != uid) {
            return Err(WatchEnd::StoreReplaced(uid));
        }
        let group = hub.join(&query.filter_text, &query.filter);
        let (oldest, newest) = (world.store.position().oldest, world.log.newest());
        let (phase, next) = match query.start {
            WatchStart::Now => (Phase::Follow, newest.next()),
            WatchStart::From(revision) if revision > newest.next() => {
                return Err(WatchEnd::InFuture { oldest, newest });
            }
            WatchStart::From(revision) if revision < oldest || revision == Revision::ZERO => {
                return Err(WatchEnd::Compacted { oldest, newest });
            }
            WatchStart::From(revision) => (Phase::Follow, revision),
            WatchStart::Current => {
                let (live, revision) = world.queue.live();
                let mut numbers = NumberSet::default();
                for ticket in &live {
                    numbers.add(ticket.number);
                }
                (Phase::Live(live.into_iter(), Arc::new(numbers)), revision.next())
            }
        };
        let (grown, spoke) = (group.subscribe(), Instant::now());
        let (ahead, memory) = (VecDeque::new(), Memory::default());
        Ok(Self { world, hub, group, grown, phase, next, ahead, memory, spoke })
    }

    /// The next message; waits for it. Cancelling the wait loses nothing.
    ///
    /// # Errors
    /// [`WatchEnd`], after which nothing comes.
    pub async fn next(&mut self) -> Result<WatchBatch, WatchEnd> {
        loop {
            if self.hub.stopping.is_cancelled() {
                return Err(WatchEnd::Stopping);
            }
            let batch = match &mut self.phase {
                Phase::Live(..) => self.live(),
                Phase::Others(..) => self.others().await?,
                Phase::Synced => {
                    self.phase = Phase::Follow;
                    Some(WatchBatch::Synced(self.shown()))
                }
                Phase::Follow => self.follow().await?,
            };
            if let Some(batch) = batch {
                self.spoke = Instant::now();
                return Ok(batch);
            }
        }
    }

    /// The revision up to which everything was shown.
    fn shown(&self) -> Revision {
        Revision(self.next.0.saturating_sub(1))
    }

    fn current(&self, tickets: Vec<Arc<Ticket>>) -> Option<WatchBatch> {
        (!tickets.is_empty()).then(|| WatchBatch::Current { revision: self.shown(), tickets })
    }

    fn live(&mut self) -> Option<WatchBatch> {
        let (filter, now) = (self.group.filter.clone(), self.world.now());
        let Phase::Live(live, numbers) = &mut self.phase else { return None };
        let mut tickets = Vec::new();
        for ticket in live.by_ref().take(LOOK) {
            if matches(&filter, &ticket, now) {
                tickets.push(ticket);
                if tickets.len() == CHUNK {
                    break;
                }
            }
        }
        if live.as_slice().is_empty() {
            let numbers = numbers.clone();
            self.phase = if filter.only_open() { Phase::Synced } else { Phase::Others(TicketNumber(1), numbers) };
        }
        self.current(tickets)
    }

    /// Closed and merged tickets as they stood when the stream began.
    async fn others(&mut self) -> Result<Option<WatchBatch>, WatchEnd> {
        let Phase::Others(from, live) = &mut self.phase else { return Ok(None) };
        let (from, revision) = (*from, Revision(self.next.0.saturating_sub(1)));
        let (world, filter, now) = (self.world.clone(), self.group.filter.clone(), self.world.now());
        let (live, known) = (live.clone(), live.clone());
        let read = move || -> Result<_, ReadError> {
            let found = world.store.tickets(from, false, CHUNK)?;
            let next = found.last().map(|last| TicketNumber(last.number.0 + 1));
            let mut tickets = Vec::new();
            for ticket in found.into_iter().filter(|ticket| !known.contains(ticket.number)) {
                let ticket = match ticket {
                    newer if newer.revision > revision => ticket_at(&*world.store, newer.number, revision)?,
                    ticket => Some(ticket),
                };
                tickets.extend(ticket.filter(|ticket| matches(&filter, ticket, now)));
            }
            Ok((tickets, next))
        };
        let (tickets, next) = blocking(read).await?.map_err(|error| corrupt(&error))?;
        self.phase = next.map_or(Phase::Synced, |next| Phase::Others(next, live));
        Ok(self.current(tickets))
    }

    async fn follow(&mut self) -> Result<Option<WatchBatch>, WatchEnd> {
        if let Some(batch) = self.ahead.pop_front() {
            return Ok(Some(batch));
        }
        // Before looking: what comes after is told by the next `changed`.
        self.grown.mark_unchanged();
        match self.hub.next(&self.group, self.next) {
            Next::Matched(matched) => {
                self.next = matched.commit.revision.next();
                Ok(Some(WatchBatch::Events(matched)))
            }
            Next::Behind => self.catch_up().await,
            Next::Nothing(judged) => self.idle(judged).await,
        }
    }

    /// Waits for something that concerns the watcher, and tells now and then how far the stream is.
    async fn idle(&mut self, judged: Revision) -> Result<Option<WatchBatch>, WatchEnd> {
        let quiet = self.spoke.elapsed();
        if (judged >= self.next && quiet >= PASSED) || quiet >= QUIET {
            self.next = self.next.max(judged.next());
            return Ok(Some(WatchBatch::Bookmark(self.shown())));
        }
        tokio::select! {
            // The sender lives in the group, which this stream holds.
            _ = self.grown.changed() => {}
            () = tokio::time::sleep(PASSED.saturating_sub(quiet).max(Duration::from_millis(100))) => {}
            () = self.hub.stopping.cancelled() => return Err(WatchEnd::Stopping),
        }
        Ok(None)
    }

    /// Reads what is no longer in memory, and judges it alone.
    async fn catch_up(&mut self) -> Result<Option<WatchBatch>, WatchEnd> {
        let (world, filter, from) = (self.world.clone(), self.group.filter.clone(), self.next);
        let mut memory = std::mem::take(&mut self.memory);
        let read = move || -> Result<_, ReadError> {
            let mut batches = VecDeque::new();
            let mut next = from;
            for published in world.log.read(from, READ)? {
                let before = memory.before(&*world.store, &published)?;
                batches.extend(judge(&published, &before, &filter).map(|m| WatchBatch::Events(Arc::new(m))));
                next = published.commit.revision.next();
            }
            Ok((batches, next, memory))
        };
        let (batches, next, memory) = blocking(read).await?.map_err(|error| corrupt(&error))?;
        self.memory = memory;
        self.next = next;
        self.ahead = batches;
        if self.ahead.is_empty() && self.spoke.elapsed() >= PASSED {
            return Ok(Some(WatchBatch::Bookmark(self.shown())));
        }
        Ok(None)
    }
}
