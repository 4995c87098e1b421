//! The place after which a page begins, as page tokens keep it.

use opora_core::model::TicketNumber;
use opora_core::order::SortKey;
use opora_core::sla::UrgencyKey;

/// A ticket's place in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor(pub SortKey);

impl Cursor {
    /// For a page token.
    pub fn to_bytes(self) -> [u8; 17] {
        let mut bytes = [0; 17];
        let SortKey { class, key, number } = self.0;
        let parts = [class].into_iter().chain(key.to_be_bytes()).chain(number.0.to_be_bytes());
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
        let number = TicketNumber(u64::from_be_bytes(number.try_into().ok()?));
        Some(Self(SortKey { class: *class, key, number }))
    }

    /// In the order of the queue.
    pub(super) fn urgency(self) -> UrgencyKey {
        let SortKey { class, key, number } = self.0;
        UrgencyKey { class, key, number }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_bytes() {
        let cursor = Cursor(SortKey { class: 2, key: -5, number: TicketNumber(u64::MAX) });
        assert_eq!(Cursor::from_bytes(&cursor.to_bytes()), Some(cursor));
        assert_eq!(Cursor::from_bytes(&[1; 16]), None);
        assert_eq!(Cursor::from_bytes(&[1; 18]), None);
    }
}
