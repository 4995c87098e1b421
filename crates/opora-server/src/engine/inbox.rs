//! The bounded queue in front of the writer. Whoever finds it full is refused at once; nobody waits to get in.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::work::Work;
use super::{Done, Refused};

/// The most submissions that are taken as one group.
const GROUP_COUNT: usize = 256;
/// About the most bytes that are taken as one group; one submission is taken whatever its size.
const GROUP_BYTES: usize = 512 * 1024;

/// A submission that waits, and where its answer goes.
pub(super) struct Job {
    pub(super) work: Work,
    pub(super) reply: oneshot::Sender<Result<Done, Refused>>,
}

/// What came of waiting for jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// There are some.
    Some,
    /// None came in time.
    None,
    /// None will come.
    Closed,
}

pub(super) struct Inbox {
    state: Mutex<State>,
    filled: Condvar,
    capacity: usize,
}

struct State {
    waiting: VecDeque<Job>,
    /// The writer sleeps.
    idle: bool,
    /// What a newcomer is refused with.
    closed: Option<Refused>,
}

impl Inbox {
    pub(super) fn new(capacity: usize) -> Self {
        let state = State { waiting: VecDeque::new(), idle: false, closed: None };
        Self { state: Mutex::new(state), filled: Condvar::new(), capacity }
    }

    /// Puts a job in, or says why not. The desk's own work is not counted against the capacity: it is bounded by who
    /// submits it.
    pub(super) fn put(&self, job: Job, own: bool) -> Result<(), Refused> {
        let mut state = self.state.lock();
        if let Some(why) = &state.closed {
            return Err(why.clone());
        }
        if !own && state.waiting.len() >= self.capacity {
            return Err(Refused::Overloaded);
        }
        state.waiting.push_back(job);
        if std::mem::take(&mut state.idle) {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Waits for jobs, so long at most where it is said, and takes a group of them.
    pub(super) fn take(&self, group: &mut Vec<Job>, most: Option<Duration>) -> Taken {
        let mut state = self.state.lock();
        while state.waiting.is_empty() {
            if state.closed.is_some() {
                return Taken::Closed;
            }
            state.idle = true;
            match most {
                None => self.filled.wait(&mut state),
                Some(most) => {
                    if self.filled.wait_for(&mut state, most).timed_out() && state.waiting.is_empty() {
                        state.idle = false;
                        return Taken::None;
                    }
                }
            }
        }
        let mut bytes = 0;
        while group.len() < GROUP_COUNT {
            let Some(next) = state.waiting.front() else { break };
            bytes += next.work.size();
            if bytes > GROUP_BYTES && !group.is_empty() {
                break;
            }
            group.extend(state.waiting.pop_front());
        }
        Taken::Some
    }

    /// Takes nothing any more; what waits is still worked off, or refused too if `drop_waiting`.
    pub(super) fn close(&self, why: &Refused, drop_waiting: bool) {
        let mut state = self.state.lock();
        // A failed store stays failed, whatever comes after.
        if !matches!(state.closed, Some(Refused::StoreFailed)) {
            state.closed = Some(why.clone());
        }
        let dropped = if drop_waiting { std::mem::take(&mut state.waiting) } else { VecDeque::new() };
        self.filled.notify_one();
        drop(state);
        for job in dropped {
            drop(job.reply.send(Err(why.clone())));
        }
    }
}
