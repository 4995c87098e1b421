//! Values of arguments: what people type, parsed into what the contract has.

use std::time::Duration;

use clap::ValueEnum;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use opora_proto::name::{Collection, TicketName};
use opora_proto::v1;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
        pub(crate) enum $name { $($(#[$about])* $variant),+ }

        impl From<$name> for i32 {
            fn from(value: $name) -> Self {
                let wire = match value { $($name::$variant => v1::$name::$variant),+ };
                wire.into()
            }
        }
    };
}

words!(
    /// How urgent.
    Priority {
        /// At once, until the service is back
        Critical,
        /// Soon
        High,
        /// In a week
        Medium,
        /// In two weeks
        Low,
    }
);
words!(
    /// How widely it is felt.
    Impact {
        /// The service does not work at all
        #[value(alias = "service_down")]
        ServiceDown,
        /// The service disconnects from time to time
        #[value(alias = "service_intermittent")]
        ServiceIntermittent,
        /// Several operators' workstations
        #[value(alias = "several_workstations")]
        SeveralWorkstations,
        /// One operator
        #[value(alias = "one_workstation")]
        OneWorkstation,
    }
);
words!(
    /// What is wrong.
    Category {
        /// Calls, mail or chat don't pass
        #[value(alias = "channel_failure")]
        ChannelFailure,
        /// Poor audio
        #[value(alias = "audio_quality")]
        AudioQuality,
        /// Trouble with signing in
        #[value(alias = "sign_in")]
        SignIn,
        /// Disconnects from time to time
        Disconnects,
        /// Anything else
        Other,
    }
);
words!(
    /// The channel that fails.
    Channel {
        /// Calls
        Calls,
        /// Mail
        Email,
        /// Chat
        Chat,
    }
);
words!(
    /// The generation of the platform.
    Platform {
        /// Grey panels
        #[value(name = "v3", alias = "3.x")]
        V3,
        /// Turquoise panels
        #[value(name = "v5", alias = "5.x")]
        V5,
    }
);
words!(
    /// Where a ticket is in its life.
    TicketState {
        /// Nobody has answered or taken it
        New,
        /// An agent works on it
        #[value(alias = "in_progress")]
        InProgress,
        /// The customer has to answer
        #[value(alias = "waiting_for_customer", alias = "waiting")]
        WaitingForCustomer,
        /// Solved
        Resolved,
        /// Ended for good
        Closed,
    }
);
words!(
    /// The way by which a ticket came.
    Origin {
        /// Through the contract
        Grpc,
        /// The console
        Console,
        /// E-mail
        Email,
        /// A telephone call: answered as it was made
        Phone,
        /// Another system
        Import,
    }
);
words!(
    /// How a ticket belongs to another.
    LinkKind {
        /// They have to do with each other
        Related,
        /// It is one report of a mass problem
        #[value(alias = "child_of_incident", alias = "child")]
        ChildOfIncident,
    }
);

/// The language of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Русский
    Ru,
    /// English
    En,
}

impl Language {
    /// Its code.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::En => "en",
        }
    }

    /// The language that the values of LC_ALL, LC_MESSAGES and LANG, in this order, ask for.
    pub(crate) fn from_locale(values: [Option<String>; 3]) -> Self {
        let chosen = values.into_iter().flatten().find(|value| !value.is_empty());
        if chosen.is_some_and(|value| value.to_ascii_lowercase().starts_with("ru")) { Self::Ru } else { Self::En }
    }
}

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// Tables for people
    Table,
    /// One JSON value, the response message
    Json,
    /// One JSON value a line, one line an element
    Ndjson,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColourChoice {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    /// What burns first
    Urgency,
    /// By creation
    #[value(alias = "create_time")]
    CreateTime,
    /// By last change
    #[value(alias = "update_time")]
    UpdateTime,
    /// By number
    Number,
    /// By priority
    Priority,
}

impl Order {
    /// The word of the contract.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Urgency => "urgency",
            Self::CreateTime => "create_time",
            Self::UpdateTime => "update_time",
            Self::Number => "number",
            Self::Priority => "priority",
        }
    }
}

/// A ticket as people name it.
pub(crate) fn ticket_name(text: &str) -> Result<String, String> {
    TicketName::from_human(text)
        .map(|name| name.to_string())
        .map_err(|_| "a ticket is named by its number (123 or #123), by tickets/123, or by its uid".to_owned())
}

/// `olga` or `agents/olga`.
pub(crate) fn agent_name(text: &str) -> Result<String, String> {
    Collection::Agents.from_human(text).map_err(|error| error.to_string())
}

/// `acme` or `organisations/acme`.
pub(crate) fn organisation_name(text: &str) -> Result<String, String> {
    Collection::Organisations.from_human(text).map_err(|error| error.to_string())
}

/// `anna` or `contacts/anna`.
pub(crate) fn contact_name(text: &str) -> Result<String, String> {
    Collection::Contacts.from_human(text).map_err(|error| error.to_string())
}

/// `default` or `policies/default`.
pub(crate) fn policy_name(text: &str) -> Result<String, String> {
    Collection::Policies.from_human(text).map_err(|error| error.to_string())
}

/// `20s`, `2m`, `1h 30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let parsed: SignedDuration = text.parse().map_err(|_| format!("`{text}` is not a time such as 20s or 2m"))?;
    match Duration::try_from(parsed) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("must be longer than nothing".to_owned()),
    }
}

/// An instant: `2026-03-02T09:00:00Z`, or a local time of this machine, `2026-03-02 09:00`.
pub(crate) fn instant(text: &str) -> Result<Timestamp, String> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    #[expect(clippy::disallowed_methods, reason = "whoever types a time at this machine means its zone")]
    let zone = TimeZone::system();
    text.parse::<jiff::civil::DateTime>()
        .and_then(|local| local.to_zoned(zone))
        .map(|zoned| zoned.timestamp())
        .map_err(|_| format!("`{text}` is not a time such as 2026-03-02T09:00:00Z or '2026-03-02 09:00'"))
}

/// A request id.
pub(crate) fn request_id(text: &str) -> Result<String, String> {
    uuid::Uuid::try_parse(text).map(|id| id.to_string()).map_err(|_| "a request id is a UUID".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_comes_from_the_first_locale_variable_that_is_set() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(Language::from_locale([None, None, some("ru_RU.UTF-8")]), Language::Ru);
        assert_eq!(Language::from_locale([some("C"), None, some("ru_RU.UTF-8")]), Language::En);
        assert_eq!(Language::from_locale([some(""), some("ru"), some("en_GB")]), Language::Ru);
        assert_eq!(Language::from_locale([None, None, None]), Language::En);
    }

    #[test]
    fn instants_are_read_with_and_without_a_zone() {
        assert_eq!(instant("2026-03-02T09:00:00Z").unwrap().as_second(), 1_772_442_000);
        assert!(instant("2026-03-02 09:00").is_ok());
        assert!(instant("yesterday-ish").is_err());
    }

    #[test]
    fn a_time_out_is_a_time_and_not_nothing() {
        assert_eq!(duration("20s").unwrap(), Duration::from_secs(20));
        assert!(duration("0s").is_err() && duration("-1s").is_err() && duration("soon").is_err());
    }
}
