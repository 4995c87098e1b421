//! What the desk tells: lists, counts, explanations, what-if.

use std::sync::Arc;

use opora_core::filter::Filter;
use opora_core::model::{OrganisationId, Priority, Revision, Ticket, TicketNumber};
use opora_core::sla::{Explanation, PolicyDefinition, SlaState};
use opora_core::time::{Millis, Timestamp};
use opora_store::ReadError;

use super::Desk;
use crate::engine::{Refused, TicketRef};
use crate::followers::queue::{Cursor, OrderBy, Summary};

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
    pub tickets: Vec<Arc<Ticket>>,
    /// Where the next page begins; `None`: there is none. May be there although the page is short.
    pub next: Option<Cursor>,
    /// How many match, if asked.
    pub total: Option<u64>,
    /// The revision that it speaks of: every change up to it is seen.
    pub revision: Revision,
}

/// How the clocks of a ticket came to what they show.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The ticket.
    pub ticket: Arc<Ticket>,
    /// The clock of the first response.
    pub first_response: Explanation,
    /// The clock of the resolution.
    pub resolution: Explanation,
    /// Until when.
    pub now: Timestamp,
    /// The revision that it speaks of.
    pub revision: Revision,
}

/// What one priority would mean.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The priority.
    pub priority: Priority,
    /// The clocks.
    pub sla: SlaState,
    /// Whether it is the present one.
    pub current: bool,
}

/// What a new version of a policy would move.
#[derive(Clone, Debug)]
pub struct PolicyPreview {
    /// The policy with the version that it would get.
    pub definition: Arc<PolicyDefinition>,
    /// How many open tickets run by it.
    pub tickets: u64,
    /// How many of them would have other due times.
    pub moved: u64,
    /// How many clocks it would breach.
    pub breached: u64,
    /// The first of those that would move; at most 100.
    pub moves: Vec<PolicyMove>,
    /// The revision that it speaks of.
    pub revision: Revision,
}

/// What a new version of a policy does to a ticket.
#[derive(Clone, Debug)]
pub struct PolicyMove {
    /// Which.
    pub ticket: TicketNumber,
    /// Its clocks before.
    pub before: SlaState,
    /// Its clocks after.
    pub after: SlaState,
}

impl Desk {
    /// A page of tickets.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn list(&self, _query: ListQuery) -> Result<ListPage, ReadError> {
        Err(ReadError::Failed(String::new()))
    }

    /// The open tickets that match, in numbers; due soon is what falls due within `due_within`.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn summary(&self, _filter: Arc<Filter>, _due_within: Millis) -> Result<(Summary, Revision), ReadError> {
        Err(ReadError::Failed(String::new()))
    }

    /// How the clocks of a ticket came to what they show.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn explain(&self, _ticket: TicketRef) -> Result<Explained, Refused> {
        Err(Refused::Stopping)
    }

    /// What each priority would mean for a ticket, highest first; and now.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn preview_priority(&self, _ticket: TicketRef) -> Result<(Vec<Preview>, Timestamp), Refused> {
        Err(Refused::Stopping)
    }

    /// What each priority would mean for a ticket created then (`None`: now), highest first; and now.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn preview_new(
        &self,
        _organisation: Option<&OrganisationId>,
        _create_time: Option<Timestamp>,
    ) -> Result<(Vec<Preview>, Timestamp), Refused> {
        Err(Refused::Stopping)
    }

    /// What a new version of a policy would move.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn preview_policy(&self, _definition: PolicyDefinition) -> Result<PolicyPreview, Refused> {
        Err(Refused::Stopping)
    }
}
