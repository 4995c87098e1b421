//! The references alone: what the machine gives without Opora. For no quotation; tells whether a run is worth while.

use bytes::Bytes;

use super::watch::{self, Source};
use super::{alternate, details, p99s, prepare_references, rates};
use crate::echo::Echo;
use crate::error::Outcome;
use crate::etcd::Etcd;
use crate::report::{Goal, Report, Unit};
use crate::settings::Settings;
use crate::stats::Spread;
use crate::texts;

pub(super) async fn measure(settings: &Settings, report: &mut Report) -> Outcome<()> {
    prepare_references(settings)?;
    let etcd = Etcd::start(&settings.directory).await?;
    let echo = Echo::start()?;
    let small = |n: u64| Bytes::from(format!("tickets/{n}"));
    let ticket = echo.subject(0, small, texts::ticket_bytes(1)).await?;
    let page: Vec<u8> = (0..50).flat_map(texts::ticket_bytes).collect();
    let page = echo.subject(1, small, page.into()).await?;
    let subjects = [etcd.puts().await?, etcd.transactions().await?, etcd.ranges().await?, ticket, page];
    let names = ["etcd put", "etcd 7-key transaction", "etcd range of 50", "echo of a ticket", "echo of a page of 50"];
    let passes = alternate(settings, 64, &subjects).await?;
    for (name, passes) in names.iter().zip(&passes) {
        let detail = details(&[(name, passes)]);
        let rate = Spread::of(rates(passes));
        report.add("references", format!("{name}, 64 in flight"), rate, Unit::Rate, Goal::Told, detail.clone());
        let p99 = Spread::of(p99s(passes));
        report.add("references", format!("{name}, 64 in flight, p99"), p99, Unit::Millis, Goal::Told, detail);
    }
    let source = Source::etcd(&etcd).await?;
    for watchers in [1, 100] {
        let mut found = Vec::new();
        for _ in 0..settings.passes() {
            found.push(watch::pass(settings, &source, watchers, watchers as u64).await?);
        }
        let p99 = Spread::of(found.iter().map(|pass| pass.latencies.millis(0.99)));
        let detail = found.iter().map(watch::Delivery::json).collect();
        report.add(
            "references",
            format!("etcd watch, {watchers} watchers, p99"),
            p99,
            Unit::Millis,
            Goal::Told,
            detail,
        );
    }
    Ok(())
}
