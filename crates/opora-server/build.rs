//! Describes the ticket service for tonic's generator: its methods are those of the contract, each with the codec of the
//! contract but for the two whose answers are encoded once and sent many times (`src/service/wire.rs`).

use std::path::Path;

use heck::ToSnakeCase as _;
use tonic_build::manual;

/// The service.
const SERVICE: &str = "TicketService";
/// The codec of the contract.
const CODEC: &str = "::opora_proto::codec::ContractCodec";
/// The codec of answers that are encoded already.
const ENCODED_CODEC: &str = "crate::service::wire::EncodedCodec";
/// Those answers: the method and the type of its messages.
const ENCODED: [(&str, &str); 2] =
    [("ListTickets", "crate::service::wire::Listing"), ("WatchTickets", "::bytes::Bytes")];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_source_info(true).open_file("opora/v1/ticket_service.proto")?;
    let pool = compiler.descriptor_pool();
    let service =
        pool.services().find(|service| service.name() == SERVICE).ok_or("the contract has no such service")?;
    let mut described = manual::Service::builder().name(SERVICE).package(service.package_name());
    let mut encoded = ENCODED.len();
    for method in service.methods() {
        let answer = format!("::opora_proto::v1::{}", method.output().name());
        let own = ENCODED.iter().find(|(name, _)| *name == method.name());
        encoded -= usize::from(own.is_some());
        let (answer, codec) = own.map_or((answer.as_str(), CODEC), |(_, answer)| (*answer, ENCODED_CODEC));
        let mut one = manual::Method::builder()
            .name(method.name().to_snake_case())
            .route_name(method.name())
            .input_type(format!("::opora_proto::v1::{}", method.input().name()))
            .output_type(answer)
            .codec_path(codec);
        if method.is_client_streaming() {
            one = one.client_streaming();
        }
        if method.is_server_streaming() {
            one = one.server_streaming();
        }
        described = described.method(one.build());
    }
    if encoded > 0 {
        return Err("a method that is answered with encoded messages is not in the contract".into());
    }
    manual::Builder::new().build_client(false).compile(&[described.build()]);
    Ok(())
}
