//! One clock being reckoned: its obligations, what holds it, whether it was met, stopped or breached.
//!
//! An obligation's used time at an instant is the open time of its calendar from its start until then, less the open
//! time of the stretches in which the clock was held and of those in which the obligation was set aside.

use std::sync::Arc;

use super::policy::{Policy, RaiseFrom};
use super::{Breach, BreachCause, Clock, ClockKind, ClockState};
use crate::calendar::Calendar;
use crate::model::Priority;
use crate::time::{Millis, Timestamp};

/// A stretch of time; without an end while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Timestamp,
    pub(super) to: Option<Timestamp>,
}

/// Why a clock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    Resolved,
    Merged,
    Waiting,
}

#[derive(Clone, Debug)]
pub(super) struct Obligation {
    pub(super) priority: Priority,
    pub(super) target: Option<Millis>,
    pub(super) calendar: Arc<Calendar>,
    pub(super) start: Timestamp,
    /// Stretches in which it was set aside, in order; the last may still last.
    pub(super) aside: Vec<Span>,
}

impl Obligation {
    pub(super) fn is_aside(&self) -> bool {
        self.aside.last().is_some_and(|span| span.to.is_none())
    }
}

#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) kind: ClockKind,
    pub(super) obligations: Vec<Obligation>,
    /// Stretches in which the clock was held, in order and disjoint; the last may still last.
    pub(super) holds: Vec<(Span, Hold)>,
    pub(super) met: Option<Timestamp>,
    pub(super) stopped: Option<Timestamp>,
    pub(super) breach: Option<(Breach, Timestamp)>,
    /// When met or stopped: the due time that it had, and the obligation that it showed.
    pub(super) end_due: Option<Timestamp>,
    pub(super) end_shown: Option<usize>,
}

impl Track {
    pub(super) fn new(kind: ClockKind) -> Self {
        Self {
            kind,
            obligations: Vec::new(),
            holds: Vec::new(),
            met: None,
            stopped: None,
            breach: None,
            end_due: None,
            end_shown: None,
        }
    }

    /// Rule 1 and 2: one more obligation.
    pub(super) fn oblige(&mut self, policy: &Policy, priority: Priority, start: Timestamp) {
        let goal = policy.goal(self.kind, priority);
        let (target, calendar) = (goal.target, goal.calendar);
        self.obligations.push(Obligation { priority, target, calendar, start, aside: Vec::new() });
    }

    /// Rules 2 and 4. Every obligation that was set aside comes back that is not above the new priority: were only the
    /// one of the new priority to come back, HIGH, CRITICAL, LOW, CRITICAL would lose what HIGH still owes.
    pub(super) fn raise(&mut self, policy: &Policy, to: Priority, at: Timestamp, created: Timestamp) {
        for obligation in self.obligations.iter_mut().filter(|o| o.priority <= to) {
            if let Some(span) = obligation.aside.last_mut() {
                span.to.get_or_insert(at);
            }
        }
        if !self.obligations.iter().any(|o| o.priority == to) {
            let start = match policy.definition().raise_from {
                RaiseFrom::Change => at,
                RaiseFrom::Creation => created,
            };
            self.oblige(policy, to, start);
        }
    }

    /// Rule 3. Where several obligations are set aside, some continuous and some not, the earliest start among those
    /// that are not counts: it leaves less time than the change would.
    pub(super) fn lower(&mut self, policy: &Policy, to: Priority, at: Timestamp) {
        let mut start: Option<Timestamp> = None;
        for obligation in self.obligations.iter_mut().filter(|o| o.priority > to && !o.is_aside()) {
            obligation.aside.push(Span { from: at, to: None });
            if obligation.target.is_some() {
                start = Some(start.map_or(obligation.start, |s| s.min(obligation.start)));
            }
        }
        if !self.obligations.iter().any(|o| o.priority == to && !o.is_aside()) {
            self.oblige(policy, to, start.unwrap_or(at));
        }
    }

    /// Rule 12: other targets and calendars, the same starts and pauses.
    pub(super) fn apply(&mut self, policy: &Policy) {
        for obligation in &mut self.obligations {
            let goal = policy.goal(self.kind, obligation.priority);
            (obligation.target, obligation.calendar) = (goal.target, goal.calendar);
        }
    }

    pub(super) fn hold(&mut self, hold: Option<Hold>, at: Timestamp) {
        if self.holding() == hold {
            return;
        }
        if let Some((span, _)) = self.holds.last_mut().filter(|(span, _)| span.to.is_none()) {
            span.to = Some(at);
        }
        if let Some(hold) = hold {
            self.holds.push((Span { from: at, to: None }, hold));
        }
    }

    pub(super) fn holding(&self) -> Option<Hold> {
        self.holds.last().filter(|(span, _)| span.to.is_none()).map(|(_, hold)| *hold)
    }

    pub(super) fn is_over(&self) -> bool {
        self.met.is_some() || self.stopped.is_some()
    }

    /// Whether time passes: not held, met or stopped.
    pub(super) fn runs(&self) -> bool {
        !self.is_over() && self.holding().is_none()
    }

    /// The open time that an obligation used until an instant.
    pub(super) fn used(&self, obligation: &Obligation, until: Timestamp) -> Millis {
        let calendar = &obligation.calendar;
        let mut used = calendar.between(obligation.start, until);
        let mut spans: Vec<(Timestamp, Timestamp)> = self
            .holds
            .iter()
            .map(|(span, _)| span)
            .chain(&obligation.aside)
            .map(|span| (span.from.max(obligation.start), span.to.unwrap_or(until).min(until)))
            .filter(|(from, to)| from < to)
            .collect();
        spans.sort_unstable();
        let mut reached = obligation.start;
        for (from, to) in spans {
            let from = from.max(reached);
            if from < to {
                used = used - calendar.between(from, to);
                reached = to;
            }
        }
        used
    }

    /// When an obligation that stands will have used `share` of its target (in percent), seen from `now`, if nothing
    /// changes; the past is told exactly only where nothing changed since.
    pub(super) fn reaches(&self, obligation: &Obligation, percent: u8, now: Timestamp) -> Option<Timestamp> {
        let target = obligation.target?;
        let share = Millis((i128::from(target.0) * i128::from(percent) / 100) as i64);
        // The last instant from which on the obligation ran without a break.
        let ends = self.holds.iter().map(|(span, _)| span).chain(&obligation.aside).filter_map(|span| span.to);
        let since = ends.filter(|end| *end <= now).fold(obligation.start, Timestamp::max);
        // While the clock is held: as though it ran again from now on.
        let since = if self.holding().is_some() { since.max(now) } else { since };
        let used = self.used(obligation, since);
        Some(obligation.calendar.add(since, share - used))
    }

    /// The obligations that stand, not set aside.
    pub(super) fn standing(&self) -> impl Iterator<Item = &Obligation> {
        self.obligations.iter().filter(|o| !o.is_aside())
    }

    /// The standing obligation with the earliest due time, and that time.
    pub(super) fn earliest(&self, now: Timestamp) -> Option<(&Obligation, Timestamp)> {
        self.standing().filter_map(|o| self.reaches(o, 100, now).map(|due| (o, due))).min_by_key(|(_, due)| *due)
    }

    /// The due time that counts at `now`: the frozen one of a breach, or the earliest; none while held.
    pub(super) fn due(&self, now: Timestamp) -> Option<Timestamp> {
        match self.breach {
            Some((_, due)) => Some(due),
            None if self.runs() => self.earliest(now).map(|(_, due)| due),
            None => None,
        }
    }

    /// Rules 7 and 10: what fell due before an event at `at`, or with it where the event is not what meets the clock.
    pub(super) fn fall_due(&mut self, at: Timestamp, meets: bool) {
        if self.breach.is_none()
            && self.runs()
            && let Some((_, due)) = self.earliest(at)
            && (due < at || due == at && !meets)
        {
            self.breach = Some((Breach { at: due, cause: BreachCause::Delay }, due));
        }
    }

    /// Rule 10: a change at `at` that put the due time into the past is a breach at the change.
    pub(super) fn put_into_past(&mut self, at: Timestamp, cause: BreachCause) {
        if self.breach.is_none()
            && self.runs()
            && let Some((_, due)) = self.earliest(at)
            && (due < at || due == at && cause == BreachCause::Delay)
        {
            self.breach = Some((Breach { at, cause }, due));
        }
    }

    /// Ends the clock; it keeps the due time that it had.
    pub(super) fn end(&mut self, at: Timestamp, met: bool) {
        if self.is_over() {
            return;
        }
        self.hold(None, at);
        self.end_shown = self.shown(at).and_then(|o| self.obligations.iter().position(|p| std::ptr::eq(o, p)));
        self.end_due = self.breach.map(|(_, due)| due).or_else(|| self.earliest(at).map(|(_, due)| due));
        *(if met { &mut self.met } else { &mut self.stopped }) = Some(at);
    }

    /// While continuous: the instant from which its age counts, which is its start and what it was held since.
    pub(super) fn continuous_since(&self, now: Timestamp) -> Option<Timestamp> {
        let obligation = self.continuous().filter(|_| self.runs())?;
        let spans = self.holds.iter().map(|(span, _)| span).chain(&obligation.aside);
        let held: i64 =
            spans.map(|span| span.to.unwrap_or(now).since(span.from.max(obligation.start)).at_least_zero().0).sum();
        Some(obligation.start + Millis(held))
    }

    /// Whether a continuous obligation stands.
    pub(super) fn continuous(&self) -> Option<&Obligation> {
        self.standing().find(|o| o.target.is_none())
    }

    /// The obligation that the clock shows: the one due first, else the continuous one, else the first that stands.
    pub(super) fn shown(&self, now: Timestamp) -> Option<&Obligation> {
        if self.is_over() {
            return self.end_shown.and_then(|index| self.obligations.get(index));
        }
        if let Some(continuous) = self.continuous() {
            return Some(continuous);
        }
        self.earliest(now).map(|(o, _)| o).or_else(|| self.standing().next())
    }

    /// The clock as it stands after the last fact, which happened at `now`.
    pub(super) fn clock(&self, now: Timestamp, created: Timestamp) -> Clock {
        let shown = self.shown(self.met.or(self.stopped).unwrap_or(now));
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
        let due = match state {
            ClockState::Met | ClockState::Stopped => self.end_due,
            ClockState::Paused => None,
            ClockState::Running | ClockState::Continuous => self.due(now),
        };
        let remaining = match state {
            ClockState::Paused => shown.and_then(|o| o.target.map(|t| (t - self.used(o, now)).at_least_zero())),
            _ => None,
        };
        Clock {
            state,
            start: shown.map_or(created, |o| o.start),
            due,
            target: shown.and_then(|o| o.target),
            remaining,
            met: self.met,
            breach: self.breach.map(|(breach, _)| breach),
        }
    }
}
