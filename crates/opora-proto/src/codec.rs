//! The codec of the contract: protobuf, with what can't be read of a request told as the caller's mistake, by its field.

use std::marker::PhantomData;

use prost::{Message, Name};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::error::{DOMAIN, ErrorReason};

/// Encodes `T`, decodes `U`.
#[derive(Debug)]
pub struct ContractCodec<T, U>(PhantomData<fn() -> (T, U)>);

impl<T, U> Default for ContractCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for ContractCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Name + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self::default()
    }

    fn decoder(&mut self) -> Self {
        Self::default()
    }
}

impl<T: Message, U> Encoder for ContractCodec<T, U> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

impl<T, U: Message + Name + Default> Decoder for ContractCodec<T, U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        decode(buffer).map(Some)
    }
}

/// A message, or why it is none: of a request INVALID_ARGUMENT with the field, in English and without more details, which
/// whoever knows the caller's language adds; of an answer INTERNAL.
///
/// # Errors
/// The status.
pub fn decode<M: Message + Name + Default>(buffer: impl bytes::Buf) -> Result<M, Status> {
    M::decode(buffer).map_err(|error| undecodable(&error, M::NAME))
}

fn undecodable(error: &prost::DecodeError, message: &str) -> Status {
    let text = error.to_string();
    // The contract's lint holds requests to that name.
    if !message.ends_with("Request") {
        return Status::internal(text);
    }
    // `failed to decode Protobuf message: GetTicketRequest.name: invalid string value: …`
    let rest = text.split_once("message: ").map_or(text.as_str(), |(_, rest)| rest);
    let path = rest.split_once(": ").map(|(path, _)| path).filter(|path| !path.contains(' '));
    let field = path.and_then(|path| path.split_once('.')).map_or("message", |(_, field)| field);
    let mut details = ErrorDetails::with_error_info(ErrorReason::InvalidField.word(), DOMAIN, []);
    details.add_bad_request_violation(field, rest);
    Status::with_error_details(Code::InvalidArgument, format!("{field}: {rest}"), details)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;
    use crate::v1;

    #[test]
    fn what_can_not_be_read_of_a_request_is_the_callers_mistake_by_its_field() {
        // Field 1, a text, that is not UTF-8.
        let wrong: &[u8] = &[0x0a, 0x01, 0xff];
        let status = decode::<v1::GetTicketRequest>(wrong).unwrap_err();
        let fault = Fault::from(&status);
        assert_eq!((fault.code, fault.reason), (Code::InvalidArgument, Some(ErrorReason::InvalidField)));
        assert_eq!(fault.violations.first().map(|v| v.field.as_str()), Some("name"));
        let status = decode::<v1::GetTicketRequest>([0x0a_u8, 0x09].as_slice()).unwrap_err();
        assert_eq!(Fault::from(&status).violations.len(), 1);
        let status = decode::<v1::Ticket>(wrong).unwrap_err();
        assert_eq!((status.code(), status.details().is_empty()), (Code::Internal, true));
    }
}
