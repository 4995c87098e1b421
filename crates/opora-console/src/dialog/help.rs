//! The keys of the console with what they do, made from the registry.

use crossterm::event::{KeyCode, KeyEvent};

use super::{After, Dialog, choose_by, is_cancel};
use crate::actions::REGISTRY;
use crate::keys::Chord;

/// The dialog.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Help {
    /// The first line shown.
    pub(crate) top: usize,
}

impl Help {
    pub(super) fn key(mut self, event: &KeyEvent) -> After {
        let ends =
            matches!(Chord::of(event).code, KeyCode::Enter | KeyCode::Backspace | KeyCode::Char('q' | '?' | ','));
        if is_cancel(event) || ends {
            return After::Close;
        }
        choose_by(event, &mut self.top, REGISTRY.len(), true);
        After::Stay(Dialog::Help(self))
    }
}
