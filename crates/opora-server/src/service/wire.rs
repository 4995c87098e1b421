//! `WatchTickets` on the wire: a message is encoded once for all watchers of one filter, and sent as it is. Everything
//! else of the service goes through the generated code.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{BufMut as _, Bytes};
use futures::StreamExt as _;
use http::{Request, Response};
use opora_proto::v1::WatchTicketsRequest;
use opora_proto::v1::ticket_service_server::TicketServiceServer;
use prost::Message as _;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, NamedService, ServerStreamingService};
use tonic::{Code, Status};

use super::Service;
use super::watch::Encoded;
use crate::layers::{ANSWER_BYTES, UNARY_BYTES};

const PATH: &str = "/opora.v1.TicketService/WatchTickets";

/// The ticket service with its watch encoded once.
#[derive(Clone)]
pub(crate) struct TicketServer {
    generated: TicketServiceServer<Service>,
    service: Service,
}

impl TicketServer {
    pub(crate) fn new(service: Service) -> Self {
        let generated = TicketServiceServer::new(service.clone())
            .max_decoding_message_size(UNARY_BYTES)
            .max_encoding_message_size(ANSWER_BYTES);
        Self { generated, service }
    }
}

impl NamedService for TicketServer {
    const NAME: &'static str = <TicketServiceServer<Service> as NamedService>::NAME;
}

impl tower::Service<Request<Body>> for TicketServer {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if request.uri().path() != PATH {
            return tower::Service::call(&mut self.generated, request);
        }
        let watch = Watch(self.service.clone());
        Box::pin(async move {
            let mut grpc = Grpc::new(WatchCodec).apply_max_message_size_config(Some(UNARY_BYTES), Some(ANSWER_BYTES));
            Ok(grpc.server_streaming(watch, request).await)
        })
    }
}

struct Watch(Service);

impl ServerStreamingService<WatchTicketsRequest> for Watch {
    type Response = Bytes;
    type ResponseStream = Encoded;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Encoded>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<WatchTicketsRequest>) -> Self::Future {
        let service = self.0.clone();
        Box::pin(async move { service.watch_encoded(request).await })
    }
}

/// Requests as protobuf, answers as they are.
#[derive(Clone, Copy, Default)]
struct WatchCodec;

impl Codec for WatchCodec {
    type Encode = Bytes;
    type Decode = WatchTicketsRequest;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for WatchCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for WatchCodec {
    type Item = WatchTicketsRequest;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<WatchTicketsRequest>, Status> {
        // The same words as the generated code's, which the layers turn into the contract's form.
        let read = WatchTicketsRequest::decode(buffer);
        read.map(Some).map_err(|error| Status::new(Code::Internal, error.to_string()))
    }
}

/// What the generated service would send: the same messages, decoded again.
pub(super) fn decoded(messages: Encoded) -> super::watch::Messages {
    let decode = |bytes: Bytes| opora_proto::v1::WatchTicketsResponse::decode(bytes);
    Box::pin(messages.map(move |message| decode(message?).map_err(|error| Status::internal(error.to_string()))))
}
