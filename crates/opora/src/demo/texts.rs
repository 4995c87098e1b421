//! The invented people, problems and messages of the demo, read from a data file.

use serde::Deserialize;

use crate::failure::Failure;

/// Everything that is invented.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Texts {
    /// Customers.
    pub(crate) organisation: Vec<Organisation>,
    /// Support engineers.
    pub(crate) agent: Vec<Agent>,
    /// What goes wrong.
    pub(crate) problem: Vec<Problem>,
    /// What is written about it.
    pub(crate) messages: Messages,
}

/// A customer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Organisation {
    /// Its id.
    pub(crate) id: String,
    /// As people call it.
    pub(crate) name: String,
    /// An IANA name.
    pub(crate) zone: String,
    /// `V3` or `V5`.
    pub(crate) platform: String,
    /// `ru` or `en`.
    pub(crate) language: String,
    /// Its people.
    pub(crate) people: Vec<String>,
}

/// A support engineer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Agent {
    /// Their id.
    pub(crate) id: String,
    /// As people call them.
    pub(crate) name: String,
}

/// What goes wrong: subject and description in both languages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Problem {
    /// A word of the contract.
    pub(crate) category: String,
    /// A word of the contract.
    pub(crate) channel: Option<String>,
    /// A word of the contract.
    pub(crate) impact: String,
    /// How often it happens, against the others.
    pub(crate) weight: u32,
    /// In Russian.
    pub(crate) ru: [String; 2],
    /// In English.
    pub(crate) en: [String; 2],
}

/// What is written, in both languages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Messages {
    /// In Russian.
    pub(crate) ru: Phrases,
    /// In English.
    pub(crate) en: Phrases,
}

/// What is written in one language.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phrases {
    /// Of agents.
    pub(crate) answers: Vec<String>,
    /// Of customers.
    pub(crate) replies: Vec<String>,
    /// Of agents, for the desk alone.
    pub(crate) notes: Vec<String>,
    /// Why it is resolved.
    pub(crate) solved: String,
    /// Why it is escalated.
    pub(crate) escalated: String,
    /// Why the priority is raised.
    pub(crate) raised: String,
    /// Why it is lowered.
    pub(crate) lowered: String,
    /// Why it is merged.
    pub(crate) merged: String,
}

impl Texts {
    /// The data file.
    pub(crate) fn load() -> Result<Self, Failure> {
        toml::from_str(include_str!("../../demo/texts.toml")).map_err(|error| Failure::bug(error.to_string()))
    }
}
