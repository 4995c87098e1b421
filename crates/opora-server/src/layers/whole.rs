//! Requests on their way in: a call begins once its message is there, which may take only so long; an upload goes on
//! while it comes forward.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep, timeout_at};
use tonic::Status;
use tonic::body::Body;

use super::QUEUE;
use super::answers::{CALL, Charge};
use super::caller::{Bound, Peer};
use crate::method::UNARY_BYTES;

/// What stands before a message: whether it is compressed, and its length.
const PREFIX: usize = 5;
/// The bound of a message, which does not pass.
pub(super) const MESSAGE: &str = "message_bytes";
/// An upload that brings at least so much comes forward.
const STEP: usize = 4 * 1024;

/// A request that is there as a whole.
#[derive(Default)]
struct Whole {
    /// Nearly always the only one.
    first: Option<Frame<Bytes>>,
    rest: VecDeque<Frame<Bytes>>,
}

impl Whole {
    fn push(&mut self, frame: Frame<Bytes>) {
        match self.first {
            None => self.first = Some(frame),
            Some(_) => self.rest.push_back(frame),
        }
    }
}

impl HttpBody for Whole {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let next = self.first.take().or_else(|| self.rest.pop_front());
        Poll::Ready(next.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// How long its message is, as it says itself.
fn announced([_, a, b, c, d]: [u8; PREFIX]) -> u64 {
    u64::from(u32::from_be_bytes([a, b, c, d]))
}

/// Reads a request to its end. What it holds is counted by what it announces, so that of many large ones some come to
/// their end instead of all of them to a standstill.
pub(super) async fn receive(mut body: Body, peer: &Peer, charge: &mut Charge) -> Result<Body, Bound> {
    if body.is_end_stream() {
        return Ok(body);
    }
    let bounds = &peer.limits.bounds;
    let late = || ("request_time", bounds.request_time.as_secs());
    let mut by = None;
    let mut whole = Whole::default();
    let (mut head, mut bytes) = ([0; PREFIX], 0_usize);
    while let Some(frame) = next(&mut body, &mut by, bounds.request_time).await.map_err(|()| late())? {
        // The connection broke: there is nobody to be answered.
        let Ok(frame) = frame else { break };
        if let Some(data) = frame.data_ref() {
            if bytes < PREFIX {
                head.iter_mut().skip(bytes).zip(data).for_each(|(to, from)| *to = *from);
                let message = announced(head);
                if message > UNARY_BYTES as u64 {
                    return Err((MESSAGE, UNARY_BYTES as u64));
                }
                charge.grow(CALL + message, || Instant::now() + QUEUE).await?;
            }
            bytes = bytes.saturating_add(data.len());
            if bytes > UNARY_BYTES + PREFIX {
                return Err((MESSAGE, UNARY_BYTES as u64));
            }
        }
        whole.push(frame);
    }
    Ok(Body::new(whole))
}

type NextFrame = Option<Result<Frame<Bytes>, Status>>;

/// The next frame; nothing is timed of what is there already.
async fn next(body: &mut Body, by: &mut Option<Instant>, time: Duration) -> Result<NextFrame, ()> {
    if body.is_end_stream() {
        return Ok(None);
    }
    let mut frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context));
    if let Some(frame) = futures::FutureExt::now_or_never(&mut frame) {
        return Ok(frame);
    }
    let by = *by.get_or_insert_with(|| Instant::now() + time);
    timeout_at(by, frame).await.map_err(|_| ())
}

/// Told when an upload stands still.
#[derive(Clone, Default)]
pub(super) struct Still(Arc<Notify>);

impl Still {
    /// Ends when the upload stands still.
    pub(super) async fn stands(&self) {
        self.0.notified().await;
    }
}

/// A request of many messages, which has to come forward.
struct Forward {
    inner: Body,
    time: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    /// What came since it was waited for.
    came: usize,
    still: Still,
}

/// A body that says when less than 4 KiB came in so long a time of waiting.
pub(super) fn forward(inner: Body, time: Duration) -> (Body, Still) {
    let still = Still::default();
    let body = Forward { inner, time, waiting: None, came: 0, still: still.clone() };
    (Body::new(body), still)
}

impl HttpBody for Forward {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(frame) = frame {
            self.came += frame.as_ref().and_then(|f| f.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
            if self.came >= STEP {
                (self.waiting, self.came) = (None, 0);
            }
            return Poll::Ready(frame);
        }
        let time = self.time;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(time)));
        if waiting.as_mut().poll(context).is_ready() {
            self.still.0.notify_one();
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
