//! Calendars: when time passes (docs/domain.md §7 "Time").
//!
//! Opening hours are local, time is real: a local time that DST skips is the instant of the jump, one that it repeats
//! means the first, and what overlaps counts once.

mod compiled;
mod definition;

pub(crate) use compiled::instant;
pub use compiled::{Calendar, DayReason};
pub use definition::{CalendarDefinition, CalendarError, Hours, parse_date};

#[cfg(test)]
mod tests;
