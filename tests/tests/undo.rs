//! Taking back what was done (`undo_of`), through the wire: for each change that has it, and the refusal where somebody
//! changed the same thing since.

use opora_proto::client::{Desk, request_id};
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use opora_proto::v1::reprioritise_ticket_request::To;
use opora_proto::v1::ticket_event::Change;
use opora_tests::{Server, agent, comment, create, get, reason, transition};
use prost_types::FieldMask;
use tonic::{Code, Status};

/// A server with two agents and a ticket.
async fn desk() -> (Server, v1::Ticket) {
    let server = Server::start();
    agent(&server.desk(), "olga").await;
    agent(&server.desk(), "ivan").await;
    let ticket = create(&server.desk(), "Нет входящих звонков").await.unwrap();
    (server, ticket)
}

async fn assign(desk: &Desk, name: &str, assignee: &str, undo_of: u64) -> Result<(v1::Ticket, u64), Status> {
    let request = v1::AssignTicketRequest {
        name: name.into(),
        assignee: assignee.into(),
        undo_of,
        request_id: request_id(),
        ..Default::default()
    };
    let response = desk.tickets().assign_ticket(request).await?.into_inner();
    Ok((response.ticket.unwrap(), response.revision))
}

async fn reprioritise(desk: &Desk, name: &str, to: Option<To>, undo_of: u64) -> Result<(v1::Ticket, u64), Status> {
    let request = v1::ReprioritiseTicketRequest {
        name: name.into(),
        to,
        reason: if undo_of == 0 { "так видно по месту".into() } else { String::new() },
        undo_of,
        request_id: request_id(),
        ..Default::default()
    };
    let response = desk.tickets().reprioritise_ticket(request).await?.into_inner();
    Ok((response.ticket.unwrap(), response.revision))
}

async fn undo_state(desk: &Desk, name: &str, undo_of: u64) -> Result<v1::Ticket, Status> {
    let request =
        v1::TransitionTicketRequest { name: name.into(), undo_of, request_id: request_id(), ..Default::default() };
    Ok(desk.tickets().transition_ticket(request).await?.into_inner().ticket.unwrap())
}

async fn tag(desk: &Desk, name: &str, tags: &[&str], undo_of: u64) -> Result<(v1::Ticket, u64), Status> {
    let ticket =
        v1::Ticket { name: name.into(), tags: tags.iter().map(|&tag| tag.to_owned()).collect(), ..Default::default() };
    let request = v1::UpdateTicketRequest {
        ticket: Some(ticket),
        update_mask: (undo_of == 0).then(|| FieldMask { paths: vec!["tags".into()] }),
        undo_of,
        request_id: request_id(),
        ..Default::default()
    };
    let response = desk.tickets().update_ticket(request).await?.into_inner();
    Ok((response.ticket.unwrap(), response.revision))
}

async fn link(desk: &Desk, name: &str, target: &str, undo_of: u64) -> Result<(v1::Ticket, u64), Status> {
    let kind = if undo_of == 0 { v1::LinkKind::Related } else { v1::LinkKind::Unspecified };
    let request = v1::LinkTicketsRequest {
        name: name.into(),
        target: target.into(),
        kind: kind.into(),
        undo_of,
        request_id: request_id(),
        ..Default::default()
    };
    let response = desk.tickets().link_tickets(request).await?.into_inner();
    Ok((response.ticket.unwrap(), response.revision))
}

async fn unlink(desk: &Desk, name: &str, target: &str, undo_of: u64) -> Result<(v1::Ticket, u64), Status> {
    let request = v1::UnlinkTicketsRequest {
        name: name.into(),
        target: target.into(),
        undo_of,
        request_id: request_id(),
        ..Default::default()
    };
    let response = desk.tickets().unlink_tickets(request).await?.into_inner();
    Ok((response.ticket.unwrap(), response.revision))
}

/// It was refused because of the newer change of that revision, or because there is nothing to undo.
#[track_caller]
fn refused(status: &Status, newer: Option<u64>) {
    assert_eq!(
        (status.code(), reason(status)),
        (Code::FailedPrecondition, Some(ErrorReason::CannotUndo)),
        "{status:?}"
    );
    let told = Fault::from(status).metadata.get("revision").map(|text| text.parse::<u64>().unwrap());
    assert_eq!(told, newer, "{status:?}");
}

#[tokio::test]
async fn an_assignment_is_taken_back_with_the_state_that_it_brought_and_the_history_says_so() {
    let (server, ticket) = desk().await;
    let desk = server.desk();
    let (taken, at) = assign(&desk, &ticket.name, "agents/olga", 0).await.unwrap();
    assert_eq!(taken.state(), v1::TicketState::InProgress);
    let (back, undone) = assign(&desk, &ticket.name, "", at).await.unwrap();
    assert_eq!((back.assignee.as_str(), back.state()), ("", v1::TicketState::New));
    assert_eq!(back.revision, undone);
    let request = v1::ListEventsRequest { name: ticket.name.clone(), ..Default::default() };
    let events = desk.tickets().list_events(request).await.unwrap().into_inner().events;
    let last = events.last().unwrap();
    assert_eq!(last.change, Some(Change::Undone(v1::ChangeUndone { undone_revision: at })));
    // What was undone can't be undone again.
    refused(&assign(&desk, &ticket.name, "", at).await.unwrap_err(), Some(undone));
}

#[tokio::test]
async fn an_undo_is_refused_once_somebody_changed_the_same_thing_and_not_for_another_thing() {
    let (server, ticket) = desk().await;
    let (olga, ivan) = (server.desk_as("agents/olga"), server.desk_as("agents/ivan"));
    let (_, at) = assign(&olga, &ticket.name, "agents/olga", 0).await.unwrap();
    // Another thing: it is no hindrance.
    reprioritise(&ivan, &ticket.name, Some(To::Priority(v1::Priority::High.into())), 0).await.unwrap();
    comment(&ivan, &ticket.name, "смотрю", v1::Visibility::Internal).await.unwrap();
    let (back, _) = assign(&olga, &ticket.name, "", at).await.unwrap();
    assert_eq!((back.assignee.as_str(), back.priority()), ("", v1::Priority::High));
    // The same thing.
    let (_, first) = assign(&olga, &ticket.name, "agents/olga", 0).await.unwrap();
    let (_, second) = assign(&ivan, &ticket.name, "agents/ivan", 0).await.unwrap();
    refused(&assign(&olga, &ticket.name, "", first).await.unwrap_err(), Some(second));
    assert_eq!(get(&olga, &ticket.name).await.unwrap().assignee, "agents/ivan");
}

#[tokio::test]
async fn a_priority_is_taken_back_and_the_clocks_are_as_though_it_had_not_been() {
    let (server, ticket) = desk().await;
    let (olga, ivan) = (server.desk_as("agents/olga"), server.desk_as("agents/ivan"));
    let before = ticket.sla.clone().unwrap();
    let (raised, at) =
        reprioritise(&olga, &ticket.name, Some(To::Priority(v1::Priority::High.into())), 0).await.unwrap();
    assert_ne!(raised.sla.clone().unwrap().resolution, before.resolution);
    let (back, _) = reprioritise(&olga, &ticket.name, None, at).await.unwrap();
    assert_eq!((back.priority(), back.sla.unwrap()), (ticket.priority(), before));
    let to = Some(To::Impact(v1::Impact::ServiceDown.into()));
    let (down, at) = reprioritise(&olga, &ticket.name, to, 0).await.unwrap();
    assert_eq!(down.priority(), v1::Priority::Critical);
    let (back, _) = reprioritise(&olga, &ticket.name, None, at).await.unwrap();
    assert_eq!((back.impact(), back.priority()), (ticket.impact(), ticket.priority()));
    let (_, first) = reprioritise(&olga, &ticket.name, Some(To::Priority(v1::Priority::High.into())), 0).await.unwrap();
    let (_, second) =
        reprioritise(&ivan, &ticket.name, Some(To::Priority(v1::Priority::Medium.into())), 0).await.unwrap();
    refused(&reprioritise(&olga, &ticket.name, None, first).await.unwrap_err(), Some(second));
}

#[tokio::test]
async fn a_state_is_taken_back_and_the_clock_runs_on() {
    let (server, ticket) = desk().await;
    let (olga, ivan) = (server.desk_as("agents/olga"), server.desk_as("agents/ivan"));
    assign(&olga, &ticket.name, "agents/olga", 0).await.unwrap();
    let before = get(&olga, &ticket.name).await.unwrap().sla.unwrap();
    let waiting = transition(&olga, &ticket.name, v1::TicketState::WaitingForCustomer).await.unwrap();
    assert_eq!(waiting.sla.unwrap().resolution.unwrap().state(), v1::ClockState::Paused);
    let back = undo_state(&olga, &ticket.name, waiting.revision).await.unwrap();
    assert_eq!((back.state(), back.sla.unwrap()), (v1::TicketState::InProgress, before));
    let resolved = transition(&olga, &ticket.name, v1::TicketState::Resolved).await.unwrap();
    assert!(resolved.resolve_time.is_some());
    let back = undo_state(&olga, &ticket.name, resolved.revision).await.unwrap();
    assert_eq!((back.state(), back.resolve_time), (v1::TicketState::InProgress, None));
    let resolved = transition(&olga, &ticket.name, v1::TicketState::Resolved).await.unwrap();
    let reopened = transition(&ivan, &ticket.name, v1::TicketState::InProgress).await.unwrap();
    refused(&undo_state(&olga, &ticket.name, resolved.revision).await.unwrap_err(), Some(reopened.revision));
    // CLOSED has no way out, not even this one.
    transition(&olga, &ticket.name, v1::TicketState::Resolved).await.unwrap();
    let closed = transition(&olga, &ticket.name, v1::TicketState::Closed).await.unwrap();
    let status = undo_state(&olga, &ticket.name, closed.revision).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
    assert_eq!(get(&olga, &ticket.name).await.unwrap().state(), v1::TicketState::Closed);
}

#[tokio::test]
async fn a_tie_and_its_cutting_are_taken_back_at_both_ends() {
    let (server, one) = desk().await;
    let (olga, ivan) = (server.desk_as("agents/olga"), server.desk_as("agents/ivan"));
    let two = create(&olga, "Плохо слышно").await.unwrap();
    let ends = async || {
        let (one, two) = (get(&olga, &one.name).await.unwrap(), get(&olga, &two.name).await.unwrap());
        (one.links.len(), two.links.len())
    };
    let (_, tied) = link(&olga, &one.name, &two.name, 0).await.unwrap();
    assert_eq!(ends().await, (1, 1));
    link(&olga, &one.name, "", tied).await.unwrap();
    assert_eq!(ends().await, (0, 0));
    link(&olga, &one.name, &two.name, 0).await.unwrap();
    let (_, cut) = unlink(&olga, &one.name, &two.name, 0).await.unwrap();
    assert_eq!(ends().await, (0, 0));
    unlink(&olga, &one.name, "", cut).await.unwrap();
    assert_eq!(ends().await, (1, 1));
    let three = create(&olga, "Не входит оператор").await.unwrap();
    let (_, first) = link(&olga, &one.name, &three.name, 0).await.unwrap();
    let (_, second) = unlink(&ivan, &one.name, &two.name, 0).await.unwrap();
    refused(&link(&olga, &one.name, "", first).await.unwrap_err(), Some(second));
    assert_eq!(get(&olga, &one.name).await.unwrap().links[0].ticket, three.name);
}

#[tokio::test]
async fn tags_are_taken_back_and_other_fields_of_a_ticket_are_not() {
    let (server, ticket) = desk().await;
    let (olga, ivan) = (server.desk_as("agents/olga"), server.desk_as("agents/ivan"));
    tag(&olga, &ticket.name, &["связь"], 0).await.unwrap();
    let (tagged, at) = tag(&olga, &ticket.name, &["связь", "срочно"], 0).await.unwrap();
    assert_eq!(tagged.tags.len(), 2);
    let (back, _) = tag(&olga, &ticket.name, &[], at).await.unwrap();
    assert_eq!(back.tags, ["связь"]);
    let (_, first) = tag(&olga, &ticket.name, &["срочно"], 0).await.unwrap();
    let (_, second) = tag(&ivan, &ticket.name, &["дубль"], 0).await.unwrap();
    refused(&tag(&olga, &ticket.name, &[], first).await.unwrap_err(), Some(second));
    // A subject has no undo.
    let request = v1::UpdateTicketRequest {
        ticket: Some(v1::Ticket { name: ticket.name.clone(), subject: "Другое".into(), ..Default::default() }),
        update_mask: Some(FieldMask { paths: vec!["subject".into()] }),
        request_id: request_id(),
        ..Default::default()
    };
    let renamed = olga.tickets().update_ticket(request).await.unwrap().into_inner();
    let status = tag(&olga, &ticket.name, &[], renamed.revision).await.unwrap_err();
    assert_eq!(reason(&status), Some(ErrorReason::CannotUndo));
    let after = get(&olga, &ticket.name).await.unwrap();
    assert_eq!((after.subject.as_str(), after.tags.as_slice()), ("Другое", ["дубль".to_owned()].as_slice()));
}

#[tokio::test]
async fn what_is_no_such_change_of_this_ticket_is_not_undone_and_a_crash_forgets_no_undo() {
    let (mut server, ticket) = desk().await;
    let desk = server.desk();
    let other = create(&desk, "Другая заявка").await.unwrap();
    let (_, at) = assign(&desk, &ticket.name, "agents/olga", 0).await.unwrap();
    refused(&assign(&desk, &other.name, "", at).await.unwrap_err(), None);
    refused(&reprioritise(&desk, &ticket.name, None, at).await.unwrap_err(), None);
    refused(&assign(&desk, &ticket.name, "", 1_000_000).await.unwrap_err(), None);
    server.kill();
    server.restart();
    let request = v1::AssignTicketRequest {
        name: ticket.name.clone(),
        undo_of: at,
        request_id: request_id(),
        ..Default::default()
    };
    let desk = server.desk();
    let first = desk.tickets().assign_ticket(request.clone()).await.unwrap().into_inner();
    assert_eq!(first.ticket.as_ref().unwrap().assignee, "");
    // Asked again under the same id it is the same answer, not a second undo.
    assert_eq!(desk.tickets().assign_ticket(request).await.unwrap().into_inner(), first);
}
