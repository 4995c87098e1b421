//! A TOML text walked with the place of each name and value, so that a fault can be told with its line.

use toml::Spanned;
use toml::de::{DeInteger, DeString, DeTable, DeValue};

use super::{ConfigError, Fault};
use crate::keys::names::Nearest;

/// The text that is read.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    /// Its name in errors.
    pub(super) file: &'a str,
}

/// A table.
pub(super) struct Table<'a>(DeTable<'a>);

/// A name with its value.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    name: &'a Spanned<DeString<'a>>,
    value: &'a Spanned<DeValue<'a>>,
}

impl Table<'_> {
    /// What is in it, in the order of the text.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut entries: Vec<Entry<'_>> = self.0.iter().map(|(name, value)| Entry { name, value }).collect();
        entries.sort_by_key(Entry::name_at);
        entries.into_iter()
    }
}

impl Entry<'_> {
    pub(super) fn name(&self) -> &str {
        self.name.get_ref()
    }

    /// Where its name begins.
    pub(super) fn name_at(&self) -> usize {
        self.name.span().start
    }

    /// Where its value begins.
    pub(super) fn value_at(&self) -> usize {
        self.value.span().start
    }

    pub(super) fn is_table(&self) -> bool {
        self.value.get_ref().is_table()
    }
}

impl<'a> Reader<'a> {
    /// The whole text.
    pub(super) fn document(&self) -> Result<Table<'a>, ConfigError> {
        match DeTable::parse(self.text) {
            Ok(table) => Ok(Table(table.into_inner())),
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                Err(self.fault(at, Fault::Toml(error.message().to_owned())))
            }
        }
    }

    /// A fault at a place of the text.
    pub(super) fn fault(&self, at: usize, fault: Fault) -> ConfigError {
        let line = self.text.get(..at).unwrap_or(self.text).matches('\n').count() + 1;
        ConfigError { file: self.file.to_owned(), line, fault }
    }

    /// The value is of another kind; `wanted` is the text that says of which it has to be.
    pub(super) fn wants(&self, entry: &Entry<'_>, wanted: &'static str) -> ConfigError {
        self.fault(entry.value_at(), Fault::Kind(entry.name().to_owned(), wanted))
    }

    pub(super) fn table<'t>(&self, entry: &Entry<'t>) -> Result<Table<'t>, ConfigError> {
        let table = entry.value.get_ref().as_table();
        table.cloned().map(Table).ok_or_else(|| self.wants(entry, "config-want-table"))
    }

    pub(super) fn truth(&self, entry: &Entry<'_>) -> Result<bool, ConfigError> {
        entry.value.get_ref().as_bool().ok_or_else(|| self.wants(entry, "config-want-truth"))
    }

    pub(super) fn number(&self, entry: &Entry<'_>) -> Result<u16, ConfigError> {
        let number = entry.value.get_ref().as_integer().and_then(|n| u16::from_str_radix(n.as_str(), n.radix()).ok());
        number.ok_or_else(|| self.wants(entry, "config-want-number"))
    }

    pub(super) fn string<'t>(&self, entry: &Entry<'t>) -> Result<&'t str, ConfigError> {
        entry.value.get_ref().as_str().ok_or_else(|| self.wants(entry, "config-want-text"))
    }

    /// One text or a list of them, each with its place.
    pub(super) fn strings<'t>(&self, entry: &Entry<'t>) -> Result<Vec<(&'t str, usize)>, ConfigError> {
        let wrong = || self.wants(entry, "config-want-texts");
        match entry.value.get_ref() {
            DeValue::String(text) => Ok(vec![(text, entry.value_at())]),
            DeValue::Array(values) => values
                .iter()
                .map(|value| value.get_ref().as_str().map(|text| (text, value.span().start)).ok_or_else(wrong))
                .collect(),
            _ => Err(wrong()),
        }
    }

    /// One of some words. A number stands for its digits.
    pub(super) fn choice<T: Copy>(&self, entry: &Entry<'_>, known: &[(&str, T)]) -> Result<T, ConfigError> {
        let value = entry.value.get_ref();
        let text = value.as_integer().map(DeInteger::as_str).or(value.as_str());
        let text = text.ok_or_else(|| self.wants(entry, "config-want-text"))?;
        let found = known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        found.ok_or_else(|| {
            let names = || known.iter().map(|(name, _)| *name);
            let words: Vec<String> = names().map(|name| format!("`{name}`")).collect();
            let nearest = Nearest::of(text, names());
            self.fault(entry.value_at(), Fault::Choice { value: text.to_owned(), known: words.join(", "), nearest })
        })
    }
}
