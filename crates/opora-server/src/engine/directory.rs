//! Who is known, in memory: read by everybody, written by the writer alone, after the append.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use opora_core::event::DirectoryPut;
use opora_core::model::{
    Agent, AgentId, Contact, ContactId, Entry, Organisation, OrganisationId, SavedView, SavedViewId, Snippet, SnippetId,
};
use parking_lot::RwLock;

/// The directory as it stands.
#[derive(Debug, Default)]
pub struct Directory {
    tables: RwLock<Tables>,
}

/// Entries in order of their ids.
type Table<I, T> = BTreeMap<I, Arc<Entry<T>>>;

/// The tables; also what a group of submissions put on top of them.
#[derive(Debug, Default)]
pub(super) struct Tables {
    organisations: Table<OrganisationId, Organisation>,
    contacts: Table<ContactId, Contact>,
    agents: Table<AgentId, Agent>,
    saved_views: Table<SavedViewId, SavedView>,
    snippets: Table<SnippetId, Snippet>,
    /// By address in lower case.
    by_email: HashMap<String, ContactId>,
}

macro_rules! reading {
    ($(#[$one:meta])* $get:ident, $(#[$many:meta])* $list:ident, $id:ty, $value:ty) => {
        $(#[$one])*
        pub fn $get(&self, id: &$id) -> Option<Arc<Entry<$value>>> {
            self.tables.read().$list.get(id).cloned()
        }

        $(#[$many])*
        pub fn $list(&self, after: Option<&$id>, limit: usize) -> Vec<($id, Arc<Entry<$value>>)> {
            page(&self.tables.read().$list, after, limit)
        }
    };
}

impl Directory {
    /// From what is stored.
    pub fn new(puts: Vec<DirectoryPut>) -> Self {
        let directory = Self::default();
        for put in puts {
            directory.apply(put);
        }
        directory
    }

    reading!(
        /// A customer.
        organisation,
        /// At most `limit` customers after an id, in order of ids.
        organisations, OrganisationId, Organisation
    );
    reading!(
        /// A person of a customer.
        contact,
        /// At most `limit` contacts after an id, in order of ids.
        contacts, ContactId, Contact
    );
    reading!(
        /// A support engineer.
        agent,
        /// At most `limit` agents after an id, in order of ids.
        agents, AgentId, Agent
    );
    reading!(
        /// A filter with a name.
        saved_view,
        /// At most `limit` saved views after an id, in order of ids.
        saved_views, SavedViewId, SavedView
    );
    reading!(
        /// A canned reply.
        snippet,
        /// At most `limit` snippets after an id, in order of ids.
        snippets, SnippetId, Snippet
    );

    /// A person by address, whatever its case.
    pub fn contact_by_email(&self, email: &str) -> Option<(ContactId, Arc<Entry<Contact>>)> {
        let tables = self.tables.read();
        let id = tables.by_email.get(&email.to_lowercase())?;
        Some((id.clone(), tables.contacts.get(id)?.clone()))
    }

    /// An entry as it was put.
    pub(super) fn apply(&self, put: DirectoryPut) {
        self.tables.write().apply(put);
    }
}

fn page<I: Ord + Clone, T>(table: &Table<I, T>, after: Option<&I>, limit: usize) -> Vec<(I, Arc<Entry<T>>)> {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    table.range((from, Bound::Unbounded)).take(limit).map(|(id, entry)| (id.clone(), entry.clone())).collect()
}

impl Tables {
    pub(super) fn apply(&mut self, put: DirectoryPut) {
        match put {
            DirectoryPut::Organisation(id, entry) => drop(self.organisations.insert(id, Arc::new(entry))),
            DirectoryPut::Agent(id, entry) => drop(self.agents.insert(id, Arc::new(entry))),
            DirectoryPut::SavedView(id, entry) => drop(self.saved_views.insert(id, Arc::new(entry))),
            DirectoryPut::Snippet(id, entry) => drop(self.snippets.insert(id, Arc::new(entry))),
            DirectoryPut::Contact(id, entry) => {
                let email = entry.value.email.to_lowercase();
                if let Some(before) = self.contacts.insert(id.clone(), Arc::new(entry)) {
                    let before = before.value.email.to_lowercase();
                    if self.by_email.get(&before) == Some(&id) {
                        self.by_email.remove(&before);
                    }
                }
                if !email.is_empty() {
                    self.by_email.insert(email, id);
                }
            }
        }
    }
}

/// The directory with what a group of submissions put on top of it.
pub(super) struct Layered<'a> {
    pub(super) base: &'a Directory,
    pub(super) top: &'a Tables,
}

macro_rules! layered {
    ($get:ident, $table:ident, $id:ty, $value:ty) => {
        pub(super) fn $get(&self, id: &$id) -> Option<Arc<Entry<$value>>> {
            self.top.$table.get(id).cloned().or_else(|| self.base.$get(id))
        }
    };
}

impl Layered<'_> {
    layered!(organisation, organisations, OrganisationId, Organisation);
    layered!(contact, contacts, ContactId, Contact);
    layered!(agent, agents, AgentId, Agent);
    layered!(saved_view, saved_views, SavedViewId, SavedView);
    layered!(snippet, snippets, SnippetId, Snippet);

    pub(super) fn by_email(&self, email: &str) -> Option<(ContactId, Arc<Entry<Contact>>)> {
        if let Some(id) = self.top.by_email.get(&email.to_lowercase()) {
            return Some((id.clone(), self.top.contacts.get(id)?.clone()));
        }
        let (id, entry) = self.base.contact_by_email(email)?;
        // Somebody of this group may have another address now.
        if self.top.contacts.contains_key(&id) { None } else { Some((id, entry)) }
    }
}

impl opora_core::decide::Directory for Layered<'_> {
    fn organisation(&self, id: &OrganisationId) -> Option<Arc<Entry<Organisation>>> {
        Layered::organisation(self, id)
    }

    fn agent(&self, id: &AgentId) -> Option<Arc<Entry<Agent>>> {
        Layered::agent(self, id)
    }

    fn contact_by_email(&self, email: &str) -> Option<(ContactId, Arc<Entry<Contact>>)> {
        self.by_email(email)
    }
}

impl opora_core::decide::Directory for Directory {
    fn organisation(&self, id: &OrganisationId) -> Option<Arc<Entry<Organisation>>> {
        Self::organisation(self, id)
    }

    fn agent(&self, id: &AgentId) -> Option<Arc<Entry<Agent>>> {
        Self::agent(self, id)
    }

    fn contact_by_email(&self, email: &str) -> Option<(ContactId, Arc<Entry<Contact>>)> {
        Self::contact_by_email(self, email)
    }
}
