//! The clock follower: finds what falls due and has the engine tell it (domain.md §7 rules 10 and 11). It decides
//! nothing: a breach is judged by the rules whether or not it came by. Also writes the queue's checkpoints.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opora_core::command::Change;
use opora_core::decide::{Rules, next_tick};
use opora_core::model::{Actor, Revision, Ticket, TicketNumber};
use opora_core::time::{Millis, Timestamp};
use opora_store::Record;

use crate::engine::work::Work;
use crate::engine::world::World;
use crate::engine::{Action, Engine, Refused, Submission, TicketRef};

/// How often it looks at the clock and the log.
const LOOK: Duration = Duration::from_millis(250);
/// How many commits are read at once.
const CHUNK: usize = 1_000;
/// How many ticks wait for their answer at once.
const AT_ONCE: usize = 64;
/// When a ticket is looked at again whose timer could not be told, or told nothing.
const AGAIN: Millis = Millis::minutes(1);
/// After how many commits the queue's place is written down.
const CHECKPOINT: u64 = 20_000;
/// How many looks must lie between two checkpoints: a minute.
const CHECKPOINT_LOOKS: u32 = 240;

pub(crate) struct Clocks {
    revision: AtomicU64,
}

/// What falls due when.
#[derive(Default)]
struct Due {
    times: BTreeSet<(Timestamp, TicketNumber)>,
    of: HashMap<TicketNumber, Timestamp>,
}

impl Due {
    fn set(&mut self, number: TicketNumber, at: Option<Timestamp>) {
        let before = match at {
            Some(at) => self.of.insert(number, at),
            None => self.of.remove(&number),
        };
        if let Some(before) = before {
            self.times.remove(&(before, number));
        }
        self.times.extend(at.map(|at| (at, number)));
    }

    fn look(&mut self, ticket: &Ticket, rules: &Rules) {
        let at = next_tick(ticket, rules).unwrap_or_else(|error| {
            tracing::warn!(ticket = %ticket.number, %error, "its clocks can't be reckoned");
            None
        });
        self.set(ticket.number, at);
    }

    /// Takes out some of what is due.
    fn take(&mut self, now: Timestamp, most: usize) -> Vec<TicketNumber> {
        let due: Vec<_> = self.times.iter().take_while(|(at, _)| *at <= now).take(most).map(|(_, n)| *n).collect();
        for number in &due {
            self.set(*number, None);
        }
        due
    }
}

impl Clocks {
    pub(crate) fn new() -> Self {
        Self { revision: AtomicU64::new(0) }
    }

    /// The revision that it has read through.
    pub(crate) fn revision(&self) -> Revision {
        Revision(self.revision.load(Ordering::Acquire))
    }

    /// Follows the log and the clock until the log stops.
    pub(crate) fn run(&self, world: &World, engine: &Engine, fire: bool, dir: &Path) {
        // On Linux this is the calling thread's: reckoning what comes never starves the writer.
        let _ = rustix::process::setpriority_process(None, 5);
        let mut due = Due::default();
        let (live, mut read) = world.queue.live();
        let rules = world.rules();
        for ticket in live {
            due.look(&ticket, &rules);
        }
        let (mut written, mut looks) = (read, 0_u32);
        loop {
            self.catch_up(world, &mut due, &mut read);
            let (now, healthy) = world.time.read();
            if fire && healthy {
                self.fire(world, engine, &mut due, &mut read, now);
            }
            looks += 1;
            if looks >= CHECKPOINT_LOOKS && read.0.saturating_sub(written.0) >= CHECKPOINT {
                looks = 0;
                match world.queue.write_checkpoint(dir) {
                    Ok(revision) => written = revision,
                    Err(error) => tracing::warn!(%error, "the queue's place can't be written down"),
                }
            }
            if !world.log.pause(LOOK) {
                return;
            }
        }
    }

    /// Reads the log up to what is the newest now. How much comes at once says nothing of how much is left: of large
    /// commits the store gives few.
    fn catch_up(&self, world: &World, due: &mut Due, read: &mut Revision) {
        let newest = world.log.newest();
        while *read < newest && !world.log.stopped() && self.follow(world, due, read) {}
    }

    /// Reads some of the log; whether there was any.
    fn follow(&self, world: &World, due: &mut Due, read: &mut Revision) -> bool {
        let commits = match world.log.read(read.next(), CHUNK) {
            Ok(commits) => commits,
            Err(error) => {
                tracing::warn!(%error, "the timers can't read the log");
                return false;
            }
        };
        let rules = world.rules();
        let mut changed = HashMap::new();
        for published in &commits {
            for record in &published.commit.records {
                if let Record::Ticket(event) = record {
                    changed.insert(event.ticket.number, event.ticket.clone());
                }
            }
            *read = published.commit.revision;
        }
        for ticket in changed.values() {
            due.look(ticket, &rules);
        }
        self.revision.store(read.0, Ordering::Release);
        !commits.is_empty()
    }

    /// Tells everything that is due.
    fn fire(&self, world: &World, engine: &Engine, due: &mut Due, read: &mut Revision, now: Timestamp) {
        loop {
            let numbers = due.take(now, AT_ONCE);
            if numbers.is_empty() || world.log.stopped() {
                return;
            }
            let waiting: Vec<_> = numbers.iter().map(|number| engine.submit(tick(*number), true)).collect();
            let mut silent = Vec::new();
            for (number, answer) in numbers.into_iter().zip(waiting) {
                match answer.and_then(|answer| answer.blocking_recv().unwrap_or(Err(Refused::Stopping))) {
                    Ok(_) => {}
                    Err(Refused::Stopping | Refused::StoreFailed) => return,
                    Err(refused) => {
                        tracing::debug!(ticket = %number, %refused, "its timer told nothing");
                        silent.push(number);
                    }
                }
            }
            // What was told changed those tickets, and is in the log by now.
            self.catch_up(world, due, read);
            Self::look_again(world, due, &silent, now);
        }
    }

    /// Those that told nothing: changed meanwhile, or not possible now.
    fn look_again(world: &World, due: &mut Due, silent: &[TicketNumber], now: Timestamp) {
        let rules = world.rules();
        for number in silent {
            if let Some(ticket) = world.queue.get(*number) {
                due.look(&ticket, &rules);
            }
        }
        for number in silent {
            if due.of.get(number).is_some_and(|at| *at <= now) {
                due.set(*number, Some(now + AGAIN));
            }
        }
    }
}

fn tick(number: TicketNumber) -> Work {
    let action = Action::Change { ticket: TicketRef::Number(number), etag: None, change: Change::Tick };
    Work::Submission(Submission { actor: Actor::SYSTEM, request: None, import_time: None, action })
}
