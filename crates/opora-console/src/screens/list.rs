//! A list of tickets with a cursor that is on a ticket, not on a row. What a screen lists is made from the rows when it
//! is needed; this keeps the place, the ticket that left, and the order while a dialog is open. Knows no widget.

use crate::msg::Happened;
use crate::queue::Left;
use crate::queue::row::Row;
use crate::queue::window;

/// The cursor of a screen's list.
#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    cursor: Option<u64>,
    /// The row that the cursor's ticket has on the screen: kept when others move.
    offset: usize,
    /// Where the cursor's ticket stood at last: it stays there when it leaves.
    place: usize,
    /// The cursor's ticket as it was last seen.
    kept: Option<Row>,
    /// Why the cursor's ticket left the queue, if it was seen to.
    left: Option<(u64, Left)>,
    /// The order while a dialog is open.
    held: Option<Vec<u64>>,
}

impl List {
    /// The ticket under the cursor.
    pub(crate) fn cursor(&self) -> Option<u64> {
        self.cursor
    }

    /// The cursor's ticket as it was last seen, if it is this one.
    pub(crate) fn kept(&self, number: u64) -> Option<&Row> {
        self.kept.as_ref().filter(|row| row.number == number)
    }

    /// Why a ticket left the queue, if it was seen to while the cursor was on it.
    pub(crate) fn left(&self, number: u64) -> Option<Left> {
        self.left.as_ref().filter(|(n, _)| *n == number).map(|(_, left)| left.clone())
    }

    /// An event: the cursor's ticket may leave by it.
    pub(crate) fn happened(&mut self, happened: &Happened) {
        if self.cursor == Some(happened.row.number) {
            let left = || (happened.row.number, Left::of(happened));
            self.left = happened.left_view.then(left);
        }
    }

    /// What is shown of what was found: the order is held while a dialog is open, and the cursor's ticket stays in its
    /// place although it left.
    pub(crate) fn shown(&self, found: Vec<u64>) -> Vec<u64> {
        let mut shown = self.held.clone().unwrap_or(found);
        if let Some(kept) = &self.kept
            && !shown.contains(&kept.number)
        {
            shown.insert(self.place.min(shown.len()), kept.number);
        }
        shown
    }

    fn position(&self, shown: &[u64]) -> Option<usize> {
        self.cursor.and_then(|cursor| shown.iter().position(|number| *number == cursor))
    }

    /// The cursor's place, counted from 1; 0 where there is none.
    pub(crate) fn ordinal(&self, shown: &[u64]) -> usize {
        self.position(shown).map_or(0, |at| at + 1)
    }

    /// The first row on a screen of `height` rows.
    pub(crate) fn top(&self, shown: &[u64], height: usize) -> usize {
        window::top(shown.len(), self.position(shown).unwrap_or_default(), self.offset, height)
    }

    /// Moves the cursor by rows; the screen follows.
    pub(crate) fn step(&mut self, shown: &[u64], by: isize, height: usize) {
        let at = self.position(shown).unwrap_or_default();
        self.go(shown, at.saturating_add_signed(by), height);
    }

    /// Puts the cursor on the row at a place.
    pub(crate) fn go(&mut self, shown: &[u64], at: usize, height: usize) {
        let top = self.top(shown, height);
        let at = at.min(shown.len().saturating_sub(1));
        let Some(number) = shown.get(at).copied() else { return };
        self.offset = at.saturating_sub(top).min(height.saturating_sub(1));
        if self.cursor != Some(number) {
            self.cursor = Some(number);
            self.kept = None;
        }
    }

    /// After all that waited was applied: the first place, the screen's window, what the cursor's ticket is now. `row`
    /// is the row of the cursor's ticket where it is known.
    pub(crate) fn settle(&mut self, shown: &[u64], row: Option<Row>, height: usize, frozen: bool) {
        if self.position(shown).is_none() {
            self.cursor = shown.first().copied();
            self.offset = 0;
            self.kept = None;
        }
        if let Some(at) = self.position(shown) {
            self.offset = self.offset.min(height.saturating_sub(1));
            self.offset = at.saturating_sub(self.top(shown, height));
            self.place = at;
        }
        if let Some(row) = row.filter(|row| Some(row.number) == self.cursor) {
            self.kept = Some(row);
        }
        if !frozen {
            self.held = None;
        } else if self.held.is_none() {
            self.held = Some(shown.to_vec());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::row_due;

    fn settled(list: &mut List, found: &[u64]) -> Vec<u64> {
        let shown = list.shown(found.to_vec());
        let row = list.cursor().or_else(|| shown.first().copied()).filter(|n| found.contains(n)).map(|n| row_due(n, 0));
        list.settle(&shown, row, 3, false);
        shown
    }

    #[test]
    fn the_cursor_stays_on_its_ticket_and_on_its_row_when_others_move() {
        let mut list = List::default();
        let shown = settled(&mut list, &[1, 2, 3, 4, 5]);
        list.step(&shown, 1, 3);
        settled(&mut list, &[1, 2, 3, 4, 5]);
        let shown = settled(&mut list, &[9, 8, 1, 2, 3]);
        assert_eq!(list.cursor(), Some(2));
        assert_eq!(list.top(&shown, 3), 2);
    }

    #[test]
    fn a_ticket_that_left_stays_until_the_cursor_moves() {
        let mut list = List::default();
        let shown = settled(&mut list, &[1, 2, 3]);
        list.step(&shown, 1, 3);
        settled(&mut list, &[1, 2, 3]);
        let shown = settled(&mut list, &[1, 3]);
        assert_eq!(shown, [1, 2, 3]);
        assert_eq!(list.cursor(), Some(2));
        list.step(&shown, 1, 3);
        assert_eq!(settled(&mut list, &[1, 3]), [1, 3]);
        assert_eq!(list.cursor(), Some(3));
    }

    #[test]
    fn the_order_is_held_while_a_dialog_is_open() {
        let mut list = List::default();
        let shown = settled(&mut list, &[1, 2, 3]);
        list.settle(&shown, Some(row_due(1, 0)), 3, true);
        assert_eq!(list.shown(vec![3, 2, 1]), [1, 2, 3]);
        list.settle(&shown, Some(row_due(1, 0)), 3, false);
        assert_eq!(list.shown(vec![3, 2, 1]), [3, 2, 1]);
    }
}
