//! The present, passed in: wall and monotonic time, and what of the wall's time can be trusted (docs/domain.md §10).

use std::time::Duration;

use opora_core::time::{Millis, Timestamp};
use parking_lot::Mutex;

/// A jump of the wall clock against the monotonic one that is not believed at once (docs/domain.md §10).
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

/// By how much the desk's time goes slower while the wall is a little behind: a sixty-fourth, so that a step of a second
/// is made up for in a minute, and nobody sees a clock that crawls.
const SLOWER: i64 = 64;

/// The present as the desk believes it: the wall's, except that
/// - a jump forward by more than [`JUMP`] against the monotonic clock is believed only after it has held for as long: until
///   then time goes on as before it, and no timer fires;
/// - after a jump back time goes on from the last instant at the pace of the monotonic clock, and timers fire by it; where
///   the wall is behind by no more than [`JUMP`], a little slower, so that it is caught up with. Time never runs back and
///   never stands still.
///
/// What the wall shows is believed at once wherever it agrees with the desk's time, so also when a jump is taken back.
pub struct Timekeeper {
    clock: std::sync::Arc<dyn Clock>,
    state: Mutex<Anchor>,
}

/// What the desk knows of the present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    /// Now.
    pub now: Timestamp,
    /// The wall's time less the desk's, where that is a jump; `None`: the wall can be relied on.
    pub apart: Option<Millis>,
}

impl Present {
    /// Whether timers may fire: not while a jump forward is waited out.
    pub fn timers_fire(&self) -> bool {
        self.apart.is_none_or(|apart| apart.0 < 0)
    }
}

/// What the wall is to the desk's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wall {
    Agrees,
    /// By no more than [`JUMP`].
    Behind,
    /// It was set back.
    FarBehind,
    /// It jumped forward by this much, and has stayed there since.
    Ahead {
        by: Millis,
        since: Duration,
    },
}

/// A time of the desk's and the monotonic clock's at that instant, and how it goes on from there. It is kept while that
/// stays the same: what is less than a millisecond would be lost each time.
struct Anchor {
    time: Timestamp,
    monotonic: Duration,
    wall: Wall,
}

impl Anchor {
    /// The desk's own time, without asking the wall.
    fn own(&self, monotonic: Duration) -> Timestamp {
        let passed = i64::try_from(monotonic.saturating_sub(self.monotonic).as_millis()).unwrap_or(i64::MAX);
        let slower = if self.wall == Wall::Behind { passed / SLOWER } else { 0 };
        self.time + Millis(passed - slower)
    }

    /// What the wall is to the desk's time now.
    fn compare(&self, apart: Millis, monotonic: Duration) -> Wall {
        if apart.0 < -JUMP.0 {
            return Wall::FarBehind;
        }
        if apart.0 < 0 {
            return Wall::Behind;
        }
        if apart <= JUMP {
            return Wall::Agrees;
        }
        let (by, since) = match self.wall {
            Wall::Ahead { by, since } if (apart - by).0.abs() <= JUMP.0 => (by, since),
            // Another jump, which has to hold for as long by itself.
            _ => (apart, monotonic),
        };
        let held = monotonic.saturating_sub(since) >= Duration::from_millis(JUMP.0.unsigned_abs());
        if held { Wall::Agrees } else { Wall::Ahead { by, since } }
    }
}

impl Timekeeper {
    /// Believes the wall as it stands.
    pub fn new(clock: std::sync::Arc<dyn Clock>) -> Self {
        let state = Anchor { time: clock.wall(), monotonic: clock.monotonic(), wall: Wall::Agrees };
        Self { clock, state: Mutex::new(state) }
    }

    /// Time goes on from there at least: something happened then already, before this process began.
    pub(crate) fn not_before(&self, at: Timestamp) {
        let mut state = self.state.lock();
        let monotonic = self.clock.monotonic();
        let own = state.own(monotonic);
        if at > own {
            *state = Anchor { time: at, monotonic, wall: state.wall };
        }
    }

    /// The present.
    pub fn read(&self) -> Present {
        let mut state = self.state.lock();
        let (wall, monotonic) = (self.clock.wall(), self.clock.monotonic());
        let own = state.own(monotonic);
        let apart = wall.since(own);
        let shows = state.compare(apart, monotonic);
        let now = if shows == Wall::Agrees { wall } else { own };
        if shows == Wall::Agrees || shows != state.wall {
            *state = Anchor { time: now, monotonic, wall: shows };
        }
        let far = matches!(shows, Wall::FarBehind | Wall::Ahead { .. });
        Present { now, apart: far.then_some(apart) }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.read().now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    #[derive(Default)]
    struct Hands(Mutex<(i64, u64)>);

    impl Hands {
        /// Both clocks go on.
        fn pass(&self, ms: u64) {
            let mut hands = self.0.lock();
            hands.0 += ms as i64;
            hands.1 += ms;
        }

        /// Somebody sets the wall.
        fn jump(&self, by: Millis) {
            self.0.lock().0 += by.0;
        }
    }

    impl Clock for Hands {
        fn wall(&self) -> Timestamp {
            Timestamp::from_millis(self.0.lock().0)
        }
        fn monotonic(&self) -> Duration {
            Duration::from_millis(self.0.lock().1)
        }
    }

    fn keeper() -> (Arc<Hands>, Timekeeper) {
        let hands = Arc::new(Hands::default());
        (hands.clone(), Timekeeper::new(hands))
    }

    /// Now in milliseconds, whether the wall can be relied on, whether timers fire.
    fn read(keeper: &Timekeeper) -> (i64, bool, bool) {
        let present = keeper.read();
        (present.now.as_millis(), present.apart.is_none(), present.timers_fire())
    }

    #[test]
    fn a_jump_forward_is_believed_after_five_minutes_and_forgotten_when_taken_back() {
        let (hands, keeper) = keeper();
        let jump = Millis::hours(8);
        hands.pass(1_000);
        assert_eq!(read(&keeper), (1_000, true, true));
        hands.jump(jump);
        hands.pass(1_000);
        assert_eq!(read(&keeper), (2_000, false, false));
        assert_eq!(keeper.read().apart, Some(jump));
        hands.jump(Millis(-jump.0));
        assert_eq!(read(&keeper), (2_000, true, true));
        hands.jump(jump);
        assert_eq!(read(&keeper), (2_000, false, false));
        hands.pass(299_000);
        assert_eq!(read(&keeper), (301_000, false, false));
        hands.pass(1_001);
        assert_eq!(read(&keeper), (jump.0 + 302_001, true, true));
    }

    #[test]
    fn another_jump_under_a_jump_has_to_hold_by_itself() {
        let (hands, keeper) = keeper();
        hands.jump(Millis::hours(1));
        read(&keeper);
        hands.pass(299_000);
        hands.jump(Millis::hours(20));
        assert_eq!(read(&keeper), (299_000, false, false));
        hands.pass(299_000);
        assert_eq!(read(&keeper), (598_000, false, false));
        hands.pass(1_000);
        assert_eq!(read(&keeper), (Millis::hours(21).0 + 599_000, true, true));
    }

    #[test]
    fn after_a_jump_back_time_runs_on_and_the_way_back_is_believed_at_once() {
        let (hands, keeper) = keeper();
        hands.pass(60_000);
        assert_eq!(read(&keeper), (60_000, true, true));
        hands.jump(Millis::hours(-1));
        assert_eq!(read(&keeper), (60_000, false, true));
        // However often it is asked: a millisecond is a millisecond.
        for ms in 1..=8_000 {
            hands.pass(1);
            assert_eq!(read(&keeper), (60_000 + ms, false, true));
        }
        hands.jump(Millis::hours(1));
        assert_eq!(read(&keeper), (68_000, true, true));
        hands.pass(5);
        assert_eq!(read(&keeper), (68_005, true, true));
    }

    #[test]
    fn a_wall_that_is_a_little_behind_is_caught_up_with() {
        let (hands, keeper) = keeper();
        hands.jump(Millis::seconds(-2));
        let mut last = read(&keeper);
        assert_eq!(last, (0, true, true));
        for _ in 0..200 {
            hands.pass(1_000);
            let next = read(&keeper);
            assert!(next.0 > last.0 && next.0 - last.0 <= 1_000 && next.1 && next.2, "{last:?} {next:?}");
            last = next;
        }
        assert_eq!(last.0, hands.wall().as_millis());
    }

    #[test]
    fn a_desk_that_begins_with_the_wall_behind_its_last_change_goes_on_from_that() {
        let (hands, keeper) = keeper();
        keeper.not_before(Timestamp::from_millis(Millis::hours(1).0));
        assert_eq!(read(&keeper), (Millis::hours(1).0, false, true));
        hands.pass(1_000);
        assert_eq!(read(&keeper), (Millis::hours(1).0 + 1_000, false, true));
        keeper.not_before(Timestamp::from_millis(5));
        assert_eq!(read(&keeper).0, Millis::hours(1).0 + 1_000);
        hands.jump(Millis::hours(1));
        assert_eq!(read(&keeper), (Millis::hours(1).0 + 1_000, true, true));
    }

    /// What happens next: both clocks go on by some milliseconds, after the wall was set by others.
    fn step() -> impl Strategy<Value = (i64, u64)> {
        let jump = prop_oneof![
            4 => Just(0_i64),
            1 => -400_000..400_000_i64,
            1 => prop::sample::select(vec![300_000, 300_001, -300_000, -300_001, 3_600_000, -3_600_000, 28_800_000]),
            1 => -90_000_000..90_000_000_i64,
        ];
        let pass = prop_oneof![Just(1_u64), 1..2_000_u64, Just(299_999), 1..400_000_u64];
        (jump, pass)
    }

    proptest! {
        #[test]
        fn time_never_runs_back_never_stands_still_and_never_jumps_unconfirmed(
            steps in prop::collection::vec(step(), 1..80),
        ) {
            let (hands, keeper) = keeper();
            let mut before = keeper.read();
            // Since when the wall has been ahead, by the monotonic clock.
            let mut ahead_since = None;
            for (jump, pass) in steps {
                hands.jump(Millis(jump));
                hands.pass(pass);
                let monotonic = hands.monotonic().as_millis() as i64;
                let now = keeper.read();
                let went = now.now.since(before.now).0;
                prop_assert!(went >= 0, "back by {went}");
                // A little slower than the monotonic clock, at most; below a millisecond nothing shows.
                let least = pass as i64 - pass as i64 / SLOWER - 1;
                prop_assert!(went >= least, "it stood still: {went} of {pass}");
                if went > pass as i64 + JUMP.0 {
                    let held = ahead_since.map_or(0, |since| monotonic - since);
                    prop_assert!(held >= JUMP.0, "a jump by {went} was believed after {held}");
                }
                let ahead = now.apart.is_some_and(|apart| apart > JUMP);
                ahead_since = ahead.then(|| ahead_since.unwrap_or(monotonic));
                if now.apart.is_none() {
                    let apart = hands.wall().since(now.now).0;
                    prop_assert!((-JUMP.0..=0).contains(&apart), "it is believed, and apart by {apart}");
                }
                before = now;
            }
        }

        #[test]
        fn a_jump_that_is_taken_back_leaves_nothing_behind(jump in -90_000_000..90_000_000_i64, held in 0..299_999_u64) {
            prop_assume!(jump.unsigned_abs() > JUMP.0.unsigned_abs());
            let (hands, keeper) = keeper();
            hands.jump(Millis(jump));
            let during = keeper.read();
            prop_assert_eq!(during.apart, Some(Millis(jump)));
            hands.pass(held);
            let present = keeper.read();
            prop_assert_eq!((present.now.as_millis(), present.timers_fire()), (held as i64, jump < 0));
            hands.jump(Millis(-jump));
            prop_assert_eq!(keeper.read(), Present { now: Timestamp::from_millis(held as i64), apart: None });
        }
    }
}
