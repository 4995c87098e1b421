//! Accepting connections: without Nagle's algorithm, as many as there may be, and none that keeps its place for nothing.
//!
//! Nobody is left in the system's queue. A connection that is one too many is served all the same, as far as being told
//! so, and health, go: of these there are few, and the newest takes the place of the oldest. Who is at the beginning of a
//! connection takes no place from those of the same address who are past it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep};
use tonic::transport::server::Connected;

use super::caller::{Limits, Peer};
use super::frames::Frames;
use super::gather::Gathering;
use super::handshake::Handshake;

/// How long to wait after an accept that failed, as it does without a free descriptor: never a hot loop.
const PAUSE: Duration = Duration::from_millis(100);
/// How often failed accepts, and connections that were ended for their frames, are told at most.
const TELL: Duration = Duration::from_mins(1);
/// How often a connection looks at what it holds, at most and at least; else at a quarter of the shortest bound.
const LOOK: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(5));
/// How long a connection that is one too many may last.
const OVER: Duration = Duration::from_secs(5);

/// A connection that counts.
pub(crate) struct Connection {
    stream: Gathering<TcpStream>,
    peer: Peer,
    /// Until it is over.
    handshake: Option<Handshake>,
    frames: Frames,
    opened: Instant,
    look: Pin<Box<Sleep>>,
    /// Since when there is no call, and how many there had been.
    quiet: Option<(Instant, u64)>,
}

/// The connections of a listener.
pub(crate) fn connections(
    listener: TcpListener,
    limits: Arc<Limits>,
) -> impl Stream<Item = io::Result<Connection>> + Send {
    futures::stream::unfold((listener, limits, Often::default()), |mut accepting| async move {
        let (listener, limits, failures) = &mut accepting;
        let (stream, address) = loop {
            match listener.accept().await {
                Ok(accepted) => break accepted,
                Err(error) => {
                    failures.note(|count| {
                        tracing::warn!(%error, count, "connections could not be accepted");
                    });
                    sleep(PAUSE).await;
                }
            }
        };
        // With Nagle's algorithm a small answer waits 40 ms for the caller's acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
        let peer = Peer::new(limits, address.ip());
        Some((Ok(Connection::new(stream, peer)), accepting))
    })
}

/// What happens often under load: told now and then, with how often it did.
#[derive(Debug, Default)]
pub(super) struct Often {
    count: u64,
    told: Option<Instant>,
}

impl Often {
    fn note(&mut self, tell: impl FnOnce(u64)) {
        self.count += 1;
        if self.told.is_none_or(|told| told.elapsed() >= TELL) {
            tell(self.count);
            *self = Self { count: 0, told: Some(Instant::now()) };
        }
    }
}

impl Connection {
    fn new(stream: TcpStream, peer: Peer) -> Self {
        let bounds = &peer.limits.bounds;
        let shortest = bounds.handshake_time.min(bounds.idle_connection).min(bounds.answer_patience);
        let look = Box::pin(sleep((shortest / 4).clamp(LOOK.0, LOOK.1)));
        let handshake = Some(Handshake::default());
        let opened = Instant::now();
        let frames = Frames::new(opened);
        Self { stream: Gathering::new(stream), peer, handshake, frames, opened, look, quiet: None }
    }

    /// Looks whether the connection may last, every now and then; `Ready`: it may not.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        // First: who closes it in between wakes this task.
        self.peer.task.register(context.waker());
        if self.peer.is_closing() {
            return Poll::Ready(io::ErrorKind::ConnectionAborted.into());
        }
        while self.look.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            if self.is_over(now) {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            let bounds = &self.peer.limits.bounds;
            let next = if self.handshake.is_some() {
                bounds.handshake_time
            } else {
                bounds.idle_connection.min(bounds.answer_patience)
            };
            self.look.as_mut().reset(now + (next / 4).clamp(LOOK.0, LOOK.1));
        }
        Poll::Pending
    }

    fn is_over(&mut self, now: Instant) -> bool {
        let bounds = &self.peer.limits.bounds;
        let age = now.duration_since(self.opened);
        if self.handshake.is_some() {
            return age >= bounds.handshake_time;
        }
        if self.peer.over().is_some() && age >= OVER {
            return true;
        }
        // Who does not even read that an answer was ended reads nothing.
        if self.peer.answers.look(now, bounds) {
            return true;
        }
        let calls = self.peer.calls.load(Ordering::Relaxed);
        if self.peer.bytes.used() > 0 {
            self.quiet = None;
            return false;
        }
        match self.quiet {
            Some((since, before)) if before == calls => now.duration_since(since) >= bounds.idle_connection,
            _ => {
                self.quiet = Some((now, calls));
                false
            }
        }
    }

    /// What the transport waits for goes on, or the connection ends.
    fn or_end<T>(&mut self, polled: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            return polled;
        }
        self.poll_end(context).map(Err)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.peer.left();
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.peer.is_closing() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let came = buffer.filled().get(before..).unwrap_or_default();
        if let Some(handshake) = &mut self.handshake
            && handshake.is_over_with(came)
        {
            self.handshake = None;
            self.peer.begun();
        }
        let most = self.peer.limits.bounds.control_frames_per_second as u64;
        if self.frames.are_too_many_with(came, most, Instant::now) {
            self.peer.limits.floods.lock().note(|count| {
                tracing::warn!(count, most, "connections were closed for their control frames");
            });
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        self.or_end(read, context)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(bytes)) = written {
            self.frames.sent(bytes);
        }
        self.or_end(written, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.or_end(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.or_end(shut, context)
    }
}
