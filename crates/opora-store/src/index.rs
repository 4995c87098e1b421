//! By which keys beside its number a ticket is found for good, and which of them an event brings. (The id of a request is
//! none: it finds an answer, and is forgotten.)
//!
//! Here alone stands which kinds there are. A further one is a line of `kinds!` and an arm in each function below; every
//! store, `opora check` and the conformance suite go by [`Index::ALL`] and [`Index::of`].

use std::fmt;
use std::sync::Arc;

use opora_core::event::{Change, TicketEvent};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)+) => {
        /// A kind of key that finds a ticket. Keys are compared to the letter; those of one kind never find by another.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Index {
            $($(#[$doc])* $kind,)+
        }

        impl Index {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// What it is called where somebody is told of it: the name of the field.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }
        }
    };
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

kinds!(
    /// The key of another system, with which a ticket was created.
    ExternalId = "external_id",
    /// The Message-ID of a letter that made a ticket or is a message on it.
    MessageId = "message_id",
);

impl Index {
    /// The keys that an event brings to its ticket. Where several events bring the same one, the newest has it.
    pub fn of(event: &TicketEvent) -> impl Iterator<Item = (Self, &Arc<str>)> {
        Self::ALL.iter().filter_map(|index| Some((*index, index.brought_by(event)?)))
    }

    fn brought_by(self, event: &TicketEvent) -> Option<&Arc<str>> {
        match self {
            // Every later event of the ticket holds it too.
            Self::ExternalId => {
                event.ticket.external_id.as_ref().filter(|_| matches!(event.change, Change::Created { .. }))
            }
            Self::MessageId => event.message_id.as_ref(),
        }
    }

    /// What keeps the hashes of a kind apart from those of the others. Persisted, must be kept stable; `None` is that of
    /// the kind which was there first, and of no other.
    const fn domain(self) -> Option<&'static str> {
        match self {
            Self::ExternalId => None,
            Self::MessageId => Some("opora.store.v1 message_id"),
        }
    }

    /// By what a key is found in the view.
    pub(crate) fn hash(self, key: &str) -> [u8; 16] {
        let mut hasher = self.domain().map_or_else(blake3::Hasher::new, blake3::Hasher::new_derive_key);
        let mut short = [0; 16];
        hasher.update(key.as_bytes()).finalize_xof().fill(&mut short);
        short
    }

    /// Has a creation bring a key.
    #[cfg(any(test, feature = "conformance"))]
    pub(crate) fn put(self, event: &mut TicketEvent, key: &str) {
        match self {
            Self::ExternalId => Arc::make_mut(&mut event.ticket).external_id = Some(key.into()),
            Self::MessageId => event.message_id = Some(key.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_message_id_stays_what_it_is() {
        let hash = u128::from_be_bytes(Index::MessageId.hash("<1@example.com>"));
        assert_eq!(format!("{hash:032x}"), "5271a5a5ffeb19123a1be9f97712dcfe");
    }
}
