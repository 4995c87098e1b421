//! The console at a server that holds so many tickets: opening it, and the changes that it is shown.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bytes::Bytes;
use opora_proto::v1;
use portable_pty::CommandBuilder;
use prost::Message as _;

use super::pty::Pty;
use crate::error::{BenchError, Outcome};
use crate::load::Body;
use crate::opora::{AGENT, LIST, Opora, UPDATE, request_id};
use crate::pace::Changes;
use crate::populate;
use crate::raw::Lane;
use crate::settings::Settings;
use crate::slim;

/// Up to how many tickets all stay open; of more a tenth does.
const ALL_OPEN: u64 = 100_000;
/// How many tickets are changed in turn.
const CHANGED: i32 = 1000;
/// The queue's filter.
const OPEN: &str = "state = NEW OR state = IN_PROGRESS OR state = WAITING_FOR_CUSTOMER";

/// A server with tickets, and a home for who works at it.
pub(super) struct Filled {
    pub(super) opora: Opora,
    pub(super) tickets: u64,
    binary: PathBuf,
    home: tempfile::TempDir,
}

impl Filled {
    /// Fills a new server.
    pub(super) async fn start(settings: &Settings, tickets: u64) -> Outcome<Self> {
        let opora = Opora::start(settings).await?;
        if tickets <= ALL_OPEN {
            populate::open(&opora, tickets).await?;
        } else {
            populate::fill(&opora, tickets).await?;
        }
        let request = v1::CreateAgentRequest {
            agent_id: "bench".into(),
            agent: Some(v1::Agent {
                display_name: "Bench".into(),
                email: "bench@example.com".into(),
                ..Default::default()
            }),
            request_id: request_id('a', 1),
        };
        let mut lane = opora.lanes(1).await?.remove(0);
        lane.ask::<v1::CreateAgentResponse>(AGENT, &request).await?;
        let home = tempfile::Builder::new().prefix("home-").tempdir_in(settings.directory.canonicalize()?)?;
        Ok(Self { opora, tickets, binary: settings.binary()?.canonicalize()?, home })
    }

    /// Tickets that are open.
    pub(super) fn open(&self) -> u64 {
        if self.tickets <= ALL_OPEN { self.tickets } else { self.tickets / 10 }
    }

    /// Opens the console; gives the terminal and how long the first rows took to be seen.
    pub(super) fn console(&self) -> Outcome<(Pty, Duration)> {
        let pty = Pty::start(command(&self.binary, self.opora.address(), self.home.path()))?;
        let rows = pty.until("the console's first rows", |seen| {
            seen.frames.iter().find(|frame| frame.selected.is_some()).copied()
        })?;
        let took = rows.ended.saturating_duration_since(pty.started);
        Ok((pty, took))
    }

    /// Opens the console and waits until it has all rows and has come to rest.
    pub(super) fn console_with_all(&self) -> Outcome<Pty> {
        let pty = self.console()?.0;
        pty.until("a live console", |seen| seen.screen().contains('●').then_some(()))?;
        pty.quiet(Duration::from_secs(1))?;
        Ok(pty)
    }

    /// The console of a desk without tickets, at rest.
    pub(super) fn console_without_rows(&self) -> Outcome<Pty> {
        let pty = Pty::start(command(&self.binary, self.opora.address(), self.home.path()))?;
        pty.until("a live console", |seen| seen.screen().contains('●').then_some(()))?;
        pty.quiet(Duration::from_secs(1))?;
        Ok(pty)
    }

    /// The most urgent tickets.
    pub(super) async fn urgent(&self) -> Outcome<Vec<String>> {
        let mut lane = self.opora.lanes(1).await?.remove(0);
        let request = v1::ListTicketsRequest { filter: OPEN.into(), page_size: CHANGED, ..Default::default() };
        let page: v1::ListTicketsResponse = lane.ask(LIST, &request).await?;
        Ok(page.tickets.into_iter().map(|ticket| ticket.name).collect())
    }

    /// Changes of tags of the most urgent tickets, in turn.
    pub(super) async fn changes(&self, sequence: Arc<AtomicU64>) -> Outcome<Changes> {
        let names = Arc::new(self.urgent().await?);
        let body: Body = Arc::new(move |n| {
            let name = names.get(n as usize % names.len().max(1)).cloned().unwrap_or_default();
            let ticket = v1::Ticket { name, tags: vec![format!("change-{n}")], ..Default::default() };
            Bytes::from(update(ticket, "tags", request_id('u', n)).encode_to_vec())
        });
        let revision = |bytes: Bytes| Ok(slim::Changed::decode(bytes)?.revision);
        Ok(Changes { lanes: self.opora.lanes(4).await?, path: UPDATE, body, sequence, revision })
    }
}

/// Gives a ticket another subject.
pub(super) async fn rename(lane: &mut Lane, name: &str, subject: &str, id: u64) -> Outcome<()> {
    let ticket = v1::Ticket { name: name.into(), subject: subject.into(), ..Default::default() };
    let answer = lane.call(UPDATE, update(ticket, "subject", request_id('s', id)).encode_to_vec().into()).await?;
    match slim::Changed::decode(answer)?.revision {
        0 => Err(BenchError::Void("a subject was not changed".into())),
        _ => Ok(()),
    }
}

fn update(ticket: v1::Ticket, field: &str, request_id: String) -> v1::UpdateTicketRequest {
    v1::UpdateTicketRequest {
        ticket: Some(ticket),
        update_mask: Some(prost_types::FieldMask { paths: vec![field.into()] }),
        request_id,
        ..Default::default()
    }
}

fn command(binary: &Path, address: &str, home: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(binary);
    for (key, _) in std::env::vars_os().filter(|(key, _)| key.to_string_lossy().starts_with("OPORA_")) {
        command.env_remove(key);
    }
    command.args(["--server", &format!("http://{address}"), "--as", "bench", "--lang", "en", "console"]);
    for key in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
        command.env(key, home);
    }
    command.env("TZ", "UTC");
    command
}
