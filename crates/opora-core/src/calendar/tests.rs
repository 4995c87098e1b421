//! Calendars: the worked examples of docs/domain.md §7 that are about them alone, what is refused, and properties.

use jiff::ToSpan as _;
use jiff::civil::Date;
use proptest::prelude::*;

use super::*;
use crate::time::{Millis, Timestamp};

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
    assert!(matches!(refuse(&|d| d.weekdays[0] = hours(&["10:00-12:00", "11:00-13:00"])), CalendarError::Overlap(..)));
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
    // The clocks of Berlin change on days 88 and 298.
    let days = || prop::collection::vec(prop_oneof![0_i64..800, Just(88), Just(298)], 0..15);
    (zones, day, any::<bool>(), days(), days(), days()).prop_map(|(zone, day, weekend, holidays, moved, short)| {
        let mut definition = CalendarDefinition::working_days("p", zone, &hours(&day));
        if weekend {
            definition.weekdays[6] = hours(&day);
        }
        let first = Date::constant(2025, 1, 1);
        let date = |n: i64| first.checked_add(n.days()).unwrap();
        definition.holidays = holidays.into_iter().map(date).collect();
        definition.moved_days = moved.into_iter().map(|n| (date(n), 0)).collect();
        let short_hours = hours(&["01:30-02:15", "02:45-03:30"]);
        definition.short_days = short.into_iter().map(|n| (date(n), short_hours.clone())).collect();
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
