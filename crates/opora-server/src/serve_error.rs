//! Why a server did not start, or ended.

use std::net::SocketAddr;

use crate::config::ConfigError;

/// Why a server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration is wrong: exit code 78.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data directory is in use, of a newer format, or damaged: exit code 74.
    #[error(transparent)]
    Open(#[from] opora_store::OpenError),
    /// What else is kept in it can't be opened, or the store did not close well: exit code 74.
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
    /// The exit code of the process (docs/contract.md "The command line").
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) => 78,
            Self::Open(_) | Self::Store(_) | Self::Bind { .. } | Self::Failed(_) => 74,
            Self::Bug(_) => 70,
        }
    }
}
