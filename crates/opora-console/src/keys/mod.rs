//! Keys as commands see them: the Latin letter on the physical key, whatever layout is on. Knows no action.
//!
//! Used in command mode only: text entry gets what was typed.

pub(crate) mod map;
pub(crate) mod names;

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use names::NAMES;

/// The Russian letters and the characters on the same keys of a Latin layout, lower case.
const RUSSIAN: &str = "йцукенгшщзхъфывапролджэячсмитьбюё";
const LATIN: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`";
/// The upper-case row of the keys that are not letters on a Latin layout.
const UPPER_RUSSIAN: &str = "ХЪЖЭБЮЁ";
const UPPER_LATIN: &str = "{}:\"<>~";

/// The character that a Latin layout has on the key which gives `c` on the Russian one. The identity on ASCII.
pub(crate) fn latin(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    if c == '№' {
        return '#';
    }
    let at = |from: &str, to: &str, c: char| from.chars().position(|r| r == c).and_then(|i| to.chars().nth(i));
    if let Some(found) = at(RUSSIAN, LATIN, c).or_else(|| at(UPPER_RUSSIAN, UPPER_LATIN, c)) {
        return found;
    }
    let lower = c.to_lowercase().next().unwrap_or(c);
    at(RUSSIAN, LATIN, lower).map_or(c, |l| l.to_ascii_uppercase())
}

/// The character that the Russian layout has on the key which gives `c` on a Latin one.
fn russian(c: char) -> char {
    let at = |from: &str, to: &str, c: char| from.chars().position(|r| r == c).and_then(|i| to.chars().nth(i));
    if let Some(found) = at(LATIN, RUSSIAN, c).or_else(|| at(UPPER_LATIN, UPPER_RUSSIAN, c)) {
        return found;
    }
    let lower = c.to_ascii_lowercase();
    at(LATIN, RUSSIAN, lower).map_or(c, |r| r.to_uppercase().next().unwrap_or(r))
}

/// A text as it would have come out on the other layout: `pdjyrb` and «звонки» swap.
pub(crate) fn swapped(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { russian(c) } else { latin(c) }).collect()
}

/// A key with its modifiers, after the layout was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Chord {
    /// The key. Shift is in the letter's case.
    pub(crate) code: KeyCode,
    /// Ctrl.
    pub(crate) ctrl: bool,
    /// Alt.
    pub(crate) alt: bool,
}

impl Chord {
    /// A key without modifiers.
    pub(crate) const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false }
    }

    /// A character.
    pub(crate) const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    /// A letter with Ctrl.
    pub(crate) const fn ctrl(c: char) -> Self {
        Self { code: KeyCode::Char(c), ctrl: true, alt: false }
    }

    /// A key event in command mode.
    pub(crate) fn of(event: &KeyEvent) -> Self {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let shift = event.modifiers.contains(KeyModifiers::SHIFT);
        let code = match event.code {
            KeyCode::Char(c) if ctrl => KeyCode::Char(latin(c).to_ascii_lowercase()),
            KeyCode::Char(c) => KeyCode::Char(latin(c)),
            KeyCode::Tab if shift => KeyCode::BackTab,
            other => other,
        };
        Self { code, ctrl, alt: event.modifiers.contains(KeyModifiers::ALT) }
    }

    /// What the key stands for where it is bound to nothing: on the Russian layout `/` types `.` and `?` types `,`.
    pub(crate) fn stand_in(self) -> Option<Self> {
        match self {
            Self { code: KeyCode::Char('.'), ctrl: false, alt: false } => Some(Self::char('/')),
            Self { code: KeyCode::Char(','), ctrl: false, alt: false } => Some(Self::char('?')),
            _ => None,
        }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("C-")?;
        }
        if self.alt {
            f.write_str("A-")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::BackTab => f.write_str("S-Tab"),
            KeyCode::F(n) => write!(f, "F{n}"),
            other => match NAMES.iter().find(|(_, code)| *code == other) {
                Some((name, _)) => f.write_str(name),
                None => write!(f, "{other:?}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_physical_keys_work_under_a_russian_layout() {
        for (typed, key) in
            [('о', 'j'), ('л', 'k'), ('Ж', ':'), ('ж', ';'), ('Й', 'Q'), ('ё', '`'), ('№', '#'), ('У', 'E')]
        {
            assert_eq!(latin(typed), key, "{typed}");
        }
        let event = KeyEvent::new(KeyCode::Char('с'), KeyModifiers::CONTROL);
        assert_eq!(Chord::of(&event), Chord::ctrl('c'));
        assert_eq!(Chord::char('.').stand_in(), Some(Chord::char('/')));
        assert_eq!(Chord::char(',').stand_in(), Some(Chord::char('?')));
    }

    #[test]
    fn a_word_typed_on_the_wrong_layout_is_found() {
        assert_eq!(swapped("pdjyrb"), "звонки");
        assert_eq!(swapped("звонки"), "pdjyrb");
    }

    proptest! {
        #[test]
        fn a_chord_on_a_russian_layout_is_the_chord_on_a_latin_one(c in prop::sample::select(LATIN.chars().collect::<Vec<_>>()), ctrl: bool) {
            let modifiers = if ctrl { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
            let typed = |c| Chord::of(&KeyEvent::new(KeyCode::Char(c), modifiers));
            prop_assert_eq!(typed(russian(c)), typed(c));
        }

        #[test]
        fn the_layout_table_is_the_identity_on_ascii(c in 0_u8..128) {
            prop_assert_eq!(latin(char::from(c)), char::from(c));
        }
    }
}
