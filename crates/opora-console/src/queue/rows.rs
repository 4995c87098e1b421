//! All rows by number, and their order kept as they change. Knows neither filter nor cursor.

use rustc_hash::FxHashMap;

use super::burning::Burning;
use super::counts::Counts;
use super::filter::{Filter, Seen};
use super::row::{Row, Urgency};
use super::slots::Slots;

/// From how many rows on sorting once is cheaper than putting each in its place.
const BULK: usize = 32;

/// How many rows' texts are asked of the memory before the first of them is judged.
const AHEAD: usize = 16;

/// Up to which number a table of all numbers is made, a byte for each.
const WIDEST: usize = 1 << 24;

/// The rows of the view.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    slots: Slots,
    by_number: FxHashMap<u64, u32>,
    order: Vec<Urgency>,
    counts: Counts,
    burning: Burning,
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Row> {
        self.slots.get(*self.by_number.get(&number)?)
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut Row> {
        self.slots.get_mut(*self.by_number.get(&number)?)
    }

    /// All rows, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Row> + '_ {
        self.slots.iter().flatten()
    }

    /// The rows whose due time comes next after `now`, so many at most.
    pub(crate) fn due_next(&self, now: i64, most: usize) -> Vec<u64> {
        let first = self.order.partition_point(|key| *key <= Urgency::new(1, now, u64::MAX));
        let ordered = self.order.iter().skip(first).take_while(|key| key.class() == 1);
        let mut next: Vec<(i64, u64)> = ordered.take(most).map(|key| (key.value(), key.number)).collect();
        next.extend(self.counts.answers_after(now).take(most));
        next.sort_unstable();
        next.truncate(most);
        next.into_iter().map(|(_, number)| number).collect()
    }

    /// Which of these places are of rows that a filter lets through; they stay in their order.
    pub(crate) fn still_matching(&self, filter: &Filter, among: &[Urgency]) -> Vec<Urgency> {
        let mut seen = Seen::default();
        let mut fits = |row: &Row, key: Urgency| row.key() == key && filter.judge(row, &mut seen);
        let still = |key: &&Urgency| self.get(key.number).is_some_and(|row| fits(row, **key));
        among.iter().filter(still).copied().collect()
    }

    /// The places of the rows that a filter lets through, the most urgent first.
    pub(crate) fn matching(&self, filter: &Filter) -> Vec<Urgency> {
        if filter.is_empty() {
            return self.order.clone();
        }
        // Rows are judged as they lie in memory: in order of urgency each would be waited for.
        let (mut numbers, mut seen) = (Vec::new(), Seen::default());
        let mut judge = |row: &Row| {
            let fits = filter.judge(row, &mut seen);
            numbers.extend(fits.then_some(row.number));
            fits
        };
        let mut fits = Vec::with_capacity(self.order.len());
        for rows in self.slots.blocks().flat_map(|block| block.chunks(AHEAD)) {
            // Each text lies somewhere else: the memory brings several at once only to who asks for them at once.
            let brought = rows.iter().flatten().fold(0, |all, row| all ^ row.fetch());
            std::hint::black_box(brought);
            fits.extend(rows.iter().map(|row| row.as_ref().is_some_and(&mut judge)));
        }
        if numbers.len() > self.order.len() / 4 {
            return self.in_order(&fits, &numbers);
        }
        let fit = self.slots.iter().zip(&fits).filter(|(_, fit)| **fit);
        let mut few: Vec<Urgency> = fit.filter_map(|(row, _)| Some(row?.key())).collect();
        few.sort_unstable();
        few
    }

    /// The places of many rows, which are told by slot and by number: one look into a table for each of all places.
    fn in_order(&self, fits: &[bool], numbers: &[u64]) -> Vec<Urgency> {
        let most = numbers.iter().copied().max().unwrap_or_default();
        let Some(size) = usize::try_from(most).ok().filter(|most| *most < WIDEST) else {
            let is_fit = |slot: &u32| fits.get(*slot as usize).copied().unwrap_or_default();
            let fit = |key: &&Urgency| self.by_number.get(&key.number).is_some_and(is_fit);
            return self.order.iter().filter(fit).copied().collect();
        };
        let mut table = vec![false; size + 1];
        for number in numbers {
            if let Some(fits) = table.get_mut(*number as usize) {
                *fits = true;
            }
        }
        let fit = |key: &&Urgency| table.get(key.number as usize).copied().unwrap_or_default();
        self.order.iter().filter(fit).copied().collect()
    }

    /// Which rows burn.
    pub(crate) fn burning(&self) -> &Burning {
        &self.burning
    }

    /// What is kept in numbers about all rows.
    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many rows have their earliest due time at or before `until`, and the first due time after it.
    pub(crate) fn due_until(&self, until: i64) -> (usize, Option<i64>) {
        let first = self.order.partition_point(|key| key.class() < 1);
        let last = self.order.partition_point(|key| *key <= Urgency::new(1, until, u64::MAX));
        let next = self.order.get(last).filter(|key| key.class() == 1).map(|key| key.value());
        (last - first, next)
    }

    /// A row, new or in place of an older one.
    pub(crate) fn put(&mut self, row: Row) {
        let key = row.key();
        if let Some(old) = self.take(row.number)
            && old != key
            && let Ok(at) = self.order.binary_search(&old)
        {
            self.order.remove(at);
        }
        if let Err(at) = self.order.binary_search(&key) {
            self.order.insert(at, key);
        }
        self.insert(row);
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
            self.order.push(row.key());
            self.insert(row);
        }
        if replaced {
            let (by_number, slots) = (&self.by_number, &self.slots);
            let row = |number| slots.get(*by_number.get(&number)?);
            self.order.retain(|key| row(key.number).is_some_and(|row| row.key() == *key));
        }
        // Stable: all but the new ones are sorted already, which this sort makes use of.
        self.order.sort();
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
        let row = self.slots.take(self.by_number.remove(&number)?)?;
        self.counts.subtract(&row);
        self.burning.subtract(&row);
        Some(row.key())
    }

    /// Puts a row into the table and the counts; its place in the order is the caller's to make.
    fn insert(&mut self, row: Row) {
        self.counts.add(&row);
        self.burning.add(&row);
        let number = row.number;
        let slot = self.slots.add(row);
        self.by_number.insert(number, slot);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

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
            let mut wanted: Vec<Urgency> = naive.values().map(Row::key).collect();
            wanted.sort();
            let matching = |text: &str| rows.matching(&Filter::parse(text, "olga"));
            prop_assert_eq!(matching("вектор"), wanted.clone());
            prop_assert_eq!(matching(""), wanted.clone());
            prop_assert_eq!(matching("никого"), vec![]);
            wanted.retain(|key| key.number == 7);
            prop_assert_eq!(matching("n:7"), wanted);
            prop_assert_eq!(rows.len(), rows.by_number.len());
            prop_assert!(naive.values().all(|row| rows.get(row.number) == Some(row)));
        }
    }
}
