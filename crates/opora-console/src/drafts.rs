//! Texts that were typed and not yet acknowledged. They outlive their dialog, and on disk the process. Knows neither
//! disk nor network.

use std::collections::BTreeMap;

use opora_proto::v1;
use serde::{Deserialize, Serialize};

/// What a draft is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum DraftKey {
    /// A message to the customer on that ticket.
    Reply(u64),
    /// A note for agents on that ticket.
    Note(u64),
    /// A message to every ticket of that incident.
    All(u64),
    /// The description of that ticket.
    Description(u64),
    /// A new ticket.
    Create,
    /// A message to the customers of many tickets.
    Many,
}

impl DraftKey {
    pub(crate) fn of(number: u64, visibility: v1::Visibility) -> Self {
        if visibility == v1::Visibility::Public { Self::Reply(number) } else { Self::Note(number) }
    }

    /// All that may be kept for a ticket.
    pub(crate) fn of_ticket(number: u64) -> [Self; 4] {
        [Self::Reply(number), Self::Note(number), Self::All(number), Self::Description(number)]
    }

    /// The file's name.
    pub(crate) fn file_name(self) -> String {
        match self {
            Self::Reply(number) => format!("ticket-{number}-public.draft"),
            Self::Note(number) => format!("ticket-{number}-internal.draft"),
            Self::All(number) => format!("ticket-{number}-all.draft"),
            Self::Description(number) => format!("ticket-{number}-description.draft"),
            Self::Create => "new-ticket.draft".to_owned(),
            Self::Many => "many-tickets.draft".to_owned(),
        }
    }

    pub(crate) fn from_file_name(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(".draft")?;
        if stem == "new-ticket" {
            return Some(Self::Create);
        }
        if stem == "many-tickets" {
            return Some(Self::Many);
        }
        let (number, kind) = stem.strip_prefix("ticket-")?.split_once('-')?;
        let number = number.parse().ok()?;
        match kind {
            "public" => Some(Self::Reply(number)),
            "internal" => Some(Self::Note(number)),
            "all" => Some(Self::All(number)),
            "description" => Some(Self::Description(number)),
            _ => None,
        }
    }
}

/// How many lines of a new ticket's draft stand before the description.
pub(crate) const HEAD: usize = 4;

impl DraftKey {
    /// What a draft is after its long text was edited elsewhere: for a new ticket its other fields stay.
    pub(crate) fn put(self, kept: &str, text: &str) -> String {
        let text = text.trim_end_matches('\n');
        if self != Self::Create {
            return text.to_owned();
        }
        let mut parts: Vec<&str> = kept.split('\n').take(HEAD).collect();
        parts.resize(HEAD, "");
        parts.push(text);
        parts.join("\n")
    }
}

/// A text that was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Draft {
    /// As typed. For a new ticket: the subject, then the other fields, a line each, then the description.
    pub(crate) text: String,
    /// The id under which this very text was sent, so that sending it again can't double it. Empty: not sent yet.
    pub(crate) request_id: String,
    /// It was sent, and nothing tells that it went out: held back, refused, or the answer was lost.
    pub(crate) undelivered: bool,
}

impl Draft {
    /// The form on disk.
    pub(crate) fn encode(&self) -> String {
        let undelivered = if self.undelivered { "undelivered: yes\n" } else { "" };
        format!("request-id: {}\n{undelivered}\n{}", self.request_id, self.text)
    }

    pub(crate) fn decode(text: &str) -> Self {
        match text.strip_prefix("request-id: ").and_then(|rest| rest.split_once("\n\n")) {
            Some((head, text)) => {
                let (id, undelivered) = head.split_once('\n').map_or((head, false), |(id, _)| (id, true));
                // Sent by a console that did not live to see the answer.
                let undelivered = undelivered || !id.is_empty();
                Self { text: text.to_owned(), request_id: id.to_owned(), undelivered }
            }
            None => Self { text: text.to_owned(), ..Self::default() },
        }
    }
}

/// What became of a text in the external editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edited {
    pub(crate) key: DraftKey,
    /// What is on disk, however the editor ended; `None`: nothing that could be read.
    pub(crate) text: Option<String>,
    /// Why it did not begin or did not end well.
    pub(crate) fault: Option<EditorFault>,
    /// The name of the file that it was given; empty: there is none any more.
    pub(crate) file: String,
}

/// What went wrong with the external editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EditorFault {
    /// What it saved is not UTF-8: it is kept in this file.
    Encoding(String),
    /// The command has a quote that is not closed: the command.
    Quote(String),
    /// There is no such program.
    Missing(String),
    /// It ended with this code.
    Exit(i32),
    /// A signal ended it.
    Signal(i32),
    /// What the system said.
    System(String),
}

/// All drafts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drafts(BTreeMap<DraftKey, Draft>);

impl Drafts {
    pub(crate) fn get(&self, key: DraftKey) -> Option<&Draft> {
        self.0.get(&key)
    }

    /// Keeps a text; false where it is what was kept already.
    pub(crate) fn keep(&mut self, key: DraftKey, text: &str) -> bool {
        if self.0.get(&key).is_some_and(|draft| draft.text == text) {
            return false;
        }
        let undelivered = self.0.get(&key).is_some_and(|draft| draft.undelivered);
        self.0.insert(key, Draft { text: text.to_owned(), request_id: String::new(), undelivered });
        true
    }

    /// Notes the id under which it is sent.
    pub(crate) fn sent(&mut self, key: DraftKey, request_id: &str) {
        if let Some(draft) = self.0.get_mut(&key) {
            request_id.clone_into(&mut draft.request_id);
            draft.undelivered = true;
        }
    }

    /// What was found on disk; a text that was typed since is newer.
    pub(crate) fn restore(&mut self, key: DraftKey, draft: Draft) {
        self.0.entry(key).or_insert(draft);
    }

    pub(crate) fn remove(&mut self, key: DraftKey) {
        self.0.remove(&key);
    }

    /// Whether something is kept for a ticket.
    pub(crate) fn has(&self, number: u64) -> bool {
        DraftKey::of_ticket(number).iter().any(|key| self.0.contains_key(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_read_back_as_it_was_written() {
        let numbered = [DraftKey::Reply(7), DraftKey::Note(8), DraftKey::All(9), DraftKey::Description(10)];
        for key in numbered.into_iter().chain([DraftKey::Create, DraftKey::Many]) {
            assert_eq!(DraftKey::from_file_name(&key.file_name()), Some(key));
        }
        for undelivered in [true, false] {
            let request_id = if undelivered { "x" } else { "" };
            let draft =
                Draft { text: "Видим.\n\nУже чиним".into(), request_id: request_id.into(), undelivered };
            assert_eq!(Draft::decode(&draft.encode()), draft);
        }
        let edited = Draft { text: "Видим".into(), request_id: String::new(), undelivered: true };
        assert_eq!(Draft::decode(&edited.encode()), edited);
        assert!(Draft::decode("request-id: x\n\nsent by an older console").undelivered);
        assert_eq!(DraftKey::from_file_name("ticket-x-public.draft"), None);
    }
}
