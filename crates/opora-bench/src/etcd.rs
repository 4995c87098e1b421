//! etcd 3.4 as a reference: starting it, and the calls that a desk on it would make.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use prost::Message as _;

use crate::error::{BenchError, Outcome};
use crate::etcdserverpb::compare::{CompareResult, CompareTarget, TargetUnion};
use crate::etcdserverpb::{
    Compare, PutRequest, PutResponse, RangeRequest, RangeResponse, RequestOp, TxnRequest, TxnResponse,
    WatchCreateRequest, WatchRequest, request_op, watch_request,
};
use crate::load::{Body, Subject, drain};
use crate::process::Process;
use crate::raw::Lane;
use crate::texts;

/// The methods that are called.
pub(crate) const PUT: &str = "/etcdserverpb.KV/Put";
const TXN: &str = "/etcdserverpb.KV/Txn";
const RANGE: &str = "/etcdserverpb.KV/Range";
/// The method that watches.
pub(crate) const WATCH: &str = "/etcdserverpb.Watch/Watch";
/// How long it may take to come up.
const PATIENCE: Duration = Duration::from_mins(1);
/// Its limit on a store is 2 GiB unless told; a long run puts more.
const QUOTA: &str = "--quota-backend-bytes=8589934592";
/// The keys that ranges and watches are asked of.
const LISTED: u64 = 10_000;

/// A running etcd.
pub(crate) struct Etcd {
    process: Process,
    address: String,
    // Removed with it.
    _directory: tempfile::TempDir,
}

impl Etcd {
    /// Starts one on a fresh directory under `place`.
    pub(crate) async fn start(place: &Path) -> Outcome<Self> {
        let directory = tempfile::Builder::new().prefix("etcd-").tempdir_in(place)?;
        let (client, peer) = (free_port()?, free_port()?);
        let address = format!("127.0.0.1:{client}");
        let mut command = Command::new("etcd");
        command
            .args(["--name", "bench", "--log-level", "error", "--data-dir"])
            .arg(directory.path().join("data"))
            .args([
                format!("--listen-client-urls=http://{address}"),
                format!("--advertise-client-urls=http://{address}"),
            ])
            .args([format!("--listen-peer-urls=http://127.0.0.1:{peer}")])
            .args([format!("--initial-advertise-peer-urls=http://127.0.0.1:{peer}")])
            .args([format!("--initial-cluster=bench=http://127.0.0.1:{peer}"), QUOTA.to_owned()]);
        for (key, _) in std::env::vars_os().filter(|(key, _)| key.to_string_lossy().starts_with("ETCD_")) {
            command.env_remove(key);
        }
        let log = directory.path().join("log");
        let mut process = Process::start_logging(command, &log)?;
        let begin = Instant::now();
        loop {
            if let Ok(mut lane) = Lane::connect(&address).await
                && lane.ask::<PutResponse>(PUT, &put(Bytes::from_static(b"ready"), Bytes::new())).await.is_ok()
            {
                return Ok(Self { process, address, _directory: directory });
            }
            if process.ended()? || begin.elapsed() > PATIENCE {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                return Err(BenchError::NotStarted { program: "etcd".into(), said });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Connections to it.
    pub(crate) async fn lanes(&self, count: usize) -> Outcome<Vec<Lane>> {
        Lane::several(&self.address, count).await
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Durable Puts of new keys with values of `texts::BYTES`.
    pub(crate) async fn puts(&self) -> Outcome<Subject> {
        let body: Body =
            Arc::new(|n| Bytes::from(put(format!("tickets/{n:016x}").into(), texts::ticket_bytes(n)).encode_to_vec()));
        Ok(Subject::new("etcd put", &self.lanes(4).await?, PUT, body, self.id()))
    }

    /// What a ticket with its indexes would be: one transaction of 7 keys that is refused if the ticket exists.
    pub(crate) async fn transactions(&self) -> Outcome<Subject> {
        let body: Body = Arc::new(|n| Bytes::from(transaction(n).encode_to_vec()));
        let lanes = self.lanes(4).await?;
        let mut first = lanes.first().cloned().ok_or_else(|| BenchError::Void("no connection".into()))?;
        if !first.ask::<TxnResponse>(TXN, &transaction(u64::from(u32::MAX))).await?.succeeded {
            return Err(BenchError::Void("etcd refused a transaction on new keys".into()));
        }
        Ok(Subject::new("etcd 7-key txn", &lanes, TXN, body, self.id()))
    }

    /// Ranges of 50 keys that start at different places; the keys are put first.
    pub(crate) async fn ranges(&self) -> Outcome<Subject> {
        self.fill("listed").await?;
        let body: Body = Arc::new(|n| {
            let start = texts::scatter(n) % (LISTED - 50);
            let request = RangeRequest {
                key: format!("listed/{start:08}").into(),
                range_end: Bytes::from_static(b"listed0"),
                limit: 50,
            };
            Bytes::from(request.encode_to_vec())
        });
        let subject = Subject::new("etcd range", &self.lanes(4).await?, RANGE, body, self.id());
        let answer = self.lanes(1).await?.remove(0).call(RANGE, (subject.body)(0)).await?;
        let found = RangeResponse::decode(answer)?.kvs.len();
        if found != 50 {
            return Err(BenchError::Void(format!("etcd gave {found} keys of 50")));
        }
        Ok(subject)
    }

    /// Puts that change keys which exist, all under one prefix.
    pub(crate) async fn changes(&self) -> Outcome<Body> {
        self.fill("watched").await?;
        Ok(Arc::new(|n| {
            Bytes::from(put(format!("watched/{:08}", n % 1000).into(), texts::ticket_bytes(n)).encode_to_vec())
        }))
    }

    async fn fill(&self, prefix: &'static str) -> Outcome<()> {
        let body: Body = Arc::new(move |n| {
            Bytes::from(put(format!("{prefix}/{n:08}").into(), texts::ticket_bytes(n)).encode_to_vec())
        });
        drain(&self.lanes(4).await?, PUT, 0..LISTED, 64, body, Arc::new(|_, _| Ok(()))).await
    }
}

/// A watch of everything that [`Etcd::changes`] changes.
pub(crate) fn watch_request() -> Bytes {
    let create = WatchCreateRequest {
        key: Bytes::from_static(b"watched/"),
        range_end: Bytes::from_static(b"watched0"),
        start_revision: 0,
    };
    let request = WatchRequest { request_union: Some(watch_request::RequestUnion::CreateRequest(create)) };
    Bytes::from(request.encode_to_vec())
}

fn put(key: Bytes, value: Bytes) -> PutRequest {
    PutRequest { key, value }
}

fn transaction(n: u64) -> TxnRequest {
    let ticket: Bytes = format!("txn/{n:016x}").into();
    let index = |name: &str, of: u64| put(format!("{name}/{of:08x}/{n:016x}").into(), Bytes::from_static(b"1"));
    let puts = [
        put(ticket.clone(), texts::ticket_bytes(n)),
        index("by-state", n % 6),
        index("by-organisation", n % 100),
        index("by-due", n),
        index("by-assignee", n % 20),
        index("by-request", texts::scatter(n)),
        put(format!("events/{n:016x}").into(), Bytes::from_static(b"created")),
    ];
    let op = |put| RequestOp { request: Some(request_op::Request::RequestPut(put)) };
    TxnRequest {
        compare: vec![Compare {
            result: CompareResult::Equal.into(),
            target: CompareTarget::Version.into(),
            key: ticket,
            target_union: Some(TargetUnion::Version(0)),
        }],
        success: puts.into_iter().map(op).collect(),
        failure: Vec::new(),
    }
}

/// A port that was free a moment ago.
fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_with_its_indexes_is_seven_keys_that_differ() {
        let keys: std::collections::BTreeSet<Bytes> = transaction(7)
            .success
            .into_iter()
            .filter_map(|op| match op.request {
                Some(request_op::Request::RequestPut(put)) => Some(put.key),
                _ => None,
            })
            .collect();
        assert_eq!(keys.len(), 7);
    }
}
