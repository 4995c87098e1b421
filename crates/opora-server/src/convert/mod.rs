//! Between the wire and the domain: text becomes a type at the edge, and everything that is wrong is told at once, by
//! the path of its field (docs/contract.md "Promises"). Inside there is nothing to check again.
//!
//! Knows no store and no engine: what needs a look into either is the services' to ask.

pub(crate) mod calls;
mod directory;
mod edit;
mod event;
mod explain;
mod new_ticket;
mod policy;
mod read;
mod ticket;
mod time;
mod word;

pub(crate) use calls::{optional, parse_names, request_id, ticket_ref};
pub(crate) use directory::DirectoryEntry;
pub(crate) use event::{attachment, comment, event};
pub(crate) use explain::{explanation, preview};
pub(crate) use new_ticket::new_ticket;
pub(crate) use policy::{calendar_to_wire, policy_from_wire, policy_to_wire};
pub(crate) use read::is_email;
pub(crate) use ticket::{ticket, ticket_sla};
pub(crate) use time::{duration, length, timestamp};
pub(crate) use word::Word;
