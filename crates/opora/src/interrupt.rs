//! A command that a person ends with Ctrl-C, or a supervisor with SIGTERM: what it had begun is put away and what it may
//! have done is told, before it ends by that very signal, as its shell expects.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::context::Context;
use crate::failure::Failure;

/// How long a command has for that: one that blocks, on a terminal or a pipe, can't be told.
const GRACE: Duration = Duration::from_millis(500);

/// Runs a command until it ends or is ended.
pub(crate) async fn until_interrupted(
    context: &Context,
    command: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let ignored = ignored();
    let hear = |kind: SignalKind| if is_in(ignored, kind) { None } else { signal(kind).ok() };
    let (interrupt, terminate) = (hear(SignalKind::interrupt()), hear(SignalKind::terminate()));
    let (tell, told) = oneshot::channel();
    let mut listening = JoinSet::new();
    listening.spawn(async move {
        let ended_by = tokio::select! {
            () = came(interrupt) => SignalKind::interrupt(),
            () = came(terminate) => SignalKind::terminate(),
        };
        let ended_by = ended_by.as_raw_value();
        let _ = tell.send(ended_by);
        tokio::time::sleep(GRACE).await;
        end_by(ended_by);
    });
    tokio::select! {
        biased;
        ended = command => ended,
        Ok(signal) = told => Err(context.interrupted(signal)),
    }
}

/// Ends the process by a signal; returns where that can't be.
pub(crate) fn end_by(signal: i32) {
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}

async fn came(signal: Option<Signal>) {
    match signal {
        Some(mut signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// The signals that whoever started the process had it ignore, such as a shell's Ctrl-C for what runs in the background: a
/// bit each, from the first on. None where the system does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let bits = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    bits.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or_default()
}

fn is_in(signals: u64, kind: SignalKind) -> bool {
    let bit = u32::try_from(kind.as_raw_value() - 1).ok().and_then(|place| 1_u64.checked_shl(place));
    bit.is_some_and(|bit| signals & bit != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_found_by_its_bit() {
        assert!(is_in(0b10, SignalKind::interrupt()) && !is_in(0b10, SignalKind::terminate()));
        assert!(is_in(0x4000, SignalKind::terminate()) && !is_in(0x4000, SignalKind::interrupt()));
    }
}
