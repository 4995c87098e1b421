//! The keys of the place where the person is, with what they do: searched by what is typed, done by Enter, grey with the
//! reason where an action is not possible. Made from the registry and the key map.

use crossterm::event::{KeyCode, KeyEvent};

use super::field::Line;
use super::{After, Dialog, choose_by, is_cancel};
use crate::actions::{Place, REGISTRY, Spec};
use crate::keys;
use crate::model::Model;
use crate::msg::Effect;
use crate::text::fold;
use crate::update;

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Help {
    pub(crate) line: Line,
    pub(crate) chosen: usize,
    /// Where it was opened.
    pub(crate) place: Place,
}

impl Help {
    pub(crate) fn open(model: &Model) -> Self {
        Self { line: Line::default(), chosen: 0, place: Place::of(model) }
    }

    /// The actions that have keys here and match what was typed, on either layout.
    pub(crate) fn matches(&self, model: &Model) -> Vec<&'static Spec> {
        let typed = self.line.value().trim();
        let wanted = [fold(typed), fold(&keys::swapped(typed))];
        let matches = |spec: &&Spec| {
            let stems = ["action", "help"].map(|stem| model.texts.get(&format!("{stem}-{}", spec.id)));
            let words = fold(&format!("{} {}", spec.id, stems.join(" ")));
            let keys = self.keys(model, spec);
            typed.is_empty() || wanted.iter().any(|w| words.contains(w.as_str())) || keys.iter().any(|key| key == typed)
        };
        REGISTRY.iter().filter(|spec| !self.keys(model, spec).is_empty()).filter(matches).collect()
    }

    /// The keys of an action here.
    pub(crate) fn keys(&self, model: &Model, spec: &Spec) -> Vec<String> {
        model.settings.keys.keys_of(self.place, spec.action).map(|keys| keys.to_string()).collect()
    }

    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        if is_cancel(event) {
            return After::Close;
        }
        // Nothing may need Esc alone: where nothing was typed Backspace closes too.
        if event.code == KeyCode::Backspace && self.line.value().is_empty() {
            return After::Close;
        }
        let found = self.matches(model);
        if event.code == KeyCode::Enter {
            let Some(spec) = found.get(self.chosen) else { return After::Stay(Dialog::Help(self)) };
            // What is not possible now is said here: the letters that follow are still typed, and no commands.
            if let Some(why) = crate::actions::why_not(model, spec.action) {
                model.refusal = Some(model.texts.get(why));
                return After::Stay(Dialog::Help(self));
            }
            update::action(model, spec.action, effects);
            return model.dialog.take().map_or(After::Close, After::Stay);
        }
        if !choose_by(event, &mut self.chosen, found.len(), false) && self.line.key(event) {
            self.chosen = 0;
        }
        After::Stay(Dialog::Help(self))
    }
}
