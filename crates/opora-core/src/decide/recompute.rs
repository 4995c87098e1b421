//! Clocks that an earlier version reckoned by other rules. What a ticket shows is kept with it, so after a change of the
//! rules it would move at the next event, whatever that is: it is told by an event of its own instead.

use super::draft::{Draft, Etag};
use super::{Context, Refusal, Rules};
use crate::event::{Change, ClocksBefore, TicketEvent};
use crate::model::{Actor, Ticket};
use crate::sla::SlaState;

/// The clocks of an open ticket by today's rules, if what is kept differs. Breaches that are recorded stay.
///
/// # Errors
/// [`Refusal::Reckon`].
pub fn clocks_anew(ticket: &Ticket, rules: &Rules) -> Result<Option<SlaState>, Refusal> {
    if !ticket.state.is_open() {
        return Ok(None);
    }
    let anew = SlaState::from_facts(ticket.sla.facts.clone(), &rules.policies)?;
    Ok((anew != ticket.sla).then_some(anew))
}

/// One event that says so, and those of breaches that come to light.
pub(super) fn recompute(ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, Refusal> {
    let anew = clocks_anew(ticket, context.rules)?.ok_or(Refusal::NoChange)?;
    let mut draft = Draft::untouched(ticket, context)?;
    let before = std::mem::replace(&mut draft.ticket.sla, anew);
    let previous =
        ClocksBefore { policy: before.policy, first_response: before.first_response, resolution: before.resolution };
    let change = Change::ClocksRecomputed { previous: Box::new(previous) };
    draft.event_by(Actor::SYSTEM, change, "".into(), Etag::Stays);
    draft.finish()
}
