//! What falls due (docs/domain.md §6, §7 rules 6, 10, 11, §8): warnings, breaches, neglect, climbing the ladder after a
//! breach, closing what was resolved long enough. Which instant counts as now is the caller's to know.

use super::draft::Draft;
use super::escalate::climb;
use super::transition::enter;
use super::{Context, Refusal, Rules};
use crate::event::TicketEvent;
use crate::model::{Actor, Ticket, TicketState};
use crate::sla::{Clock, ClockKind, ClockState, PolicySource as _, SignalKind};
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
    let untold = ticket.sla.untold_since();
    let found = [signal, untold, closes_at(ticket, rules), climbs_at(ticket, rules)?];
    Ok(found.into_iter().flatten().min())
}

pub(super) fn tick(ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, Refusal> {
    if ticket.importing {
        return Err(Refusal::NoChange);
    }
    let mut draft = Draft::untouched(ticket, context)?;
    if ticket.sla.untold_since().is_some() {
        let shown = [ClockKind::FirstResponse, ClockKind::Resolution];
        let shown = shown.into_iter().filter(|clock| ticket.sla.clock(*clock).breach.is_some());
        draft.record_breaches(None, &shown.collect::<Vec<_>>())?;
        draft.tell_breaches();
    }
    // What falls due at one instant can't make something else fall due before it: once through is enough.
    for signal in draft.ticket.sla.pending(context.now, &context.rules.policies)? {
        match signal.kind {
            SignalKind::Breach { clock } => {
                draft.record_breaches(None, &[clock])?;
                draft.tell_breaches();
            }
            SignalKind::Warning { .. } | SignalKind::Neglect { .. } => draft.tell(&signal)?,
        }
    }
    if climbs_at(&draft.ticket, context.rules)?.is_some_and(|at| at <= context.now) {
        let rung = draft.ticket.rung() + 1;
        climb(&mut draft, rung, Actor::SYSTEM, "no first response in time".into(), true);
    }
    if closes_at(&draft.ticket, context.rules).is_some_and(|at| at <= context.now) {
        enter(&mut draft, TicketState::Closed, Actor::SYSTEM, "".into())?;
    }
    let events = draft.finish()?;
    if events.is_empty() { Err(Refusal::NoChange) } else { Ok(events) }
}

/// When a resolved ticket closes by itself (docs/domain.md §6).
fn closes_at(ticket: &Ticket, rules: &Rules) -> Option<Timestamp> {
    let resolved = ticket.resolve_time.filter(|_| ticket.state == TicketState::Resolved)?;
    Some(resolved + rules.close_after)
}

/// When the policy carries an unanswered ticket up by itself (docs/domain.md §8): to rung 1 at the breach of the first
/// response, to each next one after as much open time on the rung as the breached target. One that an agent took off the
/// ladder stays off.
fn climbs_at(ticket: &Ticket, rules: &Rules) -> Result<Option<Timestamp>, Refusal> {
    let clock = &ticket.sla.first_response;
    let Some((policy, breach)) = rules.policies.policy(&ticket.sla.policy).zip(clock.breach) else { return Ok(None) };
    let waits = ticket.state.is_open() && clock.met.is_none();
    if !policy.definition().escalate_on_breach || !waits || ticket.rung() >= rules.ladder.highest() {
        return Ok(None);
    }
    match &ticket.escalation {
        None => Ok(Some(breach.at)),
        Some(escalation) if escalation.rung == 0 => Ok(None),
        Some(escalation) => {
            let since = escalation.since.max(breach.at);
            Ok(ticket.sla.as_long_again(ClockKind::FirstResponse, since, &rules.policies)?)
        }
    }
}
