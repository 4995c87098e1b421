//! Names of keys, as configuration writes them and the screen shows them; and keys that are two strokes. Knows no action.

use std::fmt;

use crossterm::event::KeyCode;

use super::{Chord, latin};
use crate::texts::Texts;

/// Keys with a name. The first name of a key is the one that is shown.
pub(super) const NAMES: &[(&str, KeyCode)] = &[
    ("Enter", KeyCode::Enter),
    ("Return", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Escape", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("BackTab", KeyCode::BackTab),
    ("Space", KeyCode::Char(' ')),
    ("Backspace", KeyCode::Backspace),
    ("↑", KeyCode::Up),
    ("Up", KeyCode::Up),
    ("↓", KeyCode::Down),
    ("Down", KeyCode::Down),
    ("←", KeyCode::Left),
    ("Left", KeyCode::Left),
    ("→", KeyCode::Right),
    ("Right", KeyCode::Right),
    ("PgUp", KeyCode::PageUp),
    ("PageUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("PageDown", KeyCode::PageDown),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("Insert", KeyCode::Insert),
    ("Ins", KeyCode::Insert),
    ("Delete", KeyCode::Delete),
    ("Del", KeyCode::Delete),
];

/// What stands before a key, and what it means: Ctrl, Alt, Shift.
const MODIFIERS: &[(&str, [bool; 3])] = &[
    ("C-", [true, false, false]),
    ("Ctrl-", [true, false, false]),
    ("Ctrl+", [true, false, false]),
    ("A-", [false, true, false]),
    ("M-", [false, true, false]),
    ("Alt-", [false, true, false]),
    ("Alt+", [false, true, false]),
    ("S-", [false, false, true]),
    ("Shift-", [false, false, true]),
    ("Shift+", [false, false, true]),
];

/// Why a text names no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyError {
    /// There is no such key.
    Unknown(String, Nearest),
    /// Nothing, or more than two.
    Count(String),
    /// A terminal does not tell Shift with this key.
    Shift(String),
    /// Esc closes what is open: it is no part of two keys.
    Esc(String),
}

impl KeyError {
    /// In the language of the texts.
    pub(crate) fn told(&self, texts: &Texts) -> String {
        let (key, name) = match self {
            Self::Unknown(name, nearest) => {
                return texts.with("config-key", &[("name", name.into())]) + &nearest.told(texts);
            }
            Self::Count(name) => ("config-key-count", name),
            Self::Shift(name) => ("config-key-shift", name),
            Self::Esc(name) => ("config-key-esc", name),
        };
        texts.with(key, &[("name", name.into())])
    }
}

/// A name that was perhaps meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nearest(Option<String>);

impl Nearest {
    /// The one of the names that is most like what was written.
    pub(crate) fn of<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        let like = |name: &str| strsim::jaro_winkler(&written.to_lowercase(), &name.to_lowercase());
        let best = names.into_iter().map(|name| (like(name), name)).max_by(|a, b| a.0.total_cmp(&b.0));
        Self(best.filter(|(like, _)| *like > 0.6).map(|(_, name)| name.to_owned()))
    }

    /// The end of a sentence that offers it; empty where there is none.
    pub(crate) fn told(&self, texts: &Texts) -> String {
        let told = |name: &String| texts.with("config-nearest", &[("name", name.into())]);
        self.0.as_ref().map(told).unwrap_or_default()
    }
}

impl std::str::FromStr for Chord {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut rest = text;
        let [mut ctrl, mut alt, mut shift] = [false; 3];
        while let Some((name, meant)) = MODIFIERS.iter().find(|(name, _)| {
            rest.len() > name.len() && rest.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
        }) {
            let [c, a, s] = meant;
            (ctrl, alt, shift) = (ctrl | c, alt | a, shift | s);
            rest = rest.get(name.len()..).unwrap_or_default();
        }
        let mut code = key_named(rest).ok_or_else(|| {
            KeyError::Unknown(text.to_owned(), Nearest::of(rest, NAMES.iter().map(|(name, _)| *name)))
        })?;
        if shift {
            code = match code {
                KeyCode::Char(c) if c.is_ascii_lowercase() && !ctrl => KeyCode::Char(c.to_ascii_uppercase()),
                KeyCode::Tab => KeyCode::BackTab,
                _ => return Err(KeyError::Shift(text.to_owned())),
            };
        }
        if ctrl {
            // What a terminal sends for these is the other key.
            (code, ctrl) = match code {
                KeyCode::Char('i' | 'I') => (KeyCode::Tab, false),
                KeyCode::Char('m' | 'M') => (KeyCode::Enter, false),
                KeyCode::Char('[') => (KeyCode::Esc, false),
                KeyCode::Char(c) => (KeyCode::Char(c.to_ascii_lowercase()), true),
                other => (other, true),
            };
        }
        Ok(Self { code, ctrl, alt })
    }
}

/// One character, as the Latin layout has it, or a name.
fn key_named(text: &str) -> Option<KeyCode> {
    let mut chars = text.chars();
    if let (Some(c), None) = (chars.next(), chars.next())
        && !c.is_control()
        && !"↑↓←→".contains(c)
    {
        return Some(KeyCode::Char(latin(c)));
    }
    let function = || text.strip_prefix(['F', 'f'])?.parse().ok().filter(|n| (1..=12).contains(n)).map(KeyCode::F);
    NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, code)| *code).or_else(function)
}

/// One key, or two, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Strokes {
    pub(crate) first: Chord,
    pub(crate) then: Option<Chord>,
}

impl Strokes {
    /// One key.
    pub(crate) const fn one(first: Chord) -> Self {
        Self { first, then: None }
    }

    /// Two keys.
    pub(crate) const fn two(first: Chord, then: Chord) -> Self {
        Self { first, then: Some(then) }
    }

    /// Whether both can't be bound: they are the same, or one is how the other begins.
    pub(crate) fn clash(self, other: Self) -> bool {
        self.first == other.first && (self.then == other.then || self.then.is_none() || other.then.is_none())
    }
}

impl std::str::FromStr for Strokes {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // A space alone is the key.
        if text == " " {
            return Ok(Self::one(Chord::char(' ')));
        }
        let mut words = text.split_whitespace();
        let (Some(first), then, None) = (words.next(), words.next(), words.next()) else {
            return Err(KeyError::Count(text.to_owned()));
        };
        let keys = Self { first: first.parse()?, then: then.map(str::parse).transpose()? };
        let is_esc = |chord: Chord| chord.code == KeyCode::Esc;
        if keys.then.is_some_and(|then| is_esc(then) || is_esc(keys.first)) {
            return Err(KeyError::Esc(text.to_owned()));
        }
        Ok(keys)
    }
}

impl fmt::Display for Strokes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.then {
            Some(then) => write!(f, "{} {then}", self.first),
            None => write!(f, "{}", self.first),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_has_several_spellings_and_a_russian_letter_is_the_key_it_stands_on() {
        for (written, shown) in [
            ("g", "g"),
            ("п", "g"),
            ("П", "G"),
            ("shift-g", "G"),
            ("ctrl+F", "C-f"),
            ("C-а", "C-f"),
            ("alt-x", "A-x"),
            ("C-i", "Tab"),
            ("C-m", "Enter"),
            ("shift-tab", "S-Tab"),
            ("pagedown", "PgDn"),
            ("Up", "↑"),
            ("f12", "F12"),
            (" ", "Space"),
            ("g  e", "g e"),
            ("C--", "C--"),
            ("№", "#"),
        ] {
            assert_eq!(written.parse::<Strokes>().map(|keys| keys.to_string()), Ok(shown.to_owned()), "{written}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_with_the_nearest_name() {
        let texts = Texts::new(crate::texts::Language::En);
        let told = |text: &str| text.parse::<Strokes>().unwrap_err().told(&texts);
        assert_eq!(told("Entr"), "`Entr` is no key; did you mean `Enter`?");
        assert_eq!(told("C-pgdwn"), "`C-pgdwn` is no key; did you mean `PgDn`?");
        assert_eq!(told("F13"), "`F13` is no key");
        assert_eq!(told("a b c"), "`a b c` is not one key or two with a space between");
        assert_eq!(told(""), "`` is not one key or two with a space between");
        assert!(told("S-Up").contains("Shift"));
        assert!(told("g Esc").contains("Esc"));
    }

    #[test]
    fn keys_clash_where_one_is_the_beginning_of_the_other() {
        let keys = |text: &str| text.parse::<Strokes>().unwrap();
        assert!(keys("g").clash(keys("g g")));
        assert!(keys("g g").clash(keys("g")));
        assert!(keys("g g").clash(keys("g g")));
        assert!(!keys("g g").clash(keys("g e")));
        assert!(!keys("g").clash(keys("G")));
    }

    proptest! {
        #[test]
        fn a_key_that_is_shown_can_be_written_so(text in "(C-|A-|S-|)([!-~]|F[1-9]|Enter|Tab|PgUp|Home|↑)( [!-~])?") {
            if let Ok(keys) = text.parse::<Strokes>() {
                prop_assert_eq!(keys.to_string().parse::<Strokes>(), Ok(keys));
            }
        }

        #[test]
        fn nothing_that_is_written_for_a_key_breaks_it(text in "\\PC{0,12}") {
            let _ = text.parse::<Strokes>();
        }
    }
}
