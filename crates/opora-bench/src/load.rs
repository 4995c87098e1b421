//! Load with a fixed number of calls in flight: each worker sends its next call when the last one was answered.
//!
//! Knows bytes and paths, not what they mean.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::error::{BenchError, Outcome};
use crate::process;
use crate::raw::Lane;
use crate::stats::Latencies;

/// Makes the body of the call of that sequence number.
pub(crate) type Body = Arc<dyn Fn(u64) -> Bytes + Send + Sync>;

/// What is called, and where.
#[derive(Clone)]
pub(crate) struct Subject {
    /// Its name in the results.
    pub(crate) name: &'static str,
    /// Connections that the calls are spread over.
    pub(crate) lanes: Vec<Lane>,
    /// The method.
    pub(crate) path: &'static str,
    /// The bodies.
    pub(crate) body: Body,
    /// The server's process, whose CPU time is read.
    pub(crate) pid: u32,
    /// Counts calls across passes, so that no body comes twice.
    pub(crate) sequence: Arc<AtomicU64>,
}

impl Subject {
    /// A subject whose sequence begins at 0.
    pub(crate) fn new(name: &'static str, lanes: &[Lane], path: &'static str, body: Body, pid: u32) -> Self {
        Self { name, lanes: lanes.to_vec(), path, body, pid, sequence: Arc::default() }
    }
}

/// How a pass is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Calls at a time.
    pub(crate) in_flight: usize,
    /// Before measuring.
    pub(crate) warm_up: Duration,
    /// Measuring.
    pub(crate) window: Duration,
}

/// What one pass came to.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    /// Calls answered within the window.
    pub(crate) calls: u64,
    /// Calls answered at all, warm-up included.
    pub(crate) all_calls: u64,
    /// The window, in seconds.
    pub(crate) seconds: f64,
    /// Warm-up and window, in seconds.
    pub(crate) all_seconds: f64,
    /// Latencies within the window.
    pub(crate) latencies: Latencies,
    /// CPU time of the server within the window, in seconds.
    pub(crate) server_cpu: f64,
}

impl Pass {
    /// Calls a second.
    pub(crate) fn rate(&self) -> f64 {
        self.calls as f64 / self.seconds
    }

    /// For the results.
    pub(crate) fn json(&self) -> Value {
        json!({
            "calls_per_second": self.rate(),
            "p50_ms": self.latencies.millis(0.5),
            "p99_ms": self.latencies.millis(0.99),
            "p999_ms": self.latencies.millis(0.999),
            "server_cpu_us_per_call": self.server_cpu * 1e6 / self.calls.max(1) as f64,
        })
    }
}

struct Worker {
    latencies: Latencies,
    all_calls: u64,
    failures: u64,
    first: Option<String>,
}

/// Runs one pass.
///
/// # Errors
/// [`BenchError::Failures`] when any call failed: a rate with failures in it says nothing.
pub(crate) async fn closed(subject: &Subject, plan: Plan) -> Outcome<Pass> {
    let begin = Instant::now();
    let (from, until) = (begin + plan.warm_up, begin + plan.warm_up + plan.window);
    let mut workers = JoinSet::new();
    for lane in subject.lanes.iter().cycle().take(plan.in_flight) {
        workers.spawn(work(subject.clone(), lane.clone(), from, until));
    }
    tokio::time::sleep_until(from.into()).await;
    let cpu_before = process::cpu_seconds(subject.pid)?;
    tokio::time::sleep_until(until.into()).await;
    let server_cpu = process::cpu_seconds(subject.pid)? - cpu_before;

    let mut latencies = Latencies::new();
    let (mut all_calls, mut failures, mut first) = (0, 0, None);
    while let Some(worker) = workers.join_next().await {
        let worker = worker.map_err(|error| BenchError::Void(error.to_string()))?;
        latencies.add(&worker.latencies);
        all_calls += worker.all_calls;
        failures += worker.failures;
        first = first.or(worker.first);
    }
    if let Some(first) = first {
        return Err(BenchError::Failures { count: failures, first: format!("{}: {first}", subject.name) });
    }
    Ok(Pass {
        calls: latencies.count(),
        all_calls,
        seconds: plan.window.as_secs_f64(),
        all_seconds: (plan.warm_up + plan.window).as_secs_f64(),
        latencies,
        server_cpu,
    })
}

async fn work(subject: Subject, mut lane: Lane, from: Instant, until: Instant) -> Worker {
    let mut worker = Worker { latencies: Latencies::new(), all_calls: 0, failures: 0, first: None };
    loop {
        let body = (subject.body)(subject.sequence.fetch_add(1, Ordering::Relaxed));
        let sent = Instant::now();
        if sent >= until {
            return worker;
        }
        match lane.call(subject.path, body).await {
            Ok(_) => {
                let answered = Instant::now();
                worker.all_calls += 1;
                if answered >= from && answered < until {
                    worker.latencies.record(answered - sent);
                }
            }
            Err(status) => {
                worker.failures += 1;
                worker.first.get_or_insert_with(|| format!("{:?}: {}", status.code(), status.message()));
                // A server that refuses everything must not be hammered until the pass is over.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

/// Sends the bodies `from..to` with so many in flight, as fast as they are answered; gives the bytes of the answers to
/// `answer`.
pub(crate) async fn drain(
    lanes: &[Lane],
    path: &'static str,
    numbers: std::ops::Range<u64>,
    in_flight: usize,
    body: Body,
    answer: Arc<dyn Fn(u64, Bytes) -> Outcome<()> + Send + Sync>,
) -> Outcome<()> {
    let next = Arc::new(AtomicU64::new(numbers.start));
    let mut workers: JoinSet<Outcome<()>> = JoinSet::new();
    for lane in lanes.iter().cycle().take(in_flight) {
        let (mut lane, next, body, answer) = (lane.clone(), next.clone(), body.clone(), answer.clone());
        let end = numbers.end;
        workers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return Ok(());
                }
                let bytes = lane.call(path, body(number)).await?;
                answer(number, bytes)?;
            }
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker.map_err(|error| BenchError::Void(error.to_string()))??;
    }
    Ok(())
}
