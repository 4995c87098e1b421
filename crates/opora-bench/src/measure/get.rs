//! Reading one ticket against a bare echo of the same bytes.

use std::sync::Arc;

use bytes::Bytes;
use opora_proto::v1;
use prost::Message as _;

use super::{alternate, details, p99s, rates};
use crate::echo::Echo;
use crate::error::{BenchError, Outcome};
use crate::load::Body;
use crate::opora::{GET, Opora};
use crate::populate;
use crate::report::{Goal, Report, Unit};
use crate::settings::Settings;
use crate::stats::Spread;
use crate::texts;

/// Tickets that are read at random.
const TICKETS: u64 = 10_000;
/// Calls in flight.
const IN_FLIGHT: usize = 64;

pub(super) async fn measure(settings: &Settings, report: &mut Report) -> Outcome<()> {
    let opora = Opora::start(settings).await?;
    populate::open(&opora, TICKETS).await?;
    let mut lane = opora.lanes(1).await?.pop().ok_or_else(|| BenchError::Void("no connection".into()))?;
    let answer = lane.call(GET, request(1)).await?;
    let body: Body = Arc::new(request);
    let gets = opora.calls("opora get", GET, body).await?;
    let echo = Echo::start()?;
    let echoes = echo.subject(0, request, answer).await?;
    let passes = alternate(settings, IN_FLIGHT, &[gets, echoes]).await?;
    let [gets, echoes] = passes.as_slice() else { return Err(BenchError::Void("a subject is missing".into())) };
    let detail = details(&[("opora", gets), ("echo", echoes)]);
    let rate = Spread::of_ratios(&rates(gets), &rates(echoes));
    report.add("get", "get, 64 in flight: rate / echo", rate, Unit::Times, Goal::AtLeast(0.7), detail.clone());
    let p99 = Spread::of_ratios(&p99s(gets), &p99s(echoes));
    report.add("get", "get, 64 in flight: p99 / echo's", p99, Unit::Times, Goal::Told, detail);
    Ok(())
}

fn request(n: u64) -> Bytes {
    let name = format!("tickets/{}", 1 + texts::scatter(n) % TICKETS);
    Bytes::from(v1::GetTicketRequest { name, ..Default::default() }.encode_to_vec())
}
