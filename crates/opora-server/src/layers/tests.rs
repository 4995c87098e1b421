use std::convert::Infallible;
use std::time::Duration;

use http::{Request, Response};
use opora_proto::error::{ErrorReason, Fault};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::known::timeout;
use super::{CallLayer, DeadlineLayer, FormLayer, Limits, catching};
use crate::config::{Config, Sources};

/// Bounds as they are built in.
pub(super) fn limits() -> Limits {
    let config = Config::load(&Sources::default()).unwrap();
    Limits::new(config.bounds.clone(), config.bounds.connections)
}

fn request(timeout: Option<&str>) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = "/opora.v1.TicketService/GetTicket".parse().unwrap();
    if let Some(timeout) = timeout {
        request.headers_mut().insert("grpc-timeout", timeout.parse().unwrap());
    }
    request
}

async fn status<F>(timeout: Option<&str>, answer: impl Fn() -> F + Clone + Send + 'static) -> Status
where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let inner = service_fn(move |_: Request<Body>| {
        let answer = answer();
        async { Ok::<_, Infallible>(answer.await) }
    });
    let caught = catching().layer(inner).map_response(|response| response.map(Body::new));
    let guarded = CallLayer.layer(FormLayer.layer(DeadlineLayer.layer(caught.boxed_clone())));
    let response = guarded.oneshot(request(timeout)).await.unwrap();
    Status::from_header_map(response.headers()).unwrap()
}

#[tokio::test]
async fn a_panic_is_answered_as_a_bug_and_the_next_call_goes_on() {
    for _ in 0..3 {
        let status = status(None, || async { panic!("for the test") }).await;
        assert_eq!((status.code(), Fault::from(&status).reason), (Code::Internal, Some(ErrorReason::Internal)));
    }
    let status = status(None, || async { Status::not_found("x").into_http() }).await;
    assert_eq!(status.code(), Code::NotFound);
}

#[tokio::test]
async fn a_deadline_that_passes_is_told_as_one() {
    let status = status(Some("50m"), std::future::pending).await;
    assert_eq!(
        (status.code(), Fault::from(&status).reason),
        (Code::DeadlineExceeded, Some(ErrorReason::DeadlineExceeded))
    );
}

#[tokio::test]
async fn what_the_transport_can_not_read_is_the_callers_mistake() {
    for (status, code, reason) in [
        (Status::internal("Missing request message."), Code::InvalidArgument, ErrorReason::InvalidField),
        (Status::out_of_range("x"), Code::ResourceExhausted, ErrorReason::LimitReached),
    ] {
        let status = self::status(None, move || std::future::ready(status.clone().into_http())).await;
        let fault = Fault::from(&status);
        assert_eq!((fault.code, fault.reason), (code, Some(reason)));
    }
}

#[tokio::test]
async fn what_the_codec_refuses_is_told_in_the_callers_language() {
    let wrong: &[u8] = &[0x0a, 0x01, 0xff];
    let refused = opora_proto::codec::decode::<opora_proto::v1::GetTicketRequest>(wrong).unwrap_err();
    let inner =
        service_fn(move |_: Request<Body>| std::future::ready(Ok::<_, Infallible>(refused.clone().into_http())));
    let mut request = request(None);
    request.headers_mut().insert("accept-language", "ru".parse().unwrap());
    let response = CallLayer.layer(FormLayer.layer(inner)).oneshot(request).await.unwrap();
    let fault = Fault::from(&Status::from_header_map(response.headers()).unwrap());
    assert_eq!((fault.code, fault.reason), (Code::InvalidArgument, Some(ErrorReason::InvalidField)));
    assert!(fault.message.contains("заполнено неверно"), "{fault:?}");
    assert_eq!(fault.violations.first().map(|v| v.field.as_str()), Some("name"));
}

#[tokio::test]
async fn a_call_by_nobody_that_is_known_is_refused_before_it_is_read() {
    let inner =
        service_fn(|_: Request<Body>| async { panic!("it was let through") as Result<Response<Body>, Infallible> });
    let mut request = request(None);
    request.headers_mut().insert("opora-actor", "robots/r2".parse().unwrap());
    let response = CallLayer.layer(inner).oneshot(request).await.unwrap();
    let fault = Fault::from(&Status::from_header_map(response.headers()).unwrap());
    assert_eq!(
        (fault.code, fault.violations.first().map(|v| v.field.as_str())),
        (Code::InvalidArgument, Some("opora-actor"))
    );
}

#[test]
fn deadlines_are_read_and_anything_else_is_none() {
    for (text, length) in [("2S", 2_000), ("100m", 100), ("1M", 60_000), ("1H", 3_600_000), ("0m", 0), ("5000u", 5)] {
        assert_eq!(timeout(text), Some(Duration::from_millis(length)), "{text}");
    }
    for bad in ["", "S", "5", "5x", "-1S", "123456789S", "99999999H", "я"] {
        assert_eq!(timeout(bad), None, "{bad}");
    }
}
