//! Places: how many calls are worked on at once, of a connection, an address and all together. A place is taken once a
//! request is there and given back when its answer is made; streams are counted apart, for as long as they last.
//!
//! Not tower's `ConcurrencyLimit`: it counts all calls of a service alike, so that one caller can take all of its places,
//! and it waits in `poll_ready`, before there is a request that says whose place it would be.

use std::sync::Arc;

use http::{Request, Response};
use tokio::time::Instant;
use tonic::body::Body;

use super::caller::{Inner, Limits, Peer};
use super::gauge::Gauge;
use super::round::{Around, Inside, Round};
use super::{QUEUE, body, known};
use crate::errors::{Outcome, Problem};
use crate::method::Shape;

/// Of what an address has, one in so many streams and uploads is kept for its connections that have none.
const KEPT: u64 = 8;

/// So many calls of a service are worked on at once.
#[derive(Clone)]
pub(crate) struct Places {
    nobody: Peer,
}

/// Puts [`Places`] round a service.
pub(crate) type PlacesLayer = Round<Places>;

impl PlacesLayer {
    pub(crate) fn new(limits: &Arc<Limits>) -> Self {
        Self(Places { nobody: Peer::nobody(limits) })
    }
}

impl Around for Places {
    async fn call(self, mut inner: impl Inside, request: Request<Body>) -> Response<Body> {
        let peer = request.extensions().get::<Peer>().unwrap_or(&self.nobody).clone();
        let (kind, language) = known::asked(&request);
        let (stream, _place) = match take(&peer, kind).await {
            Ok(places) => places,
            Err(problem) => return problem.status(language).into_http(),
        };
        let Ok(response) = inner.call(request).await;
        if stream.is_empty() { response } else { response.map(|inner| body::holding(inner, stream)) }
    }
}

/// What a call needs: for as long as its stream lasts, and until its answer is made.
async fn take(peer: &Peer, kind: Shape) -> Outcome<(Taken, Taken)> {
    let mut stream = Taken::new(peer);
    stream.stream(kind)?;
    let mut place = Taken::new(peer);
    place.place(kind).await?;
    Ok((stream, place))
}

/// Which of a peer's gauges something was taken of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    All,
    Reserved,
    Transfers,
    Connection,
    Place,
    Stream,
    Upload,
}

/// What a call took; given back with the value.
struct Taken {
    peer: Peer,
    of: [Option<Of>; 3],
}

impl Taken {
    fn new(peer: &Peer) -> Self {
        Self { peer: peer.clone(), of: [None; 3] }
    }

    fn gauge(peer: &Inner, of: Of) -> Option<&Gauge> {
        Some(match of {
            Of::All => &peer.limits.places,
            Of::Reserved => &peer.limits.reserved,
            Of::Transfers => &peer.limits.transfers,
            Of::Connection => &peer.places,
            // Who calls through a proxy that many use is not bounded.
            Of::Place => &peer.held()?.places,
            Of::Stream => &peer.held()?.streams,
            Of::Upload => &peer.held()?.uploads,
        })
    }

    /// What of it the connection has.
    fn own(peer: &Inner, of: Of) -> Option<&Gauge> {
        match of {
            Of::Stream => Some(&peer.streams),
            Of::Upload => Some(&peer.uploads),
            _ => None,
        }
    }

    fn took(&mut self, of: Of) {
        if let Some(free) = self.of.iter_mut().find(|slot| slot.is_none()) {
            *free = Some(of);
        }
    }

    fn is_empty(&self) -> bool {
        self.of == [None; 3]
    }

    /// One more stream, or none.
    fn stream(&mut self, kind: Shape) -> Outcome<()> {
        let needed: &[(Of, &'static str)] = match kind {
            Shape::Watch | Shape::HealthWatch | Shape::Other => &[(Of::Stream, "streams_per_address")],
            Shape::Download => &[(Of::Stream, "streams_per_address"), (Of::Transfers, "max_transfers")],
            Shape::Upload => &[(Of::Upload, "uploads_per_address"), (Of::Transfers, "max_transfers")],
            Shape::Plain | Shape::Page | Shape::Health => &[],
        };
        for (of, name) in needed {
            if let Some(gauge) = Self::gauge(&self.peer, *of) {
                let own = Self::own(&self.peer, *of);
                // Counted before it is asked for: of two calls at once only one finds that the connection has none.
                let has_some = own.is_some_and(|own| own.take_anyway(1) > 0);
                if !gauge.try_take_but(1, if has_some { gauge.max() / KEPT } else { 0 }) {
                    own.inspect(|own| own.give(1));
                    return Err(Inner::refused((name, gauge.max())));
                }
                self.took(*of);
            }
        }
        Ok(())
    }

    /// A place to be worked on, as soon as there is one.
    async fn place(&mut self, kind: Shape) -> Outcome<()> {
        let needed: &[(Of, &'static str)] = match kind {
            // It waits for its caller most of the time, and has bounds of its own, far below these.
            Shape::Upload => &[(Of::All, "max_concurrent_requests")],
            Shape::Health | Shape::HealthWatch | Shape::Other => &[(Of::Reserved, "reserved_requests")],
            _ => &[
                (Of::Connection, "requests_per_connection"),
                (Of::Place, "requests_per_address"),
                (Of::All, "max_concurrent_requests"),
            ],
        };
        for (of, name) in needed {
            if let Some(gauge) = Self::gauge(&self.peer, *of) {
                if !gauge.take(1, || Instant::now() + QUEUE).await {
                    return Err(match of {
                        Of::All => Problem::overloaded(),
                        _ => Inner::refused((name, gauge.max())),
                    });
                }
                self.took(*of);
            }
        }
        Ok(())
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        for of in self.of.iter().flatten() {
            for gauge in [Self::gauge(&self.peer, *of), Self::own(&self.peer, *of)].into_iter().flatten() {
                gauge.give(1);
            }
        }
    }
}
