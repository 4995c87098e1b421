//! Answers that are encoded once and sent many times, as they are: messages of `WatchTickets` for all watchers of one
//! filter, tickets of `ListTickets` for all lists while they stand so. `build.rs` gives these two methods the codecs of
//! this file and their answers the types of this file; all others have the codec of the contract.

use std::marker::PhantomData;
use std::sync::Arc;

use bytes::{BufMut, Bytes};
use opora_proto::codec::ContractCodec;
use opora_proto::v1;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost::{Message, Name};
use tonic::Status;
use tonic::codec::{Codec, EncodeBuf, Encoder};

use crate::convert;
use crate::followers::queue::Listed;

/// The ticket service as tonic's generator makes it of what `build.rs` describes.
#[allow(unreachable_pub, clippy::pedantic, reason = "generated")]
pub(crate) mod generated {
    include!(concat!(env!("OUT_DIR"), "/opora.v1.TicketService.rs"));
}

/// The field `ListTicketsResponse.tickets`.
const TICKETS: u32 = 1;

/// A page of a list.
pub(crate) struct Listing {
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
    /// Writes `ListTicketsResponse`.
    pub(super) fn encode(&self, buffer: &mut impl BufMut) -> Result<(), prost::EncodeError> {
        for bytes in self.basic.iter().map(|listed| basic(listed)) {
            encode_key(TICKETS, WireType::LengthDelimited, buffer);
            encode_varint(bytes.len() as u64, buffer);
            buffer.put_slice(bytes);
        }
        self.answer.encode(buffer)
    }
}

/// The codec of both methods: requests `M` as protobuf, answers `A` as they are.
pub(crate) struct EncodedCodec<A, M>(PhantomData<fn() -> (A, M)>);

impl<A, M> Default for EncodedCodec<A, M> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<A, M> Codec for EncodedCodec<A, M>
where
    A: Send + 'static,
    M: Message + Name + Default + 'static,
    Self: Encoder<Item = A, Error = Status>,
{
    type Encode = A;
    type Decode = M;
    type Encoder = Self;
    type Decoder = ContractCodec<M, M>;

    fn encoder(&mut self) -> Self {
        Self::default()
    }

    fn decoder(&mut self) -> Self::Decoder {
        ContractCodec::default()
    }
}

impl<M> Encoder for EncodedCodec<Bytes, M> {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl<M> Encoder for EncodedCodec<Listing, M> {
    type Item = Listing;
    type Error = Status;

    fn encode(&mut self, item: Listing, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}
