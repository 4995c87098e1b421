//! Threads that hold nobody up.
//!
//! The lowest priority alone is not enough. A processor on which such a thread runs is not idle, and it is the idle ones
//! that fetch what waits elsewhere: the writer, or a thread that answers, stays behind another one for up to a tick, a
//! millisecond and more. So a thread in the background also rests now and then, while there is something to hold up.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use thread_priority::ThreadPriority;
use thread_priority::unix::{
    NormalThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};

/// For how long activity counts after it was noted, in microseconds: longer than a group takes on a usual disk.
const COUNTS: u64 = 5_000;
/// So much at once is pressing: more waits than one disk and one processor can do.
const PRESSING: usize = 8;
/// How long a thread in the background works between two rests, in microseconds.
const WORK: u64 = 100;
/// How long it rests while there is activity; the system makes about twice as much of it.
const REST: Duration = Duration::from_micros(50);
/// How long while it is pressing.
const LONG_REST: Duration = Duration::from_millis(1);

/// Gives this thread, and on Linux those that it will make, only the time that nobody else wants. A system that has no such
/// policy goes on with the usual one.
pub fn yield_to_others() {
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    if let Err(error) = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy) {
        tracing::debug!(%error, "a thread in the background runs with the usual priority");
    }
}

/// When something was last done that somebody waits for.
#[derive(Debug, Default)]
pub struct Activity {
    noted: AtomicU64,
    /// When there was much of it.
    pressing: AtomicU64,
}

fn counts(at: &AtomicU64) -> bool {
    let at = at.load(Ordering::Relaxed);
    at != 0 && micros().saturating_sub(at) < COUNTS
}

impl Activity {
    /// So many things are being done at once, or have just been.
    pub fn note(&self, many: usize) {
        let now = micros();
        self.noted.store(now, Ordering::Relaxed);
        if many >= PRESSING {
            self.pressing.store(now, Ordering::Relaxed);
        }
    }

    /// How long a thread in the background is to rest now.
    fn rest(&self) -> Option<Duration> {
        match (counts(&self.pressing), counts(&self.noted)) {
            (true, _) => Some(LONG_REST),
            (false, true) => Some(REST),
            (false, false) => None,
        }
    }

    /// For a thread in the background, to be called often: rests a moment when this thread has worked for a while and
    /// there is activity. Blocks.
    pub fn give_way(&self) {
        thread_local!(static RESTED: Cell<u64> = const { Cell::new(0) });
        if micros().saturating_sub(RESTED.get()) < WORK {
            return;
        }
        if let Some(rest) = self.rest() {
            std::thread::sleep(rest);
        }
        RESTED.set(micros());
    }
}

/// Microseconds since about the start of the process, never 0.
#[expect(clippy::disallowed_methods, reason = "of no consequence but for how the machine is shared")]
fn micros() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let now = Instant::now();
    1 + u64::try_from(now.duration_since(*START.get_or_init(|| now)).as_micros()).unwrap_or(u64::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a note of so many things came to, unless this machine lost as much time as a note counts for.
    fn rest_after(activity: &Activity, many: usize) -> Option<Duration> {
        loop {
            activity.note(many);
            let rest = activity.rest();
            if counts(&activity.noted) {
                return rest;
            }
        }
    }

    fn wait_until_over(activity: &Activity) {
        while counts(&activity.noted) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_background_rests_while_there_is_activity_and_longer_while_it_is_pressing() {
        let activity = Activity::default();
        assert_eq!(activity.rest(), None, "nothing was ever done");
        assert_eq!(rest_after(&activity, PRESSING - 1), Some(REST));
        wait_until_over(&activity);
        assert_eq!(activity.rest(), None);
        assert_eq!(rest_after(&activity, PRESSING), Some(LONG_REST));
        wait_until_over(&activity);
        assert_eq!(rest_after(&activity, 1), Some(REST), "what was pressing is over too");
    }
    #[test]
    fn giving_way_takes_a_rest_while_there_is_activity() {
        let activity = Activity::default();
        // Not before it has worked for a while; and a slow machine may lose as much time as a note counts for, but not
        // every time.
        let rested = (0..1_000_000).any(|_| {
            activity.note(PRESSING);
            let before = micros();
            activity.give_way();
            u128::from(micros() - before) >= LONG_REST.as_micros()
        });
        assert!(rested);
    }
}
