//! The promises of watching, under etcd's words for them.

use futures::StreamExt as _;
use opora_core::model::Revision;
use opora_server::followers::watch::{Matched, WatchBatch, WatchEnd, WatchQuery, WatchStart, WatchStream};

use super::*;

fn query(text: &str, start: WatchStart) -> WatchQuery {
    WatchQuery { filter_text: text.into(), filter: filter(text), start, store_uid: None }
}

async fn watch(bench: &Bench, text: &str, start: WatchStart) -> WatchStream {
    bench.desk.watch(&Call::own(), query(text, start)).await.unwrap()
}

/// A batch that becomes one message.
fn whole(batch: &WatchBatch, _from: usize) -> (Revision, Option<usize>) {
    (batch.revision(), None)
}

/// The next message with events.
async fn events(stream: &mut WatchStream) -> Arc<Matched> {
    loop {
        if let WatchBatch::Events(matched) = stream.next().await.unwrap() {
            return matched;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ordered_unique_reliable_from_the_log_and_then_as_it_happens() {
    let bench = Bench::new();
    for n in 0..300 {
        bench.create(&format!("{n}")).await;
    }
    let mut stream = watch(&bench, "", WatchStart::From(Revision(1))).await;
    for revision in 1..=600 {
        if revision == 200 {
            let desk = bench.desk.clone();
            tokio::spawn(async move {
                for n in 300..600 {
                    desk.submit(creating(&format!("{n}"), None)).await.unwrap();
                }
            });
        }
        assert_eq!(events(&mut stream).await.commit.revision, Revision(revision));
    }
}

#[tokio::test]
async fn atomic_all_events_of_one_revision_in_one_message() {
    let bench = Bench::new();
    let mut tickets = Vec::new();
    for n in 0..10 {
        tickets.push((TicketRef::Number(bench.create(&format!("{n}")).await.number), None));
    }
    let mut stream = watch(&bench, "", WatchStart::Now).await;
    let change = Change::Escalate { rung: None, reason: "все сразу".into() };
    let done = bench.desk.submit(submission(Action::Batch { tickets, change })).await.unwrap();
    let matched = events(&mut stream).await;
    assert_eq!(matched.commit.revision, done.revision);
    assert!(matched.events().map(|(e, _)| e.ticket.number.0).eq(1..=10));
}

#[tokio::test]
async fn a_filter_is_judged_before_and_after_also_from_the_past() {
    let mut bench = Bench::new();
    let number = bench.create("уходит").await.number;
    bench.create("другой").await;
    let text = "state = NEW OR state = IN_PROGRESS";
    let mut now = watch(&bench, text, WatchStart::Now).await;
    let from = bench.desk.revision().next();
    bench.transition(number, TicketState::Resolved).await;
    bench.comment(number, "внутри").await;
    let back = bench.transition(number, TicketState::InProgress).await;
    for round in 0..3 {
        let mut stream = match round {
            0 => std::mem::replace(&mut now, watch(&bench, "", WatchStart::Now).await),
            1 => watch(&bench, text, WatchStart::From(from)).await,
            _ => {
                bench.restart().await;
                watch(&bench, text, WatchStart::From(from)).await
            }
        };
        let left = events(&mut stream).await;
        assert!(left.events().all(|(_, left)| left), "round {round}");
        let came = events(&mut stream).await;
        assert!(came.events().all(|(_, left)| !left) && came.commit.revision == back.revision, "round {round}");
    }
}

#[tokio::test]
async fn what_matches_now_comes_first_then_synced_then_what_happens() {
    let bench = Bench::new();
    for n in 0..1_200 {
        bench.create(&format!("{n}")).await;
    }
    bench.transition(TicketNumber(7), TicketState::Resolved).await;
    bench.transition(TicketNumber(7), TicketState::Closed).await;
    let mut stream = watch(&bench, "", WatchStart::Current).await;
    // After the beginning: shown as they stood, and as events afterwards.
    bench.comment(TicketNumber(7), "закрыт").await;
    bench.create("после").await;
    let (mut current, mut at) = (Vec::new(), None);
    loop {
        match stream.next().await.unwrap() {
            WatchBatch::Bookmark(revision) if at.is_none() => at = Some(revision),
            WatchBatch::Current { revision, tickets } => {
                assert!(tickets.len() <= 500 && tickets.iter().all(|t| t.revision <= revision));
                assert_eq!(*at.get_or_insert(revision), revision);
                current.extend(tickets.iter().map(|t| t.number.0));
            }
            WatchBatch::Synced(revision) => {
                assert_eq!(Some(revision), at);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    current.sort_unstable();
    assert!(current.into_iter().eq(1..=1_200));
    assert_eq!(at, Some(Revision(1_202)));
    assert_eq!(events(&mut stream).await.commit.revision, Revision(1_203));
    assert_eq!(events(&mut stream).await.commit.revision, Revision(1_204));
}

#[tokio::test]
async fn bookmarkable_what_does_not_concern_a_watcher_is_told_in_passing() {
    let bench = Bench::new();
    let mut stream = watch(&bench, "priority = CRITICAL", WatchStart::Now).await;
    let other = bench.create("мимо").await;
    loop {
        match stream.next().await.unwrap() {
            WatchBatch::Bookmark(revision) if revision >= other.revision => break,
            WatchBatch::Bookmark(_) => {}
            other => panic!("{other:?}"),
        }
    }
    let felt = bench.desk.submit(felt("упало", Impact::ServiceDown)).await.unwrap();
    assert_eq!(events(&mut stream).await.commit.revision, felt.revision);
}

#[tokio::test]
async fn watchers_of_one_filter_share_what_was_judged() {
    let bench = Bench::new();
    let mut one = watch(&bench, "state = NEW", WatchStart::Now).await;
    let mut two = watch(&bench, "state = NEW", WatchStart::Now).await;
    bench.create("один").await;
    assert!(Arc::ptr_eq(&events(&mut one).await, &events(&mut two).await));
}

#[tokio::test]
async fn filters_that_let_the_same_through_share_it() {
    let bench = Bench::new();
    let mut one = watch(&bench, "state = NEW", WatchStart::Now).await;
    let mut two = watch(&bench, "tag != \"чужой\"", WatchStart::Now).await;
    let mut three = watch(&bench, "state = NEW AND tag != \"чужой\"", WatchStart::Now).await;
    let number = bench.create("один").await.number;
    let shared = events(&mut one).await;
    assert!(Arc::ptr_eq(&shared, &events(&mut two).await) && Arc::ptr_eq(&shared, &events(&mut three).await));
    // For two of them it goes, for the third it stays.
    bench.transition(number, TicketState::InProgress).await;
    let (left, stays) = (events(&mut one).await, events(&mut two).await);
    assert!(Arc::ptr_eq(&left, &events(&mut three).await) && !Arc::ptr_eq(&left, &stays));
    assert!(left.events().all(|(_, left)| left) && stays.events().all(|(_, left)| !left));
}

#[tokio::test]
async fn a_stream_can_begin_only_where_the_log_is() {
    let bench = Bench::new();
    bench.create("один").await;
    let refused = async |q: WatchQuery| bench.desk.watch(&Call::own(), q).await.unwrap_err();
    let (oldest, newest) = (Revision(1), Revision(1));
    assert_eq!(refused(query("", WatchStart::From(Revision(3)))).await, WatchEnd::InFuture { oldest, newest });
    assert_eq!(refused(query("", WatchStart::From(Revision(0)))).await, WatchEnd::Compacted { oldest, newest });
    let uid = Some(opora_store::StoreUid::from_u128(8));
    let other = WatchQuery { store_uid: uid, ..query("", WatchStart::Now) };
    assert_eq!(refused(other).await, WatchEnd::StoreReplaced(bench.desk.store_uid()));
    bench.desk.watch(&Call::own(), query("", WatchStart::From(Revision(2)))).await.unwrap();
}

#[tokio::test]
async fn a_stop_ends_every_stream() {
    let bench = Bench::new();
    let mut stream = watch(&bench, "", WatchStart::Now).await;
    let feed = bench.desk.feed(watch(&bench, "", WatchStart::Now).await, whole);
    assert!(matches!(stream.next().await.unwrap(), WatchBatch::Bookmark(_)));
    let (end, stopped) = tokio::join!(stream.next(), bench.desk.stop());
    assert_eq!(end.unwrap_err(), WatchEnd::Stopping);
    stopped.unwrap();
    let rest: Vec<_> = feed.collect().await;
    assert_eq!(rest, [Err(WatchEnd::Stopping)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_is_ended_and_resumes_without_a_gap_and_holds_nobody_up() {
    let bench = Bench::new();
    let stream = watch(&bench, "", WatchStart::From(Revision(1))).await;
    let token = Arc::new(());
    let held = token.clone();
    let mut feed = bench.desk.feed(stream, move |batch, _| ((batch.revision(), held.clone()), None));
    for n in 0..50 {
        bench.create(&format!("{n}")).await;
    }
    assert_eq!(feed.next().await.unwrap().unwrap().0, Revision(0));
    assert_eq!(feed.next().await.unwrap().unwrap().0, Revision(1));
    // Nobody reads: what waits, and the stream, are freed.
    until(|| Arc::strong_count(&token) == 1).await;
    assert_eq!(feed.next().await.unwrap().unwrap_err(), WatchEnd::TooSlow);
    assert!(feed.next().await.is_none());
    let again = watch(&bench, "", WatchStart::From(Revision(2))).await;
    let rest: Vec<_> = bench.desk.feed(again, whole).take(50).collect().await;
    assert!(rest.into_iter().map(Result::unwrap).eq((1..=50).map(Revision)));
}

#[tokio::test]
async fn a_batch_is_made_into_as_many_messages_as_it_takes_as_its_reader_comes_for_them() {
    let bench = Bench::new();
    let stream = watch(&bench, "", WatchStart::Now).await;
    let mut tickets = Vec::new();
    for n in 0..10 {
        tickets.push((TicketRef::Number(bench.create(&format!("{n}")).await.number), None));
    }
    let change = Change::Escalate { rung: None, reason: "все сразу".into() };
    let done = bench.desk.submit(submission(Action::Batch { tickets, change })).await.unwrap();
    // Three to a message.
    let feed = bench.desk.feed(stream, |batch, from| {
        let next = from + 3;
        ((batch.revision(), from), (next < batch.len()).then_some(next))
    });
    let all: Vec<_> = feed.map(Result::unwrap).skip(11).take(4).collect().await;
    assert_eq!(all, [0, 3, 6, 9].map(|from| (done.revision, from)));
}

#[tokio::test]
async fn current_tickets_come_in_the_order_of_lists() {
    let bench = Bench::new();
    let impacts = [Impact::OneWorkstation, Impact::ServiceDown, Impact::SeveralWorkstations];
    for n in 0..700_u64 {
        bench.desk.submit(felt(&format!("{n}"), impacts[(n * n % 3) as usize])).await.unwrap();
        bench.hands.pass(1);
        let number = TicketNumber(n + 1);
        match n % 5 {
            0 => drop(bench.transition(number, TicketState::WaitingForCustomer).await),
            1 => drop(bench.transition(number, TicketState::Resolved).await),
            2 => {
                bench.transition(number, TicketState::Resolved).await;
                bench.transition(number, TicketState::Closed).await;
            }
            _ => {}
        }
    }
    for text in ["", "state != CLOSED", "state = NEW OR state = WAITING_FOR_CUSTOMER", "priority = CRITICAL"] {
        let query = opora_server::desk::ListQuery {
            filter: filter(text),
            order: opora_core::order::OrderBy::default(),
            after: None,
            limit: 1_000,
            max_bytes: 10 << 20,
            with_descriptions: false,
            include_total: false,
        };
        let listed: Vec<_> =
            bench.desk.list(&Call::own(), query).await.unwrap().tickets.iter().map(|t| t.number).collect();
        let mut stream = watch(&bench, text, WatchStart::Current).await;
        let mut current = Vec::new();
        loop {
            match stream.next().await.unwrap() {
                WatchBatch::Current { tickets, .. } => current.extend(tickets.iter().map(|t| t.number)),
                WatchBatch::Synced(_) => break,
                other => assert!(matches!(other, WatchBatch::Bookmark(_)), "{other:?}"),
            }
        }
        assert_eq!(current, listed, "{text}");
    }
}
