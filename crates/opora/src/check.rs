//! `opora check`: says what is wrong with a data directory, and has the view built again where asked.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};
use opora_store::{CheckReport, OpenError, Severity};

use crate::cli::work::CheckArgs;
use crate::failure::{Exit, Failure};
use crate::output::Out;

/// Verifies everything and tells what it found. Fails with [`Exit::Refused`] when something is wrong.
pub(crate) fn run(out: &Out, args: &CheckArgs) -> Result<(), Failure> {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.set_style(ProgressStyle::default_spinner());
    let checked = opora_store::check(&args.data, args.repair, &mut |what| {
        bar.set_message(what.to_owned());
        bar.tick();
    });
    bar.finish_and_clear();
    let report = checked.map_err(|error| failed(&error))?;
    tell(out, args, &report)
}

fn tell(out: &Out, args: &CheckArgs, report: &CheckReport) -> Result<(), Failure> {
    let data = args.data.display().to_string();
    for finding in &report.findings {
        let weight = match finding.severity {
            Severity::Harmless => "check-harmless",
            Severity::Repairable => "check-repairable",
            Severity::Lost => "check-lost",
        };
        let (path, what) = (finding.path.display().to_string(), finding.what.clone());
        out.say(weight, &[("path", path.into()), ("what", what.into())])?;
    }
    let counts =
        [("commits", report.commits.into()), ("tickets", report.tickets.into()), ("files", report.blobs.into())];
    out.say("check-read", &counts)?;
    if report.repaired {
        out.say("check-repaired", &[])?;
    }
    if report.is_sound() {
        return out.say("check-clean", &[("data", data.into())]);
    }
    let count = report.findings.len() as u64;
    out.say("check-found", &[("count", count.into()), ("data", data.into())])?;
    let hint = if report.is_lost() { "hint-check-lost" } else { "hint-check-repair" };
    out.say(hint, &[])?;
    Err(Failure::said(Exit::Refused))
}

fn failed(error: &OpenError) -> Failure {
    Failure::new(Exit::Io, error.to_string())
}
