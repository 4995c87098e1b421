//! What timers do: warnings, breaches, neglect, the ladder by itself, closing.

use super::desk::{Desk, N1, new_ticket, says};
use crate::command::{Change, NewTicket};
use crate::decide::{Refusal, next_tick};
use crate::event::Change as Event;
use crate::model::{Actor, Impact, Ticket, TicketState, Visibility};
use crate::sla::{Policy, PolicyRef};
use crate::time::{Millis, Timestamp};

fn next(desk: &Desk, ticket: &Ticket) -> Option<Timestamp> {
    next_tick(ticket, &desk.rules).unwrap()
}

/// Lets timers run until an instant; gives what they told and when.
fn run(desk: &mut Desk, until: Timestamp) -> Vec<(Timestamp, Event)> {
    let mut told = Vec::new();
    while let Some(at) = next(desk, desk.ticket(N1)).filter(|at| *at <= until) {
        desk.now = at.max(desk.now);
        desk.actor = Actor::SYSTEM;
        told.extend(desk.change(N1, &Change::Tick).unwrap().into_iter().map(|e| (e.at, e.change)));
        assert!(told.len() < 100);
    }
    desk.now = until;
    told
}

#[test]
fn warnings_and_breaches_are_told_once_each_at_their_time() {
    let mut desk = Desk::new();
    desk.create(&NewTicket { impact: Some(Impact::ServiceIntermittent), ..new_ticket() }).unwrap();
    let start = desk.now;
    let told = run(&mut desk, start + Millis::hours(48));
    let minutes: Vec<i64> = told.iter().map(|(at, _)| at.since(start).0 / 60_000).collect();
    assert_eq!(minutes, [22, 36, 45, 720, 1152, 1440]);
    assert_eq!(told.iter().filter(|(_, e)| matches!(e, Event::SlaBreached { .. })).count(), 2);
    assert_eq!(desk.change(N1, &Change::Tick), Err(Refusal::NoChange));
}

#[test]
fn what_fell_due_while_nobody_looked_is_told_at_once_in_order() {
    let mut desk = Desk::new();
    desk.create(&NewTicket { impact: Some(Impact::ServiceIntermittent), ..new_ticket() }).unwrap();
    desk.pass(Millis::hours(2));
    let events = desk.change(N1, &Change::Tick).unwrap();
    let breaches = events.iter().filter(|e| matches!(e.change, Event::SlaBreached { .. })).count();
    assert_eq!(breaches, 1);
    assert!(events.iter().all(|e| e.at == desk.now && e.actor == Actor::SYSTEM));
    assert_eq!(desk.change(N1, &Change::Tick), Err(Refusal::NoChange));
}

#[test]
fn a_resolved_ticket_closes_after_seven_days_unless_it_is_taken_up_again() {
    let mut desk = Desk::new();
    desk.create(&new_ticket()).unwrap();
    desk.done(N1, &says(Visibility::Public, None));
    desk.done(N1, &Change::Transition { state: TicketState::Resolved, reason: "".into() });
    let resolved = desk.now;
    assert_eq!(next(&desk, desk.ticket(N1)), Some(resolved + Millis::hours(168)));
    let told = run(&mut desk, resolved + Millis::hours(500));
    assert_eq!(told, [(resolved + Millis::hours(168), Event::Transitioned { previous: TicketState::Resolved })]);
    assert_eq!(desk.ticket(N1).state, TicketState::Closed);
    assert_eq!(next(&desk, desk.ticket(N1)), None);
}

#[test]
fn a_continuous_ticket_that_nobody_looks_after_is_neglected_once_until_somebody_does() {
    let mut desk = Desk::new();
    desk.create(&NewTicket { impact: Some(Impact::ServiceDown), ..new_ticket() }).unwrap();
    let agent = desk.actor.clone();
    desk.pass(Millis::minutes(5));
    desk.done(N1, &says(Visibility::Public, None));
    let start = desk.now;
    let told = run(&mut desk, start + Millis::hours(3));
    assert_eq!(told.iter().filter(|(_, e)| matches!(e, Event::SlaNeglected { .. })).count(), 1);
    desk.actor = agent;
    desk.done(N1, &says(Visibility::Internal, None));
    let start = desk.now;
    assert_eq!(run(&mut desk, start + Millis::hours(3)).len(), 1);
}

#[test]
fn a_policy_may_climb_the_ladder_by_itself_while_nobody_answers() {
    let mut desk = Desk::new();
    let mut definition = Policy::builtin().definition().clone();
    definition.policy = PolicyRef { version: 2, ..PolicyRef::builtin() };
    definition.escalate_on_breach = true;
    desk.rules.policies.add(Policy::new(definition).unwrap());
    desk.create(&NewTicket { impact: Some(Impact::ServiceIntermittent), ..new_ticket() }).unwrap();
    let (start, agent) = (desk.now, desk.actor.clone());
    let rungs: Vec<(i64, u32)> = run(&mut desk, start + Millis::minutes(140))
        .into_iter()
        .filter_map(|(at, e)| match e {
            Event::Escalated { previous_rung, automatic: true, .. } => {
                Some((at.since(start).0 / 60_000, previous_rung + 1))
            }
            _ => None,
        })
        .collect();
    assert_eq!(rungs, [(45, 1), (90, 2), (135, 3)]);
    desk.actor = agent;
    desk.done(N1, &Change::Deescalate { rung: 0, reason: "занимаемся".into() });
    let told = run(&mut desk, start + Millis::hours(10));
    assert!(!told.iter().any(|(_, e)| matches!(e, Event::Escalated { .. })), "who was taken off stays off");
}

#[test]
fn a_newer_policy_moves_the_clocks_and_what_it_breaks_is_its_cause() {
    let mut desk = Desk::new();
    desk.create(&new_ticket()).unwrap();
    desk.pass(Millis::hours(2));
    let mut definition = Policy::builtin().definition().clone();
    definition.policy = PolicyRef { version: 2, ..PolicyRef::builtin() };
    for cell in &mut definition.cells {
        cell.first_response = "30 min".parse().unwrap();
    }
    desk.rules.policies.add(Policy::new(definition).unwrap());
    let policy = PolicyRef { version: 2, ..PolicyRef::builtin() };
    let apply = Change::ApplyPolicy { policy: policy.clone(), reason: "новый договор".into() };
    let events = desk.change(N1, &apply).unwrap();
    assert_eq!(events[0].change, Event::PolicyApplied { previous: PolicyRef::builtin() });
    assert!(matches!(events[1].change, Event::SlaBreached { cause: crate::sla::BreachCause::Policy, .. }));
    assert_eq!(desk.ticket(N1).sla.policy, policy);
    assert_eq!(desk.change(N1, &apply), Err(Refusal::NoChange));
}
