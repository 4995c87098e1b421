//! What callers meet from the first moment: the address, the transport with its layers, health and reflection. The desk
//! comes behind it once it is open; until then calls of the contract are told that it is not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Response;
use opora_proto::FILE_DESCRIPTOR_SET;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tonic::body::Body;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::util::MapResponseLayer;

use crate::config::Config;
use crate::layers::{
    AccessLayer, CallLayer, DeadlineLayer, FormLayer, Limits, PlacesLayer, TransfersLayer, UnderWayLayer, catching,
    connections,
};
use crate::method;
use crate::serve_error::ServeError;
use crate::service::{Opening, Services};

/// Streams and calls of one connection.
const STREAMS: u32 = 128;
/// The most bytes of a call's headers. Each call counts for as many.
const HEADERS: u32 = 16 * 1024;
/// How many calls of a connection may be reset before they were looked at: more is an attack (the library's own value).
const RESETS: usize = 20;
/// How many mistakes of a connection are answered by resetting a stream before the connection is closed.
const ERRORS: usize = 256;
/// How long the last bytes of answers may take to the network once all calls are answered.
const FAREWELL: Duration = Duration::from_millis(300);
/// How many connections the system keeps until they are accepted.
const WAITING: u32 = 1024;

/// The transport, on its address.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    /// Ends streams and what is waited for of callers.
    pub(crate) stopping: CancellationToken,
    health: HealthReporter,
    limits: Arc<Limits>,
    opening: Opening,
    /// The calls under way.
    calls: TaskTracker,
    transport: AbortOnDropHandle<Result<(), tonic::transport::Error>>,
}

impl Front {
    /// Listens, and answers health with NOT_SERVING. Nothing is made on the disk before it.
    pub(crate) async fn listen(config: &Config) -> Result<Self, ServeError> {
        let unbound = |cause| ServeError::Bind { address: config.listen, cause };
        let (address, listener) = bound(config.listen).map_err(unbound)?;
        let (health, health_service) = tonic_health::server::health_reporter();
        set(&health, ServingStatus::NotServing).await;
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .build_v1()
            .map_err(|error| ServeError::Bug(format!("reflection: {error}")))?;
        let limits = Arc::new(Limits::new(config.bounds.clone(), crate::descriptors::at_first(&config.bounds)));
        let stopping = limits.stopping.clone();
        let under_way = UnderWayLayer::default();
        let calls = under_way.calls();
        let opening = Opening::default();
        let services = Services::new(opening.clone(), Routes::new(health_service).add_service(reflection));
        let incoming = connections(listener, limits.clone());
        let transport = http2()
            .layer(CallLayer)
            .layer(AccessLayer)
            .layer(under_way)
            .layer(FormLayer)
            .layer(DeadlineLayer)
            .layer(MapResponseLayer::new(|response: Response<_>| response.map(Body::new)))
            .layer(catching())
            .layer(TransfersLayer::new(&limits))
            .layer(PlacesLayer::new(&limits))
            .serve_with_incoming_shutdown(services, incoming, stopping.clone().cancelled_owned());
        // Ended with this value; `ended` finds out when it ends by itself.
        let transport = AbortOnDropHandle::new(TaskTracker::new().spawn(transport));
        Ok(Self { address, stopping, health, limits, opening, calls, transport })
    }

    /// From now on calls are answered by these services, over as many connections as the system leaves.
    pub(crate) fn open(&self, services: Routes, connections: usize) {
        self.limits.connections.set_max(connections as u64);
        self.opening.open(services);
    }

    /// Says whether the server, and each service of it, serves.
    pub(crate) async fn set_health(&self, status: ServingStatus) {
        set(&self.health, status).await;
    }

    /// Ends when the transport ended by itself.
    pub(crate) async fn ended(&mut self) -> ServeError {
        ServeError::Bug(match (&mut self.transport).await {
            Ok(Ok(())) => "the transport ended by itself".into(),
            Ok(Err(error)) => format!("the transport ended: {error}"),
            Err(error) => format!("the transport ended: {error}"),
        })
    }

    /// Waits for the calls under way until `time` is over or `hurry` ends, but not for connections on which nothing is: a
    /// stream that is never read, or a caller that never answers the transport's farewell, would hold this up for ever.
    pub(crate) async fn drain(&mut self, time: Duration, hurry: impl Future<Output = ()>) {
        if self.transport.is_finished() {
            return;
        }
        self.calls.close();
        let (calls, transport) = (&self.calls, &mut self.transport);
        let farewell = async {
            calls.wait().await;
            tokio::time::sleep(FAREWELL).await;
        };
        tokio::select! {
            _ = transport => {}
            () = farewell => self.transport.abort(),
            () = hurry => {
                tracing::warn!(calls = self.calls.len(), "asked to stop once more: calls under way were cut off");
                self.transport.abort();
            }
            () = tokio::time::sleep(time) => {
                tracing::warn!(timeout = ?time, calls = self.calls.len(), "calls under way were cut off");
                self.transport.abort();
            }
        }
    }
}

async fn set(health: &HealthReporter, status: ServingStatus) {
    // The empty name is that of the server as a whole.
    for service in std::iter::once("").chain(method::services()) {
        health.set_service_status(service, status).await;
    }
}

/// Listens on an address; refused where somebody else does.
fn bound(address: SocketAddr) -> std::io::Result<(SocketAddr, TcpListener)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A desk that starts again does not wait for the connections of the one before to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(WAITING)?;
    Ok((listener.local_addr()?, listener))
}

/// The transport, with the bounds that are its own.
fn http2() -> tonic::transport::Server {
    tonic::transport::Server::builder()
        .max_concurrent_streams(STREAMS)
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(20)))
        .http2_max_header_list_size(HEADERS)
        .http2_max_pending_accept_reset_streams(Some(RESETS))
        .http2_max_local_error_reset_streams(Some(ERRORS))
}
