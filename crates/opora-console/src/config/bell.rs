//! When the terminal's bell rings and a notification is sent: for what, how, and in which hours not.

use super::read::{Reader, Table};
use super::{ConfigError, Fault, unknown};

/// The minutes of a day.
const DAY: u16 = 24 * 60;

/// For what and how the console calls.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub(crate) struct Bell {
    /// For a ticket that is CRITICAL from now on.
    pub(crate) critical: bool,
    /// For a breach of one's own ticket.
    pub(crate) breach: bool,
    /// With the bell.
    pub(crate) sound: bool,
    /// With a notification of the terminal.
    pub(crate) notify: bool,
    /// From and to, minutes of the day in the reader's zone: then neither.
    pub(crate) quiet: Vec<(u16, u16)>,
}

impl Default for Bell {
    fn default() -> Self {
        Self { critical: true, breach: true, sound: true, notify: true, quiet: Vec::new() }
    }
}

impl Bell {
    /// Whether these are quiet hours. Hours that end before they begin go over midnight.
    pub(crate) fn is_quiet(&self, now: i64, zone: &jiff::tz::TimeZone) -> bool {
        let Ok(at) = jiff::Timestamp::from_millisecond(now) else { return false };
        let at = at.to_zoned(zone.clone());
        let minute = at.hour() as u16 * 60 + at.minute() as u16;
        self.quiet.iter().any(
            |(from, to)| {
                if from <= to { (*from..*to).contains(&minute) } else { minute >= *from || minute < *to }
            },
        )
    }
}

/// `[bell]`.
pub(super) fn read(reader: &Reader<'_>, table: &Table<'_>) -> Result<Bell, ConfigError> {
    let mut bell = Bell::default();
    for entry in table.entries() {
        match entry.name() {
            "critical" => bell.critical = reader.truth(&entry)?,
            "breach" => bell.breach = reader.truth(&entry)?,
            "sound" => bell.sound = reader.truth(&entry)?,
            "notify" => bell.notify = reader.truth(&entry)?,
            "quiet" => {
                bell.quiet = Vec::new();
                for (text, at) in reader.strings(&entry)? {
                    let hours = hours(text).ok_or_else(|| reader.fault(at, Fault::Hours(text.to_owned())))?;
                    bell.quiet.push(hours);
                }
            }
            _ => {
                let known = ["critical", "breach", "sound", "notify", "quiet"];
                return Err(unknown(reader, &entry, "bell", &known));
            }
        }
    }
    Ok(bell)
}

/// `22:00-08:00`.
fn hours(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once(['-', '–'])?;
    let minute = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        let at = hour.checked_mul(60)?.checked_add(minute)?;
        (minute < 60 && at <= DAY).then_some(at)
    };
    Some((minute(from)?, minute(to)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOW;
    use proptest::prelude::*;

    #[test]
    fn quiet_hours_are_those_of_the_readers_zone_and_go_over_midnight() {
        // 11:02 UTC.
        let zone = |name: &str| jiff::tz::TimeZone::get(name).unwrap();
        let bell = |from: &str| Bell { quiet: vec![hours(from).unwrap()], ..Bell::default() };
        assert!(!bell("22:00-08:00").is_quiet(NOW, &zone("UTC")));
        assert!(bell("22:00-08:00").is_quiet(NOW, &zone("Pacific/Auckland")));
        assert!(bell("14:00-14:03").is_quiet(NOW, &zone("Europe/Moscow")));
        assert!(!bell("14:00-14:02").is_quiet(NOW, &zone("Europe/Moscow")));
        assert!(!Bell::default().is_quiet(NOW, &zone("UTC")));
    }

    proptest! {
        #[test]
        fn within_any_hours_or_without_them(from in 0_u16..DAY, to in 0_u16..=DAY, at in 0_u16..DAY) {
            let within = |from, to| {
                let bell = Bell { quiet: vec![(from, to)], ..Bell::default() };
                bell.is_quiet(i64::from(at) * 60_000, &jiff::tz::TimeZone::UTC)
            };
            prop_assume!(from != to && to != DAY);
            prop_assert_eq!(within(from, to), !within(to, from), "the hours and the rest of the day");
        }

        #[test]
        fn no_text_breaks_it(text in "\\PC{0,14}") {
            let _ = hours(&text);
        }
    }
}
