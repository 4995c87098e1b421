//! Answers that are encoded once and sent many times, as they are: messages of `WatchTickets` for all watchers of one
//! filter, tickets of `ListTickets` for all lists while they stand so. Everything else of the service goes through the
//! generated code.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{BufMut as _, Bytes};
use futures::StreamExt as _;
use http::{Request, Response};
use opora_proto::v1;
use opora_proto::v1::ticket_service_server::TicketServiceServer;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost::{Message, Name};
use tonic::Status;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, NamedService, ServerStreamingService, UnaryService};

use super::Service;
use super::watch::Encoded;
use crate::convert;
use crate::followers::queue::Listed;
use crate::method::UNARY_BYTES;

const WATCH: &str = "/opora.v1.TicketService/WatchTickets";
const LIST: &str = "/opora.v1.TicketService/ListTickets";
/// The field `ListTicketsResponse.tickets`.
const TICKETS: u32 = 1;

/// The ticket service with what it sends often encoded once. What it sends has no limit here: one would refuse the answer
/// after the work was done. It is packed to a size before ([`crate::size`]).
#[derive(Clone)]
pub(crate) struct TicketServer {
    generated: TicketServiceServer<Service>,
    service: Service,
}

impl TicketServer {
    pub(crate) fn new(service: Service) -> Self {
        let generated = TicketServiceServer::new(service.clone()).max_decoding_message_size(UNARY_BYTES);
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
        let own = Own(self.service.clone());
        match request.uri().path() {
            WATCH => Box::pin(async move { Ok(grpc::<_, Bytes>().server_streaming(own, request).await) }),
            LIST => Box::pin(async move { Ok(grpc::<_, Listing>().unary(own, request).await) }),
            _ => tower::Service::call(&mut self.generated, request),
        }
    }
}

fn grpc<M, A>() -> Grpc<Ready<M, A>>
where
    M: Message + Name + Default + 'static,
    A: Send + 'static,
    Ready<M, A>: Encoder<Item = A, Error = Status>,
{
    Grpc::new(Ready(PhantomData)).apply_max_message_size_config(Some(UNARY_BYTES), None)
}

/// The calls that are answered here.
struct Own(Service);

impl ServerStreamingService<v1::WatchTicketsRequest> for Own {
    type Response = Bytes;
    type ResponseStream = Encoded;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Encoded>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<v1::WatchTicketsRequest>) -> Self::Future {
        let service = self.0.clone();
        Box::pin(async move { service.watch_encoded(request).await })
    }
}

impl UnaryService<v1::ListTicketsRequest> for Own {
    type Response = Listing;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Listing>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<v1::ListTicketsRequest>) -> Self::Future {
        let service = self.0.clone();
        Box::pin(async move { service.list_encoded(request).await })
    }
}

/// A page of a list.
pub(super) struct Listing {
    /// Tickets in the BASIC view, before those of the answer.
    pub(super) basic: Vec<Arc<Listed>>,
    /// Everything else.
    pub(super) answer: v1::ListTicketsResponse,
}

/// A ticket as lists send it.
pub(super) fn basic(listed: &Listed) -> &Bytes {
    listed.encoded.get_or_init(|| convert::ticket(&listed.ticket, None).encode_to_vec().into())
}

impl Listing {
    /// What the generated service sends: the same, not encoded.
    pub(super) fn into_message(self) -> v1::ListTicketsResponse {
        let tickets = self.basic.iter().map(|listed| convert::ticket(&listed.ticket, None)).collect();
        if self.basic.is_empty() { self.answer } else { v1::ListTicketsResponse { tickets, ..self.answer } }
    }

    fn put(&self, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        for bytes in self.basic.iter().map(|listed| basic(listed)) {
            encode_key(TICKETS, WireType::LengthDelimited, buffer);
            encode_varint(bytes.len() as u64, buffer);
            buffer.put_slice(bytes);
        }
        self.answer.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

/// Requests as protobuf, answers as they are.
struct Ready<M, A>(PhantomData<fn() -> (M, A)>);

impl<M, A> Codec for Ready<M, A>
where
    M: Message + Name + Default + 'static,
    A: Send + 'static,
    Self: Encoder<Item = A, Error = Status>,
{
    type Encode = A;
    type Decode = M;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self(PhantomData)
    }

    fn decoder(&mut self) -> Self {
        Self(PhantomData)
    }
}

impl<M> Encoder for Ready<M, Bytes> {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl<M> Encoder for Ready<M, Listing> {
    type Item = Listing;
    type Error = Status;

    fn encode(&mut self, item: Listing, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.put(buffer)
    }
}

impl<M: Message + Name + Default, A> Decoder for Ready<M, A> {
    type Item = M;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<M>, Status> {
        opora_proto::codec::decode(buffer).map(Some)
    }
}

/// What the generated service would send of a watch: the same messages, decoded again.
pub(super) fn decoded(messages: Encoded) -> super::watch::Messages {
    let decode = |bytes: Bytes| v1::WatchTicketsResponse::decode(bytes);
    Box::pin(messages.map(move |message| decode(message?).map_err(|error| Status::internal(error.to_string()))))
}
