//! Where commits go once they are durable. The engine knows none of those who follow.

use std::sync::Arc;

use opora_core::model::{Revision, Ticket, TicketNumber};

use super::log::Published;

/// What the engine asks of those who follow it. Nothing here may wait for anybody: the writer waits for it.
pub(crate) trait CommitSink: Send + Sync {
    /// A ticket that is kept in memory, as it stands after what was shown.
    fn live(&self, number: TicketNumber) -> Option<Arc<Ticket>>;

    /// Takes commits, in order: whoever reads after it returned sees them.
    fn show(&self, commits: &[Arc<Published>]);

    /// Whether telling watchers costs so little that it may come before the answers.
    fn is_soon_told(&self) -> bool;

    /// Tells watchers of commits that were shown, in order; `oldest`: the oldest revision that is read without the store.
    /// `false`: it is too much for the writer, and left to those who follow the log by themselves.
    fn tell(&self, commits: &[Arc<Published>], oldest: Revision) -> bool;
}
