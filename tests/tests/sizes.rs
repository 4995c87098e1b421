//! Whatever is inside the documented bounds can be listed, watched, changed in a batch and imported by a client with the
//! limit that gRPC comes with: messages are packed by bytes, not by count.

use std::collections::{BTreeMap, BTreeSet};

use opora_proto::client::request_id;
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use opora_proto::v1::ticket_service_client::TicketServiceClient;
use opora_proto::v1::{BatchChangeRequest as Batch, WatchTicketsRequest as Watch, batch_change_request::Change};
use opora_tests::{Server, agent, comment, create, new_ticket};
use prost::Message as _;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tonic::transport::Channel;

/// What the server sends at most.
const MESSAGE: usize = 2 * 1024 * 1024;

/// A client as it is generated: nothing set, so it takes messages of 4 MiB.
async fn stock(server: &Server) -> TicketServiceClient<Channel> {
    TicketServiceClient::connect(server.url()).await.unwrap()
}

/// A ticket with this much of everything; in all it stays inside what a request may hold.
fn large(subject: &str, workstations: usize, description: usize, tags: usize) -> v1::CreateTicketRequest {
    let mut request = new_ticket(subject);
    let ticket = request.ticket.as_mut().unwrap();
    ticket.workstations = (0..workstations).map(|n| format!("{n:03}{}", "ж".repeat(197))).collect();
    ticket.description = "ы".repeat(description / 2);
    ticket.tags = (0..tags).map(|n| format!("{n:02}{}", "э".repeat(62))).collect();
    request
}

/// Creates such tickets, each of them with 200 workstations of 200 letters: 80 KB in the BASIC view.
async fn many(server: &Server, count: usize, description: usize) -> Vec<v1::Ticket> {
    let mut client = stock(server).await;
    let mut tickets = Vec::new();
    for n in 0..count {
        let request = large(&format!("большой {n}"), 200, description, 0);
        tickets.push(client.create_ticket(request).await.unwrap().into_inner().ticket.unwrap());
    }
    tickets
}

fn names(tickets: &[v1::Ticket]) -> Vec<String> {
    tickets.iter().map(|ticket| ticket.name.clone()).collect()
}

fn escalating(names: Vec<String>) -> Batch {
    let escalate = v1::EscalateTicketRequest { reason: "все сразу".into(), ..Default::default() };
    Batch { names, request_id: request_id(), change: Some(Change::Escalate(escalate)), ..Default::default() }
}

/// The messages of one revision, from a stream that begins with it.
async fn revision(server: &Server, from: u64, view: v1::TicketView) -> Vec<v1::WatchTicketsResponse> {
    let request = Watch { from_revision: from, view: view.into(), ..Default::default() };
    let mut stream = stock(server).await.watch_tickets(request).await.unwrap().into_inner();
    let mut messages = Vec::new();
    loop {
        let message = stream.message().await.unwrap().unwrap();
        assert!(message.encoded_len() <= MESSAGE, "{}", message.encoded_len());
        if message.events.is_empty() {
            assert!(message.revision < from && !message.more, "{message:?}");
            continue;
        }
        assert_eq!(message.revision, from);
        messages.push(message);
        if !messages.last().unwrap().more {
            return messages;
        }
    }
}

fn told(messages: &[v1::WatchTicketsResponse]) -> Vec<String> {
    messages.iter().flat_map(|m| &m.events).map(|e| e.ticket.as_ref().unwrap().name.clone()).collect()
}

/// All current tickets, of messages that a stock client takes.
async fn current(server: &Server, view: v1::TicketView) -> Vec<v1::Ticket> {
    let request = Watch { include_current: true, view: view.into(), ..Default::default() };
    let mut stream = stock(server).await.watch_tickets(request).await.unwrap().into_inner();
    let mut tickets = Vec::new();
    loop {
        let message = stream.message().await.unwrap().unwrap();
        assert!(message.encoded_len() <= MESSAGE && message.events.is_empty() && !message.more);
        tickets.extend(message.tickets);
        if message.synced {
            return tickets;
        }
    }
}

async fn listed(server: &Server, view: v1::TicketView) -> Vec<v1::Ticket> {
    let mut client = stock(server).await;
    let mut request = v1::ListTicketsRequest { page_size: 1_000, view: view.into(), ..Default::default() };
    let mut tickets = Vec::new();
    loop {
        let page = client.list_tickets(request.clone()).await.unwrap().into_inner();
        assert!(page.encoded_len() <= MESSAGE, "{}", page.encoded_len());
        tickets.extend(page.tickets);
        if page.next_page_token.is_empty() {
            return tickets;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn a_batch_of_large_tickets_is_answered_watched_and_passed_by_a_stock_client() {
    let server = Server::start();
    let tickets = many(&server, 120, 0).await;
    let mut client = stock(&server).await;
    let batch = escalating(names(&tickets));
    let done = client.batch_change(batch.clone()).await.unwrap().into_inner();
    assert!(done.encoded_len() <= MESSAGE, "{}", done.encoded_len());
    // Whole while there is room, then by name alone; once it has begun it goes on so.
    let whole = done.results.iter().take_while(|result| !result.trimmed).count();
    assert!((20..100).contains(&whole) && done.results.iter().skip(whole).all(|result| result.trimmed), "{whole}");
    for (result, name) in done.results.iter().zip(&batch.names) {
        let Some(v1::batch_result::Result::Ticket(ticket)) = &result.result else { panic!("{result:?}") };
        assert_eq!((&result.name, &ticket.name, ticket.revision), (name, name, done.revision));
        let expected = v1::Ticket {
            name: ticket.name.clone(),
            revision: ticket.revision,
            etag: ticket.etag.clone(),
            ..Default::default()
        };
        assert!(!ticket.etag.is_empty() && (!result.trimmed || *ticket == expected));
        assert_eq!(ticket.workstations.len(), if result.trimmed { 0 } else { 200 });
    }
    // The retry gives the first answer again.
    assert_eq!(client.batch_change(batch.clone()).await.unwrap().into_inner(), done);
    for view in [v1::TicketView::Basic, v1::TicketView::Full] {
        let messages = revision(&server, done.revision, view).await;
        assert!(messages.len() > 1);
        assert_eq!(told(&messages), batch.names);
    }
    let next = create(&server.desk(), "после").await.unwrap();
    assert_eq!(told(&revision(&server, next.revision, v1::TicketView::Basic).await), [next.name]);
}

#[tokio::test]
async fn watchers_of_a_large_revision_get_the_same_as_it_happens_as_from_the_past_and_after_a_restart() {
    let mut server = Server::start();
    let tickets = many(&server, 60, 2).await;
    let filters = ["", "state = NEW OR state = IN_PROGRESS", "state = NEW"];
    let mut streams = Vec::new();
    for filter in filters {
        let request = Watch { filter: filter.into(), ..Default::default() };
        let mut stream = stock(&server).await.watch_tickets(request).await.unwrap().into_inner();
        assert!(stream.message().await.unwrap().unwrap().events.is_empty());
        streams.push(stream);
    }
    let done = stock(&server).await.batch_change(escalating(names(&tickets))).await.unwrap().into_inner();
    let past = revision(&server, done.revision, v1::TicketView::Basic).await;
    for stream in &mut streams {
        let mut live = Vec::new();
        while live.last().is_none_or(|message: &v1::WatchTicketsResponse| message.more) {
            let message = stream.message().await.unwrap().unwrap();
            if !message.events.is_empty() {
                live.push(message);
            }
        }
        assert!(live == past, "{} and {}", live.len(), past.len());
    }
    assert_eq!(told(&past), names(&tickets));
    server.kill();
    server.restart();
    assert!(revision(&server, done.revision, v1::TicketView::Basic).await == past);
}

#[tokio::test]
async fn the_first_message_of_a_stream_is_at_once_a_bookmark_from_which_it_can_be_resumed() {
    let server = Server::start();
    let first = create(&server.desk(), "одна").await.unwrap();
    let second = create(&server.desk(), "вторая").await.unwrap();
    let from = |from_revision, include_current| Watch { from_revision, include_current, ..Default::default() };
    for (request, expected) in [
        (from(0, false), second.revision),
        (from(second.revision + 1, false), second.revision),
        (from(second.revision, false), first.revision),
        (from(1, false), 0),
        (from(0, true), second.revision),
        (Watch { filter: "priority = CRITICAL".into(), ..from(0, true) }, second.revision),
    ] {
        let mut stream = stock(&server).await.watch_tickets(request.clone()).await.unwrap().into_inner();
        let message = stream.message().await.unwrap().unwrap();
        let bookmark =
            v1::WatchTicketsResponse { revision: expected, store_uid: message.store_uid.clone(), ..Default::default() };
        assert!(message == bookmark && !message.store_uid.is_empty(), "{request:?}: {message:?}");
        let request = Watch { store_uid: message.store_uid, ..from(expected + 1, false) };
        let mut stream = stock(&server).await.watch_tickets(request).await.unwrap().into_inner();
        assert_eq!(stream.message().await.unwrap().unwrap(), bookmark);
    }
}

#[tokio::test]
async fn current_tickets_come_in_the_order_of_urgency_over_as_many_messages_as_they_take() {
    let server = Server::start();
    let mut client = stock(&server).await;
    let mut random = StdRng::seed_from_u64(7);
    let impacts = [v1::Impact::ServiceDown, v1::Impact::SeveralWorkstations, v1::Impact::OneWorkstation];
    for n in 0..150 {
        let mut request = large(&format!("{n}"), if n % 3 == 0 { 200 } else { 1 }, 100, 0);
        request.ticket.as_mut().unwrap().impact = impacts[random.random_range(0..impacts.len())].into();
        let name = client.create_ticket(request).await.unwrap().into_inner().ticket.unwrap().name;
        let steps: &[v1::TicketState] = match n % 7 {
            0 => &[v1::TicketState::Resolved, v1::TicketState::Closed],
            1 => &[v1::TicketState::Resolved],
            2 => &[v1::TicketState::WaitingForCustomer],
            _ => &[],
        };
        for state in steps {
            opora_tests::transition(&server.desk(), &name, *state).await.unwrap();
        }
    }
    for view in [v1::TicketView::Basic, v1::TicketView::Full] {
        let (current, listed) = (current(&server, view).await, listed(&server, view).await);
        assert_eq!(names(&current), names(&listed));
        assert!(current == listed);
    }
    let open = "state = NEW OR state = WAITING_FOR_CUSTOMER".to_owned();
    let request = Watch { include_current: true, filter: open.clone(), ..Default::default() };
    let mut stream = client.watch_tickets(request).await.unwrap().into_inner();
    let mut current = Vec::new();
    loop {
        let message = stream.message().await.unwrap().unwrap();
        current.extend(names(&message.tickets));
        if message.synced {
            break;
        }
    }
    let request = v1::ListTicketsRequest { filter: open, page_size: 1_000, ..Default::default() };
    assert_eq!(current, names(&opora_tests::list_all(&server.desk(), request).await.unwrap()));
}

#[tokio::test]
async fn a_history_is_cut_within_a_revision_and_none_of_it_is_lost() {
    let server = Server::start();
    let mut client = stock(&server).await;
    let incident = client.create_ticket(large("массовая", 200, 0, 50)).await.unwrap().into_inner().ticket.unwrap();
    let mut children = Vec::new();
    for n in 0..40 {
        children.push(create(&server.desk(), &format!("{n}")).await.unwrap().name);
    }
    let link = v1::LinkTicketsRequest {
        target: incident.name.clone(),
        kind: v1::LinkKind::ChildOfIncident.into(),
        ..Default::default()
    };
    let batch =
        Batch { names: children, request_id: request_id(), change: Some(Change::Link(link)), ..Default::default() };
    let done = client.batch_change(batch).await.unwrap().into_inner();
    for n in 0..10 {
        let body = format!("{n}{}", "щ".repeat(131_000));
        comment(&server.desk(), &incident.name, &body, v1::Visibility::Internal).await.unwrap();
    }
    for newest_first in [false, true] {
        for page_size in [7, 1_000] {
            let mut request =
                v1::ListEventsRequest { name: incident.name.clone(), page_size, newest_first, ..Default::default() };
            let mut events = Vec::new();
            loop {
                let page = client.list_events(request.clone()).await.unwrap().into_inner();
                assert!(page.encoded_len() <= MESSAGE, "{}", page.encoded_len());
                assert!(page.events.len() <= usize::try_from(page_size).unwrap().max(50) || page_size == 1_000);
                events.extend(page.events);
                if page.next_page_token.is_empty() {
                    break;
                }
                request.page_token = page.next_page_token;
            }
            if newest_first {
                events.reverse();
            }
            assert_eq!(events.len(), 1 + 40 + 10, "page_size {page_size}");
            let links = events.iter().filter(|event| event.revision == done.revision);
            let lengths: Vec<_> = links.map(|event| event.ticket.as_ref().unwrap().links.len()).collect();
            assert!(lengths.iter().copied().eq(1..=40), "{lengths:?}");
        }
    }
    let mut request = v1::ListCommentsRequest { name: incident.name, page_size: 1_000, ..Default::default() };
    let mut bodies = BTreeSet::new();
    loop {
        let page = client.list_comments(request.clone()).await.unwrap().into_inner();
        assert!(page.encoded_len() <= MESSAGE, "{}", page.encoded_len());
        bodies.extend(page.comments.into_iter().map(|comment| comment.body));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(bodies.len(), 10);
}

#[tokio::test]
async fn any_set_of_tickets_inside_the_bounds_can_be_listed_watched_resumed_and_changed() {
    for seed in 0..4 {
        let server = Server::start();
        agent(&server.desk(), "olga").await;
        let mut random = StdRng::seed_from_u64(seed);
        let mut client = stock(&server).await;
        let mut tickets = Vec::new();
        for n in 0..16 {
            let most = |random: &mut StdRng, most: usize| {
                if random.random_bool(0.5) { most } else { random.random_range(0..=most) }
            };
            let (stations, text) = (most(&mut random, 200), most(&mut random, 262_144));
            let tags = most(&mut random, 50);
            let request = large(&format!("{n}"), stations, text, tags);
            tickets.push(client.create_ticket(request).await.unwrap().into_inner().ticket.unwrap());
        }
        let first = tickets[0].revision;
        let change = match seed {
            0 => escalating(names(&tickets)).change,
            1 => Some(Change::Comment(v1::AddCommentRequest {
                body: "я".repeat(131_072),
                visibility: v1::Visibility::Internal.into(),
                ..Default::default()
            })),
            2 => Some(Change::Update(v1::UpdateTicketRequest {
                ticket: large("изменён", 200, 262_144, 50).ticket,
                update_mask: Some(prost_types::FieldMask {
                    paths: ["subject", "workstations", "description", "tags"].map(Into::into).to_vec(),
                }),
                ..Default::default()
            })),
            _ => Some(Change::Assign(v1::AssignTicketRequest { assignee: "agents/olga".into(), ..Default::default() })),
        };
        let batch = Batch { names: names(&tickets), request_id: request_id(), change, ..Default::default() };
        let done = client.batch_change(batch.clone()).await.unwrap().into_inner();
        assert!(done.encoded_len() <= MESSAGE, "{}", done.encoded_len());
        assert!(done.results.iter().all(|r| matches!(r.result, Some(v1::batch_result::Result::Ticket(_)))));
        assert_eq!(client.batch_change(batch).await.unwrap().into_inner(), done);
        for view in [v1::TicketView::Basic, v1::TicketView::Full] {
            let by_name = |tickets: Vec<v1::Ticket>| -> BTreeMap<String, v1::Ticket> {
                tickets.into_iter().map(|ticket| (ticket.name.clone(), ticket)).collect()
            };
            let (current, listed) = (by_name(current(&server, view).await), by_name(listed(&server, view).await));
            assert_eq!(current.len(), tickets.len());
            assert!(current == listed);
            for from in [first, random.random_range(first..=done.revision), done.revision] {
                let events = revision(&server, from, view).await.iter().map(|m| m.events.len()).sum::<usize>();
                assert!(events >= 1, "{from}");
                if from == done.revision {
                    assert!(events >= tickets.len());
                }
            }
        }
        for ticket in &tickets {
            let request = v1::GetTicketRequest { name: ticket.name.clone(), ..Default::default() };
            let answer = client.get_ticket(request).await.unwrap().into_inner();
            assert!(answer.encoded_len() <= MESSAGE && answer.revision >= answer.ticket.unwrap().revision);
        }
    }
}

#[tokio::test]
async fn the_largest_ticket_that_merging_makes_is_answered_listed_watched_and_explained() {
    let server = Server::start();
    let mut client = stock(&server).await;
    let largest = |subject: &str| {
        let mut request = large(subject, 0, 262_144, 0);
        let ticket = request.ticket.as_mut().unwrap();
        // Letters of four bytes: no text of so many characters takes more.
        ticket.workstations = (0..200).map(|n| format!("{n:03}{}", "𐐀".repeat(197))).collect();
        ticket.tags = (0..50).map(|n| format!("{n:02}{}", "𐐨".repeat(62))).collect();
        request
    };
    let whole = client.create_ticket(largest("целое")).await.unwrap().into_inner().ticket.unwrap();
    let mut merged = 0;
    let (code, fault) = loop {
        let part = client.create_ticket(largest("часть")).await.unwrap().into_inner().ticket.unwrap();
        let request = v1::MergeTicketsRequest { name: part.name, target: whole.name.clone(), ..Default::default() };
        match client.merge_tickets(request).await {
            Ok(answer) => assert!(answer.into_inner().encoded_len() <= MESSAGE),
            Err(status) => break (status.code(), Fault::from(&status)),
        }
        merged += 1;
    };
    assert_eq!((code, fault.reason), (tonic::Code::ResourceExhausted, Some(ErrorReason::LimitReached)));
    assert_eq!(fault.metadata.get("limit").map(String::as_str), Some("bytes of merged tickets"));
    // 50 such tags take 12.7 KiB.
    assert_eq!(merged, 20);
    let body = "ы".repeat(131_072);
    let newest = comment(&server.desk(), &whole.name, &body, v1::Visibility::Internal).await.unwrap();
    let messages = revision(&server, newest.revision, v1::TicketView::Full).await;
    assert_eq!(told(&messages), std::slice::from_ref(&whole.name));
    let (current, listed) = (current(&server, v1::TicketView::Full).await, listed(&server, v1::TicketView::Full).await);
    assert!(current == listed);
    let found = listed.into_iter().find(|ticket| ticket.name == whole.name).unwrap();
    assert_eq!((found.merged_parts.len(), found.description.len()), (merged, 262_144));
    let request = v1::ExplainTicketRequest { name: whole.name.clone() };
    let explained = server.desk().sla().explain_ticket(request).await.unwrap().into_inner();
    assert!(explained.encoded_len() <= MESSAGE && explained.ticket.unwrap().merged_parts.len() == merged);
}
