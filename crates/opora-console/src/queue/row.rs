//! A row of the queue: what of a ticket is held for all of them, compact. Made from the wire, knows no screen.

use std::fmt;

use opora_proto::v1;

use super::name::Name;
use super::packed::{Instant, Packed};
use super::words::Words;
use crate::clock::{Face, HOUR, State, Units, millis};
use crate::text;

pub(crate) use super::urgency::Urgency;

/// By how much the place of a continuous ticket moves up while its first answer is owed, milliseconds: further than any
/// two instants that a row can hold lie apart (2^48), and well within what a place can (2^55).
const OWED: i64 = 1 << 50;

/// One row: there may be a hundred thousand, so each byte counts.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) number: u64,
    /// As people call the customer.
    pub(crate) customer: Name,
    /// The agent's id, `olga`; empty for nobody.
    pub(crate) owner: Name,
    words: Words,
    first_response: Packed,
    resolution: Packed,
    escalated: Instant,
    pub(crate) rung: u32,
    /// The incident that it is a child of; 0: of none.
    pub(crate) incident: u64,
    pub(crate) priority: v1::Priority,
    pub(crate) state: v1::TicketState,
    pub(crate) category: v1::Category,
    /// As the contract numbers it: four bytes for five words are too many.
    impact: u8,
    /// The customer wrote last.
    pub(crate) answered: bool,
    /// Changed by somebody else since the cursor was last on it.
    pub(crate) changed: bool,
}

impl Row {
    /// With names of its own.
    #[cfg(test)]
    pub(crate) fn of(ticket: &v1::Ticket, customer: impl Into<Name>) -> Self {
        Self::new(ticket, customer.into(), owner(ticket).into())
    }

    /// From the contract. `customer` is what people call the organisation; it and the owner are shared with other rows.
    pub(crate) fn new(ticket: &v1::Ticket, customer: Name, owner: Name) -> Self {
        let sla = ticket.sla.as_ref();
        let escalation = ticket.escalation.as_ref();
        Self {
            number: ticket.number,
            customer,
            owner,
            words: Words::new(&text::clean_line(&ticket.subject), &ticket.etag),
            first_response: Face::of(sla.and_then(|s| s.first_response.as_ref())).into(),
            resolution: Face::of(sla.and_then(|s| s.resolution.as_ref())).into(),
            escalated: Instant::new(escalation.and_then(|e| millis(e.since.as_ref())).unwrap_or_default()),
            rung: escalation.map_or(0, |e| e.rung),
            incident: number_of(&ticket.incident),
            priority: ticket.priority(),
            state: ticket.state(),
            category: ticket.category(),
            impact: u8::try_from(ticket.impact).unwrap_or_default(),
            answered: ticket.customer_wrote_last,
            changed: false,
        }
    }

    /// Cleaned.
    pub(crate) fn subject(&self) -> String {
        self.words.subject()
    }

    /// The subject as the filter compares it.
    pub(crate) fn folded(&self) -> &str {
        self.words.folded()
    }

    /// Has the memory bring what [`Row::folded`] gives; the value says nothing.
    pub(crate) fn fetch(&self) -> u8 {
        self.words.fetch()
    }

    pub(crate) fn etag(&self) -> &str {
        self.words.etag()
    }

    pub(crate) fn first_response(&self) -> Face {
        self.first_response.into()
    }

    pub(crate) fn resolution(&self) -> Face {
        self.resolution.into()
    }

    /// How widely it is felt, as far as that is known.
    pub(crate) fn impact(&self) -> v1::Impact {
        v1::Impact::try_from(i32::from(self.impact)).unwrap_or_default()
    }

    /// Since when it stands on its rung, milliseconds; 0 on rung 0.
    pub(crate) fn escalated(&self) -> i64 {
        self.escalated.get()
    }

    /// Its place in the queue.
    pub(crate) fn key(&self) -> Urgency {
        use v1::TicketState::{InProgress, New, WaitingForCustomer};
        let key = |class, value| Urgency::new(class, value, self.number);
        if !matches!(self.state, New | InProgress | WaitingForCustomer) {
            return key(3, 0);
        }
        let clocks = [self.resolution(), self.first_response()];
        let [resolution, _] = &clocks;
        if resolution.state == State::Continuous {
            // Whoever waits for a first answer stands before all that have one, however old those are.
            let before = if self.owes_answer() { OWED } else { 0 };
            return key(0, resolution.start - before);
        }
        let passes = |c: &&Face| matches!(c.state, State::Running | State::Continuous);
        if let Some(due) = clocks.iter().filter(passes).filter_map(|c| c.due).min() {
            return key(1, due);
        }
        match clocks.iter().filter(|c| c.state == State::Paused).filter_map(|c| c.remaining).min() {
            Some(remaining) => key(2, remaining),
            None => key(3, 0),
        }
    }

    /// The clock that decides the row's place: the earlier of those that are unmet.
    pub(crate) fn clock(&self) -> Face {
        let (first, second) = (self.first_response(), self.resolution());
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

    /// Whether its first answer is still owed to the customer.
    pub(crate) fn owes_answer(&self) -> bool {
        self.first_response().is_unmet()
    }

    /// What the column of clocks says: both, where one of them has no target and the other is still owed.
    pub(crate) fn short(&self, now: i64, units: &Units) -> String {
        match self.owed_beside() {
            Some(answer) => self.clock().short_beside(&answer, now, units),
            None => self.clock().short(now, units),
        }
    }

    /// The first answer that is owed beside a resolution without a target.
    pub(crate) fn owed_beside(&self) -> Option<Face> {
        let answer = self.first_response();
        let beside = self.resolution().state == State::Continuous;
        (beside && matches!(answer.state, State::Running | State::Paused)).then_some(answer)
    }

    /// The next instant after `now` at which [`Row::short`] may change.
    pub(crate) fn next_change(&self, now: i64) -> Option<i64> {
        let beside = self.owed_beside().and_then(|answer| answer.next_change(now));
        self.clock().next_change(now).into_iter().chain(beside).min()
    }

    /// The earlier of the due times that are still to be kept, of whichever clock.
    pub(crate) fn next_due(&self) -> Option<i64> {
        let running = |clock: &Face| clock.state == State::Running;
        [self.first_response(), self.resolution()].into_iter().filter(running).filter_map(|clock| clock.due).min()
    }

    /// Whether a clock of it is due within the hour, or was.
    pub(crate) fn is_due_soon(&self, now: i64) -> bool {
        self.key().class() < 3 && self.next_due().is_some_and(|due| due <= now + HOUR)
    }

    pub(crate) fn is_critical(&self) -> bool {
        self.priority == v1::Priority::Critical
    }

    /// Whether an unmet clock is past its due time.
    pub(crate) fn is_breached(&self, now: i64) -> bool {
        [self.first_response(), self.resolution()].iter().any(|c| c.is_unmet() && c.is_breached(now))
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("Row");
        told.field("key", &self.key()).field("words", &self.words).field("customer", &self.customer);
        told.field("owner", &self.owner).field("priority", &self.priority).field("state", &self.state);
        told.field("clock", &self.clock()).field("rung", &self.rung).field("incident", &self.incident);
        told.field("answered", &self.answered).field("changed", &self.changed).finish_non_exhaustive()
    }
}

/// The id of the agent who has a ticket.
pub(crate) fn owner(ticket: &v1::Ticket) -> &str {
    ticket.assignee.strip_prefix("agents/").unwrap_or(&ticket.assignee)
}

/// The number of `tickets/120`; 0 where there is none.
fn number_of(name: &str) -> u64 {
    name.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_small() {
        assert!(size_of::<Option<Row>>() <= 144, "{} bytes", size_of::<Option<Row>>());
    }
}
