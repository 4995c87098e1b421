//! Life of a ticket (docs/domain.md §6), messages, the ladder (docs/domain.md §8), imports.

use super::desk::{Desk, N1, N2, agent, at, new_ticket, says};
use crate::command::Change;
use crate::decide::{Refusal, allowed_transitions};
use crate::event;
use crate::model::{ActorKind, LinkKind, TicketState, Visibility};
use crate::sla::{BreachCause, ClockKind, ClockState};
use crate::time::Millis;
use TicketState::{Closed, InProgress, New, Resolved, WaitingForCustomer};
use Visibility::{Internal, Public};

fn to(state: TicketState) -> Change {
    Change::Transition { state, reason: "".into() }
}

fn desk_with_ticket() -> Desk {
    let mut desk = Desk::new();
    desk.create(&new_ticket()).unwrap();
    desk
}

#[test]
fn every_step_is_allowed_or_refused_with_those_that_are() {
    for (path, allowed) in [
        (vec![], vec![InProgress, WaitingForCustomer, Resolved]),
        (vec![InProgress], vec![WaitingForCustomer, Resolved]),
        (vec![WaitingForCustomer], vec![InProgress, Resolved]),
        (vec![Resolved], vec![InProgress, Closed]),
        (vec![Resolved, Closed], vec![]),
    ] {
        let from = path.last().copied().unwrap_or(New);
        for wanted in TicketState::ALL {
            let mut desk = desk_with_ticket();
            for step in &path {
                desk.done(N1, &to(*step));
            }
            let result = desk.change(N1, &to(wanted));
            if allowed.contains(&wanted) {
                assert_eq!(result.unwrap()[0].ticket.state, wanted);
            } else {
                let allowed = allowed_transitions(from).to_vec();
                assert_eq!(result, Err(Refusal::Transition { from, to: wanted, allowed }));
            }
        }
    }
}

#[test]
fn an_agents_public_reply_or_assignment_begins_the_work_as_an_event_of_its_own() {
    for change in [says(Public, None), Change::Assign(Some(agent("ivan")))] {
        let mut desk = desk_with_ticket();
        let events = desk.change(N1, &change).unwrap();
        assert_eq!(events.len(), 2);
        assert_eq!(events[0].ticket.state, New);
        assert_eq!(events[1].change, event::Change::Transitioned { previous: New });
        assert_eq!(events[1].ticket.state, InProgress);
    }
    let mut desk = desk_with_ticket();
    let etag = desk.ticket(N1).etag();
    assert_eq!(desk.done(N1, &says(Internal, None)).etag(), etag);
    assert_eq!(desk.ticket(N1).state, New);
    assert_eq!(desk.ticket(N1).sla.first_response.state, ClockState::Running);
}

#[test]
fn an_assignment_to_the_same_or_to_who_is_not_there_is_refused() {
    let mut desk = desk_with_ticket();
    assert_eq!(desk.change(N1, &Change::Assign(None)), Err(Refusal::NoChange));
    assert_eq!(desk.change(N1, &Change::Assign(Some(agent("max")))), Err(Refusal::Archived("agents/max".into())));
    desk.done(N1, &Change::Assign(Some(agent("ivan"))));
    assert_eq!(desk.change(N1, &Change::Assign(Some(agent("ivan")))), Err(Refusal::NoChange));
    assert_eq!(desk.done(N1, &Change::Assign(None)).state, InProgress);
}

#[test]
fn a_customers_message_takes_a_waiting_or_resolved_ticket_up_again() {
    for state in [WaitingForCustomer, Resolved] {
        let mut desk = desk_with_ticket();
        desk.done(N1, &to(state));
        assert_eq!(desk.ticket(N1).resolve_time.is_some(), state == Resolved);
        let events = desk.change(N1, &says(Public, Some("Anna@example.com"))).unwrap();
        assert!(
            matches!(&events[0].change, event::Change::Commented(c) if matches!(c.author.kind, ActorKind::Contact(_)))
        );
        assert_eq!(events[1].change, event::Change::Transitioned { previous: state });
        let ticket = desk.ticket(N1);
        assert_eq!((ticket.state, ticket.resolve_time), (InProgress, None));
        assert_eq!(ticket.sla.first_response.state, ClockState::Running, "a customer does not answer himself");
    }
}

#[test]
fn the_newest_public_message_says_whether_the_customer_waits_for_an_answer() {
    let mut desk = desk_with_ticket();
    let mut waits = |change: &Change| desk.done(N1, change).last_public_message.as_ref().is_some_and(|m| m.by_customer);
    assert!(!waits(&says(Public, None)));
    assert!(waits(&says(Public, Some("Anna@example.com"))));
    assert!(waits(&says(Internal, None)), "the customer reads nothing of it");
    assert!(waits(&to(WaitingForCustomer)));
    assert!(!waits(&says(Public, None)));
}

#[test]
fn a_customers_message_on_a_closed_ticket_makes_a_new_one_that_follows_it() {
    let mut desk = desk_with_ticket();
    desk.done(N1, &to(Resolved));
    desk.done(N1, &to(Closed));
    let closed = desk.ticket(N1).clone();
    let events = desk.change(N1, &says(Public, Some("stranger@example.org"))).unwrap();
    assert!(matches!(events[0].change, event::Change::Created { follows: Some(N1), .. }));
    assert!(matches!(events[1].change, event::Change::Commented(_)));
    let new = desk.ticket(N2);
    assert_eq!((new.state, new.comment_count, new.links.len()), (New, 1, 1));
    assert_eq!((new.links[0].ticket, new.links[0].kind), (N1, LinkKind::FollowsClosed));
    assert_eq!(&*new.reporter.email, "stranger@example.org");
    assert_eq!(*desk.ticket(N1), closed);
    assert_eq!(desk.done(N1, &says(Public, None)).state, Closed, "an agent may still write on it");
}

#[test]
fn a_reply_that_did_not_see_a_newer_public_message_is_refused() {
    let mut desk = desk_with_ticket();
    desk.done(N1, &says(Public, Some("anna@example.com")));
    let seen = |seen, visibility| Change::Comment {
        body: "ответ".into(),
        visibility,
        author: None,
        seen_through: Some(crate::model::Revision(seen)),
    };
    let refused = desk.change(N1, &seen(1, Public)).unwrap_err();
    let author = "anna@example.com".into();
    assert_eq!(refused, Refusal::Unseen { ticket: N1, revision: crate::model::Revision(2), author });
    desk.done(N1, &seen(1, Internal));
    desk.done(N1, &seen(2, Public));
    desk.done(N1, &seen(2, Public));
}

#[test]
fn the_ladder_is_climbed_rung_by_rung_or_to_a_named_higher_one() {
    let mut desk = desk_with_ticket();
    let up = |rung| Change::Escalate { rung, reason: "молчат".into() };
    assert_eq!(desk.done(N1, &up(None)).rung(), 1);
    // Monday 09:00 in London is 12:00 in Moscow: reachable at once. On Saturday not before Monday.
    desk.now = at("2026-03-07T09:00:00Z");
    let events = desk.change(N1, &up(None)).unwrap();
    let monday = Some(at("2026-03-09T07:00:00Z"));
    let last = events.iter().find(|e| matches!(e.change, event::Change::Escalated { .. })).unwrap();
    assert!(
        matches!(last.change, event::Change::Escalated { previous_rung: 1, reachable, automatic: false, .. } if reachable == monday)
    );
    assert_eq!(desk.done(N1, &up(Some(4))).rung(), 4);
    assert_eq!(desk.change(N1, &up(None)), Err(Refusal::Rung { rung: 5, highest: 4 }));
    assert_eq!(desk.change(N1, &up(Some(3))), Err(Refusal::Rung { rung: 3, highest: 4 }));
    let down = |rung| Change::Deescalate { rung, reason: "ответили".into() };
    assert_eq!(desk.done(N1, &down(1)).rung(), 1);
    assert_eq!(desk.change(N1, &down(1)), Err(Refusal::Rung { rung: 1, highest: 4 }));
    assert_eq!(desk.done(N1, &down(0)).rung(), 0);
}

#[test]
fn a_late_answer_finds_the_breach_even_if_no_timer_told_it() {
    let mut desk = desk_with_ticket();
    desk.pass(Millis::hours(25));
    let events = desk.change(N1, &says(Public, None)).unwrap();
    let due = at("2026-03-03T09:00:00Z");
    let expected = event::Change::SlaBreached { clock: ClockKind::FirstResponse, due, cause: BreachCause::Delay };
    assert_eq!(events[0].change, expected);
    assert!(matches!(events[1].change, event::Change::Commented(_)));
    assert_eq!(desk.ticket(N1).sla.first_response.state, ClockState::Met);
}

#[test]
fn an_import_goes_forward_in_time_only_and_tells_breaches_when_it_is_finished() {
    let mut desk = Desk::new();
    desk.importing = true;
    desk.create(&new_ticket()).unwrap();
    let earliest = desk.now;
    desk.now = earliest - Millis(1);
    assert_eq!(desk.change(N1, &says(Internal, None)), Err(Refusal::ImportOrder { earliest }));
    desk.now = earliest + Millis::hours(30);
    let events = desk.change(N1, &says(Public, None)).unwrap();
    assert!(!events.iter().any(|e| matches!(e.change, event::Change::SlaBreached { .. })));
    assert!(desk.ticket(N1).sla.first_response.breach.is_some());
    desk.importing = false;
    desk.now = earliest + Millis::hours(50);
    assert_eq!(desk.change(N1, &Change::Tick), Err(Refusal::NoChange));
    let events = desk.change(N1, &Change::FinishImport).unwrap();
    assert_eq!(events[0].change, event::Change::ImportFinished);
    assert!(matches!(events[1].change, event::Change::SlaBreached { clock: ClockKind::FirstResponse, .. }));
    assert_eq!(desk.change(N1, &Change::FinishImport), Err(Refusal::NoChange));
}

#[test]
fn a_clock_that_was_set_back_never_puts_an_event_before_the_last_one() {
    let mut desk = desk_with_ticket();
    let created = desk.now;
    desk.now = created - Millis::hours(3);
    assert_eq!(desk.done(N1, &says(Public, None)).update_time, created);
}

#[test]
fn where_a_closed_ticket_belongs_can_be_put_right_and_taken_back_and_nothing_else() {
    let mut desk = desk_with_ticket();
    desk.done(N1, &to(Resolved));
    desk.done(N1, &to(Closed));
    let before = desk.ticket(N1).clone();
    let files =
        event::Edit {
            tags: Some(vec!["VIP".into()]), workstations: Some(vec!["АРМ-14".into()]), ..Default::default()
        };
    let events = desk.change(N1, &Change::Update(Box::new(files.clone()))).unwrap();
    let after = desk.ticket(N1).clone();
    assert_eq!((after.state, events.len()), (Closed, 1));
    assert_eq!((&*after.tags[0], &*after.workstations[0]), ("VIP", "АРМ-14"));
    assert_eq!(after.sla, before.sla, "no clock is touched");
    desk.done(N1, &Change::Undo { revision: after.revision, facet: crate::command::Facet::Tags });
    assert!(desk.ticket(N1).tags.is_empty());
    let more = event::Edit { subject: Some("x".into()), ..files };
    assert_eq!(desk.change(N1, &Change::Update(Box::new(more))), Err(Refusal::State(Closed)));
}

#[test]
fn what_ended_takes_no_changes() {
    let mut desk = desk_with_ticket();
    desk.done(N1, &to(Resolved));
    desk.done(N1, &to(Closed));
    let reason: std::sync::Arc<str> = "".into();
    let priority = crate::command::Reprioritise::Priority(crate::model::Priority::High);
    for change in [
        Change::Assign(Some(agent("ivan"))),
        Change::Reprioritise { to: priority, reason: reason.clone() },
        Change::Escalate { rung: None, reason: reason.clone() },
        Change::Update(Box::new(event::Edit { subject: Some("x".into()), ..Default::default() })),
    ] {
        assert_eq!(desk.change(N1, &change), Err(Refusal::State(Closed)));
    }
}
