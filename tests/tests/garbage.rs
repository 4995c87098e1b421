//! Bad input for creating and listing: a clear error with the field's path, never a panic, and the server goes on.

use opora_proto::client::request_id;
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use opora_tests::{Server, create, new_ticket, reason, violated};
use prost_types::Timestamp;
use tonic::Code;

fn ticket(change: impl FnOnce(&mut v1::Ticket)) -> v1::CreateTicketRequest {
    let mut request = new_ticket("мусор");
    change(request.ticket.as_mut().unwrap());
    request
}

#[tokio::test]
async fn each_wrong_field_of_a_new_ticket_is_named_by_its_path() {
    let server = Server::start();
    let cases: Vec<(v1::CreateTicketRequest, &str)> = vec![
        (ticket(|t| t.subject.clear()), "ticket.subject"),
        (ticket(|t| t.subject = "  \t ".into()), "ticket.subject"),
        (ticket(|t| t.subject = "я".repeat(501)), "ticket.subject"),
        (ticket(|t| t.subject = "a\u{0}b".into()), "ticket.subject"),
        (ticket(|t| t.description = "я".repeat(128 * 1024 + 1)), "ticket.description"),
        (ticket(|t| t.category = 77), "ticket.category"),
        (ticket(|t| t.impact = -1), "ticket.impact"),
        (ticket(|t| t.platform = 9), "ticket.platform"),
        (ticket(|t| t.channels = vec![1, 44]), "ticket.channels[1]"),
        (ticket(|t| t.requested_priority = 12), "ticket.requested_priority"),
        (ticket(|t| t.origin = 99), "ticket.origin"),
        (ticket(|t| t.tags = (0..51).map(|n| format!("t{n}")).collect()), "ticket.tags"),
        (ticket(|t| t.tags = vec!["a".into(), String::new()]), "ticket.tags[1]"),
        (ticket(|t| t.workstations = (0..201).map(|n| format!("w{n}")).collect()), "ticket.workstations"),
        (ticket(|t| t.organisation = "acme".into()), "ticket.organisation"),
        (ticket(|t| t.assignee = "agents/Ольга".into()), "ticket.assignee"),
        (ticket(|t| t.occur_time = Some(Timestamp { seconds: i64::MAX, nanos: 0 })), "ticket.occur_time"),
        (ticket(|t| t.occur_time = Some(Timestamp { seconds: 0, nanos: -5 })), "ticket.occur_time"),
        (ticket(|t| t.external_id = "x".repeat(201)), "ticket.external_id"),
        (v1::CreateTicketRequest { ticket: None, request_id: request_id(), import_time: None }, "ticket"),
        (v1::CreateTicketRequest { request_id: "no uuid".into(), ..new_ticket("x") }, "request_id"),
    ];
    for (request, path) in cases {
        let status = server.desk().tickets().create_ticket(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{path}: {status:?}");
        assert_eq!(reason(&status), Some(ErrorReason::InvalidField), "{path}");
        assert!(violated(&status).iter().any(|f| f == path), "{path} is not among {:?}", violated(&status));
    }
    create(&server.desk(), "и всё-таки работает").await.unwrap();
}

#[tokio::test]
async fn limits_hold_at_and_below_them() {
    let server = Server::start();
    let cases = vec![
        ticket(|t| t.subject = "я".repeat(500)),
        ticket(|t| t.subject = "я".repeat(499)),
        ticket(|t| t.description = "я".repeat(128 * 1024)),
        ticket(|t| t.tags = (0..50).map(|n| format!("t{n}")).collect()),
        ticket(|t| t.workstations = (0..200).map(|n| format!("w{n}")).collect()),
    ];
    for request in cases {
        let sent = request.ticket.clone().unwrap();
        let got = server.desk().tickets().create_ticket(request).await.unwrap().into_inner().ticket.unwrap();
        let got = opora_tests::get(&server.desk(), &got.name).await.unwrap();
        assert_eq!((got.subject, got.description), (sent.subject, sent.description));
    }
}

#[tokio::test]
async fn many_violations_are_cut_at_twenty_and_counted() {
    let server = Server::start();
    let request = ticket(|t| t.tags = (0..50).map(|_| String::new()).collect());
    let status = server.desk().tickets().create_ticket(request).await.unwrap_err();
    let fault = Fault::from(&status);
    assert_eq!(fault.violations.len(), 20);
    assert_eq!(fault.metadata.get("violations").map(String::as_str), Some("50"));
    assert!(status.details().len() < 4096, "{} bytes of details", status.details().len());
}

#[tokio::test]
async fn filters_that_cant_be_understood_say_where_and_page_tokens_belong_to_their_query() {
    let server = Server::start();
    let desk = server.desk();
    for n in 0..5 {
        create(&desk, &format!("страница {n}")).await.unwrap();
    }
    for filter in [
        "state =",
        "colour = RED",
        "state = ASLEEP",
        "((((",
        "priority > ",
        "AND",
        "\"нет конца",
        "state = NEW OR",
        "create_time > \"вчера\"",
    ] {
        let request = v1::ListTicketsRequest { filter: filter.into(), ..Default::default() };
        let status = desk.tickets().list_tickets(request).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status)),
            (Code::InvalidArgument, Some(ErrorReason::InvalidFilter)),
            "{filter}"
        );
        assert!(Fault::from(&status).metadata.contains_key("position"), "{filter}: {status:?}");
    }
    let deep = format!("{}state = NEW{}", "(".repeat(5_000), ")".repeat(5_000));
    let long = "state = NEW AND ".repeat(10_000) + "state = NEW";
    for filter in [deep, long] {
        let status =
            desk.tickets().list_tickets(v1::ListTicketsRequest { filter, ..Default::default() }).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
    }
    let first = v1::ListTicketsRequest { page_size: 2, ..Default::default() };
    let token = desk.tickets().list_tickets(first.clone()).await.unwrap().into_inner().next_page_token;
    assert!(!token.is_empty());
    for request in [
        v1::ListTicketsRequest { filter: "state = NEW".into(), page_token: token.clone(), ..first.clone() },
        v1::ListTicketsRequest { order_by: "number desc".into(), page_token: token.clone(), ..first.clone() },
        v1::ListTicketsRequest { page_token: "мусор".into(), ..first.clone() },
        v1::ListTicketsRequest { page_token: format!("{token}A"), ..first.clone() },
    ] {
        let status = desk.tickets().list_tickets(request).await.unwrap_err();
        assert_eq!((status.code(), reason(&status)), (Code::InvalidArgument, Some(ErrorReason::InvalidPageToken)));
    }
}

#[tokio::test]
async fn a_message_over_a_mebibyte_is_refused_and_the_connection_lives() {
    let server = Server::start();
    let desk = server.desk();
    let request = ticket(|t| t.description = "x".repeat(2 * 1024 * 1024));
    let status = desk.tickets().create_ticket(request).await.unwrap_err();
    assert!(matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted | Code::InvalidArgument), "{status:?}");
    create(&desk, "жив").await.unwrap();
}

#[tokio::test]
async fn refusals_speak_russian_to_those_who_ask() {
    let server = Server::start();
    let mut request = tonic::Request::new(v1::GetTicketRequest { name: "tickets/404".into(), view: 0 });
    request.metadata_mut().insert("accept-language", "ru-RU,ru;q=0.9".parse().unwrap());
    let status = server.desk().tickets().get_ticket(request).await.unwrap_err();
    let fault = Fault::from(&status);
    assert_eq!(fault.reason, Some(ErrorReason::TicketNotFound));
    assert!(fault.message.chars().any(|c| ('а'..='я').contains(&c)), "{}", fault.message);
    assert!(status.message().is_ascii(), "{}", status.message());
}
