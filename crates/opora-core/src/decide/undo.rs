//! Taking a change back (docs/contract.md "Requests", `undo_of`): only while nobody changed the same thing since.
//! Clocks are reckoned as though the change had not been; breaches stay.

use super::change::{check_alive, check_unmerged};
use super::draft::{Draft, Etag};
use super::tie::{add, check_tie, ends, other, remove};
use super::{Context, Others, Refusal};
use crate::command::Facet;
use crate::event::{Change, TicketEvent};
use crate::model::{Link, LinkKind, Revision, Ticket, TicketNumber, TicketState};
use crate::sla::FactKind;
use crate::triage;

/// The other tickets that undoing this facet of these events needs.
pub fn undo_needs(undone: &[TicketEvent], facet: Facet) -> Vec<TicketNumber> {
    let ties = undone.iter().filter(|_| facet == Facet::Links).filter_map(tie);
    ties.map(|(link, _)| link.ticket).collect()
}

/// The tie that an event made (`true`) or cut.
fn tie(event: &TicketEvent) -> Option<(Link, bool)> {
    match event.change {
        Change::Linked(link) => Some((link, true)),
        Change::Unlinked(link) => Some((link, false)),
        _ => None,
    }
}

pub(super) fn undo(
    ticket: &Ticket,
    revision: Revision,
    facet: Facet,
    others: &Others,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    let last = facet_of(ticket, facet);
    if last != revision || revision == Revision::ZERO {
        return Err(Refusal::Undo((last > revision).then_some(last)));
    }
    if facet == Facet::Links {
        return links(ticket, revision, others, context);
    }
    if facet != Facet::Tags {
        check_alive(ticket)?;
    }
    check_unmerged(ticket)?;
    let mut draft = Draft::new(ticket, context)?;
    let found = others.undone.iter().any(|event| restore(&mut draft, &event.change, facet));
    if !found {
        return Err(Refusal::Undo(None));
    }
    forget(&mut draft, revision, facet)?;
    let state_too = facet == Facet::Assignee && ticket.facets.state == revision;
    if state_too && others.undone.iter().any(|event| restore(&mut draft, &event.change, Facet::State)) {
        forget(&mut draft, revision, Facet::State)?;
    }
    draft.ticket.unassessed = triage::unassessed(&draft.ticket);
    draft.event(Change::Undone { revision }, &"".into(), Etag::Moves);
    draft.finish()
}

fn facet_of(ticket: &Ticket, facet: Facet) -> Revision {
    let facets = &ticket.facets;
    match facet {
        Facet::Assignee => facets.assignee,
        Facet::Priority => facets.priority,
        Facet::State => facets.state,
        Facet::Links => facets.links,
        Facet::Tags => facets.tags,
    }
}

/// Puts back what the change found, if it is one of this facet; the first of a revision tells what was before it.
fn restore(draft: &mut Draft<'_>, change: &Change, facet: Facet) -> bool {
    let revision = draft.context.revision;
    let ticket = &mut draft.ticket;
    match (facet, change) {
        (Facet::Assignee, Change::Assigned { previous }) => {
            ticket.assignee.clone_from(previous);
            ticket.facets.assignee = revision;
        }
        (Facet::Priority, Change::Reprioritised { previous_priority, previous_impact }) => {
            ticket.priority = *previous_priority;
            ticket.impact = *previous_impact;
            ticket.facets.priority = revision;
        }
        (Facet::State, Change::Transitioned { previous }) => {
            ticket.state = *previous;
            ticket.facets.state = revision;
        }
        (Facet::Tags, Change::Updated { previous, .. }) => {
            let Some(tags) = &previous.tags else { return false };
            ticket.tags.clone_from(tags);
            ticket.facets.tags = revision;
        }
        _ => return false,
    }
    true
}

/// The clocks without the facts that the revision set on this facet; what they breached was recorded before.
fn forget(draft: &mut Draft<'_>, revision: Revision, facet: Facet) -> Result<(), Refusal> {
    draft.forget(|fact| {
        fact.revision == revision
            && match facet {
                Facet::Assignee => matches!(fact.kind, FactKind::Assigned(_)),
                Facet::Priority => matches!(fact.kind, FactKind::Priority(_)),
                Facet::State => matches!(fact.kind, FactKind::State(_)),
                Facet::Links | Facet::Tags => false,
            }
    })?;
    if facet == Facet::State {
        let ticket = &mut draft.ticket;
        ticket.resolve_time = ticket.sla.resolution.met.filter(|_| ticket.state == TicketState::Resolved);
    }
    Ok(())
}

/// Each tie made is cut and each tie cut is made again, at both ends.
fn links(
    ticket: &Ticket,
    revision: Revision,
    others: &Others,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    let ties: Vec<(Link, bool)> = others.undone.iter().filter_map(tie).collect();
    if ties.is_empty() {
        return Err(Refusal::Undo(None));
    }
    let mut one = Draft::new(ticket, context)?;
    let mut ends = Vec::new();
    for (link, made) in ties {
        let target = other(others, link.ticket)?;
        check_unmerged(ticket)?;
        check_unmerged(target)?;
        let mut two = Draft::new(target, context)?;
        if turn_back(&mut one.ticket, &mut two.ticket, link, made)? {
            finish_links(&mut two, revision);
            ends.push(two);
        }
    }
    finish_links(&mut one, revision);
    let mut events = one.finish()?;
    for two in ends {
        events.extend(two.finish()?);
    }
    Ok(events)
}

/// Cuts a tie that was made, or makes one that was cut; whether its other end changes too.
fn turn_back(ticket: &mut Ticket, target: &mut Ticket, link: Link, made: bool) -> Result<bool, Refusal> {
    let (forth, back) = ends(ticket.number, target.number, link.kind);
    if made {
        let there = target.links.contains(&back);
        remove(ticket, forth);
        remove(target, back);
        return Ok(there);
    }
    check_tie(ticket, target, link.kind)?;
    add(ticket, forth);
    // A closed ticket that was followed does not know of it.
    let both = link.kind != LinkKind::FollowsClosed;
    if both {
        add(target, back);
    }
    Ok(both)
}

fn finish_links(draft: &mut Draft<'_>, revision: Revision) {
    draft.ticket.facets.links = draft.context.revision;
    draft.event(Change::Undone { revision }, &"".into(), Etag::Moves);
}
