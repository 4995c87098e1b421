//! The single writer: a thread that takes what waits, decides it as one group, appends it as one write, shows
//! it, answers, tells the watchers: before the answers where they are few, else while the next group is written. Nobody is
//! answered before the append has returned.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use opora_store::AppendError;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::group::Group;
use super::inbox::{Inbox, Job, Taken};
use super::log::Published;
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
        // What watchers have not been told yet.
        let mut held: Vec<Arc<Published>> = Vec::new();
        loop {
            match self.inbox.take(&mut jobs, (!held.is_empty()).then_some(HOLD)) {
                Taken::Some => held = self.group(&mut jobs, held),
                Taken::None => self.state.tell(&std::mem::take(&mut held)),
                Taken::Closed => break,
            }
        }
        self.state.tell(&held);
        drop(guard);
    }

    fn poison(&self, why: &str) {
        self.inbox.close(&Refused::StoreFailed, true);
        self.state.fail(why);
    }

    /// Works a group off; `held` is what watchers are to be told of the one before. Gives what they are to be told later.
    fn group(&self, jobs: &mut Vec<Job>, held: Vec<Arc<Published>>) -> Vec<Arc<Published>> {
        self.state.activity.note(jobs.len());
        let mut group = Group::new(&self.state);
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs.drain(..) {
            answers.push((job.reply, group.decide(job.work)));
        }
        self.state.tell(&held);
        drop(held);
        let appended = if group.commits().is_empty() { Ok(Vec::new()) } else { self.append(group) };
        let first = self.state.sink.is_soon_told();
        if let Some(published) = appended.as_ref().ok().filter(|_| first) {
            self.state.tell(published);
        }
        for (reply, answer) in answers {
            // Who went away does not want to know.
            drop(reply.send(match &appended {
                Ok(_) => answer,
                Err(refused) => Err(refused.clone()),
            }));
        }
        if first { Vec::new() } else { appended.unwrap_or_default() }
    }

    /// Makes a group real, or says what all of it is refused with.
    fn append(&self, group: Group<'_>) -> Result<Vec<Arc<Published>>, Refused> {
        match self.state.store.append(self.state.epoch, group.after(), group.commits()) {
            Ok(()) => {
                let published = group.into_published();
                self.state.show(&published);
                Ok(published)
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
            Err(error) => {
                self.poison(&error.to_string());
                Err(Refused::StoreFailed)
            }
        }
    }
}
