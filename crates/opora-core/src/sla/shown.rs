//! What a clock shows of what was reckoned (docs/domain.md §7, "Obligations", rules 7, 8 and 10): one obligation, with
//! that one's start, target and time, whatever the clock does.

use super::track::{Obligation, Track};
use super::{Clock, ClockState};
use crate::time::{Millis, Timestamp};

impl Track {
    /// The obligation that the clock shows: the one that was breached; what it showed when it ended; while paused the one
    /// with the least left; else the one due first. Where nothing with a target stands, the continuous one.
    pub(super) fn shown(&self, now: Timestamp) -> Option<&Obligation> {
        if let Some(frozen) = &self.frozen {
            return self.obligations.get(frozen.index);
        }
        if let Some(end) = &self.end {
            return end.shown.as_ref();
        }
        let owed = if self.holding().is_some() {
            self.least_left(now).map(|(obligation, _)| obligation)
        } else {
            self.earliest(None).and_then(|(index, _)| self.obligations.get(index))
        };
        owed.or_else(|| self.continuous()).or_else(|| self.standing().next())
    }

    /// The standing obligation with the least left, and how much; of equals the first that came.
    fn least_left(&self, now: Timestamp) -> Option<(&Obligation, Millis)> {
        let left = |o: &Obligation| o.target.map(|target| (target - self.used(o, now)).at_least_zero());
        self.standing().filter_map(|o| left(o).map(|left| (o, left))).min_by_key(|(_, left)| *left)
    }

    /// The clock as it stands after the last fact, which happened at `now`.
    pub(super) fn clock(&self, now: Timestamp, created: Timestamp) -> Clock {
        let shown = self.shown(now);
        let state = if self.met.is_some() {
            ClockState::Met
        } else if self.stopped.is_some() {
            ClockState::Stopped
        } else if self.holding().is_some() {
            ClockState::Paused
        } else if self.continuous().is_some() {
            ClockState::Continuous
        } else {
            ClockState::Running
        };
        let due = match (&self.frozen, &self.end) {
            (Some(frozen), _) => Some(frozen.due),
            (None, Some(end)) => end.due,
            (None, None) if state == ClockState::Paused => None,
            (None, None) => self.earliest(None).map(|(_, due)| due),
        };
        let remaining = match state {
            ClockState::Paused if self.frozen.is_some() => Some(Millis::ZERO),
            ClockState::Paused => self.least_left(now).map(|(_, left)| left),
            _ => None,
        };
        Clock {
            state,
            start: shown.map_or(created, |o| o.start),
            due,
            target: shown.and_then(|o| o.target),
            remaining,
            met: self.met,
            breach: self.frozen.map(|frozen| frozen.breach),
        }
    }
}
