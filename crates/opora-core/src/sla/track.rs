//! One clock being reckoned (docs/domain.md §7): its obligations, what holds it, whether it was met, stopped or breached.
//! What it shows of all that is told beside, in `shown.rs`.
//!
//! An obligation's used time at an instant is the open time of its calendar from its start until then, less the open
//! time of the stretches in which the clock was held and of those in which the obligation was set aside.

use std::sync::Arc;

use super::policy::{Policy, RaiseFrom};
use super::{Breach, BreachCause, ClockKind};
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
    /// The change that brought it was undone after it was breached: only the breach still shows it.
    pub(super) undone: bool,
}

impl Obligation {
    pub(super) fn is_aside(&self) -> bool {
        self.undone || self.aside.last().is_some_and(|span| span.to.is_none())
    }

    fn set_aside(&mut self, at: Timestamp) {
        if self.aside.last().is_none_or(|span| span.to.is_some()) {
            self.aside.push(Span { from: at, to: None });
        }
    }
}

/// A breach in all that a frozen clock shows (rule 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frozen {
    pub(super) breach: Breach,
    /// The due instant that passed; the breach may be later, where a change put it into the past.
    pub(super) due: Timestamp,
    /// Which obligation was breached.
    pub(super) index: usize,
}

/// What a clock showed when it was met or stopped.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) due: Option<Timestamp>,
    pub(super) shown: Option<Obligation>,
}

#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) kind: ClockKind,
    /// In the order in which they came; of each priority at most one that is not undone.
    pub(super) obligations: Vec<Obligation>,
    /// Stretches in which the clock was held, in order and disjoint; the last may still last.
    pub(super) holds: Vec<(Span, Hold)>,
    pub(super) met: Option<Timestamp>,
    pub(super) stopped: Option<Timestamp>,
    pub(super) frozen: Option<Frozen>,
    pub(super) end: Option<End>,
    /// While the clock is paused or met: why an obligation that stands has nothing left, which will be the breach's cause
    /// when it runs on (rule 10).
    pub(super) exhausted: Option<BreachCause>,
}

impl Track {
    pub(super) fn new(kind: ClockKind) -> Self {
        Self {
            kind,
            obligations: Vec::new(),
            holds: Vec::new(),
            met: None,
            stopped: None,
            frozen: None,
            end: None,
            exhausted: None,
        }
    }

    /// Rule 1 and 2: one more obligation.
    pub(super) fn oblige(&mut self, policy: &Policy, priority: Priority, start: Timestamp) {
        let goal = policy.goal(self.kind, priority);
        let (target, calendar) = (goal.target, goal.calendar);
        self.obligations.push(Obligation { priority, target, calendar, start, aside: Vec::new(), undone: false });
    }

    /// Rules 2 and 4. Every obligation that was set aside comes back that is not above the new priority: were only the
    /// one of the new priority to come back, HIGH, CRITICAL, LOW, CRITICAL would lose what HIGH still owes.
    pub(super) fn raise(&mut self, policy: &Policy, to: Priority, at: Timestamp, created: Timestamp) {
        for obligation in self.obligations.iter_mut().filter(|o| !o.undone && o.priority <= to) {
            if let Some(span) = obligation.aside.last_mut() {
                span.to.get_or_insert(at);
            }
        }
        if !self.obligations.iter().any(|o| !o.undone && o.priority == to) {
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
            obligation.set_aside(at);
            if obligation.target.is_some() {
                start = Some(start.map_or(obligation.start, |s| s.min(obligation.start)));
            }
        }
        if !self.obligations.iter().any(|o| o.priority == to && !o.is_aside()) {
            self.oblige(policy, to, start.unwrap_or(at));
        }
    }

    /// Rule 12: other targets and calendars, the same starts and pauses. What was breached keeps its own; so does a first
    /// response that was met, and whatever was stopped. A met resolution takes them without showing it: they count when
    /// it is reopened.
    pub(super) fn apply(&mut self, policy: &Policy) {
        let for_good = self.stopped.is_some() || self.met.is_some() && self.kind == ClockKind::FirstResponse;
        if self.frozen.is_some() || for_good {
            return;
        }
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

    /// The stretches in which an obligation did not count, from its start: in order, disjoint, those that still last
    /// until `until`.
    fn breaks(&self, obligation: &Obligation, until: Timestamp) -> Vec<(Timestamp, Timestamp)> {
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
        spans.retain_mut(|(from, to)| {
            *from = (*from).max(reached);
            reached = reached.max(*to);
            from < to
        });
        spans
    }

    /// The open time that an obligation used until an instant.
    pub(super) fn used(&self, obligation: &Obligation, until: Timestamp) -> Millis {
        let calendar = &obligation.calendar;
        let breaks = self.breaks(obligation, until);
        breaks
            .into_iter()
            .fold(calendar.between(obligation.start, until), |used, (from, to)| used - calendar.between(from, to))
    }

    /// When an obligation with a target has used `percent` of it, if nothing changes: exactly at a closing or where a
    /// pause begins means then, not at its end. While the clock is held: as though it ran on from `resume`, and `None`
    /// without one unless it was reached before.
    pub(super) fn reaches(&self, o: &Obligation, percent: u8, resume: Option<Timestamp>) -> Option<Timestamp> {
        let target = o.target?;
        let mut left = Millis((i128::from(target.0) * i128::from(percent) / 100) as i64);
        let mut from = o.start;
        for (begins, ends) in self.breaks(o, Timestamp::MAX) {
            let open = o.calendar.between(from, begins);
            if open >= left {
                return Some(o.calendar.add(from, left));
            }
            left = left - open;
            from = ends;
            if ends == Timestamp::MAX {
                // Only what still lasts reaches to the end of time; an obligation that is set aside does not run on.
                return resume.filter(|_| !o.is_aside()).map(|resume| o.calendar.add(resume.max(o.start), left));
            }
        }
        Some(o.calendar.add(from, left))
    }

    /// The obligations that stand, not set aside.
    pub(super) fn standing(&self) -> impl Iterator<Item = &Obligation> {
        self.obligations.iter().filter(|o| !o.is_aside())
    }

    /// The standing obligation with the earliest due time (of equals, the first that came), and that time.
    pub(super) fn earliest(&self, resume: Option<Timestamp>) -> Option<(usize, Timestamp)> {
        let all = self.obligations.iter().enumerate().filter(|(_, o)| !o.is_aside());
        all.filter_map(|(i, o)| self.reaches(o, 100, resume).map(|due| (i, due))).min_by_key(|(_, due)| *due)
    }

    /// A continuous obligation that stands; of several the first.
    pub(super) fn continuous(&self) -> Option<&Obligation> {
        self.standing().find(|o| o.target.is_none())
    }

    /// Rules 7 and 10: what fell due before an event at `at`, or with it where the event is not what meets the clock.
    pub(super) fn fallen_due(&self, at: Timestamp, meets: bool) -> Option<Frozen> {
        let judged = self.frozen.is_none() && self.runs();
        let (index, due) = self.earliest(None).filter(|_| judged)?;
        let passed = due < at || due == at && !meets;
        passed.then_some(Frozen { breach: Breach { at: due, cause: BreachCause::Delay }, due, index })
    }

    /// Rules 9 and 10, after a change at `at`: what it puts into the past or to its own instant is breached by it, and
    /// what was used up while the clock did not run is breached when it runs on.
    pub(super) fn overtaken(&mut self, at: Timestamp, cause: BreachCause) -> Option<Frozen> {
        if self.frozen.is_some() || self.stopped.is_some() {
            return None;
        }
        let past = self.earliest(None).filter(|(_, due)| *due <= at);
        let before = self.exhausted.take();
        let (index, due) = past?;
        let cause = before.unwrap_or(cause);
        if self.runs() {
            return Some(Frozen { breach: Breach { at, cause }, due, index });
        }
        self.exhausted = Some(cause);
        None
    }

    /// Takes a breach that was recorded: the obligation is found by priority and start, or where those are not known by
    /// the due time. One that is not there any more came by a change that was undone.
    pub(super) fn recorded(
        &mut self,
        policy: &Policy,
        breach: Breach,
        due: Timestamp,
        obligation: Option<(Priority, Timestamp)>,
    ) {
        let found = if let Some((priority, start)) = obligation {
            self.obligations.iter().position(|o| o.priority == priority && o.start == start)
        } else {
            let owed = self.obligations.iter().enumerate().filter(|(_, o)| o.target.is_some());
            let mut exact = owed.clone().filter(|(_, o)| self.reaches(o, 100, Some(breach.at)) == Some(due));
            exact.next().or_else(|| owed.clone().next()).map(|(i, _)| i).or(Some(0))
        };
        let index = found.unwrap_or_else(|| {
            let (priority, start) = obligation.unwrap_or((Priority::Medium, due));
            self.oblige(policy, priority, start);
            self.obligations.len() - 1
        });
        if found.is_none()
            && let Some(obligation) = self.obligations.get_mut(index)
        {
            obligation.undone = true;
        }
        self.frozen = Some(Frozen { breach, due, index });
    }

    /// An undo at `at`: what a breach shows of a change that was undone does not count from then on. `exhausted`: what was
    /// so before it, which the facts that are left may tell otherwise.
    pub(super) fn undone(&mut self, at: Timestamp, exhausted: Option<BreachCause>) {
        self.exhausted = exhausted;
        for obligation in self.obligations.iter_mut().filter(|o| o.undone) {
            obligation.set_aside(at);
        }
    }

    /// Ends the clock; it keeps all that it showed, with the due time that running on from here would give.
    pub(super) fn end(&mut self, at: Timestamp, met: bool) {
        if self.is_over() {
            return;
        }
        self.hold(None, at);
        let earliest = self.earliest(None);
        let shown = earliest.and_then(|(index, _)| self.obligations.get(index)).or_else(|| self.continuous());
        self.end = Some(End { due: earliest.map(|(_, due)| due), shown: shown.cloned() });
        *(if met { &mut self.met } else { &mut self.stopped }) = Some(at);
    }

    /// Rule 9: it was met and is not any more.
    pub(super) fn reopen(&mut self) {
        (self.met, self.end) = (None, None);
    }

    /// Rule 6, while continuous: the instant from which its age counts, which is its start and the union of what it was
    /// held and set aside since.
    pub(super) fn continuous_since(&self, now: Timestamp) -> Option<Timestamp> {
        let obligation = self.continuous().filter(|_| self.runs())?;
        let lost =
            self.breaks(obligation, now).into_iter().fold(Millis::ZERO, |lost, (from, to)| lost + to.since(from));
        Some(obligation.start + lost)
    }
}
