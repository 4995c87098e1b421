//! The order of the queue (docs/contract.md "Requests", `ListTickets`): continuous, those whose first response is owed
//! before the others, each by age; then by the earliest unmet due time, then paused by what remains, then the rest;
//! ties by number.

use super::{Clock, ClockState};
use crate::model::{Ticket, TicketNumber};

/// A ticket's place in the queue; the smallest is the most urgent. Does not depend on the time of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UrgencyKey {
    /// 0 continuous with a first response owed, 1 continuous, 2 with a due time, 3 paused, 4 the rest.
    pub class: u8,
    /// Milliseconds: since when, due when, or what remains.
    pub key: i64,
    /// The number.
    pub number: TicketNumber,
}

impl UrgencyKey {
    /// The class of tickets that are in no hurry.
    pub const REST: u8 = 4;

    /// The place of a ticket. Tickets that are not open are of the rest.
    pub fn of(ticket: &Ticket) -> Self {
        let number = ticket.number;
        let rest = Self { class: Self::REST, key: 0, number };
        if !ticket.state.is_open() {
            return rest;
        }
        if let Some(since) = ticket.sla.continuous_since {
            let answered = ticket.sla.first_response.met.is_some();
            return Self { class: u8::from(answered), key: since.as_millis(), number };
        }
        let clocks = [&ticket.sla.first_response, &ticket.sla.resolution];
        let unmet = |c: &&&Clock| matches!(c.state, ClockState::Running | ClockState::Continuous);
        if let Some(due) = clocks.iter().filter(unmet).filter_map(|c| c.due).min() {
            return Self { class: 2, key: due.as_millis(), number };
        }
        match clocks.iter().filter_map(|c| c.remaining).min() {
            Some(remaining) => Self { class: 3, key: remaining.0, number },
            None => rest,
        }
    }
}
