use std::convert::Infallible;
use std::time::Duration;

use http::{Request, Response};
use opora_proto::error::{ErrorReason, Fault};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::{GuardLayer, Limits, timeout};
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

async fn status<F>(layer: &GuardLayer, timeout: Option<&str>, answer: impl Fn() -> F + Clone + Send + 'static) -> Status
where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let inner = service_fn(move |_: Request<Body>| {
        let answer = answer();
        async { Ok::<_, Infallible>(answer.await) }
    });
    let response = layer.layer(inner).oneshot(request(timeout)).await.unwrap();
    Status::from_header_map(response.headers()).unwrap()
}

#[tokio::test]
async fn a_panic_is_answered_as_a_bug_and_the_next_call_goes_on() {
    let layer = GuardLayer::default();
    for _ in 0..3 {
        let status = status(&layer, None, || async { panic!("for the test") }).await;
        assert_eq!((status.code(), Fault::from(&status).reason), (Code::Internal, Some(ErrorReason::Internal)));
    }
    let status = status(&layer, None, || async { Status::not_found("x").into_http() }).await;
    assert_eq!(status.code(), Code::NotFound);
}

#[tokio::test]
async fn a_deadline_that_passes_is_told_as_one() {
    let status = status(&GuardLayer::default(), Some("50m"), std::future::pending).await;
    assert_eq!(
        (status.code(), Fault::from(&status).reason),
        (Code::DeadlineExceeded, Some(ErrorReason::DeadlineExceeded))
    );
}

#[tokio::test]
async fn what_the_decoder_refuses_is_the_callers_mistake() {
    let text = "failed to decode Protobuf message: GetTicketRequest.name: invalid string value: not UTF-8";
    let status = status(&GuardLayer::default(), None, move || async move { Status::internal(text).into_http() }).await;
    let fault = Fault::from(&status);
    assert_eq!((fault.code, fault.reason), (Code::InvalidArgument, Some(ErrorReason::InvalidField)));
    assert_eq!(fault.violations.first().map(|v| v.field.as_str()), Some("name"));
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
