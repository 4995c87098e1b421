//! Bad input for every RPC: a clear error with the field's path, never a panic, and the server goes on.

use opora_proto::client::request_id;
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use opora_tests::{Server, create, new_ticket, reason};
use prost_types::{FieldMask, Timestamp};
use tonic::{Code, Status};

/// The paths of the fields that a refusal names.
fn fields(status: &Status) -> Vec<String> {
    Fault::from(status).violations.into_iter().map(|v| v.field).collect()
}

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
        assert!(fields(&status).iter().any(|f| f == path), "{path} is not among {:?}", fields(&status));
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
async fn every_call_by_name_refuses_what_is_no_name_and_what_is_not_there() {
    let server = Server::start();
    let desk = server.desk();
    for (name, code) in [
        ("", Code::InvalidArgument),
        ("123", Code::InvalidArgument),
        ("tickets/0", Code::InvalidArgument),
        ("tickets/18446744073709551616", Code::InvalidArgument),
        ("tickets/../etc", Code::InvalidArgument),
        ("tickets/18446744073709551615", Code::NotFound),
        ("tickets/99", Code::NotFound),
        ("tickets/01890000-0000-7000-8000-000000000001", Code::NotFound),
    ] {
        let name = name.to_owned();
        let id = request_id;
        let state = v1::TicketState::Resolved.into();
        let visibility = v1::Visibility::Internal.into();
        let answers: Vec<(&str, Status)> = vec![
            ("get", desk.tickets().get_ticket(v1::GetTicketRequest { name: name.clone(), view: 0 }).await.unwrap_err()),
            (
                "assign",
                desk.tickets()
                    .assign_ticket(v1::AssignTicketRequest {
                        name: name.clone(),
                        request_id: id(),
                        ..Default::default()
                    })
                    .await
                    .unwrap_err(),
            ),
            (
                "reprioritise",
                desk.tickets()
                    .reprioritise_ticket(v1::ReprioritiseTicketRequest {
                        name: name.clone(),
                        to: Some(v1::reprioritise_ticket_request::To::Priority(1)),
                        reason: "x".into(),
                        request_id: id(),
                        ..Default::default()
                    })
                    .await
                    .unwrap_err(),
            ),
            (
                "escalate",
                desk.tickets()
                    .escalate_ticket(v1::EscalateTicketRequest {
                        name: name.clone(),
                        reason: "x".into(),
                        request_id: id(),
                        ..Default::default()
                    })
                    .await
                    .unwrap_err(),
            ),
            (
                "deescalate",
                desk.tickets()
                    .deescalate_ticket(v1::DeescalateTicketRequest {
                        name: name.clone(),
                        reason: "x".into(),
                        request_id: id(),
                        ..Default::default()
                    })
                    .await
                    .unwrap_err(),
            ),
            (
                "transition",
                desk.tickets()
                    .transition_ticket(v1::TransitionTicketRequest {
                        name: name.clone(),
                        state,
                        request_id: id(),
                        ..Default::default()
                    })
                    .await
                    .unwrap_err(),
            ),
            (
                "comment",
                desk.tickets()
                    .add_comment(v1::AddCommentRequest {
                        name: name.clone(),
                        body: "x".into(),
                        visibility,
                        request_id: id(),
                        ..Default::default()
                    })
                    .await
                    .unwrap_err(),
            ),
            (
                "comments",
                desk.tickets()
                    .list_comments(v1::ListCommentsRequest { name: name.clone(), ..Default::default() })
                    .await
                    .unwrap_err(),
            ),
            (
                "events",
                desk.tickets()
                    .list_events(v1::ListEventsRequest { name: name.clone(), ..Default::default() })
                    .await
                    .unwrap_err(),
            ),
            (
                "merge",
                desk.tickets()
                    .merge_tickets(v1::MergeTicketsRequest {
                        name: name.clone(),
                        target: "tickets/98".into(),
                        request_id: id(),
                        ..Default::default()
                    })
                    .await
                    .unwrap_err(),
            ),
            (
                "unmerge",
                desk.tickets()
                    .unmerge_ticket(v1::UnmergeTicketRequest {
                        name: name.clone(),
                        request_id: id(),
                        ..Default::default()
                    })
                    .await
                    .unwrap_err(),
            ),
            (
                "link",
                desk.tickets()
                    .link_tickets(v1::LinkTicketsRequest {
                        name: name.clone(),
                        target: "tickets/98".into(),
                        kind: 1,
                        request_id: id(),
                        ..Default::default()
                    })
                    .await
                    .unwrap_err(),
            ),
            (
                "unlink",
                desk.tickets()
                    .unlink_tickets(v1::UnlinkTicketsRequest {
                        name: name.clone(),
                        target: "tickets/98".into(),
                        request_id: id(),
                        ..Default::default()
                    })
                    .await
                    .unwrap_err(),
            ),
            ("explain", desk.sla().explain_ticket(v1::ExplainTicketRequest { name: name.clone() }).await.unwrap_err()),
            (
                "attachments",
                desk.attachments()
                    .list_attachments(v1::ListAttachmentsRequest { name: name.clone(), ..Default::default() })
                    .await
                    .unwrap_err(),
            ),
        ];
        for (call, status) in answers {
            assert_eq!(status.code(), code, "{call} {name:?}: {status:?}");
            assert!(reason(&status).is_some(), "{call} {name:?} has no reason");
        }
    }
}

#[tokio::test]
async fn values_that_are_needed_are_refused_when_absent_or_unknown() {
    let server = Server::start();
    let desk = server.desk();
    let name = create(&desk, "значения").await.unwrap().name;
    let id = request_id;
    let answers: Vec<(Status, &str)> = vec![
        (
            desk.tickets()
                .reprioritise_ticket(v1::ReprioritiseTicketRequest {
                    name: name.clone(),
                    reason: "x".into(),
                    request_id: id(),
                    ..Default::default()
                })
                .await
                .unwrap_err(),
            "to",
        ),
        (
            desk.tickets()
                .reprioritise_ticket(v1::ReprioritiseTicketRequest {
                    name: name.clone(),
                    to: Some(v1::reprioritise_ticket_request::To::Priority(0)),
                    reason: "x".into(),
                    request_id: id(),
                    ..Default::default()
                })
                .await
                .unwrap_err(),
            "priority",
        ),
        (
            desk.tickets()
                .reprioritise_ticket(v1::ReprioritiseTicketRequest {
                    name: name.clone(),
                    to: Some(v1::reprioritise_ticket_request::To::Priority(1)),
                    request_id: id(),
                    ..Default::default()
                })
                .await
                .unwrap_err(),
            "reason",
        ),
        (
            desk.tickets()
                .escalate_ticket(v1::EscalateTicketRequest {
                    name: name.clone(),
                    request_id: id(),
                    ..Default::default()
                })
                .await
                .unwrap_err(),
            "reason",
        ),
        (
            desk.tickets()
                .transition_ticket(v1::TransitionTicketRequest {
                    name: name.clone(),
                    request_id: id(),
                    ..Default::default()
                })
                .await
                .unwrap_err(),
            "state",
        ),
        (
            desk.tickets()
                .transition_ticket(v1::TransitionTicketRequest {
                    name: name.clone(),
                    state: 55,
                    request_id: id(),
                    ..Default::default()
                })
                .await
                .unwrap_err(),
            "state",
        ),
        (
            desk.tickets()
                .add_comment(v1::AddCommentRequest {
                    name: name.clone(),
                    body: "x".into(),
                    request_id: id(),
                    ..Default::default()
                })
                .await
                .unwrap_err(),
            "visibility",
        ),
        (
            desk.tickets()
                .add_comment(v1::AddCommentRequest {
                    name: name.clone(),
                    visibility: 1,
                    request_id: id(),
                    ..Default::default()
                })
                .await
                .unwrap_err(),
            "body",
        ),
        (
            desk.tickets()
                .update_ticket(v1::UpdateTicketRequest {
                    ticket: Some(v1::Ticket { name: name.clone(), ..Default::default() }),
                    request_id: id(),
                    ..Default::default()
                })
                .await
                .unwrap_err(),
            "update_mask",
        ),
        (
            desk.tickets()
                .update_ticket(v1::UpdateTicketRequest {
                    ticket: Some(v1::Ticket { name: name.clone(), ..Default::default() }),
                    update_mask: Some(FieldMask { paths: vec!["priority".into()] }),
                    request_id: id(),
                    ..Default::default()
                })
                .await
                .unwrap_err(),
            "update_mask",
        ),
        (
            desk.tickets()
                .link_tickets(v1::LinkTicketsRequest {
                    name: name.clone(),
                    target: "tickets/1".into(),
                    request_id: id(),
                    ..Default::default()
                })
                .await
                .unwrap_err(),
            "kind",
        ),
        (
            desk.tickets()
                .list_tickets(v1::ListTicketsRequest { page_size: -1, ..Default::default() })
                .await
                .unwrap_err(),
            "page_size",
        ),
        (
            desk.tickets()
                .list_tickets(v1::ListTicketsRequest { page_size: 1001, ..Default::default() })
                .await
                .unwrap_err(),
            "page_size",
        ),
        (
            desk.tickets()
                .list_tickets(v1::ListTicketsRequest { order_by: "colour".into(), ..Default::default() })
                .await
                .unwrap_err(),
            "order_by",
        ),
        (
            desk.tickets()
                .batch_change(v1::BatchChangeRequest { request_id: id(), ..Default::default() })
                .await
                .unwrap_err(),
            "names",
        ),
        (
            desk.tickets()
                .batch_change(v1::BatchChangeRequest {
                    names: (1..=501).map(|n| format!("tickets/{n}")).collect(),
                    request_id: id(),
                    ..Default::default()
                })
                .await
                .unwrap_err(),
            "names",
        ),
    ];
    for (status, path) in answers {
        assert_eq!(status.code(), Code::InvalidArgument, "{path}: {status:?}");
        assert!(fields(&status).iter().any(|f| f == path), "{path} is not among {:?}: {status:?}", fields(&status));
    }
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
