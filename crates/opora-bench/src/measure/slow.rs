//! Whether a thousand filtered watchers slow a writer down: passes with and without them take turns.

use serde_json::Value;
use tokio::task::JoinSet;

use super::watch::{FILTERED, TICKETS, filter, updates, watch_tickets};
use super::{details, plan, rates};
use crate::error::Outcome;
use crate::load::{Pass, closed};
use crate::opora::{Opora, UPDATE, WATCH};
use crate::populate;
use crate::report::{Goal, Report, Unit};
use crate::settings::Settings;
use crate::stats::Spread;

/// Writers: one, which has the goal, and as many as make deliveries compete with them for the machine.
const LEVELS: [(usize, Goal); 2] = [(1, Goal::AtLeast(0.9)), (64, Goal::Told)];
/// Watchers of a connection.
const STREAMS: usize = 100;

pub(super) async fn measure(settings: &Settings, report: &mut Report) -> Outcome<()> {
    let opora = Opora::start(settings).await?;
    populate::open(&opora, TICKETS).await?;
    let writes = opora.calls("opora update", UPDATE, updates()).await?;
    for (in_flight, goal) in LEVELS {
        let (mut alone, mut watched): (Vec<Pass>, Vec<Pass>) = (Vec::new(), Vec::new());
        for _ in 0..settings.passes() {
            alone.push(closed(&writes, plan(settings, in_flight)).await?);
            // Dropping the set ends the watchers.
            let watchers = open(&opora).await?;
            watched.push(closed(&writes, plan(settings, in_flight)).await?);
            drop(watchers);
        }
        let figure = Spread::of_ratios(&rates(&watched), &rates(&alone));
        let detail: Value = details(&[("alone", &alone), ("watched", &watched)]);
        let what = format!("{in_flight} writing, {FILTERED} filtered watchers: rate / without them");
        report.add("watch", what, figure, Unit::Times, goal, detail);
    }
    Ok(())
}

async fn open(opora: &Opora) -> Outcome<JoinSet<()>> {
    let newest = opora.info().await?.revision;
    let lanes = opora.lanes(FILTERED / STREAMS).await?;
    let mut watchers = JoinSet::new();
    for (n, lane) in (0..FILTERED as u64).zip(lanes.iter().cycle()) {
        let body = watch_tickets(filter(n), newest + 1);
        let mut stream = lane.clone().stream(WATCH, body).await?;
        watchers.spawn(async move { while let Ok(Some(_)) = stream.message().await {} });
    }
    Ok(watchers)
}
