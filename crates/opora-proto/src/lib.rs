//! The contract `opora.v1`: generated messages, clients and servers, and what every Rust caller of it needs —
//! names parsed into types, errors read back, the JSON form, a client that retries, files put in their place.
//!
//! Knows nothing of how the desk works inside.

pub mod client;
pub mod codec;
pub mod error;
pub mod files;
pub mod json;
pub mod name;
pub mod save;
pub mod watch;

/// The generated code of package `opora.v1`.
#[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]
pub mod v1 {
    tonic::include_proto!("opora.v1");
}

/// The contract as an encoded `google.protobuf.FileDescriptorSet`, for reflection and JSON.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/opora_v1.binpb"));
