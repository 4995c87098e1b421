//! The body of an answer: while it is sent its deadline still holds, and what the call holds is held.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;
use tonic::body::Body;

use crate::errors::Problem;
use crate::language::Language;

struct Until {
    inner: Body,
    deadline: Pin<Box<Sleep>>,
    language: Language,
    ended: bool,
}

/// A body that ends with DEADLINE_EXCEEDED when the caller stops waiting.
pub(super) fn until(inner: Body, at: Instant, language: Language) -> Body {
    if inner.is_end_stream() {
        return inner;
    }
    Body::new(Until { inner, deadline: Box::pin(sleep_until(at)), language, ended: false })
}

struct Holding<T> {
    inner: Body,
    held: Option<T>,
}

/// A body that holds something until it is sent, or given up.
pub(super) fn holding<T: Send + Unpin + 'static>(inner: Body, held: T) -> Body {
    if inner.is_end_stream() {
        return inner;
    }
    Body::new(Holding { inner, held: Some(held) })
}

impl<T: Unpin> HttpBody for Holding<T> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if frame.is_none() {
            self.held = None;
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

impl HttpBody for Until {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(frame) = frame {
            if frame.is_none() {
                self.ended = true;
            }
            return Poll::Ready(frame);
        }
        ready!(self.deadline.as_mut().poll(context));
        self.ended = true;
        let mut trailers = HeaderMap::new();
        // A status that can't be written as headers would be a bug of the transport; the stream then just ends.
        let _ = Problem::deadline().status(self.language).add_header(&mut trailers);
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
