//! The one that behaves: so many calls a second on one connection, whatever becomes of them.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hdrhistogram::Histogram;
use opora_proto::v1;
use prost::Message as _;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::error::{BenchError, Outcome};
use crate::opora::GET;
use crate::raw::Lane;

/// Calls a second.
pub(super) const RATE: u64 = 200;
/// A call that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a probe got.
pub(super) struct Got {
    /// Calls answered a second.
    pub(super) rate: f64,
    /// How soon ninety-nine of a hundred of them were.
    pub(super) p99: Duration,
}

/// Runs a probe in a process of its own.
pub(super) async fn run(address: &str, window: Duration) -> Outcome<Got> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["probe", "--seconds", &window.as_secs().to_string(), "--probed", address]);
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    let said = tokio::task::spawn_blocking(move || command.output());
    let said = said.await.map_err(|error| BenchError::Void(format!("the probe: {error}")))??;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let (Some(Ok(answered)), Some(Ok(micros))) = (numbers.next(), numbers.next()) else {
        return Err(BenchError::Void(format!("the probe said: {text}")));
    };
    Ok(Got { rate: answered as f64 / window.as_secs_f64(), p99: Duration::from_micros(micros) })
}

/// The probe itself: prints how many calls were answered, and the p99 in microseconds.
pub(crate) async fn probe(address: &str, window: Duration) -> Outcome<bool> {
    let lane = Lane::connect(address).await?;
    let request = v1::GetTicketRequest { name: "tickets/1".into(), view: 0 };
    let request = Bytes::from(request.encode_to_vec());
    let (begin, answered) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let mut calls = JoinSet::new();
    let mut ticks = interval(Duration::from_secs(1) / RATE as u32);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while begin.elapsed() < super::BEFORE + window {
        ticks.tick().await;
        let counts = begin.elapsed() >= super::BEFORE;
        let (mut lane, request, answered) = (lane.clone(), request.clone(), answered.clone());
        calls.spawn(async move {
            let begin = Instant::now();
            let answer = timeout(PATIENCE, lane.call(GET, request)).await;
            let is_good = counts && matches!(answer, Ok(Ok(_)));
            answered.fetch_add(u64::from(is_good), Ordering::Relaxed);
            is_good.then(|| begin.elapsed())
        });
    }
    let mut took = Histogram::<u64>::new(3).map_err(|error| BenchError::Void(error.to_string()))?;
    while let Some(call) = calls.join_next().await {
        if let Ok(Some(time)) = call {
            took.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
        }
    }
    println!("{} {}", answered.load(Ordering::Relaxed), took.value_at_quantile(0.99));
    Ok(true)
}
