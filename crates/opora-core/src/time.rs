//! Instants and lengths of time. Knows nothing of clocks on the wall: the present is always passed in.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// An instant: whole milliseconds since 1970-01-01T00:00:00Z (docs/domain.md §7 "Time").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A length of real or open time in whole milliseconds; may be negative as a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub i64);

impl Timestamp {
    /// The earliest instant the desk accepts: 0001-01-01T00:00:00Z, the first that protobuf can say.
    pub const MIN: Self = Self(-62_135_596_800_000);
    /// The latest instant the desk accepts: 9999-12-31T23:59:59.999Z, the last that protobuf can say.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// The first instant that a caller can tell: 2000-01-01T00:00:00Z. What lies before is a slip: of a century, of a
    /// unit, of a clock that was never set.
    pub const FIRST_TOLD: Self = Self(946_684_800_000);
    /// The first instant after those that a caller can tell: 2100-01-01T00:00:00Z.
    pub const PAST_TOLD: Self = Self(4_102_444_800_000);

    /// Whether a caller can tell of it: it lies in the years 2000 to 2099.
    pub fn can_be_told(self) -> bool {
        (Self::FIRST_TOLD..Self::PAST_TOLD).contains(&self)
    }

    /// An instant from milliseconds since the epoch, clamped to what the desk accepts.
    pub fn from_millis(ms: i64) -> Self {
        Self(ms.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Real time from `earlier` to `self`; negative when `earlier` is later.
    pub fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}

impl Millis {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// That many seconds.
    pub const fn seconds(n: i64) -> Self {
        Self(n.saturating_mul(1_000))
    }

    /// That many minutes.
    pub const fn minutes(n: i64) -> Self {
        Self(n.saturating_mul(60_000))
    }

    /// That many hours.
    pub const fn hours(n: i64) -> Self {
        Self(n.saturating_mul(3_600_000))
    }

    /// The longer of this length and none.
    #[must_use]
    pub fn at_least_zero(self) -> Self {
        Self(self.0.max(0))
    }
}

impl Add<Millis> for Timestamp {
    type Output = Self;
    fn add(self, rhs: Millis) -> Self {
        Self::from_millis(self.0.saturating_add(rhs.0))
    }
}

impl Sub<Millis> for Timestamp {
    type Output = Self;
    fn sub(self, rhs: Millis) -> Self {
        Self::from_millis(self.0.saturating_sub(rhs.0))
    }
}

impl Add for Millis {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

impl AddAssign for Millis {
    fn add_assign(&mut self, rhs: Self) {
        *self = *self + rhs;
    }
}

impl Sub for Millis {
    type Output = Self;
    fn sub(self, rhs: Self) -> Self {
        Self(self.0.saturating_sub(rhs.0))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(t) => write!(f, "{t:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}
