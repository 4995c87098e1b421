//! The edges of the process that the rest of the console is told about: the time.

/// Now, milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the one place where the console reads the clock")]
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// The time zone in which times are shown: that of the person at this terminal.
#[expect(clippy::disallowed_methods, reason = "times are shown in the zone of the person at this terminal")]
pub(crate) fn zone() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::system()
}
