//! Resident memory of a server that was filled, has not been started again, and has come to rest.

use serde_json::json;

use crate::error::Outcome;
use crate::opora::Opora;
use crate::populate::Population;
use crate::process::{resident, until_calm};
use crate::report::{Goal, Report, Unit};
use crate::stats::Spread;

const MEBIBYTE: f64 = 1024.0 * 1024.0;

pub(super) async fn measure(report: &mut Report, opora: &Opora, population: &Population) -> Outcome<()> {
    // At rest: what was freed is given back a while later. The peak is in the results.
    until_calm(&[opora.id()]).await?;
    let found = resident(opora.id())?;
    let goal = match population.tickets {
        100_000 => Goal::AtMost(250.0),
        1_000_000 => Goal::AtMost(1.2 * 1024.0),
        _ => Goal::Told,
    };
    let detail = json!({
        "resident": found.all, "peak": found.peak, "anonymous": found.own, "files": found.files,
        "population": population.json(),
    });
    let what = format!("memory at {} tickets", population.tickets);
    report.add("memory", what, Spread::of([found.all as f64 / MEBIBYTE]), Unit::Mebibytes, goal, detail);
    Ok(())
}
