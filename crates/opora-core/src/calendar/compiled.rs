//! A calendar that can be reckoned with: adding open time, measuring it, telling why a stretch is closed.

use std::collections::HashSet;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, ToSpan as _};

use super::{CalendarDefinition, CalendarError, Hours};
use crate::time::{Millis, Timestamp};

/// A calendar that was checked.
#[derive(Clone, Debug)]
pub struct Calendar {
    definition: CalendarDefinition,
    zone: TimeZone,
    holidays: HashSet<Date>,
    always: bool,
}

/// Why a stretch of a calendar counts or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayReason {
    /// It is open.
    Open,
    /// It is closed.
    Closed,
    /// It is a holiday.
    Holiday,
}

/// The days that a reckoning may walk through before it gives up at the end of time: more than 1,000 years.
const MAX_DAYS: usize = 400_000;

impl Calendar {
    /// Checks a calendar.
    ///
    /// # Errors
    /// [`CalendarError`], the first thing that is wrong.
    pub fn new(mut definition: CalendarDefinition) -> Result<Self, CalendarError> {
        let zone = TimeZone::get(&definition.time_zone)
            .map_err(|_| CalendarError::TimeZone(definition.time_zone.chars().take(60).collect()))?;
        if !(60_000..=86_400_000).contains(&definition.day_length.0) {
            return Err(CalendarError::DayLength(definition.day_length.0));
        }
        let most = definition.holidays.len().max(definition.moved_days.len()).max(definition.short_days.len());
        if most > CalendarDefinition::MAX_EXCEPTIONS {
            return Err(CalendarError::TooMany(CalendarDefinition::MAX_EXCEPTIONS));
        }
        for hours in definition.weekdays.iter_mut().chain(definition.short_days.values_mut()) {
            hours.sort_unstable();
            for (a, b) in hours.iter().zip(hours.iter().skip(1)) {
                if b.from < a.to {
                    return Err(CalendarError::Overlap(*a, *b));
                }
            }
        }
        let whole = |hours: &Vec<Hours>| matches!(hours.as_slice(), [Hours { from: 0, to: 1440 }]);
        let always = definition.weekdays.iter().all(whole)
            && definition.holidays.is_empty()
            && definition.short_days.values().all(whole);
        let holidays = definition.holidays.iter().copied().collect();
        let calendar = Self { definition, zone, holidays, always };
        calendar.check_opens()?;
        Ok(calendar)
    }

    /// Open always, in UTC, with days of 24 hours.
    pub fn always() -> Self {
        Self { definition: CalendarDefinition::always(), zone: TimeZone::UTC, holidays: HashSet::new(), always: true }
    }

    /// How people wrote it.
    pub fn definition(&self) -> &CalendarDefinition {
        &self.definition
    }

    /// The length of a `day` of a target.
    pub fn day_length(&self) -> Millis {
        self.definition.day_length
    }

    /// A calendar closes for good, or for a year, only by its exceptions: so it is enough to look after each of them.
    fn check_opens(&self) -> Result<(), CalendarError> {
        if self.always {
            return Ok(());
        }
        let first = Date::constant(2000, 1, 1);
        let starts = self.definition.holidays.iter().chain(self.definition.short_days.keys());
        for start in std::iter::once(&first).chain(starts.chain(self.definition.moved_days.keys())) {
            let opens = start.series(1.day()).take(366).any(|date| !self.hours(date).0.is_empty());
            if !opens {
                return Err(CalendarError::NeverOpens(*start));
            }
        }
        Ok(())
    }

    /// The hours of a date, and whether it is a holiday: short day before moved day before holiday before weekday.
    fn hours(&self, date: Date) -> (&[Hours], bool) {
        if let Some(hours) = self.definition.short_days.get(&date) {
            return (hours, false);
        }
        let weekday = match self.definition.moved_days.get(&date) {
            Some(weekday) => usize::from(*weekday),
            None if self.holidays.contains(&date) => return (&[], true),
            None => usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0),
        };
        (self.definition.weekdays.get(weekday).map_or(&[], Vec::as_slice), false)
    }

    fn instant(&self, at: DateTime) -> Timestamp {
        instant(&self.zone, at)
    }

    /// The openings of a date, in order and disjoint.
    fn openings(&self, date: Date) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let mut reached = Timestamp::MIN;
        self.hours(date).0.iter().filter_map(move |hours| {
            let from = self.instant(at_minute(date, hours.from)).max(reached);
            let to = self.instant(at_minute(date, hours.to));
            reached = reached.max(to);
            (from < to).then_some((from, to))
        })
    }

    fn date_of(&self, at: Timestamp) -> Date {
        jiff::Timestamp::from_millisecond(at.as_millis()).map_or(Date::MAX, |t| self.zone.to_datetime(t).date())
    }

    /// The dates whose openings can lie at or after an instant. Begins a day early: zones have skipped whole days.
    fn dates_from(&self, at: Timestamp) -> impl Iterator<Item = Date> + use<> {
        let date = self.date_of(at);
        date.yesterday().unwrap_or(date).series(1.day()).take(MAX_DAYS)
    }

    /// The instant at which so much open time has passed since `start`; exactly at closing: at closing.
    pub fn add(&self, start: Timestamp, open: Millis) -> Timestamp {
        if open.0 <= 0 {
            return start;
        }
        if self.always {
            return start + open;
        }
        let mut left = open;
        for date in self.dates_from(start) {
            for (from, to) in self.openings(date) {
                let from = from.max(start);
                if from >= to {
                    continue;
                }
                let length = to.since(from);
                if left <= length {
                    return from + left;
                }
                left = left - length;
            }
        }
        Timestamp::MAX
    }

    /// The open time between two instants; none when the second is not later.
    pub fn between(&self, start: Timestamp, end: Timestamp) -> Millis {
        if end <= start {
            return Millis::ZERO;
        }
        if self.always {
            return end.since(start);
        }
        let mut open = Millis::ZERO;
        for date in self.dates_from(start) {
            let mut past = false;
            for (from, to) in self.openings(date) {
                past |= from >= end;
                open += to.min(end).since(from.max(start)).at_least_zero();
            }
            if past || self.instant(date.to_datetime(Time::midnight())) >= end {
                break;
            }
        }
        open
    }

    /// The next instant at or after this one at which the calendar is open.
    pub fn next_open(&self, at: Timestamp) -> Timestamp {
        if self.always {
            return at;
        }
        self.dates_from(at)
            .flat_map(|date| self.openings(date).collect::<Vec<_>>())
            .find(|(_, to)| *to > at)
            .map_or(Timestamp::MAX, |(from, _)| from.max(at))
    }

    /// The stretches between two instants, disjoint, in order and without gap, each with its reason; neighbours with
    /// the same reason are one. At most `limit` of them.
    pub fn stretches(&self, start: Timestamp, end: Timestamp, limit: usize) -> Vec<(Timestamp, Timestamp, DayReason)> {
        let mut found: Vec<(Timestamp, Timestamp, DayReason)> = Vec::new();
        let mut push = |from: Timestamp, to: Timestamp, reason| {
            let (from, to) = (from.max(start), to.min(end));
            if from < to {
                match found.last_mut() {
                    Some(last) if last.2 == reason && last.1 == from => last.1 = to,
                    _ => found.push((from, to, reason)),
                }
            }
            found.len()
        };
        if self.always {
            push(start, end, DayReason::Open);
            return found;
        }
        for date in self.dates_from(start) {
            let midnight = self.instant(date.to_datetime(Time::midnight()));
            if midnight >= end {
                break;
            }
            let next = date.tomorrow().map_or(Timestamp::MAX, |d| self.instant(d.to_datetime(Time::midnight())));
            let closed = if self.hours(date).1 { DayReason::Holiday } else { DayReason::Closed };
            let mut reached = midnight;
            for (from, to) in self.openings(date) {
                push(reached, from, closed);
                push(from, to, DayReason::Open);
                reached = reached.max(to);
            }
            if push(reached, next, closed) > limit {
                break;
            }
        }
        found.truncate(limit);
        found
    }
}

fn at_minute(date: Date, minute: u16) -> DateTime {
    let midnight = date.to_datetime(Time::midnight());
    midnight.checked_add(SignedDuration::from_mins(i64::from(minute))).unwrap_or(DateTime::MAX)
}

/// The instant of a local time: one that DST skips is the instant of the jump, one that it repeats means the first
/// (docs/domain.md §7 "Time").
pub(crate) fn instant(zone: &TimeZone, at: DateTime) -> Timestamp {
    let ambiguous = zone.to_ambiguous_timestamp(at);
    let found = match ambiguous.offset() {
        // In a gap, the offset before it puts the skipped time behind the jump by as much as it lies in the gap,
        // and the offset after it puts it before: the transition is found by searching forward from the latter.
        AmbiguousOffset::Gap { after, .. } => after
            .to_timestamp(at)
            .ok()
            .map(|earlier| zone.following(earlier).next().map_or(earlier, |transition| transition.timestamp())),
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => ambiguous.earlier().ok(),
    };
    found.map_or(Timestamp::MAX, |t| Timestamp::from_millis(t.as_millisecond()))
}
