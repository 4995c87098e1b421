//! What the services ask of the engine: submissions in, commits out.

use std::sync::Arc;

use opora_core::command::{Change, NewTicket};
use opora_core::decide::Refusal;
use opora_core::event::DirectoryPut;
use opora_core::model::{
    Actor, Agent, AgentId, Attachment, Contact, ContactId, LinkKind, Organisation, OrganisationId, Origin, Revision,
    SavedView, SavedViewId, Snippet, SnippetId, Ticket, TicketNumber, Uid, Visibility,
};
use opora_core::sla::PolicyDefinition;
use opora_core::time::Timestamp;
use opora_store::{Commit, Held, RequestKey};

/// One request to change something.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Who asks.
    pub actor: Actor,
    /// The request's id and the hash of its content, if it has an id.
    pub request: Option<(RequestKey, [u8; 16])>,
    /// When it happened, for an import; the service has checked that importing is allowed.
    pub import_time: Option<Timestamp>,
    /// What is asked for.
    pub action: Action,
}

/// How a caller names a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TicketRef {
    /// By number.
    Number(TicketNumber),
    /// By uid.
    Uid(Uid),
}

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Action {
    /// A new ticket.
    Create(Box<NewTicket>),
    /// A change of one ticket.
    Change {
        /// Which.
        ticket: TicketRef,
        /// The etag that the caller saw.
        etag: Option<String>,
        /// What.
        change: Change,
    },
    /// The same change on many tickets, each standing or falling alone, under one revision.
    Batch {
        /// Which, with the etags that the caller saw.
        tickets: Vec<(TicketRef, Option<String>)>,
        /// What.
        change: Change,
    },
    /// A new ticket or a message with all that belongs to it, whole or not at all, under one revision.
    Compose(Box<Compose>),
    /// A new entry of the directory, or an edited one.
    Directory(Box<DirectoryCommand>),
    /// A new version of a policy, applied to the open tickets that run by it: the first commit holds the policy, the
    /// following ones the tickets in groups.
    ApplyPolicy {
        /// The policy; its version is the engine's to set.
        definition: Box<PolicyDefinition>,
        /// Why.
        reason: Arc<str>,
        /// The etag of the version that the caller saw.
        etag: Option<String>,
    },
    /// Let the timers of all tickets with this origin run.
    FinishImport(Origin),
}

/// What is written as one. Each part is what it would be by itself; where one is refused, none of them was made.
#[derive(Clone, Debug)]
pub struct Compose {
    /// What it begins with.
    pub opening: Opening,
    /// The tags that its ticket shall have, all of them; `None`: they stay as they are. The same tags again are refused, as
    /// they are by themselves.
    pub tags: Option<Vec<Arc<str>>>,
    /// Ties of its ticket to others.
    pub links: Vec<(TicketNumber, LinkKind)>,
    /// Files whose content is kept. They go with the message, wherever it goes (docs/domain.md §6), and have the time of
    /// their commit.
    pub files: Vec<Attachment>,
    /// Their content in hand, until the answer; less, where a ticket refers to it already.
    pub held: Vec<Arc<Held>>,
}

/// What something that is written as one begins with.
#[derive(Clone, Debug)]
pub enum Opening {
    /// A new ticket.
    Ticket(Box<NewTicket>),
    /// A message on one that is there.
    Message {
        /// Which.
        ticket: TicketRef,
        /// The etag that the caller saw.
        etag: Option<String>,
        /// The text.
        body: Arc<str>,
        /// Who can read it.
        visibility: Visibility,
        /// A contact's address: the message is the customer's.
        author: Option<Arc<str>>,
        /// The newest revision that the writer has seen.
        seen_through: Option<Revision>,
    },
}

/// A change of the directory.
#[derive(Clone, Debug)]
pub struct DirectoryCommand {
    /// A new one (refused when the id is taken), or an edit (refused when it is not there).
    pub create: bool,
    /// The etag that the caller saw.
    pub etag: Option<String>,
    /// Which, and what.
    pub put: DirectoryEdit,
}

/// An edit of a directory entry: applied by the writer to the entry as it stands (to an empty one when creating).
#[derive(Clone)]
pub enum DirectoryEdit {
    /// A customer.
    Organisation(OrganisationId, Edit<Organisation>),
    /// A person of a customer.
    Contact(ContactId, Edit<Contact>),
    /// A support engineer.
    Agent(AgentId, Edit<Agent>),
    /// A filter with a name.
    SavedView(SavedViewId, Edit<SavedView>),
    /// A canned reply.
    Snippet(SnippetId, Edit<Snippet>),
}

/// From the entry as it stands (`None`: a new one) to the one wanted.
pub type Edit<T> = Arc<dyn Fn(Option<&T>) -> T + Send + Sync>;

impl std::fmt::Debug for DirectoryEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Organisation(id, _) => write!(f, "{id}"),
            Self::Contact(id, _) => write!(f, "{id}"),
            Self::Agent(id, _) => write!(f, "{id}"),
            Self::SavedView(id, _) => write!(f, "{id}"),
            Self::Snippet(id, _) => write!(f, "{id}"),
        }
    }
}

/// What became of a submission. A repeated request gives what the first one gave.
#[derive(Clone, Debug)]
pub struct Done {
    /// The revision of the change (for a policy or an import: of the last one). `Revision::ZERO`: a batch of which
    /// nothing was accepted, or an import without tickets.
    pub revision: Revision,
    /// The commit, if there is one.
    pub commit: Option<Arc<Commit>>,
    /// The particulars.
    pub answer: Answer,
}

/// The particulars of an answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The ticket that the caller spoke of as it stood after (of a customer's message on a closed ticket: the new one),
    /// and the other of a merge. Of what was written as one: the ticket that it stands on, alone.
    Ticket(Arc<Ticket>, Option<Arc<Ticket>>),
    /// Each ticket of a batch, in the order asked for.
    Batch(Vec<Result<Arc<Ticket>, Refused>>),
    /// The entry of the directory as it stands after.
    Directory(DirectoryPut),
    /// The policy with its new version, and what it moved.
    Policy(Arc<PolicyApplied>),
    /// How many tickets there were.
    Count(u64),
}

/// A new version of a policy, and what it would move, as it was reckoned before it came.
#[derive(Clone, Debug)]
pub struct PolicyApplied {
    /// The policy with its new version.
    pub definition: Arc<PolicyDefinition>,
    /// How many open tickets ran by it.
    pub tickets: u64,
    /// How many of them have other due times.
    pub moved: u64,
    /// How many clocks it breached.
    pub breached: u64,
    /// The first of those that have other due times. What it did to them follows from where they were reckoned.
    pub shown: Vec<TicketNumber>,
    /// As of which revision it was reckoned.
    pub revision: Revision,
    /// As of which time.
    pub at: Timestamp,
}

/// Why a submission was refused.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// No such ticket, by uid.
    #[error("there is no ticket {0}")]
    NoTicket(Uid),
    /// The domain said no.
    #[error(transparent)]
    Domain(#[from] Refusal),
    /// The request id was used for something else.
    #[error("the request id was used for something else")]
    RequestIdReused,
    /// The id, or a contact's address, is taken; the name of who has it.
    #[error("{0} is there already")]
    IdTaken(String),
    /// A stale etag of a directory entry or a policy; the current one.
    #[error("somebody changed it since")]
    DirectoryEtag(String),
    /// The disk is nearly full.
    #[error("the disk is full")]
    DiskFull,
    /// Too many requests are waiting.
    #[error("too many requests are waiting")]
    Overloaded,
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
    /// The store failed; the process ends.
    #[error("the store failed")]
    StoreFailed,
    /// The store is damaged and only read.
    #[error("the store is damaged and only read")]
    ReadOnly,
    /// It concerns everybody, and the caller may see a part.
    #[error("the caller may see only a part of the desk")]
    NotPermitted,
    /// Another desk decides.
    #[error("another desk leads")]
    NotLeader,
    /// What is stored is damaged.
    #[error("what is stored is damaged: {0}")]
    Corrupt(String),
}
