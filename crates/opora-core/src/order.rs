//! The orders in which tickets are listed (docs/contract.md "Requests", `ListTickets`, `order_by`), and a ticket's
//! place in each.

use std::fmt;
use std::str::FromStr;

use crate::model::{Ticket, TicketNumber};
use crate::sla::UrgencyKey;

/// What tickets are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OrderKey {
    /// The order of the queue: continuous, the unanswered first and each by age, then by the earliest unmet due time, then
    /// paused, then the rest.
    #[default]
    Urgency,
    /// When they were created.
    CreateTime,
    /// When something happened last.
    UpdateTime,
    /// Their numbers.
    Number,
    /// Priority by rank, LOW first.
    Priority,
}

impl OrderKey {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Urgency, Self::CreateTime, Self::UpdateTime, Self::Number, Self::Priority];

    /// The word of the contract.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Urgency => "urgency",
            Self::CreateTime => "create_time",
            Self::UpdateTime => "update_time",
            Self::Number => "number",
            Self::Priority => "priority",
        }
    }
}

/// An order; empty text: by urgency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OrderBy {
    /// What they are ordered by.
    pub key: OrderKey,
    /// The other way round.
    pub descending: bool,
}

/// Why a text is not an order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an order: one of `urgency`, `create_time`, `update_time`, `number`, `priority`, \
     with ` desc` behind it for the other way round"
)]
pub struct OrderError(pub String);

/// A ticket's place in an order; the smallest comes first, and no two tickets have the same. What a page token keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SortKey {
    /// First by this,
    pub class: u8,
    /// then by this,
    pub key: i64,
    /// then by number, lowest first whatever the direction.
    pub number: TicketNumber,
}

impl OrderBy {
    /// The place of a ticket.
    pub fn key_of(&self, ticket: &Ticket) -> SortKey {
        let number = ticket.number;
        let (class, key) = match self.key {
            OrderKey::Urgency => {
                let urgency = UrgencyKey::of(ticket);
                (urgency.class, urgency.key)
            }
            OrderKey::CreateTime => (0, ticket.create_time.as_millis()),
            OrderKey::UpdateTime => (0, ticket.update_time.as_millis()),
            OrderKey::Number => (0, number.0 as i64),
            OrderKey::Priority => (0, ticket.priority as i64),
        };
        // The complement turns an order round without overflow.
        if self.descending { SortKey { class: !class, key: !key, number } } else { SortKey { class, key, number } }
    }
}

impl FromStr for OrderBy {
    type Err = OrderError;

    fn from_str(text: &str) -> Result<Self, OrderError> {
        let fail = || OrderError(text.chars().take(40).collect());
        let mut words = text.split_whitespace();
        let Some(name) = words.next() else { return Ok(Self::default()) };
        let key = OrderKey::ALL.into_iter().find(|key| key.word() == name).ok_or_else(fail)?;
        let descending = match words.next() {
            None => false,
            Some("desc") => true,
            Some(_) => return Err(fail()),
        };
        if words.next().is_some() { Err(fail()) } else { Ok(Self { key, descending }) }
    }
}

impl fmt::Display for OrderBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key.word())?;
        if self.descending { f.write_str(" desc") } else { Ok(()) }
    }
}
