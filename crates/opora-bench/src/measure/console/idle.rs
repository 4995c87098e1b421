//! What a program costs while nobody touches it.

use std::time::{Duration, Instant};

use super::pty::Pty;
use crate::error::Outcome;
use crate::stats::Spread;

/// CPU and output of a stretch without keys.
#[derive(Clone, Copy, Debug)]
pub(super) struct Idle {
    /// Percent of a core.
    pub(super) cpu: f64,
    /// Bytes a second.
    pub(super) bytes: f64,
    /// Frames a second.
    pub(super) frames: f64,
}

/// Watches a program for so long.
pub(super) fn watch(pty: &Pty, long: Duration) -> Outcome<Idle> {
    let counted = || {
        let seen = pty.seen();
        (seen.bytes, seen.frames.len())
    };
    let (cpu, (bytes, frames), begin) = (run_time(pty.id()?)?, counted(), Instant::now());
    std::thread::sleep(long);
    let seconds = begin.elapsed().as_secs_f64();
    let (bytes_then, frames_then) = counted();
    Ok(Idle {
        cpu: run_time(pty.id()?)?.saturating_sub(cpu).as_secs_f64() / seconds * 100.0,
        bytes: (bytes_then - bytes) as f64 / seconds,
        frames: (frames_then - frames) as f64 / seconds,
    })
}

/// One of the figures over all passes.
pub(super) fn spread(passes: &[Idle], figure: fn(&Idle) -> f64) -> Option<Spread> {
    Spread::of(passes.iter().map(figure))
}

/// CPU time that all threads of a process have used, to the nanosecond. A thread that ends takes its own with it.
fn run_time(pid: u32) -> Outcome<Duration> {
    let mut all = Duration::ZERO;
    for thread in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
        let nanos = text.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or_default();
        all += Duration::from_nanos(nanos);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    #[test]
    fn this_process_has_used_time() {
        assert!(!super::run_time(std::process::id()).unwrap().is_zero());
    }
}
