//! What can go wrong while measuring.

use std::path::PathBuf;

/// Shorthand for what most functions here give.
pub(crate) type Outcome<T> = Result<T, BenchError>;

/// Why something could not be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A server refused, or was gone.
    #[error("the server answered {:?}: {}", .0.code(), .0.message())]
    Status(Box<tonic::Status>),
    /// No connection.
    #[error("no connection: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// An answer could not be read.
    #[error("an answer can't be read: {0}")]
    Decode(#[from] prost::DecodeError),
    /// A program that the measure needs is not on this machine.
    #[error("`{command}` is not on this machine (Debian: apt-get install {package})")]
    Missing {
        /// The program.
        command: &'static str,
        /// The Debian package.
        package: &'static str,
    },
    /// A server that was started did not come up.
    #[error("{program} did not start: {said}")]
    NotStarted {
        /// Which.
        program: String,
        /// What it said.
        said: String,
    },
    /// The built binary is not where it should be.
    #[error("there is no `{}`; `cargo xtask bench` builds it, --opora names another", .0.display())]
    NoBinary(PathBuf),
    /// Calls of a pass failed: what was measured is not what was asked.
    #[error("{count} calls failed, the first with: {first}")]
    Failures {
        /// How many.
        count: u64,
        /// What the first one said.
        first: String,
    },
    /// Something else that makes a measurement worthless.
    #[error("{0}")]
    Void(String),
    /// Stopped by the user.
    #[error("interrupted; every process that was started has been ended")]
    Interrupted,
}

impl From<tonic::Status> for BenchError {
    fn from(status: tonic::Status) -> Self {
        Self::Status(Box::new(status))
    }
}
