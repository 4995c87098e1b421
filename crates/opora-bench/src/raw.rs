//! A client that sends and takes bytes: encoding is the caller's, decoding is left out unless somebody reads the
//! answer. The load costs the same whichever server it is put on, and leaves the machine to the servers.

use bytes::{Buf as _, BufMut as _, Bytes};
use futures::stream;
use http::uri::PathAndQuery;
use prost::Message;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};

use crate::error::Outcome;

/// The largest answer that is taken.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

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
pub(crate) struct Lane(Grpc<Channel>);

impl Lane {
    /// Connects.
    pub(crate) async fn connect(address: &str) -> Outcome<Self> {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
        Ok(Self(Grpc::new(endpoint.connect().await?).max_decoding_message_size(MAX_ANSWER)))
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
        self.ready().await?;
        Ok(self.0.unary(Request::new(body), PathAndQuery::from_static(path), Raw).await?.into_inner())
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
        Ok(self.0.server_streaming(request, PathAndQuery::from_static(path), Raw).await?.into_inner())
    }

    /// A stream of answers to a stream of requests that stays open after its first.
    pub(crate) async fn converse(&mut self, path: &'static str, first: Bytes) -> Result<Streaming<Bytes>, Status> {
        use futures::StreamExt as _;
        self.ready().await?;
        let request = Request::new(stream::once(async move { first }).chain(stream::pending()));
        Ok(self.0.streaming(request, PathAndQuery::from_static(path), Raw).await?.into_inner())
    }

    async fn ready(&mut self) -> Result<(), Status> {
        self.0.ready().await.map_err(|error| Status::unavailable(error.to_string()))
    }
}
