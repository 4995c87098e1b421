//! What became of each ticket of a bulk change.

use crossterm::event::{KeyCode, KeyEvent};

use super::{After, Dialog, choose_by, is_cancel};
use crate::keys::Chord;
use crate::layout;
use crate::model::Model;

/// What became of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) number: u64,
    pub(crate) subject: String,
    /// Why it was refused, or left out. `None`: it was done.
    pub(crate) why: Option<String>,
    /// Nothing was sent for it.
    pub(crate) left_out: bool,
}

/// The dialog.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Results {
    pub(crate) chosen: usize,
}

impl Results {
    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent) -> After {
        let chord = Chord::of(event);
        if is_cancel(event) || matches!(chord.code, KeyCode::Backspace | KeyCode::Char('q')) {
            return After::Close;
        }
        if event.code == KeyCode::Enter {
            // To the ticket, where it is still shown.
            if let Some(number) = sorted(&model.results).get(self.chosen).map(|one| one.number) {
                let height = layout::layout(model, layout::screen(model)).rows.height as usize;
                model.queue.freeze(false);
                if model.queue.go_to(number, height) {
                    model.peek = None;
                }
            }
            return After::Close;
        }
        choose_by(event, &mut self.chosen, model.results.len(), true);
        After::Stay(Dialog::Results(self))
    }
}

/// The refused ones first: they want something; then those that were left out.
pub(crate) fn sorted(results: &[Outcome]) -> Vec<&Outcome> {
    let mut sorted: Vec<&Outcome> = results.iter().collect();
    sorted.sort_by_key(|one| (one.why.is_none(), one.left_out));
    sorted
}
