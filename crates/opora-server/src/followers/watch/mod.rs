//! Watching (`contract.md`, `WatchTickets`): ordered, unique, reliable, atomic, resumable, bookmarkable. Streams read
//! the log from cursors of their own; writers never wait for them.

mod api;
mod stream;

pub use api::{Matched, MatchedEvent, WatchBatch, WatchEnd, WatchQuery, WatchStart};
pub use stream::WatchStream;
