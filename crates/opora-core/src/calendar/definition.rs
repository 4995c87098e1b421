//! A calendar as people write it, and what is wrong with it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use crate::time::Millis;

/// A local stretch of a day, in minutes since midnight; half-open, within one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours {
    /// First minute, 0 to 1439.
    pub from: u16,
    /// Minute after the last, at most 1440.
    pub to: u16,
}

/// When a calendar is open, as people write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarDefinition {
    /// Its id, `moscow-office`.
    pub id: String,
    /// From 1, each change one more.
    pub version: u32,
    /// An IANA name.
    pub time_zone: String,
    /// How long a `day` of a target is.
    pub day_length: Millis,
    /// The hours of each weekday, Monday first.
    pub weekdays: [Vec<Hours>; 7],
    /// Local dates without work.
    pub holidays: Vec<Date>,
    /// Local dates that take the hours of a weekday (0 Monday to 6 Sunday).
    pub moved_days: BTreeMap<Date, u8>,
    /// Local dates with hours of their own.
    pub short_days: BTreeMap<Date, Vec<Hours>>,
}

/// What is wrong with a calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The time zone is not known.
    #[error("`{0}` is not a time zone, such as Europe/Moscow")]
    TimeZone(String),
    /// A stretch is not one.
    #[error("`{0}` is not a stretch of a day, such as 10:00-18:00")]
    Hours(String),
    /// A date is not one.
    #[error("`{0}` is not a date, such as 2026-03-09")]
    Date(String),
    /// Two openings of a day overlap.
    #[error("the openings {0} and {1} overlap")]
    Overlap(Hours, Hours),
    /// The calendar is closed for 366 days or longer.
    #[error("the calendar does not open in the 366 days from {0}")]
    NeverOpens(Date),
    /// The length of a day makes no sense.
    #[error("a day of {0} ms is not between one minute and 24 hours")]
    DayLength(i64),
    /// Something is longer than it may be.
    #[error("more than {0} exceptions")]
    TooMany(usize),
}

impl CalendarDefinition {
    /// The most holidays, moved and short days that a calendar may have, each.
    pub const MAX_EXCEPTIONS: usize = 2_000;

    /// Open always, in UTC, with days of 24 hours.
    pub fn always() -> Self {
        Self {
            id: "24x7".into(),
            version: 1,
            time_zone: "UTC".into(),
            day_length: Millis::hours(24),
            weekdays: std::array::from_fn(|_| vec![Hours { from: 0, to: 1440 }]),
            holidays: Vec::new(),
            moved_days: BTreeMap::new(),
            short_days: BTreeMap::new(),
        }
    }

    /// Open Monday to Friday in these hours; a day is as long as the hours together.
    pub fn working_days(id: &str, time_zone: &str, hours: &[Hours]) -> Self {
        let minutes: i64 = hours.iter().map(|h| i64::from(h.to) - i64::from(h.from)).sum();
        Self {
            id: id.into(),
            version: 1,
            time_zone: time_zone.into(),
            day_length: Millis::minutes(minutes),
            weekdays: std::array::from_fn(|day| if day < 5 { hours.to_vec() } else { Vec::new() }),
            holidays: Vec::new(),
            moved_days: BTreeMap::new(),
            short_days: BTreeMap::new(),
        }
    }
}

impl FromStr for Hours {
    type Err = CalendarError;

    /// `10:00-18:00`; `24:00` ends a day.
    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let fail = || CalendarError::Hours(text.chars().take(40).collect());
        let (from, to) = text.split_once('-').ok_or_else(fail)?;
        let minute = |part: &str| -> Option<u16> {
            let (h, m) = part.trim().split_once(':')?;
            if h.len() > 2 || m.len() != 2 || !h.bytes().chain(m.bytes()).all(|b| b.is_ascii_digit()) {
                return None;
            }
            let (h, m): (u16, u16) = (h.parse().ok()?, m.parse().ok()?);
            (m < 60 && h * 60 + m <= 1440).then_some(h * 60 + m)
        };
        let (from, to) = (minute(from).ok_or_else(fail)?, minute(to).ok_or_else(fail)?);
        if from < to { Ok(Self { from, to }) } else { Err(fail()) }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, self.to / 60, self.to % 60)
    }
}

/// A local date, `2026-03-09`.
///
/// # Errors
/// [`CalendarError::Date`] when it is none.
pub fn parse_date(text: &str) -> Result<Date, CalendarError> {
    text.parse().map_err(|_| CalendarError::Date(text.chars().take(40).collect()))
}
