//! Files of what is written as one: which ticket they go to, when they came, in whose hands they are meanwhile.

use std::collections::HashSet;

use bytes::Bytes;
use opora_store::{BlobOptions, Blobs, Held};
use uuid::Uuid;

use super::*;

#[tokio::test]
async fn files_go_with_the_message_to_the_ticket_that_follows_a_closed_one() {
    let mut bench = Bench::new();
    bench.create("закрыт").await;
    for state in [TicketState::Resolved, TicketState::Closed] {
        bench.transition(TicketNumber(1), state).await;
    }
    let closed = now(&bench, 1);
    let ask = || Submission {
        request: Some((RequestKey([1; 16]), [1; 16])),
        ..composing(Compose { tags: Some(vec!["снова".into()]), ..alone(message(1, "опять", Some(ANNA))) })
    };
    let done = bench.desk.submit(ask()).await.unwrap();
    let new = ticket(done.clone());
    assert_eq!((new.number, new.comment_count, new.attachment_count), (TicketNumber(2), 1, 1));
    assert_eq!((new.links[0].kind, &*new.tags[0]), (LinkKind::FollowsClosed, "снова"));
    assert_eq!(*now(&bench, 1), *closed);
    assert_eq!(files_of(&paged(&bench, 2, true).await), [("bpclient_1.log".to_owned(), None)]);
    bench.restart().await;
    let again = bench.desk.submit(ask()).await.unwrap();
    assert_eq!((again.revision, ticket(again)), (done.revision, new));
    // An agent's message stays where it was written, and the files with it.
    let noted = composed(&bench, alone(message(1, "для истории", None))).await;
    assert_eq!((noted.number, noted.state, noted.attachment_count), (TicketNumber(1), TicketState::Closed, 1));
}

#[tokio::test]
async fn files_go_with_the_message_to_the_target_of_a_merged_ticket_whoever_hands_them_in() {
    let bench = Bench::new();
    for subject in ["один", "два", "три"] {
        bench.create(subject).await;
    }
    for (source, target) in [(1, 2), (2, 3)] {
        let merge = Change::Merge { target: TicketNumber(target), target_etag: None, reason: "".into() };
        bench.change(TicketNumber(source), merge).await.unwrap();
    }
    let merged = now(&bench, 1);
    // By the customer, and by an agent for the customer.
    let customer = Submission {
        actor: Actor { kind: opora_core::model::ActorKind::Address(ANNA.into()), verified: false },
        ..composing(alone(message(1, "сама", None)))
    };
    let one = ticket(bench.desk.submit(customer).await.unwrap());
    let two = composed(&bench, alone(message(1, "за неё", Some(ANNA)))).await;
    assert_eq!((one.number, two.number, two.comment_count), (TicketNumber(3), TicketNumber(3), 2));
    let expected = ("bpclient_1.log".to_owned(), Some(1));
    assert_eq!(files_of(&paged(&bench, 3, true).await), [expected.clone(), expected]);
    assert_eq!(*now(&bench, 1), *merged);
    let agents = bench.desk.submit(composing(alone(message(1, "агент", None)))).await;
    let into = TicketNumber(3);
    assert!(matches!(agents, Err(Refused::Domain(Refusal::Merged { into: told, .. })) if told == into), "{agents:?}");
}

#[tokio::test]
async fn what_is_of_the_past_has_files_of_the_present() {
    let bench = Bench::new();
    bench.create("связан").await;
    bench.create("авария").await;
    let past = Timestamp::from_millis(NINE - 86_400_000);
    let import = Submission {
        import_time: Some(past),
        ..composing(all(Opening::Ticket(Box::new(NewTicket { origin: Origin::Import, ..new_ticket("старый") }))))
    };
    // The others were not there yet.
    assert!(matches!(bench.desk.submit(import.clone()).await, Err(Refused::Domain(Refusal::ImportOrder { .. }))));
    let Action::Compose(mut compose) = import.action else { panic!() };
    compose.links.clear();
    let import = Submission { import_time: Some(past), ..composing(*compose) };
    bench.desk.submit(import).await.unwrap();
    let times: Vec<_> = paged(&bench, 3, false).await.into_iter().map(|entry| entry.event.at.as_millis()).collect();
    assert_eq!(times, [past.as_millis(), past.as_millis(), NINE, NINE]);
}

async fn keep(blobs: &Blobs, content: &'static [u8]) -> (Blob, Held) {
    let (sending, _) = blobs.begin(Uuid::from_u128(content.len() as u128), content.len() as u64, None).await.unwrap();
    blobs.write(&sending, 0, Bytes::from_static(content)).await.unwrap();
    let turn = blobs.finishing(sending).await.unwrap();
    blobs.finish(&turn, None).await.unwrap()
}

/// How many of these a sweep removes that knows of nothing that refers to them.
async fn swept(blobs: &Blobs, content: Blob) -> u64 {
    blobs.sweep_ends(None).await.unwrap();
    blobs.sweep_begins(Uuid::nil()).await.unwrap();
    blobs.remove(HashSet::from([content.hash])).await.unwrap().count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_is_in_hand_until_the_answer_also_when_the_caller_is_gone() {
    let bench = Bench::new();
    bench.create("один").await;
    let dir = tempfile::tempdir().unwrap();
    let options = BlobOptions { reserve: 0, staging: 1 << 20, largest: 1 << 20 };
    let blobs = Blobs::open(dir.path(), options).unwrap();
    let (content, held) = keep(&blobs, b"connected\nlost\n").await;
    let with = |ticket, held| Compose {
        files: vec![log("bpclient.log", content, NINE)],
        held: vec![held],
        ..alone(message(ticket, "лог", None))
    };
    // Refused: it is as it was, and nobody's; what was sent can be gone on with.
    let staged = blobs.staged().await.unwrap();
    let held = Arc::new(held);
    assert!(bench.desk.submit(composing(with(99, held.clone()))).await.is_err());
    assert_eq!(swept(&blobs, content).await, 0);
    assert_eq!(format!("{:?}", blobs.staged().await.unwrap()), format!("{staged:?}"));
    let gate = bench.store.gate.lock();
    {
        let mut caller = pin!(bench.desk.submit(composing(with(1, held))));
        assert!(poll!(&mut caller).is_pending());
    }
    assert_eq!(swept(&blobs, content).await, 0, "the commit is not there yet");
    drop(gate);
    until(|| bench.desk.revision() == Revision(2)).await;
    assert_eq!(now(&bench, 1).attachment_count, 1);
    while swept(&blobs, content).await == 0 {
        tokio::task::yield_now().await;
    }
}
