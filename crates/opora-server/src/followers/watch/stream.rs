//! One stream.

use super::{WatchBatch, WatchEnd};

/// A stream of what a watcher asked for. Dropping it ends it.
#[derive(Debug)]
pub struct WatchStream(());

impl WatchStream {
    /// The next message; waits for it. Cancelling the wait loses nothing.
    ///
    /// # Errors
    /// [`WatchEnd`], after which nothing comes.
    #[expect(clippy::unused_async, reason = "the signature first")]
    pub async fn next(&mut self) -> Result<WatchBatch, WatchEnd> {
        let Self(()) = self;
        Err(WatchEnd::Stopping)
    }
}
