//! A stream as its reader polls it. Nothing is read ahead for a reader who does not come: a send that blocks leaves the
//! stream unpolled, and after a while everything that it holds is freed; the reader finds its end when it reads again.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use parking_lot::Mutex;

use super::{WatchBatch, WatchEnd, WatchStream};

/// A message that was made of a batch, and with which of its tickets or events the next one begins; `None`: with none.
pub type Cut<T> = (T, Option<usize>);

/// What a reader polls: messages as `convert` made them, then one error. Dropping it ends the stream.
pub struct Feed<T>(Arc<Shared<T>>);

struct Shared<T> {
    state: Mutex<State<T>>,
    /// How long something may be there for a reader who does not come.
    patience: Duration,
}

enum State<T> {
    Live(Box<Live<T>>),
    Ended(WatchEnd),
    Over,
}

/// Puts a batch, from one of its parts on, into the message that the reader gets.
type Convert<T> = Box<dyn FnMut(&WatchBatch, usize) -> Cut<T> + Send>;

struct Live<T> {
    stream: WatchStream,
    convert: Convert<T>,
    /// What did not go into the last message, and where it begins.
    rest: Option<(WatchBatch, usize)>,
}

/// What can be freed when nobody reads it.
pub(super) trait Held: Send + Sync {
    /// Frees everything if nobody came for too long.
    fn give_up(&self);
}

impl<T: Send + 'static> Feed<T> {
    pub(crate) fn start(
        stream: WatchStream,
        patience: Duration,
        convert: impl FnMut(&WatchBatch, usize) -> Cut<T> + Send + 'static,
    ) -> Self {
        let hub = stream.hub().clone();
        let state = State::Live(Box::new(Live { stream, convert: Box::new(convert), rest: None }));
        let shared = Arc::new(Shared { state: Mutex::new(state), patience });
        let held: Arc<dyn Held> = shared.clone();
        hub.hold(Arc::downgrade(&held));
        Self(shared)
    }
}

impl<T> State<T> {
    fn too_slow(&self, patience: Duration) -> bool {
        matches!(self, Self::Live(live) if live.stream.unread_since().is_some_and(|since| since.elapsed() > patience))
    }
}

impl<T> Live<T> {
    /// The next message. A large batch is made into one message at a time, as the reader comes for them.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<T, WatchEnd>> {
        let (batch, from) = match self.rest.take() {
            Some(_) if self.stream.hub().stopping() => return Poll::Ready(Err(WatchEnd::Stopping)),
            Some(rest) => {
                self.stream.goes_on();
                rest
            }
            None => match ready!(self.stream.poll_next(context)) {
                Ok(batch) => (batch, 0),
                Err(end) => return Poll::Ready(Err(end)),
            },
        };
        let (message, rest) = (self.convert)(&batch, from);
        self.rest = rest.map(|from| (batch, from));
        Poll::Ready(Ok(message))
    }
}

impl<T: Send> Held for Shared<T> {
    fn give_up(&self) {
        // Whoever holds it is reading.
        let Some(mut state) = self.state.try_lock() else { return };
        if state.too_slow(self.patience) {
            let freed = std::mem::replace(&mut *state, State::Ended(WatchEnd::TooSlow));
            drop(state);
            drop(freed);
        }
    }
}

impl<T> futures::Stream for Feed<T> {
    type Item = Result<T, WatchEnd>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.0.state.lock();
        if state.too_slow(self.0.patience) {
            *state = State::Ended(WatchEnd::TooSlow);
        }
        let end = match &mut *state {
            State::Live(live) => match ready!(live.poll_next(context)) {
                Ok(message) => return Poll::Ready(Some(Ok(message))),
                Err(end) => end,
            },
            State::Ended(end) => end.clone(),
            State::Over => return Poll::Ready(None),
        };
        *state = State::Over;
        Poll::Ready(Some(Err(end)))
    }
}
