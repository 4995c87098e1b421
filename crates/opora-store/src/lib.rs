//! The store: what the engine asks of it ([`Store`]), the embedded one (journal and sled view), blobs.
//!
//! Knows commits, tickets and request ids; never decides anything about a ticket.

mod api;

pub use api::{
    AppendError, Commit, Position, ReadError, Record, Remembered, RequestKey, RequestRecord, Store, StoreUid,
};
