//! From a key to the first byte of the frame that it causes.

use std::time::Duration;

use super::pty::Pty;
use crate::error::Outcome;
use crate::stats::Latencies;

/// A terminal is at rest when nothing has come for so long.
const REST: Duration = Duration::from_millis(40);
/// A burst is over when nothing has come for so long.
const OVER: Duration = Duration::from_millis(300);
/// So many rows down and as many up again: the list does not end, and its edge is not met.
const RUN: usize = 10;

/// The key of that number: down some rows, then up again.
fn key(n: usize) -> &'static str {
    if (n / RUN).is_multiple_of(2) { "j" } else { "k" }
}

/// Keys one by one, each after everything has come to rest: until the first byte.
pub(super) fn at_rest(pty: &Pty, count: usize) -> Outcome<Latencies> {
    let mut latencies = Latencies::new();
    for n in 0..count {
        latencies.record(first_byte(pty, key(n))?);
    }
    Ok(latencies)
}

/// One key at rest.
fn first_byte(pty: &Pty, key: &str) -> Outcome<Duration> {
    pty.quiet(REST)?;
    let before = pty.seen().chunks.len();
    let sent = pty.send(key)?;
    let came = pty.until("an answer to a key", |seen| seen.chunks.get(before).copied())?;
    Ok(came.saturating_duration_since(sent))
}

/// Keys one by one while other frames come as well: until the first byte of the frame that shows the cursor elsewhere.
pub(super) fn while_changing(pty: &Pty, count: usize, pause: Duration) -> Outcome<Latencies> {
    let mut latencies = Latencies::new();
    for n in 0..count {
        // Not in step with anything.
        std::thread::sleep(pause + Duration::from_micros(crate::texts::scatter(n as u64) % 20_000));
        let (before, selected) = {
            let seen = pty.seen();
            (seen.frames.len(), seen.frames.last().and_then(|frame| frame.selected))
        };
        let sent = pty.send(key(n))?;
        let frame = pty.until("the cursor's move", |seen| {
            let mut new = seen.frames.iter().skip(before);
            new.find(|frame| frame.selected.is_some() && frame.selected != selected).copied()
        })?;
        latencies.record(frame.began.saturating_duration_since(sent));
    }
    Ok(latencies)
}

/// The frames that a burst of keys causes, sent in one piece.
pub(super) fn burst(pty: &Pty, keys: usize) -> Outcome<usize> {
    pty.quiet(OVER)?;
    let before = pty.seen().frames.len();
    pty.send(&"j".repeat(keys))?;
    pty.until("an answer to a burst", |seen| (seen.frames.len() > before).then_some(()))?;
    pty.quiet(OVER)?;
    let frames = pty.seen().frames.len() - before;
    pty.send(&"k".repeat(keys))?;
    pty.quiet(OVER)?;
    Ok(frames)
}

/// A filter typed letter by letter and taken back letter by letter; each key until the first byte of its frame.
pub(super) fn filter(pty: &Pty, words: &[&str]) -> Outcome<Latencies> {
    let mut latencies = Latencies::new();
    for word in words {
        pty.quiet(REST)?;
        pty.send("/")?;
        pty.quiet(REST)?;
        for letter in word.chars() {
            latencies.record(first_byte(pty, letter.encode_utf8(&mut [0; 4]))?);
        }
        for _ in word.chars() {
            latencies.record(first_byte(pty, "\x7f")?);
        }
        pty.quiet(REST)?;
        pty.send("\r")?;
    }
    Ok(latencies)
}
