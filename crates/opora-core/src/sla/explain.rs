//! Why a clock shows what it shows, and what it would show (docs/domain.md §7, "Explain", "What-if").

use super::policy::PolicySource;
use super::reckon::{ReckonError, Reckoning};
use super::track::{Hold, Obligation, Track};
use super::{Clock, ClockKind, Fact, FactKind, PolicyRef, SlaState};
use crate::calendar::DayReason;
use crate::model::{Priority, Revision};
use crate::time::{Millis, Timestamp};

/// The most stretches that an explanation holds.
pub const MAX_STRETCHES: usize = 10_000;

/// Why a stretch of time counts or not; the first that fits, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StretchReason {
    /// The obligation was set aside for one of a lower priority.
    SetAside,
    /// The ticket was part of another.
    Merged,
    /// The ticket was resolved.
    Resolved,
    /// The customer had to answer.
    Paused,
    /// A holiday of the calendar.
    Holiday,
    /// The calendar is closed.
    Closed,
    /// It counts.
    Open,
}

/// A stretch of time with one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its first instant.
    pub from: Timestamp,
    /// The instant after its last.
    pub to: Timestamp,
    /// Why it counts or not.
    pub reason: StretchReason,
}

/// One thing that the contract asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObligationView {
    /// The priority that it comes from.
    pub priority: Priority,
    /// The open time that it allows; `None`: continuous.
    pub target: Option<Millis>,
    /// When it began.
    pub start: Timestamp,
    /// When it is due, if it stands and the clock runs; of one that was breached and is shown, always.
    pub due: Option<Timestamp>,
    /// Whether it is set aside.
    pub set_aside: bool,
    /// Whether the clock shows it.
    pub shown: bool,
    /// The id of its calendar.
    pub calendar: String,
}

/// How a clock came to what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The clock.
    pub clock: Clock,
    /// The open time that the obligation shown has used.
    pub elapsed: Millis,
    /// From its start until `now`, or until the clock was met or stopped: disjoint, in order, without gap.
    pub stretches: Vec<Stretch>,
    /// Whether the stretches were cut at [`MAX_STRETCHES`].
    pub truncated: bool,
    /// Every obligation of the clock.
    pub obligations: Vec<ObligationView>,
    /// The id of the calendar of the obligation shown.
    pub calendar: String,
    /// The time zone of that calendar.
    pub time_zone: String,
}

impl SlaState {
    /// How a clock came to what it shows at `now`.
    ///
    /// # Errors
    /// [`ReckonError`].
    pub fn explain(
        &self,
        kind: ClockKind,
        now: Timestamp,
        policies: &dyn PolicySource,
    ) -> Result<Explanation, ReckonError> {
        let reckoning = Reckoning::of(&self.facts, policies)?;
        let track = reckoning.track(kind);
        let now = now.max(reckoning.now);
        let until = track.met.or(track.stopped).unwrap_or(now);
        let shown = track.shown(reckoning.now);
        let frozen = track.frozen;
        let (stretches, truncated) = shown.map_or((Vec::new(), false), |o| stretches(track, o, until));
        // What a clock showed at its end is kept beside the obligations, which go on moving until it is reopened.
        let same = |o: &Obligation| !o.undone && shown.is_some_and(|s| (s.priority, s.start) == (o.priority, o.start));
        let index = frozen.map(|frozen| frozen.index).or_else(|| track.obligations.iter().position(same));
        let views = track.obligations.iter().enumerate().map(|(i, o)| ObligationView {
            priority: o.priority,
            target: o.target,
            start: o.start,
            due: match frozen.filter(|_| index == Some(i)) {
                Some(frozen) => Some(frozen.due),
                None if o.is_aside() || !track.runs() => None,
                None => track.reaches(o, 100, None),
            },
            set_aside: o.is_aside(),
            shown: index == Some(i),
            calendar: o.calendar.definition().id.clone(),
        });
        Ok(Explanation {
            clock: *self.clock(kind),
            elapsed: shown.map_or(Millis::ZERO, |o| track.used(o, until)),
            stretches,
            truncated,
            obligations: views.collect(),
            calendar: shown.map_or_else(String::new, |o| o.calendar.definition().id.clone()),
            time_zone: shown.map_or_else(String::new, |o| o.calendar.definition().time_zone.clone()),
        })
    }

    /// What the clocks would show with another priority from `now` on.
    ///
    /// # Errors
    /// [`ReckonError`].
    pub fn what_if(
        &self,
        priority: Priority,
        now: Timestamp,
        policies: &dyn PolicySource,
    ) -> Result<Self, ReckonError> {
        self.with(Fact { at: now, revision: Revision::ZERO, kind: FactKind::Priority(priority) }, policies)
    }

    /// What the clocks of a ticket created at `at` with this priority would show.
    ///
    /// # Errors
    /// [`ReckonError`].
    pub fn what_if_new(
        at: Timestamp,
        priority: Priority,
        policy: &PolicyRef,
        policies: &dyn PolicySource,
    ) -> Result<Self, ReckonError> {
        Self::new(at, Revision::ZERO, priority, policy, policies)
    }
}

fn stretches(track: &Track, obligation: &Obligation, until: Timestamp) -> (Vec<Stretch>, bool) {
    let start = obligation.start;
    // By an undo a clock can have been met before the obligation began that was breached meanwhile.
    if until <= start {
        return (Vec::new(), false);
    }
    let aside = obligation.aside.iter().map(|span| (*span, StretchReason::SetAside));
    let held = track.holds.iter().map(|(span, hold)| {
        let reason = match hold {
            Hold::Resolved => StretchReason::Resolved,
            Hold::Merged => StretchReason::Merged,
            Hold::Waiting => StretchReason::Paused,
        };
        (*span, reason)
    });
    // Set aside comes first in the order of reasons, and holds never overlap each other.
    let spans: Vec<(Timestamp, Timestamp, StretchReason)> = aside
        .chain(held)
        .map(|(span, reason)| (span.from.max(start), span.to.unwrap_or(until).min(until), reason))
        .filter(|(from, to, _)| from < to)
        .collect();
    let mut edges: Vec<Timestamp> = spans.iter().flat_map(|(from, to, _)| [*from, *to]).chain([start, until]).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut found: Vec<Stretch> = Vec::new();
    for (from, to) in edges.iter().zip(edges.iter().skip(1)) {
        match spans.iter().find(|(f, t, _)| f <= from && t >= to) {
            Some((_, _, reason)) => push(&mut found, Stretch { from: *from, to: *to, reason: *reason }),
            None => {
                for (from, to, reason) in obligation.calendar.stretches(*from, *to, MAX_STRETCHES + 1) {
                    let reason = match reason {
                        DayReason::Open => StretchReason::Open,
                        DayReason::Closed => StretchReason::Closed,
                        DayReason::Holiday => StretchReason::Holiday,
                    };
                    push(&mut found, Stretch { from, to, reason });
                }
            }
        }
        if found.len() > MAX_STRETCHES {
            found.truncate(MAX_STRETCHES);
            return (found, true);
        }
    }
    (found, false)
}

fn push(found: &mut Vec<Stretch>, stretch: Stretch) {
    match found.last_mut() {
        Some(last) if last.reason == stretch.reason && last.to == stretch.from => last.to = stretch.to,
        _ => found.push(stretch),
    }
}
