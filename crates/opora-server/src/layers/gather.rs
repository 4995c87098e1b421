//! Writes gathered: what one turn of a connection's task writes goes out in one piece at the beginning of its next turn,
//! which comes as soon as those who were woken before it had theirs. Else each message of each stream is a call of the
//! system, or two.
//!
//! Relies on HTTP/2 reading in every turn: a flush only promises the write, and the next read keeps the promise.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many bytes are gathered; what is larger goes out as it is.
const LIMIT: usize = 16 * 1024;
/// How many bytes are kept for the next time.
const KEPT: usize = 4 * 1024;

/// A transport whose writes are gathered.
pub(super) struct Gathering<T> {
    inner: T,
    gathered: Vec<u8>,
    /// How much of it was written.
    written: usize,
    /// A flush was promised: the task was told to take another turn.
    promised: bool,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Gathering<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner, gathered: Vec::new(), written: 0, promised: false }
    }

    /// Writes what was gathered.
    fn poll_out(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.gathered.get(self.written..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.inner).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                more => self.written += more,
            }
        }
        (self.written, self.promised) = (0, false);
        self.gathered.clear();
        self.gathered.shrink_to(KEPT);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gathering<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Where there is no room, the task is woken when there is.
        if self.promised
            && let Poll::Ready(Err(error)) = self.poll_out(context)
        {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Gathering<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.gathered.len() + bytes.len() > LIMIT {
            ready!(self.poll_out(context))?;
            if bytes.len() > LIMIT {
                return Pin::new(&mut self.inner).poll_write(context, bytes);
            }
        }
        self.gathered.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.gathered.is_empty() {
            return Pin::new(&mut self.inner).poll_flush(context);
        }
        if !std::mem::replace(&mut self.promised, true) {
            context.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(context))?;
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use futures::task::{ArcWake, noop_waker, waker};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Takes so many bytes, and notes each write.
    #[derive(Default)]
    struct Pipe {
        writes: Vec<Vec<u8>>,
        room: usize,
        shut: bool,
    }

    impl AsyncRead for Pipe {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for Pipe {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            let fits = bytes.len().min(self.room);
            if fits == 0 {
                return Poll::Pending;
            }
            self.room -= fits;
            self.writes.push(bytes[..fits].to_vec());
            Poll::Ready(Ok(fits))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.shut = true;
            Poll::Ready(Ok(()))
        }
    }

    fn gathering(room: usize) -> Gathering<Pipe> {
        Gathering::new(Pipe { room, ..Pipe::default() })
    }

    fn read(io: &mut Gathering<Pipe>, context: &mut Context<'_>) {
        let mut bytes = [0; 8];
        assert!(Pin::new(io).poll_read(context, &mut ReadBuf::new(&mut bytes)).is_pending());
    }

    fn write(io: &mut Gathering<Pipe>, context: &mut Context<'_>, bytes: &[u8]) {
        assert!(matches!(Pin::new(io).poll_write(context, bytes), Poll::Ready(Ok(n)) if n == bytes.len()));
    }

    fn flush(io: &mut Gathering<Pipe>, context: &mut Context<'_>) {
        assert!(matches!(Pin::new(io).poll_flush(context), Poll::Ready(Ok(()))));
    }

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl ArcWake for Wakes {
        fn wake_by_ref(asked: &Arc<Self>) {
            asked.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_a_turn_writes_goes_out_in_one_piece_in_the_next_which_is_asked_for_once() {
        let (mut io, asked) = (gathering(100), Arc::new(Wakes::default()));
        let waker = waker(asked.clone());
        let mut context = Context::from_waker(&waker);
        for piece in [b"one ".as_slice(), b"two ", b"three"] {
            write(&mut io, &mut context, piece);
            flush(&mut io, &mut context);
        }
        assert_eq!((io.inner.writes.len(), asked.0.load(Ordering::Relaxed)), (0, 1));
        read(&mut io, &mut context);
        assert_eq!(io.inner.writes, [b"one two three"]);
        // Nothing is left, nothing is promised any more.
        read(&mut io, &mut context);
        flush(&mut io, &mut context);
        assert_eq!((io.inner.writes.len(), asked.0.load(Ordering::Relaxed)), (1, 1));
        write(&mut io, &mut context, b"four");
        flush(&mut io, &mut context);
        assert_eq!(asked.0.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn no_byte_is_lost_or_turned_round_when_there_is_no_room() {
        let mut io = gathering(5);
        let waker = noop_waker();
        let mut context = Context::from_waker(&waker);
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n * 7 % 251) as u8).collect();
        let (mut sent, mut turns) = (0, 0);
        while sent < bytes.len() {
            let size = [10, 5_000, 16_384, 40_000, 1][turns % 5].min(bytes.len() - sent);
            match Pin::new(&mut io).poll_write(&mut context, &bytes[sent..sent + size]) {
                Poll::Ready(written) => sent += written.unwrap(),
                Poll::Pending => io.inner.room += 9_000,
            }
            flush(&mut io, &mut context);
            if turns % 3 == 0 {
                read(&mut io, &mut context);
            }
            assert!(io.gathered.len() <= LIMIT);
            turns += 1;
        }
        io.inner.room = usize::MAX;
        assert!(matches!(Pin::new(&mut io).poll_shutdown(&mut context), Poll::Ready(Ok(()))));
        assert!(io.inner.shut && io.inner.writes.concat() == bytes);
    }
}
