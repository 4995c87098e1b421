//! Answers on their way out: handed to the transport in pieces, counted until they are sent, and ended when nobody reads
//! them.
//!
//! The transport asks for the next piece once there is room for it at the caller's. Whoever opens no window is never
//! asked for anything, so the connection's own timer looks at its answers.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::Instant;
use tonic::Status;
use tonic::body::Body;

use super::caller::{Inner, Peer};
use crate::config::Bounds;
use crate::followers::watch::WatchEnd;
use crate::language::Language;
use crate::method::Shape;

/// The most bytes that are handed over at once: what the transport has can't be taken back. A window as callers have it
/// by default (64 KiB) holds four.
const PIECE: usize = 16 * 1024;
/// Every call counts for so much: its headers, which may have so many bytes, and a small answer.
pub(super) const CALL: u64 = 16 * 1024;

/// So many bytes of a connection are in flight, and of all of them; given back with the value.
pub(super) struct Charge {
    peer: Peer,
    bytes: u64,
}

impl Charge {
    /// For a call that begins; waits for others of its connection.
    pub(super) async fn begin(peer: &Peer, by: impl FnOnce() -> Instant) -> Result<Self, super::caller::Bound> {
        let mut charge = Self { peer: peer.clone(), bytes: 0 };
        charge.grow(CALL, by).await?;
        Ok(charge)
    }

    /// Counts for so much, if it was less; waits for others of its connection.
    pub(super) async fn grow(&mut self, bytes: u64, by: impl FnOnce() -> Instant) -> Result<(), super::caller::Bound> {
        let more = bytes.saturating_sub(self.bytes);
        if more == 0 {
            return Ok(());
        }
        let (own, all) = (&self.peer.bytes, &self.peer.limits.bytes);
        if !own.take(more, by).await {
            return Err(("bytes_per_connection", own.max()));
        }
        if !self.peer.takes_its_share(more) {
            own.give(more);
            return Err(("bytes_in_flight", all.max()));
        }
        self.bytes += more;
        Ok(())
    }

    /// Counts for as much as there is.
    fn set(&mut self, bytes: u64) {
        let address = self.peer.held().map(|held| &held.bytes);
        for gauge in [Some(&self.peer.bytes), address, Some(&self.peer.limits.bytes)].into_iter().flatten() {
            if bytes > self.bytes {
                gauge.take_anyway(bytes - self.bytes);
            } else if bytes < self.bytes {
                gauge.give(self.bytes - bytes);
            }
        }
        self.bytes = bytes;
    }

    /// Counts for a call alone.
    pub(super) fn settle(&mut self) {
        self.set(CALL);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// An answer that is being sent.
struct Sending {
    /// What is still to come; `None`: it was ended, or is at its end.
    rest: Option<Body>,
    /// What was taken from it and not handed over.
    piece: Bytes,
    charge: Option<Charge>,
    /// Since when the caller reads nothing, while there is something.
    unread: Option<Instant>,
    /// Nobody read it: what it held is gone.
    ended: bool,
    kind: Shape,
    language: Language,
}

impl Sending {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.piece.is_empty() {
            let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
            let Poll::Ready(next) = Pin::new(rest).poll_frame(context) else {
                // There is nothing to read.
                self.unread = None;
                return Poll::Pending;
            };
            match next.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => {
                    if let Some(charge) = &mut self.charge {
                        charge.set(CALL.max(data.len() as u64));
                    }
                    self.piece = data;
                }
                Some(Ok(Err(trailers))) => return Poll::Ready(Some(Ok(trailers))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    (self.rest, self.charge, self.unread) = (None, None, None);
                    return Poll::Ready(None);
                }
            }
        }
        self.unread = Some(Instant::now());
        let piece = self.piece.split_to(PIECE.min(self.piece.len()));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    /// Takes what there is at once, so that it is known how much it is.
    fn begin(&mut self) {
        let mut context = Context::from_waker(std::task::Waker::noop());
        let Some(Poll::Ready(first)) = self.rest.as_mut().map(|rest| Pin::new(rest).poll_frame(&mut context)) else {
            return;
        };
        match first.map(|frame| frame.map(Frame::into_data)) {
            Some(Ok(Ok(data))) => self.piece = data,
            Some(Ok(Err(other))) => self.rest = other.into_trailers().ok().map(of_trailers),
            Some(Err(status)) => {
                let mut trailers = HeaderMap::new();
                let _ = status.add_header(&mut trailers);
                self.rest = Some(of_trailers(trailers));
            }
            None => self.rest = None,
        }
        if let Some(charge) = &mut self.charge {
            charge.set(CALL.max(self.piece.len() as u64));
        }
    }

    /// What is said instead of an answer that was ended.
    fn why_ended(&self, bounds: &Bounds) -> Status {
        let problem = match self.kind {
            Shape::Watch => WatchEnd::TooSlow.into(),
            _ => Inner::refused(("answer_patience", bounds.answer_patience.as_secs())),
        };
        problem.status(self.language)
    }

    /// Lets go of everything when nobody read it for so long, and others need the room.
    fn shed(&mut self, now: Instant, patience: Duration) {
        if self.unread.is_some_and(|since| now.duration_since(since) > patience) {
            self.end();
        }
    }

    fn end(&mut self) {
        self.ended = true;
        (self.rest, self.piece, self.charge) = (None, Bytes::new(), None);
    }

    /// Lets go of everything when nobody read it for so long; true: for as long again since.
    fn look(&mut self, now: Instant, bounds: &Bounds) -> bool {
        let is_watch = self.kind == Shape::Watch;
        let patience = if is_watch { bounds.watch_patience } else { bounds.answer_patience };
        let Some(since) = self.unread.filter(|since| now.duration_since(*since) > patience) else { return false };
        if self.ended {
            // A watcher may come back as late as they like: they hold nothing.
            return !is_watch && now.duration_since(since) > patience * 2;
        }
        self.end();
        false
    }
}

/// A body of trailers alone.
fn of_trailers(trailers: HeaderMap) -> Body {
    struct Trailers(Option<HeaderMap>);
    impl HttpBody for Trailers {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            Poll::Ready(self.0.take().map(|trailers| Ok(Frame::trailers(trailers))))
        }
    }
    Body::new(Trailers(Some(trailers)))
}

/// The answers of a connection that are being sent.
#[derive(Default)]
pub(crate) struct Answers(Mutex<List>);

#[derive(Default)]
struct List {
    sending: Vec<Option<Arc<Mutex<Sending>>>>,
    free: Vec<usize>,
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answers").finish_non_exhaustive()
    }
}

impl Answers {
    fn add(&self, sending: Arc<Mutex<Sending>>) -> usize {
        let mut list = self.0.lock();
        if let Some(place) = list.free.pop() {
            if let Some(slot) = list.sending.get_mut(place) {
                *slot = Some(sending);
            }
            return place;
        }
        list.sending.push(Some(sending));
        list.sending.len() - 1
    }

    fn remove(&self, place: usize) {
        let mut list = self.0.lock();
        let gone = list.sending.get_mut(place).and_then(Option::take);
        list.free.push(place);
        drop(list);
        drop(gone);
    }

    /// Ends answers that nobody read for so long, since others need the room.
    pub(super) fn shed(&self, now: Instant, patience: Duration) {
        for one in self.all() {
            one.lock().shed(now, patience);
        }
    }

    /// Not to be looked at under the lock: what an answer held may take its time to go.
    fn all(&self) -> Vec<Arc<Mutex<Sending>>> {
        self.0.lock().sending.iter().flatten().cloned().collect()
    }

    /// Ends answers that nobody reads; true: one was ended, and its caller does not even read that.
    pub(super) fn look(&self, now: Instant, bounds: &Bounds) -> bool {
        self.all().iter().filter(|one| one.lock().look(now, bounds)).count() > 0
    }
}

/// The body of an answer.
struct Answer {
    peer: Peer,
    sending: Arc<Mutex<Sending>>,
    place: usize,
    /// The last was handed over.
    done: bool,
    /// Its caller ends it when they like.
    is_stream: bool,
}

/// A body that is counted until it is sent.
pub(super) fn counted(inner: Body, peer: &Peer, charge: Charge, (kind, language): (Shape, Language)) -> Body {
    if inner.is_end_stream() {
        peer.ended(false);
        return inner;
    }
    let unread = Some(Instant::now());
    let mut sending =
        Sending { rest: Some(inner), piece: Bytes::new(), charge: Some(charge), unread, ended: false, kind, language };
    let is_stream = kind.is_long_lived() || kind == Shape::Download;
    if !is_stream {
        sending.begin();
    }
    let sending = Arc::new(Mutex::new(sending));
    let place = peer.answers.add(sending.clone());
    Body::new(Answer { peer: peer.clone(), sending, place, done: false, is_stream })
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.done {
            return Poll::Ready(None);
        }
        let mut sending = self.sending.lock();
        if sending.ended {
            let status = sending.why_ended(&self.peer.limits.bounds);
            drop(sending);
            self.done = true;
            let mut trailers = HeaderMap::new();
            // A status that can't be written as headers would be a bug of the transport; the stream then just ends.
            let _ = status.add_header(&mut trailers);
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        let next = sending.poll(context);
        drop(sending);
        if let Poll::Ready(next) = &next {
            self.done = next.as_ref().is_none_or(|frame| frame.as_ref().is_ok_and(Frame::is_trailers));
        }
        next
    }

    fn is_end_stream(&self) -> bool {
        self.done
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.peer.answers.remove(self.place);
        self.peer.ended(!self.done && !self.is_stream);
    }
}

#[cfg(test)]
mod tests;
