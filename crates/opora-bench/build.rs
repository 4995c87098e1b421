//! Compiles the benchmark's own protos with `protox`, so that no system `protoc` is needed.

use std::env;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let set = protox::compile(["etcd.proto", "echo.proto", "slim.proto"], [&root])?;
    tonic_prost_build::configure().bytes(".").compile_fds(set)?;
    Ok(())
}
