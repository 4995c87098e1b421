//! What an operator should look at: a list that parts of the server put things on and take them off again, read by
//! `GetServerInfo`. It knows no part: each has a [`Topic`] of its own, and what it says of it replaces what it said.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use opora_core::time::Millis;
use parking_lot::Mutex;

use crate::language::{Language, warning};

/// What a warning is about; the order in which warnings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Who may call.
    Access,
    /// What is kept.
    Data,
    /// Variables of the environment that are no settings.
    Environment,
    /// The machine's clock.
    Clock,
    /// Files that are being sent.
    Files,
    /// The log of this process.
    Log,
}

/// One thing that an operator should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Callers from other machines are believed who they say they are: there is no sign-in yet.
    NoSignIn {
        /// The address that is listened on.
        address: SocketAddr,
    },
    /// The data directory is damaged and only read.
    ReadOnly {
        /// How many revisions can't be read.
        revisions: u64,
        /// How many tickets are known to be refused for it.
        tickets: u64,
    },
    /// The data directory was put to use as a copy, at this start.
    Restored,
    /// A variable that begins as ours do and is no setting; it was passed over.
    UnknownVariable {
        /// Its name.
        name: String,
        /// The variable of the setting with the nearest name, if any is near.
        nearest: Option<String>,
    },
    /// There are more of these than are told one by one.
    MoreVariables {
        /// How many more.
        count: u64,
    },
    /// Variables that Kubernetes makes of a Service whose name begins like ours.
    ServiceVariables {
        /// The first of them.
        name: String,
        /// How many there are.
        count: u64,
    },
    /// The machine's clock was set to another time than the one that passed; the desk goes on by the time that passed.
    ClockDisagrees {
        /// The machine's time less the desk's.
        ahead: Millis,
    },
    /// Uploads that are not finished take more than nine tenths of what they may.
    StagingNearlyFull {
        /// Bytes that they take.
        bytes: u64,
        /// Bytes that they may take.
        allowance: u64,
    },
    /// Lines of the log that could not be written, since the start.
    LogLinesDropped {
        /// How many.
        count: u64,
    },
}

impl Warning {
    /// The sentence in a language of the desk.
    pub(crate) fn sentence(&self, language: Language) -> String {
        match self {
            Self::NoSignIn { address } => warning(language, "no-sign-in", &[("address", &address.to_string())], None),
            Self::ReadOnly { revisions, tickets } => {
                let numbers = [("revisions", &*revisions.to_string()), ("tickets", &*tickets.to_string())];
                warning(language, "read-only", &numbers, None)
            }
            Self::Restored => warning(language, "restored", &[], None),
            Self::UnknownVariable { name, nearest: None } => {
                warning(language, "unknown-variable", &[("name", name)], None)
            }
            Self::UnknownVariable { name, nearest: Some(nearest) } => {
                warning(language, "unknown-variable-near", &[("name", name), ("nearest", nearest)], None)
            }
            Self::MoreVariables { count } => warning(language, "more-variables", &[], Some(*count)),
            Self::ServiceVariables { name, count } => {
                warning(language, "service-variables", &[("name", name)], Some(*count))
            }
            Self::ClockDisagrees { ahead } => {
                let key = if ahead.0 < 0 { "clock-behind" } else { "clock-ahead" };
                let seconds = ahead.0.unsigned_abs() / 1_000;
                warning(language, key, &[("seconds", &seconds.to_string())], None)
            }
            Self::StagingNearlyFull { bytes, allowance } => {
                let numbers = [("bytes", &*bytes.to_string()), ("allowance", &*allowance.to_string())];
                warning(language, "staging-nearly-full", &numbers, None)
            }
            Self::LogLinesDropped { count } => warning(language, "log-lines-dropped", &[], Some(*count)),
        }
    }
}

/// In the language of the log.
impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence(Language::English))
    }
}

/// The list. Cheap to clone: all clones are one list.
#[derive(Clone, Debug, Default)]
pub struct Warnings(Arc<Mutex<BTreeMap<Topic, Vec<Warning>>>>);

impl Warnings {
    /// Says all that there is to say about a topic now; nothing takes it off the list.
    pub fn set(&self, topic: Topic, warnings: Vec<Warning>) {
        let mut all = self.0.lock();
        if warnings.is_empty() {
            all.remove(&topic);
        } else {
            all.insert(topic, warnings);
        }
    }

    /// All of it, in the order of the topics.
    pub fn all(&self) -> Vec<Warning> {
        self.0.lock().values().flatten().cloned().collect()
    }

    /// The same as sentences.
    pub(crate) fn sentences(&self, language: Language) -> Vec<String> {
        self.all().iter().map(|warning| warning.sentence(language)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_warning() -> Vec<Warning> {
        let name = || "OPORA_LISTN".to_owned();
        vec![
            Warning::NoSignIn { address: SocketAddr::from(([0, 0, 0, 0], 7420)) },
            Warning::ReadOnly { revisions: 12, tickets: 3 },
            Warning::Restored,
            Warning::UnknownVariable { name: name(), nearest: None },
            Warning::UnknownVariable { name: name(), nearest: Some("OPORA_LISTEN".into()) },
            Warning::MoreVariables { count: 3 },
            Warning::ServiceVariables { name: "OPORA_PORT".into(), count: 7 },
            Warning::ClockDisagrees { ahead: Millis::hours(-1) },
            Warning::ClockDisagrees { ahead: Millis::hours(1) },
            Warning::StagingNearlyFull { bytes: 1_000_000_000, allowance: 1_073_741_824 },
            Warning::LogLinesDropped { count: 21 },
        ]
    }

    #[test]
    fn every_warning_is_told_in_both_languages() {
        for warning in every_warning() {
            let (english, russian) = (warning.sentence(Language::English), warning.sentence(Language::Russian));
            assert!(english.is_ascii() && english.contains(' ') && !english.contains('{'), "{english}");
            assert!(russian.chars().any(|c| ('а'..='я').contains(&c)) && !russian.contains('{'), "{russian}");
        }
    }

    #[test]
    fn what_a_part_says_replaces_what_it_said_and_leaves_the_others() {
        let (warnings, dropped) = (Warnings::default(), |count| Warning::LogLinesDropped { count });
        warnings.set(Topic::Log, vec![dropped(1)]);
        let unknown = Warning::UnknownVariable { name: "OPORA_X".into(), nearest: None };
        warnings.clone().set(Topic::Environment, vec![unknown.clone()]);
        warnings.set(Topic::Log, vec![dropped(2)]);
        assert_eq!(warnings.all(), [unknown.clone(), dropped(2)]);
        warnings.set(Topic::Log, Vec::new());
        assert_eq!(warnings.all(), [unknown]);
    }
}
