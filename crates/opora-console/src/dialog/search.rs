//! Full-text search on the server, over all tickets, closed ones too.

use crossterm::event::{KeyCode, KeyEvent};

use super::field::Line;
use super::{After, Dialog, choose_by, is_cancel};
use crate::layout;
use crate::model::{Model, Pane};
use crate::msg::{Call, Effect, Trouble};
use crate::queue::row::Row;

/// The dialog.
#[derive(Clone, Debug, Default)]
pub(crate) struct Search {
    pub(crate) line: Line,
    generation: u64,
    /// What was asked for last.
    asked: String,
    pub(crate) found: Option<Result<Vec<Row>, String>>,
    pub(crate) chosen: usize,
}

impl Search {
    /// An answer. One to an older search is dropped.
    pub(crate) fn answer(&mut self, generation: u64, result: Result<Vec<Row>, Trouble>) {
        if generation == self.generation {
            self.found = Some(result.map_err(|trouble| trouble.message));
            self.chosen = 0;
        }
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.found.is_none() && !self.asked.is_empty()
    }

    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        if is_cancel(event) {
            return After::Close;
        }
        let found = match &self.found {
            Some(Ok(rows)) => rows.as_slice(),
            _ => &[],
        };
        if event.code == KeyCode::Enter {
            let text = self.line.value().trim().to_owned();
            if text != self.asked {
                self.generation = model.next_generation();
                self.found = None;
                if !text.is_empty() {
                    effects.push(Effect::Call(Call::Search { text: text.clone(), generation: self.generation }));
                }
                self.asked = text;
            } else if let Some(row) = found.get(self.chosen) {
                open(model, row.clone());
                return After::Close;
            }
        } else if !choose_by(event, &mut self.chosen, found.len(), false) {
            self.line.key(event);
        }
        After::Stay(Dialog::Search(self))
    }
}

/// Shows a ticket: in its place in the queue, or apart from it.
fn open(model: &mut Model, row: Row) {
    model.queue.freeze(false);
    let height = layout::layout(model, layout::screen(model)).rows.height as usize;
    model.peek = if model.queue.go_to(row.number, height) { None } else { Some(row) };
    model.pane = Pane::Detail;
}
