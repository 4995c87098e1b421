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
        let ambiguous = self.zone.to_ambiguous_timestamp(at);
        let found = match ambiguous.offset() {
            // In a gap, the offset before it puts the skipped time behind the jump by as much as it lies in the gap,
            // and the offset after it puts it before: the transition is found by searching forward from the latter.
            AmbiguousOffset::Gap { after, .. } => after.to_timestamp(at).ok().map(|earlier| {
                self.zone.following(earlier).next().map_or(earlier, |transition| transition.timestamp())
            }),
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => ambiguous.earlier().ok(),
        };
        found.map_or(Timestamp::MAX, |t| Timestamp::from_millis(t.as_millisecond()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn hours(texts: &[&str]) -> Vec<Hours> {
        texts.iter().map(|t| t.parse().unwrap()).collect()
    }

    fn week(zone: &str, texts: &[&str]) -> Calendar {
        Calendar::new(CalendarDefinition::working_days("w", zone, &hours(texts))).unwrap()
    }

    fn sundays(zone: &str, texts: &[&str]) -> Calendar {
        let mut definition = CalendarDefinition::working_days("s", zone, &hours(texts));
        definition.weekdays[6] = hours(texts);
        Calendar::new(definition).unwrap()
    }

    #[test]
    fn example_09_open_time_is_added_across_a_change_of_clocks() {
        let berlin = week("Europe/Berlin", &["10:00-18:00"]);
        assert_eq!(berlin.add(at("2025-03-28T16:30:00Z"), Millis::minutes(60)), at("2025-03-31T08:30:00Z"));
    }

    #[test]
    fn example_10_a_day_is_as_long_as_it_really_is() {
        let berlin = sundays("Europe/Berlin", &["01:00-04:00"]);
        assert_eq!(berlin.between(at("2025-03-29T22:00:00Z"), at("2025-03-30T22:00:00Z")), Millis::hours(2));
        assert_eq!(berlin.between(at("2025-10-25T22:00:00Z"), at("2025-10-26T22:00:00Z")), Millis::hours(4));
    }

    #[test]
    fn example_12_a_lunch_break_does_not_count() {
        let moscow = week("Europe/Moscow", &["10:00-13:00", "14:00-18:00"]);
        assert_eq!(moscow.add(at("2025-06-06T09:30:00Z"), Millis::minutes(60)), at("2025-06-06T11:30:00Z"));
    }

    #[test]
    fn example_13_exactly_at_closing_is_at_closing() {
        let moscow = week("Europe/Moscow", &["10:00-18:00"]);
        assert_eq!(moscow.add(at("2025-06-02T07:00:00Z"), Millis::hours(14 * 8)), at("2025-06-19T15:00:00Z"));
    }

    #[test]
    fn example_19_skipped_local_times_are_the_instant_of_the_jump_and_overlaps_count_once() {
        let day = (at("2025-03-29T23:00:00Z"), at("2025-03-30T22:00:00Z"));
        assert_eq!(sundays("Europe/Berlin", &["02:30-03:15"]).between(day.0, day.1), Millis::minutes(15));
        assert_eq!(sundays("Europe/Berlin", &["01:00-02:30", "03:00-05:00"]).between(day.0, day.1), Millis::hours(3));
    }

    #[test]
    fn a_short_day_beats_a_moved_day_beats_a_holiday_beats_the_weekday() {
        let mut definition = CalendarDefinition::working_days("x", "UTC", &hours(&["10:00-18:00"]));
        let date = |d: i8| Date::constant(2026, 3, d);
        definition.holidays = vec![date(9), date(10), date(11)];
        definition.moved_days = [(date(10), 0), (date(11), 0), (date(14), 0)].into();
        definition.short_days = [(date(11), hours(&["10:00-12:00"]))].into();
        let calendar = Calendar::new(definition).unwrap();
        let of = |d: i64| {
            let from = Timestamp::from_millis(at("2026-03-01T00:00:00Z").as_millis() + (d - 1) * 86_400_000);
            calendar.between(from, from + Millis::hours(24))
        };
        let expected = [(9, 0), (10, 8), (11, 2), (12, 8), (14, 8), (15, 0)];
        for (day, open) in expected {
            assert_eq!(of(day), Millis::hours(open), "March {day}");
        }
    }

    #[test]
    fn calendars_that_make_no_sense_are_refused() {
        let refuse = |change: &dyn Fn(&mut CalendarDefinition)| {
            let mut definition = CalendarDefinition::working_days("x", "UTC", &hours(&["10:00-18:00"]));
            change(&mut definition);
            Calendar::new(definition).unwrap_err()
        };
        assert!(matches!(refuse(&|d| d.time_zone = "Mars/Olympus".into()), CalendarError::TimeZone(_)));
        assert!(matches!(
            refuse(&|d| d.weekdays[0] = hours(&["10:00-12:00", "11:00-13:00"])),
            CalendarError::Overlap(..)
        ));
        assert!(matches!(refuse(&|d| d.weekdays = Default::default()), CalendarError::NeverOpens(_)));
        assert!(matches!(refuse(&|d| d.day_length = Millis::ZERO), CalendarError::DayLength(0)));
        let year = |d: &mut CalendarDefinition, days| {
            d.holidays = Date::constant(2026, 1, 1).series(1.day()).take(days).collect();
        };
        assert!(matches!(refuse(&|d| year(d, 366)), CalendarError::NeverOpens(_)));
        let mut definition = CalendarDefinition::working_days("x", "UTC", &hours(&["10:00-18:00"]));
        year(&mut definition, 364);
        assert!(Calendar::new(definition).is_ok());
        for bad in ["10:00", "18:00-10:00", "10:00-10:00", "10:00-24:01", "x-y", "1:0-2:00", "-1:00-2:00"] {
            assert!(bad.parse::<Hours>().is_err(), "{bad}");
        }
        assert_eq!("00:00-24:00".parse(), Ok(Hours { from: 0, to: 1440 }));
    }

    fn any_calendar() -> impl Strategy<Value = Calendar> {
        let zones = prop::sample::select(vec![
            "UTC",
            "Europe/Moscow",
            "Europe/Berlin",
            "America/New_York",
            "Asia/Kolkata",
            "Australia/Lord_Howe",
        ]);
        let day = prop::sample::select(vec![
            vec!["10:00-18:00"],
            vec!["10:00-13:00", "14:00-18:00"],
            vec!["00:00-24:00"],
            vec!["01:00-02:30", "03:00-05:00"],
            vec!["02:30-03:15", "22:00-24:00"],
        ]);
        (zones, day, any::<bool>(), prop::collection::vec(0_i64..800, 0..20), prop::collection::vec(0_i64..800, 0..10))
            .prop_map(|(zone, day, weekend, holidays, moved)| {
                let mut definition = CalendarDefinition::working_days("p", zone, &hours(&day));
                if weekend {
                    definition.weekdays[6] = hours(&day);
                }
                let first = Date::constant(2025, 1, 1);
                let date = |n: i64| first.checked_add(n.days()).unwrap();
                definition.holidays = holidays.into_iter().map(date).collect();
                definition.moved_days = moved.into_iter().map(|n| (date(n), 0)).collect();
                Calendar::new(definition).unwrap()
            })
    }

    proptest! {
        #[test]
        fn adding_open_time_and_measuring_it_gives_it_back(
            calendar in any_calendar(), start in 1_735_689_600_000_i64..1_798_761_600_000, open in 1_i64..(60 * 86_400_000),
        ) {
            let start = Timestamp::from_millis(start);
            let end = calendar.add(start, Millis(open));
            prop_assert_eq!(calendar.between(start, end), Millis(open));
            prop_assert_eq!(calendar.between(start, end - Millis(1)), Millis(open - 1));
        }

        #[test]
        fn stretches_are_disjoint_in_order_and_sum_to_the_whole(
            calendar in any_calendar(), start in 1_735_689_600_000_i64..1_798_761_600_000, length in 0_i64..(40 * 86_400_000),
        ) {
            let (start, end) = (Timestamp::from_millis(start), Timestamp::from_millis(start + length));
            let stretches = calendar.stretches(start, end, 10_000);
            let mut reached = start;
            let mut open = Millis::ZERO;
            for (from, to, reason) in &stretches {
                prop_assert_eq!(*from, reached);
                prop_assert!(from < to);
                reached = *to;
                if *reason == DayReason::Open {
                    open += to.since(*from);
                }
            }
            prop_assert_eq!(reached, end);
            prop_assert_eq!(open, calendar.between(start, end));
        }
    }
}
