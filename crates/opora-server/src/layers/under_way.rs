//! Which calls are under way: each counts from its first byte to the last of its answer, and a stop waits for it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tonic::body::Body;
use tower::{Layer, Service};

use super::body;
use crate::call::Call;

/// Counts calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnderWayLayer(TaskTracker);

impl UnderWayLayer {
    /// The calls under way.
    pub(crate) fn calls(&self) -> TaskTracker {
        self.0.clone()
    }
}

impl<S> Layer<S> for UnderWayLayer {
    type Service = UnderWay<S>;

    fn layer(&self, inner: S) -> UnderWay<S> {
        UnderWay { inner, calls: self.0.clone() }
    }
}

/// A service whose calls are counted.
#[derive(Clone, Debug)]
pub(crate) struct UnderWay<S> {
    inner: S,
    calls: TaskTracker,
}

pin_project! {
    /// An answer on its way.
    pub(crate) struct Counted<F> {
        #[pin]
        answer: F,
        token: Option<TaskTrackerToken>,
    }
}

impl<F: Future<Output = Result<Response<Body>, Infallible>>> Future for Counted<F> {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.answer.poll(context));
        let token = this.token.take();
        Poll::Ready(answer.map(|response| match token {
            None => response,
            Some(token) => response.map(|inner| body::holding(inner, token)),
        }))
    }
}

impl<S> Service<Request<Body>> for UnderWay<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Counted<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // A stream of health has no end, and a stop does not wait for it.
        let counts = request.extensions().get::<Call>().is_some_and(|call| call.method.is_of_contract());
        let token = counts.then(|| self.calls.token());
        Counted { answer: self.inner.call(request), token }
    }
}
