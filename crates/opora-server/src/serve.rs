//! A whole server: store, desk, services, address; from starting to a stop that loses nothing.
//!
//! Prints nothing: the binary is told the address and says it.

use std::net::SocketAddr;
use std::sync::Arc;

use opora_core::model::Revision;
use opora_proto::v1::admin_service_server::AdminServiceServer;
use opora_proto::v1::attachment_service_server::AttachmentServiceServer;
use opora_proto::v1::directory_service_server::DirectoryServiceServer;
use opora_proto::v1::presence_service_server::PresenceServiceServer;
use opora_proto::v1::report_service_server::ReportServiceServer;
use opora_proto::v1::sla_service_server::SlaServiceServer;
use opora_store::{Blobs, Damage, ReadError};
use quick_cache::sync::Cache;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::ServingStatus;

use crate::config::Config;
use crate::desk::{Desk, DeskOptions};
use crate::engine::SystemClock;
use crate::files::House;
use crate::front::Front;
use crate::method;
use crate::presence::Presences;
use crate::secret;
use crate::serve_error::ServeError;
use crate::service::{FILTERS, Parts, Service, TicketServiceServer, Tokens};
use crate::warnings::{Topic, Warning};

/// A server inside this process.
pub struct Running {
    front: Front,
    desk: Desk,
    config: Config,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("address", &self.address()).finish_non_exhaustive()
    }
}

impl Running {
    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.front.address
    }

    /// Ends only when the server can't go on by itself; then [`Running::stop`] it.
    pub async fn failed(&mut self) -> ServeError {
        let failure = tokio::select! {
            why = self.desk.fatal() => ServeError::Failed(why),
            error = self.front.ended() => error,
        };
        self.front.set_health(ServingStatus::NotServing).await;
        failure
    }

    /// Stops it: health says so, streams end, calls under way are answered for as long as `drain_timeout` allows, the
    /// store is closed.
    ///
    /// # Errors
    /// [`ServeError::Store`], when the store did not close well.
    pub async fn stop(self) -> Result<(), ServeError> {
        self.stop_unless(std::future::pending()).await
    }

    /// The same, but calls under way are waited for only until `hurry` ends.
    ///
    /// # Errors
    /// [`ServeError::Store`], when the store did not close well.
    pub async fn stop_unless(mut self, hurry: impl Future<Output = ()>) -> Result<(), ServeError> {
        self.front.set_health(ServingStatus::NotServing).await;
        self.front.stopping.cancel();
        let closed = self.desk.stop().await;
        self.front.drain(self.config.drain_timeout, hurry).await;
        closed.map_err(|error| ServeError::Store(error.to_string()))
    }
}

/// Starts a server and answers when the desk does. The address is listened on from the first moment: health says
/// NOT_SERVING, and calls are told so, while the store is being opened. Needs a tokio runtime with more than one thread.
///
/// Dropped before it answers, it listens no longer; what is being opened is left as the end of a process leaves it.
///
/// # Errors
/// [`ServeError`].
pub async fn start(config: Config) -> Result<Running, ServeError> {
    crate::descriptors::raise();
    let front = Front::listen(&config).await?;
    tracing::info!(address = %front.address, data = %config.data.display(), "opening the store");
    let opening = config.clone();
    let opened = tokio::task::spawn_blocking(move || open(&opening)).await;
    let (desk, files, connected) = opened.map_err(|error| ServeError::Bug(format!("opening the store: {error}")))??;
    // Where the log can't be read whole, nobody knows what it refers to.
    let house = desk.damage().is_none().then(|| House {
        desk: desk.clone(),
        files: files.clone(),
        rules: config.files.clone(),
        is_copy: config.start.accept_restored,
        stopping: front.stopping.clone(),
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
        stopping: front.stopping.clone(),
        warnings: config.warnings.clone(),
        desk: desk.clone(),
        files,
    });
    macro_rules! limited {
        ($server:ident) => {
            $server::new(service.clone())
                .max_decoding_message_size(method::request_bytes(<$server<Service> as NamedService>::NAME))
        };
    }
    let services = Routes::new(limited!(TicketServiceServer))
        .add_service(limited!(SlaServiceServer))
        .add_service(limited!(AttachmentServiceServer))
        .add_service(limited!(DirectoryServiceServer))
        .add_service(limited!(PresenceServiceServer))
        .add_service(limited!(ReportServiceServer))
        .add_service(limited!(AdminServiceServer));
    let damage = desk.damage();
    let read_only = damage.as_ref().map(|d| Warning::ReadOnly { revisions: d.revisions, tickets: d.tickets });
    let restored = config.start.accept_restored.then_some(Warning::Restored);
    config.warnings.set(Topic::Data, read_only.into_iter().chain(restored).collect());
    front.open(services, connected);
    match damage {
        None => front.set_health(ServingStatus::Serving).await,
        // It answers, and nobody is to be sent here by a load balancer.
        Some(damage) => tracing::error!(
            revisions = damage.revisions,
            first = damage.first.map_or(0, |first| first.0),
            "health stays NOT_SERVING: the data directory is damaged and served to be read only (--degraded)"
        ),
    }
    tracing::info!(address = %front.address, data = %config.data.display(), "listening");
    if let Some(house) = house {
        house.keep();
    }
    Ok(Running { front, desk, config })
}

/// What whoever starts a server has to be told.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The data directory is damaged and only read.
    pub damage: Option<Damage>,
    /// The directory was put to use as a copy; the revision at which it goes on.
    pub accepted: Option<Revision>,
}

/// Runs a server until SIGTERM or SIGINT; `listening` is told the address once it answers (the binary prints
/// `listening on http://ADDRESS`). One that comes while the store is being opened ends it at once, and `listening` is
/// never told. A second one no longer waits for calls under way, a third one for nothing.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(config: Config, listening: impl FnOnce(SocketAddr, &Opened) + Send) -> Result<(), ServeError> {
    // Before anything is opened: a signal that comes early is not lost, and does not tear the start.
    let mut signals = Signals::take()?;
    let _ignored = ignore_others()?;
    let accepted = config.start.accept_restored;
    let mut running = tokio::select! {
        biased;
        () = signals.stop() => {
            tracing::info!("stopping before the store is open");
            return Ok(());
        }
        started = start(config) => started?,
    };
    let opened = Opened { damage: running.desk.damage(), accepted: accepted.then(|| running.desk.position().newest) };
    listening(running.address(), &opened);
    let failure = tokio::select! {
        () = signals.stop() => None,
        failure = running.failed() => Some(failure),
    };
    match &failure {
        None => tracing::info!("stopping"),
        Some(failure) => tracing::error!(%failure, "stopping"),
    }
    let hurry = CancellationToken::new();
    let asked_again = async {
        signals.stop().await;
        hurry.cancel();
        signals.stop().await;
    };
    let stopped = tokio::select! {
        stopped = running.stop_unless(hurry.clone().cancelled_owned()) => stopped,
        () = asked_again => {
            tracing::warn!("asked to stop a third time: the store is left as the end of a process leaves it");
            Ok(())
        }
    };
    // What failed first is what is told.
    failure.map_or(stopped, Err)
}

/// Listens for a signal from now on.
fn hear(kind: SignalKind) -> Result<Signal, ServeError> {
    signal(kind).map_err(|error| ServeError::Bug(format!("signals: {error}")))
}

/// The signals that ask a server to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn take() -> Result<Self, ServeError> {
        Ok(Self { terminate: hear(SignalKind::terminate())?, interrupt: hear(SignalKind::interrupt())? })
    }

    /// Ends with the next of them.
    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Signals by which tools ask other servers to read their settings again or to reopen their log, and which end a process
/// that does not take them: told in the log, for as long as the value lives.
fn ignore_others() -> Result<AbortOnDropHandle<()>, ServeError> {
    let mut hangup = hear(SignalKind::hangup())?;
    let mut first = hear(SignalKind::user_defined1())?;
    let mut second = hear(SignalKind::user_defined2())?;
    let ignoring = async move {
        loop {
            let name = tokio::select! {
                _ = hangup.recv() => "SIGHUP",
                _ = first.recv() => "SIGUSR1",
                _ = second.recv() => "SIGUSR2",
            };
            tracing::info!(name, "a signal was ignored: settings are read at the start");
        }
    };
    Ok(AbortOnDropHandle::new(TaskTracker::new().spawn(ignoring)))
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
