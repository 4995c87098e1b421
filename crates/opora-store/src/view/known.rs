//! Which keys may be there: says "surely not" without asking sled, whose one lock a batch that is being written holds.
//! Nearly every secondary key that is asked for is new.
//!
//! Knows keys and nothing else. A "no" is certain, a "maybe" is looked up.

use fastbloom::BloomFilter;
use parking_lot::RwLock;

/// How many keys the first filter holds.
const FIRST: usize = 1 << 14;
/// How often a "maybe" is wrong, at most, for each filter.
const WRONG: f64 = 0.000_1;

/// Which keys may be there.
pub(crate) struct Known(RwLock<State>);

struct State {
    /// Each twice as large as the one before.
    filters: Vec<BloomFilter>,
    /// How many keys the last one still holds.
    room: usize,
    /// Every key that is there was added.
    complete: bool,
}

impl Known {
    /// Knows nothing yet: everything may be there.
    pub(crate) fn new() -> Self {
        Self(RwLock::new(State { filters: Vec::new(), room: 0, complete: false }))
    }

    /// Adds keys.
    pub(crate) fn add<K: AsRef<[u8]>>(&self, keys: impl IntoIterator<Item = K>) {
        let mut state = self.0.write();
        for key in keys {
            state.add(key.as_ref());
        }
    }

    /// From now on what was not added is not there.
    pub(crate) fn complete(&self) {
        self.0.write().complete = true;
    }

    /// Whether a key may be there.
    pub(crate) fn may_have(&self, key: &[u8]) -> bool {
        let state = self.0.read();
        !state.complete || state.filters.iter().rev().any(|filter| filter.contains(key))
    }
}

impl State {
    fn add(&mut self, key: &[u8]) {
        if self.room == 0 {
            self.room = FIRST << self.filters.len().min(16);
            self.filters.push(BloomFilter::with_false_pos(WRONG).expected_items(self.room));
        }
        if let Some(filter) = self.filters.last_mut() {
            filter.insert(key);
            self.room -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: usize) -> [u8; 16] {
        *uuid::Uuid::from_u128(n as u128).as_bytes()
    }

    #[test]
    fn everything_may_be_there_until_all_was_added() {
        let known = Known::new();
        assert!(known.may_have(b"a"));
        known.complete();
        assert!(!known.may_have(b"a"));
    }

    #[test]
    fn what_was_added_may_be_there_and_hardly_anything_else_past_the_first_filter() {
        let known = Known::new();
        known.complete();
        let many = FIRST + FIRST / 2;
        known.add((0..many).map(key));
        assert_eq!(known.0.read().filters.len(), 2);
        assert!((0..many).all(|n| known.may_have(&key(n))));
        let wrong = (many..2 * many).filter(|n| known.may_have(&key(*n))).count();
        assert!(wrong < many / 100, "{wrong} of {many}");
    }
}
