//! Accepting connections: at most so many, without Nagle's algorithm, and none that says nothing.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};
use tonic::transport::server::{Connected, TcpConnectInfo};

use super::gather::Gathering;

/// How long a new connection may say nothing: one that never speaks would also hold up a graceful stop.
const SILENCE: Duration = Duration::from_secs(20);
/// How long to wait after an accept that failed, as it does without a free descriptor: never a hot loop.
const PAUSE: Duration = Duration::from_millis(100);

/// A connection that counts.
pub(crate) struct Connection {
    stream: Gathering<TcpStream>,
    silence: Option<Pin<Box<Sleep>>>,
    _permit: OwnedSemaphorePermit,
}

/// The connections of a listener; the next one is accepted when fewer than `max` are there.
pub(crate) fn connections(listener: TcpListener, max: usize) -> impl Stream<Item = io::Result<Connection>> + Send {
    let free = Arc::new(Semaphore::new(max));
    futures::stream::unfold((listener, free), |(listener, free)| async move {
        // The semaphore is never closed: there is always a permit to come.
        let permit = Arc::clone(&free).acquire_owned().await.ok()?;
        let stream = loop {
            match listener.accept().await {
                Ok((stream, _)) => break stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(PAUSE).await;
                }
            }
        };
        // With Nagle's algorithm a small answer waits 40 ms for the caller's acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
        let stream = Gathering::new(stream);
        let connection = Connection { stream, silence: Some(Box::pin(sleep(SILENCE))), _permit: permit };
        Some((Ok(connection), (listener, free)))
    })
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.inner().connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() {
            self.silence = None;
            return read;
        }
        match self.silence.as_mut().map(|silence| silence.as_mut().poll(context)) {
            Some(Poll::Ready(())) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            _ => Poll::Pending,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
