//! A caller who has the frames in hand, and need not do what callers do.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bytes::{BufMut as _, Bytes, BytesMut};
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Method, Request, Uri};
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use prost::Message;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tonic::Status;

use crate::{LONG, Server};

pub(crate) const GET: &str = "/opora.v1.TicketService/GetTicket";
pub(crate) const CREATE: &str = "/opora.v1.TicketService/CreateTicket";
pub(crate) const LIST: &str = "/opora.v1.TicketService/ListTickets";
pub(crate) const WATCH: &str = "/opora.v1.TicketService/WatchTickets";
pub(crate) const UPLOAD: &str = "/opora.v1.AttachmentService/UploadAttachment";
pub(crate) const HEALTH: &str = "/grpc.health.v1.Health/Check";
/// The one most callers have.
pub(crate) const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// Another address of this machine.
pub(crate) const THERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A connection without a word.
pub(crate) async fn connect(server: SocketAddr, from: Ipv4Addr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(IpAddr::V4(from), 0)).unwrap();
    socket.connect(server).await.unwrap()
}

/// A connection that speaks.
pub(crate) struct Caller {
    calls: SendRequest<Bytes>,
    /// Ends with the connection.
    pub(crate) connection: JoinHandle<Result<(), h2::Error>>,
}

/// A call under way.
pub(crate) struct Call {
    pub(crate) answer: ResponseFuture,
    pub(crate) sending: SendStream<Bytes>,
}

/// A message as it is sent.
pub(crate) fn framed(message: &impl Message) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_u8(0);
    bytes.put_u32(message.encoded_len() as u32);
    message.encode(&mut bytes).unwrap();
    bytes.freeze()
}

pub(crate) fn get(number: u64) -> v1::GetTicketRequest {
    v1::GetTicketRequest { name: format!("tickets/{number}"), view: 0 }
}

/// A ticket with a description of so many letters.
pub(crate) fn ticket(letters: usize) -> v1::CreateTicketRequest {
    let ticket = v1::Ticket { subject: "No sound".into(), description: "x".repeat(letters), ..Default::default() };
    v1::CreateTicketRequest { ticket: Some(ticket), ..Default::default() }
}

impl Caller {
    pub(crate) async fn new(server: &Server) -> Self {
        Self::with(server, HERE, h2::client::Builder::new()).await
    }

    pub(crate) async fn from(server: &Server, from: Ipv4Addr) -> Self {
        Self::with(server, from, h2::client::Builder::new()).await
    }

    /// One who reads nothing: there is no room for answers.
    pub(crate) async fn deaf(server: &Server) -> Self {
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(0);
        Self::with(server, HERE, builder).await
    }

    async fn with(server: &Server, from: Ipv4Addr, builder: h2::client::Builder) -> Self {
        let stream = connect(server.address(), from).await;
        stream.set_nodelay(true).unwrap();
        let (calls, connection) = builder.handshake(stream).await.unwrap();
        Self { calls, connection: tokio::spawn(connection) }
    }

    /// Begins a call: headers and nothing else.
    pub(crate) async fn begin(&mut self, path: &str) -> Call {
        self.try_begin(path).await.expect("the connection is closed")
    }

    /// The same; `None`: the connection is closed.
    pub(crate) async fn try_begin(&mut self, path: &str) -> Option<Call> {
        let uri = Uri::builder().scheme("http").authority("desk.example.com").path_and_query(path).build().unwrap();
        let request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())
            .unwrap();
        let mut calls = self.calls.clone().ready().await.ok()?;
        let (answer, sending) = calls.send_request(request, false).ok()?;
        Some(Call { answer, sending })
    }

    /// A whole call; gives what was answered.
    pub(crate) async fn call(&mut self, path: &str, message: &impl Message) -> Result<Bytes, Fault> {
        let mut call = self.begin(path).await;
        // Who is refused at once can't send any more.
        let _ = call.sending.send_data(framed(message), true);
        call.answered().await
    }

    pub(crate) async fn health(&mut self) -> Result<Bytes, Fault> {
        self.call(HEALTH, &()).await
    }

    /// Waits for the end of the connection.
    pub(crate) async fn sent_away(self) {
        drop(self.calls);
        tokio::time::timeout(LONG, self.connection).await.expect("the connection lasts").unwrap().ok();
    }
}

impl Call {
    /// Headers and an open stream of answers.
    pub(crate) async fn opened(self) -> (HeaderMap, RecvStream, SendStream<Bytes>) {
        let answer = tokio::time::timeout(LONG, self.answer).await.expect("no answer came").unwrap();
        let (head, body) = answer.into_parts();
        (head.headers, body, self.sending)
    }

    pub(crate) async fn answered(self) -> Result<Bytes, Fault> {
        let (headers, mut body, _sending) = self.opened().await;
        tokio::time::timeout(LONG, read(&headers, &mut body)).await.expect("the answer has no end")
    }
}

/// Reads an answer to its end.
pub(crate) async fn read(headers: &HeaderMap, body: &mut RecvStream) -> Result<Bytes, Fault> {
    let mut bytes = BytesMut::new();
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        bytes.extend_from_slice(&data);
    }
    let trailers = body.trailers().await.unwrap();
    let status = Status::from_header_map(headers).or_else(|| Status::from_header_map(&trailers?)).unwrap();
    if status.code() == tonic::Code::Ok { Ok(bytes.freeze()) } else { Err(Fault::from(&status)) }
}

/// Looks that a call was refused for a bound, says so, and when to try again.
pub(crate) fn is_over(answer: Result<Bytes, Fault>, limit: &str, max: u64) {
    let fault = answer.expect_err("it was not refused");
    assert_eq!(fault.reason, Some(ErrorReason::LimitReached), "{fault:?}");
    let of = |key: &str| fault.metadata.get(key).map(String::as_str);
    assert_eq!((of("limit"), of("max")), (Some(limit), Some(max.to_string().as_str())), "{fault:?}");
    assert!(fault.retry_after.is_some() && fault.is_passing(), "{fault:?}");
}

/// Whether a call was worked on: there is no ticket yet.
pub(crate) fn is_let_through(answer: Result<Bytes, Fault>) -> bool {
    answer.map_or_else(|fault| fault.reason == Some(ErrorReason::TicketNotFound), |_| true)
}
