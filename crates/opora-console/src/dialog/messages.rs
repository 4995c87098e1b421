//! The messages of this session, to be read again, with the technical text of the one chosen.

use crossterm::event::{KeyCode, KeyEvent};

use super::{After, Dialog, choose_by, is_cancel};
use crate::keys::Chord;

/// The dialog.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Messages {
    /// Counted from the newest.
    pub(crate) chosen: usize,
    /// How many there were when it was opened.
    pub(crate) count: usize,
    /// The technical text is shown.
    pub(crate) technical: bool,
}

impl Messages {
    pub(super) fn key(mut self, event: &KeyEvent) -> After {
        let chord = Chord::of(event);
        if is_cancel(event) || matches!(chord.code, KeyCode::Backspace | KeyCode::Char('q')) {
            return After::Close;
        }
        if event.code == KeyCode::Enter {
            self.technical = !self.technical;
        } else {
            choose_by(event, &mut self.chosen, self.count, true);
        }
        After::Stay(Dialog::Messages(self))
    }
}
