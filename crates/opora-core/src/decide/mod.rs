//! Deciding: a command on a ticket becomes events, or a refusal (domain.md §3-§8). Pure: what has to be known is in
//! [`Context`].

mod refusal;

use crate::command::{Change, NewTicket};
use crate::event::TicketEvent;
use crate::ladder::Ladder;
use crate::model::{
    Actor, Agent, AgentId, Contact, ContactId, Entry, Organisation, OrganisationId, PolicyId, Revision, Ticket,
    TicketNumber,
};
use crate::sla::Policies;
use crate::time::{Millis, Timestamp};
use std::sync::Arc;

pub use refusal::Refusal;

/// What a contract or a configuration can change (domain.md, introduction), with the values of domain.md as default.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Every version of every policy.
    pub policies: Policies,
    /// Whom to escalate to.
    pub ladder: Ladder,
    /// The ids of the steps a customer is asked to try.
    pub checklist: Vec<Arc<str>>,
    /// After how long a RESOLVED ticket closes by itself; 7 days.
    pub close_after: Millis,
}

/// Who is known to the desk.
pub trait Directory {
    /// A customer.
    fn organisation(&self, id: &OrganisationId) -> Option<Arc<Entry<Organisation>>>;
    /// A support engineer.
    fn agent(&self, id: &AgentId) -> Option<Arc<Entry<Agent>>>;
    /// A person of a customer, by address (compared without case).
    fn contact_by_email(&self, email: &str) -> Option<(ContactId, Arc<Entry<Contact>>)>;
}

/// What a decision depends on beside the ticket and the command.
pub struct Context<'a> {
    /// When the change happens: the commit's time, or an import's.
    pub now: Timestamp,
    /// The revision that the events will have.
    pub revision: Revision,
    /// Who asks.
    pub actor: &'a Actor,
    /// The number of a ticket that has to be made.
    pub next_number: TicketNumber,
    /// Random bits for the uid of a ticket that has to be made.
    pub random: u64,
    /// The rules.
    pub rules: &'a Rules,
    /// Who is known.
    pub directory: &'a dyn Directory,
    /// Whether the time of the request is an import's: a ticket that is made waits for the end of its import.
    pub importing: bool,
}

/// Other things that some changes need; the caller finds out which with [`needs`].
#[derive(Clone, Debug, Default)]
pub struct Others {
    /// The other ticket of a merge, an unmerge, a link, an unlink, or the undoing of a link.
    pub ticket: Option<Arc<Ticket>>,
    /// For an undo: the events of the revision to be taken back that stand on this ticket.
    pub undone: Vec<TicketEvent>,
}

/// What has to be in [`Others`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// Another ticket.
    Ticket(TicketNumber),
    /// The events of this revision on the same ticket; then, if [`undo_needs`] names one, another ticket.
    Undone(Revision),
}

/// What a change needs to know beside its ticket.
pub fn needs(_ticket: &Ticket, _change: &Change) -> Needs {
    Needs::Nothing
}

/// The other ticket that undoing these events needs, if any.
pub fn undo_needs(_undone: &[TicketEvent]) -> Option<TicketNumber> {
    None
}

/// A new ticket (domain.md §3, §4): one `Created` event, for origin PHONE with the first response met.
///
/// # Errors
/// [`Refusal`]. Whether the external id is taken is the caller's to know.
pub fn create(_new: &NewTicket, context: &Context<'_>) -> Result<Vec<TicketEvent>, Refusal> {
    Err(Refusal::NoTicket(context.next_number))
}

/// A change of a ticket: the events on it and on others, in order, each with its ticket as it stands after.
///
/// A customer's message on a CLOSED ticket gives the `Created` event of a new ticket with
/// [`Context::next_number`], then the comment on it.
///
/// # Errors
/// [`Refusal`]. Existence and etag are the caller's to check first (see [`check_etag`]).
pub fn change(
    ticket: &Arc<Ticket>,
    _change: &Change,
    _others: &Others,
    _context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    Err(Refusal::NoTicket(ticket.number))
}

/// Whether an etag that was sent is the current one.
///
/// # Errors
/// [`Refusal::Etag`].
pub fn check_etag(ticket: &Ticket, etag: Option<&str>) -> Result<(), Refusal> {
    match etag {
        Some(etag) if etag != ticket.etag() => Err(Refusal::Etag { current: ticket.etag(), revision: ticket.revision }),
        _ => Ok(()),
    }
}

/// The default policy's id where an organisation names none.
pub fn default_policy() -> PolicyId {
    crate::sla::PolicyRef::builtin().id
}

/// When timers have to look at a ticket next: a warning, a breach, neglect, closing after [`Rules::close_after`];
/// `None`: never, or its import is not finished. May lie in the past.
///
/// # Errors
/// [`Refusal::Reckon`].
pub fn next_tick(_ticket: &Ticket, _rules: &Rules) -> Result<Option<Timestamp>, Refusal> {
    Ok(None)
}
