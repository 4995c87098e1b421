//! Request ids and etags: a retry changes nothing, a stale screen changes nothing.

use opora_proto::client::request_id;
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use opora_tests::{Server, agent, create, new_ticket, reason};
use tonic::Code;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_id_from_16_callers_at_once_makes_one_ticket() {
    let server = Server::start();
    for _ in 0..20 {
        let request = new_ticket("одновременно");
        let callers: Vec<_> = (0..16)
            .map(|_| {
                let (desk, request) = (server.desk(), request.clone());
                tokio::spawn(async move { desk.tickets().create_ticket(request).await.unwrap().into_inner() })
            })
            .collect();
        let mut answers = Vec::new();
        for caller in callers {
            answers.push(caller.await.unwrap());
        }
        assert!(answers.iter().all(|a| a == &answers[0]), "the callers got different answers");
    }
    let request = v1::ListTicketsRequest { include_total: true, ..Default::default() };
    assert_eq!(server.desk().tickets().list_tickets(request).await.unwrap().into_inner().total_size, 20);
}

#[tokio::test]
async fn the_first_answer_comes_again_even_after_changes_a_crash_and_a_lost_view() {
    let mut server = Server::start();
    let request = new_ticket("первый ответ");
    let first = server.desk().tickets().create_ticket(request.clone()).await.unwrap().into_inner();
    agent(&server.desk(), "olga").await;
    let assign = v1::AssignTicketRequest {
        name: first.ticket.as_ref().unwrap().name.clone(),
        assignee: "agents/olga".into(),
        request_id: request_id(),
        ..Default::default()
    };
    server.desk().tickets().assign_ticket(assign).await.unwrap();
    assert_eq!(server.desk().tickets().create_ticket(request.clone()).await.unwrap().into_inner(), first);
    server.kill();
    server.restart();
    assert_eq!(server.desk().tickets().create_ticket(request.clone()).await.unwrap().into_inner(), first);
    server.terminate();
    let view = server.data().join("view");
    assert!(view.is_dir(), "{} holds no view", server.data().display());
    std::fs::remove_dir_all(view).unwrap();
    server.restart();
    assert_eq!(server.desk().tickets().create_ticket(request).await.unwrap().into_inner(), first);
}

#[tokio::test]
async fn a_request_id_with_other_content_is_refused() {
    let server = Server::start();
    let request = new_ticket("одно");
    server.desk().tickets().create_ticket(request.clone()).await.unwrap();
    let other = v1::CreateTicketRequest { request_id: request.request_id, ..new_ticket("другое") };
    let status = server.desk().tickets().create_ticket(other).await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::AlreadyExists, Some(ErrorReason::RequestIdReused)));
}

#[tokio::test]
async fn another_principal_may_use_the_same_request_id() {
    let server = Server::start();
    let request = new_ticket("одно");
    let one = server.desk_as("agents/olga").tickets().create_ticket(request.clone()).await.unwrap().into_inner();
    let two = server.desk_as("agents/ivan").tickets().create_ticket(request).await.unwrap().into_inner();
    assert_ne!(one.ticket.unwrap().name, two.ticket.unwrap().name);
}

#[tokio::test]
async fn a_stale_etag_is_refused_with_the_current_one_and_a_comment_does_not_make_it_stale() {
    let server = Server::start();
    let desk = server.desk();
    agent(&desk, "olga").await;
    agent(&desk, "ivan").await;
    let ticket = create(&desk, "etag").await.unwrap();
    opora_tests::comment(&desk, &ticket.name, "заметка", v1::Visibility::Internal).await.unwrap();
    let assign = |assignee: &str, etag: &str| v1::AssignTicketRequest {
        name: ticket.name.clone(),
        assignee: assignee.into(),
        etag: etag.into(),
        request_id: request_id(),
        ..Default::default()
    };
    let current = desk.tickets().assign_ticket(assign("agents/olga", &ticket.etag)).await.unwrap().into_inner();
    let status = desk.tickets().assign_ticket(assign("agents/ivan", &ticket.etag)).await.unwrap_err();
    let fault = Fault::from(&status);
    assert_eq!((fault.code, fault.reason), (Code::Aborted, Some(ErrorReason::EtagMismatch)));
    assert_eq!(fault.metadata.get("etag"), Some(&current.ticket.unwrap().etag));
}

#[tokio::test]
async fn a_reply_written_before_a_colleagues_newer_message_is_held_back() {
    let server = Server::start();
    let (olga, ivan) = (server.desk_as("agents/olga"), server.desk_as("agents/ivan"));
    agent(&olga, "olga").await;
    agent(&olga, "ivan").await;
    let ticket = create(&olga, "двое").await.unwrap();
    let reply = |seen: u64| v1::AddCommentRequest {
        name: ticket.name.clone(),
        body: "уже чиним".into(),
        visibility: v1::Visibility::Public.into(),
        seen_through: seen,
        request_id: request_id(),
        ..Default::default()
    };
    let his = ivan.tickets().add_comment(reply(ticket.revision)).await.unwrap().into_inner();
    let status = olga.tickets().add_comment(reply(ticket.revision)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::FailedPrecondition, Some(ErrorReason::UnseenMessage)));
    olga.tickets().add_comment(reply(his.revision)).await.unwrap();
    // One's own newer message holds nothing back.
    olga.tickets().add_comment(reply(his.revision)).await.unwrap();
}

fn escalating_all(names: Vec<String>) -> v1::BatchChangeRequest {
    let escalate = v1::EscalateTicketRequest { reason: "все сразу".into(), ..Default::default() };
    let change = Some(v1::batch_change_request::Change::Escalate(escalate));
    v1::BatchChangeRequest { names, request_id: request_id(), change, ..Default::default() }
}

#[tokio::test]
async fn a_batch_takes_each_ticket_once_however_it_is_named() {
    let server = Server::start();
    let (one, two) = (create(&server.desk(), "одна").await.unwrap(), create(&server.desk(), "вторая").await.unwrap());
    let by_uid = |ticket: &v1::Ticket| format!("tickets/{}", ticket.uid);
    let mut client = server.desk().tickets();
    for (twice, field) in [
        (vec![one.name.clone(), two.name.clone(), by_uid(&one)], "names[2]"),
        (vec![by_uid(&one), one.name.clone()], "names[1]"),
        (vec![one.name.clone(), one.name.clone()], "names[1]"),
        (vec![by_uid(&two), by_uid(&two).to_uppercase().replace("TICKETS", "tickets")], "names[1]"),
    ] {
        let status = client.batch_change(escalating_all(twice.clone())).await.unwrap_err();
        let fault = Fault::from(&status);
        assert_eq!(fault.code, Code::InvalidArgument, "{twice:?}: {status:?}");
        assert_eq!(fault.violations.len(), 1, "{fault:?}");
        assert_eq!(fault.violations[0].field, field);
        assert!(fault.violations[0].description.contains("names[0]"), "{fault:?}");
    }
    let again = |name: &str| v1::GetTicketRequest { name: name.into(), ..Default::default() };
    for ticket in [&one, &two] {
        let now = client.get_ticket(again(&ticket.name)).await.unwrap().into_inner().ticket.unwrap();
        assert_eq!((now.revision, now.escalation), (ticket.revision, None));
    }
    // A uid that is nobody's is another matter: it is not there.
    let mut nobody: uuid::Uuid = one.uid.parse().unwrap();
    nobody = uuid::Uuid::from_u128(nobody.as_u128() ^ (1 << 60));
    let done = client.batch_change(escalating_all(vec![one.name.clone(), format!("tickets/{nobody}")])).await;
    let done = done.unwrap().into_inner();
    assert!(matches!(&done.results[0].result, Some(v1::batch_result::Result::Ticket(t)) if t.name == one.name));
    assert!(matches!(&done.results[1].result, Some(v1::batch_result::Result::Refusal(r)) if r.code == 5), "{done:?}");
}
