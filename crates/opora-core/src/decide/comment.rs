//! Messages (docs/domain.md §6, §10): what an agent's and a customer's do to a ticket.

use std::sync::Arc;

use super::change::check_unmerged;
use super::create;
use super::draft::{Draft, Etag};
use super::transition::enter;
use super::{Context, Refusal};
use crate::command::NewTicket;
use crate::event::{Change, TicketEvent};
use crate::model::{
    Actor, ActorKind, Comment, LastMessage, Origin, Reporter, Revision, Ticket, TicketNumber, TicketState, Visibility,
};
use crate::sla::{ClockKind, FactKind};

/// What is written.
pub(super) struct Message<'a> {
    pub(super) body: &'a Arc<str>,
    pub(super) visibility: Visibility,
    pub(super) author: Option<&'a Arc<str>>,
    pub(super) seen_through: Option<Revision>,
    /// The merged ticket that it was written to.
    pub(super) from: Option<TicketNumber>,
}

pub(super) fn comment(
    ticket: &Ticket,
    message: &Message<'_>,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    let (author, author_email) = author(message, context);
    let name: Arc<str> = author_email.clone().unwrap_or_else(|| author.to_string().into());
    let public = message.visibility == Visibility::Public;
    check_seen(ticket, message, &name)?;
    check_unmerged(ticket)?;
    let speaks_for_customer = public && author.is_customer();
    let (visibility, body) = (message.visibility, message.body.clone());
    let comment = Comment { author, author_email, visibility, body, from: message.from };
    if speaks_for_customer && ticket.state == TicketState::Closed {
        return follow(ticket, comment, name, context);
    }
    let mut draft = if public && comment.author.is_agent() {
        Draft::meeting(ticket, context, ClockKind::FirstResponse)?
    } else {
        Draft::new(ticket, context)?
    };
    write(&mut draft, comment, name)?;
    draft.finish()
}

/// Who wrote: a contact whose address is given, else who asks.
fn author(message: &Message<'_>, context: &Context<'_>) -> (Actor, Option<Arc<str>>) {
    match message.author {
        None => (context.actor.clone(), None),
        Some(email) => {
            let kind = match context.directory.contact_by_email(email) {
                Some((id, _)) => ActorKind::Contact(id),
                None => ActorKind::Address(email.clone()),
            };
            (Actor { kind, verified: false }, Some(email.clone()))
        }
    }
}

/// docs/contract.md "Requests", `seen_through`.
fn check_seen(ticket: &Ticket, message: &Message<'_>, name: &str) -> Result<(), Refusal> {
    let Some(seen) = message.seen_through.filter(|_| message.visibility == Visibility::Public) else { return Ok(()) };
    let own = ticket.last_public_message.iter().map(|last| (ticket.number, last.revision, last));
    // What came with a merged ticket was not to be seen here before it came, however old it is.
    let brought = ticket.parts.iter().filter_map(|part| {
        let last = part.last_public_message.as_ref()?;
        Some((part.ticket, last.revision.max(part.since), last))
    });
    let newest = own.chain(brought).max_by_key(|(_, shown, _)| *shown);
    match newest.filter(|(_, shown, last)| *shown > seen && *last.author != *name) {
        Some((ticket, _, last)) => {
            Err(Refusal::Unseen { ticket, revision: last.revision, author: last.author.clone() })
        }
        None => Ok(()),
    }
}

/// The message, then the step of life that it brings, as an event of its own.
fn write(draft: &mut Draft<'_>, comment: Comment, name: Arc<str>) -> Result<(), Refusal> {
    let public = comment.visibility == Visibility::Public;
    let (by_agent, by_customer) = (comment.author.is_agent(), comment.author.is_customer());
    if by_agent {
        let answered = draft.ticket.sla.facts.iter().any(|fact| fact.kind == FactKind::Answered);
        if public && !answered {
            draft.fact(FactKind::Answered)?;
        }
        draft.fact(FactKind::AgentWrote)?;
    }
    let revision = draft.context.revision;
    let ticket = &mut draft.ticket;
    ticket.comment_count = ticket.comment_count.saturating_add(1);
    ticket.last_comment_revision = revision;
    if public {
        ticket.last_public_message = Some(LastMessage { revision, author: name, by_customer });
    }
    let state = ticket.state;
    let actor = comment.author.clone();
    draft.event(Change::Commented(comment), &"".into(), Etag::Stays);
    let begins = by_agent && state == TicketState::New;
    let resumes = by_customer && matches!(state, TicketState::WaitingForCustomer | TicketState::Resolved);
    if public && (begins || resumes) {
        enter(draft, TicketState::InProgress, actor, "".into())?;
    }
    Ok(())
}

/// A customer's message on a CLOSED ticket: a new ticket that follows it, and the message on that one.
fn follow(
    closed: &Ticket,
    comment: Comment,
    name: Arc<str>,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    let email = comment.author_email.clone().unwrap_or_default();
    let reporter = if email.is_empty() || email.eq_ignore_ascii_case(&closed.reporter.email) {
        closed.reporter.clone()
    } else {
        Reporter { display_name: "".into(), email }
    };
    // Not PHONE: nobody spoke with the customer this time.
    let origin = match closed.origin {
        _ if context.importing => Origin::Import,
        Origin::Phone | Origin::Import => Origin::Grpc,
        origin => origin,
    };
    let new = NewTicket {
        organisation: closed.organisation.clone(),
        reporter,
        subject: closed.subject.clone(),
        description: None,
        category: closed.category,
        channels: closed.channels.clone(),
        impact: closed.impact,
        requested_priority: closed.requested_priority,
        platform: closed.platform,
        occur_time: None,
        workstations: closed.workstations.clone(),
        checklist: Vec::new(),
        assignee: None,
        tags: closed.tags.clone(),
        external_id: None,
        origin,
    };
    let ticket = create::ticket(&new, context, Some(closed.number))?;
    let mut draft = Draft::of_new(ticket, context);
    draft.event(Change::Created { description: None, follows: Some(closed.number) }, &"".into(), Etag::Moves);
    write(&mut draft, comment, name)?;
    draft.finish()
}
