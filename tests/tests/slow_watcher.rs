//! A watcher that stops reading holds nobody up, is ended, and resumes without a gap.

use std::time::{Duration, Instant};

use opora_proto::error::ErrorReason;
use opora_proto::v1;
use opora_tests::{Server, new_ticket, reason};
use tonic::Code;

/// How long a send may block before a stream is given up (docs/contract.md "Requests", `WatchTickets`), and some more.
const STALL: Duration = Duration::from_secs(33);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_that_stops_reading_holds_nobody_up_is_ended_and_resumes_without_a_gap() {
    let server = Server::start();
    let watcher = server.desk().without_deadline();
    let watch = |from: u64| v1::WatchTicketsRequest {
        from_revision: from,
        view: v1::TicketView::Full.into(),
        ..Default::default()
    };
    let mut stream = watcher.tickets().watch_tickets(watch(1)).await.unwrap().into_inner();
    // Far more than the connection's windows hold, written while nobody reads: every write is answered.
    let desk = server.desk();
    let mut last = 0;
    for n in 0..200 {
        let mut request = new_ticket(&format!("много {n}"));
        request.ticket.as_mut().unwrap().description = "ж".repeat(50_000);
        last = desk.tickets().create_ticket(request).await.unwrap().into_inner().revision;
    }
    // Time itself is what is tried here: the stream is given up after it. Writers go on meanwhile.
    let start = Instant::now();
    while start.elapsed() < STALL {
        last = desk.tickets().create_ticket(new_ticket("дальше")).await.unwrap().into_inner().revision;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let mut seen = 0;
    let end = loop {
        match stream.message().await {
            Ok(Some(message)) if !message.events.is_empty() => {
                assert_eq!(message.revision, seen + 1);
                seen = message.revision;
            }
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream ended without a status"),
            Err(status) => break status,
        }
    };
    assert_eq!((end.code(), reason(&end)), (Code::ResourceExhausted, Some(ErrorReason::WatchTooSlow)), "{end:?}");
    assert!(seen < last, "everything was sent: {seen} of {last}");
    let mut stream = watcher.tickets().watch_tickets(watch(seen + 1)).await.unwrap().into_inner();
    while seen < last {
        let message = stream.message().await.unwrap().unwrap();
        if !message.events.is_empty() {
            assert_eq!(message.revision, seen + 1);
            seen = message.revision;
        }
    }
}
