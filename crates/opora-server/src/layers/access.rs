//! The access log: what each call came to, as its trailers say, and how long it took until the last byte was handed over.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::Level;

use crate::call::Call;

/// Tells of calls, while the log's level asks for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AccessLayer;

impl<S> Layer<S> for AccessLayer {
    type Service = Access<S>;

    fn layer(&self, inner: S) -> Access<S> {
        Access(inner)
    }
}

/// A service whose calls are told.
#[derive(Clone, Debug)]
pub(crate) struct Access<S>(S);

/// A call that will be told of, whatever ends it.
struct Told {
    path: String,
    call: Call,
    began: Instant,
    code: Option<String>,
}

impl Told {
    fn read(&mut self, headers: &HeaderMap) {
        if let Some(code) = headers.get(Status::GRPC_STATUS).and_then(|code| code.to_str().ok()) {
            self.code = Some(code.to_owned());
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        let (path, who) = (self.path.as_str(), &self.call.principal);
        // Without a code: whoever called went away, or the stream was cut.
        let code = self.code.as_deref().unwrap_or("-");
        let trace = self.call.trace.map(|trace| format!("{:032x}", trace.id));
        tracing::debug!(path, %who, code, took = ?self.began.elapsed(), trace, "answered");
    }
}

pin_project! {
    /// An answer on its way.
    pub(crate) struct Telling<F> {
        #[pin]
        answer: F,
        told: Option<Told>,
    }
}

impl<F: Future<Output = Result<Response<Body>, Infallible>>> Future for Telling<F> {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.answer.poll(context));
        let Some(mut told) = this.told.take() else { return Poll::Ready(answer) };
        Poll::Ready(answer.map(|response| {
            told.read(response.headers());
            response.map(|inner| Body::new(Followed { inner, told }))
        }))
    }
}

struct Followed {
    inner: Body,
    told: Told,
}

impl HttpBody for Followed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if let Some(trailers) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.trailers_ref()) {
            self.told.read(trailers);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<S> Service<Request<Body>> for Access<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Telling<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let call = tracing::enabled!(Level::DEBUG).then(|| request.extensions().get::<Call>().cloned()).flatten();
        let path = || request.uri().path().to_owned();
        let told = call.map(|call| Told { path: path(), call, began: Instant::now(), code: None });
        Telling { answer: self.0.call(request), told }
    }
}
