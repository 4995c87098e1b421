//! Bytes in flight: a request comes in as a whole before anything is done about it, its answer goes out while it is read.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::{Request, Response};
use tokio::time::Instant;
use tonic::body::Body;

use super::answers::{Charge, counted};
use super::caller::{Inner, Limits, Peer};
use super::round::{Around, Inside, Round};
use super::{QUEUE, known, whole};
use crate::errors::{Outcome, Problem};
use crate::method::Shape;

/// The most bytes of a page: so much is kept free for each that is being made.
const PAGE: u64 = 2 * 1024 * 1024;

/// Requests and answers of a service are counted by their bytes.
#[derive(Clone)]
pub(crate) struct Transfers {
    nobody: Peer,
}

/// Puts [`Transfers`] round a service.
pub(crate) type TransfersLayer = Round<Transfers>;

impl TransfersLayer {
    pub(crate) fn new(limits: &Arc<Limits>) -> Self {
        Self(Transfers { nobody: Peer::nobody(limits) })
    }
}

impl Around for Transfers {
    async fn call(self, inner: impl Inside, request: Request<Body>) -> Response<Body> {
        let peer = request.extensions().get::<Peer>().unwrap_or(&self.nobody).clone();
        let (kind, language) = known::asked(&request);
        let call = Call::begin(peer.clone());
        let response = match transfer(inner, request, &peer, kind).await {
            Ok((response, charge)) => response.map(|body| counted(body, &peer, charge, (kind, language))),
            Err(problem) => {
                peer.ended(false);
                problem.status(language).into_http()
            }
        };
        call.answered();
        response
    }
}

async fn transfer(
    mut inner: impl Inside,
    request: Request<Body>,
    peer: &Peer,
    kind: Shape,
) -> Outcome<(Response<Body>, Charge)> {
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
    let received = tokio::select! {
        biased;
        received = whole::receive(body, peer, &mut charge) => received,
        // Who has not sent a whole request by then has nothing under way, and holds up no stop.
        () = peer.limits.stopping.cancelled() => return Err(Problem::not_serving()),
    };
    let body = received.map_err(|bound| match bound {
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
