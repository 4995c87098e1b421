//! The palette: every action with its key, found by fuzzy matching on its name and title.

use crossterm::event::{KeyCode, KeyEvent};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::field::Line;
use super::{After, Dialog, choose_by, is_cancel};
use crate::actions::{Place, REGISTRY, Spec};
use crate::keys;
use crate::model::Model;
use crate::msg::Effect;
use crate::texts::Texts;
use crate::update;

/// The dialog.
#[derive(Clone, Debug, Default)]
pub(crate) struct Palette {
    pub(crate) line: Line,
    pub(crate) chosen: usize,
}

impl Palette {
    /// The actions that match what was typed, or would on the other layout; the best first.
    pub(crate) fn matches(&self, texts: &Texts) -> Vec<&'static Spec> {
        matches(self.line.value(), texts)
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.line.paste(text);
        self.chosen = 0;
    }

    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        if is_cancel(event) {
            return After::Close;
        }
        let found = self.matches(&model.texts);
        if event.code == KeyCode::Enter {
            let Some(spec) = found.get(self.chosen) else { return After::Stay(Dialog::Palette(self)) };
            // What is not possible now is said here: the letters that follow are still typed, and no commands.
            if let Some(why) = crate::actions::why_not(model, spec.action) {
                model.refusal = Some(model.texts.get(why));
                return After::Stay(Dialog::Palette(self));
            }
            update::action(model, spec.action, effects);
            // The action may have opened a dialog of its own.
            return model.dialog.take().map_or(After::Close, After::Stay);
        }
        if !choose_by(event, &mut self.chosen, found.len(), false) && self.line.key(event) {
            self.chosen = 0;
        }
        After::Stay(Dialog::Palette(self))
    }
}

pub(crate) fn matches(typed: &str, texts: &Texts) -> Vec<&'static Spec> {
    if typed.trim().is_empty() {
        return REGISTRY.iter().collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let patterns = [typed.to_owned(), keys::swapped(typed)]
        .map(|text| Pattern::parse(&text, CaseMatching::Ignore, Normalization::Smart));
    let mut buffer = Vec::new();
    let mut found: Vec<(u32, &'static Spec)> = Vec::new();
    for spec in REGISTRY {
        let text = format!("{} {}", spec.id, texts.get(&format!("action-{}", spec.id)));
        let haystack = Utf32Str::new(&text, &mut buffer);
        if let Some(score) = patterns.iter().filter_map(|p| p.score(haystack, &mut matcher)).max() {
            found.push((score, spec));
        }
    }
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, spec)| spec).collect()
}

/// The keys of an action where the person is, as they are shown.
pub(crate) fn keys_of(model: &Model, spec: &Spec) -> String {
    let keys = model.settings.keys.keys_of(Place::of(model), spec.action);
    keys.map(|keys| keys.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Language;

    #[test]
    fn an_action_is_found_by_name_by_title_and_on_the_wrong_layout() {
        let texts = Texts::new(Language::Ru);
        for typed in ["assign", "назнач", "yfpyfx"] {
            assert_eq!(matches(typed, &texts).first().map(|s| s.id), Some("assign"), "{typed}");
        }
    }
}
