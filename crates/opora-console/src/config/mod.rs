//! The console's own settings, from a TOML file: keys, bell, theme, screen. Every fault is told with its line and the
//! nearest known name; nothing is guessed. Knows no file: it is given the text.

mod bell;
mod print;
mod read;

use std::collections::BTreeMap;

use crate::actions::{Action, Place, REGISTRY, spec};
use crate::keys::map::{Clash, KeyMap, Setting};
use crate::keys::names::{KeyError, Nearest, Strokes};
use crate::layout::Split;
use crate::texts::{Language, Texts};
use crate::theme::{Depth, Theme};
use read::{Entry, Reader, Table};

pub(crate) use bell::Bell;
pub use print::{key_table, print_keys};

/// The settings of a console.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config(pub(crate) Settings);

/// What of it the model holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) keys: KeyMap,
    pub(crate) bell: Bell,
    /// `None`: as the terminal's ground is.
    pub(crate) theme: Option<Theme>,
    /// `None`: as the environment says.
    pub(crate) depth: Option<Depth>,
    /// How the width is parted between list and ticket at first.
    pub(crate) split: Split,
    /// Whether the mouse is asked for.
    pub(crate) mouse: bool,
    /// Whether links in messages can be opened from the terminal.
    pub(crate) links: bool,
    /// The reader's time zone, an IANA name.
    pub(crate) zone: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            keys: KeyMap::default(),
            bell: Bell::default(),
            theme: None,
            depth: None,
            split: Split::default(),
            mouse: true,
            links: true,
            zone: None,
        }
    }
}

/// What is wrong in a file of settings, with the line. Its Display is English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.told(Language::En))]
pub struct ConfigError {
    file: String,
    line: usize,
    fault: Fault,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Toml(String),
    Section(String, Nearest),
    Setting(String, &'static str, Nearest),
    Action(String, Nearest),
    Key(KeyError),
    /// The setting, and the text that says what it wants.
    Kind(String, &'static str),
    Choice {
        value: String,
        known: String,
        nearest: Nearest,
    },
    Clash {
        keys: String,
        action: &'static str,
        other: &'static str,
        /// Nobody gave the other one these keys: it has them from the start.
        built_in: bool,
    },
    /// The action that nobody can do without, and the place that lost it.
    Needed(&'static str, Option<&'static str>),
    Hours(String),
    Zone(String),
}

impl From<KeyError> for Fault {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl ConfigError {
    /// In a language.
    pub fn told(&self, language: Language) -> String {
        let texts = Texts::new(language);
        format!("{}:{}: {}", self.file, self.line, self.fault.told(&texts))
    }
}

impl Fault {
    fn told(&self, texts: &Texts) -> String {
        let near = |nearest: &Nearest| nearest.told(texts);
        match self {
            Self::Toml(message) => message.clone(),
            Self::Section(name, nearest) => texts.with("config-section", &[("name", name.into())]) + &near(nearest),
            Self::Setting(name, section, nearest) => {
                let of = [("name", name.into()), ("section", (*section).into())];
                texts.with("config-setting", &of) + &near(nearest)
            }
            Self::Action(name, nearest) => texts.with("config-action", &[("name", name.into())]) + &near(nearest),
            Self::Key(error) => error.told(texts),
            Self::Kind(setting, wanted) => {
                let wanted = texts.get(wanted);
                texts.with("config-wants", &[("setting", setting.into()), ("wanted", (&wanted).into())])
            }
            Self::Choice { value, known, nearest } => {
                texts.with("config-choice", &[("value", value.into()), ("known", known.into())]) + &near(nearest)
            }
            Self::Clash { keys, action, other, built_in } => {
                let key = if *built_in { "config-clash-built-in" } else { "config-clash" };
                texts.with(key, &[("keys", keys.into()), ("action", (*action).into()), ("other", (*other).into())])
            }
            Self::Needed(action, None) => texts.with("config-needed", &[("action", (*action).into())]),
            Self::Needed(action, Some(place)) => {
                texts.with("config-needed-in", &[("action", (*action).into()), ("place", (*place).into())])
            }
            Self::Hours(text) => texts.with("config-hours", &[("text", text.into())]),
            Self::Zone(name) => texts.with("config-zone", &[("name", name.into())]),
        }
    }
}

const SECTIONS: [&str; 4] = ["keys", "bell", "theme", "screen"];

impl Config {
    /// The settings in a text; `file` is its name in errors.
    ///
    /// # Errors
    /// The first fault, with its line.
    pub fn parse(text: &str, file: &str) -> Result<Self, ConfigError> {
        let reader = Reader { text, file };
        let root = reader.document()?;
        let mut settings = Settings::default();
        for entry in root.entries() {
            match entry.name() {
                "keys" => settings.keys = keys(&reader, &reader.table(&entry)?)?,
                "bell" => settings.bell = bell::read(&reader, &reader.table(&entry)?)?,
                "theme" => theme(&reader, &reader.table(&entry)?, &mut settings)?,
                "screen" => screen(&reader, &reader.table(&entry)?, &mut settings)?,
                other => {
                    let fault = Fault::Section(other.to_owned(), Nearest::of(other, SECTIONS));
                    return Err(reader.fault(entry.name_at(), fault));
                }
            }
        }
        Ok(Self(settings))
    }
}

fn unknown(reader: &Reader<'_>, entry: &Entry<'_>, section: &'static str, known: &[&str]) -> ConfigError {
    let name = entry.name();
    let fault = Fault::Setting(name.to_owned(), section, Nearest::of(name, known.iter().copied()));
    reader.fault(entry.name_at(), fault)
}

fn theme(reader: &Reader<'_>, table: &Table<'_>, settings: &mut Settings) -> Result<(), ConfigError> {
    const GROUNDS: [(&str, Option<Theme>); 4] =
        [("auto", None), ("dark", Some(Theme::Dark)), ("light", Some(Theme::Light)), ("mono", Some(Theme::Mono))];
    const DEPTHS: [(&str, Option<Depth>); 4] =
        [("auto", None), ("true", Some(Depth::True)), ("256", Some(Depth::Indexed)), ("16", Some(Depth::Sixteen))];
    for entry in table.entries() {
        match entry.name() {
            "ground" => settings.theme = reader.choice(&entry, &GROUNDS)?,
            "colours" => settings.depth = reader.choice(&entry, &DEPTHS)?,
            _ => return Err(unknown(reader, &entry, "theme", &["ground", "colours"])),
        }
    }
    Ok(())
}

fn screen(reader: &Reader<'_>, table: &Table<'_>, settings: &mut Settings) -> Result<(), ConfigError> {
    for entry in table.entries() {
        match entry.name() {
            "mouse" => settings.mouse = reader.truth(&entry)?,
            "links" => settings.links = reader.truth(&entry)?,
            "split" => {
                let percent = reader.number(&entry)?;
                settings.split = Split::percent(percent).ok_or_else(|| reader.wants(&entry, "config-want-split"))?;
            }
            "zone" => {
                let name = reader.string(&entry)?;
                if jiff::tz::TimeZone::get(name).is_err() {
                    return Err(reader.fault(entry.value_at(), Fault::Zone(name.to_owned())));
                }
                settings.zone = Some(name.to_owned());
            }
            _ => return Err(unknown(reader, &entry, "screen", &["mouse", "links", "split", "zone"])),
        }
    }
    Ok(())
}

/// `[keys]`, with a table for each place that has keys of its own.
fn keys(reader: &Reader<'_>, table: &Table<'_>) -> Result<KeyMap, ConfigError> {
    let mut settings = Vec::new();
    let mut lines = BTreeMap::new();
    for entry in table.entries() {
        match Place::ALL.into_iter().find(|place| place.id() == entry.name()) {
            Some(place) if entry.is_table() => {
                for entry in reader.table(&entry)?.entries() {
                    setting(reader, &entry, Some(place), &mut settings, &mut lines)?;
                }
            }
            _ => setting(reader, &entry, None, &mut settings, &mut lines)?,
        }
    }
    let at = |clash: &Clash| {
        let line = |action: Action, place| lines.get(&(place, spec(action).id)).copied();
        let place = clash.place.map(Place::id);
        line(clash.action, place).or_else(|| line(clash.other, place)).unwrap_or_default()
    };
    let map = KeyMap::with(settings).map_err(|clashes| match clashes.first() {
        Some(clash) => reader.fault(at(clash), clash_fault(clash, &lines)),
        None => reader.fault(0, Fault::Toml(String::new())),
    })?;
    for place in Place::ALL {
        // Whoever loses these can't get out, nor find out how.
        for action in [Action::Quit, Action::Palette] {
            if map.keys_of(place, action).next().is_none() {
                let id = spec(action).id;
                let at = lines.get(&(Some(place.id()), id)).or_else(|| lines.get(&(None, id))).copied();
                let within = (!lines.contains_key(&(None, id))).then(|| place.id());
                return Err(reader.fault(at.unwrap_or(entry_at(table)), Fault::Needed(id, within)));
            }
        }
    }
    Ok(map)
}

fn entry_at(table: &Table<'_>) -> usize {
    table.entries().next().map_or(0, |entry| entry.name_at())
}

/// Where each setting of keys stands: by place and action.
type Lines = BTreeMap<(Option<&'static str>, &'static str), usize>;

/// The setting that the reader wrote is the one to blame, whichever of the two comes first in the registry.
fn clash_fault(clash: &Clash, lines: &Lines) -> Fault {
    let place = clash.place.map(Place::id);
    let written = |action: Action| lines.contains_key(&(place, spec(action).id));
    let (action, other) = if written(clash.action) { (clash.action, clash.other) } else { (clash.other, clash.action) };
    let built_in = !written(other);
    let keys = clash.keys.to_string();
    Fault::Clash { keys, action: spec(action).id, other: spec(other).id, built_in }
}

fn setting(
    reader: &Reader<'_>,
    entry: &Entry<'_>,
    place: Option<Place>,
    settings: &mut Vec<Setting>,
    lines: &mut Lines,
) -> Result<(), ConfigError> {
    let name = entry.name();
    let Some(spec) = REGISTRY.iter().find(|spec| spec.id == name) else {
        let known = REGISTRY.iter().map(|spec| spec.id);
        let fault = Fault::Action(name.to_owned(), Nearest::of(name, known.chain(Place::ALL.map(Place::id))));
        return Err(reader.fault(entry.name_at(), fault));
    };
    let mut keys: Vec<Strokes> = Vec::new();
    for (text, at) in reader.strings(entry)? {
        let strokes = text.parse().map_err(|error: KeyError| reader.fault(at, error.into()))?;
        if !keys.contains(&strokes) {
            keys.push(strokes);
        }
    }
    lines.insert((place.map(Place::id), spec.id), entry.name_at());
    settings.push(Setting { place, action: spec.action, keys });
    Ok(())
}

#[cfg(test)]
mod tests;
