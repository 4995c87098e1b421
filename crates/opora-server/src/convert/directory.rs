//! Organisations, contacts, agents, saved views and snippets: their fields by path, both ways.

use std::sync::Arc;

use opora_core::filter::Filter;
use opora_core::model::{
    Agent, AgentId, Contact, ContactId, Entry, IdError, Organisation, OrganisationId, PolicyId, SavedView, SavedViewId,
    Snippet, SnippetId, Visibility,
};
use opora_core::order::OrderBy;
use opora_proto::v1;

use super::time::timestamp;
use super::word::{Word as _, number};
use crate::engine::{DirectoryEdit, Edit};
use crate::errors::Violations;

/// Something of the directory.
pub(crate) trait DirectoryEntry: Clone + Send + Sync + 'static {
    /// Its id.
    type Id: Clone;
    /// Its message.
    type Wire: Clone + Default + Send + Sync + 'static;
    /// The field that carries it in requests.
    const FIELD: &'static str;
    /// The paths that a mask may name.
    const PATHS: &'static [&'static str];

    /// One with no value in any field.
    fn empty() -> Self;
    /// Takes one field from a message; false: no such field.
    fn set(&mut self, path: &str, wire: &Self::Wire, wrong: &mut Violations) -> bool;
    /// The message.
    fn to_wire(id: &Self::Id, entry: &Entry<Self>) -> Self::Wire;
    /// The name in a message.
    fn name(wire: &Self::Wire) -> &str;
    /// The id in a name.
    fn parse_name(name: &str) -> Result<Self::Id, IdError>;
    /// The id of a bare text.
    fn parse_id(text: &str) -> Result<Self::Id, IdError>;
    /// What the engine is asked.
    fn edit(id: Self::Id, edit: Edit<Self>) -> DirectoryEdit;

    /// A whole new one.
    fn create(wire: Self::Wire, wrong: &mut Violations) -> Edit<Self> {
        let mut value = Self::empty();
        for path in Self::PATHS {
            value.set(path, &wire, wrong);
        }
        Arc::new(move |_| value.clone())
    }

    /// The fields that a mask names.
    fn update(wire: Self::Wire, mask: Option<prost_types::FieldMask>, wrong: &mut Violations) -> Edit<Self> {
        let paths = mask.map(|mask| mask.paths).unwrap_or_default();
        if paths.is_empty() || paths.len() > 50 {
            wrong.add("update_mask", "is needed: 1 to 50 fields");
            return Arc::new(|_| Self::empty());
        }
        let mut scratch = Self::empty();
        for path in &paths {
            if !scratch.set(path, &wire, wrong) {
                wrong.add("update_mask", format!("`{path}` can't be edited"));
            }
        }
        // The fields were looked at above: nothing is wrong with them when they are set again on the entry as it is.
        Arc::new(move |current: Option<&Self>| {
            let mut value = current.cloned().unwrap_or_else(Self::empty);
            for path in &paths {
                value.set(path, &wire, &mut Violations::default());
            }
            value
        })
    }
}

/// What every entry has: its name, what it is called, whether it is archived, and when it was changed. Given are the
/// fields that are its own.
macro_rules! common {
    ($id:ty, $variant:ident, |$value:ident| { $($field:ident: $of:expr),* $(,)? }) => {
        fn to_wire(id: &Self::Id, entry: &Entry<Self>) -> Self::Wire {
            let $value = &entry.value;
            v1::$variant {
                name: id.name(),
                display_name: $value.display_name.to_string(),
                $($field: $of,)*
                archived: $value.archived,
                etag: entry.etag(),
                create_time: Some(timestamp(entry.create_time)),
                update_time: Some(timestamp(entry.update_time)),
            }
        }

        fn name(wire: &Self::Wire) -> &str {
            &wire.name
        }

        fn parse_name(name: &str) -> Result<Self::Id, IdError> {
            <$id>::from_name(name)
        }

        fn parse_id(text: &str) -> Result<Self::Id, IdError> {
            <$id>::new(text)
        }

        fn edit(id: Self::Id, edit: Edit<Self>) -> DirectoryEdit {
            DirectoryEdit::$variant(id, edit)
        }
    };
}

fn display_name(field: &str, text: &str, wrong: &mut Violations) -> Arc<str> {
    wrong.line(format_args!("{field}.display_name"), text, 1, 200)
}

fn time_zone(field: &str, text: &str, wrong: &mut Violations) -> Arc<str> {
    if text.is_empty() {
        return Arc::from("UTC");
    }
    let zone = (text.len() <= 64).then(|| jiff::tz::TimeZone::get(text).ok()).flatten();
    if let Some(name) = zone.as_ref().and_then(|zone| zone.iana_name()) {
        return name.into();
    }
    wrong.add(format!("{field}.time_zone"), "is not an IANA time zone such as Europe/Moscow");
    Arc::from("UTC")
}

fn language(field: &str, text: &str, default: &'static str, wrong: &mut Violations) -> Arc<str> {
    match text {
        "" => Arc::from(default),
        "ru" | "en" => Arc::from(text),
        _ => {
            wrong.add(format!("{field}.language"), "is neither `ru` nor `en`");
            Arc::from(default)
        }
    }
}

fn owner(field: &str, text: &str, wrong: &mut Violations) -> Option<AgentId> {
    wrong.name(format_args!("{field}.owner"), text, AgentId::from_name)
}

impl DirectoryEntry for Organisation {
    type Id = OrganisationId;
    type Wire = v1::Organisation;
    const FIELD: &'static str = "organisation";
    const PATHS: &'static [&'static str] = &["display_name", "time_zone", "platform", "policy", "language", "archived"];
    common!(OrganisationId, Organisation, |value| {
        time_zone: value.time_zone.to_string(),
        platform: number(value.platform),
        policy: value.policy.as_ref().map(PolicyId::name).unwrap_or_default(),
        language: value.language.to_string(),
    });

    fn empty() -> Self {
        let none: Arc<str> = Arc::from("");
        Self {
            display_name: Arc::clone(&none),
            time_zone: Arc::from("UTC"),
            platform: None,
            policy: None,
            language: Arc::from("ru"),
            archived: false,
        }
    }

    fn set(&mut self, path: &str, wire: &Self::Wire, wrong: &mut Violations) -> bool {
        match path {
            "display_name" => self.display_name = display_name(Self::FIELD, &wire.display_name, wrong),
            "time_zone" => self.time_zone = time_zone(Self::FIELD, &wire.time_zone, wrong),
            "platform" => self.platform = wrong.word("organisation.platform", wire.platform),
            "policy" => self.policy = wrong.name("organisation.policy", &wire.policy, PolicyId::from_name),
            "language" => self.language = language(Self::FIELD, &wire.language, "ru", wrong),
            "archived" => self.archived = wire.archived,
            _ => return false,
        }
        true
    }
}

impl DirectoryEntry for Contact {
    type Id = ContactId;
    type Wire = v1::Contact;
    const FIELD: &'static str = "contact";
    const PATHS: &'static [&'static str] = &["display_name", "email", "organisation", "phone", "language", "archived"];
    common!(ContactId, Contact, |value| {
        email: value.email.to_string(),
        organisation: value.organisation.as_ref().map(OrganisationId::name).unwrap_or_default(),
        phone: value.phone.to_string(),
        language: value.language.to_string(),
    });

    fn empty() -> Self {
        let none: Arc<str> = Arc::from("");
        Self {
            display_name: Arc::clone(&none),
            email: Arc::clone(&none),
            organisation: None,
            phone: Arc::clone(&none),
            language: none,
            archived: false,
        }
    }

    fn set(&mut self, path: &str, wire: &Self::Wire, wrong: &mut Violations) -> bool {
        match path {
            "display_name" => self.display_name = display_name(Self::FIELD, &wire.display_name, wrong),
            "email" => self.email = wrong.email("contact.email", &wire.email, true),
            "organisation" => {
                self.organisation = wrong.name("contact.organisation", &wire.organisation, OrganisationId::from_name);
            }
            "phone" => self.phone = wrong.line("contact.phone", &wire.phone, 0, 50),
            "language" => self.language = language(Self::FIELD, &wire.language, "", wrong),
            "archived" => self.archived = wire.archived,
            _ => return false,
        }
        true
    }
}

impl DirectoryEntry for Agent {
    type Id = AgentId;
    type Wire = v1::Agent;
    const FIELD: &'static str = "agent";
    const PATHS: &'static [&'static str] = &["display_name", "email", "time_zone", "language", "archived"];
    common!(AgentId, Agent, |value| {
        email: value.email.to_string(),
        time_zone: value.time_zone.to_string(),
        language: value.language.to_string(),
    });

    fn empty() -> Self {
        let none: Arc<str> = Arc::from("");
        Self {
            display_name: Arc::clone(&none),
            email: none,
            time_zone: Arc::from("UTC"),
            language: Arc::from("ru"),
            archived: false,
        }
    }

    fn set(&mut self, path: &str, wire: &Self::Wire, wrong: &mut Violations) -> bool {
        match path {
            "display_name" => self.display_name = display_name(Self::FIELD, &wire.display_name, wrong),
            "email" => self.email = wrong.email("agent.email", &wire.email, false),
            "time_zone" => self.time_zone = time_zone(Self::FIELD, &wire.time_zone, wrong),
            "language" => self.language = language(Self::FIELD, &wire.language, "ru", wrong),
            "archived" => self.archived = wire.archived,
            _ => return false,
        }
        true
    }
}

impl DirectoryEntry for SavedView {
    type Id = SavedViewId;
    type Wire = v1::SavedView;
    const FIELD: &'static str = "saved_view";
    const PATHS: &'static [&'static str] = &["display_name", "filter", "order_by", "owner", "archived"];
    common!(SavedViewId, SavedView, |value| {
        filter: value.filter.to_string(),
        order_by: value.order_by.to_string(),
        owner: value.owner.as_ref().map(AgentId::name).unwrap_or_default(),
    });

    fn empty() -> Self {
        let none: Arc<str> = Arc::from("");
        Self {
            display_name: Arc::clone(&none),
            filter: Arc::clone(&none),
            order_by: none,
            owner: None,
            archived: false,
        }
    }

    fn set(&mut self, path: &str, wire: &Self::Wire, wrong: &mut Violations) -> bool {
        match path {
            "display_name" => self.display_name = display_name(Self::FIELD, &wire.display_name, wrong),
            "filter" => {
                if let Err(error) = Filter::parse(&wire.filter) {
                    wrong.add("saved_view.filter", error.to_string());
                }
                self.filter = wire.filter.as_str().into();
            }
            "order_by" => {
                if let Err(error) = wire.order_by.parse::<OrderBy>() {
                    wrong.add("saved_view.order_by", error.to_string());
                }
                self.order_by = wire.order_by.as_str().into();
            }
            "owner" => self.owner = owner(Self::FIELD, &wire.owner, wrong),
            "archived" => self.archived = wire.archived,
            _ => return false,
        }
        true
    }
}

impl DirectoryEntry for Snippet {
    type Id = SnippetId;
    type Wire = v1::Snippet;
    const FIELD: &'static str = "snippet";
    const PATHS: &'static [&'static str] = &["display_name", "body", "language", "visibility", "owner", "archived"];
    common!(SnippetId, Snippet, |value| {
        body: value.body.to_string(),
        language: value.language.to_string(),
        visibility: value.visibility.number(),
        owner: value.owner.as_ref().map(AgentId::name).unwrap_or_default(),
    });

    fn empty() -> Self {
        let none: Arc<str> = Arc::from("");
        Self {
            display_name: Arc::clone(&none),
            body: none,
            language: Arc::from("ru"),
            visibility: Visibility::Public,
            owner: None,
            archived: false,
        }
    }

    fn set(&mut self, path: &str, wire: &Self::Wire, wrong: &mut Violations) -> bool {
        match path {
            "display_name" => self.display_name = display_name(Self::FIELD, &wire.display_name, wrong),
            "body" => self.body = wrong.text("snippet.body", &wire.body, 0),
            "language" => self.language = language(Self::FIELD, &wire.language, "ru", wrong),
            "visibility" => {
                self.visibility = wrong.word("snippet.visibility", wire.visibility).unwrap_or(Visibility::Public);
            }
            "owner" => self.owner = owner(Self::FIELD, &wire.owner, wrong),
            "archived" => self.archived = wire.archived,
            _ => return false,
        }
        true
    }
}
