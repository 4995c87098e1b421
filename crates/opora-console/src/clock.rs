//! A clock as the console holds and draws it: what is left, as a text that changes at known instants. Reads no clock
//! of its own: `now` is passed in. Instants and stretches are milliseconds.

use opora_proto::v1;

use crate::texts::Texts;

/// A minute in milliseconds.
pub(crate) const MINUTE: i64 = 60_000;
/// An hour in milliseconds.
pub(crate) const HOUR: i64 = 60 * MINUTE;
/// A day in milliseconds.
pub(crate) const DAY: i64 = 24 * HOUR;

/// One clock of a ticket, compact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Face {
    /// What it is doing.
    pub(crate) state: State,
    /// When the obligation that it shows began; while it is continuous: from when the ticket's age counts.
    pub(crate) start: i64,
    /// When it is due.
    pub(crate) due: Option<i64>,
    /// What is left while it is paused.
    pub(crate) remaining: Option<i64>,
    /// When it was met.
    pub(crate) met: Option<i64>,
    /// The due instant that passed.
    pub(crate) breached: Option<i64>,
}

/// What a clock is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    /// There is none.
    #[default]
    None,
    /// Time passes.
    Running,
    /// Held.
    Paused,
    /// Reached its goal.
    Met,
    /// Without a target.
    Continuous,
    /// Ended without reaching its goal.
    Stopped,
}

/// Milliseconds of a wire time.
pub(crate) fn millis(time: Option<&prost_types::Timestamp>) -> Option<i64> {
    time.map(|t| t.seconds.saturating_mul(1000).saturating_add(i64::from(t.nanos / 1_000_000)))
}

/// Milliseconds of a wire duration.
pub(crate) fn stretch(duration: Option<&prost_types::Duration>) -> Option<i64> {
    duration.map(|d| d.seconds.saturating_mul(1000).saturating_add(i64::from(d.nanos / 1_000_000)))
}

impl Face {
    /// From the contract.
    pub(crate) fn of(clock: Option<&v1::Clock>) -> Self {
        let Some(clock) = clock else { return Self::default() };
        let state = match clock.state() {
            v1::ClockState::Running => State::Running,
            v1::ClockState::Paused => State::Paused,
            v1::ClockState::Met => State::Met,
            v1::ClockState::Continuous => State::Continuous,
            v1::ClockState::Stopped => State::Stopped,
            v1::ClockState::Unspecified => State::None,
        };
        Self {
            state,
            start: millis(clock.continuous_since_time.as_ref().or(clock.start_time.as_ref())).unwrap_or_default(),
            due: millis(clock.due_time.as_ref()),
            remaining: stretch(clock.remaining.as_ref()),
            met: millis(clock.met_time.as_ref()),
            breached: millis(clock.breach_time.as_ref()),
        }
    }

    /// Whether it has still to be met.
    pub(crate) fn is_unmet(&self) -> bool {
        matches!(self.state, State::Running | State::Continuous | State::Paused)
    }

    /// Whether its due time passed, told by the server or seen by the clock.
    pub(crate) fn is_breached(&self, now: i64) -> bool {
        self.breached.is_some() || (self.state == State::Running && self.due.is_some_and(|due| due <= now))
    }

    /// The parts of four that are used up, for the bar. Drawn from the wall clock: closed hours are not known here.
    fn quarters(&self, now: i64) -> usize {
        let Some(due) = self.due else { return 0 };
        let whole = (due - self.start).max(1);
        (((now - self.start).clamp(0, whole) * 4) / whole) as usize
    }

    /// The short text of the queue's column: `▓▓░░ 12m`, `-2h 10m`, `∞ 18m`, `‖ 3h`, `—`.
    pub(crate) fn short(&self, now: i64, texts: &Units) -> String {
        match (self.state, self.due, self.remaining) {
            (State::Continuous, ..) => format!("∞ {}", texts.span(now - self.start)),
            (State::Running, Some(due), _) if due <= now => format!("-{}", texts.span(now - due)),
            (State::Running, Some(due), _) => {
                let used = self.quarters(now);
                format!("{}{} {}", "▓".repeat(used), "░".repeat(4 - used.min(4)), texts.span(due - now))
            }
            (State::Paused, _, Some(left)) => format!("‖ {}", texts.span(left)),
            (State::Paused, ..) => "‖".to_owned(),
            _ => "—".to_owned(),
        }
    }

    /// The text of two clocks in one column: how long a ticket without a target is worked on, then what is left for its
    /// first answer: `∞ 4m →26m`, `∞ 2h →-1h`. In whole units each, for the column has room for one text only.
    pub(crate) fn short_beside(&self, answer: &Self, now: i64, texts: &Units) -> String {
        let left = match (answer.state, answer.due) {
            (State::Running, Some(due)) if due <= now => format!("-{}", texts.whole(now - due)),
            (State::Running, Some(due)) => texts.whole(due - now),
            _ => answer.remaining.map_or_else(|| "‖".to_owned(), |left| format!("‖{}", texts.whole(left))),
        };
        format!("∞ {} →{left}", texts.whole(now - self.start))
    }

    /// The next instant after `now` at which [`Self::short`] may change.
    pub(crate) fn next_change(&self, now: i64) -> Option<i64> {
        match (self.state, self.due) {
            (State::Continuous, _) => Some(after(self.start, now)),
            (State::Running, Some(due)) if due <= now => Some(after(due, now)),
            (State::Running, Some(due)) => {
                let left = due - now;
                let step = if left >= DAY { HOUR } else { MINUTE };
                // The text is rounded down: it changes just after a whole step is left.
                let text = if left < step { due } else { due - left / step * step + 1 };
                let whole = (due - self.start).max(1);
                let bar = (1..=4).map(|q| self.start + (whole * q + 3) / 4).find(|at| *at > now);
                Some(bar.map_or(text, |bar| bar.min(text)).max(now + 1))
            }
            _ => None,
        }
    }
}

/// The next instant at which an age that began at `start` reads otherwise.
fn after(start: i64, now: i64) -> i64 {
    let age = (now - start).max(0);
    let step = if age >= DAY { HOUR } else { MINUTE };
    start.max(now - age) + (age / step + 1) * step
}

/// The letters of days, hours and minutes.
#[derive(Clone, Debug)]
pub(crate) struct Units {
    day: String,
    hour: String,
    minute: String,
}

impl Units {
    /// In the language of the texts.
    pub(crate) fn new(texts: &Texts) -> Self {
        Self { day: texts.get("unit-day"), hour: texts.get("unit-hour"), minute: texts.get("unit-minute") }
    }

    /// `3d 4h`, `2h 10m`, `12m`, `<1m`; rounded down.
    pub(crate) fn span(&self, ms: i64) -> String {
        let ms = ms.max(0);
        let (days, hours, minutes) = (ms / DAY, ms % DAY / HOUR, ms % HOUR / MINUTE);
        match (days, hours, minutes) {
            (0, 0, 0) => format!("<1{}", self.minute),
            (0, 0, m) => format!("{m}{}", self.minute),
            (0, h, 0) => format!("{h}{}", self.hour),
            (0, h, m) => format!("{h}{} {m}{}", self.hour, self.minute),
            (d, 0, _) => format!("{d}{}", self.day),
            (d, h, _) => format!("{d}{} {h}{}", self.day, self.hour),
        }
    }

    /// The greatest of the units alone, `3d`, `2h`, `12m`, `<1m`; rounded down.
    pub(crate) fn whole(&self, ms: i64) -> String {
        let ms = ms.max(0);
        match (ms / DAY, ms / HOUR) {
            (0, 0) => self.span(ms),
            (0, hours) => format!("{hours}{}", self.hour),
            (days, _) => format!("{days}{}", self.day),
        }
    }
}

/// A time of day in a zone, `14:02`.
pub(crate) fn time_of_day(ms: i64, zone: &jiff::tz::TimeZone) -> String {
    zoned(ms, zone).map_or_else(String::new, |z| z.strftime("%H:%M").to_string())
}

/// A time of day in a zone with its seconds, `14:02:07`.
pub(crate) fn to_the_second(ms: i64, zone: &jiff::tz::TimeZone) -> String {
    zoned(ms, zone).map_or_else(String::new, |z| z.strftime("%H:%M:%S").to_string())
}

/// A date and time in a zone: the time alone where the date is that of `now`.
pub(crate) fn moment(ms: i64, now: i64, zone: &jiff::tz::TimeZone) -> String {
    match (zoned(ms, zone), zoned(now, zone)) {
        (Some(then), Some(today)) if then.date() == today.date() => then.strftime("%H:%M").to_string(),
        (Some(then), Some(today)) if then.year() == today.year() => then.strftime("%d.%m %H:%M").to_string(),
        (Some(then), _) => then.strftime("%d.%m.%Y %H:%M").to_string(),
        _ => String::new(),
    }
}

/// The zone's short name at an instant, `MSK`.
pub(crate) fn zone_name(ms: i64, zone: &jiff::tz::TimeZone) -> String {
    zoned(ms, zone).map_or_else(String::new, |z| z.strftime("%Z").to_string())
}

fn zoned(ms: i64, zone: &jiff::tz::TimeZone) -> Option<jiff::Zoned> {
    jiff::Timestamp::from_millisecond(ms).ok().map(|t| t.to_zoned(zone.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Language;
    use proptest::prelude::*;

    fn units() -> Units {
        Units::new(&Texts::new(Language::En))
    }

    #[test]
    fn spans_are_short_and_rounded_down() {
        let units = units();
        for (ms, text) in [
            (59_999, "<1m"),
            (12 * MINUTE, "12m"),
            (2 * HOUR + 10 * MINUTE, "2h 10m"),
            (6 * HOUR, "6h"),
            (3 * DAY + 4 * HOUR, "3d 4h"),
            (-5, "<1m"),
        ] {
            assert_eq!(units.span(ms), text);
        }
    }

    proptest! {
        #[test]
        fn a_text_does_not_change_before_the_instant_told_for_it(
            start in 0_i64..10 * DAY, length in 1_i64..40 * DAY, at in 0_i64..50 * DAY, part in 0_i64..1000, continuous: bool,
        ) {
            let units = units();
            let state = if continuous { State::Continuous } else { State::Running };
            let face = Face { state, start, due: Some(start + length), ..Face::default() };
            let now = start + at;
            let next = face.next_change(now).unwrap();
            prop_assert!(next > now);
            let between = now + (next - 1 - now) * part / 1000;
            prop_assert_eq!(face.short(now, &units), face.short(between, &units));
            prop_assert_eq!(face.short(now, &units), face.short(next - 1, &units));
        }
    }
}
