//! Tests of the whole: what the screens look like, stories through `update`, and what no input may break.

mod boards;
mod clocks;
mod dialogs;
mod filter;
mod forms;
mod ghosts;
mod header;
mod held;
mod keys;
mod ladder;
mod many;
mod merged;
mod now;
mod people;
mod properties;
mod rarer;
mod screens;
mod seen;
mod selected;
mod selection;
mod stories;
mod suggestions;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::model::Model;
use crate::msg::{Effect, Msg};
use crate::update::{settle, update};

/// Presses keys: characters, or names in angle brackets as in `a<enter>`. Gives what was asked for.
pub(crate) fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut rest = keys;
    while let Some(c) = rest.chars().next() {
        let (code, modifiers, used) = match rest.strip_prefix('<').and_then(|r| r.split_once('>')) {
            Some((name, _)) => {
                let (code, modifiers) = named(name);
                (code, modifiers, name.len() + 2)
            }
            None => (KeyCode::Char(c), KeyModifiers::NONE, c.len_utf8()),
        };
        rest = &rest[used..];
        effects.extend(update(model, Msg::Key(KeyEvent::new(code, modifiers))));
    }
    effects.extend(settle(model));
    effects
}

fn named(name: &str) -> (KeyCode, KeyModifiers) {
    if name == "c-left" {
        return (KeyCode::Left, KeyModifiers::CONTROL);
    }
    if let Some(c) = name.strip_prefix("c-") {
        return (KeyCode::Char(c.chars().next().unwrap()), KeyModifiers::CONTROL);
    }
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backtab" => KeyCode::BackTab,
        "home" => KeyCode::Home,
        "backspace" => KeyCode::Backspace,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "space" => KeyCode::Char(' '),
        "lt" => KeyCode::Char('<'),
        other => panic!("no key `{other}`"),
    };
    (code, KeyModifiers::NONE)
}
