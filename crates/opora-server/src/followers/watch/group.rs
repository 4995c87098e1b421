//! All streams with the same filter: what matched it lately, and who waits for more.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use opora_core::filter::Filter;
use opora_core::model::Revision;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::Matched;
use crate::scope::Scope;

/// All streams with the same filter.
pub(super) struct FilterGroup {
    pub(super) filter: Arc<Filter>,
    /// What all of them may see: what they are told is made by it.
    pub(super) scope: Scope,
    state: Mutex<State>,
}

struct State {
    /// Everything from here on that matched is kept.
    from: Revision,
    matched: VecDeque<Arc<Matched>>,
    waiting: Vec<Arc<Seat>>,
}

/// Where a stream waits.
#[derive(Default)]
pub(super) struct Seat(Mutex<Sitting>);

#[derive(Default)]
struct Sitting {
    waker: Option<Waker>,
    /// Whether the group knows of it.
    listed: bool,
    /// When it was woken and did not come yet.
    woken: Option<Instant>,
}

/// What a group has for a stream.
pub(super) enum Next {
    /// A commit that matched.
    Matched(Arc<Matched>),
    /// Nothing that matched up to this revision; the stream will be woken.
    Nothing(Revision),
    /// The stream is further behind than what is kept.
    Behind,
}

impl FilterGroup {
    /// A group that knows everything from a revision on.
    pub(super) fn new(filter: Arc<Filter>, scope: Scope, from: Revision) -> Self {
        let state = State { from, matched: VecDeque::new(), waiting: Vec::new() };
        Self { filter, scope, state: Mutex::new(state) }
    }

    /// What there is from a revision on, where everything up to `judged` was judged; if nothing, who sits on the seat
    /// is woken when there is.
    pub(super) fn next(&self, from: Revision, judged: Revision, seat: &Arc<Seat>, waker: &Waker) -> Next {
        let mut state = self.state.lock();
        if from >= state.from {
            let place = state.matched.partition_point(|matched| matched.commit.revision < from);
            if let Some(matched) = state.matched.get(place) {
                return Next::Matched(matched.clone());
            }
        } else if judged >= from {
            return Next::Behind;
        }
        if seat.take(waker) {
            state.waiting.push(seat.clone());
        }
        Next::Nothing(judged)
    }

    /// Adds what a commit means to it; forgets what the log has forgotten; wakes who waits.
    pub(super) fn push(&self, matched: Arc<Matched>, oldest: Revision) {
        let waiting = {
            let mut state = self.state.lock();
            state.trim(oldest);
            state.matched.push_back(matched);
            std::mem::take(&mut state.waiting)
        };
        for seat in waiting {
            seat.wake();
        }
    }

    /// Forgets what the log has forgotten, and who went away.
    pub(super) fn trim(&self, oldest: Revision) {
        let mut state = self.state.lock();
        state.trim(oldest);
        state.waiting.retain(|seat| Arc::strong_count(seat) > 1);
    }

    /// Wakes who waits, though there is nothing.
    pub(super) fn wake(&self) {
        let waiting = std::mem::take(&mut self.state.lock().waiting);
        for seat in waiting {
            seat.wake();
        }
    }
}

impl State {
    fn trim(&mut self, oldest: Revision) {
        self.from = self.from.max(oldest);
        while self.matched.front().is_some_and(|matched| matched.commit.revision < oldest) {
            self.matched.pop_front();
        }
    }
}

impl Seat {
    /// Sits down; gives whether the group has to be told.
    fn take(&self, waker: &Waker) -> bool {
        let mut sitting = self.0.lock();
        match &mut sitting.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        !std::mem::replace(&mut sitting.listed, true)
    }

    fn wake(&self) {
        let waker = {
            let mut sitting = self.0.lock();
            sitting.listed = false;
            sitting.woken.get_or_insert_with(Instant::now);
            sitting.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whoever sits here has come.
    pub(super) fn came(&self) {
        self.0.lock().woken = None;
    }

    /// Since when somebody is woken and does not come.
    pub(super) fn woken(&self) -> Option<Instant> {
        self.0.lock().woken
    }
}
