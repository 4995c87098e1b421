//! A ticket or a message with all that belongs to it: one commit, whole or not at all.

mod files;

use std::pin::pin;

use futures::poll;
use opora_core::command::Facet;
use opora_core::decide::Refusal;
use opora_core::event::Change as Event;
use opora_core::model::{Attachment, LinkKind, LogKind, OrganisationId, Revision};
use opora_server::desk::{EventEntry, HistoryQuery};
use opora_server::engine::{Compose, Opening};
use opora_server::followers::watch::{WatchBatch, WatchQuery, WatchStart};
use opora_store::{Blob, Embedded, EmbeddedOptions};

use super::*;

const ANNA: &str = "anna@example.com";

fn log(name: &str, content: Blob, started: i64) -> Attachment {
    Attachment {
        file_name: name.into(),
        content_type: "text/plain".into(),
        size: content.size,
        hash: content.hash,
        log_kind: LogKind::BpClient,
        platform: None,
        log_start_time: Some(Timestamp::from_millis(started)),
        modify_time: None,
        from: None,
    }
}

fn file(name: &str) -> Attachment {
    log(name, Blob { hash: [1; 32], size: 1 }, NINE)
}

fn message(ticket: u64, body: &str, author: Option<&str>) -> Opening {
    Opening::Message {
        ticket: TicketRef::Number(TicketNumber(ticket)),
        etag: None,
        body: body.into(),
        visibility: Visibility::Public,
        author: author.map(Into::into),
        seen_through: None,
    }
}

/// Two files, a tag, and ties to two tickets.
fn all(opening: Opening) -> Compose {
    Compose {
        opening,
        tags: Some(vec!["звук".into()]),
        links: vec![(TicketNumber(1), LinkKind::Related), (TicketNumber(2), LinkKind::ChildOfIncident)],
        files: vec![file("bpclient_1.log"), file("bpclient_2.log")],
        held: Vec::new(),
    }
}

fn alone(opening: Opening) -> Compose {
    Compose { opening, tags: None, links: Vec::new(), files: vec![file("bpclient_1.log")], held: Vec::new() }
}

fn composing(compose: Compose) -> Submission {
    submission(Action::Compose(Box::new(compose)))
}

async fn composed(bench: &Bench, compose: Compose) -> Arc<Ticket> {
    ticket(bench.desk.submit(composing(compose)).await.unwrap())
}

fn now(bench: &Bench, number: u64) -> Arc<Ticket> {
    bench.desk.ticket(&Call::own(), TicketRef::Number(TicketNumber(number))).unwrap().unwrap()
}

/// In pages of one, and at once.
async fn paged(bench: &Bench, number: u64, files: bool) -> Vec<EventEntry> {
    let (mut at_once, mut one_by_one) = (Vec::new(), Vec::new());
    for (limit, all) in [(100, &mut at_once), (1, &mut one_by_one)] {
        let mut after = None;
        loop {
            let ticket = TicketNumber(number);
            let query = HistoryQuery { ticket, newest_first: false, after, limit, max_bytes: 2 << 20 };
            let page = if files {
                bench.desk.attachments(&Call::own(), query).await.unwrap()
            } else {
                bench.desk.events(&Call::own(), query).await.unwrap()
            };
            all.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    assert_eq!(format!("{at_once:?}"), format!("{one_by_one:?}"));
    at_once
}

fn kinds(events: &[EventEntry]) -> Vec<std::mem::Discriminant<Event>> {
    events.iter().map(|entry| std::mem::discriminant(&entry.event.change)).collect()
}

fn files_of(events: &[EventEntry]) -> Vec<(String, Option<u64>)> {
    let file = |entry: &EventEntry| match &entry.event.change {
        Event::Attached(file) => Some((file.file_name.to_string(), file.from.map(|from| from.0))),
        _ => None,
    };
    events.iter().filter_map(file).collect()
}

fn undo(revision: Revision, facet: Facet) -> Change {
    Change::Undo { revision, facet }
}

#[tokio::test]
async fn a_new_ticket_comes_with_its_files_tags_and_ties_under_one_revision() {
    let bench = Bench::new();
    bench.create("связан").await;
    bench.create("авария").await;
    let done = bench.desk.submit(composing(all(Opening::Ticket(Box::new(new_ticket("нет звука")))))).await.unwrap();
    assert_eq!((done.revision, bench.desk.revision(), bench.desk.position().tickets), (Revision(3), Revision(3), 3));
    let new = ticket(done);
    assert_eq!(*new, *now(&bench, 3));
    assert_eq!((new.attachment_count, new.links.len(), new.incident), (2, 2, Some(TicketNumber(2))));
    assert_eq!((&*new.tags[0], new.has_log(LogKind::BpClient)), ("звук", true));
    for other in [1, 2] {
        let other = now(&bench, other);
        assert_eq!((other.links[0].ticket, other.revision), (TicketNumber(3), Revision(3)));
    }
    let events = paged(&bench, 3, false).await;
    assert!(matches!(events[0].event.change, Event::Created { .. }));
    assert!(events.iter().all(|entry| entry.revision == Revision(3)));
    assert_eq!(
        files_of(&paged(&bench, 3, true).await),
        [("bpclient_1.log".to_owned(), None), ("bpclient_2.log".to_owned(), None)]
    );
    let undone = ticket(bench.change(TicketNumber(3), undo(Revision(3), Facet::Tags)).await.unwrap());
    assert!(undone.tags.is_empty());
    bench.change(TicketNumber(3), undo(Revision(3), Facet::Links)).await.unwrap();
    assert!((1..=3).all(|number| now(&bench, number).links.is_empty()), "both ties");
}

#[tokio::test]
async fn what_is_written_as_one_leaves_the_ticket_its_clocks_and_its_history_as_the_parts_do() {
    let (one, parts) = (Bench::new(), Bench::new());
    for bench in [&one, &parts] {
        for subject in ["связан", "авария", "нет звука"] {
            bench.create(subject).await;
        }
        bench.hands.pass(10);
    }
    composed(&one, all(message(3, "смотрим", None))).await;
    let said =
        Change::Comment {
            body: "смотрим".into(), visibility: Visibility::Public, author: None, seen_through: None
        };
    let edit = opora_core::event::Edit { tags: Some(vec!["звук".into()]), ..Default::default() };
    let link = |target, kind| Change::Link { target: TicketNumber(target), kind };
    for change in [
        said,
        Change::Update(Box::new(edit)),
        link(1, LinkKind::Related),
        link(2, LinkKind::ChildOfIncident),
        Change::Attach(file("bpclient_1.log")),
        Change::Attach(file("bpclient_2.log")),
    ] {
        parts.change(TicketNumber(3), change).await.unwrap();
    }
    for number in 1..=3 {
        let (whole, apart) = (now(&one, number), now(&parts, number));
        assert_eq!(whole.sla.first_response, apart.sla.first_response);
        assert_eq!(whole.sla.resolution, apart.sla.resolution);
        let rest =
            |t: &Ticket| (t.state, t.tags.clone(), t.links.clone(), t.incident, t.comment_count, t.attachment_count);
        assert_eq!(rest(&whole), rest(&apart));
        assert_eq!(kinds(&paged(&one, number, false).await), kinds(&paged(&parts, number, false).await));
    }
    assert!(now(&one, 3).sla.first_response.met.is_some());
    let at = now(&one, 3).revision;
    let undone = ticket(one.change(TicketNumber(3), undo(at, Facet::State)).await.unwrap());
    assert_eq!((undone.state, undone.comment_count, undone.attachment_count), (TicketState::New, 1, 2));
}

#[tokio::test]
async fn a_part_that_is_refused_refuses_all_and_leaves_everything_as_it_was() {
    let bench = Bench::new();
    let taken = NewTicket { external_id: Some("INC1".into()), ..new_ticket("связан") };
    bench.desk.submit(submission(Action::Create(Box::new(taken.clone())))).await.unwrap();
    for subject in ["авария", "нет звука", "закрыт"] {
        bench.create(subject).await;
    }
    for state in [TicketState::Resolved, TicketState::Closed] {
        bench.transition(TicketNumber(4), state).await;
    }
    bench
        .change(TicketNumber(3), Change::Merge { target: TicketNumber(2), target_etag: None, reason: "".into() })
        .await
        .unwrap();
    let new = NewTicket { external_id: Some("INC2".into()), ..new_ticket("новый") };
    let ticket = || Opening::Ticket(Box::new(new.clone()));
    let stranger = NewTicket { organisation: Some(OrganisationId::new("nobody").unwrap()), ..new.clone() };
    let stale = |mut opening: Opening| {
        if let Opening::Message { etag, .. } = &mut opening {
            *etag = Some("stale".into());
        }
        opening
    };
    let tied_to = |opening, target, kind| Compose { links: vec![(TicketNumber(target), kind)], ..all(opening) };
    let (related, child) = (LinkKind::Related, LinkKind::ChildOfIncident);
    let before: Vec<_> = (1..=4).map(|number| now(&bench, number)).collect();
    let at = bench.desk.revision();
    for compose in [
        all(Opening::Ticket(Box::new(taken))),
        all(Opening::Ticket(Box::new(stranger))),
        all(message(99, "никому", None)),
        all(stale(message(1, "устарело", None))),
        all(message(3, "слитому", None)),
        Compose { tags: Some(Vec::new()), ..all(ticket()) },
        // An agent's tags for a merged ticket, though the customer's message goes on to its target.
        all(message(3, "слитому", Some(ANNA))),
        tied_to(ticket(), 99, related),
        tied_to(ticket(), 3, related),
        tied_to(ticket(), 4, child),
        tied_to(message(4, "снова", Some(ANNA)), 5, related),
        Compose { links: vec![(TicketNumber(1), related); 2], ..all(ticket()) },
    ] {
        let told = format!("{compose:?}");
        let refused = bench.desk.submit(composing(compose)).await;
        assert!(matches!(refused, Err(Refused::Domain(_))), "{told}: {refused:?}");
        assert_eq!((bench.desk.revision(), bench.desk.position().tickets), (at, 4), "{told}");
        assert_eq!((1..=4).map(|number| now(&bench, number)).collect::<Vec<_>>(), before, "{told}");
    }
    let created = composed(&bench, alone(ticket())).await;
    assert_eq!((created.number, created.revision), (TicketNumber(5), at.next()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_after_a_refused_part_in_a_group_sees_nothing_of_it() {
    let bench = Bench::new();
    bench.create("связан").await;
    let gate = bench.store.gate.lock();
    // The writer waits with the first one; the others come in one group after it.
    let mut first = pin!(bench.desk.submit(creating("первый", None)));
    assert!(poll!(&mut first).is_pending());
    let new = NewTicket { external_id: Some("INC1".into()), ..new_ticket("новый") };
    let twice = vec![(TicketNumber(1), LinkKind::Related); 2];
    let compose = Compose { links: twice, ..all(Opening::Ticket(Box::new(new.clone()))) };
    let before = NewTicket { external_id: Some("INC0".into()), ..new_ticket("прежний") };
    let create = |new: &NewTicket| bench.desk.submit(submission(Action::Create(Box::new(new.clone()))));
    let mut kept = pin!(create(&before));
    let mut refused = pin!(bench.desk.submit(composing(compose)));
    let (mut same, mut again) = (pin!(create(&new)), pin!(create(&before)));
    assert!(poll!(&mut kept).is_pending() && poll!(&mut refused).is_pending());
    assert!(poll!(&mut same).is_pending() && poll!(&mut again).is_pending());
    drop(gate);
    let (first, kept, refused, same, again) = tokio::join!(first, kept, refused, same, again);
    assert!(matches!(refused, Err(Refused::Domain(Refusal::Link))), "{refused:?}");
    let numbers = [first, kept, same].map(|done| ticket(done.unwrap()).number.0);
    assert_eq!((numbers, bench.desk.revision()), ([2, 3, 4], Revision(4)));
    // What was there before the refused one is still known by its key.
    let taken = Refusal::ExternalIdTaken(TicketNumber(3));
    assert!(matches!(&again, Err(Refused::Domain(refusal)) if *refusal == taken), "{again:?}");
    assert!(now(&bench, 1).links.is_empty());
}

#[tokio::test]
async fn repeated_it_gets_the_first_answer_after_a_restart_too() {
    let mut bench = Bench::new();
    bench.create("связан").await;
    bench.create("авария").await;
    let ask = |request: u8, content: u8, opening: Opening| {
        let request = Some((RequestKey([request; 16]), [content; 16]));
        Submission { request, ..composing(all(opening)) }
    };
    let new = || Opening::Ticket(Box::new(new_ticket("нет звука")));
    let first = bench.desk.submit(ask(1, 1, new())).await.unwrap();
    bench.comment(TicketNumber(3), "потом").await;
    for round in 0..2 {
        let again = bench.desk.submit(ask(1, 1, new())).await.unwrap();
        assert_eq!((again.revision, ticket(again)), (first.revision, ticket(first.clone())), "round {round}");
        assert!(matches!(bench.desk.submit(ask(1, 2, new())).await, Err(Refused::RequestIdReused)));
        assert_eq!((bench.desk.revision(), bench.desk.position().tickets), (Revision(4), 3));
        bench.restart().await;
    }
    // A refusal is not remembered.
    assert!(bench.desk.submit(ask(2, 1, message(3, "ещё", None))).await.is_err());
    bench.change(TicketNumber(3), undo(first.revision, Facet::Tags)).await.unwrap();
    for target in [1, 2] {
        bench.change(TicketNumber(3), Change::Unlink { target: TicketNumber(target) }).await.unwrap();
    }
    let answered = bench.desk.submit(ask(2, 1, message(3, "ещё", None))).await.unwrap();
    assert_eq!((answered.revision, ticket(answered).attachment_count), (Revision(8), 4));
}

#[tokio::test]
async fn watchers_get_all_of_it_in_one_message_as_it_happens_and_from_the_past() {
    let mut bench = Bench::new();
    bench.create("связан").await;
    bench.create("авария").await;
    let query = |start| WatchQuery { filter_text: "".into(), filter: filter(""), start, store_uid: None };
    let mut live = bench.desk.watch(&Call::own(), query(WatchStart::Now)).await.unwrap();
    let new = composed(&bench, all(Opening::Ticket(Box::new(new_ticket("нет звука"))))).await;
    let mut told = Vec::new();
    for round in 0..2 {
        let matched = loop {
            match live.next().await.unwrap() {
                WatchBatch::Events(matched) => break matched,
                WatchBatch::Bookmark(_) => {}
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(matched.commit.revision, new.revision, "round {round}");
        told.push(matched.events().map(|(event, left)| format!("{left} {event:?}")).collect::<Vec<_>>());
        bench.restart().await;
        live = bench.desk.watch(&Call::own(), query(WatchStart::From(new.revision))).await.unwrap();
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].len(), 1 + 1 + 4 + 2, "made, tagged, tied at both ends twice, two files");
}

#[tokio::test]
async fn it_is_read_from_the_disk_as_it_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let store = Arc::new(Embedded::open(EmbeddedOptions::new(dir.path())).unwrap());
        let options = DeskOptions { search: false, timers: false, ..DeskOptions::new(dir.path().to_owned()) };
        Desk::open(store, options).unwrap()
    };
    let ask = || Submission {
        request: Some((RequestKey([1; 16]), [1; 16])),
        ..composing(all(Opening::Ticket(Box::new(new_ticket("нет звука")))))
    };
    let desk = open();
    for subject in ["связан", "авария"] {
        desk.submit(creating(subject, None)).await.unwrap();
    }
    let first = desk.submit(ask()).await.unwrap();
    desk.stop().await.unwrap();
    drop(desk);
    let desk = open();
    let again = desk.submit(ask()).await.unwrap();
    assert_eq!((again.revision, ticket(again)), (first.revision, ticket(first.clone())));
    assert_eq!((desk.revision(), desk.position().tickets), (Revision(3), 3));
    let read = |number| desk.ticket(&Call::own(), TicketRef::Number(TicketNumber(number))).unwrap().unwrap();
    assert_eq!(read(3), ticket(first));
    assert_eq!((read(1).links.len(), read(2).links.len()), (1, 1));
    let query = HistoryQuery { ticket: TicketNumber(3), newest_first: true, after: None, limit: 9, max_bytes: 1 << 20 };
    assert_eq!(desk.events(&Call::own(), query).await.unwrap().items.len(), 6);
    desk.stop().await.unwrap();
}
