//! Which of the rows are on the screen, where the cursor stands among them, and what is hidden above and below. Knows no
//! widget.

use super::Queue;
use super::row::{Row, Urgency};

/// What is to be told of rows that are not seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hidden {
    pub(crate) rows: usize,
    pub(crate) critical: usize,
    pub(crate) breached: usize,
    /// Those that came since they were last looked at, and how many of these are critical.
    pub(crate) fresh: usize,
    pub(crate) fresh_critical: usize,
}

impl Hidden {
    /// Both together.
    fn and(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            critical: self.critical + other.critical,
            breached: self.breached + other.breached,
            fresh: self.fresh + other.fresh,
            fresh_critical: self.fresh_critical + other.fresh_critical,
        }
    }
}

/// The first of `len` rows on a screen of `height`, with the row at `at` on its line `offset`: as near to that as can be
/// while no line stays empty although rows are hidden.
pub(crate) fn top(len: usize, at: usize, offset: usize, height: usize) -> usize {
    at.saturating_sub(offset.min(height.saturating_sub(1))).min(len.saturating_sub(height))
}

impl Queue {
    /// The first row on a screen of `height` rows: the cursor keeps its own row, as far as no line stays empty for it.
    pub(crate) fn top(&self, height: usize) -> usize {
        let at = self.cursor.and_then(|number| self.position(number)).unwrap_or_default();
        top(self.shown.len(), at, self.offset, height)
    }

    /// The numbers on a screen of `height` rows.
    pub(crate) fn window(&self, height: usize) -> impl Iterator<Item = u64> + '_ {
        self.shown.iter().skip(self.top(height)).take(height).map(|key| key.number)
    }

    /// What stands above a screen of `height` rows.
    pub(crate) fn above(&self, height: usize, now: i64) -> Hidden {
        let last = self.last_seen(height);
        let above = |key: Urgency| last.is_none_or(|last| key <= last);
        self.hidden(0, self.top(height), now).and(self.held(above, now))
    }

    /// What stands below it; what came is told above alone, where the most urgent stand.
    pub(crate) fn below(&self, height: usize, now: i64) -> Hidden {
        let last = self.last_seen(height);
        let below = self.hidden(self.top(height).saturating_add(height), self.shown.len(), now);
        let below = below.and(self.held(|key| last.is_some_and(|last| key > last), now));
        Hidden { fresh: 0, fresh_critical: 0, ..below }
    }

    /// The last row on the screen.
    fn last_seen(&self, height: usize) -> Option<Urgency> {
        let last = self.top(height).saturating_add(height).min(self.shown.len()).checked_sub(1)?;
        self.shown.get(last).copied()
    }

    /// What of the rows that came while the order is held is to be told: nobody sees them, also where their place would
    /// be on the screen.
    fn held(&self, there: impl Fn(Urgency) -> bool, now: i64) -> Hidden {
        let rows = self.held.iter().filter_map(|number| self.rows.get(*number)).filter(|row| there(row.key()));
        rows.fold(Hidden::default(), |hidden, row| {
            let (critical, breached) = (usize::from(row.is_critical()), usize::from(row.is_breached(now)));
            let fresh = usize::from(self.fresh.contains(&row.number));
            hidden.and(Hidden { rows: 1, critical, breached, fresh, fresh_critical: fresh * critical })
        })
    }

    /// What of the rows from a place on, up to another one, is to be told where they are not seen.
    fn hidden(&self, from: usize, to: usize, now: i64) -> Hidden {
        if from >= to {
            return Hidden::default();
        }
        let there = |number: u64| self.position(number).is_some_and(|at| (from..to).contains(&at));
        let fresh: Vec<u64> = self.fresh.iter().copied().filter(|number| there(*number)).collect();
        let critical = |number: &&u64| self.rows.get(**number).is_some_and(Row::is_critical);
        // By key they lie together: those whose due time has passed.
        let class = |class| self.shown.partition_point(|key| key.class() < class).clamp(from, to);
        let overdue = self.shown.partition_point(|key| *key <= Urgency::new(1, now, u64::MAX)).clamp(from, to);
        let burning = self.rows.burning();
        Hidden {
            rows: to - from,
            critical: burning.critical().filter(|number| there(*number)).count(),
            breached: overdue - class(1) + burning.breached_apart().filter(|number| there(*number)).count(),
            fresh: fresh.len(),
            fresh_critical: fresh.iter().filter(critical).count(),
        }
    }

    /// Moves the cursor by rows; the screen follows.
    pub(crate) fn step(&mut self, by: isize, height: usize) {
        let at = self.cursor.and_then(|number| self.position(number)).unwrap_or_default();
        self.go(at.saturating_add_signed(by), height);
    }

    /// Puts the cursor on the row at a place.
    pub(crate) fn go(&mut self, at: usize, height: usize) {
        let top = self.top(height);
        let at = at.min(self.shown.len().saturating_sub(1));
        let Some(number) = self.shown.get(at).map(|key| key.number) else { return };
        self.offset = at.saturating_sub(top).min(height.saturating_sub(1));
        if self.cursor != Some(number) {
            self.cursor = Some(number);
            self.drop_ghosts();
            self.look_at(number);
            self.stretch();
        }
    }

    /// Where the cursor is: its ticket, and the line that this has on the screen.
    pub(crate) fn place(&self) -> Option<(u64, usize)> {
        Some((self.cursor?, self.offset))
    }

    /// Puts the cursor back where it was, if that ticket is shown.
    pub(crate) fn return_to(&mut self, (number, offset): (u64, usize)) {
        if self.position(number).is_some() {
            (self.cursor, self.offset) = (Some(number), offset);
            self.drop_ghosts();
        }
    }

    /// Puts the cursor on a ticket. False where it is not shown.
    pub(crate) fn go_to(&mut self, number: u64, height: usize) -> bool {
        let Some(at) = self.position(number) else { return false };
        self.go(at, height);
        true
    }

    /// After a change of the screen's height: the cursor stays on it.
    pub(crate) fn clamp(&mut self, height: usize) {
        self.offset = self.offset.min(height.saturating_sub(1));
        if let Some(at) = self.cursor.and_then(|number| self.position(number)) {
            self.offset = at.saturating_sub(self.top(height));
        }
    }

    /// The cursor's first place, once there are rows. Nothing else than the person moves it later.
    pub(crate) fn begin(&mut self) {
        if self.cursor.is_none()
            && let Some(first) = self.shown.first()
        {
            self.cursor = Some(first.number);
            self.offset = 0;
        }
    }

    /// What is on the screen has been looked at.
    pub(crate) fn look(&mut self, height: usize) {
        if self.fresh.is_empty() {
            return;
        }
        let seen: Vec<u64> = self.window(height).collect();
        for number in seen {
            self.fresh.remove(&number);
        }
    }

    pub(super) fn look_at(&mut self, number: u64) {
        self.fresh.remove(&number);
        if let Some(row) = self.rows.get_mut(number) {
            row.changed = false;
        }
    }
}
