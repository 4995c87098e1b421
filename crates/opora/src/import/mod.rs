//! `opora import`: tickets of another system, through the same contract that everybody uses. Reads rows, makes a
//! plan for each ticket, sends the plans, reports.

mod fault;
mod mapping;
mod names;
mod plan;
mod read;
mod report;
mod send;

use std::path::PathBuf;

use futures::StreamExt as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use opora_proto::{save, v1};

use crate::cli::value::Language;
use crate::cli::work::{FinishImportArgs, ImportArgs};
use crate::command::attach::unsaved;
use crate::context::{Context, change};
use crate::failure::{Exit, Failure};
use crate::text::Text;

use mapping::Mapping;
use plan::Plan;
use report::Report;
use send::Sender;

/// Runs `opora import`.
pub(crate) async fn run(context: &Context, args: ImportArgs) -> Result<(), Failure> {
    let out = &context.out;
    // What is missing is named first, and not the mapping that would lie beside it.
    if let Err(cause) = std::fs::metadata(&args.file) {
        return Err(Failure::io(args.file.display().to_string(), cause));
    }
    let map = args.map.clone().unwrap_or_else(|| args.file.with_extension("toml"));
    let mapping = Mapping::load(&map, &out.text)?;
    // What can't be written is told before anything is sent.
    let rejects_at = rejects_at(&args);
    if let Some(place) = &rejects_at {
        save::has_folder(place).map_err(|cause| unsaved(&out.text, &place.display().to_string(), cause))?;
    }
    let (plans, mut report) = read_all(&args, mapping.clone(), out.text.language()).await?;
    if out.is_table() {
        let rows: usize = plans.iter().map(|plan| plan.rows).sum();
        let arguments = [("tickets", (plans.len() as u64).into()), ("rows", (rows as u64).into())];
        out.say("import-planned", &arguments)?;
    }
    if args.dry_run {
        out.say("import-dry-run", &[])?;
    } else {
        context.repeatable();
        let mut sender = Sender::new(context, &mapping, args.resume).await?;
        sender.prepare(&plans).await?;
        send_all(context, &sender, plans, args.parallel, &mut report).await?;
        if !args.keep_open {
            finish(context, &sender.origins()).await?;
        } else if out.is_table() {
            out.say("import-kept-open", &[])?;
        }
    }
    // What was done is told even where the refused rows can't be written.
    let rejects = match &rejects_at {
        Some(place) => report.write_rejects(&out.text, place),
        None => Ok(None),
    };
    report.tell(out, rejects.as_ref().ok().and_then(Option::as_deref))?;
    rejects?;
    if report.refused() > 0 { Err(Failure::said(Exit::Refused)) } else { Ok(()) }
}

/// Where refused rows are written; a dry run writes nothing that was not asked for by name.
fn rejects_at(args: &ImportArgs) -> Option<PathBuf> {
    let beside = || {
        let stem = args.file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        PathBuf::from(format!("{stem}.rejects.csv"))
    };
    args.rejects.clone().or_else(|| (!args.dry_run).then(beside))
}

/// Reading blocks: it has a thread of its own.
async fn read_all(args: &ImportArgs, mapping: Mapping, language: Language) -> Result<(Vec<Plan>, Report), Failure> {
    let (file, replay) = (args.file.clone(), args.replay);
    let read = move || {
        let mut report = Report::default();
        let rows = read::rows(&file, &mapping, &Text::new(language), &mut report)?;
        Ok((plan::plans(&mapping, rows, replay, &mut report), report))
    };
    tokio::task::spawn_blocking(read).await.map_err(|error| Failure::bug(format!("reading: {error}")))?
}

async fn send_all(
    context: &Context,
    sender: &Sender<'_>,
    plans: Vec<Plan>,
    parallel: u16,
    report: &mut Report,
) -> Result<(), Failure> {
    let bar = bar(context, plans.len() as u64);
    let mut results =
        futures::stream::iter(plans).map(|plan| Box::pin(sender.send(plan))).buffer_unordered(usize::from(parallel));
    while let Some(outcome) = results.next().await {
        // A refusal is in the outcome; what ends the whole import is a desk that can't be reached.
        report.add(outcome?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

fn bar(context: &Context, length: u64) -> ProgressBar {
    let shown = context.out.is_table() && std::io::IsTerminal::is_terminal(&std::io::stderr());
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(length), target);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(context.out.text.get("import-sending"));
    bar
}

async fn finish(context: &Context, origins: &[i32]) -> Result<(), Failure> {
    let mut response = v1::FinishImportResponse::default();
    for origin in origins {
        let request = v1::FinishImportRequest { origin: *origin, request_id: opora_proto::client::request_id() };
        let one: v1::FinishImportResponse = change!(context, admin.finish_import(request))?;
        response.ticket_count += one.ticket_count;
        response.revision = response.revision.max(one.revision);
    }
    if context.out.is_table() {
        context.out.say("done-import-finished", &[("count", response.ticket_count.into())])?;
    }
    Ok(())
}

/// Runs `opora finish-import`.
pub(crate) async fn finish_import(context: &Context, args: FinishImportArgs) -> Result<(), Failure> {
    let request =
        v1::FinishImportRequest { origin: args.origin.into(), request_id: context.request_id(args.again.request_id) };
    let response: v1::FinishImportResponse = change!(context, admin.finish_import(request))?;
    context.out.one(&response, || context.out.say("done-import-finished", &[("count", response.ticket_count.into())]))
}
