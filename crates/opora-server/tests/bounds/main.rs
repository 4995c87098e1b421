//! What one caller may hold, at each bound, below it and above it: a whole server, real sockets, callers that misbehave.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test: it fails by panicking, and its tasks end with it"
)]

mod caller;
mod calls;
mod connections;
mod frames;

use std::net::SocketAddr;
use std::time::Duration;

use opora_server::config::Sources;
use opora_server::{Config, Running, start};

/// Nothing here takes so long on any machine.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// A server with settings of its own.
pub(crate) struct Server {
    running: Option<Running>,
    _dir: tempfile::TempDir,
}

impl Server {
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data").display().to_string();
        let always = [("data", data.as_str()), ("listen", "127.0.0.1:0"), ("search", "false"), ("disk_reserve", "0")];
        let flags = always.iter().chain(settings).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let config = Config::load(&Sources { flags, ..Sources::default() }).unwrap();
        Self { running: Some(start(config).await.unwrap()), _dir: dir }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running.as_ref().unwrap().address()
    }

    pub(crate) async fn stop(mut self) {
        self.running.take().unwrap().stop().await.unwrap();
    }
}
