//! Calls: places, bytes, times.

use std::pin::Pin;

use bytes::Bytes;
use futures::FutureExt as _;
use h2::{RecvStream, SendStream};
use http::Response;
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use opora_proto::v1::upload_attachment_request::Part;

use crate::caller::{
    CREATE, Call, Caller, GET, LIST, THERE, UPLOAD, WATCH, framed, get, is_let_through, is_over, read, ticket,
};
use crate::{LONG, Server};

const MIB: usize = 1024 * 1024;

/// What came of half a request, and its other half.
type Half = (Response<RecvStream>, SendStream<Bytes>);

/// A request of nearly one MiB.
fn large() -> Bytes {
    framed(&ticket(MIB - 100_000))
}

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

/// Begins requests of nearly one MiB until one is refused, which has to be the one after so many; gives the others.
async fn as_many_as_may_be(caller: &mut Caller, most: usize) -> Vec<Pin<Box<dyn Future<Output = Half>>>> {
    let mut half = Vec::new();
    for _ in 0..=most {
        let mut call = caller.begin(CREATE).await;
        // Who is refused at once can't send any more.
        let _ = call.sending.send_data(large().slice(..8_000), false);
        let half_a_request = async {
            let Call { answer, sending } = call;
            (answer.await.unwrap(), sending)
        };
        half.push(Box::pin(half_a_request) as Pin<Box<dyn Future<Output = Half>>>);
    }
    let first = tokio::time::timeout(LONG, futures::future::select_all(half)).await.expect("all of them are taken");
    let ((answer, _sending), _, others) = first;
    let (head, mut body) = answer.into_parts();
    is_over(read(&head.headers, &mut body).await, "bytes_in_flight", 8 << 20);
    others
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_all_together_are_bounded_and_who_takes_what_they_can_leaves_as_much_to_others() {
    let settings = [("bytes_in_flight", "8MiB"), ("bytes_per_connection", "8MiB"), ("request_time", "10min")];
    let server = Server::with(&settings).await;
    let (mut one, mut same) = (Caller::new(&server).await, Caller::new(&server).await);
    let its = as_many_as_may_be(&mut one, 3).await;
    as_many_as_may_be(&mut same, 0).await;
    for _ in 0..20 {
        assert!(is_let_through(same.call(GET, &get(1)).await), "a small call of the same address");
    }
    let mut other = Caller::from(&server, THERE).await;
    let whole = other.call(CREATE, &ticket(200_000)).await;
    assert!(whole.is_ok(), "another address has its own: {whole:?}");
    let others = as_many_as_may_be(&mut other, 2).await;
    let mut beside = Caller::from(&server, THERE).await;
    assert!(is_let_through(beside.call(GET, &get(1)).await), "a small call of that one");
    drop((its, others, one, other));
    while same.call(CREATE, &ticket(200_000)).await.is_err() {}
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_connections_with_half_requests_leave_a_new_one_of_their_address_its_calls() {
    let server = Server::with(&[("bytes_in_flight", "8MiB"), ("request_time", "10min")]).await;
    let mut many = Vec::new();
    for _ in 0..100 {
        let mut rude = Caller::new(&server).await;
        let mut half = Vec::new();
        for _ in 0..20 {
            half.push(rude.begin(CREATE).await);
        }
        many.push((rude, half));
    }
    let mut polite = Caller::new(&server).await;
    for _ in 0..50 {
        let answer = polite.call(GET, &get(1)).await;
        assert!(is_let_through(answer), "a call of a connection that has nothing else");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_answers_that_nobody_reads_small_calls_go_on_and_pages_once_those_are_given_up() {
    let server = Server::with(&[("answer_patience", "10min")]).await;
    let mut polite = Caller::new(&server).await;
    for _ in 0..10 {
        polite.call(CREATE, &ticket(200_000)).await.unwrap();
    }
    let full = v1::ListTicketsRequest { view: v1::TicketView::Full.into(), page_size: 100, ..Default::default() };
    let mut unread = Vec::new();
    let mut refused = 0;
    for _ in 0..17 {
        let mut deaf = Caller::deaf(&server).await;
        for _ in 0..20 {
            let mut call = deaf.begin(LIST).await;
            call.sending.send_data(framed(&full), true).unwrap();
            unread.push(call.answer);
        }
        unread.push(deaf.begin(GET).await.answer);
        let answer = polite.call(GET, &get(1)).await;
        assert!(answer.is_ok(), "{:?}", answer.err());
    }
    while let Err(fault) = polite.call(LIST, &full).await {
        is_over(Err(fault), "bytes_in_flight", 256 << 20);
        refused += 1;
        assert!(polite.call(GET, &get(1)).await.is_ok(), "after {refused} pages that were refused");
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn some_streams_of_an_address_are_kept_for_its_connections_that_have_none() {
    let server = Server::with(&[("streams_per_address", "16")]).await;
    let (mut many, mut one, mut late) =
        (Caller::new(&server).await, Caller::new(&server).await, Caller::new(&server).await);
    let mut open = Vec::new();
    for _ in 0..14 {
        let mut watch = many.begin(WATCH).await;
        watch.sending.send_data(framed(&()), true).unwrap();
        open.push(watch.opened().await);
    }
    is_over(many.call(WATCH, &()).await, "streams_per_address", 16);
    for other in [&mut one, &mut late] {
        let mut watch = other.begin(WATCH).await;
        watch.sending.send_data(framed(&()), true).unwrap();
        open.push(watch.opened().await);
        is_over(other.call(WATCH, &()).await, "streams_per_address", 16);
    }
    assert!(open.iter().all(|(head, ..)| !head.contains_key("grpc-status")));
    is_over(Caller::new(&server).await.call(WATCH, &()).await, "streams_per_address", 16);
    server.stop().await;
}

fn part(part: Part) -> Bytes {
    framed(&v1::UploadAttachmentRequest { part: Some(part) })
}

fn header() -> Bytes {
    of_size(100_000, 1)
}

fn of_size(size: u64, upload: u128) -> Bytes {
    part(Part::Header(v1::UploadHeader {
        ticket: "tickets/1".into(),
        file_name: "a.log".into(),
        size,
        upload_id: uuid::Uuid::from_u128((0x0198_c0de_0000_7000_8000 << 48) + upload).to_string(),
        ..Default::default()
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_stands_still_is_ended_and_one_address_has_so_many() {
    let server = Server::with(&[("uploads_per_address", "1"), ("upload_patience", "2s")]).await;
    let mut caller = Caller::new(&server).await;
    caller.call(CREATE, &ticket(10)).await.unwrap();
    // On a busy machine the first one may be ended, or come second, before the other is looked at.
    let still = loop {
        let mut still = caller.begin(UPLOAD).await;
        let _ = still.sending.send_data(header(), false);
        let mut second = Caller::new(&server).await.begin(UPLOAD).await;
        // Who is refused at once can't send any more.
        let _ = second.sending.send_data(header(), false);
        let answer = second.answered().await;
        let limit = answer.as_ref().unwrap_err().metadata.get("limit").cloned();
        if limit.as_deref() == Some("uploads_per_address") {
            is_over(answer, "uploads_per_address", 1);
            break still;
        }
        drop(still.answered().await);
    };
    is_over(still.answered().await, "upload_patience", 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_from_one_address_leave_another_one_as_much_for_its_files() {
    // The least that there may be: two of the largest files.
    let (mib, two) = (1 << 20, 200 << 20);
    let server = Server::with(&[("staging_bytes", "200MiB")]).await;
    let (mut rude, mut polite) = (Caller::new(&server).await, Caller::from(&server, THERE).await);
    polite.call(CREATE, &ticket(10)).await.unwrap();
    let first = held(&mut rude, 60 * mib, 1).await;
    let mut second = held(&mut rude, 40 * mib, 2).await;
    // Half is theirs, and no byte more, as soon as both headers are read.
    let refused = async {
        loop {
            if let Err(fault) = attempt(&mut rude, 1, 3).await {
                break fault;
            }
            // Looked at before the second header, it may have been in its way.
            if (&mut second.answer).now_or_never().is_some() {
                second = held(&mut rude, 40 * mib, 2).await;
            }
        }
    };
    is_over(Err(tokio::time::timeout(LONG, refused).await.unwrap()), "staging_bytes", two);
    for size in [100 * mib - 1, 100 * mib] {
        let answer = attempt(&mut polite, size, 4).await;
        assert!(answer.is_ok(), "the largest file: {answer:?}");
    }
    drop((first, second));
    server.stop().await;
}

/// A header, and nothing more.
async fn held(caller: &mut Caller, size: u64, upload: u128) -> Call {
    let mut call = caller.begin(UPLOAD).await;
    call.sending.send_data(of_size(size, upload), false).unwrap();
    call
}

/// A header, and the end.
async fn attempt(caller: &mut Caller, size: u64, upload: u128) -> Result<Bytes, Fault> {
    let mut call = caller.begin(UPLOAD).await;
    let _ = call.sending.send_data(of_size(size, upload), true);
    call.answered().await
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
