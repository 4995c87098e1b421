//! `kill -9` at random moments of a load of creates and changes: every acknowledged change is there, none twice,
//! numbers are not reused, revisions have no gap, lists agree with the tickets.
//!
//! `OPORA_CRASH_ROUNDS` sets the number of rounds, `OPORA_CRASH_SEED` the random numbers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opora_proto::client::{Desk, request_id};
use opora_proto::v1;
use opora_tests::{Server, create, get, list_all, new_ticket};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// What the load was told.
#[derive(Default)]
struct Acknowledged {
    created: BTreeMap<u64, String>,
    comments: HashMap<String, u32>,
    revisions: BTreeMap<u64, String>,
    /// Requests that were sent and never answered: they may have happened, once.
    unanswered: Vec<v1::CreateTicketRequest>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9() {
    let rounds = number("OPORA_CRASH_ROUNDS", 50);
    let seed = number("OPORA_CRASH_SEED", rand::rng().random());
    println!("{rounds} rounds, OPORA_CRASH_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let mut server = Server::start();
    let told = Arc::new(Mutex::new(Acknowledged::default()));
    for round in 0..rounds {
        let desk = server.desk();
        let load: Vec<_> = (0..8).map(|n| tokio::spawn(load(desk.clone(), told.clone(), round * 8 + n))).collect();
        tokio::time::sleep(Duration::from_millis(rng.random_range(5..400))).await;
        server.kill();
        for task in load {
            task.await.unwrap();
        }
        server.restart();
        check(&server.desk(), &told, round).await;
    }
    assert!(told.lock().unwrap().created.len() as u64 > rounds, "the load did hardly anything");
}

/// Creates and comments until the server goes away.
async fn load(desk: Desk, told: Arc<Mutex<Acknowledged>>, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut names: Vec<String> = Vec::new();
    loop {
        if names.is_empty() || rng.random_bool(0.5) {
            let subject = format!("load {seed}-{}", names.len());
            let request = new_ticket(&subject);
            let Ok(response) = desk.tickets().create_ticket(request.clone()).await else {
                told.lock().unwrap().unanswered.push(request);
                return;
            };
            let response = response.into_inner();
            let ticket = response.ticket.unwrap();
            let mut told = told.lock().unwrap();
            assert_eq!(told.created.insert(ticket.number, subject), None, "number {} twice", ticket.number);
            assert_eq!(told.revisions.insert(response.revision, ticket.name.clone()), None);
            names.push(ticket.name);
        } else {
            let name = names[rng.random_range(0..names.len())].clone();
            let request = v1::AddCommentRequest {
                name: name.clone(),
                body: "смотрим".into(),
                visibility: v1::Visibility::Internal.into(),
                request_id: request_id(),
                ..Default::default()
            };
            let Ok(response) = desk.tickets().add_comment(request).await else { return };
            let mut told = told.lock().unwrap();
            *told.comments.entry(name.clone()).or_default() += 1;
            assert_eq!(told.revisions.insert(response.into_inner().revision, name), None);
        }
    }
}

async fn check(desk: &Desk, told: &Mutex<Acknowledged>, round: u64) {
    let listed = list_all(desk, v1::ListTicketsRequest { page_size: 1000, ..Default::default() }).await.unwrap();
    let by_number: BTreeMap<u64, &v1::Ticket> = listed.iter().map(|t| (t.number, t)).collect();
    assert_eq!(by_number.len(), listed.len(), "round {round}: a ticket is listed twice");
    assert!(by_number.keys().copied().eq(1..=listed.len() as u64), "round {round}: numbers have gaps");
    // The requests that were never answered are sent again: each happened once or happens once now.
    let unanswered = std::mem::take(&mut told.lock().unwrap().unanswered);
    let mut repeated = Vec::new();
    for request in unanswered {
        let response = desk.tickets().create_ticket(request.clone()).await.unwrap().into_inner();
        let again = desk.tickets().create_ticket(request.clone()).await.unwrap().into_inner();
        assert_eq!(response, again, "round {round}: the same request gave two answers");
        repeated.push((request, response));
    }
    let mut told = told.lock().unwrap();
    for (request, response) in repeated {
        let ticket = response.ticket.unwrap();
        let subject = request.ticket.unwrap().subject;
        assert_eq!(ticket.subject, subject);
        assert_eq!(told.created.insert(ticket.number, subject), None, "round {round}: {} twice", ticket.name);
        told.revisions.insert(response.revision, ticket.name);
    }
    for (number, subject) in &told.created {
        if let Some(ticket) = by_number.get(number) {
            assert_eq!(&ticket.subject, subject, "round {round}: #{number} is another ticket");
            let comments = told.comments.get(&ticket.name).copied().unwrap_or_default();
            assert!(ticket.comment_count >= comments, "round {round}: #{number} lost a comment");
        } else {
            assert!(*number > listed.len() as u64, "round {round}: #{number} was acknowledged and is gone");
        }
    }
}

#[tokio::test]
async fn revisions_have_no_gap_after_a_crash_and_the_history_agrees_with_the_ticket() {
    let mut server = Server::start();
    let desk = server.desk();
    for n in 0..20 {
        create(&desk, &format!("ticket {n}")).await.unwrap();
    }
    server.kill();
    server.restart();
    let desk = server.desk();
    let request = v1::WatchTicketsRequest { from_revision: 1, ..Default::default() };
    let mut stream = desk.without_deadline().tickets().watch_tickets(request).await.unwrap().into_inner();
    let mut next = 1;
    while next <= 20 {
        let message = stream.message().await.unwrap().unwrap();
        if !message.events.is_empty() {
            assert_eq!(message.revision, next);
            next += 1;
        }
    }
    let ticket = get(&desk, "tickets/7").await.unwrap();
    assert_eq!(ticket.subject, "ticket 6");
    let request = v1::ListEventsRequest { name: "tickets/7".into(), ..Default::default() };
    let events = desk.tickets().list_events(request).await.unwrap().into_inner().events;
    assert_eq!(events.last().unwrap().revision, ticket.revision);
}

fn number(key: &str, default: u64) -> u64 {
    std::env::var(key).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{key}={text} is no number")))
}
