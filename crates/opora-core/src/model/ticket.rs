//! A ticket (docs/domain.md §1, §6; docs/contract.md "Ticket").

use std::sync::Arc;

use super::{
    AgentId, Category, Channel, Impact, LinkKind, LogKind, MissingFact, OrganisationId, Origin, Part, Platform,
    Priority, Revision, SlaState, TicketNumber, TicketState, Uid,
};
use crate::time::Timestamp;

/// One reported problem, without its description, which is kept with the event that set it.
///
/// Nothing in it depends on the time of reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The number by which people quote it.
    pub number: TicketNumber,
    /// Its UUIDv7.
    pub uid: Uid,
    /// Revision of the last event on it.
    pub revision: Revision,
    /// Revision of the last change of what a caller can set; the etag is made from it.
    pub etag_revision: Revision,
    /// Random bits of that change: a desk that was put back from a copy makes other changes under the same revisions.
    pub etag_random: u32,
    /// The customer.
    pub organisation: Option<OrganisationId>,
    /// Who reported it.
    pub reporter: Reporter,
    /// What it is about.
    pub subject: Arc<str>,
    /// Revision of the event that set the description; `Revision::ZERO`: there is none.
    pub description_revision: Revision,
    /// Bytes of the description.
    pub description_len: u32,
    /// What is wrong.
    pub category: Option<Category>,
    /// The channels that fail, each once.
    pub channels: Vec<Channel>,
    /// How widely it is felt.
    pub impact: Option<Impact>,
    /// How urgent it is.
    pub priority: Priority,
    /// What the customer asked for; kept beside `priority` (docs/domain.md §3).
    pub requested_priority: Option<Priority>,
    /// Neither impact nor a requested priority is known (docs/domain.md §3).
    pub unassessed: bool,
    /// The generation of the platform.
    pub platform: Option<Platform>,
    /// When the problem appeared.
    pub occur_time: Option<Timestamp>,
    /// Where it is seen.
    pub workstations: Vec<Arc<str>>,
    /// The steps that the customer was asked to try (docs/domain.md §4).
    pub checklist: Vec<ChecklistItem>,
    /// What the report still lacks (docs/domain.md §4).
    pub missing_facts: Vec<MissingFact>,
    /// Where it is in its life.
    pub state: TicketState,
    /// The state before it was merged, to which unmerging returns.
    pub state_before_merge: Option<TicketState>,
    /// Who works on it.
    pub assignee: Option<AgentId>,
    /// Sorted, each once.
    pub tags: Vec<Arc<str>>,
    /// The key of another system, unique.
    pub external_id: Option<Arc<str>>,
    /// The way by which it came.
    pub origin: Origin,
    /// How far up the ladder it was carried; `None`: it never was (docs/domain.md §8).
    pub escalation: Option<Escalation>,
    /// Its clocks and the facts that they are reckoned from.
    pub sla: SlaState,
    /// The incident that it is a child of.
    pub incident: Option<TicketNumber>,
    /// The ticket that it is part of.
    pub merged_into: Option<TicketNumber>,
    /// Ties to other tickets, in order of their numbers.
    pub links: Vec<Link>,
    /// When it was created; for e-mail, when the message was received.
    pub create_time: Timestamp,
    /// When the last event happened on it.
    pub update_time: Timestamp,
    /// When it became RESOLVED last, while it is.
    pub resolve_time: Option<Timestamp>,
    /// The tickets that were merged into it, and into these, in order of their numbers.
    pub parts: Vec<Part>,
    /// How many comments it shows: its own and those of its parts.
    pub comment_count: u32,
    /// How many files it shows: its own and those of its parts.
    pub attachment_count: u32,
    /// Revision of its own newest comment; `Revision::ZERO`: there is none.
    pub last_comment_revision: Revision,
    /// Its own newest public message, for `seen_through`.
    pub last_public_message: Option<LastMessage>,
    /// The logs it has of its own: of each kind the file nearest to the problem (docs/domain.md §5).
    pub logs: Vec<NearestLog>,
    /// When each thing that can be undone was changed last.
    pub facets: Facets,
    /// Timers leave it alone until its import is finished.
    pub importing: bool,
}

/// The person who reported a problem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reporter {
    /// As people call them.
    pub display_name: Arc<str>,
    /// Their address.
    pub email: Arc<str>,
}

/// A step that a customer tries before the logs are sent (docs/domain.md §4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChecklistItem {
    /// Which step, an id of the configuration.
    pub step: Arc<str>,
    /// Whether it was tried.
    pub done: bool,
    /// What came of it.
    pub note: Arc<str>,
}

/// How far up the ladder a ticket was carried (docs/domain.md §8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// The rung, from 1; 0 where it was taken off the ladder again.
    pub rung: u32,
    /// Since when it stands there.
    pub since: Timestamp,
    /// Why.
    pub reason: Arc<str>,
}

/// A tie to another ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The other ticket.
    pub ticket: TicketNumber,
    /// How they belong together, read from the ticket that holds the link.
    pub kind: LinkKind,
}

/// The newest public message on a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastMessage {
    /// The revision that brought it.
    pub revision: Revision,
    /// Whose it is: the name of the actor, or the contact's address.
    pub author: Arc<str>,
    /// Whether it speaks for the customer.
    pub by_customer: bool,
}

/// Of one kind of log, the file nearest in time to the problem (docs/domain.md §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearestLog {
    /// The kind.
    pub kind: LogKind,
    /// The revision that attached the file.
    pub attachment: Revision,
    /// When the file was started, or else last written.
    pub at: Option<Timestamp>,
}

/// The revisions at which the things that can be undone were changed last; `Revision::ZERO`: never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    /// The assignee.
    pub assignee: Revision,
    /// Priority and impact.
    pub priority: Revision,
    /// The state.
    pub state: Revision,
    /// The ties.
    pub links: Revision,
    /// The tags.
    pub tags: Revision,
}

impl Ticket {
    /// The etag: changes with what a caller can set, not with comments, counts, warnings or breaches. It names the
    /// ticket's uid and the very change, so that one of another desk, or of what a copy lost, never matches.
    pub fn etag(&self) -> String {
        format!("{}-{:x}-{:x}", self.uid.0.simple(), self.etag_revision.0, self.etag_random)
    }

    /// The rung that it stands on, 0 if it was never escalated.
    pub fn rung(&self) -> u32 {
        self.escalation.as_ref().map_or(0, |e| e.rung)
    }
}
