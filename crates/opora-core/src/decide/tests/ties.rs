//! Merging, unmerging, ties.

use super::desk::{Desk, N1, N2, new_ticket, says};
use crate::command::Change;
use crate::decide::{MAX_LINKS, Refusal};
use crate::event;
use crate::model::{Link, LinkKind, TicketNumber, TicketState, Visibility};
use crate::sla::ClockState;
use crate::time::Millis;

const N3: TicketNumber = TicketNumber(3);

fn desk_with(tickets: usize) -> Desk {
    let mut desk = Desk::new();
    for _ in 0..tickets {
        desk.create(&new_ticket()).unwrap();
    }
    desk
}

fn merge(target: TicketNumber) -> Change {
    Change::Merge { target, target_etag: None, reason: "одно и то же".into() }
}

fn tie(target: TicketNumber, kind: LinkKind) -> Change {
    Change::Link { target, kind }
}

fn step(state: TicketState) -> Change {
    Change::Transition { state, reason: "".into() }
}

#[test]
fn a_merge_stands_on_both_and_unmerging_gives_back_the_state_and_the_time() {
    let mut desk = desk_with(2);
    desk.done(N1, &step(TicketState::WaitingForCustomer));
    let before = desk.ticket(N1).clone();
    let events = desk.change(N1, &merge(N2)).unwrap();
    assert_eq!(events.iter().map(|e| e.ticket.number).collect::<Vec<_>>(), [N1, N2]);
    assert_eq!(events[0].change, events[1].change);
    assert_eq!(desk.ticket(N1).state, TicketState::Merged);
    assert_eq!(desk.change(N1, &says(Visibility::Public, None)), Err(Refusal::Merged { ticket: N1, into: N2 }));
    desk.pass(Millis::hours(10));
    let after = desk.done(N1, &Change::Unmerge { reason: "".into() });
    assert_eq!((after.state, after.merged_into), (before.state, None));
    assert_eq!(after.sla.resolution.remaining, before.sla.resolution.remaining);
    let due = before.sla.first_response.due.unwrap() + Millis::hours(10);
    assert_eq!(after.sla.first_response.due, Some(due));
}

#[test]
fn a_merge_into_a_ticket_that_changed_since_it_was_seen_is_refused() {
    let mut desk = desk_with(2);
    let seen = desk.ticket(N2).etag();
    let onto = |etag: &str| Change::Merge { target: N2, target_etag: Some(etag.into()), reason: "".into() };
    desk.done(N2, &step(TicketState::InProgress));
    let (current, revision) = (desk.ticket(N2).etag(), desk.ticket(N2).revision);
    let refusal = Refusal::OtherEtag { ticket: N2, current: current.clone(), revision };
    assert_eq!(desk.change(N1, &onto(&seen)), Err(refusal.clone()));
    // A message is no change of what was seen; a state that forbids the merge comes after the etag.
    desk.done(N2, &says(Visibility::Internal, None));
    desk.done(N1, &step(TicketState::Resolved));
    assert!(desk.change(N1, &onto(&current)).is_ok());
    assert!(matches!(desk.change(N1, &onto(&seen)), Err(Refusal::OtherEtag { .. })));
    assert!(matches!(desk.change(N1, &onto(&current)), Err(Refusal::Merged { .. })));
}

#[test]
fn a_resolved_ticket_is_resolved_again_when_it_is_unmerged() {
    let mut desk = desk_with(2);
    let resolved = desk.done(N1, &step(TicketState::Resolved));
    desk.pass(Millis::hours(1));
    desk.done(N1, &merge(N2));
    desk.pass(Millis::hours(1));
    let after = desk.done(N1, &Change::Unmerge { reason: "".into() });
    assert_eq!((after.state, after.resolve_time), (TicketState::Resolved, resolved.resolve_time));
    assert_eq!(after.sla.resolution.state, ClockState::Met);
}

#[test]
fn merges_that_make_no_sense_are_refused() {
    let mut desk = desk_with(3);
    assert_eq!(desk.change(N1, &merge(N1)), Err(Refusal::Cycle));
    assert_eq!(desk.change(N1, &merge(TicketNumber(9))), Err(Refusal::NoTicket(TicketNumber(9))));
    desk.done(N1, &merge(N2));
    assert_eq!(desk.change(N2, &merge(N1)), Err(Refusal::Cycle));
    assert_eq!(desk.change(N3, &merge(N1)), Err(Refusal::Merged { ticket: N1, into: N2 }));
    assert_eq!(desk.change(N1, &merge(N3)), Err(Refusal::Merged { ticket: N1, into: N2 }));
    assert_eq!(desk.change(N3, &Change::Unmerge { reason: "".into() }), Err(Refusal::State(TicketState::New)));
}

#[test]
fn a_tie_has_two_ends_and_is_cut_from_either() {
    for (kind, back) in [(LinkKind::Related, LinkKind::Related), (LinkKind::ChildOfIncident, LinkKind::IncidentOf)] {
        let mut desk = desk_with(2);
        let events = desk.change(N1, &tie(N2, kind)).unwrap();
        assert_eq!(events[0].change, event::Change::Linked(Link { ticket: N2, kind }));
        assert_eq!(events[1].change, event::Change::Linked(Link { ticket: N1, kind: back }));
        assert_eq!(desk.ticket(N1).incident, (kind == LinkKind::ChildOfIncident).then_some(N2));
        assert_eq!(desk.change(N2, &tie(N1, LinkKind::Related)), Err(Refusal::Link));
        desk.done(N2, &Change::Unlink { target: N1 });
        assert!(desk.ticket(N1).links.is_empty() && desk.ticket(N2).links.is_empty());
        assert_eq!(desk.ticket(N1).incident, None);
        assert_eq!(desk.change(N1, &Change::Unlink { target: N2 }), Err(Refusal::Link));
    }
}

#[test]
fn a_ticket_has_at_most_so_many_ties() {
    let mut desk = desk_with(MAX_LINKS + 2);
    let last = TicketNumber(MAX_LINKS as u64 + 2);
    for n in 2..last.0 {
        desk.done(TicketNumber(n), &tie(N1, LinkKind::Related));
    }
    assert_eq!(desk.ticket(N1).links.len(), MAX_LINKS);
    assert_eq!(desk.change(last, &tie(N1, LinkKind::ChildOfIncident)), Err(Refusal::TooManyLinks));
    assert_eq!(desk.change(N1, &tie(last, LinkKind::Related)), Err(Refusal::TooManyLinks));
    desk.done(N1, &Change::Unlink { target: N2 });
    desk.done(last, &tie(N1, LinkKind::Related));
}

#[test]
fn incidents_make_no_circles() {
    let mut desk = desk_with(3);
    let child = |of| tie(of, LinkKind::ChildOfIncident);
    assert_eq!(desk.change(N1, &child(N1)), Err(Refusal::Cycle));
    desk.done(N1, &child(N2));
    assert_eq!(desk.change(N1, &child(N3)), Err(Refusal::Link), "one incident at a time");
    assert_eq!(desk.change(N3, &child(N1)), Err(Refusal::Cycle));
    desk.done(N2, &child(N3));
    assert_eq!(desk.change(N3, &child(N1)), Err(Refusal::Cycle));
    assert_eq!(desk.change(N2, &merge(N1)), Err(Refusal::Cycle));
}
