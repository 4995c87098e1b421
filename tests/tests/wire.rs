//! Bytes that are no message, for every RPC of the contract: wrong types, bad UTF-8, random and truncated ones. Each
//! gets a clear error, nothing panics, and the server goes on.
//!
//! `OPORA_WIRE_SEED` sets the random numbers.

use bytes::{Buf as _, BufMut as _, Bytes};
use futures::StreamExt as _;
use opora_proto::FILE_DESCRIPTOR_SET;
use opora_tests::{Server, create, reason};
use prost::Message as _;
use prost_types::{FileDescriptorSet, MethodDescriptorProto};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// Sends and takes bytes as they are.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
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

/// Every RPC: its path and what it is.
fn methods() -> Vec<(String, MethodDescriptorProto)> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let services = set.file.into_iter().filter(|f| f.package() == "opora.v1").flat_map(|f| f.service);
    services
        .flat_map(|service| {
            let name = service.name().to_owned();
            service.method.into_iter().map(move |m| (format!("/opora.v1.{name}/{}", m.name()), m))
        })
        .collect()
}

/// The first answer to these bytes, of a stream the first message.
async fn send(channel: &Channel, path: &str, method: &MethodDescriptorProto, bytes: Bytes) -> Result<(), Status> {
    let mut grpc = tonic::client::Grpc::new(channel.clone());
    grpc.ready().await.map_err(|e| Status::unavailable(e.to_string()))?;
    let path = path.parse().unwrap();
    match (method.client_streaming(), method.server_streaming()) {
        (false, false) => grpc.unary(Request::new(bytes), path, Raw).await.map(drop),
        (true, _) => grpc.client_streaming(Request::new(futures::stream::iter([bytes])), path, Raw).await.map(drop),
        (false, true) => {
            let mut stream = grpc.server_streaming(Request::new(bytes), path, Raw).await?.into_inner();
            stream.next().await.unwrap_or(Ok(Bytes::new())).map(drop)
        }
    }
}

async fn channel(server: &Server) -> Channel {
    Channel::from_shared(server.url()).unwrap().connect().await.unwrap()
}

#[tokio::test]
async fn bytes_that_are_no_message_are_refused_as_the_callers_mistake() {
    let server = Server::start();
    let channel = channel(&server).await;
    let methods = methods();
    assert!(methods.len() > 45, "only {} methods were found", methods.len());
    for (path, method) in &methods {
        if method.name() == "GetServerInfo" {
            continue; // an empty message: every well-formed field is an unknown one, and unknown ones are passed over
        }
        // A tag without a value, a length that goes beyond the end, a group that never ends.
        for bytes in [&[0x0a][..], &[0x0a, 0xff, 0xff, 0x03, b'x'], &[0x0b, 0x0b]] {
            let status = send(&channel, path, method, Bytes::copy_from_slice(bytes)).await.unwrap_err();
            assert_eq!(status.code(), Code::InvalidArgument, "{path} {bytes:?}: {status:?}");
        }
    }
    create(&server.desk(), "жив").await.unwrap();
}

#[tokio::test]
async fn bad_utf8_is_refused_and_its_field_named() {
    let server = Server::start();
    let channel = channel(&server).await;
    for (path, method) in methods() {
        if !matches!(method.name(), "GetTicket" | "AssignTicket" | "ExplainTicket" | "ListTickets" | "GetAgent") {
            continue;
        }
        let status = send(&channel, &path, &method, Bytes::from_static(&[0x0a, 2, 0xc3, 0x28])).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{path}: {status:?}");
        assert!(status.message().contains("name") || status.message().contains("filter"), "{path}: {status:?}");
        assert!(reason(&status).is_some(), "{path}: {status:?}");
    }
}

#[tokio::test]
async fn random_bytes_never_end_in_a_bug() {
    let seed =
        std::env::var("OPORA_WIRE_SEED").ok().map_or_else(|| rand::rng().random(), |text| text.parse::<u64>().unwrap());
    println!("OPORA_WIRE_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let server = Server::start();
    create(&server.desk(), "жертва").await.unwrap();
    let channel = channel(&server).await;
    for (path, method) in methods() {
        // A watch that is taken never answers when nothing happens.
        if method.name() == "WatchTickets" {
            continue;
        }
        for _ in 0..40 {
            let bytes = plausible(&mut rng);
            if let Err(status) = send(&channel, &path, &method, bytes.clone()).await {
                let bug = matches!(status.code(), Code::Internal | Code::Unknown | Code::Cancelled | Code::DataLoss);
                assert!(!bug, "{path} {bytes:?}: {status:?}");
            }
        }
    }
    assert_eq!(opora_tests::get(&server.desk(), "tickets/1").await.unwrap().subject, "жертва");
}

/// Fields with numbers and types that may or may not be those of a message.
fn plausible(rng: &mut StdRng) -> Bytes {
    let mut bytes = Vec::new();
    for _ in 0..rng.random_range(0..6) {
        let number: u32 = rng.random_range(1..17);
        match rng.random_range(0..3) {
            0 => {
                prost::encoding::encode_key(number, prost::encoding::WireType::Varint, &mut bytes);
                let wide = rng.random::<u64>() >> rng.random_range(0..64);
                prost::encoding::encode_varint(wide, &mut bytes);
            }
            1 => {
                prost::encoding::encode_key(number, prost::encoding::WireType::LengthDelimited, &mut bytes);
                let names = ["tickets/1", "tickets/2", "agents/olga", "x", "", "NEW", "\u{202e}ы"];
                let text = names[rng.random_range(0..names.len())];
                prost::encoding::encode_varint(text.len() as u64, &mut bytes);
                bytes.extend_from_slice(text.as_bytes());
            }
            _ => {
                prost::encoding::encode_key(number, prost::encoding::WireType::LengthDelimited, &mut bytes);
                let inner: Vec<u8> = (0..rng.random_range(0..20)).map(|_| rng.random()).collect();
                prost::encoding::encode_varint(inner.len() as u64, &mut bytes);
                bytes.extend_from_slice(&inner);
            }
        }
    }
    bytes.into()
}
