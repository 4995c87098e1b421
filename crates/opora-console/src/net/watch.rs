//! The stream of tickets: connected, resumed by revision, tried again with back-off. Never polls.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opora_proto::client::Desk;
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use opora_proto::watch::Following;
use rand::Rng as _;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tonic::{Code, Status};

use super::is_foreign;
use super::names::Names;
use super::peer::speaks_first;
use crate::edge;
use crate::msg::{Agent, Batch, Happened, Msg, Net, ServerInfo};

/// The queue: what is open.
pub(crate) const OPEN: &str = "state = NEW OR state = IN_PROGRESS OR state = WAITING_FOR_CUSTOMER";
/// The first wait after a failure; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(250);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(10);
/// How many tickets are asked for before the set: what the largest screens show.
const HEAD: i32 = 100;
/// A stream that says nothing for so long is dead: bookmarks come every 5 s (docs/contract.md "Requests").
const SILENCE: Duration = Duration::from_secs(20);

/// Who takes a connection and answers nothing for so long is told so.
const MUTE: Duration = Duration::from_secs(4);

/// Where the stream stands.
#[derive(Debug)]
struct Place {
    /// What is asked for next: the current tickets, or what comes after the last revision that was taken whole.
    following: Following,
    /// Failures since the last message.
    failures: u32,
    /// Nothing at all was answered the last time.
    mute: bool,
}

/// Watches until the inbox is gone.
pub(super) async fn run(desk: &Desk, server: &str, names: &Names, inbox: &mpsc::Sender<Msg>) {
    let mut place = Place { following: from_the_start(), failures: 0, mute: false };
    loop {
        let status = match stream(desk, names, inbox, &mut place).await {
            Ok(()) => return,
            Err(status) => status,
        };
        let wait = wait(place.failures, rand::rng().random());
        place.failures = place.failures.saturating_add(1);
        let fault = Fault::from(&status);
        let stale = [ErrorReason::StoreReplaced, ErrorReason::RevisionCompacted, ErrorReason::RevisionInFuture];
        if fault.reason.is_some_and(|reason| stale.contains(&reason)) {
            place.following = from_the_start();
        } else {
            tracing::info!(code = ?status.code(), message = status.message(), "the stream of tickets ended");
            let retry_at = edge::now() + wait.as_millis() as i64;
            let why = if fault.reason.is_some() { fault.message } else { String::new() };
            let foreign =
                place.following.is_receiving() && (is_foreign(&status) || !place.mute && speaks_first(server).await);
            let told = if std::mem::take(&mut place.mute) {
                Net::Mute { retry_at }
            } else {
                Net::Offline { why, retry_at, foreign }
            };
            if inbox.send(Msg::Net(told)).await.is_err() {
                return;
            }
        }
        sleep(wait.max(fault.retry_after.unwrap_or_default().min(LONGEST))).await;
    }
}

/// Full jitter: a random part of a wait that doubles with each failure. `random` is anything.
pub(super) fn wait(failures: u32, random: u64) -> Duration {
    let most = FIRST.saturating_mul(2_u32.saturating_pow(failures.min(16))).min(LONGEST);
    Duration::from_millis(random % (most.as_millis() as u64 + 1))
}

/// The queue from its current tickets on.
fn from_the_start() -> Following {
    Following::new(v1::WatchTicketsRequest {
        filter: OPEN.to_owned(),
        include_current: true,
        view: v1::TicketView::Basic.into(),
        ..Default::default()
    })
}

/// One stream, until it fails (the status) or the inbox is gone.
async fn stream(desk: &Desk, names: &Names, inbox: &mpsc::Sender<Msg>, place: &mut Place) -> Result<(), Status> {
    if place.following.is_receiving() {
        let spoken = AtomicBool::new(false);
        let silence = async {
            sleep(MUTE).await;
            if spoken.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            prepared = prepare(desk, names, inbox, &spoken) => prepared?,
            () = silence => {
                place.mute = true;
                return Err(Status::unavailable("the server took the connection and answered nothing"));
            }
        }
    }
    let mut receiving = place.following.is_receiving();
    let mut begun = false;
    let request = place.following.begin();
    let mut service = desk.without_deadline().tickets();
    let mut stream = desk.unless_silent(service.watch_tickets(request)).await?.into_inner();
    loop {
        let mut message = match timeout(SILENCE, stream.message()).await {
            Ok(message) => message?.ok_or_else(|| Status::unavailable("the server ended the stream"))?,
            Err(_) => return Err(Status::unavailable("the server has said nothing for 20 s")),
        };
        place.failures = 0;
        if receiving && !begun {
            begun = true;
            if inbox.send(Msg::Net(Net::Set)).await.is_err() {
                return Ok(());
            }
        }
        place.following.take(&mut message);
        receiving = place.following.is_receiving();
        let seen = place.following.revision().unwrap_or(message.revision);
        let batch = batch(desk, names, message, seen).await;
        if inbox.send(Msg::Net(Net::Batch(batch))).await.is_err() {
            return Ok(());
        }
    }
}

/// What is to be known before the set: the most urgent rows, customers, agents, the ladder. A server that lacks one of
/// them is worked with all the same. `spoken` is set with the first answer.
async fn prepare(desk: &Desk, names: &Names, inbox: &mpsc::Sender<Msg>, spoken: &AtomicBool) -> Result<(), Status> {
    let any = || spoken.store(true, Ordering::Relaxed);
    let needed = |result: Result<(), Status>| match result {
        Err(status) if status.code() == Code::Unavailable => Err(status),
        _ => Ok(()),
    };
    // There is something to see at once, however many tickets the set has: no more is waited for than most of its
    // customers' names.
    let head = async {
        let request = v1::ListTicketsRequest {
            filter: OPEN.to_owned(),
            page_size: HEAD,
            order_by: "urgency".to_owned(),
            ..Default::default()
        };
        let mut desk_of_tickets = desk.tickets();
        let (page, more) = tokio::join!(desk_of_tickets.list_tickets(request), names.load_first(desk));
        let tickets = page?.into_inner().tickets;
        any();
        names.learn(desk, tickets.iter()).await;
        let rows = tickets.iter().map(|ticket| names.row(ticket)).collect();
        let _ = inbox.send(Msg::Net(Net::Head(rows))).await;
        names.load_more(desk, more?).await
    };
    let agents = async {
        let request = v1::ListAgentsRequest { page_size: 1000, ..Default::default() };
        let agents = desk.directory().list_agents(request).await?.into_inner().agents;
        any();
        let agents = agents.into_iter().filter(|a| !a.archived).map(|agent| Agent {
            id: agent.name.rsplit('/').next().unwrap_or_default().to_owned(),
            display_name: agent.display_name,
        });
        let _ = inbox.send(Msg::Net(Net::Agents(agents.collect()))).await;
        Ok(())
    };
    let ladder = async {
        let asked = edge::now();
        let info = match desk.admin().get_server_info(v1::GetServerInfoRequest {}).await {
            Ok(info) => info.into_inner(),
            // Too old to tell: the version stays empty.
            Err(status) if status.code() == Code::Unimplemented => v1::GetServerInfoResponse::default(),
            Err(status) => return Err(status),
        };
        any();
        let local = asked.midpoint(edge::now());
        let ahead = crate::clock::millis(info.server_time.as_ref()).map_or(0, |theirs| local - theirs);
        let told = ServerInfo { version: info.version, lacks: Vec::new(), ahead };
        let _ = inbox.send(Msg::Net(Net::Server(told))).await;
        let _ = inbox.send(Msg::Net(Net::Ladder(info.ladder))).await;
        Ok(())
    };
    let (head, agents, ladder) = tokio::join!(head, agents, ladder);
    needed(head)?;
    needed(agents)?;
    needed(ladder)
}

/// What a message tells, where everything up to `seen` was told with it.
async fn batch(desk: &Desk, names: &Names, message: v1::WatchTicketsResponse, seen: u64) -> Batch {
    let of_events = message.events.iter().filter_map(|event| event.ticket.as_ref());
    names.learn(desk, message.tickets.iter().chain(of_events)).await;
    let rows = message.tickets.iter().map(|ticket| names.row(ticket)).collect();
    let events = message.events.into_iter().filter_map(|mut event| {
        let ticket = event.ticket.take()?;
        Some(Happened { row: names.row(&ticket), left_view: event.left_view, event, ticket: Box::new(ticket) })
    });
    Batch { revision: seen, rows, events: events.collect(), synced: message.synced }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_wait_doubles_from_a_quarter_of_a_second_to_ten(failures in 0_u32..100, random: u64) {
            let most = Duration::from_millis(250 * 2_u64.pow(failures.min(16))).min(Duration::from_secs(10));
            prop_assert!(wait(failures, random) <= most);
            prop_assert_eq!(wait(failures, most.as_millis() as u64), most);
        }
    }
}
