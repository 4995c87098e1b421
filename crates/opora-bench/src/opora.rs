//! The server under test: starting, stopping, asking how far its followers are, and the calls that are measured.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use opora_proto::v1;
use prost::Message as _;
use serde_json::{Value, json};

use crate::error::{BenchError, Outcome};
use crate::load::{Body, Subject};
use crate::process::Process;
use crate::raw::Lane;
use crate::settings::Settings;
use crate::texts;

pub(crate) const CREATE: &str = "/opora.v1.TicketService/CreateTicket";
pub(crate) const GET: &str = "/opora.v1.TicketService/GetTicket";
pub(crate) const LIST: &str = "/opora.v1.TicketService/ListTickets";
pub(crate) const UPDATE: &str = "/opora.v1.TicketService/UpdateTicket";
pub(crate) const TRANSITION: &str = "/opora.v1.TicketService/TransitionTicket";
pub(crate) const BATCH: &str = "/opora.v1.TicketService/BatchChange";
pub(crate) const EVENTS: &str = "/opora.v1.TicketService/ListEvents";
pub(crate) const WATCH: &str = "/opora.v1.TicketService/WatchTickets";
pub(crate) const FINISH: &str = "/opora.v1.AdminService/FinishImport";
pub(crate) const INFO: &str = "/opora.v1.AdminService/GetServerInfo";
pub(crate) const ORGANISATION: &str = "/opora.v1.DirectoryService/CreateOrganisation";
pub(crate) const AGENT: &str = "/opora.v1.DirectoryService/CreateAgent";

/// How long a start may take, a rebuild of everything included.
const PATIENCE: Duration = Duration::from_mins(30);
/// How long it may take to stop.
const STOPPING: Duration = Duration::from_mins(2);
/// What full text may be behind by contract: a follower that is no later than this is not lagging.
pub(crate) const ALLOWED_LAG: Duration = Duration::from_secs(1);

/// How far followers were behind, and how long they took to catch up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lag {
    /// Revisions behind, by follower.
    pub(crate) behind: Vec<(String, u64)>,
    /// Until all had read through the revision that was the newest at first.
    pub(crate) caught_up: Duration,
}

impl Lag {
    /// How far that follower was behind.
    pub(crate) fn of(&self, follower: &str) -> u64 {
        self.behind.iter().find(|(name, _)| name == follower).map_or(0, |(_, behind)| *behind)
    }

    /// For the results.
    pub(crate) fn json(&self) -> Value {
        let behind: serde_json::Map<String, Value> =
            self.behind.iter().map(|(name, behind)| (name.clone(), json!(behind))).collect();
        json!({ "revisions_behind": behind, "caught_up_seconds": self.caught_up.as_secs_f64() })
    }
}

/// A server and its data directory, which is removed with it.
pub(crate) struct Opora {
    process: Process,
    address: String,
    binary: PathBuf,
    directory: tempfile::TempDir,
    /// Until the line that names its address came, at the last start.
    pub(crate) listened_after: Duration,
}

impl Opora {
    /// Starts one on a fresh directory; it has the organisations that the tickets belong to.
    pub(crate) async fn start(settings: &Settings) -> Outcome<Self> {
        let binary = settings.binary()?;
        let directory = tempfile::Builder::new().prefix("opora-").tempdir_in(&settings.directory)?;
        let (process, address, listened_after) = spawn(&binary, &directory.path().join("data"))?;
        let opora = Self { process, address, binary, directory, listened_after };
        opora.make_organisations().await?;
        Ok(opora)
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Where it listens, host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Connections to it.
    pub(crate) async fn lanes(&self, count: usize) -> Outcome<Vec<Lane>> {
        Lane::several(&self.address, count).await
    }

    /// Asks it to stop; gives how long that took.
    pub(crate) async fn stop(&mut self) -> Outcome<Duration> {
        self.process.terminate(STOPPING).await
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(&mut self) -> Outcome<()> {
        self.process.kill()
    }

    /// Starts it again on the same directory; gives how long it took until it answered.
    pub(crate) async fn start_again(&mut self) -> Outcome<Duration> {
        let begin = Instant::now();
        let (process, address, listened_after) = spawn(&self.binary, &self.data())?;
        self.process = process;
        self.address = address;
        self.listened_after = listened_after;
        let page = v1::ListTicketsRequest { page_size: 1, ..Default::default() };
        let mut last = None;
        while begin.elapsed() < PATIENCE {
            let answer = match self.lanes(1).await {
                Ok(mut lanes) => match lanes.first_mut() {
                    Some(lane) => lane.ask::<v1::ListTicketsResponse>(LIST, &page).await,
                    None => Err(BenchError::Void("no connection".into())),
                },
                Err(error) => Err(error),
            };
            match answer {
                Ok(_) => return Ok(begin.elapsed()),
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(last.unwrap_or_else(|| BenchError::Void("never ready".into())))
    }

    /// What it says of itself.
    pub(crate) async fn info(&self) -> Outcome<v1::GetServerInfoResponse> {
        let mut lanes = self.lanes(1).await?;
        let lane = lanes.first_mut().ok_or_else(|| BenchError::Void("no connection".into()))?;
        lane.ask(INFO, &v1::GetServerInfoRequest {}).await
    }

    /// How far the followers are behind now; waits until they have caught up.
    pub(crate) async fn catch_up(&self, patience: Duration) -> Outcome<Lag> {
        let begin = Instant::now();
        let mut lane = Lane::connect(&self.address).await?;
        let first: v1::GetServerInfoResponse = lane.ask(INFO, &v1::GetServerInfoRequest {}).await?;
        let newest = first.revision;
        let behind = first.followers.iter().map(|f| (f.follower.clone(), newest.saturating_sub(f.revision))).collect();
        let mut followers = first.followers;
        while let Some(late) = followers.iter().find(|f| f.revision < newest) {
            if begin.elapsed() > patience {
                let (name, at) = (&late.follower, late.revision);
                return Err(BenchError::Void(format!("follower {name} is at {at} of {newest} after {patience:?}")));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            let info: v1::GetServerInfoResponse = lane.ask(INFO, &v1::GetServerInfoRequest {}).await?;
            followers = info.followers;
        }
        Ok(Lag { behind, caught_up: begin.elapsed() })
    }

    /// Creations of tickets of `texts::BYTES`, each with a request id of its own.
    pub(crate) async fn creations(&self) -> Outcome<Subject> {
        let body: Body = Arc::new(|n| Bytes::from(create(n, 'c').encode_to_vec()));
        Ok(Subject::new("opora create", &self.lanes(4).await?, CREATE, body, self.id()))
    }

    /// Calls of that method with that body.
    pub(crate) async fn calls(&self, name: &'static str, path: &'static str, body: Body) -> Outcome<Subject> {
        Ok(Subject::new(name, &self.lanes(4).await?, path, body, self.id()))
    }

    async fn make_organisations(&self) -> Outcome<()> {
        let mut lane = Lane::connect(&self.address).await?;
        for n in 0..texts::ORGANISATIONS {
            let id = texts::organisation_id(n);
            let request = v1::CreateOrganisationRequest {
                organisation: Some(v1::Organisation {
                    display_name: format!("Контакт-центр {n}"),
                    time_zone: "Europe/Moscow".into(),
                    platform: v1::Platform::V5.into(),
                    ..Default::default()
                }),
                organisation_id: id,
                request_id: request_id('o', n),
            };
            lane.ask::<v1::CreateOrganisationResponse>(ORGANISATION, &request).await?;
        }
        Ok(())
    }
}

/// A creation of the ticket of that number; `kind` keeps the request ids of different loads apart.
pub(crate) fn create(n: u64, kind: char) -> v1::CreateTicketRequest {
    v1::CreateTicketRequest { ticket: Some(texts::ticket(n)), request_id: request_id(kind, n), import_time: None }
}

/// A request id that no other call of the same server has: a UUID in form, made cheaply.
pub(crate) fn request_id(kind: char, n: u64) -> String {
    format!("{:08x}-0000-4000-8000-{n:012x}", u32::from(kind))
}

fn spawn(binary: &Path, data: &Path) -> Outcome<(Process, String, Duration)> {
    let begin = Instant::now();
    let mut command = Command::new(binary);
    for (key, _) in std::env::vars_os().filter(|(key, _)| key.to_string_lossy().starts_with("OPORA_")) {
        command.env_remove(key);
    }
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).env("OPORA_IMPORTING_ALLOWED", "true");
    let (process, rest) = Process::start_until(command, "listening on ", PATIENCE)?;
    let address = rest.split_whitespace().next().unwrap_or_default().trim_start_matches("http://").to_owned();
    Ok((process, address, begin.elapsed()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_differ_by_kind_and_number_and_have_the_form_of_a_uuid() {
        let ids = [request_id('a', 1), request_id('a', 2), request_id('b', 1)];
        assert!(ids.iter().all(|id| id.len() == 36 && id.split('-').count() == 5), "{ids:?}");
        assert!(ids[0] != ids[1] && ids[0] != ids[2]);
    }
}
