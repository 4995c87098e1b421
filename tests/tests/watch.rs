//! The promises of `WatchTickets`, under etcd's words for them.

use opora_proto::client::request_id;
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use opora_proto::v1::WatchTicketsRequest as Watch;
use opora_tests::{Server, agent, comment, create, reason, transition};
use tonic::{Code, Streaming};

async fn watch(server: &Server, request: Watch) -> Streaming<v1::WatchTicketsResponse> {
    server.desk().without_deadline().tickets().watch_tickets(request).await.unwrap().into_inner()
}

/// Reads messages with events up to and including a revision.
async fn events_through(
    stream: &mut Streaming<v1::WatchTicketsResponse>,
    revision: u64,
) -> Vec<v1::WatchTicketsResponse> {
    let mut messages = Vec::new();
    loop {
        let message = stream.message().await.unwrap().expect("the stream ended");
        let reached = message.revision >= revision && message.tickets.is_empty();
        if !message.events.is_empty() {
            messages.push(message);
        }
        if reached {
            return messages;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ordered_unique_and_reliable_under_many_writers() {
    let server = Server::start();
    let mut stream = watch(&server, Watch { from_revision: 1, ..Default::default() }).await;
    let writers: Vec<_> = (0..8)
        .map(|n| {
            let desk = server.desk();
            tokio::spawn(async move {
                for i in 0..25 {
                    create(&desk, &format!("{n}-{i}")).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let messages = events_through(&mut stream, 200).await;
    assert!(messages.iter().map(|m| m.revision).eq(1..=200));
}

#[tokio::test]
async fn ordered_and_told_at_once_to_many_filters_also_where_no_change_follows() {
    let server = Server::start();
    let desk = server.desk();
    let mut streams = Vec::new();
    for n in 0..100 {
        // Each filter is another one, and all let these tickets through.
        let filter = format!("state = NEW OR number = {}", 1_000 + n);
        streams.push(watch(&server, Watch { from_revision: 1, filter, ..Default::default() }).await);
    }
    for step in 1..=3 {
        let made = create(&desk, &format!("{step}")).await.unwrap();
        for stream in &mut streams {
            let messages = events_through(stream, made.revision).await;
            assert!(messages.iter().map(|m| m.revision).eq([made.revision]));
        }
    }
}

#[tokio::test]
async fn atomic_all_events_of_one_revision_come_in_one_message() {
    let server = Server::start();
    let desk = server.desk();
    agent(&desk, "olga").await;
    let mut names = Vec::new();
    let mut last = 0;
    for n in 0..10 {
        let ticket = create(&desk, &format!("партия {n}")).await.unwrap();
        last = ticket.revision;
        names.push(ticket.name);
    }
    let mut stream = watch(&server, Watch { from_revision: last + 1, ..Default::default() }).await;
    let assign = v1::AssignTicketRequest { assignee: "agents/olga".into(), ..Default::default() };
    let batch = v1::BatchChangeRequest {
        names: names.clone(),
        request_id: request_id(),
        change: Some(v1::batch_change_request::Change::Assign(assign)),
        ..Default::default()
    };
    let done = desk.tickets().batch_change(batch).await.unwrap().into_inner();
    let messages = events_through(&mut stream, done.revision).await;
    assert_eq!(messages.len(), 1);
    let mut touched: Vec<_> = messages[0].events.iter().map(|e| e.ticket.as_ref().unwrap().name.clone()).collect();
    touched.dedup();
    assert_eq!(touched, names);
}

#[tokio::test]
async fn resumable_from_any_revision_without_a_gap_even_after_a_restart() {
    let mut server = Server::start();
    for n in 0..30 {
        create(&server.desk(), &format!("{n}")).await.unwrap();
    }
    let mut stream = watch(&server, Watch { from_revision: 1, ..Default::default() }).await;
    let first = events_through(&mut stream, 12).await;
    let (resume, uid) = (first.last().unwrap().revision + 1, first[0].store_uid.clone());
    server.kill();
    server.restart();
    let mut stream = watch(&server, Watch { from_revision: resume, store_uid: uid, ..Default::default() }).await;
    let rest = events_through(&mut stream, 30).await;
    assert!(first.iter().chain(&rest).map(|m| m.revision).eq(1..=30));
}

#[tokio::test]
async fn bookmarkable_an_idle_stream_tells_how_far_it_is() {
    let server = Server::start();
    let ticket = create(&server.desk(), "одна").await.unwrap();
    let request =
        Watch { from_revision: ticket.revision + 1, filter: "priority = CRITICAL".into(), ..Default::default() };
    let mut stream = watch(&server, request).await;
    let other = create(&server.desk(), "мимо фильтра").await.unwrap();
    loop {
        let message = stream.message().await.unwrap().unwrap();
        assert!(message.events.is_empty() && message.tickets.is_empty());
        if message.revision >= other.revision {
            break;
        }
    }
}

#[tokio::test]
async fn current_tickets_come_first_then_synced_then_what_happens() {
    let server = Server::start();
    let desk = server.desk();
    for n in 0..120 {
        create(&desk, &format!("{n}")).await.unwrap();
    }
    let mut stream = watch(&server, Watch { include_current: true, ..Default::default() }).await;
    let mut current = Vec::new();
    let synced = loop {
        let message = stream.message().await.unwrap().unwrap();
        assert!(message.events.is_empty());
        current.extend(message.tickets.into_iter().map(|t| t.number));
        if message.synced {
            break message.revision;
        }
    };
    current.sort_unstable();
    assert!(current.into_iter().eq(1..=120));
    let ticket = create(&desk, "после").await.unwrap();
    let messages = events_through(&mut stream, ticket.revision).await;
    assert!(messages.iter().all(|m| m.revision > synced));
    assert_eq!(messages.last().unwrap().events[0].ticket.as_ref().unwrap().name, ticket.name);
}

#[tokio::test]
async fn a_ticket_that_leaves_the_filter_says_so_once_and_comes_back_when_it_matches_again() {
    let server = Server::start();
    let desk = server.desk();
    let ticket = create(&desk, "уходит").await.unwrap();
    let filter = "state = NEW OR state = IN_PROGRESS".to_owned();
    let mut stream = watch(&server, Watch { from_revision: ticket.revision + 1, filter, ..Default::default() }).await;
    transition(&desk, &ticket.name, v1::TicketState::Resolved).await.unwrap();
    comment(&desk, &ticket.name, "внутри", v1::Visibility::Internal).await.unwrap();
    let back = transition(&desk, &ticket.name, v1::TicketState::InProgress).await.unwrap();
    let messages = events_through(&mut stream, back.revision).await;
    let left: Vec<bool> = messages.iter().flat_map(|m| &m.events).map(|e| e.left_view).collect();
    assert_eq!(left, [true, false], "{messages:#?}");
}

#[tokio::test]
async fn revisions_that_are_not_there_are_refused_with_the_bounds() {
    let server = Server::start();
    create(&server.desk(), "одна").await.unwrap();
    let tickets = server.desk().tickets();
    let status = tickets.clone().watch_tickets(Watch { from_revision: 1_000, ..Default::default() }).await.unwrap_err();
    let fault = Fault::from(&status);
    assert_eq!((fault.code, fault.reason), (Code::OutOfRange, Some(ErrorReason::RevisionInFuture)));
    assert!(fault.metadata.contains_key("newest") && fault.metadata.contains_key("oldest"), "{fault:?}");
    let other = Watch { from_revision: 1, store_uid: uuid::Uuid::new_v4().to_string(), ..Default::default() };
    let status = tickets.clone().watch_tickets(other).await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::OutOfRange, Some(ErrorReason::StoreReplaced)));
    let both = Watch { from_revision: 1, include_current: true, ..Default::default() };
    let status = tickets.clone().watch_tickets(both).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    for filter in ["\"звук\"", "due_time < now+1h"] {
        let request = Watch { filter: filter.into(), ..Default::default() };
        let status = tickets.clone().watch_tickets(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{filter}");
    }
}

#[tokio::test]
async fn a_stream_is_ended_with_unavailable_when_the_server_stops_gracefully() {
    let mut server = Server::start();
    create(&server.desk(), "одна").await.unwrap();
    let mut stream = watch(&server, Watch { from_revision: 1, ..Default::default() }).await;
    events_through(&mut stream, 1).await;
    let status = server.terminate();
    assert!(status.success(), "{status}");
    let end = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream ended without a status"),
            Err(status) => break status,
        }
    };
    assert_eq!(end.code(), Code::Unavailable, "{end:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_goes_on_from_its_first_bookmark_when_the_desk_is_restarted_at_once() {
    let mut server = Server::start();
    for n in 0..3 {
        create(&server.desk(), &format!("{n}")).await.unwrap();
    }
    let mut child = std::process::Command::new(opora_tests::binary())
        .args(["--server", &server.url(), "--as", "olga", "--output", "ndjson", "ticket", "watch", "--count", "1"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let mut next = || -> serde_json::Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let first = next();
    assert_eq!((first["revision"].as_str(), first.get("events")), (Some("3"), None), "{first}");
    server.kill();
    server.restart_same_port();
    let made = create(&server.desk(), "после").await.unwrap();
    let told = loop {
        let message = next();
        if message.get("events").is_some() {
            break message;
        }
    };
    assert_eq!(told["events"][0]["ticket"]["name"].as_str(), Some(made.name.as_str()), "{told}");
    assert!(child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_speaks_of_an_older_revision_than_it_shows() {
    let server = Server::start();
    let ticket = create(&server.desk(), "та самая").await.unwrap();
    let (desk, name) = (server.desk(), ticket.name.clone());
    let writer = tokio::spawn(async move {
        for n in 0..400 {
            comment(&desk, &name, &format!("{n}"), v1::Visibility::Internal).await.unwrap();
        }
    });
    let mut client = server.desk().tickets();
    while !writer.is_finished() {
        let request = v1::GetTicketRequest { name: ticket.name.clone(), ..Default::default() };
        let got = client.get_ticket(request).await.unwrap().into_inner();
        assert!(got.revision >= got.ticket.unwrap().revision);
        let page = client.list_tickets(v1::ListTicketsRequest::default()).await.unwrap().into_inner();
        assert!(page.tickets.iter().all(|ticket| ticket.revision <= page.revision));
        // What comes after it can be asked for at once.
        let request = Watch { from_revision: page.revision.max(got.revision) + 1, ..Default::default() };
        if let Err(status) = client.watch_tickets(request).await {
            assert_ne!(reason(&status), Some(ErrorReason::RevisionInFuture), "{status:?}");
        }
    }
    writer.await.unwrap();
}
