//! Which tickets are marked for one change of many. Marks are on tickets, never on places: they survive whatever
//! reorders the rows, and go with a ticket that leaves.

use std::collections::BTreeSet;

use super::Queue;
use super::filter::Filter;

/// The marks, and the range that is being drawn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    set: BTreeSet<u64>,
    range: Option<Range>,
}

/// From where a visual range goes, and what was marked before it began.
#[derive(Clone, Debug)]
struct Range {
    anchor: u64,
    before: BTreeSet<u64>,
}

impl Marks {
    pub(crate) fn len(&self) -> usize {
        self.set.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    pub(crate) fn has(&self, number: u64) -> bool {
        self.set.contains(&number)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.set.iter().copied()
    }

    /// Whether a visual range is being drawn.
    pub(crate) fn is_visual(&self) -> bool {
        self.range.is_some()
    }

    /// A ticket left, or is done with.
    pub(super) fn forget(&mut self, number: u64) {
        self.set.remove(&number);
        if let Some(range) = &mut self.range {
            range.before.remove(&number);
            if range.anchor == number {
                self.range = None;
            }
        }
    }

    pub(super) fn retain(&mut self, known: impl Fn(u64) -> bool) {
        let gone: Vec<u64> = self.set.iter().copied().filter(|number| !known(*number)).collect();
        for number in gone {
            self.forget(number);
        }
        if self.range.as_ref().is_some_and(|range| !known(range.anchor)) {
            self.range = None;
        }
    }
}

impl Queue {
    /// Marks the cursor's ticket, or takes its mark.
    pub(crate) fn toggle_mark(&mut self) {
        let Some(number) = self.cursor().filter(|number| self.rows.get(*number).is_some()) else { return };
        if !self.marks.set.remove(&number) {
            self.marks.set.insert(number);
        }
    }

    /// Marks all rows that are shown; takes their marks where all have one.
    pub(crate) fn toggle_all(&mut self) {
        let shown: Vec<u64> = self.shown_rows().collect();
        if shown.iter().all(|number| self.marks.has(*number)) {
            for number in shown {
                self.marks.forget(number);
            }
        } else {
            self.marks.set.extend(shown);
        }
    }

    /// Marks what a filter matches, shown or not; gives how many that are.
    pub(crate) fn mark_matching(&mut self, filter: &Filter) -> usize {
        let found: Vec<u64> = self.rows.matching(filter).into_iter().map(|key| key.number).collect();
        self.marks.set.extend(&found);
        found.len()
    }

    /// Begins a visual range at the cursor, or ends it: its tickets stay marked.
    pub(crate) fn toggle_visual(&mut self) {
        if self.marks.range.take().is_some() {
            return;
        }
        let Some(anchor) = self.cursor().filter(|number| self.rows.get(*number).is_some()) else { return };
        self.marks.range = Some(Range { anchor, before: self.marks.set.clone() });
        self.stretch();
    }

    /// Ends a visual range.
    pub(crate) fn end_visual(&mut self) {
        self.marks.range = None;
    }

    pub(crate) fn unmark(&mut self, number: u64) {
        self.marks.forget(number);
    }

    pub(crate) fn unmark_all(&mut self) {
        self.marks = Marks::default();
    }

    /// After the cursor moved: the range reaches to it.
    pub(crate) fn stretch(&mut self) {
        let Some(range) = &self.marks.range else { return };
        let (Some(from), Some(to)) = (self.position(range.anchor), self.cursor().and_then(|n| self.position(n))) else {
            return;
        };
        let numbers = (from.min(to)..=from.max(to)).filter_map(|at| self.at(at));
        let numbers: Vec<u64> = numbers.filter(|number| self.rows.get(*number).is_some()).collect();
        let mut set = range.before.clone();
        set.extend(numbers);
        self.marks.set = set;
    }

    fn shown_rows(&self) -> impl Iterator<Item = u64> + '_ {
        (0..self.len()).filter_map(|at| self.at(at)).filter(|number| self.rows.get(*number).is_some())
    }
}
