//! Who acts, who writes, and what they write.

use std::fmt;
use std::sync::Arc;

use super::{AgentId, ContactId, LogKind, Platform, Revision, TicketNumber, Visibility};
use crate::time::Timestamp;

/// Who did something (docs/domain.md §10).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Actor {
    /// What they are, and their id.
    pub kind: ActorKind,
    /// Whether they proved it.
    pub verified: bool,
}

/// What an actor is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// A support engineer.
    Agent(AgentId),
    /// A person of a customer who is known.
    Contact(ContactId),
    /// A person known by address alone.
    Address(Arc<str>),
    /// Another system.
    Integration(Arc<str>),
    /// The desk itself: timers.
    System,
    /// An import.
    Importer(Arc<str>),
}

impl Actor {
    /// The desk itself.
    pub const SYSTEM: Self = Self { kind: ActorKind::System, verified: true };

    /// An agent who did not prove to be one.
    pub fn agent(id: AgentId) -> Self {
        Self { kind: ActorKind::Agent(id), verified: false }
    }

    /// Whether it acts for the desk's own people: an agent or an integration.
    pub fn is_agent(&self) -> bool {
        matches!(self.kind, ActorKind::Agent(_))
    }

    /// Whether it speaks for the customer.
    pub fn is_customer(&self) -> bool {
        matches!(self.kind, ActorKind::Contact(_) | ActorKind::Address(_))
    }
}

impl fmt::Display for Actor {
    /// The name of the contract: `agents/olga`, `system`, or an address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ActorKind::Agent(id) => id.fmt(f),
            ActorKind::Contact(id) => id.fmt(f),
            ActorKind::Address(address) => f.write_str(address),
            ActorKind::Integration(id) => write!(f, "integrations/{id}"),
            ActorKind::System => f.write_str("system"),
            ActorKind::Importer(id) => write!(f, "importers/{id}"),
        }
    }
}

/// A message on a ticket. Its name ends in the revision of the event that brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Who wrote it.
    pub author: Actor,
    /// The author's address, for a contact.
    pub author_email: Option<Arc<str>>,
    /// Who can read it.
    pub visibility: Visibility,
    /// The text.
    pub body: Arc<str>,
    /// The merged ticket that it was written to, if it came here instead (docs/domain.md §6).
    pub from: Option<TicketNumber>,
}

/// A file on a ticket. Its name ends in the revision of the event that brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The file's name, cleaned.
    pub file_name: Arc<str>,
    /// The media type that the sender gave.
    pub content_type: Arc<str>,
    /// Bytes.
    pub size: u64,
    /// BLAKE3 of the content.
    pub hash: [u8; 32],
    /// Which log it is (docs/domain.md §5).
    pub log_kind: LogKind,
    /// The platform that its name tells (docs/domain.md §2).
    pub platform: Option<Platform>,
    /// When the log was started, from its name.
    pub log_start_time: Option<Timestamp>,
    /// When the file was last written, as the sender says.
    pub modify_time: Option<Timestamp>,
    /// The merged ticket that it was sent to, if it came here instead (docs/domain.md §6).
    pub from: Option<TicketNumber>,
}

impl Attachment {
    /// The time by which it is near to a problem (docs/domain.md §5): when it was started, else last written.
    pub fn log_time(&self) -> Option<Timestamp> {
        self.log_start_time.or(self.modify_time)
    }
}

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// As people call it.
    pub display_name: Arc<str>,
    /// An IANA name.
    pub time_zone: Arc<str>,
    /// The platform that it uses.
    pub platform: Option<Platform>,
    /// The policy of its contract; `None`: the default one.
    pub policy: Option<super::PolicyId>,
    /// `ru` or `en`.
    pub language: Arc<str>,
    /// No longer a customer.
    pub archived: bool,
}

/// A person of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// As people call them.
    pub display_name: Arc<str>,
    /// Their address, unique.
    pub email: Arc<str>,
    /// Their organisation.
    pub organisation: Option<super::OrganisationId>,
    /// A telephone number.
    pub phone: Arc<str>,
    /// `ru`, `en` or empty.
    pub language: Arc<str>,
    /// No longer there.
    pub archived: bool,
}

/// A support engineer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// As people call them.
    pub display_name: Arc<str>,
    /// Their address.
    pub email: Arc<str>,
    /// An IANA name.
    pub time_zone: Arc<str>,
    /// `ru` or `en`.
    pub language: Arc<str>,
    /// No longer there; can't be assigned.
    pub archived: bool,
}

/// A filter with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// As people call it.
    pub display_name: Arc<str>,
    /// The filter.
    pub filter: Arc<str>,
    /// The order.
    pub order_by: Arc<str>,
    /// Whose it is; `None`: everybody's.
    pub owner: Option<AgentId>,
    /// No longer shown.
    pub archived: bool,
}

/// A canned reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// As people call it.
    pub display_name: Arc<str>,
    /// The text with placeholders.
    pub body: Arc<str>,
    /// `ru` or `en`.
    pub language: Arc<str>,
    /// Who it is meant for.
    pub visibility: Visibility,
    /// Whose it is; `None`: everybody's.
    pub owner: Option<AgentId>,
    /// No longer shown.
    pub archived: bool,
}

/// Something of the directory with its bookkeeping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<T> {
    /// What it is.
    pub value: T,
    /// The revision of its last change; the etag is made from it.
    pub revision: Revision,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was changed last.
    pub update_time: Timestamp,
}

impl<T> Entry<T> {
    /// The etag. The times tell it from what another desk, or one that was put back from a copy, did under the same
    /// revision.
    pub fn etag(&self) -> String {
        let at = |time: Timestamp| time.as_millis();
        format!("{:x}-{:x}-{:x}", self.revision.0, at(self.update_time), at(self.create_time))
    }
}
