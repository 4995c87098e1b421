//! The single writer: a thread that takes what waits, decides it as one group, appends it as one write, shows
//! it, answers, tells the watchers: before the answers where they are few, else while the next group is written. Nobody is
//! answered before the append has returned.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use opora_store::{AppendError, Epoch};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::group::Group;
use super::inbox::{Inbox, Job, Taken};
use super::lead::Turn;
use super::state::EngineState;
use super::work::Work;
use super::{Done, Refused};

/// How long many watchers wait for a next group, in whose time on the disk they cost nobody anything.
const HOLD: Duration = Duration::from_millis(1);

/// The handle of the writer.
pub(crate) struct Engine {
    inbox: Arc<Inbox>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Engine {
    /// Starts the writer.
    pub(crate) fn start(state: Arc<EngineState>, max_waiting: usize) -> std::io::Result<Self> {
        let inbox = Arc::new(Inbox::new(max_waiting));
        let writer = Writer { state, inbox: inbox.clone() };
        let thread = std::thread::Builder::new().name("writer".into()).spawn(move || writer.run())?;
        Ok(Self { inbox, thread: Mutex::new(Some(thread)) })
    }

    /// Hands in work; its answer comes when it is durable.
    pub(crate) fn submit(&self, work: Work, own: bool) -> Result<oneshot::Receiver<Result<Done, Refused>>, Refused> {
        let (reply, answer) = oneshot::channel();
        self.inbox.put(Job { work, reply }, own)?;
        Ok(answer)
    }

    /// Takes nothing any more.
    pub(crate) fn close(&self) {
        self.inbox.close(&Refused::Stopping, false);
    }

    /// Waits until what waits is answered. Blocks.
    pub(crate) fn join(&self) {
        if let Some(thread) = self.thread.lock().take() {
            // A panic of the writer was told by its guard.
            drop(thread.join());
        }
    }
}

struct Writer {
    state: Arc<EngineState>,
    inbox: Arc<Inbox>,
}

/// Whatever ends the writer: nobody waits for ever.
struct Guard<'a>(&'a Writer);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.poison("the writer panicked");
        }
    }
}

impl Writer {
    fn run(self) {
        let guard = Guard(&self);
        let mut jobs = Vec::new();
        loop {
            // While watchers wait for a next group, it is not waited for long.
            let most = self.state.turn.lock().has_untold().then_some(HOLD);
            match self.inbox.take(&mut jobs, most) {
                Taken::Some => self.group(&mut jobs),
                Taken::None => self.state.tell_all(&mut self.state.turn.lock()),
                Taken::Closed => break,
            }
        }
        self.state.tell_all(&mut self.state.turn.lock());
        drop(guard);
    }

    fn poison(&self, why: &str) {
        self.inbox.close(&Refused::StoreFailed, true);
        self.state.fail(why);
    }

    /// Works a group off.
    fn group(&self, jobs: &mut Vec<Job>) {
        let mut turn = self.state.turn.lock();
        let Some(epoch) = turn.leads() else {
            drop(turn);
            return jobs.drain(..).for_each(|job| drop(job.reply.send(Err(Refused::NotLeader))));
        };
        self.state.activity.note(jobs.len());
        let mut group = Group::new(&self.state);
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs.drain(..) {
            answers.push((job.reply, group.decide(job.work)));
        }
        self.state.tell_all(&mut turn);
        let appended = if group.commits().is_empty() { Ok(()) } else { self.append(&mut turn, epoch, group) };
        if self.state.sink.is_soon_told() {
            self.state.tell_all(&mut turn);
        }
        for (reply, answer) in answers {
            // Who went away does not want to know.
            drop(reply.send(appended.clone().and(answer)));
        }
    }

    /// Makes a group real, or says what all of it is refused with.
    fn append(&self, turn: &mut Turn, epoch: Epoch, group: Group<'_>) -> Result<(), Refused> {
        match self.state.store.append(epoch, group.after(), group.commits()) {
            Ok(()) => {
                self.state.show(turn, group.into_published());
                Ok(())
            }
            Err(AppendError::Full(why)) => {
                tracing::warn!(why, "the disk is full: changes are refused");
                Err(Refused::DiskFull)
            }
            Err(AppendError::Short(why)) => {
                tracing::warn!(why, "the machine is short of something: changes are refused");
                Err(Refused::Overloaded)
            }
            Err(AppendError::ReadOnly) => Err(Refused::ReadOnly),
            Err(error @ AppendError::Fenced { .. }) => {
                tracing::warn!(%error, "this desk does not lead any more");
                self.state.step_down(turn);
                Err(Refused::NotLeader)
            }
            Err(error @ (AppendError::Failed(_) | AppendError::NotNext { .. })) => {
                self.poison(&error.to_string());
                Err(Refused::StoreFailed)
            }
        }
    }
}
