//! The orders of a list and the places in them.

use opora_core::model::{Ticket, TicketNumber};
use opora_core::sla::UrgencyKey;

/// What a list is ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OrderField {
    /// Continuous by age, then by due time, then paused by what remains, then the rest.
    #[default]
    Urgency,
    /// When it was created.
    CreateTime,
    /// When something happened on it last.
    UpdateTime,
    /// Its number.
    Number,
    /// Its priority, lowest first.
    Priority,
}

/// The order of a list; ties by number, in the same direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OrderBy {
    /// By what.
    pub field: OrderField,
    /// The greatest first.
    pub descending: bool,
}

/// A ticket's place in an order: a page begins after one. Its bytes go into page tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub(super) class: u8,
    pub(super) key: i64,
    pub(super) number: u64,
}

impl OrderBy {
    /// Reads `order_by` of the contract: a field and perhaps ` desc`; empty is `urgency`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let field = match words.next() {
            None | Some("urgency") => OrderField::Urgency,
            Some("create_time") => OrderField::CreateTime,
            Some("update_time") => OrderField::UpdateTime,
            Some("number") => OrderField::Number,
            Some("priority") => OrderField::Priority,
            Some(_) => return None,
        };
        let descending = match words.next() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return None,
        };
        words.next().is_none().then_some(Self { field, descending })
    }

    /// A ticket's place.
    pub fn place(self, ticket: &Ticket) -> Cursor {
        let number = ticket.number.0;
        let key = match self.field {
            OrderField::Urgency => return UrgencyKey::of(ticket).into(),
            OrderField::CreateTime => ticket.create_time.as_millis(),
            OrderField::UpdateTime => ticket.update_time.as_millis(),
            OrderField::Number => 0,
            OrderField::Priority => ticket.priority as i64,
        };
        Cursor { class: 0, key, number }
    }

    /// Whether a place comes after a cursor.
    pub(super) fn is_after(self, place: &Cursor, cursor: &Cursor) -> bool {
        if self.descending { place < cursor } else { place > cursor }
    }
}

impl Cursor {
    /// The ticket whose place it is.
    pub fn number(&self) -> TicketNumber {
        TicketNumber(self.number)
    }

    /// For a page token.
    pub fn to_bytes(self) -> [u8; 17] {
        let mut bytes = [0; 17];
        let parts = [self.class].into_iter().chain(self.key.to_be_bytes()).chain(self.number.to_be_bytes());
        for (to, from) in bytes.iter_mut().zip(parts) {
            *to = from;
        }
        bytes
    }

    /// From a page token.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (class, rest) = bytes.split_first()?;
        let (key, number) = rest.split_at_checked(8)?;
        let key = i64::from_be_bytes(key.try_into().ok()?);
        Some(Self { class: *class, key, number: u64::from_be_bytes(number.try_into().ok()?) })
    }
}

impl From<UrgencyKey> for Cursor {
    fn from(key: UrgencyKey) -> Self {
        Self { class: key.class, key: key.key, number: key.number.0 }
    }
}

impl From<Cursor> for UrgencyKey {
    fn from(cursor: Cursor) -> Self {
        Self { class: cursor.class, key: cursor.key, number: TicketNumber(cursor.number) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_and_anything_else_is_not() {
        let urgency = OrderBy::default();
        assert_eq!(OrderBy::parse(""), Some(urgency));
        assert_eq!(
            OrderBy::parse("update_time desc"),
            Some(OrderBy { field: OrderField::UpdateTime, descending: true })
        );
        for bad in ["Urgency", "number down", "number desc desc", "number, priority"] {
            assert_eq!(OrderBy::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_cursor_survives_its_bytes() {
        let cursor = Cursor { class: 2, key: -5, number: u64::MAX };
        assert_eq!(Cursor::from_bytes(&cursor.to_bytes()), Some(cursor));
        assert_eq!(Cursor::from_bytes(&[1; 16]), None);
        assert_eq!(Cursor::from_bytes(&[1; 18]), None);
    }
}
