//! The desk on the embedded store: what was answered is there after a crash, however it is opened again.

use opora_core::model::Revision;
use opora_server::desk::HistoryQuery;
use opora_server::followers::watch::{WatchBatch, WatchQuery, WatchStart};
use opora_store::{Embedded, EmbeddedOptions};

use super::*;

fn open(dir: &std::path::Path) -> Desk {
    let store = Arc::new(Embedded::open(EmbeddedOptions::new(dir)).unwrap());
    Desk::open(store, DeskOptions { search: false, timers: false, ..DeskOptions::new(dir.to_owned()) }).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_there_after_a_restart_with_its_history_and_its_answers() {
    let dir = tempfile::tempdir().unwrap();
    let desk = open(dir.path());
    let writers: Vec<_> = (0..4_u8)
        .map(|n| {
            let desk = desk.clone();
            tokio::spawn(async move {
                for i in 0..50 {
                    desk.submit(creating("запрос", Some((n * 50 + i, 1)))).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let resolved = changing(TicketNumber(7), Change::Transition { state: TicketState::Resolved, reason: "".into() });
    desk.submit(resolved).await.unwrap();
    let first = desk.submit(creating("запрос", Some((3, 1)))).await.unwrap();
    desk.stop().await.unwrap();
    drop(desk);

    let desk = open(dir.path());
    assert_eq!((desk.revision(), desk.position().tickets), (Revision(201), 200));
    let again = desk.submit(creating("запрос", Some((3, 1)))).await.unwrap();
    assert_eq!((again.revision, ticket(again)), (first.revision, ticket(first)));
    let query =
        HistoryQuery { ticket: TicketNumber(7), newest_first: false, after: None, limit: 9, max_bytes: 1 << 20 };
    assert_eq!(desk.events(&Call::own(), query).await.unwrap().items.len(), 2);
    let query = WatchQuery {
        filter_text: "".into(),
        filter: filter(""),
        start: WatchStart::From(Revision(1)),
        store_uid: Some(desk.store_uid()),
    };
    let mut stream = desk.watch(&Call::own(), query).await.unwrap();
    assert!(matches!(stream.next().await.unwrap(), WatchBatch::Bookmark(Revision(0))));
    for revision in 1..=201 {
        let batch = stream.next().await.unwrap();
        assert!(matches!(batch, WatchBatch::Events(_)) && batch.revision() == Revision(revision), "{batch:?}");
    }
    desk.stop().await.unwrap();
}
