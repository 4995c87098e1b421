//! What the header tells of all rows, kept as they change and reckoned with the time. Knows no widget.

use std::collections::{BTreeSet, HashMap};

use super::name::Name;
use super::row::Row;
use super::rows::Rows;
use crate::clock::{HOUR, State};

/// Numbers that do not depend on the time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    by_owner: HashMap<Name, usize>,
    /// Rows without a running due time that were breached: those with one are counted by it.
    breached_apart: usize,
    /// The due times of first answers that are owed beside a clock without a target: the order knows nothing of them.
    answers: BTreeSet<(i64, u64)>,
}

impl Counts {
    pub(crate) fn add(&mut self, row: &Row) {
        *self.by_owner.entry(row.owner.clone()).or_default() += 1;
        self.breached_apart += usize::from(is_breached_apart(row));
        self.answers.extend(answer_apart(row));
    }

    pub(crate) fn subtract(&mut self, row: &Row) {
        if let Some(count) = self.by_owner.get_mut(&row.owner) {
            *count -= 1;
            if *count == 0 {
                self.by_owner.remove(&row.owner);
            }
        }
        self.breached_apart -= usize::from(is_breached_apart(row));
        if let Some(answer) = answer_apart(row) {
            self.answers.remove(&answer);
        }
    }

    /// The first answers apart whose due time comes after `now`, the earliest first.
    pub(super) fn answers_after(&self, now: i64) -> impl Iterator<Item = (i64, u64)> + '_ {
        self.answers.range((now, u64::MAX)..).copied()
    }

    /// How many first answers apart are due at an instant or before, and when the next after it is.
    fn answers_until(&self, until: i64) -> (usize, Option<i64>) {
        let due = self.answers.range(..=(until, u64::MAX)).count();
        (due, self.answers_after(until).next().map(|(due, _)| due))
    }
}

/// The first answer of a row that the order does not count by its due time.
fn answer_apart(row: &Row) -> Option<(i64, u64)> {
    let answer = row.first_response();
    let due = answer.due.filter(|_| answer.state == State::Running && row.key().class() == 0)?;
    Some((due, row.number))
}

/// Breached, and not counted by its due time.
fn is_breached_apart(row: &Row) -> bool {
    let clocks = [row.first_response(), row.resolution()];
    let breached = clocks.iter().any(|clock| clock.is_unmet() && clock.breached.is_some());
    breached && row.key().class() != 1 && answer_apart(row).is_none()
}

/// The header's numbers at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) breached: usize,
    pub(crate) due_soon: usize,
    pub(crate) open: usize,
    pub(crate) mine: usize,
}

impl Summary {
    /// The numbers at `now`, for the agent with the id `me`.
    pub(crate) fn of(rows: &Rows, me: &str, now: i64) -> Self {
        let until = |at| rows.due_until(at).0 + rows.counts().answers_until(at).0;
        let overdue = until(now);
        Self {
            breached: overdue + rows.counts().breached_apart,
            due_soon: until(now + HOUR) - overdue,
            open: rows.len(),
            mine: rows.counts().by_owner.get(me).copied().unwrap_or_default(),
        }
    }

    /// The next instant at which the numbers change by time alone.
    pub(crate) fn next_change(rows: &Rows, now: i64) -> Option<i64> {
        let next = |at| [rows.due_until(at).1, rows.counts().answers_until(at).1].into_iter().flatten().min();
        let soon = next(now + HOUR).map(|due| due - HOUR);
        [next(now), soon].into_iter().flatten().min()
    }
}
