//! What falls due (domain.md §6, §7 rules 6, 10, 11, §8): warnings, breaches, neglect, climbing the ladder after a
//! breach, closing what was resolved long enough. Which instant counts as now is the caller's to know.

use super::draft::{Draft, Etag, untold};
use super::escalate::climb;
use super::transition::enter;
use super::{Context, Refusal, Rules};
use crate::event::{Change, TicketEvent};
use crate::model::{Actor, Ticket, TicketState};
use crate::sla::{BreachCause, Clock, ClockKind, ClockState, PolicySource as _, Signal, SignalKind};
use crate::time::Timestamp;

/// When timers have to look at a ticket next: a warning, a breach, neglect, the next rung, closing after
/// [`Rules::close_after`]; `None`: never, or its import is not finished. May lie in the past.
///
/// # Errors
/// [`Refusal::Reckon`].
pub fn next_tick(ticket: &Ticket, rules: &Rules) -> Result<Option<Timestamp>, Refusal> {
    if ticket.importing {
        return Ok(None);
    }
    // Reckoning is dear, and of a clock that reached its goal or was stopped nothing falls due.
    let ended = |clock: &Clock| matches!(clock.state, ClockState::Met | ClockState::Stopped);
    let all_ended = ended(&ticket.sla.first_response) && ended(&ticket.sla.resolution);
    let signal = if all_ended { None } else { ticket.sla.next_signal_at(&rules.policies)? };
    let told = untold(&ticket.sla).map(|(_, at, _, _)| at).min();
    let found = [signal, told, closes_at(ticket, rules), climbs_at(ticket, rules)];
    Ok(found.into_iter().flatten().min())
}

pub(super) fn tick(ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, Refusal> {
    if ticket.importing {
        return Err(Refusal::NoChange);
    }
    let mut draft = Draft::new(ticket, context)?;
    draft.tell_breaches()?;
    // What falls due at one instant can't make something else fall due before it: once through is enough.
    for signal in draft.ticket.sla.pending(context.now, &context.rules.policies)? {
        tell(&mut draft, &signal)?;
    }
    if climbs_at(&draft.ticket, context.rules).is_some_and(|at| at <= context.now) {
        let rung = draft.ticket.rung() + 1;
        climb(&mut draft, rung, Actor::SYSTEM, "no first response in time".into(), true);
    }
    if closes_at(&draft.ticket, context.rules).is_some_and(|at| at <= context.now) {
        enter(&mut draft, TicketState::Closed, Actor::SYSTEM, "".into())?;
    }
    let events = draft.finish()?;
    if events.is_empty() { Err(Refusal::NoChange) } else { Ok(events) }
}

fn tell(draft: &mut Draft<'_>, signal: &Signal) -> Result<(), Refusal> {
    let change = match signal.kind {
        SignalKind::Breach { clock } => {
            // An earlier one may have been found by telling a warning of the same instant.
            let told = untold(&draft.ticket.sla).all(|(kind, ..)| kind != clock);
            if told && draft.ticket.sla.clock(clock).breach.is_some() {
                return Ok(());
            }
            return draft.tell_breach(clock, signal.at, signal.at, BreachCause::Delay);
        }
        SignalKind::Warning { clock, percent, due, .. } => Change::SlaWarned { clock, percent, due },
        SignalKind::Neglect { since } => Change::SlaNeglected { since },
    };
    draft.fact_at(signal.fact(), signal.at)?;
    draft.event_by(Actor::SYSTEM, change, "".into(), Etag::Stays);
    Ok(())
}

/// When a resolved ticket closes by itself (domain.md §6).
fn closes_at(ticket: &Ticket, rules: &Rules) -> Option<Timestamp> {
    let resolved = ticket.resolve_time.filter(|_| ticket.state == TicketState::Resolved)?;
    Some(resolved + rules.close_after)
}

/// When the policy carries an unanswered ticket up by itself (domain.md §8): to rung 1 at the breach of the first
/// response, to each next one after another target's time on the rung. One that an agent took off the ladder stays off.
fn climbs_at(ticket: &Ticket, rules: &Rules) -> Option<Timestamp> {
    let policy = rules.policies.policy(&ticket.sla.policy)?;
    let clock = &ticket.sla.first_response;
    let breach = clock.breach?;
    let waits = ticket.state.is_open() && clock.met.is_none();
    if !policy.definition().escalate_on_breach || !waits || ticket.rung() >= rules.ladder.highest() {
        return None;
    }
    match &ticket.escalation {
        None => Some(breach.at),
        Some(escalation) if escalation.rung == 0 => None,
        Some(escalation) => {
            let goal = policy.goal(ClockKind::FirstResponse, ticket.priority);
            Some(goal.calendar.add(escalation.since.max(breach.at), goal.target?))
        }
    }
}
