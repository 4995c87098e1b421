//! A ticket's history, its conversation and its description, read from the log.

use std::sync::Arc;

use opora_core::event::TicketEvent;
use opora_core::model::{Comment, Revision, Ticket, TicketNumber};
use opora_core::time::Timestamp;
use opora_store::ReadError;

use super::Desk;

/// A page of history.
#[derive(Clone, Copy, Debug)]
pub struct HistoryQuery {
    /// Whose.
    pub ticket: TicketNumber,
    /// The newest first.
    pub newest_first: bool,
    /// What comes after this revision in that direction; `None`: from the start.
    pub after: Option<Revision>,
    /// At most so many; events of one revision are not torn apart, so it may be some more.
    pub limit: usize,
    /// At most about so many bytes; at least one revision.
    pub max_bytes: usize,
}

/// An event with its revision.
#[derive(Clone, Debug)]
pub struct EventEntry {
    /// Under which revision.
    pub revision: Revision,
    /// What happened; the ticket in it as it stood after.
    pub event: TicketEvent,
}

/// A comment with its bookkeeping.
#[derive(Clone, Debug)]
pub struct CommentEntry {
    /// Under which revision.
    pub revision: Revision,
    /// When it was written.
    pub at: Timestamp,
    /// What it is.
    pub comment: Comment,
}

/// A page of a ticket's history.
#[derive(Clone, Debug)]
pub struct HistoryPage<T> {
    /// In order.
    pub items: Vec<T>,
    /// What to give as [`HistoryQuery::after`] for the next page; `None`: there is none.
    pub next: Option<Revision>,
    /// The revision that it speaks of.
    pub revision: Revision,
}

impl Desk {
    /// A page of a ticket's events.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn events(&self, _query: HistoryQuery) -> Result<HistoryPage<EventEntry>, ReadError> {
        Err(ReadError::Failed(String::new()))
    }

    /// A page of a ticket's comments.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn comments(&self, _query: HistoryQuery) -> Result<HistoryPage<CommentEntry>, ReadError> {
        Err(ReadError::Failed(String::new()))
    }

    /// A page of a ticket's attachments.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn attachments(&self, _query: HistoryQuery) -> Result<HistoryPage<EventEntry>, ReadError> {
        Err(ReadError::Failed(String::new()))
    }

    /// A ticket's description; `None`: it has none.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn description(&self, _ticket: &Ticket) -> Result<Option<Arc<str>>, ReadError> {
        Err(ReadError::Failed(String::new()))
    }
}
