//! A page of 50 by urgency with a two-term filter, at each size, against an echo of the same bytes and against etcd's
//! Range of 50 keys. All sizes, the echo and etcd take turns.

use std::sync::Arc;

use bytes::Bytes;
use opora_proto::v1;
use prost::Message as _;

use super::sized::Sized;
use super::{alternate, details, p99s, prepare_references, rates};
use crate::echo::Echo;
use crate::error::{BenchError, Outcome};
use crate::etcd::Etcd;
use crate::load::{Body, Pass};
use crate::opora::LIST;
use crate::report::{Goal, Report, Unit};
use crate::settings::Settings;
use crate::slim;
use crate::stats::Spread;

/// Two terms that seven tenths of the open tickets match: a full page at every size.
const FILTER: &str = "state = NEW AND priority >= MEDIUM";
/// Tickets of a page.
const PAGE: usize = 50;
/// Calls in flight.
const IN_FLIGHT: usize = 64;

pub(super) async fn measure(settings: &Settings, report: &mut Report, servers: &[Sized]) -> Outcome<()> {
    prepare_references(settings)?;
    let body: Body = Arc::new(request);
    let mut subjects = Vec::new();
    let mut page = Bytes::new();
    for server in servers {
        let subject = server.opora.calls("opora list", LIST, body.clone()).await?;
        let mut lane = subject.lanes.first().cloned().ok_or_else(|| BenchError::Void("no connection".into()))?;
        page = lane.call(LIST, request(0)).await?;
        let found = slim::Listed::decode(page.clone())?.tickets.len();
        if found != PAGE {
            let size = server.population.tickets;
            return Err(BenchError::Void(format!("a page of {found} tickets instead of {PAGE} at {size}")));
        }
        subjects.push(subject);
    }
    let echo = Echo::start()?;
    let etcd = Etcd::start(&settings.directory).await?;
    subjects.push(echo.subject(1, request, page).await?);
    subjects.push(etcd.ranges().await?);
    let mut passes = alternate(settings, IN_FLIGHT, &subjects).await?;
    let (Some(range), Some(echo)) = (passes.pop(), passes.pop()) else { return Ok(()) };
    for (server, list) in servers.iter().zip(&passes) {
        tell(report, server.population.tickets, list, &echo, &range);
    }
    if let ([first, .., last], [small, .., large]) = (servers, passes.as_slice()) {
        let (few, many) = (first.population.tickets, last.population.tickets);
        let figure = Spread::of_ratios(&rates(large), &rates(small));
        let what = format!("list: rate at {many} / at {few}");
        report.add(
            "list",
            what,
            figure,
            Unit::Times,
            Goal::AtLeast(0.8),
            details(&[("small", small), ("large", large)]),
        );
    }
    Ok(())
}

fn tell(report: &mut Report, size: u64, list: &[Pass], echo: &[Pass], range: &[Pass]) {
    let detail = details(&[("opora", list), ("echo", echo), ("etcd_range", range)]);
    let mut add = |what: &str, figure, goal| {
        report.add("list", format!("list 50 at {size}: {what}"), figure, Unit::Times, goal, detail.clone());
    };
    add("rate / echo", Spread::of_ratios(&rates(list), &rates(echo)), Goal::AtLeast(0.2));
    add("rate / etcd range", Spread::of_ratios(&rates(list), &rates(range)), Goal::AtLeast(5.0));
    add("p99 / etcd range's", Spread::of_ratios(&p99s(list), &p99s(range)), Goal::Told);
}

fn request(_: u64) -> Bytes {
    let request = v1::ListTicketsRequest { filter: FILTER.into(), page_size: PAGE as i32, ..Default::default() };
    Bytes::from(request.encode_to_vec())
}
