//! What each call has before its own part: who calls, in which language, under which request id.

use opora_core::model::{Actor, ActorKind, AgentId, ContactId, is_id};
use opora_core::time::Timestamp;
use opora_store::RequestKey;
use prost::Message;
use tonic::metadata::MetadataMap;
use uuid::Uuid;

use super::Service;
use crate::convert::{is_email, optional};
use crate::engine::{Action, Done, Submission};
use crate::errors::{Outcome, Problem, refused};

/// The metadata key that names the caller until sign-in exists.
const ACTOR: &str = "opora-actor";
/// Who calls without saying so.
const ANONYMOUS: &str = "anonymous";

/// Reads the caller, runs the call, puts a problem into the caller's language.
macro_rules! answer {
    ($request:ident, |$caller:ident, $message:ident| $call:expr) => {{
        let (metadata, _, $message) = $request.into_parts();
        let language = crate::language::Language::of(&metadata);
        let outcome = match crate::service::call::caller(&metadata) {
            Ok($caller) => $call.await,
            Err(problem) => Err(problem),
        };
        outcome.map(tonic::Response::new).map_err(|problem| problem.status(language))
    }};
}
pub(super) use answer;

/// Who calls (docs/contract.md "Requests"): taken at their word until sign-in exists, and recorded as unverified.
pub(super) fn caller(metadata: &MetadataMap) -> Outcome<Actor> {
    let wrong = || Problem::field(ACTOR, "is not agents/…, contacts/…, integrations/…, importers/… or an address");
    let kind = match metadata.get(ACTOR) {
        None => AgentId::new(ANONYMOUS).map(ActorKind::Agent).map_err(|_| wrong())?,
        Some(value) => actor(value.to_str().map_err(|_| wrong())?).ok_or_else(wrong)?,
    };
    Ok(Actor { kind, verified: false })
}

fn actor(text: &str) -> Option<ActorKind> {
    if is_email(text) {
        return Some(ActorKind::Address(text.into()));
    }
    let (collection, id) = text.split_once('/')?;
    match collection {
        "agents" => AgentId::new(id).ok().map(ActorKind::Agent),
        "contacts" => ContactId::new(id).ok().map(ActorKind::Contact),
        "integrations" => is_id(id).then(|| ActorKind::Integration(id.into())),
        "importers" => is_id(id).then(|| ActorKind::Importer(id.into())),
        _ => None,
    }
}

/// The id of a changing request, with the hash of its content.
pub(super) struct RequestId {
    id: Uuid,
    content: [u8; 16],
}

impl RequestId {
    /// `message`: the request without its id.
    pub(super) fn new(id: Option<Uuid>, message: &impl Message) -> Option<Self> {
        id.map(|id| Self { id, content: hash(&[&message.encode_to_vec()]) })
    }

    /// The same for a message with a map, whose entries are encoded in any order: they are given apart, sorted.
    pub(super) fn with_map(id: Option<Uuid>, message: &impl Message, map: &[(String, String)]) -> Option<Self> {
        let encoded = message.encode_to_vec();
        let entries = map.iter().flat_map(|(key, value)| [key.as_bytes(), value.as_bytes()]);
        let parts: Vec<&[u8]> = std::iter::once(encoded.as_slice()).chain(entries).collect();
        id.map(|id| Self { id, content: hash(&parts) })
    }

    fn key(&self, actor: &Actor, method: &str) -> RequestKey {
        Self::key_of(actor, method, self.id)
    }

    /// How a request is remembered.
    pub(super) fn key_of(actor: &Actor, method: &str, id: Uuid) -> RequestKey {
        RequestKey(hash(&[actor.to_string().as_bytes(), method.as_bytes(), id.as_bytes()]))
    }
}

/// A hash of parts that can't run into each other.
pub(super) fn hash(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut short = [0; 16];
    short.iter_mut().zip(hasher.finalize().as_bytes()).for_each(|(to, from)| *to = *from);
    short
}

impl Service {
    /// Asks the desk for a change.
    pub(super) async fn submit(
        &self,
        actor: Actor,
        method: &str,
        request: Option<RequestId>,
        import_time: Option<Timestamp>,
        action: Action,
    ) -> Outcome<Done> {
        if let Some(at) = import_time {
            if !self.0.importing_allowed {
                return Err(Problem::import_not_allowed());
            }
            if at > self.desk().now() {
                return Err(Problem::field("import_time", "lies in the future"));
            }
        }
        let id = request.as_ref().map(|request| request.id.to_string());
        let request = request.map(|request| (request.key(&actor, method), request.content));
        let submission = Submission { actor, request, import_time, action };
        self.desk().submit(submission).await.map_err(|refusal| refused(refusal, id.as_deref()))
    }
}

/// An etag that was sent.
pub(super) fn etag(text: &mut String) -> Option<String> {
    optional(std::mem::take(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(value: &str) -> Option<String> {
        let mut metadata = MetadataMap::new();
        metadata.insert(ACTOR, value.parse().unwrap());
        caller(&metadata).ok().map(|actor| actor.to_string())
    }

    #[test]
    fn a_caller_is_who_they_say_and_anonymous_when_they_say_nothing() {
        for name in ["agents/olga", "contacts/anna", "integrations/crm", "importers/old-desk", "anna@example.com"] {
            assert_eq!(called(name).as_deref(), Some(name));
        }
        for bad in ["olga", "agents/", "agents/Olga", "system", "robots/r2", "@", "a b@example.com"] {
            assert_eq!(called(bad), None, "{bad}");
        }
        assert_eq!(caller(&MetadataMap::new()).unwrap().to_string(), "agents/anonymous");
    }

    #[test]
    fn a_request_is_known_by_who_called_what_under_which_id() {
        let id = Some(Uuid::from_u128(7));
        let message = opora_proto::v1::GetTicketRequest { name: "tickets/1".into(), view: 0 };
        let request = RequestId::new(id, &message).unwrap();
        let (olga, ivan) = (caller(&MetadataMap::new()).unwrap(), Actor::SYSTEM);
        assert_ne!(request.key(&olga, "A"), request.key(&ivan, "A"));
        assert_ne!(request.key(&olga, "A"), request.key(&olga, "B"));
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
    }
}
