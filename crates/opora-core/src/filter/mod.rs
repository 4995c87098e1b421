//! The filter language: an AIP-160 subset, judged on tickets (`contract.md`, `ListTickets`; `docs/filter.md`).

use std::sync::Arc;

use crate::model::{Ticket, TicketNumber};
use crate::time::Timestamp;

/// Why a text is not a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {position}: {detail}")]
pub struct FilterError {
    /// Where, in characters from 0.
    pub position: usize,
    /// What is wrong, with what would be right.
    pub detail: String,
}

/// A filter that was understood.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    texts: Vec<Arc<str>>,
}

/// What a filter is judged with.
pub struct Judge<'a> {
    /// Now, for what is relative to it.
    pub now: Timestamp,
    /// Whether the ticket matches the bare text of that index in [`Filter::texts`].
    pub text: &'a dyn Fn(usize, TicketNumber) -> bool,
}

impl Filter {
    /// The most bytes of a filter.
    pub const MAX_LENGTH: usize = 8 * 1024;
    /// The most nested parentheses.
    pub const MAX_DEPTH: usize = 20;
    /// The most terms.
    pub const MAX_TERMS: usize = 100;

    /// Reads a filter; an empty text matches every ticket.
    ///
    /// # Errors
    /// [`FilterError`].
    pub fn parse(_text: &str) -> Result<Self, FilterError> {
        Ok(Self::default())
    }

    /// The bare texts in it, for full-text search, in order.
    pub fn texts(&self) -> &[Arc<str>] {
        &self.texts
    }

    /// Whether it speaks of times relative to now.
    pub fn is_relative(&self) -> bool {
        false
    }

    /// Whether only open tickets (NEW, IN_PROGRESS, WAITING_FOR_CUSTOMER) can match: closed ones need not be read.
    pub fn only_open(&self) -> bool {
        false
    }

    /// Whether a ticket matches.
    pub fn matches(&self, _ticket: &Ticket, _judge: &Judge<'_>) -> bool {
        true
    }
}
