//! The queue: rows in order of urgency, what of them is shown, and where the cursor is. Knows no widget.

mod burning;
pub(crate) mod counts;
pub(crate) mod filter;
mod ghost;
pub(crate) mod marks;
pub(crate) mod name;
mod packed;
pub(crate) mod row;
pub(crate) mod rows;
mod slots;
mod urgency;
pub(crate) mod view;
pub(crate) mod window;
mod words;

use std::collections::{HashMap, HashSet};

use filter::Filter;
pub(crate) use ghost::{Ghost, Left};
use marks::Marks;
use row::{Row, Urgency};
use rows::Rows;

/// Of how many parts of the rows one at most is looked at one by one: more are quicker judged as they lie.
const FEW: usize = 4;

/// The queue's part of the model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    /// Every row of the view that the server sends.
    pub(crate) rows: Rows,
    /// What is shown, in order. Differs from `rows` by the filter, by ghosts, and while frozen.
    shown: Vec<Urgency>,
    /// The place in `shown` of those whose row has another key by now, or is gone: ghosts, and what is frozen.
    moved: HashMap<u64, Urgency>,
    /// Rows that left but are still shown.
    ghosts: HashMap<u64, Ghost>,
    /// The filter in force.
    pub(crate) filter: Filter,
    /// The ticket under the cursor.
    cursor: Option<u64>,
    /// The screen row that the cursor's ticket has: kept when others move.
    offset: usize,
    /// The order does not change while this is set; what came is applied when it ends.
    frozen: bool,
    /// `shown` has to be made anew when the freeze ends.
    behind: bool,
    /// Rows that belong to what is shown and are not in it while the order is held.
    held: HashSet<u64>,
    /// Rows that came since they were last looked at.
    pub(crate) fresh: HashSet<u64>,
    /// Rows that are marked: always some of `rows`.
    pub(crate) marks: Marks,
    /// A complete new set that is being received, to replace the rows at once.
    staging: Option<Vec<Row>>,
    /// Rows that were asked for so that there is something to see before the first set, and are not yet in it.
    head: HashSet<u64>,
}

impl Queue {
    /// How many rows are shown.
    pub(crate) fn len(&self) -> usize {
        self.shown.len()
    }

    /// The ticket under the cursor.
    pub(crate) fn cursor(&self) -> Option<u64> {
        self.cursor
    }

    /// The row of a ticket, if it is in the queue.
    pub(crate) fn row(&self, number: u64) -> Option<&Row> {
        self.rows.get(number).or_else(|| self.ghosts.get(&number).map(|g| &g.row))
    }

    /// The ghost of a ticket.
    pub(crate) fn ghost(&self, number: u64) -> Option<&Ghost> {
        self.ghosts.get(&number)
    }

    /// The row under the cursor, or its ghost.
    pub(crate) fn current(&self) -> Option<&Row> {
        self.cursor.and_then(|number| self.row(number))
    }

    /// Where a ticket stands among those shown.
    pub(crate) fn position(&self, number: u64) -> Option<usize> {
        self.shown.binary_search(&self.key(number)?).ok()
    }

    /// The key that a ticket has among those shown, if it is one of them.
    fn key(&self, number: u64) -> Option<Urgency> {
        self.moved.get(&number).copied().or_else(|| self.rows.get(number).map(Row::key))
    }

    /// The key of a ticket that is shown.
    fn shown_key(&self, number: u64) -> Option<Urgency> {
        self.position(number).and_then(|at| self.shown.get(at)).copied()
    }

    /// The number at a place.
    pub(crate) fn at(&self, at: usize) -> Option<u64> {
        self.shown.get(at).map(|key| key.number)
    }

    /// Holds the order, or lets it go and catches up.
    pub(crate) fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
        if !frozen && self.behind {
            self.remake();
        }
    }

    /// Another filter: the list starts at its top, with the cursor on the first that matches. Nothing becomes a ghost
    /// by it, and those that were are not carried over. The same filter again changes nothing.
    pub(crate) fn set_filter(&mut self, filter: Filter) {
        if filter.is_same(&self.filter) {
            return;
        }
        let few = self.shown.len() < self.rows.len() / FEW;
        let narrower = few && !self.frozen && !self.behind && filter.narrows(&self.filter);
        self.filter = filter;
        // It is the person's own doing: no order is held against it.
        (self.frozen, self.behind) = (false, false);
        self.end_visual();
        self.cursor = None;
        let shown = if narrower {
            self.rows.still_matching(&self.filter, &self.shown)
        } else {
            self.rows.matching(&self.filter)
        };
        self.show_all(shown);
        self.begin();
    }

    /// The most urgent rows, to be seen until the first set is here.
    pub(crate) fn begin_with(&mut self, rows: Vec<Row>) {
        if self.rows.is_empty() {
            self.head = rows.iter().map(|row| row.number).collect();
            self.rows.extend(rows);
            self.remake();
        }
    }

    /// A whole new set of rows begins; what is shown stays until it is complete.
    pub(crate) fn begin_set(&mut self) {
        self.staging = if self.rows.len() == self.head.len() { None } else { Some(Vec::new()) };
    }

    /// Rows of the set that is being received.
    pub(crate) fn add_set(&mut self, rows: Vec<Row>) {
        if let Some(staging) = &mut self.staging {
            staging.extend(rows);
            return;
        }
        if !self.head.is_empty() {
            self.head.retain(|number| !rows.iter().any(|row| row.number == *number));
        }
        self.rows.extend(rows);
        self.remake();
    }

    /// The set is complete.
    pub(crate) fn end_set(&mut self) {
        let head = std::mem::take(&mut self.head);
        let Some(rows) = self.staging.take() else {
            for row in head.into_iter().filter_map(|number| self.rows.get(number).cloned()).collect::<Vec<_>>() {
                self.remove(row, Left::Gone);
            }
            return;
        };
        let old = std::mem::take(&mut self.rows);
        self.rows.extend(rows);
        // While the order is held, all that is shown stays.
        let kept = self.shown.iter().filter(|_| self.frozen).map(|key| key.number);
        for row in kept.chain(self.cursor).filter_map(|number| old.get(number)) {
            if self.rows.get(row.number).is_none() {
                self.ghosts.insert(row.number, Ghost { row: row.clone(), why: Left::Gone });
            }
        }
        let rows = &self.rows;
        self.marks.retain(|number| rows.get(number).is_some());
        self.remake();
    }

    /// A row as it stands after an event, told to be new or changed by somebody else.
    pub(crate) fn put(&mut self, mut row: Row, created: bool, by_others: bool) {
        let number = row.number;
        let old_key = self.shown_key(number);
        row.changed = by_others && self.cursor != Some(number) || self.rows.get(number).is_some_and(|r| r.changed);
        if created {
            self.fresh.insert(number);
        }
        let fits = self.filter.matches(&row);
        let key = row.key();
        self.ghosts.remove(&number);
        if self.frozen {
            self.behind |= old_key != Some(key) || !fits;
            if let Some(old_key) = old_key {
                self.moved.insert(number, old_key);
                if !fits {
                    self.ghosts.insert(number, Ghost { row: row.clone(), why: Left::Filtered });
                }
            } else if fits {
                self.held.insert(number);
            } else {
                self.held.remove(&number);
            }
            self.rows.put(row);
            return;
        }
        if fits {
            self.show(old_key, key);
        } else if let Some(old_key) = old_key {
            if self.cursor == Some(number) {
                self.ghosts.insert(number, Ghost { row: row.clone(), why: Left::Filtered });
                self.moved.insert(number, old_key);
            } else {
                self.hide(old_key);
            }
        }
        self.rows.put(row);
    }

    /// A row leaves the view. Under the cursor, or while the order is held, it stays as a ghost.
    pub(crate) fn remove(&mut self, row: Row, why: Left) {
        let number = row.number;
        self.fresh.remove(&number);
        self.held.remove(&number);
        let key = self.shown_key(number);
        self.marks.forget(number);
        self.rows.remove(number);
        let Some(key) = key else { return };
        if self.frozen || self.cursor == Some(number) {
            self.behind |= self.frozen;
            self.moved.insert(number, key);
            self.ghosts.insert(number, Ghost { row, why });
        } else {
            self.hide(key);
        }
    }

    /// Whether what is shown is what the filter lets through, beside the ghost under the cursor.
    #[cfg(test)]
    pub(crate) fn is_as_filtered(&self) -> bool {
        let ghost = |key: &&Urgency| !self.ghosts.contains_key(&key.number);
        let shown: Vec<Urgency> = self.shown.iter().filter(ghost).copied().collect();
        self.frozen || self.shown.is_sorted() && shown == self.rows.matching(&self.filter)
    }

    fn show(&mut self, old: Option<Urgency>, key: Urgency) {
        self.moved.remove(&key.number);
        if old == Some(key) {
            return;
        }
        if let Some(old) = old {
            self.hide(old);
        }
        if let Err(at) = self.shown.binary_search(&key) {
            self.shown.insert(at, key);
        }
    }

    fn hide(&mut self, key: Urgency) {
        if let Ok(at) = self.shown.binary_search(&key) {
            self.shown.remove(at);
        }
        self.moved.remove(&key.number);
    }

    /// The ghosts go once the cursor has moved off them.
    fn drop_ghosts(&mut self) {
        if self.frozen {
            return;
        }
        let gone: Vec<u64> = self.ghosts.keys().copied().filter(|n| Some(*n) != self.cursor).collect();
        for number in gone {
            self.ghosts.remove(&number);
            if let Some(key) = self.key(number) {
                self.hide(key);
            }
        }
    }

    /// Makes `shown` anew from the rows, the filter and the ghost under the cursor.
    fn remake(&mut self) {
        if self.frozen {
            self.behind = true;
            // What is shown keeps its place, whatever the rows say by now.
            for key in &self.shown {
                let row = self.rows.get(key.number);
                if row.is_none_or(|row| row.key() != *key) {
                    self.moved.entry(key.number).or_insert(*key);
                }
                if let Some(row) = row {
                    self.ghosts.remove(&key.number);
                    if !self.filter.matches(row) {
                        self.ghosts.insert(key.number, Ghost { row: row.clone(), why: Left::Filtered });
                    }
                }
            }
            let all = self.rows.matching(&self.filter).into_iter().map(|key| key.number);
            let held = all.filter(|number| self.position(*number).is_none()).collect();
            self.held = held;
            return;
        }
        self.behind = false;
        self.show_all(self.rows.matching(&self.filter));
    }

    /// Shows these, and the ghost under the cursor.
    fn show_all(&mut self, shown: Vec<Urgency>) {
        let cursor = self.cursor;
        let place = cursor.and_then(|number| self.shown_key(number));
        self.ghosts.retain(|number, _| Some(*number) == cursor);
        self.shown = shown;
        self.moved.clear();
        self.held.clear();
        let Some(number) = cursor.filter(|number| self.position(*number).is_none()) else {
            if let Some(number) = cursor {
                self.ghosts.remove(&number);
            }
            return;
        };
        // The cursor's ticket is not among the rows shown: it stays, as a ghost.
        if let Some(row) = self.rows.get(number).cloned() {
            self.ghosts.insert(number, Ghost { row, why: Left::Filtered });
        }
        if let Some(ghost) = self.ghosts.get(&number) {
            let key = place.unwrap_or(ghost.row.key());
            self.show(None, key);
            self.moved.insert(number, key);
        } else {
            self.cursor = self.shown.first().map(|key| key.number);
            self.offset = 0;
        }
    }
}
