//! Changes at a steady pace: so many a second whatever the answers take, each remembered with when it was answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval_at};

use crate::error::{BenchError, Outcome};
use crate::load::Body;
use crate::raw::Lane;

/// How many calls may wait for an answer.
const WORKERS: u32 = 64;

/// A change that was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// The revision that the server gave it.
    pub(crate) revision: u64,
    /// When it was sent, since the beginning.
    pub(crate) sent: Duration,
    /// When it was answered, since the beginning.
    pub(crate) answered: Duration,
}

/// Where changes go and how their answers are read.
#[derive(Clone)]
pub(crate) struct Changes {
    /// Connections.
    pub(crate) lanes: Vec<Lane>,
    /// The method.
    pub(crate) path: &'static str,
    /// The bodies.
    pub(crate) body: Body,
    /// Counts across passes.
    pub(crate) sequence: Arc<AtomicU64>,
    /// Reads the revision of an answer.
    pub(crate) revision: fn(Bytes) -> Outcome<u64>,
}

/// Makes `rate` changes a second for that long.
pub(crate) async fn make(changes: &Changes, rate: u32, begin: Instant, long: Duration) -> Outcome<Vec<Change>> {
    let mut workers: JoinSet<Outcome<Vec<Change>>> = JoinSet::new();
    let period = Duration::from_secs(1) * WORKERS / rate.max(1);
    let start = Instant::now();
    for (worker, lane) in (0..WORKERS).zip(changes.lanes.iter().cycle()) {
        // Spread evenly, so that one change comes every 1/rate.
        let first = start + period * worker / WORKERS;
        workers.spawn(work(changes.clone(), lane.clone(), begin, first, period, start + long));
    }
    let mut made = Vec::new();
    while let Some(worker) = workers.join_next().await {
        made.extend(worker.map_err(|error| BenchError::Void(error.to_string()))??);
    }
    Ok(made)
}

async fn work(
    changes: Changes,
    mut lane: Lane,
    begin: Instant,
    first: Instant,
    period: Duration,
    until: Instant,
) -> Outcome<Vec<Change>> {
    let mut ticks = interval_at(first.into(), period);
    // What was missed is made up for: the pace is what is asked for, not what the server allows.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut made = Vec::new();
    loop {
        if ticks.tick().await.into_std() >= until {
            return Ok(made);
        }
        let body = (changes.body)(changes.sequence.fetch_add(1, Ordering::Relaxed));
        let sent = begin.elapsed();
        let answer = lane.call(changes.path, body).await?;
        let answered = begin.elapsed();
        made.push(Change { revision: (changes.revision)(answer)?, sent, answered });
    }
}
