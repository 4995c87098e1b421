//! The sentences of errors and warnings, in the languages of the desk. Knows no code and no detail.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use opora_proto::error::ErrorReason;

pub(crate) const ENGLISH: &str = include_str!("../locales/en/errors.ftl");
pub(crate) const RUSSIAN: &str = include_str!("../locales/ru/errors.ftl");
pub(crate) const WARNINGS_ENGLISH: &str = include_str!("../locales/en/warnings.ftl");
pub(crate) const WARNINGS_RUSSIAN: &str = include_str!("../locales/ru/warnings.ftl");

static EN: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle("en", ENGLISH));
static RU: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle("ru", RUSSIAN));
static WARNINGS_EN: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle("en", WARNINGS_ENGLISH));
static WARNINGS_RU: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle("ru", WARNINGS_RUSSIAN));

/// A language of the desk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    /// The language of `grpc-message`.
    #[default]
    English,
    /// In `LocalizedMessage`, for callers whose `accept-language` asks.
    Russian,
}

impl Language {
    /// What a caller asks for: the language of the desk that has the highest weight.
    pub(crate) fn of_headers(headers: &http::HeaderMap) -> Self {
        headers.get("accept-language").and_then(|v| v.to_str().ok()).map_or(Self::English, Self::asked)
    }

    fn asked(header: &str) -> Self {
        let mut best = (0.0_f32, Self::English);
        for range in header.split(',').take(20) {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let weight = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.trim().parse().ok());
            let language = match tag.trim().split('-').next().map(str::to_ascii_lowercase).as_deref() {
                Some("ru") => Self::Russian,
                Some("en") => Self::English,
                _ => continue,
            };
            if let Some(weight) = weight
                && weight > best.0
            {
                best = (weight, language);
            }
        }
        best.1
    }

    /// The BCP 47 tag.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
        }
    }
}

/// The key of a reason's sentence: `ticket-not-found`.
pub(crate) fn key(reason: ErrorReason) -> String {
    reason.word().to_ascii_lowercase().replace('_', "-")
}

/// A sentence with its variable parts; the key itself where a catalogue lacks it (a test looks that none does).
pub(crate) fn sentence(language: Language, key: &str, values: &[(&str, &str)], count: Option<u64>) -> String {
    let bundle = match language {
        Language::English => &*EN,
        Language::Russian => &*RU,
    };
    formed(bundle, key, values, count)
}

/// The same for what an operator should look at.
pub(crate) fn warning(language: Language, key: &str, values: &[(&str, &str)], count: Option<u64>) -> String {
    let bundle = match language {
        Language::English => &*WARNINGS_EN,
        Language::Russian => &*WARNINGS_RU,
    };
    formed(bundle, key, values, count)
}

fn formed(bundle: &FluentBundle<FluentResource>, key: &str, values: &[(&str, &str)], count: Option<u64>) -> String {
    let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
        return key.to_owned();
    };
    let mut args = FluentArgs::new();
    for (name, value) in values {
        args.set(*name, *value);
    }
    if let Some(count) = count {
        args.set("count", count);
    }
    bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned()
}

fn bundle(tag: &str, source: &str) -> FluentBundle<FluentResource> {
    // A catalogue with a mistake still gives what could be read of it; a test looks that there is none.
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(read, _)| read);
    let mut bundle = FluentBundle::new_concurrent(tag.parse().into_iter().collect());
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn the_language_with_the_highest_weight_is_taken() {
        for (header, language) in [
            ("ru", Language::Russian),
            ("ru-RU,ru;q=0.9", Language::Russian),
            ("en-GB,ru;q=0.9", Language::English),
            ("de,ru;q=0.5,en;q=0.4", Language::Russian),
            ("de", Language::English),
            ("", Language::English),
            ("ru;q=x", Language::English),
        ] {
            assert_eq!(Language::asked(header), language, "{header}");
        }
    }
}
