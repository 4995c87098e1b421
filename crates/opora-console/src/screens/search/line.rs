//! The line in which the text of a search is typed.

use crossterm::event::{KeyCode, KeyEvent};

use crate::dialog::field::Line;
use crate::dialog::{After, Dialog, is_cancel};
use crate::model::Model;
use crate::msg::Effect;

/// The line.
#[derive(Clone, Debug)]
pub(crate) struct SearchLine {
    pub(crate) line: Line,
}

impl SearchLine {
    pub(crate) fn open(model: &Model) -> Self {
        Self { line: Line::of(&model.screens.search.text) }
    }

    pub(crate) fn key(mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        if is_cancel(event) || matches!(event.code, KeyCode::Down | KeyCode::Tab) {
            return After::Close;
        }
        if event.code == KeyCode::Enter {
            super::ask(model, self.line.value(), effects);
            return After::Close;
        }
        self.line.key(event);
        After::Stay(Dialog::Search(self))
    }
}
