//! A call and its answer end when the caller stops waiting: queueing counts in.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::Either;
use http::{Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};

use super::body;
use crate::call::Call;
use crate::errors::Problem;

/// Keeps the deadline of each call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeadlineLayer;

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Deadline<S> {
        Deadline(inner)
    }
}

/// A service whose answers come in time, or not at all.
#[derive(Clone, Debug)]
pub(crate) struct Deadline<S>(S);

type Answer = Result<Response<Body>, Infallible>;
type Timed = Pin<Box<dyn Future<Output = Answer> + Send>>;

impl<S> Service<Request<Body>> for Deadline<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, Timed>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let due = request.extensions().get::<Call>().and_then(|call| Some((call.deadline?, call.language)));
        let answer = self.0.call(request);
        let Some((at, language)) = due else { return Either::Left(answer) };
        Either::Right(Box::pin(async move {
            match tokio::time::timeout_at(at, answer).await {
                Ok(answer) => answer.map(|response| response.map(|inner| body::until(inner, at, language))),
                Err(_) => Ok(Problem::deadline().status(language).into_http()),
            }
        }))
    }
}
