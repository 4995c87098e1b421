//! A whole server: store, desk, services, address; from starting to a stop that loses nothing.
//!
//! Prints nothing: the binary is told the address and says it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Response;
use opora_core::model::Revision;
use opora_proto::FILE_DESCRIPTOR_SET;
use opora_proto::v1::admin_service_server::AdminServiceServer;
use opora_proto::v1::attachment_service_server::AttachmentServiceServer;
use opora_proto::v1::directory_service_server::DirectoryServiceServer;
use opora_proto::v1::presence_service_server::PresenceServiceServer;
use opora_proto::v1::report_service_server::ReportServiceServer;
use opora_proto::v1::sla_service_server::SlaServiceServer;
use opora_store::{Blobs, Damage, ReadError};
use quick_cache::sync::Cache;
use tokio::net::TcpSocket;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::util::MapResponseLayer;

use crate::config::Config;
use crate::desk::{Desk, DeskOptions};
use crate::engine::SystemClock;
use crate::files::House;
use crate::layers::{
    AccessLayer, CallLayer, DeadlineLayer, FormLayer, Limits, PlacesLayer, TransfersLayer, UnderWayLayer, catching,
    connections,
};
use crate::method;
use crate::presence::Presences;
use crate::secret;
use crate::serve_error::ServeError;
use crate::service::{FILTERS, Parts, Service, TicketServiceServer, Tokens};
use crate::warnings::{Topic, Warning};

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

/// A server inside this process.
pub struct Running {
    address: SocketAddr,
    desk: Desk,
    health: HealthReporter,
    stopping: CancellationToken,
    /// The calls under way.
    calls: TaskTracker,
    transport: JoinHandle<Result<(), tonic::transport::Error>>,
    config: Config,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Running {
    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends only when the server can't go on by itself; then [`Running::stop`] it.
    pub async fn failed(&mut self) -> ServeError {
        let failure = tokio::select! {
            why = self.desk.fatal() => ServeError::Failed(why),
            ended = &mut self.transport => ServeError::Bug(match ended {
                Ok(Ok(())) => "the transport ended by itself".into(),
                Ok(Err(error)) => format!("the transport ended: {error}"),
                Err(error) => format!("the transport ended: {error}"),
            }),
        };
        set_health(&self.health, ServingStatus::NotServing).await;
        failure
    }

    /// Stops it: health says so, streams end, calls under way are answered for as long as `drain_timeout` allows, the
    /// store is closed.
    ///
    /// # Errors
    /// [`ServeError::Store`], when the store did not close well.
    pub async fn stop(mut self) -> Result<(), ServeError> {
        set_health(&self.health, ServingStatus::NotServing).await;
        self.stopping.cancel();
        let closed = self.desk.stop().await;
        self.drain().await;
        closed.map_err(|error| ServeError::Store(error.to_string()))
    }
}

impl Running {
    /// Waits for the calls under way, but not for connections on which nothing is: a stream that is never read, or a
    /// caller that never answers the transport's farewell, would hold this up for ever.
    async fn drain(&mut self) {
        if self.transport.is_finished() {
            return;
        }
        self.calls.close();
        let (calls, transport, drain) = (&self.calls, &mut self.transport, self.config.drain_timeout);
        let farewell = async {
            calls.wait().await;
            tokio::time::sleep(FAREWELL).await;
        };
        tokio::select! {
            _ = transport => {}
            () = farewell => self.transport.abort(),
            () = tokio::time::sleep(drain) => {
                tracing::warn!(timeout = ?drain, calls = self.calls.len(), "calls under way were cut off");
                self.transport.abort();
            }
        }
    }
}

/// Starts a server and answers when it listens. Needs a tokio runtime with more than one thread.
///
/// # Errors
/// [`ServeError`].
pub async fn start(config: Config) -> Result<Running, ServeError> {
    let (reporter, health) = tonic_health::server::health_reporter();
    set_health(&reporter, ServingStatus::NotServing).await;
    crate::descriptors::raise();
    // Before anything is made. Who calls is refused by the system until the desk listens.
    let unbound = |cause| ServeError::Bind { address: config.listen, cause };
    let socket = bound(config.listen).map_err(unbound)?;
    let opening = config.clone();
    let opened = tokio::task::spawn_blocking(move || open(&opening)).await;
    let (desk, files, connected) = opened.map_err(|error| ServeError::Bug(format!("opening the store: {error}")))??;
    let listening = socket.listen(WAITING).and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (address, listener) = match listening {
        Ok(listening) => listening,
        Err(cause) => {
            // Somebody else had bound it and listened first. What was opened is left as a stop leaves it.
            let _ = desk.stop().await;
            return Err(unbound(cause));
        }
    };
    let stopping = CancellationToken::new();
    // Where the log can't be read whole, nobody knows what it refers to.
    let house = desk.damage().is_none().then(|| House {
        desk: desk.clone(),
        files: files.clone(),
        rules: config.files.clone(),
        is_copy: config.start.accept_restored,
        stopping: stopping.clone(),
    });
    if let Some(house) = &house {
        house.start().await;
    }
    // A damaged directory is left as it is.
    let data = desk.damage().is_none().then(|| config.data.clone());
    let secret =
        tokio::task::spawn_blocking(move || data.map_or_else(secret::passing, |data| secret::keep(&data))).await;
    let secret = secret.map_err(|error| ServeError::Bug(format!("reading the secret: {error}")))?;
    let service = Service::new(Parts {
        tokens: Tokens::new(&secret, desk.store_uid()),
        importing_allowed: config.importing_allowed,
        started: desk.now(),
        watches: Arc::new(Semaphore::new(config.max_watches)),
        max_watches: config.max_watches,
        filters: Cache::new(FILTERS),
        presences: Presences::new(config.max_watches),
        stopping: stopping.clone(),
        warnings: config.warnings.clone(),
        desk: desk.clone(),
        files,
    });
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(|error| ServeError::Bug(format!("reflection: {error}")))?;
    macro_rules! limited {
        ($server:ident) => {
            $server::new(service.clone())
                .max_decoding_message_size(method::request_bytes(<$server<Service> as NamedService>::NAME))
        };
    }
    let limits = Arc::new(Limits::new(config.bounds.clone(), connected));
    let under_way = UnderWayLayer::default();
    let calls = under_way.calls();
    let stopped = stopping.clone().cancelled_owned();
    let services = Routes::new(health)
        .add_service(reflection)
        .add_service(limited!(TicketServiceServer))
        .add_service(limited!(SlaServiceServer))
        .add_service(limited!(AttachmentServiceServer))
        .add_service(limited!(DirectoryServiceServer))
        .add_service(limited!(PresenceServiceServer))
        .add_service(limited!(ReportServiceServer))
        .add_service(limited!(AdminServiceServer))
        .prepare();
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
        .serve_with_incoming_shutdown(services, incoming, stopped);
    // Ended by `stop`, which waits for it; `failed` finds out when it ends by itself.
    let tracker = TaskTracker::new();
    let transport = tracker.spawn(transport);
    let damage = desk.damage();
    let read_only = damage.as_ref().map(|d| Warning::ReadOnly { revisions: d.revisions, tickets: d.tickets });
    let restored = config.start.accept_restored.then_some(Warning::Restored);
    config.warnings.set(Topic::Data, read_only.into_iter().chain(restored).collect());
    match damage {
        None => set_health(&reporter, ServingStatus::Serving).await,
        // It answers, and nobody is to be sent here by a load balancer.
        Some(damage) => tracing::error!(
            revisions = damage.revisions,
            first = damage.first.map_or(0, |first| first.0),
            "health stays NOT_SERVING: the data directory is damaged and served to be read only (--degraded)"
        ),
    }
    tracing::info!(%address, data = %config.data.display(), "listening");
    if let Some(house) = house {
        house.keep();
    }
    Ok(Running { address, desk, health: reporter, stopping, calls, transport, config })
}

/// A socket on the address, on which nobody listens yet; refused where somebody else listens.
fn bound(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A desk that starts again does not wait for the connections of the one before to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// What whoever starts a server has to be told.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The data directory is damaged and only read.
    pub damage: Option<Damage>,
    /// The directory was put to use as a copy; the revision at which it goes on.
    pub accepted: Option<Revision>,
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

/// Runs a server until SIGTERM or SIGINT; `listening` is told the address once it answers (the binary prints
/// `listening on http://ADDRESS`).
///
/// # Errors
/// [`ServeError`].
pub async fn serve(config: Config, listening: impl FnOnce(SocketAddr, &Opened) + Send) -> Result<(), ServeError> {
    let bug = |error: std::io::Error| ServeError::Bug(format!("signals: {error}"));
    // Before anything is opened: a signal that comes early is not lost, and does not tear the start.
    let mut terminate = signal(SignalKind::terminate()).map_err(bug)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(bug)?;
    let accepted = config.start.accept_restored;
    let mut running = start(config).await?;
    let opened = Opened { damage: running.desk.damage(), accepted: accepted.then(|| running.desk.position().newest) };
    listening(running.address(), &opened);
    let failure = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        failure = running.failed() => Some(failure),
    };
    match failure {
        None => {
            tracing::info!("stopping");
            running.stop().await
        }
        Some(failure) => {
            tracing::error!(%failure, "stopping");
            // What failed first is what is told.
            let _ = running.stop().await;
            Err(failure)
        }
    }
}

async fn set_health(health: &HealthReporter, status: ServingStatus) {
    // The empty name is that of the server as a whole.
    for service in std::iter::once("").chain(method::services()) {
        health.set_service_status(service, status).await;
    }
}

/// Opens store, desk and files; says how many connections there may be beside them. Blocks.
fn open(config: &Config) -> Result<(Desk, Arc<Blobs>, usize), ServeError> {
    let failed = |error: &dyn std::fmt::Display| ServeError::Store(error.to_string());
    let (store, files) = crate::storage::open(config)?;
    let options = DeskOptions {
        data_dir: config.data.clone(),
        rules: config.rules.clone(),
        clock: Arc::new(SystemClock),
        max_waiting: config.max_waiting,
        search: config.search,
        timers: true,
        watch_patience: config.watch_patience,
        leads: true,
    };
    let desk = Desk::open(store, options).map_err(|error| match error {
        crate::desk::OpenError::Read(ReadError::Corrupt(detail)) => {
            ServeError::Open(opora_store::OpenError::Unreadable { path: config.data.clone(), detail })
        }
        error => failed(&error),
    })?;
    Ok((desk, files, crate::descriptors::connections(&config.bounds)))
}
