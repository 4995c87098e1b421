//! Historical times: refused where the configuration does not allow importing, in the future and out of order; taken
//! otherwise. And an import that is finished although the server is killed in the middle of finishing it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use futures::StreamExt as _;
use opora_proto::client::{Desk, request_id};
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use opora_proto::v1::reprioritise_ticket_request::To;
use opora_proto::v1::ticket_event::Change;
use opora_tests::{Server, ServerOptions, agent, create, get, list_all, new_ticket, reason, violated};
use prost_types::Timestamp;
use tonic::{Code, Status};

/// 2026-03-02T09:00:00Z, a Monday, and so many minutes.
#[expect(clippy::unnecessary_wraps, reason = "as requests hold it")]
fn at(minutes: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds: 1_772_442_000 + minutes * 60, nanos: 0 })
}

#[expect(clippy::unnecessary_wraps, reason = "as requests hold it")]
fn in_an_hour() -> Option<Timestamp> {
    Some((SystemTime::now() + Duration::from_hours(1)).into())
}

fn imported(subject: &str, time: Option<Timestamp>) -> v1::CreateTicketRequest {
    let mut request = new_ticket(subject);
    request.import_time = time;
    request.ticket.as_mut().unwrap().origin = v1::Origin::Import.into();
    request
}

/// Every changing call with this `import_time`, on a ticket: its name and what it was answered.
async fn changes(desk: &Desk, name: &str, time: Option<Timestamp>) -> Vec<(&'static str, Result<(), Status>)> {
    let name = name.to_owned();
    let mut answers = Vec::new();
    let mut note = |call, answer: Result<(), Status>| answers.push((call, answer));
    let assign = v1::AssignTicketRequest {
        name: name.clone(),
        assignee: "agents/olga".into(),
        request_id: request_id(),
        import_time: time,
        ..Default::default()
    };
    note("assign", desk.tickets().assign_ticket(assign).await.map(drop));
    let reprioritise = v1::ReprioritiseTicketRequest {
        name: name.clone(),
        to: Some(To::Priority(v1::Priority::High.into())),
        reason: "мешает работе".into(),
        request_id: request_id(),
        import_time: time,
        ..Default::default()
    };
    note("reprioritise", desk.tickets().reprioritise_ticket(reprioritise).await.map(drop));
    let escalate = v1::EscalateTicketRequest {
        name: name.clone(),
        reason: "нужна помощь".into(),
        request_id: request_id(),
        import_time: time,
        ..Default::default()
    };
    note("escalate", desk.tickets().escalate_ticket(escalate).await.map(drop));
    let comment = v1::AddCommentRequest {
        name: name.clone(),
        body: "Видим.".into(),
        visibility: v1::Visibility::Public.into(),
        request_id: request_id(),
        import_time: time,
        ..Default::default()
    };
    note("comment", desk.tickets().add_comment(comment).await.map(drop));
    let transition = v1::TransitionTicketRequest {
        name: name.clone(),
        state: v1::TicketState::Resolved.into(),
        request_id: request_id(),
        import_time: time,
        ..Default::default()
    };
    note("transition", desk.tickets().transition_ticket(transition).await.map(drop));
    let update = v1::UpdateTicketRequest {
        ticket: Some(v1::Ticket { name, tags: vec!["давно".into()], ..Default::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["tags".into()] }),
        request_id: request_id(),
        import_time: time,
        ..Default::default()
    };
    note("update", desk.tickets().update_ticket(update).await.map(drop));
    answers
}

#[tokio::test]
async fn a_server_that_takes_no_imports_refuses_every_historical_time_and_says_so() {
    let options = ServerOptions { env: vec![("OPORA_IMPORTING_ALLOWED".into(), "false".into())], ..Default::default() };
    let server = Server::with(options);
    let desk = server.desk();
    agent(&desk, "olga").await;
    let info = desk.admin().get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner();
    assert!(!info.importing_allowed);
    let ticket = create(&desk, "сегодняшняя").await.unwrap();
    let mut answers = changes(&desk, &ticket.name, at(0)).await;
    answers.push(("create", desk.tickets().create_ticket(imported("давняя", at(0))).await.map(drop)));
    for (call, answer) in answers {
        let status = answer.unwrap_err();
        let wanted = (Code::FailedPrecondition, Some(ErrorReason::ImportNotAllowed));
        assert_eq!((status.code(), reason(&status)), wanted, "{call}: {status:?}");
    }
    assert_eq!(get(&desk, &ticket.name).await.unwrap(), ticket, "nothing happened");
}

#[tokio::test]
async fn a_time_in_the_future_is_refused_and_its_field_named() {
    let server = Server::start();
    let desk = server.desk();
    agent(&desk, "olga").await;
    let created = desk.tickets().create_ticket(imported("давняя", at(0))).await.unwrap().into_inner();
    let ticket = created.ticket.unwrap();
    let mut answers = changes(&desk, &ticket.name, in_an_hour()).await;
    answers.push(("create", desk.tickets().create_ticket(imported("завтрашняя", in_an_hour())).await.map(drop)));
    for (call, answer) in answers {
        let status = answer.unwrap_err();
        assert_eq!(
            (status.code(), violated(&status)),
            (Code::InvalidArgument, vec!["import_time".to_owned()]),
            "{call}"
        );
    }
}

#[tokio::test]
async fn a_time_before_the_last_event_is_refused_with_the_earliest_that_would_do() {
    let server = Server::start();
    let desk = server.desk();
    agent(&desk, "olga").await;
    let created = desk.tickets().create_ticket(imported("давняя", at(60))).await.unwrap().into_inner();
    let ticket = created.ticket.unwrap();
    for (call, answer) in changes(&desk, &ticket.name, at(59)).await {
        let status = answer.unwrap_err();
        let fault = Fault::from(&status);
        let wanted = (Code::FailedPrecondition, Some(ErrorReason::ImportTimeOrder));
        assert_eq!((fault.code, fault.reason), wanted, "{call}: {status:?}");
        assert!(fault.metadata["earliest"].starts_with("2026-03-02T10:00:00"), "{call}: {fault:?}");
    }
    assert_eq!(get(&desk, &ticket.name).await.unwrap().revision, ticket.revision, "nothing happened");
}

#[tokio::test]
async fn allowed_times_are_those_of_the_events_and_of_the_clocks() {
    let server = Server::start();
    let desk = server.desk();
    agent(&desk, "olga").await;
    let created = desk.tickets().create_ticket(imported("давняя", at(0))).await.unwrap().into_inner();
    let ticket = created.ticket.unwrap();
    assert_eq!(ticket.create_time, at(0));
    // At the very time of the last event is in order.
    for (minute, (call, answer)) in [0, 0, 0, 0, 0, 0].into_iter().zip(changes(&desk, &ticket.name, at(0)).await) {
        answer.unwrap_or_else(|status| panic!("{call} at {minute}: {status:?}"));
    }
    let request = v1::TransitionTicketRequest {
        name: ticket.name.clone(),
        state: v1::TicketState::InProgress.into(),
        request_id: request_id(),
        import_time: at(90),
        ..Default::default()
    };
    desk.tickets().transition_ticket(request).await.unwrap();
    let request = v1::ListEventsRequest { name: ticket.name.clone(), page_size: 1000, ..Default::default() };
    let events = desk.tickets().list_events(request).await.unwrap().into_inner().events;
    assert_eq!(events.first().unwrap().event_time, at(0));
    assert_eq!(events.last().unwrap().event_time, at(90));
    let stands = get(&desk, &ticket.name).await.unwrap();
    let sla = stands.sla.clone().unwrap();
    let (answered, resolution) = (sla.first_response.unwrap(), sla.resolution.unwrap());
    assert_eq!((answered.state(), answered.met_time), (v1::ClockState::Met, at(0)));
    // Raised to HIGH at once: one day, and the 90 minutes for which it was resolved.
    assert_eq!(resolution.due_time, at(24 * 60 + 90));
    // As long as it is being imported no timer touches it; once that is finished they catch up at once.
    assert!(stands.importing && resolution.breach_time.is_none());
    let told = |events: &[v1::TicketEvent]| {
        events.iter().filter(|event| matches!(event.change, Some(Change::SlaBreached(_)))).count()
    };
    assert_eq!(told(&events), 0);
    let request = v1::FinishImportRequest { origin: v1::Origin::Import.into(), request_id: request_id() };
    assert_eq!(desk.admin().finish_import(request).await.unwrap().into_inner().ticket_count, 1);
    let request = v1::WatchTicketsRequest { from_revision: 1, ..Default::default() };
    let mut stream = desk.without_deadline().tickets().watch_tickets(request).await.unwrap().into_inner();
    while told(&stream.message().await.unwrap().unwrap().events) == 0 {}
}

/// How many tickets wait for the end of their import: enough for some dozens of commits.
const IMPORTED: usize = 3_000;

async fn import_many(server: &Server) {
    let desk = server.desk();
    let answers = futures::stream::iter(0..IMPORTED)
        .map(|n| {
            let desk = desk.clone();
            async move { desk.tickets().create_ticket(imported(&format!("давняя {n}"), at(0))).await }
        })
        .buffer_unordered(64);
    let refused = answers.filter_map(async |answer| answer.err()).collect::<Vec<_>>().await;
    assert!(refused.is_empty(), "{:?}", refused.first());
}

async fn waiting(desk: &Desk) -> usize {
    let request = v1::ListTicketsRequest { page_size: 1000, ..Default::default() };
    list_all(desk, request).await.unwrap().iter().filter(|ticket| ticket.importing).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_whose_end_was_cut_off_by_a_crash_is_ended_by_the_same_request() {
    let mut server = Server::start();
    import_many(&server).await;
    let desk = server.desk();
    let newest = desk.admin().get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner().revision;
    let request = v1::WatchTicketsRequest { from_revision: newest + 1, ..Default::default() };
    let mut stream = desk.without_deadline().tickets().watch_tickets(request).await.unwrap().into_inner();
    let finish = v1::FinishImportRequest { origin: v1::Origin::Import.into(), request_id: request_id() };
    let (asked, request) = (desk.clone(), finish.clone());
    let call = tokio::spawn(async move { asked.admin().finish_import(request).await });
    // Killed as soon as the first part of it is seen.
    while stream.message().await.unwrap().unwrap().events.is_empty() {}
    server.kill();
    let _ = call.await.unwrap();
    server.restart();
    let desk = server.desk();
    let left = waiting(&desk).await;
    assert!(left < IMPORTED, "what was seen is there");
    println!("{left} of {IMPORTED} were left over by the crash");
    let done = desk.admin().finish_import(finish.clone()).await.unwrap().into_inner();
    assert_eq!(done.ticket_count, IMPORTED as u64, "the answer is that of the first call");
    assert_eq!(waiting(&desk).await, 0);
    // None was ended twice.
    let request = v1::WatchTicketsRequest { from_revision: newest + 1, ..Default::default() };
    let mut stream = desk.without_deadline().tickets().watch_tickets(request).await.unwrap().into_inner();
    let mut ended: BTreeMap<String, u32> = BTreeMap::new();
    loop {
        let message = stream.message().await.unwrap().unwrap();
        for event in &message.events {
            if matches!(event.change, Some(Change::ImportFinished(_))) {
                *ended.entry(event.ticket.clone().unwrap().name).or_default() += 1;
            }
        }
        if message.revision >= done.revision {
            break;
        }
    }
    assert_eq!(ended.len(), IMPORTED);
    assert!(ended.values().all(|&times| times == 1));
    // And once more: nothing is left to do, the answer stays.
    assert_eq!(desk.admin().finish_import(finish.clone()).await.unwrap().into_inner(), done);
    // Also to a server that was started since.
    server.kill();
    server.restart();
    assert_eq!(server.desk().admin().finish_import(finish).await.unwrap().into_inner(), done);
}
