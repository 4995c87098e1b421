//! Which rows burn, kept as they change: so that it is told of rows that are not seen without a look at each. Knows
//! neither order nor screen.

use rustc_hash::FxHashSet;

use super::row::Row;

/// The numbers of the rows that burn whatever the time is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Burning {
    critical: FxHashSet<u64>,
    /// Breached, and without a running due time by which that could be told.
    breached_apart: FxHashSet<u64>,
}

impl Burning {
    pub(crate) fn add(&mut self, row: &Row) {
        if row.is_critical() {
            self.critical.insert(row.number);
        }
        let clocks = [row.first_response(), row.resolution()];
        if clocks.iter().any(|clock| clock.is_unmet() && clock.breached.is_some()) && row.key().class() != 1 {
            self.breached_apart.insert(row.number);
        }
    }

    pub(crate) fn subtract(&mut self, row: &Row) {
        self.critical.remove(&row.number);
        self.breached_apart.remove(&row.number);
    }

    pub(crate) fn critical(&self) -> impl Iterator<Item = u64> + '_ {
        self.critical.iter().copied()
    }

    pub(crate) fn breached_apart(&self) -> impl Iterator<Item = u64> + '_ {
        self.breached_apart.iter().copied()
    }
}
