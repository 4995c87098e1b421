//! Durable creation of a ticket against durable writes of etcd, at each number of calls in flight.
//!
//! Opora's rate counts what its followers still have to do: a pass is as long as its load, and as long again as
//! they need beyond the second that the contract allows full text to be behind. The burst is the load alone.

use std::time::Duration;

use serde_json::{Value, json};

use super::{details, p99s, plan, prepare_references, rates};
use crate::error::Outcome;
use crate::etcd::Etcd;
use crate::load::{Pass, closed};
use crate::opora::{ALLOWED_LAG, Lag, Opora};
use crate::process::until_calm;
use crate::report::{Goal, Report, Unit};
use crate::settings::Settings;
use crate::stats::Spread;

/// Calls in flight, on four connections.
const LEVELS: [u16; 4] = [1, 16, 64, 256];
/// The level at which the burst has a goal.
const BURST_LEVEL: usize = 64;
/// How long followers may take to catch up after a pass.
const PATIENCE: Duration = Duration::from_mins(5);

struct Level {
    opora: Vec<Pass>,
    lags: Vec<Lag>,
    put: Vec<Pass>,
    transaction: Vec<Pass>,
}

pub(super) async fn measure(settings: &Settings, report: &mut Report) -> Outcome<()> {
    prepare_references(settings)?;
    let opora = Opora::start(settings).await?;
    let etcd = Etcd::start(&settings.directory).await?;
    let (creations, puts, transactions) = (opora.creations().await?, etcd.puts().await?, etcd.transactions().await?);
    let levels = if settings.in_flight.is_empty() { &LEVELS[..] } else { &settings.in_flight };
    for in_flight in levels.iter().copied().map(usize::from) {
        let plan = plan(settings, in_flight);
        let mut level = Level { opora: Vec::new(), lags: Vec::new(), put: Vec::new(), transaction: Vec::new() };
        for _ in 0..settings.passes() {
            let both = [creations.pid, puts.pid];
            until_calm(&both).await?;
            level.opora.push(closed(&creations, plan).await?);
            level.lags.push(opora.catch_up(PATIENCE).await?);
            until_calm(&both).await?;
            level.put.push(closed(&puts, plan).await?);
            level.transaction.push(closed(&transactions, plan).await?);
        }
        tell(report, in_flight, &level);
    }
    Ok(())
}

fn tell(report: &mut Report, in_flight: usize, level: &Level) {
    let (put, transaction) = (rates(&level.put), rates(&level.transaction));
    let sustained: Vec<f64> = level.opora.iter().zip(&level.lags).map(|(pass, lag)| sustained(pass, lag)).collect();
    let mut detail =
        details(&[("opora", &level.opora), ("etcd_put", &level.put), ("etcd_transaction", &level.transaction)]);
    if let Value::Object(map) = &mut detail {
        map.insert("opora_followers".into(), level.lags.iter().map(Lag::json).collect());
        map.insert("opora_sustained_per_second".into(), json!(sustained));
    }
    let mut add = |what: String, figure, goal| {
        report.add(
            "create",
            format!("create, {in_flight} in flight: {what}"),
            figure,
            Unit::Times,
            goal,
            detail.clone(),
        );
    };
    add("rate / etcd put".into(), Spread::of_ratios(&sustained, &put), Goal::AtLeast(1.0));
    if in_flight == BURST_LEVEL {
        let behind = level.lags.iter().map(|lag| lag.of("search")).max().unwrap_or(0);
        let after = level.lags.iter().map(|lag| lag.caught_up).max().unwrap_or_default().as_secs_f64();
        let what = format!("burst / etcd put (search ≤ {behind} behind, caught up ≤ {after:.1} s later)");
        add(what, Spread::of_ratios(&rates(&level.opora), &put), Goal::AtLeast(1.5));
    }
    add("p99 / etcd put's".into(), Spread::of_ratios(&p99s(&level.opora), &p99s(&level.put)), Goal::AtMost(1.0));
    add("rate / etcd 7-key transaction".into(), Spread::of_ratios(&sustained, &transaction), Goal::AtLeast(5.0));
}

/// Calls a second with the time that followers needed afterwards counted in.
fn sustained(pass: &Pass, lag: &Lag) -> f64 {
    pass.all_calls as f64 / (pass.all_seconds + lag.caught_up.saturating_sub(ALLOWED_LAG).as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Latencies;

    #[test]
    fn what_followers_need_beyond_their_second_counts() {
        let pass = Pass {
            calls: 800,
            all_calls: 1000,
            seconds: 4.0,
            all_seconds: 5.0,
            latencies: Latencies::new(),
            server_cpu: 0.0,
        };
        let lag = |millis| Lag { behind: Vec::new(), caught_up: Duration::from_millis(millis) };
        assert!((sustained(&pass, &lag(900)) - 200.0).abs() < 1e-9);
        assert!((sustained(&pass, &lag(6000)) - 100.0).abs() < 1e-9);
    }
}
