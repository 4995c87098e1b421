//! `DirectoryService`: one shape for all five kinds of entries.

use std::sync::Arc;

use opora_core::event::DirectoryPut;
use opora_core::model::{
    Agent, AgentId, Contact, ContactId, Entry, Organisation, OrganisationId, PolicyId, SavedView, SavedViewId, Snippet,
    SnippetId,
};
use opora_proto::v1;
use opora_proto::v1::directory_service_server::DirectoryService;
use prost::Message;
use tonic::{Request, Response, Status};

use super::Service;
use super::call::{RequestId, answer, etag};
use super::page::{self, Query};
use crate::call::Call;
use crate::convert::{DirectoryEntry, request_id};
use crate::engine::{Action, Answer, Directory, DirectoryCommand, Done};
use crate::errors::{Outcome, Problem, Violations};
use crate::scope::Scope;
use crate::size::Room;

/// How many entries are taken from a table at a time.
const STEP: usize = 256;

/// An entry that this service gives.
trait Served: DirectoryEntry {
    /// The bare id.
    fn id_text(id: &Self::Id) -> &str;
    /// No longer used.
    fn archived(&self) -> bool;
    /// Whether who may see only a scope may see it.
    fn is_seen(&self, id: &Self::Id, scope: &Scope) -> bool;
    /// One.
    fn get(directory: &Directory, id: &Self::Id) -> Option<Arc<Entry<Self>>>;
    /// Some, in order of ids.
    fn page(directory: &Directory, after: Option<&Self::Id>) -> Vec<(Self::Id, Arc<Entry<Self>>)>;
    /// What a change gave.
    fn of(put: &DirectoryPut) -> Option<(&Self::Id, &Entry<Self>)>;
    /// The names of others in a message.
    fn references(wire: &Self::Wire) -> Vec<&str>;
}

macro_rules! served {
    ($value:ident, $id:ident, $get:ident, $list:ident, |$wire:ident| $references:expr, |$own:pat_param, $entry:pat_param, $scope:ident| $seen:expr) => {
        impl Served for $value {
            fn id_text(id: &$id) -> &str {
                id.as_str()
            }
            fn archived(&self) -> bool {
                self.archived
            }
            fn is_seen(&self, id: &$id, $scope: &Scope) -> bool {
                let ($own, $entry) = (id, self);
                $seen
            }
            fn get(directory: &Directory, id: &$id) -> Option<Arc<Entry<Self>>> {
                directory.$get(id)
            }
            fn page(directory: &Directory, after: Option<&$id>) -> Vec<($id, Arc<Entry<Self>>)> {
                directory.$list(after, STEP)
            }
            fn of(put: &DirectoryPut) -> Option<(&$id, &Entry<Self>)> {
                match put {
                    DirectoryPut::$value(id, entry) => Some((id, entry)),
                    _ => None,
                }
            }
            fn references($wire: &Self::Wire) -> Vec<&str> {
                $references
            }
        }
    };
}

served!(Organisation, OrganisationId, organisation, organisations, |wire| vec![&wire.policy], |id, _, scope| scope
    .sees_organisation(id));
served!(Contact, ContactId, contact, contacts, |wire| vec![&wire.organisation], |_, contact, scope| {
    contact.organisation.as_ref().map_or(scope.sees_everything(), |id| scope.sees_organisation(id))
});
// Who works on a ticket is told on it.
served!(Agent, AgentId, agent, agents, |_wire| Vec::new(), |_, _, _scope| true);
served!(SavedView, SavedViewId, saved_view, saved_views, |wire| vec![&wire.owner], |_, _, scope| scope
    .sees_everything());
served!(Snippet, SnippetId, snippet, snippets, |wire| vec![&wire.owner], |_, _, scope| scope.sees_everything());

/// What is asked of a list.
struct Listing<'a> {
    method: &'a str,
    page_size: i32,
    page_token: &'a str,
    show_archived: bool,
    /// What else the page belongs to.
    also: &'a str,
}

impl Service {
    fn entry<T: Served>(&self, call: &Call, name: &str) -> Outcome<(T::Wire, u64)> {
        let revision = self.revision();
        let id = T::parse_name(name).map_err(|error| Problem::field("name", &error.to_string()))?;
        let entry = T::get(self.desk().directory(), &id)
            .filter(|entry| entry.value.is_seen(&id, &call.scope))
            .ok_or_else(|| Problem::no_resource(name))?;
        Ok((T::to_wire(&id, &entry), revision.max(entry.revision.0)))
    }

    /// A page, where it ends, and of which revision it is.
    fn entries<T: Served>(
        &self,
        call: &Call,
        asked: &Listing<'_>,
        wanted: impl Fn(&T) -> bool,
    ) -> Outcome<(Vec<T::Wire>, String, u64)>
    where
        T::Wire: Message,
    {
        let mut wrong = Violations::default();
        let limit = page::size(asked.page_size, &mut wrong);
        wrong.finish(())?;
        let archived = if asked.show_archived { "archived" } else { "" };
        let query = Query::new(asked.method, &[archived, asked.also]);
        let after = match self.0.tokens.read(query, asked.page_token)? {
            None => None,
            Some(place) => {
                let id = std::str::from_utf8(&place).ok().and_then(|id| T::parse_id(id).ok());
                Some(id.ok_or_else(Problem::page_token)?)
            }
        };
        let wanted = |id: &T::Id, entry: &T| {
            (asked.show_archived || !entry.archived()) && entry.is_seen(id, &call.scope) && wanted(entry)
        };
        let read = || page_of(self.desk().directory(), after.clone(), limit, &wanted);
        let ((page, place), revision) = self.desk().steady(read);
        let next = place.map(|place| self.0.tokens.make(query, T::id_text(&place).as_bytes())).unwrap_or_default();
        Ok((page, next, revision.0))
    }

    async fn create_entry<T: Served>(
        &self,
        call: &Call,
        id_field: &str,
        id: &str,
        wire: Option<T::Wire>,
        request: (Option<RequestId>, Violations),
    ) -> Outcome<(T::Wire, u64)> {
        let (request, mut wrong) = request;
        let made = format!("{}-{:08x}", T::FIELD.replace('_', "-"), rand::random::<u32>());
        let id = T::parse_id(if id.is_empty() { &made } else { id });
        let id = id.map_err(|error| wrong.add(id_field, error.to_string())).ok();
        if wire.is_none() {
            wrong.add(T::FIELD, "is needed");
        }
        let wire = wire.unwrap_or_default();
        let edit = T::create(wire.clone(), &mut wrong);
        let id = wrong.require(id)?;
        self.references::<T>(&wire)?;
        let command = DirectoryCommand { create: true, etag: None, put: T::edit(id, edit) };
        let done = self.submit(call, request, None, Action::Directory(Box::new(command))).await?;
        entry_of::<T>(&done)
    }

    async fn update_entry<T: Served>(
        &self,
        call: &Call,
        wire: Option<T::Wire>,
        mask: Option<prost_types::FieldMask>,
        etag: Option<String>,
        request: (Option<RequestId>, Violations),
    ) -> Outcome<(T::Wire, u64)> {
        let (request, mut wrong) = request;
        if wire.is_none() {
            wrong.add(T::FIELD, "is needed");
        }
        let wire = wire.unwrap_or_default();
        let field = format!("{}.name", T::FIELD);
        let id = T::parse_name(T::name(&wire)).map_err(|error| wrong.add(field, error.to_string())).ok();
        let edit = T::update(wire.clone(), mask, &mut wrong);
        let id = wrong.require(id)?;
        self.references::<T>(&wire)?;
        let command = DirectoryCommand { create: false, etag, put: T::edit(id, edit) };
        let done = self.submit(call, request, None, Action::Directory(Box::new(command))).await?;
        entry_of::<T>(&done)
    }

    /// Whoever is named has to be there. Entries are never taken away, so it may be looked at before the change.
    fn references<T: Served>(&self, wire: &T::Wire) -> Outcome<()> {
        let directory = self.desk().directory();
        for name in T::references(wire).into_iter().filter(|name| !name.is_empty()) {
            let organisation = OrganisationId::from_name(name).ok().map(|id| directory.organisation(&id).is_some());
            let agent = || AgentId::from_name(name).ok().map(|id| directory.agent(&id).is_some());
            let policy = || PolicyId::from_name(name).ok().map(|id| self.desk().rules().policies.newest(&id).is_some());
            // A name of no form at all was told as a violation, if its field is read.
            if organisation.or_else(agent).or_else(policy) == Some(false) {
                return Err(Problem::no_resource(name));
            }
        }
        Ok(())
    }
}

fn entry_of<T: Served>(done: &Done) -> Outcome<(T::Wire, u64)> {
    match &done.answer {
        Answer::Directory(put) => T::of(put).map(|(id, entry)| (T::to_wire(id, entry), done.revision.0)),
        _ => None,
    }
    .ok_or_else(|| Problem::internal("an edit was answered with something else", &"no entry"))
}

/// Entries after a place, as many as go into an answer; and the place of the last, if there are more.
fn page_of<T: Served>(
    directory: &Directory,
    mut after: Option<T::Id>,
    limit: usize,
    wanted: &impl Fn(&T::Id, &T) -> bool,
) -> (Vec<T::Wire>, Option<T::Id>)
where
    T::Wire: Message,
{
    let (mut page, mut room) = (Vec::new(), Room::new());
    loop {
        let some = T::page(directory, after.as_ref());
        let last = some.len() < STEP;
        for (id, entry) in some {
            if wanted(&id, &entry.value) {
                let wire = T::to_wire(&id, &entry);
                if page.len() == limit || !room.takes(wire.encoded_len()) {
                    return (page, after);
                }
                page.push(wire);
            }
            after = Some(id);
        }
        if last {
            return (page, None);
        }
    }
}

/// Takes the request id out of a message and hashes what is left.
macro_rules! identified {
    ($message:ident) => {{
        let mut wrong = Violations::default();
        let id = request_id("request_id", &std::mem::take(&mut $message.request_id), &mut wrong);
        (RequestId::new(id, &$message), wrong)
    }};
}

/// The four calls of each kind of entry. (The attribute of the trait has to see them expanded.)
macro_rules! calls {
    ($(
        $value:ident $field:ident $id:ident $list:ident
        $get_method:ident $get_request:ident $get_response:ident
        $list_method:ident $list_request:ident $list_response:ident
        $create_method:ident $create_request:ident $create_response:ident
        $update_method:ident $update_request:ident $update_response:ident
        |$listed:ident, $entry:ident| $wanted:expr, $also:expr;
    )+) => {
        #[tonic::async_trait]
        impl DirectoryService for Service {$(
        async fn $get_method(
            &self,
            request: Request<v1::$get_request>,
        ) -> Result<Response<v1::$get_response>, Status> {
            answer!(request, |call, message| std::future::ready(
                self.entry::<$value>(&call, &message.name)
                    .map(|(entry, revision)| v1::$get_response { $field: Some(entry), revision })
            ))
        }

        async fn $list_method(
            &self,
            request: Request<v1::$list_request>,
        ) -> Result<Response<v1::$list_response>, Status> {
            answer!(request, |call, $listed| async {
                let also: &str = $also;
                let asked = Listing {
                    method: &call.method.name,
                    page_size: $listed.page_size,
                    page_token: &$listed.page_token,
                    show_archived: $listed.show_archived,
                    also,
                };
                let (entries, next_page_token, revision) = self.entries::<$value>(&call, &asked, |$entry| $wanted)?;
                Ok(v1::$list_response { $list: entries, next_page_token, revision, store_uid: self.store_uid() })
            })
        }

        async fn $create_method(
            &self,
            request: Request<v1::$create_request>,
        ) -> Result<Response<v1::$create_response>, Status> {
            answer!(request, |call, message| async {
                let mut message = message;
                let request = identified!(message);
                let (id, wire) = (message.$id, message.$field);
                let (entry, revision) =
                    self.create_entry::<$value>(&call, stringify!($id), &id, wire, request).await?;
                Ok(v1::$create_response { $field: Some(entry), revision })
            })
        }

        async fn $update_method(
            &self,
            request: Request<v1::$update_request>,
        ) -> Result<Response<v1::$update_response>, Status> {
            answer!(request, |call, message| async {
                let mut message = message;
                let request = identified!(message);
                let etag = etag(&mut message.etag);
                let (wire, mask) = (message.$field, message.update_mask);
                let (entry, revision) =
                    self.update_entry::<$value>(&call, wire, mask, etag, request).await?;
                Ok(v1::$update_response { $field: Some(entry), revision })
            })
        }
        )+}
    };
}

calls! {
    Organisation organisation organisation_id organisations
        get_organisation GetOrganisationRequest GetOrganisationResponse
        list_organisations ListOrganisationsRequest ListOrganisationsResponse
        create_organisation CreateOrganisationRequest CreateOrganisationResponse
        update_organisation UpdateOrganisationRequest UpdateOrganisationResponse
        |message, _entry| true, "";
    Contact contact contact_id contacts
        get_contact GetContactRequest GetContactResponse
        list_contacts ListContactsRequest ListContactsResponse
        create_contact CreateContactRequest CreateContactResponse
        update_contact UpdateContactRequest UpdateContactResponse
        |message, entry| message.organisation.is_empty()
            || entry.organisation.as_ref().is_some_and(|id| message.organisation.strip_prefix("organisations/") == Some(id.as_str())),
        {
            if !message.organisation.is_empty() {
                OrganisationId::from_name(&message.organisation)
                    .map_err(|error| Problem::field("organisation", &error.to_string()))?;
            }
            &message.organisation
        };
    Agent agent agent_id agents
        get_agent GetAgentRequest GetAgentResponse
        list_agents ListAgentsRequest ListAgentsResponse
        create_agent CreateAgentRequest CreateAgentResponse
        update_agent UpdateAgentRequest UpdateAgentResponse
        |message, _entry| true, "";
    SavedView saved_view saved_view_id saved_views
        get_saved_view GetSavedViewRequest GetSavedViewResponse
        list_saved_views ListSavedViewsRequest ListSavedViewsResponse
        create_saved_view CreateSavedViewRequest CreateSavedViewResponse
        update_saved_view UpdateSavedViewRequest UpdateSavedViewResponse
        |message, _entry| true, "";
    Snippet snippet snippet_id snippets
        get_snippet GetSnippetRequest GetSnippetResponse
        list_snippets ListSnippetsRequest ListSnippetsResponse
        create_snippet CreateSnippetRequest CreateSnippetResponse
        update_snippet UpdateSnippetRequest UpdateSnippetResponse
        |message, _entry| true, "";
}
