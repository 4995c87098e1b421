//! Taking changes back.

use super::desk::{Desk, N1, N2, agent, new_ticket, says};
use crate::command::{Change, Facet, NewTicket, Reprioritise};
use crate::decide::Refusal;
use crate::event::{self, Edit};
use crate::model::{Impact, LinkKind, Priority, Revision, TicketNumber, TicketState, Visibility};
use crate::sla::BreachCause;
use crate::time::Millis;

const N3: TicketNumber = TicketNumber(3);

fn undo(revision: Revision, facet: Facet) -> Change {
    Change::Undo { revision, facet }
}

fn desk_with_ticket(impact: Impact) -> Desk {
    let mut desk = Desk::new();
    desk.create(&NewTicket { impact: Some(impact), ..new_ticket() }).unwrap();
    desk
}

#[test]
fn an_assignment_goes_back_with_the_step_that_it_brought() {
    let mut desk = desk_with_ticket(Impact::OneWorkstation);
    let done = desk.done(N1, &Change::Assign(Some(agent("ivan")))).revision;
    let events = desk.change(N1, &undo(done, Facet::Assignee)).unwrap();
    assert_eq!(events[0].change, event::Change::Undone { revision: done });
    let ticket = desk.ticket(N1);
    assert_eq!((&ticket.assignee, ticket.state), (&None, TicketState::New));
    assert_eq!(desk.change(N1, &undo(done, Facet::Assignee)), Err(Refusal::Undo(Some(ticket_revision(&desk)))));
}

fn ticket_revision(desk: &Desk) -> Revision {
    desk.ticket(N1).revision
}

#[test]
fn a_facet_that_somebody_changed_since_stays() {
    let mut desk = desk_with_ticket(Impact::OneWorkstation);
    let first = desk.done(N1, &Change::Assign(Some(agent("ivan")))).revision;
    desk.done(N1, &says(Visibility::Public, None));
    let second = desk.done(N1, &Change::Assign(Some(agent("olga")))).revision;
    assert_eq!(desk.change(N1, &undo(first, Facet::Assignee)), Err(Refusal::Undo(Some(second))));
    assert_eq!(desk.change(N1, &undo(second, Facet::Priority)), Err(Refusal::Undo(None)));
    assert_eq!(desk.done(N1, &undo(second, Facet::Assignee)).assignee, Some(agent("ivan")));
}

#[test]
fn clocks_are_reckoned_as_though_the_change_had_not_been() {
    let mut desk = desk_with_ticket(Impact::OneWorkstation);
    let before = desk.ticket(N1).sla.clone();
    desk.pass(Millis::minutes(10));
    let to = Reprioritise::Impact(Impact::ServiceDown);
    let done = desk.done(N1, &Change::Reprioritise { to, reason: "ошибка".into() }).revision;
    desk.pass(Millis::minutes(10));
    let after = desk.done(N1, &undo(done, Facet::Priority));
    assert_eq!((after.priority, after.impact), (Priority::Low, Some(Impact::OneWorkstation)));
    assert_eq!((after.sla.first_response, after.sla.resolution), (before.first_response, before.resolution));
}

#[test]
fn a_breach_that_a_change_brought_outlives_its_undo() {
    let mut desk = Desk::new();
    let mut definition = crate::sla::Policy::builtin().definition().clone();
    definition.policy.version = 2;
    definition.raise_from = crate::sla::RaiseFrom::Creation;
    desk.rules.policies.add(crate::sla::Policy::new(definition).unwrap());
    for importing in [false, true] {
        desk.importing = importing;
        let number =
            desk.create(&NewTicket { impact: Some(Impact::OneWorkstation), ..new_ticket() }).unwrap()[0].ticket.number;
        desk.pass(Millis::hours(3));
        let to = Reprioritise::Priority(Priority::High);
        let done = desk.done(number, &Change::Reprioritise { to, reason: "выше".into() });
        let breach = done.sla.first_response.breach.unwrap();
        assert_eq!(breach.cause, BreachCause::Reclassification);
        desk.pass(Millis::minutes(1));
        let after = desk.done(number, &undo(done.revision, Facet::Priority));
        assert_eq!(after.sla.first_response.breach, Some(breach));
        assert_eq!(after.priority, Priority::Low);
    }
}

#[test]
fn a_step_goes_back_and_with_it_the_time_it_was_resolved() {
    let mut desk = desk_with_ticket(Impact::OneWorkstation);
    let resolved = desk.done(N1, &Change::Transition { state: TicketState::Resolved, reason: "".into() });
    desk.pass(Millis::hours(1));
    let reopened = desk.done(N1, &says(Visibility::Public, Some("anna@example.com"))).revision;
    let back = desk.done(N1, &undo(reopened, Facet::State));
    assert_eq!((back.state, back.resolve_time), (TicketState::Resolved, resolved.resolve_time));
    assert_eq!(back.sla.resolution.met, resolved.resolve_time);
    let closed = desk.done(N1, &Change::Transition { state: TicketState::Closed, reason: "".into() }).revision;
    assert_eq!(desk.change(N1, &undo(closed, Facet::State)), Err(Refusal::State(TicketState::Closed)));
}

#[test]
fn all_ties_of_one_revision_go_back_together() {
    let mut desk = desk_with_ticket(Impact::OneWorkstation);
    for _ in 0..2 {
        desk.create(&new_ticket()).unwrap();
    }
    let tied = desk.together(
        N1,
        &[
            Change::Link { target: N2, kind: LinkKind::ChildOfIncident },
            Change::Link { target: N3, kind: LinkKind::Related },
        ],
    );
    let events = desk.change(N1, &undo(tied, Facet::Links)).unwrap();
    assert_eq!(events.len(), 3, "one for each ticket");
    assert!([N1, N2, N3].iter().all(|number| desk.ticket(*number).links.is_empty()));
    assert_eq!(desk.ticket(N1).incident, None);
    // One of them can't be cut any more: then none is.
    let tied = desk.together(
        N1,
        &[Change::Link { target: N2, kind: LinkKind::Related }, Change::Link { target: N3, kind: LinkKind::Related }],
    );
    desk.create(&new_ticket()).unwrap();
    desk.done(N3, &Change::Merge { target: TicketNumber(4), target_etag: None, reason: "".into() });
    let refused = desk.change(N1, &undo(tied, Facet::Links));
    assert_eq!(refused, Err(Refusal::Merged { ticket: N3, into: TicketNumber(4) }));
    assert_eq!(desk.ticket(N1).links.len(), 2);
}

#[test]
fn ties_and_tags_go_back() {
    let mut desk = desk_with_ticket(Impact::OneWorkstation);
    desk.create(&new_ticket()).unwrap();
    let tied = desk.done(N1, &Change::Link { target: N2, kind: LinkKind::ChildOfIncident }).revision;
    let events = desk.change(N1, &undo(tied, Facet::Links)).unwrap();
    assert_eq!(events.len(), 2);
    assert!(desk.ticket(N1).links.is_empty() && desk.ticket(N2).links.is_empty() && desk.ticket(N1).incident.is_none());
    desk.done(N1, &Change::Link { target: N2, kind: LinkKind::ChildOfIncident });
    let cut = desk.done(N2, &Change::Unlink { target: N1 }).revision;
    desk.done(N1, &undo(cut, Facet::Links));
    assert_eq!(desk.ticket(N1).incident, Some(N2));
    let edit = Edit { tags: Some(vec!["vip".into()]), ..Edit::default() };
    let tagged = desk.done(N1, &Change::Update(Box::new(edit))).revision;
    assert!(desk.done(N1, &undo(tagged, Facet::Tags)).tags.is_empty());
}
