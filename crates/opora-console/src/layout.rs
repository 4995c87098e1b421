//! Where things are on the screen: one pure function serves drawing and the mouse.

use ratatui::layout::Rect;

use crate::dialog::Dialog;
use crate::meanwhile;
use crate::model::{Model, Pane};
use crate::screens::{self, Screen};

/// The least columns and rows that the console is drawn in.
pub(crate) const LEAST: (u16, u16) = (60, 14);
/// From how many columns on both panes are shown.
const WIDE: u16 = 100;

/// How the width is parted between list and ticket, in thousandths for the list: it stays when the window changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Split(u16);

impl Default for Split {
    fn default() -> Self {
        Self(600)
    }
}

impl Split {
    /// The least and the most that the list has.
    const BOUNDS: (u16, u16) = (300, 750);

    /// Whole hundredths, within the bounds.
    pub(crate) fn percent(percent: u16) -> Option<Self> {
        let part = percent.checked_mul(10)?;
        (Self::BOUNDS.0..=Self::BOUNDS.1).contains(&part).then_some(Self(part))
    }

    /// The divider at a column of so many: as near as the bounds allow.
    pub(crate) fn at(column: u16, width: u16) -> Self {
        let part = u32::from(column) * 1000 / u32::from(width.max(1));
        Self((part.min(1000) as u16).clamp(Self::BOUNDS.0, Self::BOUNDS.1))
    }

    /// How many of so many columns the list has.
    pub(crate) fn left(self, width: u16) -> u16 {
        (u32::from(width) * u32::from(self.0) / 1000) as u16
    }
}

/// The parts of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Regions {
    /// The window is too small for anything but saying so.
    pub(crate) too_small: bool,
    pub(crate) header: Rect,
    /// With its frame.
    pub(crate) list: Option<Rect>,
    /// A screen beside the queue.
    pub(crate) screen: Option<Rect>,
    /// The rows of the list alone.
    pub(crate) rows: Rect,
    /// With its frame.
    pub(crate) detail: Option<Rect>,
    pub(crate) footer: Rect,
    pub(crate) dialog: Option<Rect>,
}

/// The parts of a screen of this size.
pub(crate) fn layout(model: &Model, area: Rect) -> Regions {
    let row = |y: u16| Rect { y: area.y + y, height: 1, ..area };
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area };
    if model.screen != Screen::Queue {
        return beside(model, area, body);
    }
    let both = area.width >= WIDE;
    let writing = matches!(model.dialog, Some(Dialog::Write(_)));
    let (list, detail) = if both {
        let left = model.split.left(area.width);
        (Some(Rect { width: left, ..body }), Some(Rect { x: body.x + left, width: body.width - left, ..body }))
    } else if writing {
        // The conversation stays in sight of who answers.
        (None, Some(Rect { height: body.height - writing_height(body), ..body }))
    } else if model.pane == Pane::List && model.peek.is_none() {
        (Some(body), None)
    } else {
        (None, Some(body))
    };
    let inner = list.unwrap_or(body);
    Regions {
        too_small: area.width < LEAST.0 || area.height < LEAST.1,
        header: row(0),
        list,
        screen: None,
        // The frame and the line of headings.
        rows: Rect {
            x: inner.x + 1,
            y: inner.y + 2,
            width: inner.width.saturating_sub(2),
            height: inner.height.saturating_sub(3),
        },
        detail,
        footer: row(area.height.saturating_sub(1)),
        dialog: model.dialog.as_ref().map(|dialog| match list {
            _ if !writing => dialog_area(model, dialog, area),
            Some(list) => writing_area(list),
            None => writing_area(body),
        }),
    }
}

/// The parts while a screen beside the queue is shown. While a ticket is answered its conversation is in sight, and
/// while all of an incident are, the list of them.
fn beside(model: &Model, area: Rect, body: Rect) -> Regions {
    let row = |y: u16| Rect { y: area.y + y, height: 1, ..area };
    let above = Rect { height: body.height - writing_height(body), ..body };
    let writing = matches!(model.dialog, Some(Dialog::Write(_)));
    let (screen, detail) = match &model.dialog {
        Some(Dialog::Write(_)) => (None, Some(above)),
        Some(Dialog::ReplyToAll(_)) => (Some(above), None),
        _ => (Some(body), None),
    };
    Regions {
        too_small: area.width < LEAST.0 || area.height < LEAST.1,
        header: row(0),
        list: None,
        screen,
        rows: screens::rows_area(model.screen, screen.unwrap_or(body)),
        detail,
        footer: row(area.height.saturating_sub(1)),
        dialog: model.dialog.as_ref().map(|dialog| match dialog {
            Dialog::ReplyToAll(_) => writing_area(body),
            Dialog::Search(_) => screens::search::view::line_area(body),
            _ if writing => writing_area(body),
            dialog => dialog_area(model, dialog, area),
        }),
    }
}

/// Where an answer is written: the lower part of the list or of the screen, beside or under the conversation.
fn writing_area(body: Rect) -> Rect {
    let height = writing_height(body);
    Rect { y: body.y + body.height - height, height, ..body }
}

fn writing_height(body: Rect) -> u16 {
    (body.height / 2).clamp(10, 20).min(body.height)
}

/// Where a dialog stands: in the middle, as large as it needs and the screen allows.
fn dialog_area(model: &Model, dialog: &Dialog, area: Rect) -> Rect {
    let (width, height) = dialog.size(area);
    let told = meanwhile::lines(model, dialog, width.saturating_sub(2) as usize).len() as u16;
    let height = if told == 0 { height } else { (height + told).min(area.height.saturating_sub(4)).max(height) };
    let (width, height) = (width.min(area.width), height.min(area.height));
    if matches!(dialog, Dialog::Filter(_)) {
        return Rect { y: area.y + area.height.saturating_sub(1), height: 1, ..area };
    }
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// The column where list and ticket meet, when both are shown: their two frames, the mouse takes hold of either.
pub(crate) fn is_divider(regions: &Regions, column: u16, row: u16) -> bool {
    let (Some(list), Some(detail)) = (regions.list, regions.detail) else { return false };
    let within = (list.y..list.y + list.height).contains(&row);
    within && detail.x > list.x && (column + 1 == detail.x || column == detail.x)
}

/// The area of a model's screen.
pub(crate) fn screen(model: &Model) -> Rect {
    Rect::new(0, 0, model.size.0, model.size.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_divider_stays_within_its_bounds_and_where_it_was_put(column: u16, width in 100_u16..400) {
            let split = Split::at(column, width);
            let left = split.left(width);
            prop_assert!(left >= width * 3 / 10 - 1 && left <= width * 3 / 4 + 1);
            if (width * 31 / 100..width * 74 / 100).contains(&column) {
                prop_assert!(left.abs_diff(column) <= 1, "{left} instead of {column} of {width}");
            }
            prop_assert!(width - left >= 24, "the ticket has no room");
        }

        #[test]
        fn hundredths_are_taken_within_the_bounds(percent: u16) {
            prop_assert_eq!(Split::percent(percent).is_some(), (30..=75).contains(&percent));
        }
    }
}
