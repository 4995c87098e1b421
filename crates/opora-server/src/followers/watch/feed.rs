//! A bounded queue between a stream and a reader that may be slow: when it stays full for too long everything in it is
//! freed, and the reader finds its end when it reads again.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{WatchBatch, WatchEnd, WatchStream};

struct Shared<T> {
    state: Mutex<State<T>>,
    room: Notify,
    gone: CancellationToken,
    capacity: usize,
    /// How long a message may wait for room.
    patience: Duration,
}

struct State<T> {
    items: VecDeque<T>,
    end: Option<WatchEnd>,
    reader: Option<Waker>,
}

/// What a reader polls: messages as `convert` made them, then one error. Dropping it ends the stream.
pub struct Feed<T>(Arc<Shared<T>>);

impl<T: Send + 'static> Feed<T> {
    /// Drives a stream in a task of its own.
    pub(crate) fn start(
        tasks: &TaskTracker,
        mut stream: WatchStream,
        capacity: usize,
        patience: Duration,
        mut convert: impl FnMut(&WatchBatch) -> T + Send + 'static,
    ) -> Self {
        let state = State { items: VecDeque::new(), end: None, reader: None };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            room: Notify::new(),
            gone: CancellationToken::new(),
            capacity: capacity.max(1),
            patience,
        });
        let pump = shared.clone();
        tasks.spawn(async move {
            let gone = pump.gone.clone();
            let end = gone.run_until_cancelled(async {
                loop {
                    match stream.next().await {
                        Ok(batch) => pump.send(convert(&batch)).await?,
                        Err(end) => return Err::<(), _>(end),
                    }
                }
            });
            if let Some(Err(end)) = end.await {
                pump.end(end);
            }
        });
        Self(shared)
    }
}

impl<T> Shared<T> {
    async fn send(&self, item: T) -> Result<(), WatchEnd> {
        let room = async {
            while self.state.lock().items.len() >= self.capacity {
                self.room.notified().await;
            }
        };
        if tokio::time::timeout(self.patience, room).await.is_err() {
            return Err(WatchEnd::TooSlow);
        }
        let reader = {
            let mut state = self.state.lock();
            state.items.push_back(item);
            state.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
        Ok(())
    }

    fn end(&self, end: WatchEnd) {
        let (freed, reader) = {
            let mut state = self.state.lock();
            let freed = if end == WatchEnd::TooSlow { std::mem::take(&mut state.items) } else { VecDeque::new() };
            state.end = Some(end);
            (freed, state.reader.take())
        };
        drop(freed);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl<T> futures::Stream for Feed<T> {
    type Item = Result<T, WatchEnd>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.0.state.lock();
        if let Some(item) = state.items.pop_front() {
            drop(state);
            self.0.room.notify_one();
            return Poll::Ready(Some(Ok(item)));
        }
        if let Some(end) = state.end.take() {
            self.0.gone.cancel();
            return Poll::Ready(Some(Err(end)));
        }
        if self.0.gone.is_cancelled() {
            return Poll::Ready(None);
        }
        state.reader = Some(context.waker().clone());
        Poll::Pending
    }
}

impl<T> Drop for Feed<T> {
    fn drop(&mut self) {
        self.0.gone.cancel();
    }
}
