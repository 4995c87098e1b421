//! `PresenceService`: who has which ticket open, for as long as they watch.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use futures::{Stream, StreamExt as _, stream};
use opora_core::model::TicketNumber;
use opora_proto::v1;
use opora_proto::v1::presence_service_server::PresenceService;
use prost::Message as _;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::Service;
use super::call::answer;
use crate::call::Call;
use crate::convert::{self, ticket_ref};
use crate::engine::TicketRef;
use crate::errors::{Outcome, Problem, Violations};
use crate::layers::AGAIN;
use crate::presence::{Activity, Presence, Refusal, Shown, Stay};
use crate::size;

/// How long a stream says nothing at most.
const QUIET: Duration = Duration::from_secs(10);

type Messages = Pin<Box<dyn Stream<Item = Result<v1::WatchPresenceResponse, Status>> + Send>>;

#[tonic::async_trait]
impl PresenceService for Service {
    type WatchPresenceStream = Messages;

    async fn watch_presence(&self, request: Request<v1::WatchPresenceRequest>) -> Result<Response<Messages>, Status> {
        answer!(request, |call, message| std::future::ready(self.present(&call, &message)))
    }

    async fn set_presence(
        &self,
        request: Request<v1::SetPresenceRequest>,
    ) -> Result<Response<v1::SetPresenceResponse>, Status> {
        answer!(request, |call, message| std::future::ready(self.set(&call, &message)))
    }
}

fn session(text: &str, wrong: &mut Violations) -> Option<Uuid> {
    let session = Uuid::try_parse(text).ok();
    if session.is_none() {
        wrong.add("session_id", "is not a UUID");
    }
    session
}

fn activity(number: i32, wrong: &mut Violations) -> Activity {
    match v1::PresenceActivity::try_from(number) {
        Ok(v1::PresenceActivity::Unspecified | v1::PresenceActivity::Viewing) => Activity::Viewing,
        Ok(v1::PresenceActivity::WritingPublic) => Activity::WritingPublic,
        Ok(v1::PresenceActivity::WritingInternal) => Activity::WritingInternal,
        Err(_) => {
            wrong.add("activity", format!("{number} is not a value of this field"));
            Activity::Viewing
        }
    }
}

fn on_wire(presence: &Presence) -> v1::Presence {
    let activity = match presence.activity {
        Activity::Viewing => v1::PresenceActivity::Viewing,
        Activity::WritingPublic => v1::PresenceActivity::WritingPublic,
        Activity::WritingInternal => v1::PresenceActivity::WritingInternal,
    };
    v1::Presence {
        session_id: presence.session.to_string(),
        actor: presence.actor.to_string(),
        ticket: presence.ticket.map(|number| number.to_string()).unwrap_or_default(),
        activity: activity.into(),
        since_time: Some(convert::timestamp(presence.since)),
    }
}

/// What is shown, in one message. Everybody may be more than go into one: those in the following ones are there as well,
/// like all who come later.
fn in_messages(shown: Shown) -> VecDeque<v1::WatchPresenceResponse> {
    match shown {
        Shown::All(all) => {
            let parts = size::messages(all.iter().map(on_wire).collect(), v1::Presence::encoded_len);
            let part =
                |(n, presences)| v1::WatchPresenceResponse { presences, everybody: n == 0, ..Default::default() };
            parts.into_iter().enumerate().map(part).collect()
        }
        Shown::Here(presence) => {
            [v1::WatchPresenceResponse { presences: vec![on_wire(&presence)], ..Default::default() }].into()
        }
        Shown::Gone(session) => {
            [v1::WatchPresenceResponse { gone_session_ids: vec![session.to_string()], ..Default::default() }].into()
        }
    }
}

/// What a stream shows, and now and then that it lives.
fn messages(stay: Stay) -> impl Stream<Item = v1::WatchPresenceResponse> + Send {
    stream::unfold((stay, VecDeque::new()), |(stay, mut rest)| async {
        if let Some(message) = rest.pop_front() {
            return Some((message, (stay, rest)));
        }
        let next = std::future::poll_fn(|context| stay.poll_next(context));
        let shown = tokio::time::timeout(QUIET, next).await;
        match shown {
            Ok(None) => None,
            Ok(Some(shown)) => {
                let mut messages = in_messages(shown);
                Some((messages.pop_front().unwrap_or_default(), (stay, messages)))
            }
            Err(_) => Some((v1::WatchPresenceResponse::default(), (stay, rest))),
        }
    })
}

impl Service {
    fn present(&self, call: &Call, wire: &v1::WatchPresenceRequest) -> Outcome<Messages> {
        let mut wrong = Violations::default();
        let session = session(&wire.session_id, &mut wrong);
        let session = wrong.require(session)?;
        if !call.scope.sees_everything() {
            // Who is at which ticket is told of all tickets at once.
            return Err(Problem::not_permitted());
        }
        let stay = self
            .0
            .presences
            .join(session, call.principal.clone(), self.desk().now())
            .or_else(|refusal| self.refused(refusal))?;
        let (stopping, language) = (self.0.stopping.clone(), call.language);
        let end = stream::once(async move { Err(Problem::not_serving().status(language)) });
        let live = messages(stay).map(Ok).take_until(stopping.cancelled_owned());
        // Ended by another stream of the same session, or by the server: who reads on learns that it was cut off.
        Ok(Box::pin(live.chain(end)))
    }

    fn set(&self, call: &Call, wire: &v1::SetPresenceRequest) -> Outcome<v1::SetPresenceResponse> {
        let mut wrong = Violations::default();
        let session = session(&wire.session_id, &mut wrong);
        let activity = activity(wire.activity, &mut wrong);
        let ticket = match wire.ticket.as_str() {
            "" => None,
            name => ticket_ref("ticket", name, &mut wrong),
        };
        let session = wrong.require(session)?;
        let number: Option<TicketNumber> = match ticket {
            Some(TicketRef::Number(number)) => Some(number),
            Some(uid) => Some(self.number(call, uid)?),
            None => None,
        };
        let now = self.desk().now();
        self.0.presences.set(session, number, activity, now).or_else(|refusal| self.refused(refusal))?;
        Ok(v1::SetPresenceResponse {})
    }

    fn refused<T>(&self, refusal: Refusal) -> Outcome<T> {
        Err(match refusal {
            Refusal::TooMany => Problem::limit("max_watches", self.0.max_watches).retry(AGAIN),
            Refusal::NoSession => Problem::no_session(),
        })
    }
}
