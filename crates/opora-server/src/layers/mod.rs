//! What stands round every call: a deadline that counts queueing in, panics caught, and errors that `tonic` makes by
//! itself given the contract's form ([`GuardLayer`]); bytes in flight ([`TransfersLayer`]); places ([`PlacesLayer`]).
//! All of them know who calls ([`caller`]), and no service.

mod answers;
mod body;
mod caller;
mod connections;
mod gather;
mod gauge;
mod handshake;
mod members;
mod paths;
mod places;
mod shares;
mod transfers;
mod whole;

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt as _;
use http::{HeaderMap, Request, Response};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use self::paths::CONTRACT;
use crate::errors::Problem;
use crate::language::Language;

pub(crate) use caller::{Limits, Peer};
pub(crate) use connections::connections;
pub(crate) use places::PlacesLayer;
pub(crate) use transfers::TransfersLayer;

/// The most bytes of a request that is no upload.
pub(crate) const UNARY_BYTES: usize = 1024 * 1024;
/// The most bytes of a message of an upload: a chunk and what stands round it.
pub(crate) const CHUNK_MESSAGE_BYTES: usize = 256 * 1024 + 4 * 1024;

/// How long a call waits for others to end before it is refused.
const QUEUE: Duration = Duration::from_secs(1);
/// After how long it is worth while to try again when there is too much of something.
pub(crate) const AGAIN: Duration = Duration::from_millis(500);
/// The transport has a timer of its own for the same deadline, which answers CANCELLED: ours has to be first.
const EARLIER: Duration = Duration::from_millis(3);
/// The longest deadline that is kept; a longer one is as good as none.
const LONGEST: Duration = Duration::from_hours(30 * 24);

/// How many panics were caught since the start.
#[derive(Debug, Default)]
pub(crate) struct Panics(AtomicU64);

/// Puts a [`Guard`] round a service.
#[derive(Clone, Default)]
pub(crate) struct GuardLayer {
    panics: Arc<Panics>,
    calls: TaskTracker,
}

impl GuardLayer {
    /// The calls under way: each counts from its first byte to the last of its answer.
    pub(crate) fn calls(&self) -> TaskTracker {
        self.calls.clone()
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard { inner, layer: self.clone() }
    }
}

/// A service with everything of this module round it.
#[derive(Clone)]
pub(crate) struct Guard<S> {
    inner: S,
    layer: GuardLayer,
}

impl<S> Service<Request<Body>> for Guard<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let deadline = deadline(request.headers());
        let language = Language::of_headers(request.headers());
        let path = request.uri().path().to_owned();
        let layer = self.layer.clone();
        // A stream of health has no end, and waits for nothing.
        let under_way = path.starts_with(CONTRACT).then(|| layer.calls.token());
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            let started = Instant::now();
            let answer = async {
                let answer = AssertUnwindSafe(async { inner.call(request).await }).catch_unwind().await;
                match answer {
                    Ok(Ok(response)) => Ok(response),
                    Ok(Err(never)) => match never {},
                    Err(_) => Err(layer.panics.caught(&path)),
                }
            };
            let answer = match deadline {
                None => answer.await,
                Some(at) => tokio::time::timeout_at(at, answer).await.unwrap_or_else(|_| Err(Problem::deadline())),
            };
            let response = match answer {
                Err(problem) => problem.status(language).into_http(),
                Ok(response) => {
                    contracted(response, language).map(|body| body::guard(body, under_way, deadline, language))
                }
            };
            let code = response.headers().get(Status::GRPC_STATUS).and_then(|code| code.to_str().ok()).unwrap_or("-");
            tracing::debug!(path, code, took = ?started.elapsed(), "answered");
            Ok(response)
        })
    }
}

impl Panics {
    #[expect(clippy::unnecessary_box_returns, reason = "it goes into a Result")]
    fn caught(&self, path: &str) -> Box<Problem> {
        let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        Problem::internal("a call panicked", &format_args!("{path}, the {count}. panic since the start"))
    }
}

/// Errors that the transport makes by itself carry no details: what its decoder refuses is the caller's mistake.
fn contracted(response: Response<Body>, language: Language) -> Response<Body> {
    let headers = response.headers();
    if !headers.contains_key(Status::GRPC_STATUS) || headers.contains_key(Status::GRPC_STATUS_DETAILS) {
        return response;
    }
    let Some(status) = Status::from_header_map(headers) else { return response };
    let problem = match status.code() {
        Code::Internal => Problem::undecodable(status.message()),
        Code::OutOfRange => Problem::limit("message_bytes", UNARY_BYTES),
        _ => return response,
    };
    problem.status(language).into_http()
}

/// The instant at which a caller stops waiting.
fn deadline(headers: &HeaderMap) -> Option<Instant> {
    let length = timeout(headers.get("grpc-timeout")?.to_str().ok()?)?;
    Some(Instant::now() + length.saturating_sub(EARLIER))
}

/// The length of `grpc-timeout`, `250m`; `None`: it is none, or as good as none.
fn timeout(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if number.len() > 8 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    let length = match unit {
        "H" => Duration::from_secs(number * 3_600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    };
    (length < LONGEST).then_some(length)
}

#[cfg(test)]
mod bounds_tests;
#[cfg(test)]
pub(crate) mod tests;
