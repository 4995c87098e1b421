//! Calls: places, bytes, times.

use std::time::Duration;

use bytes::Bytes;
use opora_proto::error::ErrorReason;
use opora_proto::v1;
use opora_proto::v1::upload_attachment_request::Part;

use crate::Server;
use crate::caller::{
    CREATE, Caller, GET, LIST, THERE, UPLOAD, WATCH, framed, get, is_let_through, is_over, read, ticket,
};

const MIB: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_do_not_come_take_no_place_and_are_ended() {
    let server = Server::with(&[("max_concurrent_requests", "1"), ("request_time", "500ms")]).await;
    let (mut rude, mut polite) = (Caller::new(&server).await, Caller::new(&server).await);
    let mut half = Vec::new();
    for _ in 0..100 {
        half.push(rude.begin(CREATE).await);
    }
    for _ in 0..20 {
        assert!(is_let_through(polite.call(GET, &get(1)).await), "a place is taken by who has sent nothing");
    }
    for call in half {
        is_over(call.answered().await, "request_time", 0);
    }
    // One byte less than a message is as little of one.
    let mut almost = rude.begin(GET).await;
    let message = framed(&get(1));
    almost.sending.send_data(message.slice(..message.len() - 1), false).unwrap();
    is_over(almost.answered().await, "request_time", 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_connection_have_so_many_bytes_and_others_are_not_held_up() {
    let server = Server::with(&[("bytes_per_connection", "4MiB"), ("request_time", "30s")]).await;
    let (mut rude, mut polite) = (Caller::new(&server).await, Caller::new(&server).await);
    // Each announces a MiB less a little, and has its own 16 KiB: four are too many.
    let message = framed(&ticket(MIB - 1_000));
    let mut half = Vec::new();
    for _ in 0..4 {
        let mut call = rude.begin(CREATE).await;
        call.sending.send_data(message.slice(..8_000), false).unwrap();
        half.push(Box::pin(call.answered()));
    }
    // Which of them comes last is the server's affair.
    let (refused, _, half) = futures::future::select_all(half).await;
    is_over(refused, "bytes_per_connection", 4 << 20);
    let whole = polite.call(CREATE, &ticket(200_000)).await;
    assert!(whole.is_ok(), "{whole:?}");
    drop(half);
    while rude.call(CREATE, &ticket(10)).await.is_err() {}
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_all_together_are_bounded() {
    let settings = [("bytes_in_flight", "4MiB"), ("bytes_per_connection", "4MiB"), ("request_time", "30s")];
    let server = Server::with(&settings).await;
    let message = framed(&ticket(MIB - 1_000));
    let mut half = Vec::new();
    for _ in 0..3 {
        let mut caller = Caller::new(&server).await;
        let mut call = caller.begin(CREATE).await;
        call.sending.send_data(message.slice(..8_000), false).unwrap();
        half.push((caller, call));
    }
    // The three are on their way for a moment.
    let mut fourth = Caller::new(&server).await;
    loop {
        let mut call = fourth.begin(CREATE).await;
        call.sending.send_data(message.slice(..8_000), false).unwrap();
        let opened = tokio::time::timeout(Duration::from_secs(2), call.opened()).await;
        let Ok((headers, mut body, _sending)) = opened else { continue };
        is_over(read(&headers, &mut body).await, "bytes_in_flight", 4 << 20);
        break;
    }
    fourth.health().await.unwrap();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_as_long_as_may_be_is_taken_and_a_longer_one_is_not() {
    let server = Server::with(&[]).await;
    let mut caller = Caller::new(&server).await;
    let fault = |answer: Result<Bytes, opora_proto::error::Fault>| answer.unwrap_err().reason.unwrap();
    // Too long a description, but not too long a message.
    assert_eq!(fault(caller.call(CREATE, &ticket(MIB - 100)).await), ErrorReason::InvalidField);
    assert_eq!(fault(caller.call(CREATE, &ticket(MIB + 100)).await), ErrorReason::LimitReached);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_are_ended_and_hold_up_nobody() {
    let server = Server::with(&[("answer_patience", "500ms"), ("bytes_in_flight", "8MiB")]).await;
    let mut polite = Caller::new(&server).await;
    for _ in 0..4 {
        polite.call(CREATE, &ticket(200_000)).await.unwrap();
    }
    let mut deaf = Caller::deaf(&server).await;
    let full = v1::ListTicketsRequest { view: v1::TicketView::Full.into(), page_size: 100, ..Default::default() };
    let mut unread = Vec::new();
    for _ in 0..20 {
        let mut call = deaf.begin(LIST).await;
        call.sending.send_data(framed(&full), true).unwrap();
        unread.push(call.opened().await);
    }
    for _ in 0..20 {
        assert!(is_let_through(polite.call(GET, &get(1)).await));
    }
    // Who does not even read that is sent away.
    let mut some = Caller::deaf(&server).await;
    let mut call = some.begin(GET).await;
    call.sending.send_data(framed(&get(1)), true).unwrap();
    let _never = call.opened().await;
    some.sent_away().await;
    deaf.sent_away().await;
    let answer = polite.call(LIST, &full).await;
    assert!(answer.is_ok(), "what they held is free again: {answer:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_so_many_streams() {
    let server = Server::with(&[("streams_per_address", "2")]).await;
    let mut caller = Caller::new(&server).await;
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut watch = caller.begin(WATCH).await;
        watch.sending.send_data(framed(&()), true).unwrap();
        open.push(watch.opened().await);
    }
    is_over(Caller::new(&server).await.call(WATCH, &()).await, "streams_per_address", 2);
    let mut other = Caller::from(&server, THERE).await.begin(WATCH).await;
    other.sending.send_data(framed(&()), true).unwrap();
    assert!(!other.opened().await.0.contains_key("grpc-status"), "another address has its own");
    open.pop();
    loop {
        let mut watch = caller.begin(WATCH).await;
        watch.sending.send_data(framed(&()), true).unwrap();
        if !watch.opened().await.0.contains_key("grpc-status") {
            break;
        }
    }
    server.stop().await;
}

fn part(part: Part) -> Bytes {
    framed(&v1::UploadAttachmentRequest { part: Some(part) })
}

fn header() -> Bytes {
    part(Part::Header(v1::UploadHeader {
        ticket: "tickets/1".into(),
        file_name: "a.log".into(),
        size: 100_000,
        upload_id: "0198c0de-0000-7000-8000-000000000001".into(),
        ..Default::default()
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_stands_still_is_ended_and_one_address_has_so_many() {
    let server = Server::with(&[("uploads_per_address", "1"), ("upload_patience", "2s")]).await;
    let mut caller = Caller::new(&server).await;
    caller.call(CREATE, &ticket(10)).await.unwrap();
    let mut still = caller.begin(UPLOAD).await;
    still.sending.send_data(header(), false).unwrap();
    loop {
        let mut second = Caller::new(&server).await.begin(UPLOAD).await;
        // Who is refused at once can't send any more.
        let _ = second.sending.send_data(header(), false);
        let answer = second.answered().await;
        let limit = answer.as_ref().unwrap_err().metadata["limit"].clone();
        if limit == "uploads_per_address" {
            is_over(answer, "uploads_per_address", 1);
            break;
        }
    }
    is_over(still.answered().await, "upload_patience", 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_up_call_after_call_sent_away() {
    let server = Server::with(&[("abandoned_calls", "10")]).await;
    let (mut rude, mut polite) = (Caller::new(&server).await, Caller::new(&server).await);
    for _ in 0..40 {
        assert!(is_let_through(polite.call(GET, &get(1)).await));
    }
    // Calls that the server works on, given up.
    for _ in 0..200 {
        let Some(mut call) = rude.try_begin(CREATE).await else { break };
        call.sending.send_data(Bytes::from_static(&[0]), false).unwrap();
        tokio::task::yield_now().await;
        call.sending.send_reset(h2::Reason::CANCEL);
        assert!(is_let_through(polite.call(GET, &get(1)).await));
    }
    rude.sent_away().await;
    assert!(is_let_through(polite.call(GET, &get(1)).await));
    server.stop().await;
}
