//! Bytes in flight: a request comes in as a whole before anything is done about it, its answer goes out while it is read.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use http::{Request, Response};
use tokio::time::Instant;
use tonic::body::Body;
use tower::{Layer, Service};

use super::answers::{Charge, counted};
use super::caller::{Inner, Limits, Peer};
use super::{QUEUE, whole};
use crate::errors::{Outcome, Problem};
use crate::language::Language;
use crate::method::{Method, Shape};

/// The most bytes of a page: so much is kept free for each that is being made.
const PAGE: u64 = 2 * 1024 * 1024;

/// Puts [`Transfers`] round a service.
#[derive(Clone)]
pub(crate) struct TransfersLayer {
    nobody: Peer,
}

impl TransfersLayer {
    pub(crate) fn new(limits: &Arc<Limits>) -> Self {
        Self { nobody: Peer::nobody(limits) }
    }
}

impl<S> Layer<S> for TransfersLayer {
    type Service = Transfers<S>;

    fn layer(&self, inner: S) -> Transfers<S> {
        Transfers { inner, nobody: self.nobody.clone() }
    }
}

/// A service whose requests and answers are counted by their bytes.
#[derive(Clone)]
pub(crate) struct Transfers<S> {
    inner: S,
    nobody: Peer,
}

impl<S> Service<Request<Body>> for Transfers<S>
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
        let peer = request.extensions().get::<Peer>().unwrap_or(&self.nobody).clone();
        let language = Language::of_headers(request.headers());
        let kind = Method::of(request.uri().path()).shape;
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            let call = Call::begin(peer.clone());
            let response = match transfer(inner, request, &peer, kind).await {
                Ok((response, charge)) => response.map(|body| counted(body, &peer, charge, (kind, language))),
                Err(problem) => {
                    peer.ended(false);
                    problem.status(language).into_http()
                }
            };
            call.answered();
            Ok(response)
        })
    }
}

async fn transfer<S>(
    mut inner: S,
    request: Request<Body>,
    peer: &Peer,
    kind: Shape,
) -> Outcome<(Response<Body>, Charge)>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    if let Some(bound) = peer.over().filter(|_| kind != Shape::Health) {
        return Err(Inner::refused(bound));
    }
    let mut charge = Charge::begin(peer, soon).await.map_err(Inner::refused)?;
    let (head, body) = request.into_parts();
    if kind.comes_in_parts() {
        let (body, still) = whole::forward(body, peer.limits.bounds.upload_patience);
        let call = inner.call(Request::from_parts(head, body));
        return tokio::select! {
            biased;
            Ok(response) = call => Ok((response, charge)),
            () = still.stands() => Err(late(peer)),
        };
    }
    let body = whole::receive(body, peer, &mut charge).await.map_err(|bound| match bound {
        (whole::MESSAGE, max) => Problem::limit(whole::MESSAGE, max),
        bound => Inner::refused(bound),
    })?;
    if kind == Shape::Page {
        // Pages may take long: those of a connection queue here for as long as a request may take.
        let by = || Instant::now() + peer.limits.bounds.request_time;
        charge.grow(PAGE, by).await.map_err(Inner::refused)?;
    }
    let Ok(response) = inner.call(Request::from_parts(head, body)).await;
    // A page keeps what it was given until it is known how long it is: else another one would come in between.
    if kind != Shape::Page {
        charge.settle();
    }
    Ok((response, charge))
}

/// Others of a connection are waited for for so long.
fn soon() -> Instant {
    Instant::now() + QUEUE
}

/// The upload did not come forward.
#[expect(clippy::unnecessary_box_returns, reason = "it goes into a Result")]
fn late(peer: &Peer) -> Box<Problem> {
    Inner::refused(("upload_patience", peer.limits.bounds.upload_patience.as_secs()))
}

/// A call before it is answered: what ends it earlier is its caller.
struct Call {
    peer: Peer,
    answered: bool,
}

impl Call {
    fn begin(peer: Peer) -> Self {
        peer.calls.fetch_add(1, Ordering::Relaxed);
        Self { peer, answered: false }
    }

    fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.answered {
            self.peer.ended(true);
        }
    }
}
