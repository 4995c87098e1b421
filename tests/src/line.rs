//! A line between a caller and a server that loses what it should not.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// What stands in the request whose answer is lost.
pub const MARK: &str = "Lost on its way";

/// What becomes of a connection whose request was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It breaks.
    Breaks,
    /// Nothing comes any more.
    IsStill,
    /// Nothing comes any more but the answers that keep it alive, as from a proxy that speaks for a server.
    IsKeptAlive,
}

/// Stands between a caller and a server, and loses the answers to the first so many requests with the mark.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    lost: Arc<AtomicUsize>,
}

/// What a line did.
#[derive(Clone, Default)]
struct Done {
    /// Answers that it lost.
    lost: Arc<AtomicUsize>,
    /// Bytes that it carried to callers.
    carried: Arc<AtomicUsize>,
}

/// What a line loses.
#[derive(Clone, Copy)]
struct Losing {
    /// The answers to so many requests with the mark.
    answers: usize,
    then: Then,
    /// All that comes after so many bytes.
    after: usize,
}

impl Line {
    /// A line to a server that loses the answers to the first so many requests with the mark; the requests arrive.
    pub fn new(server: &str, answers: usize, then: Then) -> Self {
        Self::begin(server, Losing { answers, then, after: usize::MAX })
    }

    /// A line on which nothing comes any more once it carried so many bytes to callers.
    pub fn ending(server: &str, after: usize) -> Self {
        Self::begin(server, Losing { answers: 0, then: Then::IsStill, after })
    }

    /// The same, but the connection is kept alive.
    pub fn kept_alive(server: &str, after: usize) -> Self {
        Self::begin(server, Losing { answers: 0, then: Then::IsKeptAlive, after })
    }

    fn begin(server: &str, losing: Losing) -> Self {
        let server: SocketAddr = server.parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let done = Done::default();
        let lost = done.lost.clone();
        std::thread::spawn(move || {
            for caller in listener.incoming().map_while(Result::ok) {
                carry(caller, TcpStream::connect(server).unwrap(), &done, losing);
            }
        });
        Self { address, lost }
    }

    /// Where callers find it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many answers it lost.
    pub fn lost(&self) -> usize {
        self.lost.load(Ordering::SeqCst)
    }

    /// Waits until it has lost an answer.
    pub async fn until_lost(&self) {
        while self.lost() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Carries bytes both ways until one side ends, and loses what comes back once it is to be lost.
fn carry(caller: TcpStream, server: TcpStream, done: &Done, losing: Losing) {
    let is_cut = Arc::new(AtomicBool::new(false));
    let (mut from_server, mut to_caller) = (server.try_clone().unwrap(), caller.try_clone().unwrap());
    let (cut, Done { lost, carried }) = (is_cut.clone(), done.clone());
    std::thread::spawn(move || {
        let mut bytes = vec![0; 64 * 1024];
        let (mut frames, mut signs) = (Frames::default(), Signs::default());
        while let Ok(count @ 1..) = from_server.read(&mut bytes) {
            let has_answer = frames.answers_in(&bytes[..count]);
            if losing.then == Then::IsKeptAlive {
                let left = signs.left_of(&bytes[..count], &carried, losing.after);
                if to_caller.write_all(&left).is_err() {
                    break;
                }
                continue;
            }
            if is_cut.load(Ordering::SeqCst) || carried.load(Ordering::SeqCst) >= losing.after {
                // Once the answer to what was marked is there, the request was done.
                if losing.then == Then::Breaks && has_answer {
                    let _ = to_caller.shutdown(Shutdown::Both);
                }
                continue;
            }
            carried.fetch_add(count, Ordering::SeqCst);
            if to_caller.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = to_caller.shutdown(Shutdown::Both);
    });
    let (mut from_caller, mut to_server) = (caller, server);
    std::thread::spawn(move || {
        let mut bytes = vec![0; 64 * 1024];
        let mut said = Vec::new();
        while let Ok(count @ 1..) = from_caller.read(&mut bytes) {
            said.extend_from_slice(&bytes[..count]);
            let marked = said.windows(MARK.len()).any(|window| window == MARK.as_bytes());
            if marked && !cut.load(Ordering::SeqCst) && lost.load(Ordering::SeqCst) < losing.answers {
                lost.fetch_add(1, Ordering::SeqCst);
                cut.store(true, Ordering::SeqCst);
            }
            if to_server.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = to_server.shutdown(Shutdown::Both);
    });
}

/// The frames of HTTP/2 that a server sends.
#[derive(Default)]
struct Frames {
    /// What came of a frame's head.
    head: Vec<u8>,
    /// How much of a frame's payload is still to come.
    rest: usize,
}

impl Frames {
    /// Whether the head of an answer, or its end, is in what came.
    fn answers_in(&mut self, mut bytes: &[u8]) -> bool {
        const HEAD: usize = 9;
        const HEADERS: u8 = 1;
        let mut found = false;
        while !bytes.is_empty() {
            let passed = self.rest.min(bytes.len());
            self.rest -= passed;
            bytes = &bytes[passed..];
            let more = bytes.len().min(HEAD - self.head.len());
            self.head.extend_from_slice(&bytes[..more]);
            bytes = &bytes[more..];
            if let [a, b, c, kind, ..] = self.head[..]
                && self.head.len() == HEAD
            {
                found |= kind == HEADERS;
                self.rest = u32::from_be_bytes([0, a, b, c]) as usize;
                self.head.clear();
            }
        }
        found
    }
}

/// What of a server's frames keeps a connection alive.
#[derive(Default)]
struct Signs {
    /// What came of a frame that is not whole.
    rest: Vec<u8>,
}

impl Signs {
    /// Whole frames: all until so many bytes were carried, then only answers to pings.
    fn left_of(&mut self, bytes: &[u8], carried: &AtomicUsize, after: usize) -> Vec<u8> {
        const HEAD: usize = 9;
        const PING: u8 = 6;
        self.rest.extend_from_slice(bytes);
        let mut left = Vec::new();
        while let [a, b, c, kind, ..] = self.rest[..] {
            let whole = HEAD + u32::from_be_bytes([0, a, b, c]) as usize;
            if self.rest.len() < whole {
                break;
            }
            let frame: Vec<u8> = self.rest.drain(..whole).collect();
            if carried.load(Ordering::SeqCst) < after || kind == PING {
                carried.fetch_add(whole, Ordering::SeqCst);
                left.extend(frame);
            }
        }
        left
    }
}
