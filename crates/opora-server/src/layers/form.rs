//! Errors that the transport makes by itself carry no details: they are given the contract's form, in the caller's
//! language.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use crate::call::Call;
use crate::errors::Problem;
use crate::language::Language;
use crate::method::UNARY_BYTES;

/// Gives errors their form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FormLayer;

impl<S> Layer<S> for FormLayer {
    type Service = Form<S>;

    fn layer(&self, inner: S) -> Form<S> {
        Form(inner)
    }
}

/// A service whose errors have the contract's form.
#[derive(Clone, Debug)]
pub(crate) struct Form<S>(S);

pin_project! {
    /// An answer on its way.
    pub(crate) struct Forming<F> {
        #[pin]
        answer: F,
        language: Language,
        path: &'static str,
    }
}

impl<F: Future<Output = Result<Response<Body>, Infallible>>> Future for Forming<F> {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.answer.poll(context));
        Poll::Ready(answer.map(|response| formed(response, *this.language, this.path)))
    }
}

impl<S> Service<Request<Body>> for Form<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Forming<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let call = request.extensions().get::<Call>();
        let (language, path) = call.map_or((Language::default(), ""), |call| (call.language, &call.method.path));
        Forming { answer: self.0.call(request), language, path }
    }
}

fn formed(response: Response<Body>, language: Language, path: &str) -> Response<Body> {
    // An answer that begins with its status is a refusal: rare, and looked at whole.
    if !response.headers().contains_key(Status::GRPC_STATUS) {
        return response;
    }
    let Some(status) = Status::from_header_map(response.headers()) else { return response };
    let problem = match (status.code(), status.details().is_empty()) {
        // The codec tells which field it could not read, and knows no language.
        (Code::InvalidArgument, false) if language != Language::English => Problem::undecodable(&status),
        (Code::OutOfRange, true) => Some(Problem::limit("message_bytes", UNARY_BYTES)),
        // So the transport tells of a request without a message, or of bytes that are none.
        (Code::Internal, true) => Some(Problem::field("message", "is no message of this call")),
        (Code::Unknown, true) => {
            Some(Problem::internal("a call went wrong", &format_args!("{path}: {}", status.message())))
        }
        _ => None,
    };
    match problem {
        Some(problem) => problem.status(language).into_http(),
        None => response,
    }
}
