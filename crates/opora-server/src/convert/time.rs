//! Instants and lengths: whole milliseconds inside, seconds and nanoseconds on the wire.

use opora_core::time::{Millis, Timestamp};

/// An instant on the wire.
pub(crate) fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let ms = at.as_millis();
    prost_types::Timestamp { seconds: ms.div_euclid(1_000), nanos: (ms.rem_euclid(1_000) * 1_000_000) as i32 }
}

/// A length on the wire.
pub(crate) fn duration(length: Millis) -> prost_types::Duration {
    prost_types::Duration { seconds: length.0 / 1_000, nanos: (length.0 % 1_000 * 1_000_000) as i32 }
}

/// An instant of the wire, what is finer than a millisecond cut off; `None`: outside the years 1 to 9999, or nanoseconds
/// that are none.
pub(super) fn instant(at: prost_types::Timestamp) -> Option<Timestamp> {
    let nanos = (0..1_000_000_000).contains(&at.nanos).then_some(at.nanos)?;
    let ms = at.seconds.checked_mul(1_000)?.checked_add(i64::from(nanos / 1_000_000))?;
    (Timestamp::MIN.as_millis()..=Timestamp::MAX.as_millis()).contains(&ms).then(|| Timestamp::from_millis(ms))
}

/// A length of the wire; `None`: signs that differ, or longer than 10,000 years.
pub(crate) fn length(length: prost_types::Duration) -> Option<Millis> {
    let fits = length.seconds.unsigned_abs() <= 315_576_000_000 && length.nanos.unsigned_abs() < 1_000_000_000;
    let agrees = length.seconds == 0 || length.nanos == 0 || (length.seconds < 0) == (length.nanos < 0);
    (fits && agrees).then(|| Millis(length.seconds * 1_000 + i64::from(length.nanos / 1_000_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_go_there_and_back_also_before_1970() {
        for ms in [0, 1, -1, -1_001, 1_700_000_000_123, Timestamp::MIN.as_millis(), Timestamp::MAX.as_millis()] {
            let at = Timestamp::from_millis(ms);
            assert_eq!(instant(timestamp(at)), Some(at));
        }
    }

    #[test]
    fn absurd_instants_are_none() {
        for (seconds, nanos) in [(i64::MAX, 0), (i64::MIN, 0), (0, -5), (0, 1_000_000_000), (253_402_300_800, 0)] {
            assert_eq!(instant(prost_types::Timestamp { seconds, nanos }), None, "{seconds} {nanos}");
        }
        for (seconds, nanos) in [(i64::MAX, 0), (1, -1), (-1, 1), (0, i32::MIN)] {
            assert_eq!(length(prost_types::Duration { seconds, nanos }), None, "{seconds} {nanos}");
        }
    }
}
