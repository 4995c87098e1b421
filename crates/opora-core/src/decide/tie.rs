//! Two tickets: merging, unmerging, ties (docs/domain.md §1, §6). Each event stands on both.

use std::sync::Arc;

use super::change::{check_alive, check_unmerged};
use super::draft::{Draft, Etag};
use super::transition::set_state;
use super::{Context, Others, Refusal};
use crate::event::{Change, TicketEvent};
use crate::model::{Link, LinkKind, MAX_PARTS, MAX_PARTS_BYTES, Part, Ticket, TicketNumber, TicketState};
use crate::triage::missing_facts;

/// The other ticket; [`Refusal::NoTicket`] when it was not found.
pub(super) fn other(others: &Others, number: TicketNumber) -> Result<&Ticket, Refusal> {
    let found = others.tickets.iter().find(|other| other.ticket.number == number);
    found.map(|other| &*other.ticket).ok_or(Refusal::NoTicket(number))
}

/// The most ties of a ticket: each of its events holds them all, and has to go into one message. They take less than
/// the workstations that a ticket can name.
pub const MAX_LINKS: usize = 2_000;

pub(super) fn merge(
    source: &Ticket,
    (target, etag): (TicketNumber, Option<&str>),
    others: &Others,
    reason: &Arc<str>,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    if target == source.number {
        return Err(Refusal::Cycle);
    }
    let target = other(others, target)?;
    if etag.is_some_and(|etag| etag != target.etag()) {
        let (ticket, current, revision) = (target.number, target.etag(), target.revision);
        return Err(Refusal::OtherEtag { ticket, current, revision });
    }
    check_alive(source)?;
    if target.merged_into == Some(source.number) || target.incident == Some(source.number) {
        return Err(Refusal::Cycle);
    }
    check_alive(target)?;
    if target.parts.len() + source.parts.len() >= MAX_PARTS {
        return Err(Refusal::Parts);
    }
    let brought = source.brought(context.revision);
    if target.parts.iter().chain(&brought).map(Part::bytes).sum::<usize>() > MAX_PARTS_BYTES {
        return Err(Refusal::PartsBytes);
    }
    let change = Change::Merged { source: source.number, target: target.number };
    let mut part = Draft::new(source, context)?;
    let mut whole = Draft::new(target, context)?;
    let before = set_state(&mut part, TicketState::Merged)?;
    part.ticket.state_before_merge = Some(before);
    part.ticket.merged_into = Some(target.number);
    part.event(change.clone(), reason, Etag::Moves);
    whole.ticket.take_in(brought);
    whole.ticket.missing_facts = missing_facts(&whole.ticket);
    whole.event(change, reason, Etag::Stays);
    both(part, whole)
}

pub(super) fn unmerge(
    source: &Ticket,
    others: &Others,
    reason: &Arc<str>,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    let Some(target) = source.merged_into.filter(|_| source.state == TicketState::Merged) else {
        return Err(Refusal::State(source.state));
    };
    if others.above.first().is_none_or(|above| above.number != target) {
        return Err(Refusal::NoTicket(target));
    }
    let change = Change::Unmerged { source: source.number, target };
    let mut part = Draft::new(source, context)?;
    let back = part.ticket.state_before_merge.take().unwrap_or(TicketState::InProgress);
    set_state(&mut part, back)?;
    part.ticket.merged_into = None;
    part.event(change.clone(), reason, Etag::Moves);
    let mut events = part.finish()?;
    let back: Vec<TicketNumber> =
        std::iter::once(source.number).chain(source.parts.iter().map(|part| part.ticket)).collect();
    for above in &others.above {
        let mut whole = Draft::new(above, context)?;
        // Where the target is part of another one itself, that one showed it too.
        if whole.ticket.give_back(&back) || above.number == target {
            whole.ticket.missing_facts = missing_facts(&whole.ticket);
            whole.event(change.clone(), reason, Etag::Stays);
            events.extend(whole.finish()?);
        }
    }
    Ok(events)
}

pub(super) fn link(
    ticket: &Ticket,
    target: TicketNumber,
    kind: LinkKind,
    others: &Others,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    if target == ticket.number {
        return Err(Refusal::Cycle);
    }
    let target = other(others, target)?;
    check_tie(ticket, target, kind)?;
    let mut one = Draft::new(ticket, context)?;
    let mut two = Draft::new(target, context)?;
    let (forth, back) = ends(ticket.number, target.number, kind);
    add(&mut one.ticket, forth);
    add(&mut two.ticket, back);
    for (draft, link) in [(&mut one, forth), (&mut two, back)] {
        draft.ticket.facets.links = context.revision;
        draft.event(Change::Linked(link), &"".into(), Etag::Moves);
    }
    both(one, two)
}

pub(super) fn unlink(
    ticket: &Ticket,
    target: TicketNumber,
    others: &Others,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    let forth = ticket.links.iter().copied().find(|link| link.ticket == target).ok_or(Refusal::Link)?;
    let target = other(others, target)?;
    // What a merged ticket brought stands at its target as it was then.
    check_unmerged(ticket)?;
    check_unmerged(target)?;
    let mut one = Draft::new(ticket, context)?;
    let mut two = Draft::new(target, context)?;
    // A tie to a closed ticket that was followed has no other end.
    let back = target.links.iter().copied().find(|link| link.ticket == ticket.number);
    for (draft, link) in [(&mut one, Some(forth)), (&mut two, back)] {
        let Some(link) = link else { continue };
        remove(&mut draft.ticket, link);
        draft.ticket.facets.links = context.revision;
        draft.event(Change::Unlinked(link), &"".into(), Etag::Moves);
    }
    if back.is_none() { one.finish() } else { both(one, two) }
}

/// Whether a tie can be made. An incident is nobody's child and a child has one incident: so there are no circles.
pub(super) fn check_tie(ticket: &Ticket, target: &Ticket, kind: LinkKind) -> Result<(), Refusal> {
    let tied = |a: &Ticket, b: &Ticket| a.links.iter().any(|link| link.ticket == b.number);
    match kind {
        LinkKind::Related | LinkKind::FollowsClosed => {
            for ticket in [ticket, target] {
                check_unmerged(ticket)?;
            }
        }
        LinkKind::ChildOfIncident | LinkKind::IncidentOf => {
            let (child, incident) = if kind == LinkKind::ChildOfIncident { (ticket, target) } else { (target, ticket) };
            if incident.incident.is_some() {
                return Err(Refusal::Cycle);
            }
            if child.incident.is_some() {
                return Err(Refusal::Link);
            }
            check_alive(ticket)?;
            check_alive(target)?;
        }
    }
    if tied(ticket, target) || tied(target, ticket) {
        return Err(Refusal::Link);
    }
    let full = [ticket, target].into_iter().any(|ticket| ticket.links.len() >= MAX_LINKS);
    if full { Err(Refusal::TooManyLinks) } else { Ok(()) }
}

/// Both ends of a tie, each as the ticket that holds it reads it.
pub(super) fn ends(holder: TicketNumber, target: TicketNumber, kind: LinkKind) -> (Link, Link) {
    let back = match kind {
        LinkKind::Related | LinkKind::FollowsClosed => LinkKind::Related,
        LinkKind::ChildOfIncident => LinkKind::IncidentOf,
        LinkKind::IncidentOf => LinkKind::ChildOfIncident,
    };
    (Link { ticket: target, kind }, Link { ticket: holder, kind: back })
}

pub(super) fn add(ticket: &mut Ticket, link: Link) {
    let place = ticket.links.partition_point(|other| *other < link);
    ticket.links.insert(place, link);
    if link.kind == LinkKind::ChildOfIncident {
        ticket.incident = Some(link.ticket);
    }
}

pub(super) fn remove(ticket: &mut Ticket, link: Link) {
    ticket.links.retain(|other| *other != link);
    if link.kind == LinkKind::ChildOfIncident {
        ticket.incident = None;
    }
}

fn both(one: Draft<'_>, two: Draft<'_>) -> Result<Vec<TicketEvent>, Refusal> {
    let mut events = one.finish()?;
    events.extend(two.finish()?);
    Ok(events)
}
