//! A row of the queue: what of a ticket is held for all of them, compact. Made from the wire, knows no screen.

use std::sync::Arc;

use opora_proto::v1;

use super::customer::Customer;
use crate::clock::{Face, State, millis};
use crate::text;

/// A ticket's place in the queue (`contract.md`, `order_by` urgency); the smallest is the most urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Urgency {
    /// 0 continuous, 1 with a due time, 2 paused, 3 the rest.
    pub(crate) class: u8,
    /// Milliseconds: since when, due when, or what remains.
    pub(crate) value: i64,
    /// Ties go by number.
    pub(crate) number: u64,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) number: u64,
    pub(crate) revision: u64,
    pub(crate) key: Urgency,
    pub(crate) priority: v1::Priority,
    pub(crate) state: v1::TicketState,
    /// Cleaned.
    pub(crate) subject: Box<str>,
    /// As people call the customer.
    pub(crate) customer: Customer,
    /// The agent's id, `olga`; empty for nobody. Shared by the rows that have it.
    pub(crate) owner: Arc<str>,
    pub(crate) etag: Box<str>,
    /// Number and subject folded, for the filter.
    pub(crate) folded: Box<str>,
    pub(crate) first_response: Face,
    pub(crate) resolution: Face,
    pub(crate) rung: u32,
    /// Since when it stands on its rung, milliseconds; 0 on rung 0.
    pub(crate) escalated: i64,
    /// The incident that it is a child of; 0: of none.
    pub(crate) incident: u64,
    pub(crate) category: v1::Category,
    /// The customer wrote last.
    pub(crate) answered: bool,
    /// Changed by somebody else since the cursor was last on it.
    pub(crate) changed: bool,
}

impl Row {
    /// From the contract. `customer` is what people call the organisation.
    pub(crate) fn of(ticket: &v1::Ticket, customer: impl Into<Customer>) -> Self {
        let sla = ticket.sla.as_ref();
        let first_response = Face::of(sla.and_then(|s| s.first_response.as_ref()));
        let resolution = Face::of(sla.and_then(|s| s.resolution.as_ref()));
        let subject = text::clean_line(&ticket.subject);
        let folded = text::fold(&format!("#{} {subject}", ticket.number));
        Self {
            number: ticket.number,
            revision: ticket.revision,
            key: urgency(ticket.number, ticket.state(), &first_response, &resolution),
            priority: ticket.priority(),
            state: ticket.state(),
            subject: subject.into(),
            customer: customer.into(),
            owner: text::clean_line(ticket.assignee.strip_prefix("agents/").unwrap_or(&ticket.assignee)).into(),
            etag: ticket.etag.as_str().into(),
            folded: folded.into(),
            first_response,
            resolution,
            rung: ticket.escalation.as_ref().map_or(0, |e| e.rung),
            escalated: ticket.escalation.as_ref().and_then(|e| millis(e.since.as_ref())).unwrap_or_default(),
            incident: number_of(&ticket.incident),
            category: ticket.category(),
            answered: false,
            changed: false,
        }
    }

    /// The clock that decides the row's place: the earlier of those that are unmet.
    pub(crate) fn clock(&self) -> &Face {
        let (first, second) = (&self.first_response, &self.resolution);
        if second.state == State::Continuous {
            return second;
        }
        match (first.is_unmet(), second.is_unmet()) {
            (true, true) => match (first.state, second.state) {
                (State::Paused, State::Running) => second,
                (State::Paused, State::Paused) if second.remaining < first.remaining => second,
                (State::Running, State::Running) if second.due < first.due => second,
                _ => first,
            },
            (true, false) => first,
            _ => second,
        }
    }

    pub(crate) fn is_critical(&self) -> bool {
        self.priority == v1::Priority::Critical
    }

    /// Whether an unmet clock is past its due time.
    pub(crate) fn is_breached(&self, now: i64) -> bool {
        [&self.first_response, &self.resolution].iter().any(|c| c.is_unmet() && c.is_breached(now))
    }
}

/// The number of `tickets/120`; 0 where there is none.
fn number_of(name: &str) -> u64 {
    name.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn urgency(number: u64, state: v1::TicketState, first: &Face, second: &Face) -> Urgency {
    use v1::TicketState::{InProgress, New, WaitingForCustomer};
    let key = |class, value| Urgency { class, value, number };
    if !matches!(state, New | InProgress | WaitingForCustomer) {
        return key(3, 0);
    }
    if let Some(clock) = [second, first].into_iter().find(|c| c.state == State::Continuous) {
        return key(0, clock.start);
    }
    let clocks = [first, second];
    if let Some(due) = clocks.iter().filter(|c| c.state == State::Running).filter_map(|c| c.due).min() {
        return key(1, due);
    }
    match clocks.iter().filter(|c| c.state == State::Paused).filter_map(|c| c.remaining).min() {
        Some(remaining) => key(2, remaining),
        None => key(3, 0),
    }
}
