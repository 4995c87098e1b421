//! The network task: one stream of tickets, resumed by revision, and the calls that the screens ask for. Knows no
//! model: it speaks through the inbox.

mod calls;
mod change;
mod files;
mod lists;
mod names;
mod paths;
mod peer;
mod presence;
mod watch;

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use opora_proto::client::Desk;
use opora_proto::error::{ErrorReason, Fault};
use tokio::sync::{mpsc, watch as newest};
use tonic::{Code, Status};

use crate::msg::{Call, Msg, Net, Trouble};
use crate::presence::Place;
use names::Names;

pub(crate) use names::Names as Directory;
pub(crate) use watch::OPEN;

/// How many calls are on their way at once; more wait.
const CALLS: usize = 16;

/// Runs until the screen is gone: its end of `calls` is dropped.
pub(crate) async fn run(desk: Desk, server: String, mut calls: mpsc::Receiver<Call>, inbox: mpsc::Sender<Msg>) {
    let names = Arc::new(Names::default());
    let watch = watch::run(&desk, &server, &names, &inbox);
    let (place, places) = newest::channel(Place::default());
    let presence = presence::run(&desk, places, &inbox);
    let answer = async {
        let mut running = FuturesUnordered::new();
        loop {
            tokio::select! {
                call = calls.recv(), if running.len() < CALLS => match call {
                    // Only the newest place matters.
                    Some(Call::Presence(now)) => drop(place.send_replace(now)),
                    Some(call) => running.push(calls::answer(&desk, &names, &inbox, call)),
                    None => return,
                },
                Some(net) = running.next() => {
                    let net: Net = net;
                    if inbox.send(Msg::Net(net)).await.is_err() {
                        return;
                    }
                }
            }
        }
    };
    tokio::select! {
        () = watch => {}
        () = presence => {}
        () = answer => {}
    }
}

/// Whether something answered that is no desk: another protocol, or another service.
pub(crate) fn is_foreign(status: &Status) -> bool {
    let no_grpc = ["h2 protocol error", "http2 error", "grpc-status header missing"];
    let fault = Fault::from(status);
    fault.reason.is_none()
        && (fault.code == Code::Unimplemented || no_grpc.iter().any(|words| status.message().contains(words)))
}

/// Whether it is not known what became of a request: the server was not reached, or its answer was lost. The same
/// request with the same id tells.
fn is_unknown(fault: &Fault) -> bool {
    let lost =
        [Code::Unavailable, Code::Unknown, Code::Internal, Code::Cancelled, Code::DeadlineExceeded, Code::Aborted];
    match fault.reason {
        None => lost.contains(&fault.code),
        Some(reason) => {
            let passing = [ErrorReason::NotServing, ErrorReason::Overloaded, ErrorReason::DeadlineExceeded];
            passing.contains(&reason) || fault.is_passing()
        }
    }
}

impl From<&Status> for Trouble {
    fn from(status: &Status) -> Self {
        let fault = Fault::from(status);
        Self {
            unreachable: is_unknown(&fault),
            technical: format!("{:?}: {}", status.code(), status.message()),
            reason: fault.reason,
            message: crate::text::numbered(&fault.message),
            metadata: fault.metadata,
        }
    }
}
