//! Resource names of the contract parsed into types (docs/contract.md "Ticket"): what is a `TicketName` is well formed.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Why a text is not a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It does not begin with the collection that was expected.
    #[error("`{text}` is not a name like `{example}`")]
    Form {
        /// What was given, cut to 100 characters.
        text: String,
        /// A name that would do.
        example: &'static str,
    },
    /// The id breaks the rules of ids.
    #[error("`{0}` is not an id: 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends")]
    Id(String),
}

/// `tickets/123` or `tickets/<uid>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TicketName {
    /// By number, from 1.
    Number(u64),
    /// By the ticket's `uid`.
    Uid(Uuid),
}

impl FromStr for TicketName {
    type Err = NameError;

    /// Accepts the two forms of the contract, nothing else.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let fail = || NameError::Form { text: clip(text), example: "tickets/123" };
        let id = text.strip_prefix("tickets/").ok_or_else(fail)?;
        if id.len() <= 20 && id.bytes().all(|b| b.is_ascii_digit()) && !id.starts_with('0') {
            return id.parse().map(Self::Number).map_err(|_| fail());
        }
        match Uuid::try_parse(id) {
            Ok(uid) if id.len() == 36 => Ok(Self::Uid(uid)),
            _ => Err(fail()),
        }
    }
}

impl TicketName {
    /// What people type: `123`, `#123`, `№123`, or a name of the contract.
    ///
    /// # Errors
    /// [`NameError::Form`] for anything else.
    pub fn from_human(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        let bare = text.strip_prefix(['#', '№']).unwrap_or(text).trim_start();
        // A link, as the console copies it.
        let bare = bare.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or(bare, |(_, name)| name);
        if bare.starts_with("tickets/") { bare.parse() } else { format!("tickets/{bare}").parse() }
    }
}

impl fmt::Display for TicketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "tickets/{number}"),
            Self::Uid(uid) => write!(f, "tickets/{uid}"),
        }
    }
}

/// The collections whose members have an id that people choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Collection {
    /// `organisations/acme`.
    Organisations,
    /// `contacts/anna`.
    Contacts,
    /// `agents/olga`.
    Agents,
    /// `savedViews/burning`.
    SavedViews,
    /// `snippets/greeting`.
    Snippets,
    /// `policies/default`.
    Policies,
}

impl Collection {
    /// The part before the slash.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Organisations => "organisations",
            Self::Contacts => "contacts",
            Self::Agents => "agents",
            Self::SavedViews => "savedViews",
            Self::Snippets => "snippets",
            Self::Policies => "policies",
        }
    }

    /// A name that would do, for messages.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Organisations => "organisations/acme",
            Self::Contacts => "contacts/anna",
            Self::Agents => "agents/olga",
            Self::SavedViews => "savedViews/burning",
            Self::Snippets => "snippets/greeting",
            Self::Policies => "policies/default",
        }
    }

    /// The name of the member with this id.
    pub fn name(self, id: &str) -> String {
        format!("{}/{id}", self.word())
    }

    /// The id in a name of this collection.
    ///
    /// # Errors
    /// [`NameError`] when the name is of another collection or its id is not one.
    pub fn parse(self, name: &str) -> Result<&str, NameError> {
        let id = name
            .strip_prefix(self.word())
            .and_then(|rest| rest.strip_prefix('/'))
            .ok_or_else(|| NameError::Form { text: clip(name), example: self.example() })?;
        if is_id(id) { Ok(id) } else { Err(NameError::Id(clip(id))) }
    }

    /// What people type: the bare id or the whole name; gives the whole name.
    ///
    /// # Errors
    /// [`NameError`] when it is neither.
    pub fn from_human(self, text: &str) -> Result<String, NameError> {
        let text = text.trim();
        let id = if text.contains('/') { self.parse(text)? } else { text };
        if is_id(id) { Ok(self.name(id)) } else { Err(NameError::Id(clip(id))) }
    }
}

/// Whether a text is an id: 1 to 63 of `a-z`, `0-9` and `-`, with a letter or digit at both ends.
pub fn is_id(text: &str) -> bool {
    let ends = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && ends(text.bytes().next())
        && ends(text.bytes().next_back())
}

fn clip(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_named_by_number_or_uid_and_nothing_else() {
        assert_eq!("tickets/123".parse(), Ok(TicketName::Number(123)));
        let uid = Uuid::from_u128(7);
        assert_eq!(format!("tickets/{uid}").parse(), Ok(TicketName::Uid(uid)));
        for bad in [
            "tickets/",
            "tickets/0",
            "tickets/012",
            "tickets/-1",
            "ticket/1",
            "123",
            "tickets/18446744073709551616",
            "tickets/x",
        ] {
            assert!(bad.parse::<TicketName>().is_err(), "{bad}");
        }
        assert_eq!("tickets/18446744073709551615".parse(), Ok(TicketName::Number(u64::MAX)));
    }

    #[test]
    fn people_may_leave_out_what_is_plain() {
        for text in ["7", "#7", "№ 7", " tickets/7 ", "http://127.0.0.1:7420/tickets/7", "https://desk.example.com/7"]
        {
            assert_eq!(TicketName::from_human(text), Ok(TicketName::Number(7)), "{text}");
        }
        assert!(TicketName::from_human("https://desk.example.com/agents/olga").is_err());
        assert_eq!(Collection::Agents.from_human("olga").as_deref(), Ok("agents/olga"));
        assert_eq!(Collection::Agents.from_human("agents/olga").as_deref(), Ok("agents/olga"));
        assert!(Collection::Agents.from_human("contacts/olga").is_err());
    }

    #[test]
    fn ids_are_checked_at_below_and_above_their_limits() {
        assert!(is_id("a") && is_id("a-b") && is_id(&"a".repeat(63)));
        for bad in ["", "-a", "a-", "A", "a_b", "ольга", &"a".repeat(64)] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
