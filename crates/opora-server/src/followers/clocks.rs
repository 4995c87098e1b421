//! The clock follower: finds what falls due and has the engine tell it (docs/domain.md §7 rules 10 and 11). It decides
//! nothing: a breach is judged by the rules whether or not it came by.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opora_core::command::Change;
use opora_core::decide::{Rules, next_tick};
use opora_core::model::{Actor, Revision, Ticket, TicketNumber};
use opora_core::time::{Millis, Timestamp};
use opora_store::Record;

use super::Follower;
use super::world::World;
use crate::engine::work::Work;
use crate::engine::{Action, Engine, Present, Refused, Submission, TicketRef};
use crate::warnings::Warning;

/// How often it looks at the clock and the log.
const LOOK: Duration = Duration::from_millis(250);
/// The same while much comes: the log keeps little more in memory, and what is on the disk has to be decoded.
const LOOK_SOON: Duration = Duration::from_millis(50);
/// So many commits a second are much.
const MUCH: u128 = 10_000;
/// How many commits are read at once.
const CHUNK: usize = 1_000;
/// How many ticks wait for their answer at once.
const AT_ONCE: usize = 64;
/// When a ticket is looked at again whose timer could not be told, or told nothing.
const AGAIN: Millis = Millis::minutes(1);

/// What falls due, found and told.
pub(crate) struct Clocks {
    engine: Arc<Engine>,
    /// Whether timers fire.
    fire: bool,
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
    pub(crate) fn new(engine: Arc<Engine>, fire: bool) -> Self {
        Self { engine, fire, revision: AtomicU64::new(0) }
    }

    /// Follows the log and the clock until the log stops.
    fn follow_both(&self, world: &World) {
        // On Linux this is the calling thread's: reckoning what comes never starves the writer.
        let _ = rustix::process::setpriority_process(None, 5);
        let mut due = Due::default();
        let (live, mut read) = world.queue.live();
        let rules = world.rules();
        for ticket in live {
            due.look(&ticket, &rules);
        }
        self.revision.store(read.0, Ordering::Release);
        let (mut apart, mut pause) = (false, LOOK);
        loop {
            let before = read;
            self.catch_up(world, &mut due, &mut read);
            let present = world.state.time.read();
            tell_clock(&mut apart, present);
            if self.fire && present.timers_fire() && world.state.leads() {
                self.fire(world, &mut due, &mut read, present.now);
            }
            let came = u128::from(read.0.saturating_sub(before.0));
            pause = if came * 1_000 >= MUCH * pause.as_millis() { LOOK_SOON } else { LOOK };
            if !world.state.log.pause(pause) {
                return;
            }
        }
    }

    /// Reads the log up to what is the newest now. How much comes at once says nothing of how much is left: of large
    /// commits the store gives few.
    fn catch_up(&self, world: &World, due: &mut Due, read: &mut Revision) {
        let newest = world.state.log.newest();
        while *read < newest && !world.state.log.stopped() && self.follow(world, due, read) {}
    }

    /// Reads some of the log; whether there was any.
    fn follow(&self, world: &World, due: &mut Due, read: &mut Revision) -> bool {
        let commits = match world.state.log.read_sound(read.next(), CHUNK) {
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
    fn fire(&self, world: &World, due: &mut Due, read: &mut Revision, now: Timestamp) {
        loop {
            let numbers = due.take(now, AT_ONCE);
            if numbers.is_empty() || world.state.log.stopped() {
                return;
            }
            let waiting: Vec<_> = numbers.iter().map(|number| self.engine.submit(tick(*number), true)).collect();
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

impl Follower for Clocks {
    fn name(&self) -> &'static str {
        "clocks"
    }

    fn revision(&self) -> Revision {
        Revision(self.revision.load(Ordering::Acquire))
    }

    fn run(&self, world: &World) {
        self.follow_both(world);
    }
}

/// Tells the log when the machine's clock begins or ends to disagree.
fn tell_clock(apart: &mut bool, present: Present) {
    match present.apart {
        Some(ahead) if !*apart => tracing::warn!("{}", Warning::ClockDisagrees { ahead }),
        None if *apart => tracing::info!("the machine's clock agrees with the desk's time again"),
        _ => {}
    }
    *apart = present.apart.is_some();
}

fn tick(number: TicketNumber) -> Work {
    let action = Action::Change { ticket: TicketRef::Number(number), etag: None, change: Change::Tick };
    Work::Submission(Submission { actor: Actor::SYSTEM, request: None, import_time: None, action })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use opora_core::command::NewTicket;
    use opora_core::model::{Impact, Origin, Reporter};
    use opora_store::{Embedded, EmbeddedOptions, Store as _};

    use super::*;
    use crate::engine::{Directory, SystemClock, Timekeeper};
    use crate::followers::queue::Queue;

    fn large() -> Submission {
        let ticket = NewTicket {
            organisation: None,
            reporter: Reporter { display_name: "Анна".into(), email: "anna@example.com".into() },
            subject: "Нет входящих звонков".into(),
            description: Some("з".repeat(20_000).into()),
            category: None,
            channels: Vec::new(),
            impact: Some(Impact::ServiceDown),
            requested_priority: None,
            platform: None,
            occur_time: None,
            workstations: Vec::new(),
            checklist: Vec::new(),
            assignee: None,
            tags: Vec::new(),
            external_id: None,
            origin: Origin::Grpc,
        };
        Submission { actor: Actor::SYSTEM, request: None, import_time: None, action: Action::Create(Box::new(ticket)) }
    }

    #[test]
    fn a_look_reads_up_to_the_newest_however_large_the_commits_are() {
        const TICKETS: usize = 100;
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Embedded::open(EmbeddedOptions::new(dir.path())).unwrap());
        let queue = Queue::open_from(&*store, dir.path()).unwrap();
        let time = Timekeeper::new(Arc::new(SystemClock));
        let world = World::new(store.clone(), queue, Directory::default(), Rules::builtin(), time, true);
        let engine = Arc::new(Engine::start(world.state.clone(), TICKETS).unwrap());
        let waiting: Vec<_> = (0..TICKETS).map(|_| engine.submit(Work::Submission(large()), false).unwrap()).collect();
        for answer in waiting {
            answer.blocking_recv().unwrap().unwrap();
        }
        engine.close();
        engine.join();

        // Another look at the same log, of which nothing is in memory any more.
        let world = World::new(
            store.clone(),
            Queue::open_from(&*store, dir.path()).unwrap(),
            Directory::default(),
            Rules::builtin(),
            Timekeeper::new(Arc::new(SystemClock)),
            true,
        );
        let first = store.commits(Revision(1), CHUNK, 1 << 20).unwrap();
        assert!(first.len() < TICKETS / 2, "they are too small to need several reads: {}", first.len());
        let (clocks, mut due, mut read) = (Clocks::new(engine, false), Due::default(), Revision::ZERO);
        clocks.catch_up(&world, &mut due, &mut read);
        assert_eq!((read, clocks.revision()), (Revision(TICKETS as u64), Revision(TICKETS as u64)));
        assert_eq!(due.of.len(), TICKETS);
    }
}
