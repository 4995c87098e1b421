//! Why a data directory can't be opened, in words: for every command that opens one.

use opora_store::OpenError;

use crate::system;
use crate::text::{Text, Value};

/// Why a data directory can't be opened, in words.
pub(crate) fn why(error: &OpenError, text: &Text) -> String {
    let say = |key: &str, arguments: &[(&str, Value<'_>)]| text.with(key, arguments);
    let named = |path: &std::path::Path| -> Value<'_> { path.display().to_string().into() };
    match error {
        OpenError::InUse { dir, pid } => {
            let pid = pid.map_or_else(|| "none".to_owned(), |pid| pid.to_string());
            say("open-in-use", &[("dir", named(dir)), ("pid", pid.into())])
        }
        OpenError::Newer { path, detail } => say("open-newer", &[("path", named(path)), ("detail", detail.into())]),
        OpenError::Unusable { dir, source } => {
            say("open-unusable", &[("dir", named(dir)), ("cause", system::told(source, text).into())])
        }
        OpenError::NoDesk { dir } => say("open-no-desk", &[("dir", named(dir))]),
        OpenError::Format { path, detail } => say("open-format", &[("path", named(path)), ("detail", detail.into())]),
        OpenError::Damaged { revision, path, detail } => {
            let arguments =
                [("revision", revision.0.to_string().into()), ("path", named(path)), ("detail", detail.into())];
            say("open-damaged", &arguments)
        }
        OpenError::Short { path, detail } => say("open-short", &[("path", named(path)), ("detail", detail.into())]),
        OpenError::Behind { path, newest, acknowledged, witness } => {
            let arguments = [
                ("path", named(path)),
                ("newest", newest.0.to_string().into()),
                ("acknowledged", acknowledged.0.to_string().into()),
                ("witness", (*witness).into()),
            ];
            say("open-behind", &arguments)
        }
        OpenError::NoJournal { path } => say("open-no-journal", &[("path", named(path))]),
        OpenError::Unreadable { path, detail } => {
            say("open-unreadable", &[("path", named(path)), ("detail", detail.into())])
        }
        OpenError::View { path, detail } => say("open-view", &[("path", named(path)), ("detail", detail.into())]),
        OpenError::Io { path, source } => {
            say("open-io", &[("path", named(path)), ("cause", system::told(source, text).into())])
        }
    }
}

#[cfg(test)]
mod tests {
    use opora_core::model::Revision;

    use super::*;
    use crate::cli::value::Language;

    fn errors() -> Vec<OpenError> {
        let (path, detail) = (std::path::PathBuf::from("/srv/desk"), "x".to_owned());
        let cause = || std::io::Error::from(rustix::io::Errno::ACCESS);
        vec![
            OpenError::InUse { dir: path.clone(), pid: None },
            OpenError::InUse { dir: path.clone(), pid: Some(1234) },
            OpenError::Newer { path: path.clone(), detail: detail.clone() },
            OpenError::Unusable { dir: path.clone(), source: cause() },
            OpenError::NoDesk { dir: path.clone() },
            OpenError::Format { path: path.clone(), detail: detail.clone() },
            OpenError::Damaged { revision: Revision(34_567), path: path.clone(), detail: detail.clone() },
            OpenError::Short { path: path.clone(), detail: detail.clone() },
            OpenError::Behind {
                path: path.clone(),
                newest: Revision(1200),
                acknowledged: Revision(34_567),
                witness: "state",
            },
            OpenError::NoJournal { path: path.clone() },
            OpenError::Unreadable { path: path.clone(), detail: detail.clone() },
            OpenError::View { path: path.clone(), detail },
            OpenError::Io { path, source: cause() },
        ]
    }

    #[test]
    fn the_catalogue_says_in_english_what_the_store_does() {
        let text = Text::new(Language::En);
        for error in errors() {
            assert_eq!(why(&error, &text), error.to_string());
        }
    }

    #[test]
    fn every_refusal_is_told_in_russian() {
        let text = Text::new(Language::Ru);
        for line in errors().iter().map(|error| why(error, &text)) {
            assert!(!line.contains('{') && !line.starts_with("open-") && !line.contains("os error"), "{line}");
            // Of some nothing but the detail is words.
            assert!(line.ends_with(": x") || line.chars().any(|c| ('а'..='я').contains(&c)), "{line}");
        }
    }
}
