//! All rows by number, and their order kept as they change. Knows neither filter nor cursor.

use std::collections::HashMap;

use super::counts::Counts;
use super::row::{Row, Urgency};

/// From how many rows on sorting once is cheaper than putting each in its place.
const BULK: usize = 32;

/// The rows of the view.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    by_number: HashMap<u64, Row>,
    order: Vec<Urgency>,
    counts: Counts,
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Row> {
        self.by_number.get(&number)
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut Row> {
        self.by_number.get_mut(&number)
    }

    /// The places of all rows, the most urgent first.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = Urgency> + '_ {
        self.order.iter().copied()
    }

    /// What is kept in numbers about all rows.
    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many rows have their earliest due time at or before `until`, and the first due time after it.
    pub(crate) fn due_until(&self, until: i64) -> (usize, Option<i64>) {
        let first = self.order.partition_point(|key| key.class < 1);
        let last = self.order.partition_point(|key| (key.class, key.value) <= (1, until));
        let next = self.order.get(last).filter(|key| key.class == 1).map(|key| key.value);
        (last - first, next)
    }

    /// A row, new or in place of an older one.
    pub(crate) fn put(&mut self, row: Row) {
        let key = row.key;
        if let Some(old) = self.take(row.number)
            && old != key
            && let Ok(at) = self.order.binary_search(&old)
        {
            self.order.remove(at);
        }
        if let Err(at) = self.order.binary_search(&key) {
            self.order.insert(at, key);
        }
        self.counts.add(&row);
        self.by_number.insert(row.number, row);
    }

    /// Many rows at once.
    pub(crate) fn extend(&mut self, rows: Vec<Row>) {
        if rows.len() < BULK {
            for row in rows {
                self.put(row);
            }
            return;
        }
        let mut replaced = false;
        for row in rows {
            replaced |= self.take(row.number).is_some();
            self.order.push(row.key);
            self.counts.add(&row);
            self.by_number.insert(row.number, row);
        }
        if replaced {
            let by_number = &self.by_number;
            self.order.retain(|key| by_number.get(&key.number).is_some_and(|row| row.key == *key));
        }
        self.order.sort_unstable();
        self.order.dedup();
    }

    pub(crate) fn remove(&mut self, number: u64) {
        if let Some(key) = self.take(number)
            && let Ok(at) = self.order.binary_search(&key)
        {
            self.order.remove(at);
        }
    }

    /// Takes a row out of the table and the counts; its place in the order is the caller's to clear.
    fn take(&mut self, number: u64) -> Option<Urgency> {
        let row = self.by_number.remove(&number)?;
        self.counts.subtract(&row);
        Some(row.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::row_due;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_order_is_that_of_a_naive_sort(
            steps in prop::collection::vec((1_u64..60, 0_i64..50, any::<bool>()), 0..120), bulk in 0_usize..100,
        ) {
            let mut rows = Rows::default();
            let mut naive: HashMap<u64, Row> = HashMap::new();
            let (many, single) = steps.split_at(bulk.min(steps.len()));
            rows.extend(many.iter().map(|(n, due, _)| row_due(*n, *due)).collect());
            naive.extend(many.iter().map(|(n, due, _)| (*n, row_due(*n, *due))));
            for (number, due, remove) in single {
                if *remove {
                    rows.remove(*number);
                    naive.remove(number);
                } else {
                    rows.put(row_due(*number, *due));
                    naive.insert(*number, row_due(*number, *due));
                }
            }
            let mut wanted: Vec<Urgency> = naive.values().map(|row| row.key).collect();
            wanted.sort();
            prop_assert_eq!(rows.in_order().collect::<Vec<_>>(), wanted);
            prop_assert_eq!(rows.len(), rows.by_number.len());
        }
    }
}
