//! The client: connects, says who calls and in which language, sets deadlines, and retries what is safe to retry.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_health::pb::health_client::HealthClient;

use crate::error::{ErrorReason, Fault};
use crate::v1::admin_service_client::AdminServiceClient;
use crate::v1::attachment_service_client::AttachmentServiceClient;
use crate::v1::directory_service_client::DirectoryServiceClient;
use crate::v1::presence_service_client::PresenceServiceClient;
use crate::v1::report_service_client::ReportServiceClient;
use crate::v1::sla_service_client::SlaServiceClient;
use crate::v1::ticket_service_client::TicketServiceClient;

/// The metadata key that names the caller until sign-in exists.
pub const ACTOR_KEY: &str = "opora-actor";
/// The largest message that the client takes: what any gRPC client takes unless told otherwise. A desk sends half as much.
pub const MAX_MESSAGE: usize = 4 * 1024 * 1024;

/// A channel that says who calls.
pub type Stamped = InterceptedService<Channel, Stamp>;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is not one.
    #[error("`{address}` is not the address of a server, such as http://127.0.0.1:7420: {cause}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        cause: tonic::transport::Error,
    },
    /// The actor or the language can't be sent.
    #[error("`{0}` can't be sent as metadata")]
    Metadata(String),
}

/// Who calls, and how.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The server, `http://127.0.0.1:7420`; the scheme may be left out.
    pub server: String,
    /// The caller, `agents/olga`.
    pub actor: Option<String>,
    /// The language of messages, `ru` or `en`.
    pub language: Option<String>,
    /// How long a try of a read may take, and all tries of a change together. `None`: as long as it takes.
    pub deadline: Option<Duration>,
    /// How long nothing may come of a call that takes as long as it needs: a file on its way, a watch.
    pub silence: Duration,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How many times a call is tried again.
    pub retries: usize,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            server: "http://127.0.0.1:7420".into(),
            actor: None,
            language: None,
            deadline: Some(Duration::from_secs(20)),
            silence: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(5),
            retries: 4,
        }
    }
}

/// Puts actor, language and deadline on every request.
#[derive(Clone, Debug, Default)]
pub struct Stamp {
    actor: Option<MetadataValue<Ascii>>,
    language: Option<MetadataValue<Ascii>>,
    deadline: Option<Duration>,
}

impl Interceptor for Stamp {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(actor) = &self.actor {
            request.metadata_mut().insert(ACTOR_KEY, actor.clone());
        }
        if let Some(language) = &self.language {
            request.metadata_mut().insert("accept-language", language.clone());
        }
        if let Some(deadline) = self.deadline {
            request.set_timeout(deadline);
        }
        Ok(request)
    }
}

/// A connection to a desk. Cheap to clone; connects when first used and again whenever it was cut.
#[derive(Clone, Debug)]
pub struct Desk {
    channel: Channel,
    endpoint: Endpoint,
    stamp: Stamp,
    silence: Duration,
    retries: usize,
}

macro_rules! service {
    ($(#[$doc:meta])* $name:ident, $client:ident) => {
        $(#[$doc])*
        pub fn $name(&self) -> $client<Stamped> {
            $client::with_interceptor(self.channel.clone(), self.stamp.clone()).max_decoding_message_size(MAX_MESSAGE)
        }
    };
}

impl Desk {
    /// A client of the server in `options`; nothing is sent yet. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`ConnectError`], when the address or the metadata can't be one.
    pub fn new(options: &ClientOptions) -> Result<Self, ConnectError> {
        let address =
            if options.server.contains("://") { options.server.clone() } else { format!("http://{}", options.server) };
        let endpoint = Endpoint::from_shared(address)
            .map_err(|cause| ConnectError::Address { address: options.server.clone(), cause })?
            .connect_timeout(options.connect_timeout)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(10));
        let stamp = Stamp {
            actor: metadata(options.actor.as_deref())?,
            language: metadata(options.language.as_deref())?,
            deadline: options.deadline,
        };
        let (silence, retries) = (options.silence, options.retries);
        Ok(Self { channel: endpoint.connect_lazy(), endpoint, stamp, silence, retries })
    }

    /// The same over a connection of its own: on the one that there is nothing may come any more.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self { channel: self.endpoint.connect_lazy(), ..self.clone() }
    }

    /// The same connection for streams that have no end, such as a watch: no deadline. Waiting for what they give is
    /// bounded by [`Desk::unless_silent`].
    #[must_use]
    pub fn without_deadline(&self) -> Self {
        Self { stamp: Stamp { deadline: None, ..self.stamp.clone() }, ..self.clone() }
    }

    /// The same with another bound on silence.
    #[must_use]
    pub fn with_silence(&self, silence: Duration) -> Self {
        Self { silence, ..self.clone() }
    }

    /// How long nothing may come of a call without a deadline.
    pub const fn silence(&self) -> Duration {
        self.silence
    }

    /// Waits for the next that comes of a call without a deadline. A connection on which nothing comes any more is not
    /// always a broken one: what stands in between may keep it alive.
    ///
    /// # Errors
    /// The status that came; `DEADLINE_EXCEEDED`, of which [`is_late`] is true, when nothing came.
    pub async fn unless_silent<T>(&self, next: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
        tokio::time::timeout(self.silence, next).await.unwrap_or_else(|_| Err(silent()))
    }

    service!(
        /// Tickets.
        tickets, TicketServiceClient
    );
    service!(
        /// Clocks and policies.
        sla, SlaServiceClient
    );
    service!(
        /// Files.
        attachments, AttachmentServiceClient
    );
    service!(
        /// Organisations, contacts, agents, saved views and snippets.
        directory, DirectoryServiceClient
    );
    service!(
        /// Who is at which ticket.
        presence, PresenceServiceClient
    );
    service!(
        /// Counts.
        reports, ReportServiceClient
    );
    service!(
        /// Running the desk.
        admin, AdminServiceClient
    );

    /// How the server does, by the standard protocol `grpc.health.v1`.
    pub fn health(&self) -> HealthClient<Stamped> {
        HealthClient::with_interceptor(self.channel.clone(), self.stamp.clone())
    }

    /// The same with so much time for a call.
    fn within(self, deadline: Option<Duration>) -> Self {
        Self { stamp: Stamp { deadline, ..self.stamp }, ..self }
    }

    /// Calls, and calls again with jitter while the error is a passing one ([`Fault::is_passing`]) or the connection
    /// broke. For reads: of a change use [`Desk::change`].
    ///
    /// # Errors
    /// The last status, when the tries are used up or the error is not a passing one.
    pub async fn call<T, F, Fut>(&self, mut call: F) -> Result<T, Status>
    where
        F: FnMut(Self) -> Fut,
        Fut: Future<Output = Result<tonic::Response<T>, Status>>,
    {
        let response = (|| in_time(self.stamp.deadline, Box::pin(call(self.clone()))))
            .retry(self.backoff())
            .when(|status: &Status| !is_late(status) && (is_lost(status) || Fault::from(status).is_passing()))
            .adjust(pause)
            .await?;
        Ok(response.into_inner())
    }

    /// The same for a change, which is asked for again also, once, where no answer came; all within the time that a call
    /// may take. Its error says whether it may have been made all the same.
    ///
    /// Every try has to send the same `request_id`: it must be made before, outside of `call`.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn change<T, F, Fut>(&self, mut call: F) -> Result<T, Unanswered>
    where
        F: FnMut(Self) -> Fut,
        Fut: Future<Output = Result<tonic::Response<T>, Status>>,
    {
        let begun = tokio::time::Instant::now();
        let left = || self.stamp.deadline.map(|time| time.saturating_sub(begun.elapsed()));
        let (mut was_lost, late) = (false, AtomicBool::new(false));
        // Half of the time that is left is kept for asking again. A connection on which no answer came may be dead, which
        // is found out much later: the last try has one of its own.
        let desk = || {
            if late.load(Ordering::Relaxed) {
                return self.anew().within(left());
            }
            self.clone().within(left().map(|left| left / 2))
        };
        let mut try_once = |desk: Self| in_time(desk.stamp.deadline, Box::pin(call(desk)));
        let response = (|| try_once(desk()))
            .retry(self.backoff())
            .when(|status: &Status| {
                was_lost |= is_lost(status);
                let too_late = is_late(status) && late.swap(true, Ordering::Relaxed);
                !too_late && (is_lost(status) || Fault::from(status).is_passing())
            })
            .adjust(|status, delay| {
                let pause = pause(status, delay)?;
                left().is_none_or(|left| pause < left).then_some(pause)
            })
            .await;
        match response {
            Ok(response) => Ok(response.into_inner()),
            Err(status) => {
                let is_open = is_unsent(&status) || !has_looked(&Fault::from(&status));
                Err(Unanswered { may_be_made: is_lost(&status) || was_lost && is_open, status })
            }
        }
    }

    fn backoff(&self) -> ExponentialBuilder {
        ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(50))
            .with_max_delay(Duration::from_secs(2))
            .with_max_times(self.retries)
            .with_jitter()
    }
}

/// An answer that came whole within a time: the transport bounds only when it begins.
async fn in_time<T>(
    time: Option<Duration>,
    answer: impl Future<Output = Result<tonic::Response<T>, Status>>,
) -> Result<tonic::Response<T>, Status> {
    match time {
        Some(time) => tokio::time::timeout(time, answer).await.unwrap_or_else(|_| Err(silent())),
        None => answer.await,
    }
}

/// How long to wait before the next try: at least what the server says.
fn pause(status: &Status, delay: Option<Duration>) -> Option<Duration> {
    delay.map(|delay| delay.max(Fault::from(status).retry_after.unwrap_or_default()))
}

/// A change that was not answered with what it asked for.
#[derive(Debug)]
pub struct Unanswered {
    /// What the last try came to.
    pub status: Status,
    /// A request went out and its answer was lost: the change may have been made. The same request with the same
    /// `request_id` makes it at most once.
    pub may_be_made: bool,
}

/// Whether a desk that refuses has looked first whether it made the change of this id: it does before it decides, and not
/// where it can't decide or write anything.
fn has_looked(fault: &Fault) -> bool {
    let can_do_nothing = matches!(
        fault.reason,
        Some(
            ErrorReason::DiskFull
                | ErrorReason::ReadOnly
                | ErrorReason::StoreFailed
                | ErrorReason::Internal
                | ErrorReason::DataCorrupt
        )
    );
    !fault.is_passing() && !can_do_nothing
}

/// What a call has come to of which nothing came for too long.
pub(crate) fn silent() -> Status {
    Status::deadline_exceeded("nothing came any more")
}

/// Whether no answer came in time.
pub fn is_late(status: &Status) -> bool {
    // By the caller's own clock, tonic says either.
    let late = status.code() == Code::DeadlineExceeded || status.code() == Code::Cancelled;
    late && Fault::from(status).reason.is_none_or(|reason| reason == ErrorReason::DeadlineExceeded)
}

/// Whether a request went out and it is not known what came of it.
pub fn is_lost(status: &Status) -> bool {
    let cut = matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Internal);
    is_late(status) || cut && Fault::from(status).reason.is_none() && !is_unsent(status)
}

/// Whether there was no connection on which to send.
pub fn is_unsent(status: &Status) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(status);
    // A chain of causes is short; the bound guards against one that runs in a circle.
    for _ in 0..16 {
        let Some(now) = cause else { return false };
        if now.is::<tonic::ConnectError>() {
            return true;
        }
        cause = now.source();
    }
    false
}

fn metadata(value: Option<&str>) -> Result<Option<MetadataValue<Ascii>>, ConnectError> {
    value.map(|text| text.parse().map_err(|_| ConnectError::Metadata(text.to_owned()))).transpose()
}

/// A new request id: a random UUID, to be kept across the tries of one request.
pub fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
