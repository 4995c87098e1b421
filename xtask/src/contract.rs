//! The kept image of the contract, against which `buf breaking` checks every change.

use std::process::Command;

use crate::cargo;

/// Where the image is kept, from the root.
const IMAGE: &str = "proto/opora-v1.binpb";

/// Builds the contract with `buf` and keeps it.
pub(crate) fn keep_image() -> Result<(), String> {
    let kept = cargo::root().join("target/tools/bin/buf");
    let buf = if kept.is_file() { kept.into_os_string() } else { "buf".into() };
    cargo::succeed(Command::new(buf).current_dir(cargo::root()).args(["build", "--output", IMAGE]))?;
    println!("kept {IMAGE}");
    Ok(())
}
