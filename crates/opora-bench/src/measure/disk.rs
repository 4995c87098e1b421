//! Disk use, journal and view and search together, against the bytes of the tickets' and events' protobuf.
//!
//! What the protobuf comes to is reckoned from a sample: each ticket as it stands, whole, and each event of its
//! history without the copy of the ticket that the contract sends along, but for the creation, whose ticket is what
//! the event says.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use opora_proto::v1;
use prost::Message as _;
use serde_json::json;

use super::sized::Sized;
use crate::error::{BenchError, Outcome};
use crate::opora::{EVENTS, GET};
use crate::raw::Lane;
use crate::report::{Goal, Report, Unit};
use crate::stats::Spread;

/// How many tickets are looked at.
const SAMPLE: u64 = 1_000;

pub(super) async fn measure(report: &mut Report, server: &Sized) -> Outcome<()> {
    let mut used = serde_json::Map::new();
    let mut all = 0;
    for entry in std::fs::read_dir(server.opora.data())? {
        let entry = entry?;
        let bytes = disk_use(&entry.path())?;
        all += bytes;
        used.insert(entry.file_name().to_string_lossy().into_owned(), bytes.into());
    }
    let size = server.population.tickets;
    let mut lane = server.opora.lanes(1).await?.pop().ok_or_else(|| BenchError::Void("no connection".into()))?;
    let sample = SAMPLE.min(size);
    let (mut tickets, mut events, mut count) = (0, 0, 0);
    for n in 0..sample {
        let (ticket, history, length) = protobuf(&mut lane, 1 + n * size / sample).await?;
        tickets += ticket;
        events += history;
        count += length;
    }
    let scale = size as f64 / sample as f64;
    let logical = (tickets + events) as f64 * scale;
    let detail = json!({
        "disk_bytes": used, "disk_bytes_all": all, "tickets": size,
        "ticket_bytes": tickets as f64 * scale, "event_bytes": events as f64 * scale,
        "events": count as f64 * scale, "sample": sample, "population": server.population.json(),
    });
    let what = format!("disk at {size} tickets / their protobuf and events'");
    report.add("disk", what, Spread::of([all as f64 / logical]), Unit::Times, Goal::AtMost(5.0), detail);
    Ok(())
}

/// Bytes of a ticket and of its events, and how many events.
async fn protobuf(lane: &mut Lane, number: u64) -> Outcome<(usize, usize, usize)> {
    let name = format!("tickets/{number}");
    let request = v1::GetTicketRequest { name: name.clone(), view: v1::TicketView::Full.into() };
    let ticket = lane.ask::<v1::GetTicketResponse>(GET, &request).await?.ticket.unwrap_or_default();
    let request = v1::ListEventsRequest { name, page_size: 1000, ..Default::default() };
    let events = lane.ask::<v1::ListEventsResponse>(EVENTS, &request).await?.events;
    let mut bytes = 0;
    for mut event in events.iter().cloned() {
        let created = matches!(event.change, Some(v1::ticket_event::Change::Created(_)));
        event.ticket = created.then(|| ticket.clone());
        bytes += event.encoded_len();
    }
    Ok((ticket.encoded_len(), bytes, events.len()))
}

/// Blocks that a file or everything in a directory takes on disk, in bytes.
fn disk_use(path: &Path) -> Outcome<u64> {
    let metadata = std::fs::symlink_metadata(path)?;
    let mut bytes = metadata.blocks() * 512;
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path)? {
            // A file that a follower merged away meanwhile takes nothing.
            bytes += disk_use(&entry?.path()).unwrap_or(0);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disk_use_counts_blocks_of_everything_below() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("inner")).unwrap();
        std::fs::write(directory.path().join("inner").join("file"), vec![1; 100_000]).unwrap();
        let file = std::fs::File::open(directory.path().join("inner").join("file")).unwrap();
        file.sync_all().unwrap();
        assert!(disk_use(directory.path()).unwrap() >= 98_304);
    }
}
