//! Ids parsed into types (docs/contract.md "Ticket"): what is an `AgentId` is well formed.

use std::fmt;
use std::sync::Arc;

use crate::time::Timestamp;

/// Why a text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id: 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends")]
pub struct IdError(pub String);

/// Whether a text is an id: 1 to 63 of `a-z`, `0-9` and `-`, with a letter or digit at both ends.
pub fn is_id(text: &str) -> bool {
    let end = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= 63
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && end(text.bytes().next())
        && end(text.bytes().next_back())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $collection:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The part of a name before the slash.
            pub const COLLECTION: &'static str = $collection;

            /// An id from its text.
            ///
            /// # Errors
            /// [`IdError`] when the text breaks the rules of ids.
            pub fn new(text: &str) -> Result<Self, IdError> {
                if is_id(text) { Ok(Self(text.into())) } else { Err(IdError(text.chars().take(100).collect())) }
            }

            /// The id in a name of the contract.
            ///
            /// # Errors
            /// [`IdError`] when the name is of another collection or its id is not one.
            pub fn from_name(name: &str) -> Result<Self, IdError> {
                match name.strip_prefix(concat!($collection, "/")) {
                    Some(id) => Self::new(id),
                    None => Err(IdError(name.chars().take(100).collect())),
                }
            }

            /// The bare id.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The name of the contract.
            pub fn name(&self) -> String {
                format!(concat!($collection, "/{}"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($collection, "/{}"), self.0)
            }
        }
    };
}

id!(
    /// A customer, `organisations/acme`.
    OrganisationId, "organisations"
);
id!(
    /// A person of a customer, `contacts/anna`.
    ContactId, "contacts"
);
id!(
    /// A support engineer, `agents/olga`.
    AgentId, "agents"
);
id!(
    /// A filter with a name, `savedViews/burning`.
    SavedViewId, "savedViews"
);
id!(
    /// A canned reply, `snippets/greeting`.
    SnippetId, "snippets"
);
id!(
    /// A table of targets, `policies/default`.
    PolicyId, "policies"
);

/// The number by which people quote a ticket: grows by one from 1, is never reused (docs/domain.md §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TicketNumber(pub u64);

impl fmt::Display for TicketNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tickets/{}", self.0)
    }
}

/// A place in the one total order of what happened; from 1, without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl Revision {
    /// Before anything happened.
    pub const ZERO: Self = Self(0);

    /// The one after.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A ticket's UUIDv7, whose low 40 bits carry its number: `tickets/<uid>` is found without an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(pub uuid::Uuid);

impl Uid {
    const NUMBER_BITS: u32 = 40;
    const NUMBER_MASK: u128 = (1 << Self::NUMBER_BITS) - 1;

    /// The uid of a ticket: its creation time, its number and random bits.
    pub fn new(at: Timestamp, number: TicketNumber, random: u64) -> Self {
        let ms = u128::try_from(at.as_millis().max(0)).unwrap_or(0) & ((1 << 48) - 1);
        let random = u128::from(random);
        // RFC 9562: 48 bits of time, version 7, 12 bits, variant 10, 62 bits; the number stands in the last 40.
        let bits = (ms << 80)
            | (0x7 << 76)
            | ((random & 0xfff) << 64)
            | (0b10 << 62)
            | (((random >> 12) & ((1 << 22) - 1)) << Self::NUMBER_BITS)
            | (u128::from(number.0) & Self::NUMBER_MASK);
        Self(uuid::Uuid::from_u128(bits))
    }

    /// The number that a uid of this desk carries. The ticket of that number must still be compared with it.
    pub fn number(self) -> TicketNumber {
        TicketNumber((self.0.as_u128() & Self::NUMBER_MASK) as u64)
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_is_a_uuid_of_version_7_and_carries_the_number() {
        let uid = Uid::new(Timestamp::from_millis(1_700_000_000_000), TicketNumber(123_456_789), u64::MAX);
        assert_eq!(uid.0.get_version_num(), 7);
        assert_eq!(uid.0.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(uid.number(), TicketNumber(123_456_789));
        assert_eq!(uid.0.get_timestamp().unwrap().to_unix().0, 1_700_000_000);
    }

    #[test]
    fn ids_are_checked_at_below_and_above_their_limits() {
        assert!(AgentId::new("a").is_ok() && AgentId::new(&"a".repeat(63)).is_ok());
        for bad in ["", "-a", "a-", "A", "a_b", "ольга", &"a".repeat(64)] {
            assert!(AgentId::new(bad).is_err(), "{bad}");
        }
        assert_eq!(AgentId::from_name("agents/olga").unwrap().name(), "agents/olga");
        assert!(AgentId::from_name("contacts/olga").is_err());
    }
}
