//! Texts for people, from the catalogues in `locales/`: no sentence that a person reads stands in code, except clap's
//! help and the errors of arguments.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::cli::value::Language;

const EN: &str = include_str!("../locales/en/cli.ftl");
const RU: &str = include_str!("../locales/ru/cli.ftl");

/// The texts of one language.
pub(crate) struct Text {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text").field("language", &self.language).finish_non_exhaustive()
    }
}

impl Text {
    /// The texts of a language.
    pub(crate) fn new(language: Language) -> Self {
        let source = match language {
            Language::En => EN,
            Language::Ru => RU,
        };
        let id: LanguageIdentifier = language.code().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        bundle.set_use_isolating(false);
        // A catalogue with a fault still gives what it can; a test makes sure that none has one.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(partial, _)| partial);
        bundle.add_resource_overriding(resource);
        Self { language, bundle }
    }

    /// The language.
    pub(crate) const fn language(&self) -> Language {
        self.language
    }

    /// A text without arguments; the key itself where there is none.
    pub(crate) fn get(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// A text with arguments.
    pub(crate) fn with(&self, key: &str, arguments: &[(&str, Value<'_>)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut filled = FluentArgs::new();
        for (name, value) in arguments {
            filled.set(*name, FluentValue::from(value.clone()));
        }
        let mut faults = Vec::new();
        self.bundle.format_pattern(pattern, Some(&filled), &mut faults).into_owned()
    }

    /// The text of a value of an enum of the contract: `PRIORITY_HIGH` has the key `priority-high`.
    pub(crate) fn word(&self, wire: &str) -> String {
        self.get(&key_of(wire))
    }
}

/// The key of a value of an enum.
pub(crate) fn key_of(wire: &str) -> String {
    wire.to_ascii_lowercase().replace('_', "-")
}

/// An argument of a text.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    /// A word.
    Str(&'a str),
    /// A word that was just made.
    Owned(String),
    /// A count; languages choose a plural by it.
    Count(u64),
}

impl<'a> From<Value<'a>> for FluentValue<'a> {
    fn from(value: Value<'a>) -> Self {
        match value {
            Value::Str(text) => text.into(),
            Value::Owned(text) => text.into(),
            Value::Count(count) => count.into(),
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Str(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Str(text)
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Owned(text)
    }
}

impl From<u64> for Value<'_> {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use opora_proto::v1;

    use super::*;

    /// Each key with the arguments that it uses, read from the catalogue's own form.
    fn keys(source: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut current = String::new();
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            if let Some((key, _)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '\t'])) {
                key.clone_into(&mut current);
                assert!(found.insert(current.clone(), BTreeSet::new()).is_none(), "{current} stands there twice");
            }
            for part in line.split('$').skip(1) {
                let name = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                found.get_mut(&current).unwrap().insert(name);
            }
        }
        found
    }

    #[test]
    fn both_languages_have_the_same_keys_with_the_same_arguments() {
        assert_eq!(keys(EN), keys(RU));
    }

    #[test]
    fn no_catalogue_has_a_fault() {
        for source in [EN, RU] {
            assert!(FluentResource::try_new(source.to_owned()).is_ok());
        }
    }

    #[test]
    fn every_value_of_every_enum_has_a_text() {
        let mut names: Vec<&str> = Vec::new();
        for number in 1..=40 {
            names.extend(v1::Priority::try_from(number).map(|v| v.as_str_name()));
            names.extend(v1::Impact::try_from(number).map(|v| v.as_str_name()));
            names.extend(v1::Category::try_from(number).map(|v| v.as_str_name()));
            names.extend(v1::Channel::try_from(number).map(|v| v.as_str_name()));
            names.extend(v1::Platform::try_from(number).map(|v| v.as_str_name()));
            names.extend(v1::TicketState::try_from(number).map(|v| v.as_str_name()));
            names.extend(v1::Origin::try_from(number).map(|v| v.as_str_name()));
            names.extend(v1::Visibility::try_from(number).map(|v| v.as_str_name()));
            names.extend(v1::LogKind::try_from(number).map(|v| v.as_str_name()));
            names.extend(v1::MissingFact::try_from(number).map(|v| v.as_str_name()));
            names.extend(v1::ClockKind::try_from(number).map(|v| v.as_str_name()));
            names.extend(v1::ClockState::try_from(number).map(|v| v.as_str_name()));
            names.extend(v1::BreachCause::try_from(number).map(|v| v.as_str_name()));
            names.extend(v1::ActorKind::try_from(number).map(|v| v.as_str_name()));
            names.extend(v1::LinkKind::try_from(number).map(|v| v.as_str_name()));
            names.extend(v1::SuggestionKind::try_from(number).map(|v| v.as_str_name()));
            names.extend(v1::StretchReason::try_from(number).map(|v| v.as_str_name()));
        }
        let known = keys(EN);
        let missing: Vec<_> = names.iter().filter(|name| !known.contains_key(&key_of(name))).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn russian_counts_have_their_three_forms() {
        let text = Text::new(Language::Ru);
        let said: Vec<_> = [1, 3, 7].map(|n| text.with("total-tickets", &[("count", n.into())])).into();
        assert_eq!(said, ["Всего: 1 запрос", "Всего: 3 запроса", "Всего: 7 запросов"]);
    }
}
