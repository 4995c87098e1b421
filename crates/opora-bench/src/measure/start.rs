//! How long a server needs until it answers: after a clean stop, after `kill -9` right after a load, and with its view gone
//! and its search index, as after the machine went down; then also until everything can be searched.

use std::time::Duration;

use serde_json::json;

use super::sized::Sized;
use crate::error::{BenchError, Outcome};
use crate::load::{Plan, closed};
use crate::report::{Goal, Report, Unit};
use crate::settings::Settings;
use crate::stats::Spread;

/// Starts of each kind, at most.
const STARTS: usize = 3;
/// How long it is written to before it is killed.
const LOAD: Duration = Duration::from_secs(2);
/// How long followers may take afterwards.
const PATIENCE: Duration = Duration::from_mins(30);

pub(super) async fn measure(settings: &Settings, report: &mut Report, server: &mut Sized) -> Outcome<()> {
    let (size, starts) = (server.population.tickets, settings.passes().min(STARTS));
    let opora = &mut server.opora;

    let (mut clean, mut detail) = (Vec::new(), Vec::new());
    for _ in 0..starts {
        let stopped = opora.stop().await?.as_secs_f64();
        let ready = opora.start_again().await?.as_secs_f64();
        let caught_up = opora.catch_up(PATIENCE).await?;
        clean.push(ready);
        detail.push(json!({ "stop_seconds": stopped, "ready_seconds": ready, "followers": caught_up.json() }));
    }
    let goal = Goal::AtMost(3.0);
    report.add("start", format!("ready at {size} after a stop"), Spread::of(clean), Unit::Seconds, goal, detail.into());

    let (mut killed, mut detail) = (Vec::new(), Vec::new());
    for round in 0..starts {
        let before = opora.info().await?.ticket_count;
        let creations = opora.creations().await?;
        // Ids of an earlier round would be answered from memory instead of written.
        creations.sequence.store((round as u64 + 1) << 32, std::sync::atomic::Ordering::Relaxed);
        let plan = Plan { in_flight: 64, warm_up: Duration::from_millis(100), window: LOAD };
        let acknowledged = closed(&creations, plan).await?.all_calls;
        opora.kill()?;
        let ready = opora.start_again().await?.as_secs_f64();
        let after = opora.info().await?.ticket_count;
        if after < before + acknowledged {
            let lost = before + acknowledged - after;
            return Err(BenchError::Void(format!("{lost} acknowledged tickets were lost by kill -9")));
        }
        let caught_up = opora.catch_up(PATIENCE).await?;
        killed.push(ready);
        detail.push(json!({ "created_before": acknowledged, "ready_seconds": ready, "followers": caught_up.json() }));
    }
    let goal = Goal::AtMost(10.0);
    let what = format!("ready at {size} after kill -9");
    report.add("start", what, Spread::of(killed), Unit::Seconds, goal, detail.into());

    let count = opora.info().await?.ticket_count;
    opora.stop().await?;
    let removed = remove_built(&opora.data())?;
    let ready = opora.start_again().await?.as_secs_f64();
    let caught_up = opora.catch_up(PATIENCE).await?;
    let after = opora.info().await?.ticket_count;
    if after != count {
        return Err(BenchError::Void(format!("{after} tickets instead of {count} after the view was rebuilt")));
    }
    let detail = json!({ "removed": removed, "ready_seconds": ready, "followers": caught_up.json() });
    let what = format!("ready at {size} with the view rebuilt");
    report.add("start", what, Spread::of([ready]), Unit::Seconds, Goal::Told, detail.clone());
    let what = format!("everything searchable at {size} with view and index rebuilt");
    let searchable = ready + caught_up.caught_up.as_secs_f64();
    report.add("start", what, Spread::of([searchable]), Unit::Seconds, Goal::Told, detail);
    Ok(())
}

/// Deletes the view and the search index; gives the names of what was deleted.
fn remove_built(data: &std::path::Path) -> Outcome<Vec<String>> {
    let mut removed = Vec::new();
    for entry in std::fs::read_dir(data)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("view") && entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
            removed.push(name);
        }
    }
    if removed.is_empty() {
        return Err(BenchError::Void(format!("there is no view in {}", data.display())));
    }
    let search = std::path::Path::new("followers").join("search");
    std::fs::remove_dir_all(data.join(&search))?;
    removed.push(search.display().to_string());
    Ok(removed)
}
