//! The console in a real terminal at a real server, and `neomutt` in the same terminal beside it.

mod changes;
mod desk;
mod idle;
mod keys;
mod neomutt;
mod pty;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::block_in_place;

use crate::error::{BenchError, Outcome};
use crate::machine;
use crate::process::resident;
use crate::report::{Goal, Report, Unit};
use crate::settings::Settings;
use crate::stats::{Latencies, Spread};
use desk::Filled;
use idle::Idle;
use neomutt::Mail;
use pty::Pty;

const MEBIBYTE: f64 = 1024.0 * 1024.0;
/// A start is short: so many are measured in a pass.
const ROUNDS: usize = 3;
/// Keys of a burst.
const BURST: usize = 100;
/// What is typed as a filter: a word of most subjects, of some, of few, one of none.
const WORDS: [&str; 4] = ["звонок", "browser", "zeppelin", "йцукен"];

/// All measures of the console.
pub(super) async fn measure(settings: &Settings, report: &mut Report) -> Outcome<()> {
    machine::need_neomutt(settings)?;
    let mail = Mail::generate(&settings.directory)?;
    let mut desks = Vec::new();
    for size in settings.sizes() {
        println!("filling a server with {size} tickets");
        desks.push(Filled::start(settings, size).await?);
    }
    block_in_place(|| starts(settings, report, &desks, &mail))?;
    // The rest is about one with the most open tickets; the others need not take the machine's memory meanwhile.
    desks.sort_by_key(Filled::open);
    let Some(desk) = desks.pop() else { return Ok(()) };
    drop(desks);
    let pty = block_in_place(|| desk.console_with_all())?;
    let (reference, _) = block_in_place(|| mail.open())?;
    memory(report, &desk, &pty, &reference)?;
    block_in_place(|| at_rest(settings, report, &pty, &reference))?;
    block_in_place(|| still(settings, report, &pty, &reference))?;
    drop(reference);
    changing(settings, report, &desk, &pty).await?;
    drop((pty, desk));
    let empty = Filled::start(settings, 0).await?;
    block_in_place(|| nothing_to_see(settings, report, &empty))
}

/// From start to the first rows, at each size and at the reference, in turn.
fn starts(settings: &Settings, report: &mut Report, desks: &[Filled], mail: &Mail) -> Outcome<()> {
    let mut found = vec![Vec::new(); desks.len()];
    let mut theirs = Vec::new();
    // Neither program is measured while its file is read for the first time.
    for desk in desks {
        desk.console()?;
    }
    mail.open()?;
    for _ in 0..settings.passes() * ROUNDS {
        for (desk, found) in desks.iter().zip(&mut found) {
            found.push(desk.console()?.1.as_secs_f64() * 1e3);
        }
        theirs.push(mail.open()?.1.as_secs_f64() * 1e3);
    }
    let reference = Spread::of(theirs.iter().copied());
    for (desk, found) in desks.iter().zip(&found) {
        let what = format!("console, {} tickets ({} open): start to first rows", desk.tickets, desk.open());
        let detail = beside(reference, &json!({ "ms": found }));
        report.add("console", what, Spread::of(found.iter().copied()), Unit::Millis, Goal::AtMost(150.0), detail);
    }
    let median = |found: &Vec<f64>| Spread::of(found.iter().copied()).map(|spread| spread.median);
    let medians: Vec<f64> = found.iter().filter_map(median).collect();
    if let Some(spread) = Spread::of(medians.iter().copied()).filter(|_| medians.len() > 1) {
        let what = "console: start at the slowest size / at the fastest";
        let ratio = Spread::of([spread.max / spread.min]);
        report.add("console", what, ratio, Unit::Times, Goal::AtMost(1.3), json!({ "ms": medians }));
    }
    Ok(())
}

fn memory(report: &mut Report, desk: &Filled, pty: &Pty, reference: &Pty) -> Outcome<()> {
    let (ours, theirs) = (resident(pty.id()?)?, resident(reference.id()?)?);
    let mebibytes = |bytes: u64| Spread::of([bytes as f64 / MEBIBYTE]);
    let detail = json!({ "resident": ours.all, "peak": ours.peak, "anonymous": ours.own, "files": ours.files });
    let what = format!("console, {} open tickets: resident memory", desk.open());
    let detail = beside(mebibytes(theirs.all), &detail);
    report.add("console", what, mebibytes(ours.all), Unit::Mebibytes, Goal::AtMost(60.0), detail);
    Ok(())
}

/// Keys at rest, one program after the other; a burst; a filter.
fn at_rest(settings: &Settings, report: &mut Report, pty: &Pty, reference: &Pty) -> Outcome<()> {
    let count = if settings.quick { 100 } else { 400 };
    let (mut ours, mut theirs, mut bursts, mut filters) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..settings.passes() {
        ours.push(keys::at_rest(pty, count)?);
        theirs.push(keys::at_rest(reference, count)?);
        bursts.push(keys::burst(pty, BURST)?);
        filters.push(keys::filter(pty, &WORDS)?);
    }
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
        let (a, b) = (millis(&ours, quantile), millis(&theirs, quantile));
        let (figure, reference) = (Spread::of(a.iter().copied()), Spread::of(b.iter().copied()));
        let goal = if quantile < 0.9 { Goal::AtMost(1.5) } else { Goal::AtMost(8.0) };
        let what = format!("console: key to first byte at rest, {name}");
        let detail = json!({ "console": all(&ours), "neomutt": all(&theirs) });
        report.add("console", what, figure, Unit::Millis, goal, beside(reference, &detail));
        let what = format!("console: key to first byte at rest, {name} / neomutt's");
        report.add("console", what, Spread::of_ratios(&a, &b), Unit::Times, Goal::AtMost(1.0), Value::Null);
    }
    let figure = Spread::of(bursts.iter().map(|frames| *frames as f64));
    let what = format!("console: frames for a burst of {BURST} keys");
    report.add("console", what, figure, Unit::Count, Goal::AtMost(2.0), json!(bursts));
    for (name, quantile) in [("p50", 0.5), ("slowest", 1.0)] {
        let what = format!("console: filter typed over all rows, a key, {name}");
        let figure = Spread::of(millis(&filters, quantile));
        report.add("console", what, figure, Unit::Millis, Goal::AtMost(15.0), all(&filters));
    }
    Ok(())
}

/// What both cost while nobody touches them.
fn still(settings: &Settings, report: &mut Report, pty: &Pty, reference: &Pty) -> Outcome<()> {
    let (ours, theirs) = (idles(settings, pty)?, idles(settings, reference)?);
    let detail = beside(idle::spread(&theirs, |idle| idle.cpu), &told(&ours));
    let what = "console: CPU while idle, clocks running, of a core";
    report.add("console", what, idle::spread(&ours, |idle| idle.cpu), Unit::Percent, Goal::AtMost(1.0), detail);
    let detail = beside(idle::spread(&theirs, |idle| idle.bytes), &told(&ours));
    let what = "console: bytes written a second while idle";
    report.add("console", what, idle::spread(&ours, |idle| idle.bytes), Unit::Bytes, Goal::AtMost(2048.0), detail);
    Ok(())
}

fn nothing_to_see(settings: &Settings, report: &mut Report, empty: &Filled) -> Outcome<()> {
    let found = idles(settings, &empty.console_without_rows()?)?;
    let what = "console: CPU while idle, no clock on the screen, of a core";
    // 0.0 % as it is written: less than half of a tenth.
    let goal = Goal::AtMost(0.05);
    report.add("console", what, idle::spread(&found, |idle| idle.cpu), Unit::Percent, goal, told(&found));
    Ok(())
}

/// Everything that is measured while tickets change.
async fn changing(settings: &Settings, report: &mut Report, desk: &Filled, pty: &Pty) -> Outcome<()> {
    let (singles, count) = if settings.quick { (40, 150) } else { (200, 600) };
    let sequence = std::sync::Arc::default();
    let (mut frames, mut busy) = (Vec::new(), Vec::new());
    for pass in 0..settings.passes() {
        frames.push(changes::to_frame(desk, pty, pass as u64, singles).await?);
        busy.push(changes::busy(settings, desk, pty, std::sync::Arc::clone(&sequence), count).await?);
    }
    let figure = Spread::of(millis(&frames, 0.99));
    let what = "console: change committed to its frame written, p99";
    report.add("console", what, figure, Unit::Millis, Goal::AtMost(50.0), all(&frames));
    let rates: Vec<f64> = busy.iter().map(|busy| busy.rate).collect();
    if rates.iter().any(|rate| *rate < 450.0) {
        return Err(BenchError::Void(format!("no 500 changes a second could be made: {rates:?}")));
    }
    let keys: Vec<Latencies> = busy.iter().map(|busy| busy.keys.clone()).collect();
    for (name, quantile, goal) in [("p50", 0.5, 1.5), ("p99", 0.99, 8.0)] {
        let what = format!("console: key to first byte with 500 changes a second, {name}");
        let detail = json!({ "keys": all(&keys), "changes_per_second": rates });
        report.add("console", what, Spread::of(millis(&keys, quantile)), Unit::Millis, Goal::AtMost(goal), detail);
    }
    let figure = Spread::of(busy.iter().map(|busy| busy.frames));
    let what = "console: frames a second with 500 changes a second";
    report.add("console", what, figure, Unit::Count, Goal::AtMost(10.0), Value::Null);
    let figure = Spread::of(busy.iter().map(|busy| busy.bytes));
    let what = "console: bytes written a second with 500 changes a second";
    report.add("console", what, figure, Unit::Bytes, Goal::Told, Value::Null);
    Ok(())
}

fn idles(settings: &Settings, pty: &Pty) -> Outcome<Vec<Idle>> {
    pty.quiet(Duration::from_secs(1))?;
    let long = settings.window() * if settings.quick { 4 } else { 6 };
    (0..settings.passes()).map(|_| idle::watch(pty, long)).collect()
}

fn told(passes: &[Idle]) -> Value {
    passes
        .iter()
        .map(
            |idle| json!({ "cpu_percent": idle.cpu, "bytes_per_second": idle.bytes, "frames_per_second": idle.frames }),
        )
        .collect()
}

fn millis(passes: &[Latencies], quantile: f64) -> Vec<f64> {
    passes.iter().map(|pass| pass.millis(quantile)).collect()
}

fn all(passes: &[Latencies]) -> Value {
    let of = |pass: &Latencies| {
        let at = |quantile| pass.millis(quantile);
        json!({ "p50_ms": at(0.5), "p90_ms": at(0.9), "p99_ms": at(0.99), "worst_ms": at(1.0), "count": pass.count() })
    };
    passes.iter().map(of).collect()
}

/// A detail with what the reference came to, which the table shows beside the figure.
fn beside(reference: Option<Spread>, detail: &Value) -> Value {
    json!({ "reference": { "name": "neomutt", "figure": reference.map(Spread::json) }, "passes": detail })
}
