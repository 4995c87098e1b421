//! Carrying a ticket up the ladder: whom that is, and why.

use crossterm::event::{KeyCode, KeyEvent};

use super::field::Line;
use super::{After, Dialog, is_cancel};
use crate::model::Model;
use crate::msg::{Effect, What};
use crate::selection::{self, Picked, Selection};
use crate::update::send;

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Reason {
    pub(crate) number: u64,
    pub(super) picked: Picked,
    /// The rung that it goes to, and whom that is.
    pub(crate) rung: u32,
    pub(crate) whom: String,
    pub(crate) line: Line,
    /// The reason is missing.
    pub(crate) missing: bool,
}

impl Reason {
    pub(crate) fn escalate(model: &Model) -> Option<Self> {
        let picked = Selection::of(model).one()?;
        let row = selection::live(model, picked.number())?;
        let next = model.ladder.iter().filter(|rung| rung.rung > row.rung).min_by_key(|rung| rung.rung);
        Some(Self {
            number: row.number,
            rung: next.map_or(row.rung + 1, |rung| rung.rung),
            whom: next.map(|rung| crate::text::clean_line(&rung.whom)).unwrap_or_default(),
            line: Line::default(),
            picked,
            missing: false,
        })
    }

    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        if is_cancel(event) {
            return After::Close;
        }
        if event.code == KeyCode::Enter {
            let reason = self.line.value().trim().to_owned();
            self.missing = reason.is_empty();
            if !self.missing && self.picked.stands(model) {
                send::on(model, &self.picked, What::Escalate(reason), None, effects);
                return After::Close;
            }
        } else {
            self.missing &= !self.line.key(event);
        }
        After::Stay(Dialog::Reason(self))
    }
}
