//! Which log is nearest to the problem (docs/domain.md §5).

use std::cmp::Reverse;

use crate::time::Timestamp;

/// How near a file is to the problem, the smallest is the nearest (docs/domain.md §5): among those started at or before
/// it the latest, then the earliest after it, then those without a time.
pub(crate) fn distance(at: Option<Timestamp>, problem: Timestamp) -> (u8, Reverse<i64>, i64) {
    match at {
        Some(at) if at <= problem => (0, Reverse(at.as_millis()), 0),
        Some(at) => (1, Reverse(0), at.as_millis()),
        None => (2, Reverse(0), 0),
    }
}

/// The file nearest to the problem, by the time at which each was started or else last written; of equals the last.
pub(crate) fn nearest<T>(
    files: impl IntoIterator<Item = T>,
    time: impl Fn(&T) -> Option<Timestamp>,
    problem: Timestamp,
) -> Option<T> {
    files.into_iter().fold(None, |best: Option<T>, file| match best {
        Some(best) if distance(time(&best), problem) < distance(time(&file), problem) => Some(best),
        _ => Some(file),
    })
}
