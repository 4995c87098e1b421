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
    /// Whether an action on the marked tickets is about this one: it is marked, and it is shown in its own right.
    pub(crate) fn is_selected(&self, number: u64) -> bool {
        self.marks.has(number) && self.takes(number)
    }

    /// Whether any is.
    pub(crate) fn has_selected(&self) -> bool {
        self.selected().next().is_some()
    }

    /// The marked tickets that an action is about, in no order.
    pub(crate) fn selected(&self) -> impl Iterator<Item = u64> + '_ {
        // The fewer are looked at: all may be marked where few are shown, and the other way round.
        let by_place = self.len() < self.marks.len();
        let places = 0..if by_place { self.len() } else { 0 };
        let shown = places.filter_map(|at| self.at(at)).filter(|number| self.is_selected(*number));
        let marked = self.marks.iter().filter(move |_| !by_place).filter(|number| self.takes(*number));
        shown.chain(marked)
    }

    pub(crate) fn selected_count(&self) -> usize {
        if self.filter.is_empty() && self.ghosts.is_empty() && !self.frozen {
            return self.marks.len();
        }
        self.selected().count()
    }

    /// Whether a ticket is shown in its own right: it is in the queue, it matches, and is no ghost.
    fn takes(&self, number: u64) -> bool {
        let matches = || self.rows.get(number).is_some_and(|row| self.filter.matches(row));
        !self.ghosts.contains_key(&number) && self.position(number).is_some() && matches()
    }

    /// Marks the cursor's ticket, or takes its mark. False where it is a ghost: those are not marked.
    pub(crate) fn toggle_mark(&mut self) -> bool {
        let Some(number) = self.cursor().filter(|number| self.takes(*number)) else { return false };
        if !self.marks.set.remove(&number) {
            self.marks.set.insert(number);
        }
        true
    }

    /// Marks all rows that are shown, but no ghost; takes their marks where all have one.
    pub(crate) fn toggle_all(&mut self) {
        let shown: Vec<u64> =
            (0..self.len()).filter_map(|at| self.at(at)).filter(|number| self.takes(*number)).collect();
        if shown.iter().all(|number| self.marks.has(*number)) {
            for number in shown {
                self.marks.forget(number);
            }
        } else {
            self.marks.set.extend(shown);
        }
    }

    /// Marks what a filter matches, shown or not; gives how many that are, and how many of them are not shown.
    pub(crate) fn mark_matching(&mut self, filter: &Filter) -> (usize, usize) {
        let found: Vec<u64> = self.rows.matching(filter).into_iter().map(|key| key.number).collect();
        self.marks.set.extend(&found);
        (found.len(), found.iter().filter(|number| !self.takes(**number)).count())
    }

    /// Begins a visual range at the cursor, or ends it: its tickets stay marked. False where the cursor is on a ghost.
    pub(crate) fn toggle_visual(&mut self) -> bool {
        if self.marks.range.take().is_some() {
            return true;
        }
        let Some(anchor) = self.cursor().filter(|number| self.takes(*number)) else { return false };
        self.marks.range = Some(Range { anchor, before: self.marks.set.clone() });
        self.stretch();
        true
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

    /// After the cursor moved: the range reaches to it, past ghosts.
    pub(crate) fn stretch(&mut self) {
        let Some(range) = &self.marks.range else { return };
        let (Some(from), Some(to)) = (self.position(range.anchor), self.cursor().and_then(|n| self.position(n))) else {
            return;
        };
        let numbers = (from.min(to)..=from.max(to)).filter_map(|at| self.at(at));
        let mut set = range.before.clone();
        set.extend(numbers.filter(|number| self.takes(*number)));
        self.marks.set = set;
    }
}
