//! The present, passed in: wall and monotonic time, and what of the wall's time can be trusted (domain.md §10).

use std::time::Duration;

use opora_core::time::{Millis, Timestamp};
use parking_lot::Mutex;

/// A jump of the wall clock against the monotonic one that is not believed at once (domain.md §10).
pub const JUMP: Millis = Millis::minutes(5);

/// Where the present comes from; a test has its own.
pub trait Clock: Send + Sync + 'static {
    /// The wall's time.
    fn wall(&self) -> Timestamp;
    /// Time since some instant in the past, which nobody sets; it counts while the machine sleeps.
    fn monotonic(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the clock's own edge")]
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        // Not CLOCK_MONOTONIC: a machine that was asleep for hours has really aged by them.
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
    }
}

/// The present as the desk believes it: the wall's, except that a jump forward by more than [`JUMP`] against the
/// monotonic clock is believed only after it has held for as long. Until then time goes on as before the jump.
pub struct Timekeeper {
    clock: std::sync::Arc<dyn Clock>,
    state: Mutex<Anchor>,
}

/// The last pair of times that was believed, and since when the wall differs.
struct Anchor {
    wall: Timestamp,
    monotonic: Duration,
    suspect_since: Option<Duration>,
}

impl Timekeeper {
    /// Believes the wall as it stands.
    pub fn new(clock: std::sync::Arc<dyn Clock>) -> Self {
        let state = Anchor { wall: clock.wall(), monotonic: clock.monotonic(), suspect_since: None };
        Self { clock, state: Mutex::new(state) }
    }

    /// Now, and whether timers may fire.
    pub fn read(&self) -> (Timestamp, bool) {
        let mut state = self.state.lock();
        let (wall, monotonic) = (self.clock.wall(), self.clock.monotonic());
        let passed = Millis(i64::try_from(monotonic.saturating_sub(state.monotonic).as_millis()).unwrap_or(i64::MAX));
        let expected = state.wall + passed;
        if wall.since(expected) > JUMP {
            let since = *state.suspect_since.get_or_insert(monotonic);
            if monotonic.saturating_sub(since) < Duration::from_millis(JUMP.0.unsigned_abs()) {
                return (expected, false);
            }
        }
        *state = Anchor { wall, monotonic, suspect_since: None };
        (wall, true)
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.read().0
    }

    /// Whether timers may fire: false while a jump is waited out.
    pub fn healthy(&self) -> bool {
        self.read().1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[derive(Default)]
    struct Hands(Mutex<(i64, u64)>);

    impl Clock for Hands {
        fn wall(&self) -> Timestamp {
            Timestamp::from_millis(self.0.lock().0)
        }
        fn monotonic(&self) -> Duration {
            Duration::from_millis(self.0.lock().1)
        }
    }

    #[test]
    fn a_jump_forward_is_believed_after_five_minutes_and_forgotten_when_taken_back() {
        let hands = Arc::new(Hands::default());
        let keeper = Timekeeper::new(hands.clone());
        let pass = |ms: u64| {
            let mut hands = hands.0.lock();
            hands.0 += ms as i64;
            hands.1 += ms;
        };
        pass(1_000);
        assert_eq!(keeper.read(), (Timestamp::from_millis(1_000), true));
        hands.0.lock().0 += 8 * 3_600_000;
        pass(1_000);
        assert_eq!(keeper.read(), (Timestamp::from_millis(2_000), false));
        hands.0.lock().0 -= 8 * 3_600_000;
        assert_eq!(keeper.read(), (Timestamp::from_millis(2_000), true));
        hands.0.lock().0 += 8 * 3_600_000;
        assert!(!keeper.healthy());
        pass(299_000);
        assert_eq!(keeper.read(), (Timestamp::from_millis(301_000), false));
        pass(1_001);
        assert_eq!(keeper.read(), (Timestamp::from_millis(8 * 3_600_000 + 302_001), true));
    }

    #[test]
    fn a_jump_back_is_believed_at_once() {
        let hands = Arc::new(Hands::default());
        let keeper = Timekeeper::new(hands.clone());
        hands.0.lock().0 -= 3 * 3_600_000;
        assert_eq!(keeper.read(), (Timestamp::from_millis(-3 * 3_600_000), true));
    }
}
