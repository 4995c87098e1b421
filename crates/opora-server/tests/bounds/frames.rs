//! Frames of HTTP/2 that ask for nothing.

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::caller::{CREATE, Caller, GET, HERE, connect, framed, get, is_let_through, ticket};
use crate::{LONG, Server};

const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;

/// A frame on the connection, or on a stream that was never begun where it may be.
fn frame(kind: u8, flags: u8, stream: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, content.len() as u8, kind, flags, 0, 0, 0, stream];
    bytes.extend_from_slice(content);
    bytes
}

/// A connection past its beginning, of which one frame was counted.
async fn begun(server: &Server) -> TcpStream {
    let mut stream = connect(server.address(), HERE).await;
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    stream
}

/// Sends a frame until the connection is closed.
async fn sends_until_closed(stream: TcpStream, frame: Vec<u8>) {
    let (mut reading, mut writing) = stream.into_split();
    let many = frame.repeat(1_000);
    let sending = tokio::spawn(async move { while writing.write_all(&many).await.is_ok() {} });
    let closed = tokio::time::timeout(LONG, async {
        while matches!(reading.read(&mut [0; 4_096]).await, Ok(1..)) {}
        sending.await.unwrap();
    });
    closed.await.unwrap_or_else(|_| panic!("frames of kind {} keep a connection", frame[3]));
}

/// Asks for a sign of life and waits for it.
async fn is_alive(stream: &mut TcpStream) {
    stream.write_all(&frame(PING, 0, 0, b"aliveyes")).await.unwrap();
    let pong = frame(PING, 1, 0, b"aliveyes");
    let mut came = Vec::new();
    while !came.windows(pong.len()).any(|part| part == pong) {
        assert_ne!(stream.read_buf(&mut came).await.unwrap(), 0, "the connection is closed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_with_more_frames_that_ask_for_nothing_than_there_may_be_is_closed() {
    let server = Server::with(&[("control_frames_per_second", "200")]).await;
    let mut other = Caller::new(&server).await;
    for (kind, flags, number, content) in [
        (2, 0, 1, [0, 0, 0, 0, 7].as_slice()),
        (SETTINGS, 0, 0, &[]),
        (PING, 0, 0, b"12345678"),
        (WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]),
        (0x2a, 0, 0, b"unknown"),
    ] {
        sends_until_closed(begun(&server).await, frame(kind, flags, number, content)).await;
        assert!(is_let_through(other.call(GET, &get(1)).await), "kind {kind}: others go on");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_with_as_many_frames_as_there_may_be_goes_on() {
    let server = Server::with(&[("control_frames_per_second", "200")]).await;
    for count in [1, 100, 198] {
        let mut stream = begun(&server).await;
        stream.write_all(&frame(0x2a, 0, 0, b"unknown").repeat(count)).await.unwrap();
        is_alive(&mut stream).await;
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_calls_often_in_small_pieces_is_not_taken_for_a_flood() {
    let server = Server::with(&[("control_frames_per_second", "20")]).await;
    let mut caller = Caller::new(&server).await;
    for _ in 0..300 {
        let mut call = caller.begin(CREATE).await;
        call.sending.send_data(framed(&ticket(10)), false).unwrap();
        call.sending.send_data(Bytes::new(), true).unwrap();
        assert!(call.answered().await.is_ok());
    }
    server.stop().await;
}
