//! The nouns of the desk (docs/domain.md §1). Plain values; rules live in the modules beside.

mod clocks;
mod id;
pub(crate) mod nearest;
mod part;
mod people;
mod priority;
mod state;
mod ticket;
mod word;

pub use clocks::{Breach, BreachCause, Clock, ClockKind, ClockState, Fact, FactKind, PolicyRef, SlaState};
pub use id::{
    AgentId, ContactId, IdError, OrganisationId, PolicyId, Revision, SavedViewId, SnippetId, TicketNumber, Uid, is_id,
};
pub use part::{MAX_PARTS, MAX_PARTS_BYTES, Part};
pub use people::{Actor, ActorKind, Agent, Attachment, Comment, Contact, Entry, Organisation, SavedView, Snippet};
pub use priority::Priority;
pub use state::TicketState;
pub use ticket::{ChecklistItem, Escalation, Facets, LastMessage, Link, NearestLog, Reporter, Ticket};
pub use word::{Category, Channel, Impact, LinkKind, LogKind, MissingFact, Origin, Platform, Visibility};
