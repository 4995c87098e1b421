//! The body of an answer: while it is sent the call still counts as running, and its deadline still holds.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::task::task_tracker::TaskTrackerToken;
use tonic::Status;
use tonic::body::Body;

use crate::errors::Problem;
use crate::language::Language;

/// What a call holds until its answer is sent.
type Held = Option<TaskTrackerToken>;

struct Guarded {
    inner: Body,
    held: Held,
    deadline: Option<Pin<Box<Sleep>>>,
    language: Language,
    ended: bool,
}

/// A body that holds what its call holds until it is sent, and ends with DEADLINE_EXCEEDED when the caller stops waiting.
pub(super) fn guard(inner: Body, held: Held, deadline: Option<Instant>, language: Language) -> Body {
    if inner.is_end_stream() {
        return inner;
    }
    let deadline = deadline.map(|at| Box::pin(sleep_until(at)));
    Body::new(Guarded { inner, held, deadline, language, ended: false })
}

impl HttpBody for Guarded {
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
                self.held = None;
            }
            return Poll::Ready(frame);
        }
        let expired = self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(context).is_ready());
        if !expired {
            return Poll::Pending;
        }
        self.ended = true;
        self.held = None;
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
