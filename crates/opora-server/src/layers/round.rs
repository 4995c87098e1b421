//! A layer as one function of what is inside and a request: what `tower` wants round it stands here once.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};

/// What is inside of a layer.
pub(crate) trait Inside:
    Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

impl<S> Inside for S where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

/// What a layer does with a call.
pub(crate) trait Around: Clone + Send + 'static {
    /// Answers a request, by what is inside or by itself.
    fn call(self, inner: impl Inside, request: Request<Body>) -> impl Future<Output = Response<Body>> + Send;
}

/// Puts something round a service.
#[derive(Clone)]
pub(crate) struct Round<A>(pub(super) A);

/// A service with something round it.
#[derive(Clone)]
pub(crate) struct Within<A, S> {
    around: A,
    inner: S,
}

impl<A: Clone, S> Layer<S> for Round<A> {
    type Service = Within<A, S>;

    fn layer(&self, inner: S) -> Within<A, S> {
        Within { around: self.0.clone(), inner }
    }
}

impl<A: Around, S: Inside> Service<Request<Body>> for Within<A, S> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The one that said that it is ready is the one that is called.
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        let around = self.around.clone();
        Box::pin(async move { Ok(around.call(inner, request).await) })
    }
}
