use std::collections::VecDeque;
use std::time::Duration;

use opora_proto::error::{ErrorReason, Fault};

use super::*;
use crate::layers::Limits;
use crate::layers::tests::limits;

const PATIENCE: Duration = Duration::from_secs(30);

struct Parts(VecDeque<Bytes>);

impl HttpBody for Parts {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Ready(self.0.pop_front().map(|part| Ok(Frame::data(part))))
    }
}

async fn answer(peer: &Peer, bytes: usize) -> Body {
    let charge = Charge::begin(peer, Instant::now).await.unwrap();
    let body = Body::new(Parts(VecDeque::from([Bytes::from(vec![7; bytes])])));
    counted(body, peer, charge, (Shape::Plain, Language::English))
}

fn next(body: &mut Body) -> Option<Result<Frame<Bytes>, Status>> {
    let mut context = Context::from_waker(std::task::Waker::noop());
    match Pin::new(body).poll_frame(&mut context) {
        Poll::Ready(frame) => frame,
        Poll::Pending => panic!("it has nothing"),
    }
}

#[tokio::test]
async fn an_answer_counts_until_it_is_sent_and_goes_out_in_pieces() {
    let limits = Arc::new(limits());
    let peer = Peer::nobody(&limits);
    let mut body = answer(&peer, 3 * PIECE + 1).await;
    let all = 3 * PIECE as u64 + 1;
    let mut pieces = Vec::new();
    assert_eq!((peer.bytes.used(), limits.bytes.used()), (all, all));
    while let Some(frame) = next(&mut body) {
        assert_eq!((peer.bytes.used(), limits.bytes.used()), (all, all), "it is not sent yet");
        pieces.push(frame.unwrap().into_data().unwrap().len());
    }
    assert_eq!(pieces, [PIECE, PIECE, PIECE, 1]);
    assert_eq!((peer.bytes.used(), limits.bytes.used()), (0, 0));
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_let_go_and_who_reads_again_learns_it() {
    let peer = Peer::nobody(&Arc::new(limits()));
    let mut body = answer(&peer, 100_000).await;
    next(&mut body).unwrap().unwrap();
    let now = Instant::now();
    assert!(!peer.answers.look(now + PATIENCE - Duration::from_secs(1), &peer.limits.bounds));
    assert_eq!(peer.bytes.used(), 100_000, "there is time yet");
    assert!(!peer.answers.look(now + PATIENCE + Duration::from_secs(1), &peer.limits.bounds));
    assert_eq!(peer.bytes.used(), 0);
    assert!(peer.answers.look(now + 2 * MORE, &peer.limits.bounds), "the connection ends");
    let trailers = next(&mut body).unwrap().unwrap().into_trailers().unwrap();
    let fault = Fault::from(&Status::from_header_map(&trailers).unwrap());
    assert_eq!(fault.reason, Some(ErrorReason::LimitReached));
    assert_eq!(fault.metadata["limit"], "answer_patience");
    assert!(next(&mut body).is_none());
    drop(body);
    assert!(!peer.answers.look(now + 9 * PATIENCE, &peer.limits.bounds), "nobody is waited for");
}

const MORE: Duration = Duration::from_secs(31);

#[tokio::test]
async fn a_call_that_is_dropped_gives_everything_back() {
    let limits = Arc::new(limits());
    let peer = Peer::nobody(&limits);
    for bytes in [0, 1, PIECE, 1 << 20] {
        drop(answer(&peer, bytes).await);
        let mut charge = Charge::begin(&peer, Instant::now).await.unwrap();
        charge.grow(bytes as u64, Instant::now).await.unwrap();
        drop(charge);
        assert_eq!((peer.bytes.used(), limits.bytes.used()), (0, 0), "{bytes}");
    }
}

#[tokio::test]
async fn bytes_are_given_up_to_the_bound_and_not_beyond() {
    let limits = Arc::new(limits());
    let peer = Peer::nobody(&limits);
    let mut charge = Charge::begin(&peer, Instant::now).await.unwrap();
    charge.grow(peer.bytes.max(), Instant::now).await.unwrap();
    let refused = Charge::begin(&peer, Instant::now).await.err();
    assert_eq!(refused, Some(("bytes_per_connection", peer.bytes.max())));
    let other = Peer::nobody(&limits);
    assert!(Charge::begin(&other, Instant::now).await.is_ok(), "another connection has its own");
}

#[tokio::test]
async fn a_watch_that_nobody_reads_holds_nothing_and_may_be_read_again_at_any_time() {
    let peer = Peer::nobody(&Arc::new(limits()));
    let charge = Charge::begin(&peer, Instant::now).await.unwrap();
    let parts = Body::new(Parts(VecDeque::from([Bytes::from(vec![7; 100_000])])));
    let mut body = counted(parts, &peer, charge, (Shape::Watch, Language::English));
    next(&mut body).unwrap().unwrap();
    for times in [2, 3, 100] {
        let late = Instant::now() + times * PATIENCE;
        assert!(!peer.answers.look(late, &peer.limits.bounds), "the connection stays");
        assert_eq!(peer.bytes.used(), 0);
    }
    let trailers = next(&mut body).unwrap().unwrap().into_trailers().unwrap();
    let fault = Fault::from(&Status::from_header_map(&trailers).unwrap());
    assert_eq!(fault.reason, Some(ErrorReason::WatchTooSlow));
}

#[tokio::test]
async fn however_many_take_what_they_can_the_next_one_finds_room_for_small_calls_and_beside_few_for_pages() {
    const PAGE: u64 = 1 << 21;
    for (addresses, of_each, next_has) in
        [(1, 1, PAGE), (1, 17, PAGE), (1, 256, CALL), (3, 6, PAGE), (3, 256, CALL), (250, 4, CALL)]
    {
        let limits = Arc::new(Limits::new(limits().bounds, 10_000));
        let address = |n: usize| std::net::Ipv4Addr::new(192, 0, 2, n as u8).into();
        let peers: Vec<_> = (0..addresses * of_each).map(|n| Peer::new(&limits, address(n % addresses))).collect();
        for step in [CALL, 1 << 20, PAGE] {
            let mut charges = Vec::new();
            // In turns, until nobody gets any more.
            for turn in 1.. {
                let before = charges.len();
                for peer in &peers {
                    let Ok(mut charge) = Charge::begin(peer, Instant::now).await else { continue };
                    if charge.grow(step, Instant::now).await.is_ok() {
                        charges.push(charge);
                    }
                }
                assert!(turn > 1 || step > CALL || charges.len() == peers.len(), "a small call of each fits");
                if charges.len() == before {
                    break;
                }
            }
            for who in [0, 251] {
                let next = Peer::new(&limits, address(who));
                let mut charge = Charge::begin(&next, Instant::now).await.expect("a small call always fits");
                let fits = charge.grow(next_has, Instant::now).await;
                assert_eq!(fits, Ok(()), "beside {addresses} addresses with {of_each} connections, by {step} bytes");
            }
            let own = peers.len() as u64 * 4 * CALL;
            assert!(limits.bytes.used() <= limits.bytes.max() + own, "each may have a few small calls beyond");
        }
    }
}
