//! The demo's log: into a file, so that nothing ever writes over the console. It outlives the demo.

use std::path::PathBuf;

use opora_server::Warnings;
use opora_server::config::LogFormat;

use crate::failure::Failure;
use crate::log::Lines;

/// Sends the log of this process into a fresh file; its path.
pub(crate) fn install() -> Result<PathBuf, Failure> {
    let failed = |cause| Failure::stream("io-demo-log", cause);
    let file = tempfile::Builder::new().prefix("opora-demo-").suffix(".log").tempfile().map_err(failed)?;
    let (file, path) = file.keep().map_err(|error| failed(error.error))?;
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_ansi(false)
        .log_internal_errors(false)
        .with_writer(Lines::new(file, LogFormat::Text, Warnings::default()))
        .try_init()
        .map_err(|error| Failure::bug(format!("the log: {error}")))?;
    Ok(path)
}
