//! A call that panics is answered as a bug, and others go on.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::Response;
use tonic::Status;
use tonic::body::Body;
use tower_http::catch_panic::{CatchPanicLayer, ResponseForPanic};

/// Catches panics, and counts them since the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Panics(Arc<AtomicU64>);

impl ResponseForPanic for Panics {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, why: Box<dyn Any + Send>) -> Response<Body> {
        let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        let text = why.downcast_ref::<&str>().copied().or_else(|| why.downcast_ref::<String>().map(String::as_str));
        tracing::error!(why = text.unwrap_or("it does not say"), count, "a call panicked");
        // The layer of errors gives it the contract's form.
        Status::unknown("a call panicked").into_http()
    }
}

/// The layer.
pub(crate) fn catching() -> CatchPanicLayer<Panics> {
    CatchPanicLayer::custom(Panics::default())
}
