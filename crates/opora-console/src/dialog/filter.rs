//! The line in which the queue's filter is typed; the queue follows with each key.

use crossterm::event::{KeyCode, KeyEvent};

use super::field::Line;
use super::{After, Dialog, is_cancel};
use crate::model::Model;
use crate::queue::filter::Filter;

/// The line.
#[derive(Clone, Debug)]
pub(crate) struct FilterLine {
    pub(crate) line: Line,
    /// What was in force when it was opened.
    before: String,
}

impl FilterLine {
    pub(crate) fn open(model: &Model) -> Self {
        let before = model.queue.filter.text().to_owned();
        Self { line: Line::of(&before), before }
    }

    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent) -> After {
        if is_cancel(event) {
            apply(model, &self.before);
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

/// Typing a filter is the person's own doing: the order is not held against it.
fn apply(model: &mut Model, text: &str) {
    model.queue.freeze(false);
    model.queue.set_filter(Filter::parse(text, &model.me));
}
