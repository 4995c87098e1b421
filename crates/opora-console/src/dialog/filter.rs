//! The line in which the queue's filter is typed; the queue follows with each key.

use crossterm::event::{KeyCode, KeyEvent};

use super::field::Line;
use super::{After, Dialog, is_cancel};
use crate::model::{Model, Pane};
use crate::queue::filter::Filter;

/// The line.
#[derive(Clone, Debug)]
pub(crate) struct FilterLine {
    pub(crate) line: Line,
    /// What was in force when it was opened, and where the cursor was.
    before: String,
    place: Option<(u64, usize)>,
}

impl FilterLine {
    /// Opens over the list: what is typed is about that, whatever ticket was opened beside it.
    pub(crate) fn open(model: &mut Model) -> Self {
        (model.pane, model.peek) = (Pane::List, None);
        let before = model.queue.filter.text().to_owned();
        Self { line: Line::of(&before), before, place: model.queue.place() }
    }

    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent) -> After {
        if is_cancel(event) {
            if model.queue.filter.text() != self.before {
                apply(model, &self.before);
                // Nothing was asked for in the end: the cursor is where it was.
                self.place.into_iter().for_each(|place| model.queue.return_to(place));
            }
            return After::Close;
        }
        if event.code == KeyCode::Enter {
            return After::Close;
        }
        if self.line.key(event) {
            apply(model, self.line.value());
        }
        After::Stay(Dialog::Filter(self))
    }

    pub(super) fn paste(&mut self, model: &mut Model, text: &str) {
        self.line.paste(text);
        apply(model, self.line.value());
    }
}

fn apply(model: &mut Model, text: &str) {
    model.queue.set_filter(Filter::parse(text, &model.me));
}
