//! Bad input for every other call: names that are none, values that are absent or unknown. Each refusal has a reason and
//! the field's path.

use opora_proto::client::request_id;
use opora_proto::v1;
use opora_tests::{Server, create, reason, violated};
use prost_types::FieldMask;
use tonic::{Code, Status};

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
        assert!(violated(&status).iter().any(|f| f == path), "{path} is not among {:?}: {status:?}", violated(&status));
    }
}
