//! The filter language: an AIP-160 subset, judged on tickets (docs/contract.md "Requests", `ListTickets`;
//! `docs/filter.md`). Knows tickets alone: full text is looked up by who judges.

mod cost;
mod display;
mod field;
mod judge;
mod key;
mod parse;
mod term;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::field::Field;
use self::judge::Seen;
#[cfg(test)]
pub(crate) use self::judge::folded;
pub use self::key::Key;
use self::term::{Op, Term, Value};
use crate::model::{OrganisationId, Ticket, TicketNumber};
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

/// A filter that was understood. Its `Display` is canonical: filters that differ only in spacing, quoting or needless
/// parentheses give the same text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    root: Node,
    texts: Vec<Arc<str>>,
    cost: u32,
}

/// A part of a filter. Never nested deeper than a few times [`Filter::MAX_DEPTH`]: walking it may recurse.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Term(Term),
    /// A bare text, by its index.
    Text(usize),
}

impl Default for Node {
    fn default() -> Self {
        Self::And(Vec::new())
    }
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

    /// The most that a filter weighs ([`Filter::cost`]): as many parts of texts as there may be terms.
    pub const MAX_COST: u32 = 400;

    /// Reads a filter; an empty text matches every ticket.
    ///
    /// # Errors
    /// [`FilterError`].
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::parse(text)
    }

    /// About how much it costs to judge it on a ticket, in terms that compare one value.
    pub const fn cost(&self) -> u32 {
        self.cost
    }

    /// The names of all fields, for help and completion.
    pub fn fields() -> impl Iterator<Item = &'static str> {
        field::Field::ALL.iter().map(|field| field.name())
    }

    /// The bare texts in it, for full-text search, in order, each once.
    pub fn texts(&self) -> &[Arc<str>] {
        &self.texts
    }

    /// The texts, by their indexes, that every ticket that matches has.
    pub fn required_texts(&self) -> Vec<usize> {
        judge::required_texts(&self.root)
    }

    /// Values one of which every ticket that matches has, so that a change need be judged only for filters that have a
    /// key in common with the ticket before or after it; `None`: any ticket may match.
    pub fn keys(&self) -> Option<Vec<Key>> {
        key::keys(&self.root)
    }

    /// Whether it speaks of times relative to now.
    pub fn is_relative(&self) -> bool {
        judge::is_relative(&self.root)
    }

    /// Whether only open tickets (NEW, IN_PROGRESS, WAITING_FOR_CUSTOMER) can match: closed ones need not be read.
    /// Never wrong when it says yes; it may say no where yes would be right.
    pub fn only_open(&self) -> bool {
        judge::only_open(&self.root)
    }

    /// The same filter, for tickets of one organisation alone: for callers who may see no other.
    #[must_use]
    pub fn within(&self, organisation: &OrganisationId) -> Self {
        let own = Term { field: Field::Organisation, op: Op::Eq, value: Value::Organisation(organisation.clone()) };
        let root = Node::And(vec![Node::Term(own), self.root.clone()]);
        Self { root, texts: self.texts.clone(), cost: self.cost.saturating_add(1) }
    }

    /// Whether a ticket matches.
    pub fn matches(&self, ticket: &Ticket, judge: &Judge<'_>) -> bool {
        judge::matches(&self.root, &Seen::new(ticket), judge)
    }
}
