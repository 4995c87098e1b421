use std::any::Any;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;

use http::{Request, Response};
use opora_proto::error::{ErrorReason, Fault};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::PlacesLayer;
use super::caller::{Caller, Limits, Peer};
use super::tests::limits;

/// Bounds of which some are small.
fn small() -> Arc<Limits> {
    let mut bounds = limits().bounds;
    (bounds.places, bounds.places_per_address, bounds.places_per_connection) = (5, 3, 2);
    (bounds.reserved_places, bounds.transfers) = (1, 1);
    Arc::new(Limits::new(bounds, 100))
}

fn peer(limits: &Arc<Limits>, last: u8) -> Peer {
    Peer::new(limits, Ipv4Addr::new(192, 0, 2, last).into())
}

/// A call that is being worked on until it is dropped; or what it is refused with.
async fn worked_on(layer: &PlacesLayer, peer: &Peer, path: &str) -> Result<Box<dyn Any>, Fault> {
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let begun = Arc::new(parking_lot::Mutex::new(Some(begun)));
    let inner = service_fn(move |_: Request<Body>| {
        begun.lock().take().unwrap().send(()).unwrap();
        std::future::pending::<Result<Response<Body>, Infallible>>()
    });
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = path.parse().unwrap();
    request.extensions_mut().insert(peer.clone());
    let mut call = Box::pin(layer.layer(inner).oneshot(request));
    tokio::select! {
        answer = &mut call => Err(Fault::from(&Status::from_header_map(answer.unwrap().headers()).unwrap())),
        Ok(()) = has_begun => Ok(Box::new(call)),
    }
}

/// Why, and for which bound, a call was refused.
fn refused(answer: Result<Box<dyn Any>, Fault>) -> (ErrorReason, String) {
    let fault = answer.err().unwrap();
    assert!(fault.retry_after.is_some(), "{fault:?}");
    (fault.reason.unwrap(), fault.metadata.get("limit").cloned().unwrap_or_default())
}

const GET: &str = "/opora.v1.TicketService/GetTicket";
const HEALTH: &str = "/grpc.health.v1.Health/Check";

#[tokio::test]
async fn places_are_bounded_for_a_connection_an_address_and_all() {
    let limits = small();
    let layer = PlacesLayer::new(&limits);
    let (one, same, other, last) = (peer(&limits, 1), peer(&limits, 1), peer(&limits, 2), peer(&limits, 3));
    let over = |name: &str| (ErrorReason::LimitReached, name.to_owned());
    let first = worked_on(&layer, &one, GET).await.unwrap();
    let _second = worked_on(&layer, &one, GET).await.unwrap();
    assert_eq!(refused(worked_on(&layer, &one, GET).await), over("requests_per_connection"));
    let _third = worked_on(&layer, &same, GET).await.unwrap();
    assert_eq!(refused(worked_on(&layer, &same, GET).await), over("requests_per_address"));
    let _fourth = worked_on(&layer, &other, GET).await.unwrap();
    let _fifth = worked_on(&layer, &other, GET).await.unwrap();
    assert_eq!(refused(worked_on(&layer, &last, GET).await), (ErrorReason::Overloaded, String::new()));
    let health = worked_on(&layer, &last, HEALTH).await.expect("health has a place of its own");
    assert_eq!(refused(worked_on(&layer, &last, HEALTH).await), over("reserved_requests"));
    drop((first, health));
    worked_on(&layer, &last, GET).await.expect("a place is free again");
}

#[tokio::test]
async fn transfers_are_bounded_for_all_together() {
    let limits = small();
    let layer = PlacesLayer::new(&limits);
    let (one, other) = (peer(&limits, 1), peer(&limits, 2));
    let upload = worked_on(&layer, &one, "/opora.v1.AttachmentService/UploadAttachment").await.unwrap();
    let download = "/opora.v1.AttachmentService/DownloadAttachment";
    assert_eq!(refused(worked_on(&layer, &other, download).await).1, "max_transfers");
    drop(upload);
    worked_on(&layer, &other, download).await.unwrap();
}

#[test]
fn a_caller_is_an_address_or_half_of_a_long_one() {
    let of = |text: &str| Caller::of(text.parse().unwrap());
    assert_eq!(of("192.0.2.7"), of("::ffff:192.0.2.7"));
    assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:3:4:5:6"));
    assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
}

#[test]
fn who_holds_nothing_is_forgotten() {
    let limits = small();
    let peers: Vec<Peer> = (0..9).map(|n| peer(&limits, n % 3)).collect();
    assert_eq!(limits.callers(), 3);
    drop(peers);
    assert_eq!(limits.callers(), 0);
}

#[test]
fn where_all_places_are_taken_an_idle_connection_gives_way_whoever_has_most_and_nobody_is_kept_in_mind() {
    let limits = Arc::new(Limits::new(small().bounds.clone(), 4));
    let begun = |last: u8| {
        let peer = peer(&limits, last);
        peer.begun();
        assert_eq!(peer.over(), None);
        peer
    };
    let busy = [begun(1), begun(1), begun(1)];
    for peer in &busy {
        peer.bytes.take_anyway(1);
    }
    let idle = begun(2);
    // Who has most is busy, so the next one gives way, whose only connection is idle.
    let next = begun(3);
    assert!(idle.is_closing() && busy.iter().all(|peer| !peer.is_closing()));
    next.bytes.take_anyway(1);
    let refused = peer(&limits, 4);
    assert_eq!(refused.over(), Some(("max_connections", 4)), "all are busy");
    let all = [busy.to_vec(), vec![idle, next, refused]].concat();
    for peer in &all {
        peer.left();
    }
    assert_eq!(limits.connections.used(), 0);
    drop((all, busy));
    assert_eq!(limits.callers(), 0);
}

#[test]
fn a_newcomer_at_its_beginning_gives_way_to_nobody_while_others_have_more() {
    let limits = Arc::new(Limits::new(small().bounds.clone(), 4));
    let many: Vec<Peer> = (0..3).map(|_| peer(&limits, 1)).collect();
    let newcomer = peer(&limits, 2);
    let _flood: Vec<Peer> = (0..9).map(|_| peer(&limits, 1)).collect();
    assert!(!newcomer.is_closing() && many.iter().all(|peer| peer.is_closing()));
    newcomer.begun();
    assert_eq!(newcomer.over(), None);
}
