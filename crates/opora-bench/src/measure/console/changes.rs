//! From the commit of a change to the frame that shows it, and frames while many changes come.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use super::desk::{Filled, rename};
use super::keys;
use super::pty::Pty;
use crate::error::{BenchError, Outcome};
use crate::pace;
use crate::settings::Settings;
use crate::stats::Latencies;
use crate::texts;

/// Changes a second that keys are measured under.
const RATE: u32 = 500;
/// The pause between changes that are waited for one by one: network frames are ten a second at most.
const PAUSE: Duration = Duration::from_millis(150);
/// How many of the most urgent tickets are changed: all of them are on the screen.
const VISIBLE: usize = 20;

/// Changes one by one at uneven times; each from its answer to the end of the frame that shows it.
pub(super) async fn to_frame(filled: &Filled, pty: &Pty, pass: u64, count: u64) -> Outcome<Latencies> {
    let names = filled.urgent().await?;
    let mut lane = filled.opora.lanes(1).await?.remove(0);
    let mut latencies = Latencies::new();
    for n in 0..count {
        tokio::time::sleep(PAUSE + Duration::from_micros(texts::scatter(n) % 100_000)).await;
        let id = pass * 10_000 + n;
        let mark = format!("zq{id}");
        let name = names.get(n as usize % names.len().clamp(1, VISIBLE)).cloned().unwrap_or_default();
        rename(&mut lane, &name, &format!("{mark} changed"), id).await?;
        let answered = Instant::now();
        let seen = tokio::task::block_in_place(|| {
            pty.until("a changed subject", |seen| {
                seen.screen().contains(&mark).then(|| seen.frames.last().map(|frame| frame.ended)).flatten()
            })
        })?;
        latencies.record(seen.saturating_duration_since(answered));
    }
    Ok(latencies)
}

/// What was measured while changes came.
pub(super) struct Busy {
    pub(super) keys: Latencies,
    /// Changes a second that were made.
    pub(super) rate: f64,
    /// Frames a second while no key was pressed.
    pub(super) frames: f64,
    /// Bytes a second while no key was pressed.
    pub(super) bytes: f64,
}

/// Keys, and frames without keys, while changes come.
pub(super) async fn busy(
    settings: &Settings,
    filled: &Filled,
    pty: &Pty,
    sequence: Arc<AtomicU64>,
    count: usize,
) -> Outcome<Busy> {
    let changes = filled.changes(sequence).await?;
    let long = settings.window() * 2 + Duration::from_millis(30) * count as u32;
    let begin = Instant::now();
    let measured = async {
        tokio::time::sleep(settings.warm_up()).await;
        tokio::task::block_in_place(|| {
            let idle = super::idle::watch(pty, settings.window())?;
            let keys = keys::while_changing(pty, count, Duration::from_millis(15))?;
            Ok::<_, BenchError>((idle, keys))
        })
    };
    let (made, measured) = tokio::join!(pace::make(&changes, RATE, begin, long), measured);
    let (idle, keys) = measured?;
    Ok(Busy { keys, rate: made?.len() as f64 / long.as_secs_f64(), frames: idle.frames, bytes: idle.bytes })
}
