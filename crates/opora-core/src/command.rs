//! What people and timers ask for: one command for each changing call of the contract, already parsed.

use std::sync::Arc;

use crate::event::Edit;
use crate::model::{
    AgentId, Attachment, Category, Channel, ChecklistItem, Impact, LinkKind, OrganisationId, Origin, Platform,
    Priority, Reporter, Revision, TicketNumber, TicketState, Visibility,
};
use crate::sla::PolicyRef;
use crate::time::Timestamp;

/// A new ticket, as asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTicket {
    /// The customer.
    pub organisation: Option<OrganisationId>,
    /// Who reports it.
    pub reporter: Reporter,
    /// What it is about.
    pub subject: Arc<str>,
    /// The report in full.
    pub description: Option<Arc<str>>,
    /// What is wrong.
    pub category: Option<Category>,
    /// The channels that fail.
    pub channels: Vec<Channel>,
    /// How widely it is felt.
    pub impact: Option<Impact>,
    /// What the customer asks for.
    pub requested_priority: Option<Priority>,
    /// The generation of the platform.
    pub platform: Option<Platform>,
    /// When the problem appeared.
    pub occur_time: Option<Timestamp>,
    /// Where it is seen.
    pub workstations: Vec<Arc<str>>,
    /// The steps that were tried.
    pub checklist: Vec<ChecklistItem>,
    /// Who shall work on it.
    pub assignee: Option<AgentId>,
    /// Tags, sorted, each once.
    pub tags: Vec<Arc<str>>,
    /// The key of another system.
    pub external_id: Option<Arc<str>>,
    /// The way by which it came.
    pub origin: Origin,
}

/// A change of one ticket (or of two, where it names another).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Edit fields.
    Update(Box<Edit>),
    /// Give it to somebody, or to nobody.
    Assign(Option<AgentId>),
    /// Another priority, or another impact and the priority that it gives.
    Reprioritise {
        /// What it shall be.
        to: Reprioritise,
        /// Why.
        reason: Arc<str>,
    },
    /// Up the ladder: the next rung, or a named higher one.
    Escalate {
        /// The rung.
        rung: Option<u32>,
        /// Why.
        reason: Arc<str>,
    },
    /// Down the ladder.
    Deescalate {
        /// The rung; 0 is off the ladder.
        rung: u32,
        /// Why.
        reason: Arc<str>,
    },
    /// Another state.
    Transition {
        /// The state.
        state: TicketState,
        /// Why.
        reason: Arc<str>,
    },
    /// A message.
    Comment {
        /// The text.
        body: Arc<str>,
        /// Who can read it.
        visibility: Visibility,
        /// A contact's address: the message is the customer's.
        author: Option<Arc<str>>,
        /// The newest revision that the writer has seen.
        seen_through: Option<Revision>,
    },
    /// Become part of another ticket.
    Merge {
        /// The other.
        target: TicketNumber,
        /// The etag of the other that the caller saw.
        target_etag: Option<Box<str>>,
        /// Why.
        reason: Arc<str>,
    },
    /// Be a ticket of its own again.
    Unmerge {
        /// Why.
        reason: Arc<str>,
    },
    /// A tie to another ticket.
    Link {
        /// The other.
        target: TicketNumber,
        /// How this one belongs to it.
        kind: LinkKind,
    },
    /// Cut a tie.
    Unlink {
        /// The other.
        target: TicketNumber,
    },
    /// A file that is already kept. The merged ticket that it came from is the domain's to know, unless it goes with a
    /// message that came from there.
    Attach(Attachment),
    /// Take back what one revision did to a facet.
    Undo {
        /// The revision.
        revision: Revision,
        /// What was changed by it.
        facet: Facet,
    },
    /// Run by another version of a policy.
    ApplyPolicy {
        /// The version.
        policy: PolicyRef,
        /// Why.
        reason: Arc<str>,
    },
    /// Let its timers run.
    FinishImport,
    /// What fell due: warnings, breaches, neglect, closing a resolved ticket (timers only).
    Tick,
    /// Show what today's rules give, where an earlier version kept something else (the start of a server only).
    RecomputeClocks,
}

/// What a priority shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reprioritise {
    /// This priority; the impact stays.
    Priority(Priority),
    /// This impact, and the priority that it gives.
    Impact(Impact),
}

/// A thing that can be undone for as long as nobody changed it since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facet {
    /// The assignee.
    Assignee,
    /// Priority and impact.
    Priority,
    /// The state.
    State,
    /// The ties.
    Links,
    /// The tags.
    Tags,
}
