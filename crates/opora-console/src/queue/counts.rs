//! What the header tells of all rows, kept as they change and reckoned with the time. Knows no widget.

use std::collections::HashMap;

use super::name::Name;
use super::row::Row;
use super::rows::Rows;
use crate::clock::HOUR;

/// Numbers that do not depend on the time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    by_owner: HashMap<Name, usize>,
    /// Rows without a running due time that were breached: those with one are counted by it.
    breached_apart: usize,
}

impl Counts {
    pub(crate) fn add(&mut self, row: &Row) {
        *self.by_owner.entry(row.owner.clone()).or_default() += 1;
        self.breached_apart += usize::from(is_breached_apart(row));
    }

    pub(crate) fn subtract(&mut self, row: &Row) {
        if let Some(count) = self.by_owner.get_mut(&row.owner) {
            *count -= 1;
            if *count == 0 {
                self.by_owner.remove(&row.owner);
            }
        }
        self.breached_apart -= usize::from(is_breached_apart(row));
    }
}

/// Breached, and not counted by its due time.
fn is_breached_apart(row: &Row) -> bool {
    let clocks = [row.first_response(), row.resolution()];
    clocks.iter().any(|clock| clock.is_unmet() && clock.breached.is_some()) && row.key().class() != 1
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
        let overdue = rows.due_until(now).0;
        Self {
            breached: overdue + rows.counts().breached_apart,
            due_soon: rows.due_until(now + HOUR).0 - overdue,
            open: rows.len(),
            mine: rows.counts().by_owner.get(me).copied().unwrap_or_default(),
        }
    }

    /// The next instant at which the numbers change by time alone.
    pub(crate) fn next_change(rows: &Rows, now: i64) -> Option<i64> {
        let breach = rows.due_until(now).1;
        let soon = rows.due_until(now + HOUR).1.map(|due| due - HOUR);
        [breach, soon].into_iter().flatten().min()
    }
}
