//! `PresenceService` over a real server: who has which ticket open, for as long as they watch.

use std::time::{Duration, Instant};

use opora_proto::client::{Desk, request_id};
use opora_proto::error::ErrorReason;
use opora_proto::v1::{self, PresenceActivity as Activity};
use opora_tests::{Server, create, reason, violated};
use rustix::process::Signal;
use tonic::{Code, Status, Streaming};

type Stream = Streaming<v1::WatchPresenceResponse>;

async fn watch(desk: &Desk, session: &str) -> Result<Stream, Status> {
    let request = v1::WatchPresenceRequest { session_id: session.to_owned() };
    Ok(desk.without_deadline().presence().watch_presence(request).await?.into_inner())
}

async fn set(desk: &Desk, session: &str, ticket: &str, activity: Activity) -> Result<(), Status> {
    let request =
        v1::SetPresenceRequest { session_id: session.to_owned(), ticket: ticket.to_owned(), activity: activity.into() };
    desk.presence().set_presence(request).await.map(|_| ())
}

/// The next message that tells something.
async fn next(stream: &mut Stream) -> Result<v1::WatchPresenceResponse, Status> {
    loop {
        let message = stream.message().await?.ok_or_else(|| Status::aborted("the stream ended"))?;
        if !message.presences.is_empty() || !message.gone_session_ids.is_empty() {
            return Ok(message);
        }
    }
}

/// Who is shown: actor, ticket, activity.
fn shown(message: &v1::WatchPresenceResponse) -> Vec<(&str, &str, Activity)> {
    message.presences.iter().map(|p| (p.actor.as_str(), p.ticket.as_str(), p.activity())).collect()
}

#[tokio::test]
async fn two_sessions_see_each_other_come_move_write_and_go() {
    let server = Server::start();
    let (olga, ivan) = (server.desk_as("agents/olga"), server.desk_as("agents/ivan"));
    let ticket = create(&olga, "Нет звука").await.unwrap().name;
    let (first, second) = (request_id(), request_id());
    let mut of_olga = watch(&olga, &first).await.unwrap();
    assert!(shown(&of_olga.message().await.unwrap().unwrap()).is_empty(), "nobody else is there");
    let mut of_ivan = watch(&ivan, &second).await.unwrap();
    assert_eq!(shown(&next(&mut of_ivan).await.unwrap()), [("agents/olga", "", Activity::Viewing)]);
    let came = next(&mut of_olga).await.unwrap();
    assert_eq!(shown(&came), [("agents/ivan", "", Activity::Viewing)]);
    assert_eq!(came.presences[0].session_id, second);
    assert!(came.presences[0].since_time.is_some());
    for activity in [Activity::Viewing, Activity::WritingPublic, Activity::WritingInternal] {
        set(&ivan, &second, &ticket, activity).await.unwrap();
        assert_eq!(shown(&next(&mut of_olga).await.unwrap()), [("agents/ivan", ticket.as_str(), activity)]);
    }
    set(&ivan, &second, "", Activity::Unspecified).await.unwrap();
    assert_eq!(shown(&next(&mut of_olga).await.unwrap()), [("agents/ivan", "", Activity::Viewing)]);
    drop(of_ivan);
    assert_eq!(next(&mut of_olga).await.unwrap().gone_session_ids, [second.as_str()]);
    let refused = set(&ivan, &second, &ticket, Activity::Viewing).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound, "{refused:?}");
}

#[tokio::test]
async fn a_second_stream_of_a_session_takes_the_place_of_the_first() {
    let server = Server::start();
    let (olga, ivan) = (server.desk_as("agents/olga"), server.desk_as("agents/ivan"));
    let session = request_id();
    let mut watcher = watch(&ivan, &request_id()).await.unwrap();
    watcher.message().await.unwrap();
    let mut old = watch(&olga, &session).await.unwrap();
    old.message().await.unwrap();
    let _new = watch(&olga, &session).await.unwrap();
    let ended = loop {
        match old.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the first stream ended without a word"),
            Err(status) => break status,
        }
    };
    assert_eq!(ended.code(), Code::Unavailable, "{ended:?}");
    drop(old);
    // The end of the first is not the end of the session: what comes next of it is a move.
    set(&olga, &session, "tickets/7", Activity::Viewing).await.unwrap();
    loop {
        let message = next(&mut watcher).await.unwrap();
        assert!(message.gone_session_ids.is_empty(), "{message:?}");
        if shown(&message) == [("agents/olga", "tickets/7", Activity::Viewing)] {
            break;
        }
    }
}

#[tokio::test]
async fn what_is_no_session_no_ticket_or_no_activity_is_refused_by_its_path() {
    let server = Server::start();
    let desk = server.desk();
    for session in ["", "7", "not-a-uuid", "../../etc", "01890000-0000-7000-8000-00000000000g"] {
        let refused = watch(&desk, session).await.unwrap_err();
        assert_eq!((refused.code(), violated(&refused)), (Code::InvalidArgument, vec!["session_id".to_owned()]));
        let refused = set(&desk, session, "", Activity::Viewing).await.unwrap_err();
        assert_eq!((refused.code(), violated(&refused)), (Code::InvalidArgument, vec!["session_id".to_owned()]));
    }
    let session = request_id();
    let _stream = watch(&desk, &session).await.unwrap();
    for ticket in ["7", "tickets/0", "tickets/../etc", "organisations/acme"] {
        let refused = set(&desk, &session, ticket, Activity::Viewing).await.unwrap_err();
        assert_eq!(
            (refused.code(), violated(&refused)),
            (Code::InvalidArgument, vec!["ticket".to_owned()]),
            "{ticket}"
        );
    }
    let request = v1::SetPresenceRequest { session_id: session, activity: 77, ..Default::default() };
    let refused = desk.presence().set_presence(request).await.unwrap_err();
    assert_eq!((refused.code(), violated(&refused)), (Code::InvalidArgument, vec!["activity".to_owned()]));
    assert_ne!(reason(&refused), Some(ErrorReason::Unspecified));
}

#[tokio::test]
async fn the_stream_ends_when_the_server_stops_and_the_server_does_not_wait_for_it() {
    let mut server = Server::start();
    let desk = server.desk();
    let mut stream = watch(&desk, &request_id()).await.unwrap();
    stream.message().await.unwrap();
    let began = Instant::now();
    server.signal(Signal::TERM);
    let ended = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream ended without a word"),
            Err(status) => break status,
        }
    };
    assert_eq!(ended.code(), Code::Unavailable, "{ended:?}");
    assert!(server.terminate().success());
    // Generous: the drain alone may take its ten seconds for somebody else, and for this stream it must not.
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
}
