//! One stream: its own place in the log, and what it shows next. Between two messages it holds little more than that.

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use opora_core::model::{Revision, Ticket, TicketNumber};
use opora_store::ReadError;
use tokio::task::JoinHandle;
use tokio::time::{Instant, Sleep, sleep_until};

use super::group::{FilterGroup, Next, Seat};
use super::hub::Hub;
use super::judge::{Memory, judge, matches};
use super::{Matched, WatchBatch, WatchEnd, WatchQuery, WatchStart};
use crate::engine::state::ticket_at;
use crate::followers::queue::in_a_hurry;
use crate::followers::search::NumberSet;
use crate::followers::world::World;
use crate::scope::Scope;
use crate::size;

/// How many tickets that match now come in one message at most.
const CHUNK: usize = 500;
/// How many tickets are read at first, when it is not known how large they are.
const FEW: usize = 32;
/// What the tickets may cost that are looked at before others on the thread have their turn, in terms of the filter: 512
/// tickets for a filter of some terms, 40 for the dearest, about a millisecond.
const LOOK_COST: usize = 16 * 1024;
/// The most tickets of that.
const LOOK: usize = 512;
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
    seat: Arc<Seat>,
    phase: Phase,
    /// Whether it has said anything.
    greeted: bool,
    /// How many tickets are read at once.
    chunk: usize,
    /// The revision to be shown next.
    next: Revision,
    /// What was read ahead.
    ahead: VecDeque<WatchBatch>,
    memory: Memory,
    /// What is being read from the disk, and since when.
    reading: Option<(JoinHandle<Result<Read, ReadError>>, Instant)>,
    spoke: Instant,
    waits: Waits,
    /// Fires no later than the stream has to say something.
    timer: Option<Pin<Box<Sleep>>>,
}

enum Phase {
    /// Tickets that are in a hurry as they stood when the stream began, in order of urgency.
    Urgent(std::vec::IntoIter<Arc<Ticket>>, Arc<NumberSet>),
    /// The others, by number, from the store.
    Others(TicketNumber, Arc<NumberSet>),
    Synced,
    Follow,
}

/// What a stream waits for.
enum Waits {
    /// That the next message is asked for.
    Reader,
    Disk,
    Events,
}

/// What was read from the disk.
enum Read {
    /// Tickets that match, where the next ones begin, and how many are to be read then.
    Others(Vec<Arc<Ticket>>, Option<TicketNumber>, usize),
    /// Messages, and the revision after them.
    Commits(VecDeque<WatchBatch>, Revision, Memory),
}

impl std::fmt::Debug for WatchStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WatchStream").field("next", &self.next).finish_non_exhaustive()
    }
}

impl WatchStream {
    pub(crate) fn start(world: Arc<World>, hub: Arc<Hub>, query: &WatchQuery, scope: &Scope) -> Result<Self, WatchEnd> {
        if hub.stopping() {
            return Err(WatchEnd::Stopping);
        }
        let uid = world.state.store.uid();
        if query.store_uid.is_some_and(|known| known != uid) {
            return Err(WatchEnd::StoreReplaced(uid));
        }
        let group = hub.join(&query.filter_text, &query.filter, scope);
        // What was appended is there for readers before it is published: they may ask for what comes after it.
        let position = world.state.store.position();
        let (oldest, newest) = (position.oldest, position.newest.max(world.state.log.newest()));
        let left_out = |revision| world.state.store.is_left_out(revision);
        let (phase, next) = match query.start {
            WatchStart::Now => (Phase::Follow, world.state.log.newest().next()),
            WatchStart::From(revision) if revision > newest.next() => {
                return Err(WatchEnd::InFuture { oldest, newest });
            }
            WatchStart::From(revision) if revision < oldest || revision == Revision::ZERO => {
                return Err(WatchEnd::Compacted { oldest, newest });
            }
            // Of a revision that was left out somebody knows who saw what a copy lost. The one after the last that is
            // there is what a watcher asks for who saw all that is there.
            WatchStart::From(revision) if left_out(revision) && left_out(Revision(revision.0.saturating_sub(1))) => {
                return Err(WatchEnd::Compacted { oldest, newest });
            }
            WatchStart::From(revision) => (Phase::Follow, revision),
            WatchStart::Current => {
                let (urgent, revision) = urgent(&world, group.filter.only_open());
                let mut numbers = NumberSet::default();
                for ticket in &urgent {
                    numbers.add(ticket.number);
                }
                (Phase::Urgent(urgent.into_iter(), Arc::new(numbers)), revision.next())
            }
        };
        Ok(Self {
            world,
            hub,
            group,
            seat: Arc::default(),
            phase,
            greeted: false,
            chunk: FEW,
            next,
            ahead: VecDeque::new(),
            memory: Memory::default(),
            reading: None,
            spoke: Instant::now(),
            waits: Waits::Reader,
            timer: None,
        })
    }

    /// The next message; waits for it. Cancelling the wait loses nothing.
    ///
    /// # Errors
    /// [`WatchEnd`], after which nothing comes.
    pub async fn next(&mut self) -> Result<WatchBatch, WatchEnd> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// The next message; if there is none yet, the caller is woken.
    ///
    /// # Errors
    /// [`WatchEnd`], after which nothing comes.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<WatchBatch, WatchEnd>> {
        self.seat.came();
        loop {
            if self.hub.stopping() {
                return Poll::Ready(Err(WatchEnd::Stopping));
            }
            // Whoever is cut off before anything else comes has a revision to go on from.
            if !std::mem::replace(&mut self.greeted, true) {
                return self.give(WatchBatch::Bookmark(self.shown()));
            }
            if let Some((reading, _)) = &mut self.reading {
                self.waits = Waits::Disk;
                let read = ready!(Pin::new(reading).poll(context));
                self.reading = None;
                match read {
                    Ok(Ok(read)) => {
                        if let Some(batch) = self.take(read) {
                            return self.give(batch);
                        }
                        continue;
                    }
                    Ok(Err(error)) => return Poll::Ready(Err(WatchEnd::Corrupt(error.to_string()))),
                    Err(_) => return Poll::Ready(Err(WatchEnd::Stopping)),
                }
            }
            let batch = match &mut self.phase {
                Phase::Urgent(..) => match self.urgent() {
                    None if matches!(self.phase, Phase::Urgent(..)) => {
                        // None of them matched: the next ones after whatever else there is to do on this thread.
                        self.waits = Waits::Events;
                        context.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    batch => batch,
                },
                Phase::Others(from, shown) => {
                    let (from, shown) = (*from, shown.clone());
                    self.read_others(from, shown);
                    None
                }
                Phase::Synced => {
                    self.phase = Phase::Follow;
                    Some(WatchBatch::Synced(self.shown()))
                }
                Phase::Follow => ready!(self.follow(context)),
            };
            if let Some(batch) = batch {
                return self.give(batch);
            }
        }
    }

    /// The reader came for another part of the last message.
    pub(super) fn goes_on(&mut self) {
        (self.spoke, self.waits) = (Instant::now(), Waits::Reader);
    }

    /// Since when there is something that nobody came for.
    pub(super) fn unread_since(&self) -> Option<Instant> {
        match self.waits {
            Waits::Reader => Some(self.spoke),
            Waits::Disk => self.reading.as_ref().filter(|(reading, _)| reading.is_finished()).map(|(_, since)| *since),
            Waits::Events => {
                let due = self.timer.as_ref().map(|timer| timer.deadline()).filter(|due| *due <= Instant::now());
                self.seat.woken().into_iter().chain(due).min()
            }
        }
    }

    pub(super) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    fn give(&mut self, batch: WatchBatch) -> Poll<Result<WatchBatch, WatchEnd>> {
        self.goes_on();
        Poll::Ready(Ok(batch))
    }

    /// The revision up to which everything was shown.
    fn shown(&self) -> Revision {
        Revision(self.next.0.saturating_sub(1))
    }

    fn current(&self, tickets: Vec<Arc<Ticket>>) -> Option<WatchBatch> {
        (!tickets.is_empty()).then(|| WatchBatch::Current { revision: self.shown(), tickets })
    }

    fn urgent(&mut self) -> Option<WatchBatch> {
        let (filter, now) = (self.group.filter.clone(), self.world.now());
        let Phase::Urgent(urgent, numbers) = &mut self.phase else { return None };
        let mut tickets = Vec::new();
        let most = (LOOK_COST / (1 + filter.cost() as usize)).min(LOOK);
        for ticket in urgent.by_ref().take(most) {
            if matches(&filter, &ticket, now) {
                tickets.push(ticket);
                if tickets.len() == CHUNK {
                    break;
                }
            }
        }
        if urgent.as_slice().is_empty() {
            let numbers = numbers.clone();
            self.phase = if filter.only_open() { Phase::Synced } else { Phase::Others(TicketNumber(1), numbers) };
        }
        self.current(tickets)
    }

    /// Runs what reads the disk where it may block.
    fn read(&mut self, read: impl FnOnce() -> Result<Read, ReadError> + Send + 'static) {
        self.reading = Some((self.hub.reads.spawn_blocking(read), Instant::now()));
    }

    /// What was read becomes the next message, or what comes next.
    fn take(&mut self, read: Read) -> Option<WatchBatch> {
        match read {
            Read::Others(tickets, next, chunk) => {
                self.chunk = chunk;
                if let Phase::Others(from, _) = &mut self.phase {
                    match next {
                        Some(next) => *from = next,
                        None => self.phase = Phase::Synced,
                    }
                }
                let quiet = self.spoke.elapsed() >= PASSED;
                self.current(tickets).or_else(|| quiet.then(|| WatchBatch::Bookmark(self.shown())))
            }
            Read::Commits(batches, next, memory) => {
                (self.ahead, self.next, self.memory) = (batches, next, memory);
                let quiet = self.ahead.is_empty() && self.spoke.elapsed() >= PASSED;
                quiet.then(|| WatchBatch::Bookmark(self.shown()))
            }
        }
    }

    /// Tickets that are in no hurry as they stood when the stream began.
    fn read_others(&mut self, from: TicketNumber, shown: Arc<NumberSet>) {
        let (world, filter, now) = (self.world.clone(), self.group.filter.clone(), self.world.now());
        let (at, chunk) = (self.shown(), self.chunk);
        self.read(move || {
            let found = world.state.store.tickets(from, false, chunk)?;
            let chunk = size::tickets_at_once(&found, CHUNK);
            let next = found.last().map(|last| TicketNumber(last.number.0 + 1));
            let mut tickets = Vec::new();
            for ticket in found.into_iter().filter(|ticket| !shown.contains(ticket.number)) {
                let ticket = match ticket {
                    newer if newer.revision > at => ticket_at(&*world.state.store, newer.number, at)?,
                    ticket => Some(ticket),
                };
                tickets.extend(ticket.filter(|ticket| matches(&filter, ticket, now)));
            }
            Ok(Read::Others(tickets, next, chunk))
        });
    }

    fn follow(&mut self, context: &mut Context<'_>) -> Poll<Option<WatchBatch>> {
        if let Some(batch) = self.ahead.pop_front() {
            return Poll::Ready(Some(batch));
        }
        match self.hub.next(&self.group, self.next, &self.seat, context.waker()) {
            Next::Matched(matched) => {
                self.memory = Memory::default();
                self.next = matched.commit.revision.next();
                Poll::Ready(Some(WatchBatch::Events(matched)))
            }
            Next::Behind => {
                self.catch_up();
                Poll::Ready(None)
            }
            Next::Nothing(judged) => self.idle(judged, context),
        }
    }

    /// Waits for something that concerns the watcher, and tells now and then how far the stream is.
    fn idle(&mut self, judged: Revision, context: &mut Context<'_>) -> Poll<Option<WatchBatch>> {
        // Told after it had sat down: it is woken.
        if self.hub.stopping() {
            return Poll::Ready(None);
        }
        let quiet = self.spoke.elapsed();
        if (judged >= self.next && quiet >= PASSED) || quiet >= QUIET {
            self.next = self.next.max(judged.next());
            return Poll::Ready(Some(WatchBatch::Bookmark(self.shown())));
        }
        self.waits = Waits::Events;
        let due = self.spoke + if quiet < PASSED { PASSED } else { QUIET };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        // One that fires too early is set anew then: cheaper than setting it with every message.
        if timer.is_elapsed() {
            timer.as_mut().reset(due);
        }
        timer.as_mut().poll(context).map(|()| None)
    }

    /// Reads what is no longer in memory, and judges it alone.
    fn catch_up(&mut self) {
        let (world, filter, from) = (self.world.clone(), self.group.filter.clone(), self.next);
        let mut memory = std::mem::take(&mut self.memory);
        self.read(move || {
            let mut batches = VecDeque::new();
            let mut next = from;
            for published in world.state.log.read(from, READ)? {
                let before = memory.before(&*world.state.store, &published)?;
                let events = judge(&published, &before, &filter);
                batches.extend(events.map(|e| WatchBatch::Events(Arc::new(Matched::new(&published.commit, e)))));
                next = published.commit.revision.next();
            }
            Ok(Read::Commits(batches, next, memory))
        });
    }
}

/// The tickets of a snapshot that come before those which are met by number, in order of urgency as lists have it
/// ([`crate::followers::queue`]), and the revision that they stand at.
fn urgent(world: &World, only_open: bool) -> (Vec<Arc<Ticket>>, Revision) {
    let (mut open, revision) = world.queue.open();
    if !only_open {
        let end = open.partition_point(|ticket| in_a_hurry(ticket));
        open.truncate(end);
    }
    (open, revision)
}
