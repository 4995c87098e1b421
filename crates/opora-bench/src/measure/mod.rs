//! The measures, one a file, and the order they are taken in.

mod console;
mod create;
mod disk;
mod get;
mod list;
mod memory;
mod references;
mod search;
mod sized;
mod slow;
mod start;
mod watch;

use serde_json::{Value, json};

use crate::error::Outcome;
use crate::load::{Pass, Plan, Subject, closed};
use crate::machine;
use crate::report::Report;
use crate::settings::{Measure, Settings};

/// Takes every measure that was asked for; what can't be measured is told in the report, and the rest goes on.
pub(crate) async fn all(settings: &Settings, report: &mut Report) {
    if settings.references_only {
        let found = references::measure(settings, report).await;
        return note(report, "references", found);
    }
    if settings.wants(Measure::Desk) {
        let found = create::measure(settings, report).await;
        note(report, "create", found);
        let found = get::measure(settings, report).await;
        note(report, "get", found);
    }
    if settings.wants(Measure::Watch) {
        let found = watch::measure(settings, report).await;
        note(report, "watch", found);
        let found = slow::measure(settings, report).await;
        note(report, "writer with watchers", found);
    }
    let sized = [Measure::List, Measure::Search, Measure::Memory, Measure::Start, Measure::Disk];
    if sized.into_iter().any(|measure| settings.wants(measure)) {
        let found = sized::measure(settings, report).await;
        note(report, "sizes", found);
    }
    if settings.wants(Measure::Console) {
        let found = console::measure(settings, report).await;
        note(report, "console", found);
    }
}

fn note(report: &mut Report, measure: &'static str, found: Outcome<()>) {
    if let Err(error) = found {
        report.fault(measure, &error);
    }
}

/// Runs one pass of each subject in turn, so many rounds; gives the passes by subject.
async fn alternate(settings: &Settings, in_flight: usize, subjects: &[Subject]) -> Outcome<Vec<Vec<Pass>>> {
    let plan = plan(settings, in_flight);
    let mut passes = vec![Vec::new(); subjects.len()];
    for _ in 0..settings.passes() {
        for (subject, passes) in subjects.iter().zip(&mut passes) {
            passes.push(closed(subject, plan).await?);
        }
    }
    Ok(passes)
}

fn plan(settings: &Settings, in_flight: usize) -> Plan {
    Plan { in_flight, warm_up: settings.warm_up(), window: settings.window() }
}

fn rates(passes: &[Pass]) -> Vec<f64> {
    passes.iter().map(Pass::rate).collect()
}

fn p99s(passes: &[Pass]) -> Vec<f64> {
    passes.iter().map(|pass| pass.latencies.millis(0.99)).collect()
}

fn details(named: &[(&str, &[Pass])]) -> Value {
    let by_name = named.iter().map(|(name, passes)| {
        let passes: Vec<Value> = passes.iter().map(Pass::json).collect();
        ((*name).to_owned(), json!(passes))
    });
    Value::Object(by_name.collect())
}

/// Installs or finds what references need, and starts nothing.
fn prepare_references(settings: &Settings) -> Outcome<()> {
    machine::need_etcd(settings)
}
