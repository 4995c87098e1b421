//! Watching (docs/contract.md "Requests", `WatchTickets`): ordered, unique, reliable, atomic, resumable, bookmarkable.
//! Streams read the log from cursors of their own; writers never wait for them.

mod api;
mod feed;
mod group;
mod groups;
mod hub;
mod judge;
mod stream;

pub use api::{Matched, MatchedEvent, Part, Parts, WatchBatch, WatchEnd, WatchQuery, WatchStart};
pub use feed::{Cut, Feed};
pub(crate) use hub::Hub;
pub use stream::WatchStream;
