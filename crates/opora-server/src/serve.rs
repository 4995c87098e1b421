//! A whole server: store, desk, services, address; from starting to a stop that loses nothing.

use std::net::SocketAddr;

use crate::config::{Config, ConfigError};

/// Why a server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration is wrong: exit code 78.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data directory is in use, of a newer format, damaged, or the disk fails: exit code 74.
    #[error("{0}")]
    Store(String),
    /// The address can't be listened on: exit code 74.
    #[error("can't listen on {address}: {cause}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why not.
        cause: std::io::Error,
    },
    /// The store failed under way: exit code 74.
    #[error("the store failed: {0}")]
    Failed(String),
    /// A bug: exit code 70.
    #[error("{0}")]
    Bug(String),
}

impl ServeError {
    /// The exit code of the process (`contract.md`, "The command line").
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) => 78,
            Self::Store(_) | Self::Bind { .. } | Self::Failed(_) => 74,
            Self::Bug(_) => 70,
        }
    }
}

/// A server inside this process.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
}

impl Running {
    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends when the server has ended by itself: with why, if it failed.
    ///
    /// # Errors
    /// [`ServeError`].
    #[expect(clippy::unused_async, reason = "the signature first")]
    pub async fn ended(&mut self) -> Result<(), ServeError> {
        Err(ServeError::Bug("not there yet".into()))
    }

    /// Stops it: streams end, calls under way are answered, the store is closed.
    ///
    /// # Errors
    /// [`ServeError`].
    #[expect(clippy::unused_async, reason = "the signature first")]
    pub async fn stop(self) -> Result<(), ServeError> {
        Err(ServeError::Bug("not there yet".into()))
    }
}

/// Starts a server and answers when it listens. Needs a tokio runtime with more than one thread.
///
/// # Errors
/// [`ServeError`].
pub async fn start(_config: Config) -> Result<Running, ServeError> {
    Err(ServeError::Bug("not there yet".into()))
}

/// Runs a server until SIGTERM or SIGINT; `listening` is told the address once it answers (the binary prints
/// `listening on http://ADDRESS`).
///
/// # Errors
/// [`ServeError`].
pub async fn serve(config: Config, listening: impl FnOnce(SocketAddr) + Send) -> Result<(), ServeError> {
    let running = start(config).await?;
    listening(running.address());
    running.stop().await
}
