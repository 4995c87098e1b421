//! The console's own texts, from the fluent catalogues. Knows no screen.

use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// A language of the console.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Russian.
    #[default]
    Ru,
    /// English.
    En,
}

impl Language {
    /// `ru` or `en`, as the server is told.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::En => "en",
        }
    }

    /// The language of a locale such as `ru_RU.UTF-8`; English for what is not Russian.
    pub fn of_locale(locale: &str) -> Self {
        if locale.to_lowercase().starts_with("ru") { Self::Ru } else { Self::En }
    }

    const fn source(self) -> &'static str {
        match self {
            Self::Ru => include_str!("../locales/ru/console.ftl"),
            Self::En => include_str!("../locales/en/console.ftl"),
        }
    }
}

/// A catalogue. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Texts {
    language: Language,
    bundle: Arc<FluentBundle<FluentResource>>,
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Texts({:?})", self.language)
    }
}

impl Texts {
    /// The catalogue of a language.
    pub(crate) fn new(language: Language) -> Self {
        // Both codes are well formed: the default is never taken.
        let id: LanguageIdentifier = language.code().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        bundle.set_use_isolating(false);
        // A faulty entry is left out and shows as its key; a test reads both catalogues and finds it.
        let resource = match FluentResource::try_new(language.source().to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        bundle.add_resource_overriding(resource);
        Self { language, bundle: Arc::new(bundle) }
    }

    /// The text of a key; the key itself where there is none.
    pub(crate) fn get(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// The text of a key with arguments.
    pub(crate) fn with(&self, key: &str, arguments: &[(&str, Arg<'_>)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|m| m.value()) else { return key.to_owned() };
        let mut args = FluentArgs::new();
        for (name, value) in arguments {
            args.set(
                (*name).to_owned(),
                match value {
                    Arg::Text(text) => FluentValue::from((*text).to_owned()),
                    Arg::Number(number) => FluentValue::from(*number),
                },
            );
        }
        self.bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned()
    }
}

/// An argument of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Arg<'a> {
    /// A text, put in as it is.
    Text(&'a str),
    /// A number, by which the plural is chosen.
    Number(i64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<usize> for Arg<'_> {
    fn from(number: usize) -> Self {
        Self::Number(number as i64)
    }
}

impl From<u64> for Arg<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number as i64)
    }
}

impl From<u32> for Arg<'_> {
    fn from(number: u32) -> Self {
        Self::Number(i64::from(number))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Keys of a catalogue, each with the names of its arguments.
    fn keys(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        assert!(FluentResource::try_new(language.source().to_owned()).is_ok(), "{language:?} has a faulty entry");
        let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut current = String::new();
        for line in language.source().lines().filter(|l| !l.starts_with('#')) {
            if !line.starts_with([' ', '}'])
                && let Some((key, _)) = line.split_once('=')
            {
                key.trim().clone_into(&mut current);
                assert!(keys.insert(current.clone(), BTreeSet::new()).is_none(), "`{current}` stands twice");
            }
            for part in line.split('$').skip(1) {
                let name: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
                keys.entry(current.clone()).or_default().insert(name);
            }
        }
        keys
    }

    #[test]
    fn both_catalogues_have_the_same_keys_with_the_same_arguments() {
        assert_eq!(keys(Language::Ru), keys(Language::En));
    }

    #[test]
    fn the_hints_of_keys_have_room_in_a_window_of_80_columns() {
        for language in [Language::Ru, Language::En] {
            let texts = Texts::new(language);
            for key in keys(language).keys().filter(|key| key.starts_with("hint-")) {
                // An answer is written over the whole width, everything else within a margin.
                let room = if key == "hint-write" { 76 } else { 72 };
                let wide = crate::text::width(&texts.get(key));
                assert!(wide <= room, "{language:?} {key} is {wide} columns wide");
            }
        }
    }

    #[test]
    fn plurals_follow_the_language() {
        let ru = Texts::new(Language::Ru);
        assert_eq!(ru.with("new-above", &[("count", 1_usize.into())]), "▲ 1 новый");
        assert_eq!(ru.with("new-above", &[("count", 7_usize.into())]), "▲ 7 новых");
    }
}
