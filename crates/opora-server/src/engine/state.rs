//! What the engine knows of the desk: written by the writer alone, after an append; read by everybody.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use opora_core::decide::Rules;
use opora_core::model::{Revision, Ticket, TicketNumber};
use opora_core::sla::{Policy, PolicyDefinition};
use opora_core::time::Timestamp;
use opora_store::{Activity, ReadError, Record, Store};
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use super::lead::Turn;
use super::log::{Log, Published};
use super::sink::CommitSink;
use super::{Directory, Timekeeper};

/// How often something that changes while it is read is read again.
const STEADY: u32 = 1_000;

pub(crate) struct EngineState {
    pub(crate) store: Arc<dyn Store>,
    /// Who is shown what was appended.
    pub(super) sink: Arc<dyn CommitSink>,
    /// Who may append: whoever does holds it from the decision to the showing.
    pub(super) turn: Mutex<Turn>,
    /// Whether this desk decides, for whoever can't wait for the turn.
    pub(super) leading: AtomicBool,
    pub(crate) directory: Directory,
    pub(crate) rules: RwLock<Arc<Rules>>,
    pub(crate) log: Log,
    pub(crate) time: Timekeeper,
    /// When something was last committed, for those who give way to it.
    pub(crate) activity: Arc<Activity>,
    /// Why the process has to end.
    pub(crate) fatal: watch::Sender<Option<String>>,
    /// When the newest commit was made.
    newest_at: AtomicI64,
    /// The revision that the writer has begun to show: what is read now may be as new, though not all of it is shown.
    showing: AtomicU64,
}

impl EngineState {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        sink: Arc<dyn CommitSink>,
        directory: Directory,
        rules: Rules,
        time: Timekeeper,
        leads: bool,
    ) -> Self {
        let position = store.position();
        let newest_at = position.newest_at.unwrap_or(Timestamp::MIN);
        // The wall may have been set back while the desk was down: its time goes on all the same.
        time.not_before(newest_at);
        Self {
            log: Log::new(store.clone()),
            leading: AtomicBool::new(leads),
            turn: Mutex::new(Turn::new(leads.then(|| store.epoch()))),
            store,
            sink,
            directory,
            rules: RwLock::new(Arc::new(rules)),
            time,
            activity: Arc::default(),
            fatal: watch::Sender::new(None),
            newest_at: AtomicI64::new(newest_at.as_millis()),
            showing: AtomicU64::new(position.newest.0),
        }
    }

    /// A ticket as it stands: a live one is in memory.
    pub(crate) fn ticket(&self, number: TicketNumber) -> Result<Option<Arc<Ticket>>, ReadError> {
        match self.sink.live(number) {
            Some(ticket) => Ok(Some(ticket)),
            None => self.store.ticket(number),
        }
    }

    pub(crate) fn rules(&self) -> Arc<Rules> {
        self.rules.read().clone()
    }

    /// The present, never before the newest commit.
    pub(crate) fn now(&self) -> Timestamp {
        self.time.now().max(Timestamp::from_millis(self.newest_at.load(Ordering::Acquire)))
    }

    /// Reads something at one revision: everything up to it is seen, and nothing after it. For what is in memory and read
    /// in no time: where the writer shows something new in between, it is read again.
    pub(crate) fn steady<T>(&self, mut read: impl FnMut() -> T) -> (T, Revision) {
        for _ in 0..STEADY {
            let before = self.log.newest();
            let found = read();
            if self.showing.load(Ordering::Acquire) <= before.0 {
                return (found, before);
            }
            std::thread::yield_now();
        }
        // Never seen: it would take that many changes, each of them in the same moment of its turn. It is not told to be
        // older than it is.
        let found = read();
        (found, Revision(self.showing.load(Ordering::Acquire)))
    }

    /// Shows commits that are durable, in order, wherever they were decided: rules, directory, everybody who follows, and
    /// last the log, whose newest revision is what everybody sees. Watchers are told by [`Self::tell_all`].
    pub(super) fn show(&self, turn: &mut Turn, commits: Vec<Arc<Published>>) {
        let Some(newest) = commits.last().map(|published| &published.commit) else { return };
        self.showing.store(newest.revision.0, Ordering::Release);
        self.newest_at.store(newest.at.as_millis(), Ordering::Release);
        self.activity.note(commits.len());
        for record in commits.iter().flat_map(|published| &published.commit.records) {
            match record {
                Record::Ticket(_) => {}
                Record::Directory(_, put) => self.directory.apply(put.clone()),
                Record::Policy(_, _, definition) => self.add_policy(definition),
            }
        }
        self.sink.show(&commits);
        self.log.publish(&commits);
        turn.shown(commits);
    }

    fn add_policy(&self, definition: &PolicyDefinition) {
        match Policy::new(definition.clone()) {
            Ok(policy) => {
                let mut rules = Rules::clone(&self.rules());
                rules.policies.add(policy);
                *self.rules.write() = Arc::new(rules);
            }
            // It was made before it was appended, so it can be.
            Err(error) => self.fail(&format!("{} is wrong: {error}", definition.policy)),
        }
    }

    /// Tells the watchers of what was shown; if there are too many for this thread, one of theirs sees to it.
    pub(super) fn tell_all(&self, turn: &mut Turn) {
        let commits = turn.take_untold();
        if !commits.is_empty() && !self.sink.tell(&commits, self.log.oldest_kept()) {
            self.log.announce();
        }
    }

    /// Says that the process has to end.
    pub(crate) fn fail(&self, why: &str) {
        tracing::error!(why, "the desk can't go on");
        self.fatal.send_if_modified(|fatal| {
            let first = fatal.is_none();
            fatal.get_or_insert_with(|| why.to_owned());
            first
        });
    }
}

/// A ticket as it stood at a revision.
pub(crate) fn ticket_at(
    store: &dyn Store,
    number: TicketNumber,
    revision: Revision,
) -> Result<Option<Arc<Ticket>>, ReadError> {
    let Some(last) = store.history(number, Some(revision), 1)?.first().copied() else { return Ok(None) };
    let commit = store.commit(last)?;
    Ok(commit.records.iter().rev().find_map(|record| match record {
        Record::Ticket(event) if event.ticket.number == number => Some(event.ticket.clone()),
        _ => None,
    }))
}
