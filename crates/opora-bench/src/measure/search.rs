//! Full-text search at the largest size: words from common to rare, alone and together.

use std::sync::Arc;

use bytes::Bytes;
use opora_proto::v1;
use prost::Message as _;

use super::sized::Sized;
use super::{details, p99s, plan};
use crate::error::{BenchError, Outcome};
use crate::load::{Body, closed};
use crate::opora::LIST;
use crate::report::{Goal, Report, Unit};
use crate::settings::Settings;
use crate::slim;
use crate::stats::Spread;
use crate::texts::QUERIES;

/// Calls in flight: one agent who searches, which has the goal, and eight at once.
const LEVELS: [(usize, Goal); 2] = [(1, Goal::AtMost(20.0)), (8, Goal::Told)];

pub(super) async fn measure(settings: &Settings, report: &mut Report, server: &Sized) -> Outcome<()> {
    let body: Body = Arc::new(request);
    let searches = server.opora.calls("opora search", LIST, body).await?;
    let mut lane = searches.lanes.first().cloned().ok_or_else(|| BenchError::Void("no connection".into()))?;
    let mut found = serde_json::Map::new();
    for (n, query) in (0..).zip(QUERIES) {
        let count = slim::Listed::decode(lane.call(LIST, request(n)).await?)?.tickets.len();
        found.insert((*query).to_owned(), count.into());
    }
    if found.values().all(|count| count == 0) {
        return Err(BenchError::Void("no search found anything".into()));
    }
    let size = server.population.tickets;
    for (in_flight, goal) in LEVELS {
        let mut passes = Vec::new();
        for _ in 0..settings.passes() {
            passes.push(closed(&searches, plan(settings, in_flight)).await?);
        }
        let mut detail = details(&[("opora", &passes)]);
        if let serde_json::Value::Object(map) = &mut detail {
            map.insert("found_on_the_first_page".into(), found.clone().into());
        }
        let what = format!("search at {size}, {in_flight} in flight: p99");
        report.add("search", what, Spread::of(p99s(&passes)), Unit::Millis, goal, detail);
    }
    Ok(())
}

fn request(n: u64) -> Bytes {
    let query = QUERIES.get(n as usize % QUERIES.len()).copied().unwrap_or_default();
    let request = v1::ListTicketsRequest { filter: format!("\"{query}\""), page_size: 50, ..Default::default() };
    Bytes::from(request.encode_to_vec())
}
