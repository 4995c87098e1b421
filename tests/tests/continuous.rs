//! A ticket that was raised is as old as it is continuous, wherever its clock is told.

use opora_proto::client::request_id;
use opora_proto::v1;
use opora_tests::{Server, create};

#[tokio::test]
async fn the_age_of_a_continuous_ticket_counts_from_when_it_was_raised() {
    let server = Server::start();
    let desk = server.desk();
    let first = create(&desk, "создан раньше").await.unwrap();
    let raise = |name: &str| v1::ReprioritiseTicketRequest {
        name: name.into(),
        to: Some(v1::reprioritise_ticket_request::To::Priority(v1::Priority::Critical.into())),
        reason: "стоит всё".into(),
        request_id: request_id(),
        ..Default::default()
    };
    let second = create(&desk, "создан позже").await.unwrap();
    let mut raised = Vec::new();
    for name in [&second.name, &first.name] {
        let answer = desk.tickets().reprioritise_ticket(raise(name)).await.unwrap().into_inner();
        raised.push(answer.ticket.unwrap());
    }
    let resolution = |ticket: &v1::Ticket| ticket.sla.clone().unwrap().resolution.unwrap();
    for ticket in &raised {
        let clock = resolution(ticket);
        assert_eq!(clock.start_time, ticket.create_time, "it shows the obligation with a target");
        assert_eq!(clock.continuous_since_time, ticket.update_time);
        let asked = v1::ExplainTicketRequest { name: ticket.name.clone() };
        let explained = desk.sla().explain_ticket(asked).await.unwrap().into_inner();
        assert_eq!(explained.resolution.unwrap().clock, Some(clock));
    }
    let list = v1::ListTicketsRequest { order_by: "urgency".into(), ..Default::default() };
    let listed = desk.tickets().list_tickets(list).await.unwrap().into_inner().tickets;
    let since = |ticket: &v1::Ticket| resolution(ticket).continuous_since_time.map(|at| (at.seconds, at.nanos));
    assert!(listed.is_sorted_by_key(|ticket| (since(ticket), ticket.number)), "by the age that is told");
}
