//! What happened (docs/domain.md §6). Events are never altered; each holds the ticket as it stood after.

use std::sync::Arc;

use crate::model::{
    Actor, Agent, AgentId, Attachment, Category, Channel, ChecklistItem, Comment, Contact, ContactId, Entry, Impact,
    Link, Organisation, OrganisationId, Platform, Priority, Reporter, SavedView, SavedViewId, Snippet, SnippetId,
    Ticket, TicketNumber, TicketState,
};
use crate::sla::{BreachCause, Clock, ClockKind, PolicyRef};
use crate::time::Timestamp;

/// One thing that happened to a ticket. Its revision is the commit's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketEvent {
    /// When: the commit's time, or an import's.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// Why, where asked.
    pub reason: Arc<str>,
    /// What happened.
    pub change: Change,
    /// The ticket as it stood after.
    pub ticket: Arc<Ticket>,
    /// The Message-ID of the letter that it came by: of a message, or of a new ticket. To the letter as the header has it.
    pub message_id: Option<Arc<str>>,
}

impl TicketEvent {
    /// An event with what every one has.
    pub const fn new(at: Timestamp, actor: Actor, reason: Arc<str>, change: Change, ticket: Arc<Ticket>) -> Self {
        Self { at, actor, reason, change, ticket, message_id: None }
    }
}

/// What happened to a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was created.
    Created {
        /// The description; `None`: it has none.
        description: Option<Arc<str>>,
        /// The closed ticket that the customer wrote on, if that is why.
        follows: Option<TicketNumber>,
    },
    /// Fields were edited: those set are the values before.
    Updated {
        /// What they were.
        previous: Box<Edit>,
        /// The new description, if it was edited.
        description: Option<Arc<str>>,
    },
    /// The assignee changed.
    Assigned {
        /// Who had it.
        previous: Option<AgentId>,
    },
    /// Priority or impact changed.
    Reprioritised {
        /// What it was.
        previous_priority: Priority,
        /// What it was.
        previous_impact: Option<Impact>,
    },
    /// It was carried up the ladder.
    Escalated {
        /// Where it was.
        previous_rung: u32,
        /// Whom the rung is.
        whom: Arc<str>,
        /// When the rung can be reached, if not at once.
        reachable: Option<Timestamp>,
        /// Whether the policy did it after a breach.
        automatic: bool,
    },
    /// It came down the ladder.
    Deescalated {
        /// Where it was.
        previous_rung: u32,
    },
    /// The state changed.
    Transitioned {
        /// What it was.
        previous: TicketState,
    },
    /// Somebody wrote.
    Commented(Comment),
    /// Two tickets became one; stands on both.
    Merged {
        /// The part.
        source: TicketNumber,
        /// What it became a part of.
        target: TicketNumber,
    },
    /// Two tickets are two again; stands on both.
    Unmerged {
        /// What was a part.
        source: TicketNumber,
        /// What it was a part of.
        target: TicketNumber,
    },
    /// A tie was made; stands on both.
    Linked(Link),
    /// A tie was cut; stands on both.
    Unlinked(Link),
    /// A file was attached.
    Attached(Attachment),
    /// A part of an obligation's time is used up.
    SlaWarned {
        /// Which clock.
        clock: ClockKind,
        /// How much, in percent.
        percent: u8,
        /// When the obligation is due.
        due: Timestamp,
    },
    /// A due time passed.
    SlaBreached {
        /// Which clock.
        clock: ClockKind,
        /// The due instant.
        due: Timestamp,
        /// Why.
        cause: BreachCause,
    },
    /// Nobody looked after a ticket that wants continuous work.
    SlaNeglected {
        /// Since when.
        since: Timestamp,
    },
    /// Its clocks run by another version of the policy.
    PolicyApplied {
        /// The version before.
        previous: PolicyRef,
    },
    /// An earlier change was taken back.
    Undone {
        /// The revision of the change.
        revision: crate::model::Revision,
    },
    /// Its import is finished.
    ImportFinished,
    /// Its clocks were reckoned anew, by rules of this version that an earlier one reckoned otherwise.
    ClocksRecomputed {
        /// What they showed.
        previous: Box<ClocksBefore>,
    },
}

/// What the clocks of a ticket showed before they were reckoned anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClocksBefore {
    /// The policy by which they ran.
    pub policy: PolicyRef,
    /// Until the first response.
    pub first_response: Clock,
    /// Until the resolution.
    pub resolution: Clock,
}

/// Values of the fields that `UpdateTicket` edits; `None`: not edited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// What it is about.
    pub subject: Option<Arc<str>>,
    /// The report in full.
    pub description: Option<Arc<str>>,
    /// What is wrong.
    pub category: Option<Option<Category>>,
    /// The channels that fail.
    pub channels: Option<Vec<Channel>>,
    /// The generation of the platform.
    pub platform: Option<Option<Platform>>,
    /// What the customer asked for.
    pub requested_priority: Option<Option<Priority>>,
    /// When the problem appeared.
    pub occur_time: Option<Option<Timestamp>>,
    /// Where it is seen.
    pub workstations: Option<Vec<Arc<str>>>,
    /// The steps that were tried.
    pub checklist: Option<Vec<ChecklistItem>>,
    /// Tags.
    pub tags: Option<Vec<Arc<str>>>,
    /// Who reported it.
    pub reporter: Option<Reporter>,
    /// The customer.
    pub organisation: Option<Option<OrganisationId>>,
}

impl Edit {
    /// Whether it says only where a ticket belongs: whose it is, and by what it is found. That can be put right for good,
    /// also when the ticket is closed.
    pub fn only_files_it(&self) -> bool {
        let rest = Self { tags: None, workstations: None, reporter: None, organisation: None, ..self.clone() };
        rest == Self::default()
    }
}

/// A change of the directory: the entry as it stands after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DirectoryPut {
    /// A customer.
    Organisation(OrganisationId, Entry<Organisation>),
    /// A person of a customer.
    Contact(ContactId, Entry<Contact>),
    /// A support engineer.
    Agent(AgentId, Entry<Agent>),
    /// A filter with a name.
    SavedView(SavedViewId, Entry<SavedView>),
    /// A canned reply.
    Snippet(SnippetId, Entry<Snippet>),
}

impl DirectoryPut {
    /// The resource name of what was put.
    pub fn name(&self) -> String {
        match self {
            Self::Organisation(id, _) => id.name(),
            Self::Contact(id, _) => id.name(),
            Self::Agent(id, _) => id.name(),
            Self::SavedView(id, _) => id.name(),
            Self::Snippet(id, _) => id.name(),
        }
    }
}
