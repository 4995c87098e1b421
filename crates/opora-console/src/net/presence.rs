//! The stream of presence: one, under a session of its own, tried again with back-off. Says where this console is
//! whenever that changes and after each new stream. Never polls; a server without it is lived without.

use std::time::Duration;

use opora_proto::client::{Desk, request_id};
use opora_proto::name::TicketName;
use opora_proto::v1;
use rand::Rng as _;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tonic::{Code, Status};

use super::watch::wait;
use crate::msg::{Msg, Net};
use crate::presence::{Here, Place, Told};

/// A stream that says nothing for so long is dead: the server speaks every 10 s.
const SILENCE: Duration = Duration::from_secs(40);

/// Watches until the inbox is gone; for good only where the server does not know presence.
pub(super) async fn run(desk: &Desk, mut place: watch::Receiver<Place>, inbox: &mpsc::Sender<Msg>) {
    let session = request_id();
    let mut failures = 0;
    loop {
        let status = match stream(desk, &session, &mut place, inbox, &mut failures).await {
            Ok(()) => return,
            Err(status) => status,
        };
        tracing::info!(code = ?status.code(), message = status.message(), "the stream of presence ended");
        if inbox.send(Msg::Net(Net::Presence(Told::Nothing))).await.is_err() {
            return;
        }
        if status.code() == Code::Unimplemented {
            if inbox.send(Msg::Net(Net::Lacks("presence"))).await.is_err() {
                return;
            }
            return std::future::pending().await;
        }
        let wait = wait(failures, rand::rng().random());
        failures = failures.saturating_add(1);
        sleep(wait).await;
    }
}

/// One stream, until it fails (the status) or the inbox is gone.
async fn stream(
    desk: &Desk,
    session: &str,
    place: &mut watch::Receiver<Place>,
    inbox: &mpsc::Sender<Msg>,
    failures: &mut u32,
) -> Result<(), Status> {
    let request = v1::WatchPresenceRequest { session_id: session.to_owned() };
    let mut service = desk.without_deadline().presence();
    let mut stream = desk.unless_silent(service.watch_presence(request)).await?.into_inner();
    place.mark_changed();
    loop {
        tokio::select! {
            message = timeout(SILENCE, stream.message()) => {
                let message = match message {
                    Ok(message) => message?.ok_or_else(|| Status::unavailable("the server ended the stream"))?,
                    Err(_) => return Err(Status::unavailable("the server has said nothing of presence for 40 s")),
                };
                *failures = 0;
                if let Some(told) = told(message)
                    && inbox.send(Msg::Net(Net::Presence(told))).await.is_err()
                {
                    return Ok(());
                }
            }
            changed = place.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                let now = *place.borrow_and_update();
                desk.presence().set_presence(request_of(session, now)).await?;
            }
        }
    }
}

fn request_of(session: &str, place: Place) -> v1::SetPresenceRequest {
    v1::SetPresenceRequest {
        session_id: session.to_owned(),
        ticket: place.number.map(|number| format!("tickets/{number}")).unwrap_or_default(),
        activity: place.activity.into(),
    }
}

/// What a message tells; `None`: only that the stream lives.
fn told(message: v1::WatchPresenceResponse) -> Option<Told> {
    let here = message.presences.into_iter().map(|presence| Here {
        activity: presence.activity(),
        who: presence.actor.rsplit('/').next().unwrap_or_default().to_owned(),
        number: match presence.ticket.parse() {
            Ok(TicketName::Number(number)) => Some(number),
            _ => None,
        },
        session: presence.session_id,
    });
    let here: Vec<Here> = here.collect();
    if message.everybody {
        return Some(Told::Everybody(here));
    }
    let quiet = here.is_empty() && message.gone_session_ids.is_empty();
    (!quiet).then_some(Told::Moved(here, message.gone_session_ids))
}
