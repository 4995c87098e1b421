//! The services of the contract come once the desk is open. Until then there are only health and reflection, and calls of
//! the contract are told so.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::ready;
use http::{Request, Response};
use tonic::body::Body;
use tonic::service::Routes;

use crate::call::Call;
use crate::errors::Problem;
use crate::language::Language;
use crate::method::Method;

/// The services of the contract, as soon as the desk is open. All clones are one.
#[derive(Clone, Default)]
pub(crate) struct Opening(Arc<OnceLock<Routes>>);

impl Opening {
    /// The desk is open; only the first time counts.
    pub(crate) fn open(&self, services: Routes) {
        let _ = self.0.set(services.prepare());
    }
}

/// All services of a server.
#[derive(Clone)]
pub(crate) struct Services {
    opening: Opening,
    /// What is there before the desk is.
    always: Routes,
}

impl Services {
    pub(crate) fn new(opening: Opening, always: Routes) -> Self {
        Self { opening, always: always.prepare() }
    }
}

impl tower::Service<Request<Body>> for Services {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // None of them is ever busy: what is too much is told by layers.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if !Method::is_in_contract(request.uri().path()) {
            return tower::Service::call(&mut self.always, request).boxed();
        }
        let Some(services) = self.opening.0.get() else {
            let language = request.extensions().get::<Call>().map_or(Language::default(), |call| call.language);
            return ready(Ok(Problem::opening().status(language).into_http())).boxed();
        };
        tower::Service::call(&mut services.clone(), request).boxed()
    }
}
