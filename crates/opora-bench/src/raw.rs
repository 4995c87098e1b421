//! A client that sends and takes bytes: encoding is the caller's, decoding is left out unless somebody reads the
//! answer. Calls with one answer are frames on HTTP/2 and little else: the load costs the same whichever server it is
//! put on, and leaves the machine to the servers. Streams go through a usual client.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use futures::stream;
use h2::client::SendRequest;
use http::header::{CONTENT_TYPE, TE};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Method, Uri};
use prost::Message;
use tokio::net::TcpStream;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};

use crate::error::{BenchError, Outcome};

/// The largest answer that is taken.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// What stands before a message: whether it is compressed, and its length.
const PREFIX: usize = 5;
/// Bytes that may be under way to this side, on one stream and on all of a connection.
const WINDOWS: (u32, u32) = (2 << 20, 5 << 20);

/// Bytes as they are.
#[derive(Clone, Copy, Debug, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

/// One connection. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    calls: SendRequest<Bytes>,
    authority: Authority,
    /// Connects when a stream is asked for.
    streams: Grpc<Channel>,
}

fn gone(error: h2::Error) -> Status {
    Status::from_error(Box::new(error))
}

impl Lane {
    /// Connects.
    pub(crate) async fn connect(address: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(WINDOWS.0).initial_connection_window_size(WINDOWS.1);
        let (calls, connection) = builder.handshake(stream).await.map_err(gone)?;
        // Ends when the last clone is gone, or the server; whoever calls hears of it.
        tokio::spawn(async move { drop(connection.await) });
        let authority =
            Authority::try_from(address).map_err(|error| BenchError::Void(format!("{address}: {error}")))?;
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
        let streams = Grpc::new(endpoint.connect_lazy()).max_decoding_message_size(MAX_ANSWER);
        Ok(Self { calls, authority, streams })
    }

    /// That many connections.
    pub(crate) async fn several(address: &str, count: usize) -> Outcome<Vec<Self>> {
        let mut lanes = Vec::with_capacity(count);
        for _ in 0..count {
            lanes.push(Self::connect(address).await?);
        }
        Ok(lanes)
    }

    /// One call with bytes.
    pub(crate) async fn call(&mut self, path: &'static str, body: Bytes) -> Result<Bytes, Status> {
        let mut calls = self.calls.clone().ready().await.map_err(gone)?;
        let (answer, mut sending) = calls.send_request(self.head(path)?, false).map_err(gone)?;
        let mut framed = BytesMut::with_capacity(PREFIX + body.len());
        framed.put_u8(0);
        framed.put_u32(body.len() as u32);
        framed.put(body);
        sending.send_data(framed.freeze(), true).map_err(gone)?;
        let (head, mut incoming) = answer.await.map_err(gone)?.into_parts();
        let mut bytes = BytesMut::new();
        while let Some(part) = incoming.data().await {
            let part = part.map_err(gone)?;
            incoming.flow_control().release_capacity(part.len()).map_err(gone)?;
            if bytes.len() + part.len() > MAX_ANSWER {
                return Err(Status::resource_exhausted("the answer is too large"));
            }
            bytes.extend_from_slice(&part);
        }
        // A refusal has no message, and its status in the place of the head.
        let trailers = incoming.trailers().await.map_err(gone)?.unwrap_or(head.headers);
        match Status::from_header_map(&trailers) {
            Some(status) if status.code() == tonic::Code::Ok => message(bytes.freeze()),
            Some(status) => Err(status),
            None => Err(Status::unknown(format!("no status, HTTP {}", head.status))),
        }
    }

    fn head(&self, path: &'static str) -> Result<http::Request<()>, Status> {
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(self.authority.clone());
        uri.path_and_query = Some(PathAndQuery::from_static(path));
        let mut head = http::Request::new(());
        *head.method_mut() = Method::POST;
        *head.uri_mut() = Uri::from_parts(uri).map_err(|error| Status::internal(error.to_string()))?;
        head.headers_mut().insert(TE, HeaderValue::from_static("trailers"));
        head.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        Ok(head)
    }

    /// One call whose answer is read.
    pub(crate) async fn ask<A: Message + Default>(&mut self, path: &'static str, request: &impl Message) -> Outcome<A> {
        let answer = self.call(path, Bytes::from(request.encode_to_vec())).await?;
        Ok(A::decode(answer)?)
    }

    /// A stream of answers.
    pub(crate) async fn stream(&mut self, path: &'static str, body: Bytes) -> Result<Streaming<Bytes>, Status> {
        self.ready().await?;
        let request = Request::new(body);
        Ok(self.streams.server_streaming(request, PathAndQuery::from_static(path), Raw).await?.into_inner())
    }

    /// A stream of answers to a stream of requests that stays open after its first.
    pub(crate) async fn converse(&mut self, path: &'static str, first: Bytes) -> Result<Streaming<Bytes>, Status> {
        use futures::StreamExt as _;
        self.ready().await?;
        let request = Request::new(stream::once(async move { first }).chain(stream::pending()));
        Ok(self.streams.streaming(request, PathAndQuery::from_static(path), Raw).await?.into_inner())
    }

    async fn ready(&mut self) -> Result<(), Status> {
        self.streams.ready().await.map_err(|error| Status::unavailable(error.to_string()))
    }
}

/// The one message of an answer.
fn message(mut bytes: Bytes) -> Result<Bytes, Status> {
    if bytes.len() < PREFIX {
        return Err(Status::internal("the answer has no message"));
    }
    let (compressed, length) = (bytes.get_u8(), bytes.get_u32() as usize);
    if compressed != 0 || length != bytes.len() {
        return Err(Status::internal("the answer is not one plain message"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_one_plain_message() {
        let of = |bytes: &'static [u8]| message(Bytes::from_static(bytes));
        assert_eq!(of(b"\0\0\0\0\x02ab").unwrap(), "ab");
        assert_eq!(of(b"\0\0\0\0\0").unwrap(), "");
        for bad in [&b""[..], b"\0\0\0\0", b"\x01\0\0\0\x02ab", b"\0\0\0\0\x03ab", b"\0\0\0\0\x01ab"] {
            assert!(of(bad).is_err(), "{bad:?}");
        }
    }
}
