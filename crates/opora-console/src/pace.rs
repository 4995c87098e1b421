//! How often the network alone may be the reason for a frame: a few at once, then not more than ten a second. Pure.

/// Frames that may follow each other at once.
const BURST: i64 = 3;
/// The time that each costs, milliseconds: with the burst ten in any second.
const COST: i64 = 140;

/// When frames were drawn, as the one instant by which all of them are paid for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    paid: i64,
}

impl Pace {
    /// The first instant at which a frame may be drawn, milliseconds.
    pub(crate) fn next(self) -> i64 {
        self.paid.saturating_sub((BURST - 1) * COST)
    }

    /// A frame was drawn at `now`.
    pub(crate) fn drawn(&mut self, now: i64) {
        // A clock that was set back must not hold frames for longer than a burst costs.
        self.paid = self.paid.clamp(now, now + BURST * COST) + COST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When frames are drawn if there is always a reason.
    fn drawn(from: i64, until: i64) -> Vec<i64> {
        let mut pace = Pace::default();
        let mut frames = Vec::new();
        for now in from..until {
            if pace.next() <= now {
                pace.drawn(now);
                frames.push(now);
            }
        }
        frames
    }

    #[test]
    fn no_second_has_more_than_ten_frames_and_all_have_some() {
        let frames = drawn(1_000_000, 1_010_000);
        for second in (1_000_000..1_009_000).step_by(7) {
            let count = frames.iter().filter(|at| (second..second + 1000).contains(*at)).count();
            assert!((6..=10).contains(&count), "{count} frames from {second}");
        }
    }

    #[test]
    fn what_comes_after_a_rest_is_drawn_at_once() {
        let mut pace = Pace::default();
        for now in [5_000, 5_001, 5_002] {
            assert!(pace.next() <= now);
            pace.drawn(now);
        }
        assert!(pace.next() > 5_003);
        assert!(pace.next() <= 5_200);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_hold_frames_for_long() {
        let mut pace = Pace::default();
        pace.drawn(1_000_000);
        pace.drawn(0);
        assert!(pace.next() <= 1_000);
    }
}
