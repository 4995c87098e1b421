//! The machine's clock set back or forward under the running server (docs/domain.md §10), with libfaketime in the real
//! process: no clock runs negative, nothing fires twice, a jump of hours breaches nothing by itself.

use std::path::PathBuf;
use std::time::Duration;

use opora_proto::v1;
use opora_proto::v1::ticket_event::Change;
use opora_tests::{Server, ServerOptions, create, get, new_ticket};

struct Wall(tempfile::TempDir);

impl Wall {
    fn new() -> Self {
        let wall = Self(tempfile::tempdir().unwrap());
        wall.set("+0");
        wall
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("offset")
    }

    /// Sets the offset of the server's wall clock, as libfaketime writes it: `+8h`, `-3h`.
    fn set(&self, offset: &str) {
        let next = self.0.path().join("next");
        std::fs::write(&next, format!("{offset}\n")).unwrap();
        std::fs::rename(next, self.file()).unwrap();
    }

    fn server(&self) -> Server {
        let mut env = opora_tests::wall::faked();
        env.push(("FAKETIME_TIMESTAMP_FILE".into(), self.file().into()));
        env.push(("FAKETIME_NO_CACHE".into(), "1".into()));
        Server::with(ServerOptions { env, ..ServerOptions::default() })
    }
}

async fn timers_healthy(server: &Server) -> bool {
    server.desk().admin().get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner().timers_healthy
}

/// Waits until the server's own word about its timers is as wanted.
async fn until_timers(server: &Server, healthy: bool) {
    for _ in 0..600 {
        if timers_healthy(server).await == healthy {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the timers did not become healthy = {healthy}");
}

async fn sla_events(server: &Server, name: &str) -> Vec<Change> {
    let request = v1::ListEventsRequest { name: name.into(), page_size: 1000, ..Default::default() };
    let events = server.desk().tickets().list_events(request).await.unwrap().into_inner().events;
    events
        .into_iter()
        .filter_map(|e| e.change)
        .filter(|c| matches!(c, Change::SlaWarned(_) | Change::SlaBreached(_) | Change::SlaNeglected(_)))
        .collect()
}

#[tokio::test]
async fn a_jump_of_hours_forward_breaches_nothing_by_itself() {
    let wall = Wall::new();
    let server = wall.server();
    let mut request = new_ticket("прыжок вперёд");
    request.ticket.as_mut().unwrap().impact = v1::Impact::ServiceIntermittent.into();
    let ticket = server.desk().tickets().create_ticket(request).await.unwrap().into_inner().ticket.unwrap();
    wall.set("+8h");
    until_timers(&server, false).await;
    assert_eq!(sla_events(&server, &ticket.name).await, []);
    wall.set("+0");
    until_timers(&server, true).await;
    assert_eq!(sla_events(&server, &ticket.name).await, []);
}

#[tokio::test]
async fn a_jump_back_makes_no_clock_negative_and_fires_nothing_twice() {
    let wall = Wall::new();
    let server = wall.server();
    // Created half an hour ago: half of the 45 minutes are used up, which is warned of once.
    let past = std::time::SystemTime::now() - Duration::from_mins(30);
    let mut request = new_ticket("прыжок назад");
    request.import_time = Some(past.into());
    request.ticket.as_mut().unwrap().impact = v1::Impact::ServiceIntermittent.into();
    let ticket = server.desk().tickets().create_ticket(request).await.unwrap().into_inner().ticket.unwrap();
    let finish = v1::FinishImportRequest { origin: ticket.origin, request_id: opora_proto::client::request_id() };
    server.desk().admin().finish_import(finish).await.unwrap();
    for _ in 0..600 {
        if !sla_events(&server, &ticket.name).await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let once = sla_events(&server, &ticket.name).await;
    assert_eq!(once.len(), 1, "{once:?}");
    wall.set("-3h");
    let other = create(&server.desk(), "после прыжка").await.unwrap();
    assert_eq!(sla_events(&server, &ticket.name).await, once);
    let explained = server.desk().sla().explain_ticket(v1::ExplainTicketRequest { name: other.name.clone() }).await;
    let explained = explained.unwrap().into_inner();
    for clock in [explained.first_response.unwrap(), explained.resolution.unwrap()] {
        assert!(clock.elapsed.unwrap_or_default().seconds >= 0);
        assert!(clock.stretches.iter().all(|s| s.start_time.unwrap().seconds <= s.end_time.unwrap().seconds));
    }
    let ticket = get(&server.desk(), &ticket.name).await.unwrap();
    assert!(ticket.update_time.unwrap().seconds >= ticket.create_time.unwrap().seconds);
    assert!(other.create_time.unwrap().seconds > 0);
}

/// What a server says of its time and of its clock.
async fn info(server: &Server) -> v1::GetServerInfoResponse {
    server.desk().admin().get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner()
}

fn millis(time: Option<prost_types::Timestamp>) -> i64 {
    let time = time.unwrap();
    time.seconds * 1_000 + i64::from(time.nanos) / 1_000_000
}

/// The server's time, and when a ticket of now falls due.
async fn times(server: &Server) -> (i64, i64) {
    let ticket = create(&server.desk(), "который час").await.unwrap();
    (millis(info(server).await.server_time), millis(ticket.sla.unwrap().resolution.unwrap().due_time))
}

#[tokio::test]
async fn after_a_jump_back_time_and_due_times_run_on_and_the_way_back_is_believed_at_once() {
    let wall = Wall::new();
    let server = wall.server();
    let before = times(&server).await;
    wall.set("-1h");
    until_timers(&server, false).await;
    let said = info(&server).await.warnings;
    assert!(said.iter().any(|said| said.contains("set back")), "{said:?}");
    let mut last = times(&server).await;
    assert!(last.0 >= before.0 && last.1 >= before.1, "{before:?} {last:?}");
    // Both move on by themselves: however slow this machine is, two answers more than a second apart will come.
    let first = last;
    while last.0 - first.0 < 1_500 || last.1 - first.1 < 1_500 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let next = times(&server).await;
        assert!(next.0 >= last.0 && next.1 >= last.1, "{last:?} {next:?}");
        last = next;
    }
    wall.set("+0");
    until_timers(&server, true).await;
    let info = info(&server).await;
    assert!(!info.warnings.iter().any(|said| said.contains("clock")), "{:?}", info.warnings);
    assert!(millis(info.server_time) - last.0 < 60_000, "it did not jump");
}

#[tokio::test]
async fn a_server_started_with_its_clock_set_back_goes_on_from_its_last_change() {
    let wall = Wall::new();
    let mut server = wall.server();
    let before = times(&server).await;
    assert!(server.terminate().success());
    wall.set("-1h");
    server.restart();
    assert!(!timers_healthy(&server).await);
    let after = times(&server).await;
    // What it told without a change is not kept: the due time stands for the instant of the last change.
    assert!(after.1 > before.1, "{before:?} {after:?}");
}
