//! What depends on how much is stored: one server for each size, filled once, then measured side by side.

use serde_json::json;

use super::{disk, list, memory, note, search, start};
use crate::error::{BenchError, Outcome};
use crate::machine;
use crate::opora::Opora;
use crate::populate::{self, Population};
use crate::report::Report;
use crate::settings::{Measure, Settings};

/// A server that holds so many tickets.
pub(super) struct Sized {
    pub(super) opora: Opora,
    pub(super) population: Population,
}

/// Room that a ticket may need while it is made and indexed; a run that would fill the disk is not begun.
const ROOM: u64 = 16 * 1024;

pub(super) async fn measure(settings: &Settings, report: &mut Report) -> Outcome<()> {
    let sizes = wanted(settings);
    let room = machine::free_disk(&settings.directory)?;
    if sizes.iter().sum::<u64>().saturating_mul(ROOM) > room {
        let free = room / (1024 * 1024);
        return Err(BenchError::Void(format!(
            "{free} MiB of free disk may be too little for these sizes: see --sizes"
        )));
    }
    let mut servers = Vec::new();
    for size in sizes {
        println!("filling a server with {size} tickets");
        let opora = Opora::start(settings).await?;
        let population = populate::fill(&opora, size).await?;
        println!("  {}", json!(population.json()));
        if settings.wants(Measure::Memory) {
            let found = memory::measure(report, &opora, &population).await;
            note(report, "memory", found);
        }
        servers.push(Sized { opora, population });
    }
    if settings.wants(Measure::List) {
        let found = list::measure(settings, report, &servers).await;
        note(report, "list", found);
    }
    // The rest is about the largest one; the others need not take the machine's memory meanwhile.
    let Some(mut largest) = servers.pop() else { return Ok(()) };
    drop(servers);
    if settings.wants(Measure::Search) {
        let found = search::measure(settings, report, &largest).await;
        note(report, "search", found);
    }
    if settings.wants(Measure::Disk) {
        let found = disk::measure(report, &largest).await;
        note(report, "disk", found);
    }
    if settings.wants(Measure::Start) {
        let found = start::measure(settings, report, &mut largest).await;
        note(report, "start", found);
    }
    Ok(())
}

/// The sizes that the measures asked for need.
fn wanted(settings: &Settings) -> Vec<u64> {
    let sizes = settings.sizes();
    if settings.wants(Measure::List) || settings.wants(Measure::Memory) {
        return sizes;
    }
    sizes.last().copied().into_iter().collect()
}
