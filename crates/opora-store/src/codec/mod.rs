//! The stored form: domain values to the persisted messages of `proto/` and back, one file per kind of record.
//!
//! Knows nothing of files, frames or keys. What was written once must be read for ever: numbers are never reused.

mod commit;
mod directory;
mod event;
mod policy;
#[cfg(test)]
mod tests;
mod ticket;
mod word;

pub(crate) use commit::{decode_commit, decode_ticket_of, encode_commit, previous_in, request_in};

use std::sync::Arc;

use opora_core::event::DirectoryPut;
use opora_core::model::Ticket;
use opora_core::sla::PolicyDefinition;
use opora_core::time::{Millis, Timestamp};
use prost::Message as _;

/// The generated messages.
#[allow(missing_docs, clippy::pedantic, clippy::large_enum_variant, unreachable_pub)]
pub(crate) mod pb {
    include!(concat!(env!("OUT_DIR"), "/opora.store.v1.rs"));
}

/// What a commit remembers of an answer: the messages of `answer.proto`, for the engine, whose coding it is.
pub mod answer {
    pub use super::pb::{Answer, AnswerItem, AnswerKind, AnswerPriority, AnswerRefusal, AnswerState, RefusalKind};
}

/// Why stored bytes are not what they should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodecError {
    /// Not a message at all.
    #[error("not a stored message: {0}")]
    Message(#[from] prost::DecodeError),
    /// A field is missing or holds what it can't.
    #[error("the stored field {0} is missing or makes no sense")]
    Field(&'static str),
}

/// A domain value with a stored form.
pub(crate) trait Coded: Sized {
    /// The persisted message.
    type Wire;
    /// To the message.
    fn wire(&self) -> Self::Wire;
    /// From the message.
    fn of(wire: Self::Wire) -> Result<Self, CodecError>;
}

/// A closed vocabulary with stored numbers.
pub(crate) trait Word: Copy + Sized {
    /// Its stored number.
    fn code(self) -> i32;
    /// The word of a stored number.
    fn of_code(code: i32) -> Result<Self, CodecError>;
}

pub(crate) fn encode_ticket(ticket: &Ticket) -> Vec<u8> {
    ticket.wire().encode_to_vec()
}

pub(crate) fn decode_ticket(bytes: &[u8]) -> Result<Ticket, CodecError> {
    Ticket::of(pb::Ticket::decode(bytes)?)
}

pub(crate) fn encode_put(put: &DirectoryPut) -> Vec<u8> {
    put.wire().encode_to_vec()
}

pub(crate) fn decode_put(bytes: &[u8]) -> Result<DirectoryPut, CodecError> {
    DirectoryPut::of(pb::DirectoryPut::decode(bytes)?)
}

pub(crate) fn encode_policy(policy: &PolicyDefinition) -> Vec<u8> {
    policy.wire().encode_to_vec()
}

pub(crate) fn decode_policy(bytes: &[u8]) -> Result<PolicyDefinition, CodecError> {
    PolicyDefinition::of(pb::Policy::decode(bytes)?)
}

fn need<T>(value: Option<T>, field: &'static str) -> Result<T, CodecError> {
    value.ok_or(CodecError::Field(field))
}

fn text(value: &Arc<str>) -> String {
    value.as_ref().to_owned()
}

fn maybe_text(value: Option<&Arc<str>>) -> Option<String> {
    value.map(text)
}

fn texts(values: &[Arc<str>]) -> Vec<String> {
    values.iter().map(text).collect()
}

fn arcs(values: Vec<String>) -> Vec<Arc<str>> {
    values.into_iter().map(Arc::from).collect()
}

fn ms(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_millis)
}

fn at(ms: Option<i64>) -> Option<Timestamp> {
    ms.map(Timestamp::from_millis)
}

fn millis(length: Option<Millis>) -> Option<i64> {
    length.map(|l| l.0)
}

fn code<T: Word>(value: Option<T>) -> Option<i32> {
    value.map(Word::code)
}

fn codes<T: Word>(values: &[T]) -> Vec<i32> {
    values.iter().map(|v| v.code()).collect()
}

fn word<T: Word>(code: Option<i32>) -> Result<Option<T>, CodecError> {
    code.map(T::of_code).transpose()
}

fn words<T: Word>(codes: Vec<i32>) -> Result<Vec<T>, CodecError> {
    codes.into_iter().map(T::of_code).collect()
}

fn wires<T: Coded>(values: &[T]) -> Vec<T::Wire> {
    values.iter().map(Coded::wire).collect()
}

fn all<T: Coded>(wires: Vec<T::Wire>) -> Result<Vec<T>, CodecError> {
    wires.into_iter().map(T::of).collect()
}

/// Ids of the domain from their stored text.
macro_rules! id {
    ($type:ty, $text:expr, $field:literal) => {
        <$type>::new(&$text).map_err(|_| $crate::codec::CodecError::Field($field))
    };
}
use id;
