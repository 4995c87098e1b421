//! Deciding: a command on a ticket becomes events, or a refusal (docs/domain.md §3-§8). Pure: what has to be known is
//! in [`Context`].

mod change;
mod comment;
mod create;
mod draft;
mod escalate;
mod recompute;
mod refusal;
mod tick;
mod tie;
mod transition;
mod undo;

use crate::command::{Change, Facet};
use crate::event::TicketEvent;
use crate::ladder::Ladder;
use crate::log_name::LogNames;
use crate::model::{
    Actor, Agent, AgentId, Attachment, Contact, ContactId, Entry, Impact, Organisation, OrganisationId, PolicyId,
    Revision, Ticket, TicketNumber, TicketState,
};
use crate::sla::Policies;
use crate::suggest::Thresholds;
use crate::time::{Millis, Timestamp};
use std::sync::Arc;

pub use crate::triage::{first_priority, logs_of, missing_facts, priority_of};
pub use create::create;
pub use recompute::clocks_anew;
pub use refusal::Refusal;
pub use tick::next_tick;
pub use tie::MAX_LINKS;
pub use transition::allowed_transitions;
pub use undo::undo_needs;

/// What a contract or a configuration can change (docs/domain.md, introduction), with the values of docs/domain.md as
/// default.
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
    /// How logs are told by their names.
    pub log_names: LogNames,
    /// How many reports of one kind within which time suggest something.
    pub suggest: Thresholds,
}

impl Rules {
    /// The values of docs/domain.md.
    pub fn builtin() -> Self {
        let checklist = ["sign-out-and-in", "another-browser", "restart-computer", "save-logs", "send-request"];
        Self {
            policies: Policies::builtin(),
            ladder: Ladder::builtin(),
            checklist: checklist.map(Into::into).to_vec(),
            close_after: Millis::hours(7 * 24),
            log_names: LogNames::default(),
            suggest: Thresholds::default(),
        }
    }

    /// The steps that a customer is asked to take (docs/domain.md §4): all of them for one workstation, only the last
    /// for a problem felt more widely.
    pub fn steps(&self, impact: Option<Impact>) -> &[Arc<str>] {
        match impact {
            None | Some(Impact::OneWorkstation) => &self.checklist,
            Some(_) => self.checklist.split_last().map_or(&[], |(last, _)| std::slice::from_ref(last)),
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self::builtin()
    }
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
    /// The other ticket of a merge, a link or an unlink; those at the other ends of the ties that are undone.
    pub tickets: Vec<Other>,
    /// Of a merged ticket: what it is part of, what that is part of, and so on, see [`above`].
    pub above: Vec<Arc<Ticket>>,
    /// For an undo: the events of the revision to be taken back that stand on this ticket.
    pub undone: Vec<TicketEvent>,
}

/// A ticket beside the one that is changed.
#[derive(Clone, Debug)]
pub struct Other {
    /// It.
    pub ticket: Arc<Ticket>,
    /// What it leads to, as [`Others::above`].
    pub above: Vec<Arc<Ticket>>,
}

/// What has to be in [`Others`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// Another ticket.
    Ticket(TicketNumber),
    /// The events of this revision on the same ticket; then the tickets that [`undo_needs`] names for this facet.
    Undone(Revision, Facet),
}

/// What a change needs to know beside its ticket. A ticket that is not found is left out of [`Others`].
pub fn needs(ticket: &Ticket, change: &Change) -> Needs {
    match change {
        Change::Merge { target, .. } | Change::Link { target, .. } | Change::Unlink { target }
            if *target != ticket.number =>
        {
            Needs::Ticket(*target)
        }
        Change::Undo { revision, facet } => Needs::Undone(*revision, *facet),
        _ => Needs::Nothing,
    }
}

/// The tickets that a merged one leads to, the one that shows what all of them held last; as `find` finds them.
///
/// # Errors
/// Those of `find`.
pub fn above<E>(
    ticket: &Ticket,
    mut find: impl FnMut(TicketNumber) -> Result<Option<Arc<Ticket>>, E>,
) -> Result<Vec<Arc<Ticket>>, E> {
    let mut chain: Vec<Arc<Ticket>> = Vec::new();
    let mut next = ticket.merged_into;
    // Nothing is merged into its own part, so each ticket comes once.
    while let Some(number) = next {
        let Some(found) = find(number)? else { break };
        next = found.merged_into;
        chain.push(found);
    }
    Ok(chain)
}

/// A change of a ticket: the events on it and on others, in order, each with its ticket as it stands after.
///
/// A customer's message or file for a ticket that was merged goes to the one that shows what it held, and has events
/// there alone. A customer's message on a CLOSED ticket gives the `Created` event of a new ticket with
/// [`Context::next_number`], then the comment on it.
///
/// A breach that a change finds or brings stands among its events. [`Change::Tick`] with nothing due is
/// [`Refusal::NoChange`].
///
/// # Errors
/// [`Refusal`]. Existence and etag are the caller's to check first (see [`check_etag`]).
pub fn change(
    ticket: &Arc<Ticket>,
    change: &Change,
    others: &Others,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    let changed = match redirected(ticket, change, &others.above, context.actor) {
        Some(target) => decide(target, Some(ticket.number), change, others, context),
        None => decide(ticket, None, change, others, context),
    };
    changed.map_err(|refusal| others.at_the_end(ticket, refusal))
}

/// Where a customer's message or file for a merged ticket goes instead (docs/domain.md §6), of what is [`above`] it;
/// `None`: the change is one of the ticket itself.
pub fn redirected<'a>(
    ticket: &Ticket,
    change: &Change,
    above: &'a [Arc<Ticket>],
    actor: &Actor,
) -> Option<&'a Arc<Ticket>> {
    let by_customer = match change {
        Change::Comment { author, .. } => author.is_some() || actor.is_customer(),
        Change::Attach(_) => actor.is_customer(),
        _ => false,
    };
    above.last().filter(|_| by_customer && ticket.state == TicketState::Merged)
}

impl Others {
    /// A refusal of a merged ticket names the one that shows what it held: the end of a chain.
    fn at_the_end(&self, changed: &Ticket, refusal: Refusal) -> Refusal {
        let Refusal::Merged { ticket, .. } = refusal else { return refusal };
        let other = || self.tickets.iter().find(|other| other.ticket.number == ticket);
        let chain = if ticket == changed.number { Some(&self.above) } else { other().map(|other| &other.above) };
        chain.and_then(|chain| chain.last()).map_or(refusal, |last| Refusal::Merged { ticket, into: last.number })
    }
}

fn decide(
    ticket: &Arc<Ticket>,
    from: Option<TicketNumber>,
    change: &Change,
    others: &Others,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    match change {
        Change::Update(edit) => change::update(ticket, edit, context),
        Change::Assign(assignee) => change::assign(ticket, assignee.as_ref(), context),
        Change::Reprioritise { to, reason } => change::reprioritise(ticket, *to, reason, context),
        Change::Escalate { rung, reason } => escalate::escalate(ticket, *rung, reason, context),
        Change::Deescalate { rung, reason } => escalate::deescalate(ticket, *rung, reason, context),
        Change::Transition { state, reason } => transition::transition(ticket, *state, reason, context),
        Change::Comment { body, visibility, author, seen_through } => {
            let (visibility, author, seen_through) = (*visibility, author.as_ref(), *seen_through);
            comment::comment(ticket, &comment::Message { body, visibility, author, seen_through, from }, context)
        }
        Change::Merge { target, target_etag, reason } => {
            tie::merge(ticket, (*target, target_etag.as_deref()), others, reason, context)
        }
        Change::Unmerge { reason } => tie::unmerge(ticket, others, reason, context),
        Change::Link { target, kind } => tie::link(ticket, *target, *kind, others, context),
        Change::Unlink { target } => tie::unlink(ticket, *target, others, context),
        Change::Attach(attachment) => {
            // A file that goes with a message came from where the message was written to.
            change::attach(ticket, &Attachment { from: from.or(attachment.from), ..attachment.clone() }, context)
        }
        Change::Undo { revision, facet } => undo::undo(ticket, *revision, *facet, others, context),
        Change::ApplyPolicy { policy, reason } => change::apply_policy(ticket, policy, reason, context),
        Change::FinishImport => change::finish_import(ticket, context),
        Change::Tick => tick::tick(ticket, context),
        Change::RecomputeClocks => recompute::recompute(ticket, context),
    }
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

#[cfg(test)]
mod tests;
