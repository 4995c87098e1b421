//! What a list is asked for, and what it gives.

use std::sync::Arc;

use opora_core::filter::Filter;
use opora_core::model::Revision;
use opora_core::order::OrderBy;

use super::{Cursor, Listed};

/// What a list is to hold.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// Which tickets.
    pub filter: Arc<Filter>,
    /// In which order.
    pub order: OrderBy,
    /// After which place; `None`: from the start.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: usize,
    /// At most about so many bytes, as they would be encoded; at least one ticket.
    pub max_bytes: usize,
    /// Whether descriptions will be sent too, which then count.
    pub with_descriptions: bool,
    /// Whether to count all that match.
    pub include_total: bool,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct ListPage {
    /// The tickets in order.
    pub tickets: Vec<Arc<Listed>>,
    /// Their places: a page that ends with one of them is followed by one that begins after its place.
    pub places: Vec<Cursor>,
    /// Where the next page begins; `None`: there is none. May be there although the page is short.
    pub next: Option<Cursor>,
    /// How many match, if asked.
    pub total: Option<u64>,
    /// The revision that it speaks of: every change up to it is seen, and none after it.
    pub revision: Revision,
}

impl ListPage {
    /// Keeps the first of its tickets; the others are for the next page.
    pub(crate) fn keep(&mut self, count: usize) {
        if count < self.tickets.len() {
            self.tickets.truncate(count);
            self.places.truncate(count);
            self.next = self.places.last().copied().or(self.next);
        }
    }
}
