//! What the clocks make of changes, and that each breach is told once (docs/domain.md §7, §8).

use super::desk::{Desk, N1, N2, at, new_ticket, says};
use crate::command::{Change, Facet, NewTicket, Reprioritise};
use crate::decide::{clocks_anew, next_tick};
use crate::event::{Change as Event, Edit, TicketEvent};
use crate::model::{Impact, Priority, Ticket, TicketState, Visibility};
use crate::sla::{Breach, BreachCause, ClockKind, Policy, PolicyRef, RaiseFrom};
use crate::time::{Millis, Timestamp};

fn day(time: &str) -> Timestamp {
    at(&format!("2026-03-02T{time}:00Z"))
}

fn desk(importing: bool, impact: Impact) -> Desk {
    let mut desk = Desk::new();
    desk.importing = importing;
    desk.now = day("09:00");
    desk.create(&NewTicket { impact: Some(impact), ..new_ticket() }).unwrap();
    desk
}

fn to(priority: Priority) -> Change {
    Change::Reprioritise { to: Reprioritise::Priority(priority), reason: "так".into() }
}

fn step(state: TicketState) -> Change {
    Change::Transition { state, reason: "".into() }
}

/// Ends the import of a desk that imports; gives every breach that was told.
fn told(desk: &mut Desk) -> Vec<(ClockKind, Breach)> {
    if desk.ticket(N1).importing {
        desk.importing = false;
        desk.change(N1, &Change::FinishImport).unwrap();
    }
    let breach = |event: &TicketEvent| match event.change {
        Event::SlaBreached { clock, cause, .. } => {
            let breach = event.ticket.sla.clock(clock).breach.unwrap();
            assert_eq!(breach.cause, cause);
            Some((clock, breach))
        }
        _ => None,
    };
    desk.log.iter().filter_map(|(_, event)| breach(event)).collect()
}

#[test]
fn an_undo_erases_no_breach_of_what_it_undoes_and_the_breach_is_told_once() {
    for importing in [true, false] {
        let mut desk = desk(importing, Impact::OneWorkstation);
        desk.now = day("12:00");
        let raised = desk.done(N1, &to(Priority::High)).revision;
        desk.now = day("13:10");
        desk.done(N1, &Change::Undo { revision: raised, facet: Facet::Priority });
        let breach = Breach { at: day("12:45"), cause: BreachCause::Delay };
        assert_eq!(desk.ticket(N1).sla.first_response.breach, Some(breach));
        assert_eq!(told(&mut desk), [(ClockKind::FirstResponse, breach)], "importing: {importing}");
    }
}

#[test]
fn what_an_undo_puts_into_the_past_has_one_event() {
    for importing in [true, false] {
        let mut desk = desk(importing, Impact::ServiceIntermittent);
        desk.now = day("09:10");
        let resolved = desk.done(N1, &step(TicketState::Resolved)).revision;
        desk.now = day("10:10");
        desk.done(N1, &Change::Undo { revision: resolved, facet: Facet::State });
        let breach = Breach { at: day("10:10"), cause: BreachCause::Reclassification };
        assert_eq!(told(&mut desk), [(ClockKind::FirstResponse, breach)], "importing: {importing}");
        assert_eq!(desk.ticket(N1).sla.first_response.due, Some(day("09:45")));
        desk.now = day("12:00");
        assert!(next_tick(desk.ticket(N1), &desk.rules).unwrap() > Some(desk.now), "nothing is told again");
    }
}

#[test]
fn any_event_at_the_due_instant_comes_after_the_breach_and_an_answer_after_it_erases_nothing() {
    let edit = Edit { tags: Some(vec!["vip".into()]), ..Edit::default() };
    for importing in [true, false] {
        for first in [says(Visibility::Internal, None), Change::Update(Box::new(edit.clone()))] {
            let mut desk = desk(importing, Impact::ServiceIntermittent);
            desk.now = day("09:45");
            desk.done(N1, &first);
            desk.done(N1, &says(Visibility::Public, None));
            let breach = Breach { at: day("09:45"), cause: BreachCause::Delay };
            let clock = desk.ticket(N1).sla.first_response;
            assert_eq!((clock.breach, clock.met), (Some(breach), Some(day("09:45"))), "importing: {importing}");
            assert_eq!(told(&mut desk), [(ClockKind::FirstResponse, breach)]);
        }
        let mut desk = desk(importing, Impact::ServiceIntermittent);
        desk.now = day("09:45");
        desk.done(N1, &says(Visibility::Public, None));
        assert_eq!(told(&mut desk), [], "an answer at the due instant is in time");
    }
}

#[test]
fn the_breach_comes_before_what_happens_at_its_instant() {
    let mut desk = desk(false, Impact::ServiceIntermittent);
    desk.now = day("09:45");
    let events = desk.change(N1, &step(TicketState::InProgress)).unwrap();
    assert!(matches!(events[0].change, Event::SlaBreached { .. }), "{:?}", events[0].change);
    assert!(matches!(events[1].change, Event::Transitioned { .. }));
}

#[test]
fn a_warning_that_a_change_finds_past_is_made_with_the_change() {
    let mut desk = Desk::new();
    let mut definition = Policy::builtin().definition().clone();
    definition.policy.version = 2;
    definition.raise_from = RaiseFrom::Creation;
    desk.rules.policies.add(Policy::new(definition).unwrap());
    desk.now = day("09:00");
    desk.create(&NewTicket { impact: Some(Impact::OneWorkstation), ..new_ticket() }).unwrap();
    desk.now = day("09:30");
    let events = desk.change(N1, &to(Priority::High)).unwrap();
    let warned = Event::SlaWarned { clock: ClockKind::FirstResponse, percent: 50, due: day("09:45") };
    assert_eq!(events.iter().map(|event| &event.change).filter(|change| **change == warned).count(), 1);
    assert!(next_tick(desk.ticket(N1), &desk.rules).unwrap() > Some(desk.now));
}

#[test]
fn a_breach_by_reclassification_is_told_at_the_change_and_not_at_the_old_due_time() {
    let mut desk = Desk::new();
    let mut definition = Policy::builtin().definition().clone();
    definition.policy.version = 2;
    definition.raise_from = RaiseFrom::Creation;
    desk.rules.policies.add(Policy::new(definition).unwrap());
    desk.now = day("09:00");
    desk.create(&NewTicket { impact: Some(Impact::OneWorkstation), ..new_ticket() }).unwrap();
    desk.now = day("12:00");
    desk.done(N1, &to(Priority::High));
    let breach = Breach { at: day("12:00"), cause: BreachCause::Reclassification };
    assert_eq!(told(&mut desk), [(ClockKind::FirstResponse, breach)]);
    assert_eq!(desk.ticket(N1).sla.first_response.due, Some(day("09:45")));
}

#[test]
fn the_ladder_waits_for_as_long_as_the_breached_target_whatever_the_priority_is_now() {
    let mut desk = Desk::new();
    let mut definition = Policy::builtin().definition().clone();
    definition.policy = PolicyRef { version: 2, ..PolicyRef::builtin() };
    definition.escalate_on_breach = true;
    desk.rules.policies.add(Policy::new(definition).unwrap());
    desk.now = day("09:00");
    desk.create(&NewTicket { impact: Some(Impact::ServiceIntermittent), ..new_ticket() }).unwrap();
    desk.now = day("09:45");
    desk.done(N1, &Change::Tick);
    assert_eq!(desk.ticket(N1).rung(), 1);
    desk.done(N1, &to(Priority::Low));
    desk.now = day("10:30");
    desk.done(N1, &Change::Tick);
    assert_eq!(desk.ticket(N1).rung(), 2);
}

#[test]
fn a_ticket_that_was_resolved_before_it_was_merged_keeps_when_through_an_undo() {
    let mut desk = desk(false, Impact::OneWorkstation);
    desk.create(&new_ticket()).unwrap();
    desk.now = day("10:00");
    desk.done(N1, &step(TicketState::Resolved));
    desk.now = day("11:00");
    desk.done(N1, &Change::Merge { target: N2, target_etag: None, reason: "".into() });
    desk.now = day("12:00");
    desk.done(N1, &Change::Unmerge { reason: "".into() });
    desk.now = day("13:00");
    let reopened = desk.done(N1, &step(TicketState::InProgress)).revision;
    desk.now = day("13:30");
    let back = desk.done(N1, &Change::Undo { revision: reopened, facet: Facet::State });
    assert_eq!((back.state, back.resolve_time), (TicketState::Resolved, Some(day("10:00"))));
}

/// The ticket as a version kept it that set other clocks beside the same facts.
fn kept_otherwise(desk: &mut Desk) -> Ticket {
    let mut ticket = desk.ticket(N1).clone();
    ticket.sla.resolution.due = ticket.sla.resolution.due.map(|due| due + Millis::hours(3));
    desk.tickets.insert(N1, ticket.clone().into());
    ticket
}

#[test]
fn clocks_that_were_kept_otherwise_are_told_once_with_what_they_showed() {
    let mut desk = desk(false, Impact::ServiceIntermittent);
    let right = desk.ticket(N1).sla.clone();
    assert_eq!(clocks_anew(desk.ticket(N1), &desk.rules), Ok(None));
    let kept = kept_otherwise(&mut desk);
    assert_eq!(clocks_anew(&kept, &desk.rules), Ok(Some(right.clone())));
    desk.now = day("09:10");
    let events = desk.change(N1, &Change::RecomputeClocks).unwrap();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    let Event::ClocksRecomputed { previous } = &event.change else { panic!("{event:?}") };
    assert_eq!((previous.first_response, previous.resolution), (kept.sla.first_response, kept.sla.resolution));
    assert_eq!((&event.ticket.sla, event.ticket.etag()), (&right, kept.etag()));
    assert!(desk.change(N1, &Change::RecomputeClocks).is_err(), "once");
}

#[test]
fn only_open_tickets_are_reckoned_anew() {
    let mut desk = desk(false, Impact::ServiceIntermittent);
    desk.done(N1, &step(TicketState::Resolved));
    kept_otherwise(&mut desk);
    assert!(desk.change(N1, &Change::RecomputeClocks).is_err());
}
