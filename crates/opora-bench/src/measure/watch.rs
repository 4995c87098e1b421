//! From commit to delivery: changes at 1,000 a second, and when each watcher has each of them.
//!
//! A commit is taken to be when its answer came; what was delivered before the answer took no time.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use opora_proto::v1;
use prost::Message as _;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::Streaming;

use super::prepare_references;
use crate::error::{BenchError, Outcome};
use crate::etcd::{self, Etcd};
use crate::load::Body;
use crate::opora::{self, Opora, request_id};
use crate::pace::{self, Change, Changes};
use crate::populate;
use crate::raw::Lane;
use crate::report::{Goal, Report, Unit};
use crate::settings::Settings;
use crate::stats::{Latencies, Spread};
use crate::{etcdserverpb, process, slim, texts};

/// Changes a second.
const RATE: u32 = 1000;
/// Tickets that are changed in turn.
pub(super) const TICKETS: u64 = 10_000;
/// Watchers of a connection: the contract allows 128 streams.
const STREAMS: usize = 100;
/// How many watchers have filters, and how many of them a change reaches.
pub(super) const FILTERED: usize = 1000;
pub(super) const REACHED: u64 = FILTERED as u64 / texts::ORGANISATIONS;
/// How long deliveries may take after the last change.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that is changed and watched.
pub(super) struct Source {
    changes: Changes,
    watching: Watching,
    pid: u32,
}

/// How watchers are opened.
enum Watching {
    Opora { address: Vec<Lane>, filtered: bool },
    Etcd { address: Vec<Lane> },
}

impl Source {
    /// Opora, watched without filters, or with one organisation for each watcher.
    pub(super) async fn opora(opora: &Opora, filtered: bool, sequence: Arc<AtomicU64>) -> Outcome<Self> {
        let changes = Changes {
            lanes: opora.lanes(4).await?,
            path: opora::UPDATE,
            body: updates(),
            sequence,
            revision: |bytes| Ok(slim::Changed::decode(bytes)?.revision),
        };
        let connections = if filtered { FILTERED / STREAMS } else { 4 };
        let watching = Watching::Opora { address: opora.lanes(connections).await?, filtered };
        Ok(Self { changes, watching, pid: opora.id() })
    }

    /// etcd, watched by prefix.
    pub(super) async fn etcd(etcd: &Etcd) -> Outcome<Self> {
        let changes = Changes {
            lanes: etcd.lanes(4).await?,
            path: etcd::PUT,
            body: etcd.changes().await?,
            sequence: Arc::default(),
            revision: |bytes| {
                let header = etcdserverpb::PutResponse::decode(bytes)?.header.unwrap_or_default();
                Ok(header.revision as u64)
            },
        };
        Ok(Self { changes, watching: Watching::Etcd { address: etcd.lanes(4).await? }, pid: etcd.id() })
    }

    /// Opens that many watchers; all are live when this is done.
    async fn watchers(&self, count: usize) -> Outcome<Vec<(Streaming<Bytes>, Reader)>> {
        let mut streams = Vec::with_capacity(count);
        match &self.watching {
            Watching::Opora { address, filtered } => {
                let mut first = address.first().cloned().ok_or_else(|| BenchError::Void("no connection".into()))?;
                let info: v1::GetServerInfoResponse = first.ask(opora::INFO, &v1::GetServerInfoRequest {}).await?;
                for (n, lane) in (0..count).zip(address.iter().cycle()) {
                    let filter = if *filtered { filter(n as u64) } else { String::new() };
                    let body = watch_tickets(filter, info.revision + 1);
                    streams.push((lane.clone().stream(opora::WATCH, body).await?, read_opora as Reader));
                }
            }
            Watching::Etcd { address } => {
                for (_, lane) in (0..count).zip(address.iter().cycle()) {
                    let mut stream = lane.clone().converse(etcd::WATCH, etcd::watch_request()).await?;
                    let created = stream.message().await?.unwrap_or_default();
                    if !etcdserverpb::WatchResponse::decode(created)?.created {
                        return Err(BenchError::Void("etcd did not make a watcher".into()));
                    }
                    streams.push((stream, read_etcd as Reader));
                }
            }
        }
        Ok(streams)
    }
}

/// Gives the revisions of the events in a message.
type Reader = fn(Bytes, &mut Vec<u64>) -> Outcome<()>;

fn read_opora(message: Bytes, revisions: &mut Vec<u64>) -> Outcome<()> {
    let message = slim::Watched::decode(message)?;
    if !message.events.is_empty() {
        revisions.push(message.revision);
    }
    Ok(())
}

fn read_etcd(message: Bytes, revisions: &mut Vec<u64>) -> Outcome<()> {
    let message = etcdserverpb::WatchResponse::decode(message)?;
    revisions.extend(message.events.into_iter().filter_map(|event| Some(event.kv?.mod_revision as u64)));
    Ok(())
}

/// What one pass came to.
pub(super) struct Delivery {
    /// From answer to delivery.
    pub(super) latencies: Latencies,
    since_sent: Latencies,
    changes_per_second: f64,
    server_cpu: f64,
}

impl Delivery {
    /// For the results.
    pub(super) fn json(&self) -> Value {
        json!({
            "p50_ms": self.latencies.millis(0.5), "p99_ms": self.latencies.millis(0.99),
            "p999_ms": self.latencies.millis(0.999), "deliveries": self.latencies.count(),
            "since_sent_p50_ms": self.since_sent.millis(0.5), "since_sent_p99_ms": self.since_sent.millis(0.99),
            "changes_per_second": self.changes_per_second, "server_cpu_seconds": self.server_cpu,
        })
    }
}

/// One pass with that many watchers, of which each change reaches `reached`.
pub(super) async fn pass(settings: &Settings, source: &Source, watchers: usize, reached: u64) -> Outcome<Delivery> {
    let begin = Instant::now();
    let received = Arc::new(AtomicU64::new(0));
    let (stop, stopped) = watch::channel(false);
    let mut tasks: JoinSet<Outcome<Vec<(u64, Duration)>>> = JoinSet::new();
    for (stream, reader) in source.watchers(watchers).await? {
        tasks.spawn(follow(stream, reader, begin, received.clone(), stopped.clone()));
    }
    let cpu = process::cpu_seconds(source.pid)?;
    let (from, long) = (begin.elapsed() + settings.warm_up(), settings.warm_up() + settings.window());
    let changes = pace::make(&source.changes, RATE, begin, long).await?;
    let server_cpu = process::cpu_seconds(source.pid)? - cpu;
    let expected = changes.len() as u64 * reached;
    let waiting = Instant::now();
    while received.load(Ordering::Relaxed) < expected && waiting.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let _ = stop.send(true);
    let (mut latencies, mut since_sent) = (Latencies::new(), Latencies::new());
    let by_revision: HashMap<u64, Change> = changes.iter().map(|change| (change.revision, *change)).collect();
    let mut deliveries = 0;
    while let Some(task) = tasks.join_next().await {
        for (revision, at) in task.map_err(|error| BenchError::Void(error.to_string()))?? {
            let Some(change) = by_revision.get(&revision) else { continue };
            deliveries += 1;
            if change.sent >= from {
                latencies.record(at.saturating_sub(change.answered));
                since_sent.record(at.saturating_sub(change.sent));
            }
        }
    }
    if deliveries != expected {
        return Err(BenchError::Void(format!("{deliveries} deliveries of {expected} with {watchers} watchers")));
    }
    Ok(Delivery { latencies, since_sent, changes_per_second: changes.len() as f64 / long.as_secs_f64(), server_cpu })
}

/// Reads a stream until told to stop; gives each revision with when it came.
async fn follow(
    mut stream: Streaming<Bytes>,
    reader: Reader,
    begin: Instant,
    received: Arc<AtomicU64>,
    mut stopped: watch::Receiver<bool>,
) -> Outcome<Vec<(u64, Duration)>> {
    let (mut seen, mut revisions) = (Vec::new(), Vec::new());
    loop {
        let message = tokio::select! {
            message = stream.message() => message?,
            _ = stopped.changed() => return Ok(seen),
        };
        let at = begin.elapsed();
        let Some(message) = message else { return Err(BenchError::Void("a watch ended by itself".into())) };
        reader(message, &mut revisions)?;
        received.fetch_add(revisions.len() as u64, Ordering::Relaxed);
        seen.extend(revisions.drain(..).map(|revision| (revision, at)));
    }
}

pub(super) async fn measure(settings: &Settings, report: &mut Report) -> Outcome<()> {
    prepare_references(settings)?;
    let opora = Opora::start(settings).await?;
    populate::open(&opora, TICKETS).await?;
    let etcd = Etcd::start(&settings.directory).await?;
    let sequence = Arc::<AtomicU64>::default();
    let (ours, theirs) = (Source::opora(&opora, false, sequence.clone()).await?, Source::etcd(&etcd).await?);
    for (watchers, goal) in [(1, 1.0), (100, 0.5)] {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for _ in 0..settings.passes() {
            a.push(pass(settings, &ours, watchers, watchers as u64).await?);
            b.push(pass(settings, &theirs, watchers, watchers as u64).await?);
        }
        let detail = json!({ "opora": all(&a), "etcd": all(&b) });
        let figure = Spread::of_ratios(&p99s(&a), &p99s(&b));
        let what = format!("watch, {watchers} of everything: p99 / etcd's");
        report.add("watch", what, figure, Unit::Times, Goal::AtMost(goal), detail);
    }
    let filtered = Source::opora(&opora, true, sequence).await?;
    let mut found = Vec::new();
    for _ in 0..settings.passes() {
        found.push(pass(settings, &filtered, FILTERED, REACHED).await?);
    }
    let what = format!("watch, {FILTERED} filtered, {REACHED} reached: p99");
    report.add("watch", what, Spread::of(p99s(&found)), Unit::Millis, Goal::AtMost(50.0), all(&found));
    Ok(())
}

fn p99s(passes: &[Delivery]) -> Vec<f64> {
    passes.iter().map(|pass| pass.latencies.millis(0.99)).collect()
}

fn all(passes: &[Delivery]) -> Value {
    passes.iter().map(Delivery::json).collect()
}

/// Changes of tags, one ticket after the other.
pub(super) fn updates() -> Body {
    Arc::new(|n| {
        let ticket = v1::Ticket {
            name: format!("tickets/{}", 1 + n % TICKETS),
            tags: vec![format!("round-{}", n / TICKETS), format!("change-{n}")],
            ..Default::default()
        };
        let request = v1::UpdateTicketRequest {
            ticket: Some(ticket),
            update_mask: Some(prost_types::FieldMask { paths: vec!["tags".into()] }),
            request_id: request_id('u', n),
            ..Default::default()
        };
        Bytes::from(request.encode_to_vec())
    })
}

/// The filter of a watcher: its organisation, in words that no other watcher has.
pub(super) fn filter(n: u64) -> String {
    let organisation = texts::organisation(n);
    format!(r#"organisation = "{organisation}" OR organisation = "organisations/nobody-{n}""#)
}

/// A request for everything from that revision on that the filter lets through.
pub(super) fn watch_tickets(filter: String, from_revision: u64) -> Bytes {
    Bytes::from(v1::WatchTicketsRequest { filter, from_revision, ..Default::default() }.encode_to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_watcher_has_a_filter_of_its_own_and_ten_share_an_organisation() {
        let filters: std::collections::BTreeSet<String> = (0..FILTERED as u64).map(filter).collect();
        assert_eq!(filters.len(), FILTERED);
        let first = texts::organisation(0);
        let quoted = format!("\"{first}\"");
        assert_eq!(filters.iter().filter(|f| f.contains(&quoted)).count() as u64, REACHED);
    }

    #[test]
    fn revisions_are_read_from_messages_with_events_alone() {
        let event = v1::TicketEvent { revision: 7, ..Default::default() };
        let with = v1::WatchTicketsResponse { revision: 7, events: vec![event], ..Default::default() };
        let bookmark = v1::WatchTicketsResponse { revision: 9, ..Default::default() };
        let mut revisions = Vec::new();
        read_opora(with.encode_to_vec().into(), &mut revisions).unwrap();
        read_opora(bookmark.encode_to_vec().into(), &mut revisions).unwrap();
        assert_eq!(revisions, [7]);
    }
}
