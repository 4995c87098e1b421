//! Up and down the ladder (docs/domain.md §8).

use std::sync::Arc;

use super::change::check_alive;
use super::draft::{Draft, Etag};
use super::{Context, Refusal};
use crate::event::{Change, TicketEvent};
use crate::model::{Actor, Escalation, Ticket};

pub(super) fn escalate(
    ticket: &Ticket,
    rung: Option<u32>,
    reason: &Arc<str>,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    check_alive(ticket)?;
    let highest = context.rules.ladder.highest();
    let rung = rung.unwrap_or_else(|| ticket.rung().saturating_add(1));
    if rung <= ticket.rung() || rung > highest {
        return Err(Refusal::Rung { rung, highest });
    }
    let mut draft = Draft::new(ticket, context)?;
    climb(&mut draft, rung, context.actor.clone(), reason.clone(), false);
    draft.finish()
}

/// The step itself; the rung is on the ladder and above the present one.
pub(super) fn climb(draft: &mut Draft<'_>, rung: u32, actor: Actor, reason: Arc<str>, automatic: bool) {
    let ladder = &draft.context.rules.ladder;
    let previous_rung = draft.ticket.rung();
    let whom = ladder.rung(rung).map_or_else(|| "".into(), |r| r.whom.clone());
    let reachable = ladder.reachable(rung, draft.at);
    draft.ticket.escalation = Some(Escalation { rung, since: draft.at, reason: reason.clone() });
    draft.event_by(actor, Change::Escalated { previous_rung, whom, reachable, automatic }, reason, Etag::Moves);
}

pub(super) fn deescalate(
    ticket: &Ticket,
    rung: u32,
    reason: &Arc<str>,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    check_alive(ticket)?;
    let previous_rung = ticket.rung();
    if rung >= previous_rung {
        return Err(Refusal::Rung { rung, highest: context.rules.ladder.highest() });
    }
    let mut draft = Draft::new(ticket, context)?;
    let since = draft.at;
    // Off the ladder it keeps why: no timer carries it up again.
    draft.ticket.escalation = Some(Escalation { rung, since, reason: reason.clone() });
    draft.event(Change::Deescalated { previous_rung }, reason, Etag::Moves);
    draft.finish()
}
