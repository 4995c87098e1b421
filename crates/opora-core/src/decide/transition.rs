//! Life of a ticket (docs/domain.md §6).

use std::sync::Arc;

use super::change::check_unmerged;
use super::draft::{Draft, Etag};
use super::{Context, Refusal};
use crate::event::{Change, TicketEvent};
use crate::model::{Actor, Ticket, TicketState};
use crate::sla::{ClockKind, FactKind};

/// The states to which `TransitionTicket` can take a ticket (docs/domain.md §6).
pub const fn allowed_transitions(from: TicketState) -> &'static [TicketState] {
    use TicketState::{Closed, InProgress, Merged, New, Resolved, WaitingForCustomer};
    match from {
        New => &[InProgress, WaitingForCustomer, Resolved],
        InProgress => &[WaitingForCustomer, Resolved],
        WaitingForCustomer => &[InProgress, Resolved],
        Resolved => &[InProgress, Closed],
        Closed | Merged => &[],
    }
}

pub(super) fn transition(
    ticket: &Ticket,
    to: TicketState,
    reason: &Arc<str>,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    check_unmerged(ticket)?;
    let from = ticket.state;
    if !allowed_transitions(from).contains(&to) {
        return Err(Refusal::Transition { from, to, allowed: allowed_transitions(from).to_vec() });
    }
    let mut draft = match to {
        TicketState::Resolved => Draft::meeting(ticket, context, ClockKind::Resolution)?,
        _ => Draft::new(ticket, context)?,
    };
    enter(&mut draft, to, context.actor.clone(), reason.clone())?;
    draft.finish()
}

/// The step itself; whether it is allowed was asked before.
pub(super) fn enter(draft: &mut Draft<'_>, to: TicketState, actor: Actor, reason: Arc<str>) -> Result<(), Refusal> {
    let previous = set_state(draft, to)?;
    draft.event_by(actor, Change::Transitioned { previous }, reason, Etag::Moves);
    Ok(())
}

/// Sets the state and what goes with it, without an event.
pub(super) fn set_state(draft: &mut Draft<'_>, to: TicketState) -> Result<TicketState, Refusal> {
    draft.fact(FactKind::State(to))?;
    let at = draft.at;
    let ticket = &mut draft.ticket;
    let previous = std::mem::replace(&mut ticket.state, to);
    ticket.facets.state = draft.context.revision;
    ticket.resolve_time = match (previous, to) {
        // A ticket that is unmerged was resolved before.
        (TicketState::Merged, TicketState::Resolved) | (_, TicketState::Closed | TicketState::Merged) => {
            ticket.resolve_time
        }
        (_, TicketState::Resolved) => Some(at),
        _ => None,
    };
    Ok(previous)
}
