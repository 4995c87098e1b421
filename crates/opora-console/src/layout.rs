//! Where things are on the screen: one pure function serves drawing and the mouse.

use ratatui::layout::Rect;

use crate::dialog::Dialog;
use crate::model::{Model, Pane};
use crate::screens::{self, Screen};

/// The least columns and rows that the console is drawn in.
pub(crate) const LEAST: (u16, u16) = (60, 14);
/// From how many columns on both panes are shown.
const WIDE: u16 = 100;

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
        let left = area.width * 3 / 5;
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
            _ if !writing => dialog_area(dialog, area),
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
            dialog => dialog_area(dialog, area),
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
fn dialog_area(dialog: &Dialog, area: Rect) -> Rect {
    let (width, height) = dialog.size(area);
    let (width, height) = (width.min(area.width), height.min(area.height));
    if matches!(dialog, Dialog::Filter(_)) {
        return Rect { y: area.y + area.height.saturating_sub(1), height: 1, ..area };
    }
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// The area of a model's screen.
pub(crate) fn screen(model: &Model) -> Rect {
    Rect::new(0, 0, model.size.0, model.size.1)
}
