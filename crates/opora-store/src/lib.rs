//! The store: what the engine asks of it ([`Store`]), the embedded one (journal and sled view), blobs.
//!
//! Knows commits, tickets and request ids; never decides anything about a ticket.

mod api;
mod blobs;
mod check;
mod codec;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod disk;
mod embedded;
mod index;
mod journal;
mod passing;
mod priority;
mod replay;
#[cfg(test)]
mod tests;
mod view;
mod wrong;

pub use api::{
    AppendError, Commit, Damage, Epoch, Position, ReadError, Record, Remembered, RequestKey, RequestRecord, Store,
    StoreUid,
};
pub use blobs::{
    Beside, Blob, BlobError, BlobOptions, Blobs, Candidates, Finishing, Hash, Held, LEAST_STAGED, Pile, Sending, Staged,
};
pub use check::{CheckFinding, CheckReport, Severity, Stage, check};
pub use codec::answer;
pub use disk::tells_passing;
pub use embedded::{Embedded, EmbeddedOptions, OpenError, ProbeError, boot_id, probe_view};
pub use index::Index;
pub use passing::PassingDir;
pub use priority::{Activity, yield_to_others};
pub use replay::replay;
pub use wrong::Wrong;
