//! Entries of the directory.

use opora_core::event::DirectoryPut;
use opora_core::model::{
    Agent, AgentId, Contact, ContactId, Entry, Organisation, OrganisationId, PolicyId, Revision, SavedView,
    SavedViewId, Snippet, SnippetId,
};
use opora_core::time::Timestamp;
use pb::directory_put::Value;

use super::{CodecError, Coded, Word, code, id, need, pb, text, word};

fn entry<T>(value: T, kept: &pb::Bookkeeping) -> Entry<T> {
    Entry {
        value,
        revision: Revision(kept.revision),
        create_time: Timestamp::from_millis(kept.create_time),
        update_time: Timestamp::from_millis(kept.update_time),
    }
}

fn kept<T>(entry: &Entry<T>) -> pb::Bookkeeping {
    pb::Bookkeeping {
        revision: entry.revision.0,
        create_time: entry.create_time.as_millis(),
        update_time: entry.update_time.as_millis(),
    }
}

fn owner(owner: Option<String>) -> Result<Option<AgentId>, CodecError> {
    owner.map(|a| id!(AgentId, a, "owner")).transpose()
}

impl Coded for DirectoryPut {
    type Wire = pb::DirectoryPut;
    fn wire(&self) -> pb::DirectoryPut {
        let (id, kept, value) = match self {
            Self::Organisation(id, e) => (id.as_str(), kept(e), Value::Organisation(organisation(&e.value))),
            Self::Contact(id, e) => (id.as_str(), kept(e), Value::Contact(contact(&e.value))),
            Self::Agent(id, e) => (
                id.as_str(),
                kept(e),
                Value::Agent(pb::Agent {
                    display_name: text(&e.value.display_name),
                    email: text(&e.value.email),
                    time_zone: text(&e.value.time_zone),
                    language: text(&e.value.language),
                    archived: e.value.archived,
                }),
            ),
            Self::SavedView(id, e) => (
                id.as_str(),
                kept(e),
                Value::SavedView(pb::SavedView {
                    display_name: text(&e.value.display_name),
                    filter: text(&e.value.filter),
                    order_by: text(&e.value.order_by),
                    owner: e.value.owner.as_ref().map(|a| a.as_str().to_owned()),
                    archived: e.value.archived,
                }),
            ),
            Self::Snippet(id, e) => (
                id.as_str(),
                kept(e),
                Value::Snippet(pb::Snippet {
                    display_name: text(&e.value.display_name),
                    body: text(&e.value.body),
                    language: text(&e.value.language),
                    visibility: e.value.visibility.code(),
                    owner: e.value.owner.as_ref().map(|a| a.as_str().to_owned()),
                    archived: e.value.archived,
                }),
            ),
        };
        pb::DirectoryPut { id: id.to_owned(), kept: Some(kept), value: Some(value) }
    }
    fn of(w: pb::DirectoryPut) -> Result<Self, CodecError> {
        let kept = need(w.kept, "directory.kept")?;
        Ok(match need(w.value, "directory.value")? {
            Value::Organisation(o) => {
                Self::Organisation(id!(OrganisationId, w.id, "organisation.id")?, entry(organisation_of(o)?, &kept))
            }
            Value::Contact(c) => Self::Contact(id!(ContactId, w.id, "contact.id")?, entry(contact_of(c)?, &kept)),
            Value::Agent(a) => Self::Agent(
                id!(AgentId, w.id, "agent.id")?,
                entry(
                    Agent {
                        display_name: a.display_name.into(),
                        email: a.email.into(),
                        time_zone: a.time_zone.into(),
                        language: a.language.into(),
                        archived: a.archived,
                    },
                    &kept,
                ),
            ),
            Value::SavedView(v) => Self::SavedView(
                id!(SavedViewId, w.id, "saved_view.id")?,
                entry(
                    SavedView {
                        display_name: v.display_name.into(),
                        filter: v.filter.into(),
                        order_by: v.order_by.into(),
                        owner: owner(v.owner)?,
                        archived: v.archived,
                    },
                    &kept,
                ),
            ),
            Value::Snippet(s) => Self::Snippet(
                id!(SnippetId, w.id, "snippet.id")?,
                entry(
                    Snippet {
                        display_name: s.display_name.into(),
                        body: s.body.into(),
                        language: s.language.into(),
                        visibility: Word::of_code(s.visibility)?,
                        owner: owner(s.owner)?,
                        archived: s.archived,
                    },
                    &kept,
                ),
            ),
        })
    }
}

fn organisation(o: &Organisation) -> pb::Organisation {
    pb::Organisation {
        display_name: text(&o.display_name),
        time_zone: text(&o.time_zone),
        platform: code(o.platform),
        policy: o.policy.as_ref().map(|p| p.as_str().to_owned()),
        language: text(&o.language),
        archived: o.archived,
    }
}

fn organisation_of(o: pb::Organisation) -> Result<Organisation, CodecError> {
    Ok(Organisation {
        display_name: o.display_name.into(),
        time_zone: o.time_zone.into(),
        platform: word(o.platform)?,
        policy: o.policy.map(|p| id!(PolicyId, p, "organisation.policy")).transpose()?,
        language: o.language.into(),
        archived: o.archived,
    })
}

fn contact(c: &Contact) -> pb::Contact {
    pb::Contact {
        display_name: text(&c.display_name),
        email: text(&c.email),
        organisation: c.organisation.as_ref().map(|o| o.as_str().to_owned()),
        phone: text(&c.phone),
        language: text(&c.language),
        archived: c.archived,
    }
}

fn contact_of(c: pb::Contact) -> Result<Contact, CodecError> {
    Ok(Contact {
        display_name: c.display_name.into(),
        email: c.email.into(),
        organisation: c.organisation.map(|o| id!(OrganisationId, o, "contact.organisation")).transpose()?,
        phone: c.phone.into(),
        language: c.language.into(),
        archived: c.archived,
    })
}
