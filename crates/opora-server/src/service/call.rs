//! What each call has before its own part: what the layers know of it, and its request id.

use opora_core::model::Actor;
use opora_core::time::Timestamp;
use opora_store::RequestKey;
use prost::Message;
use tonic::Extensions;
use uuid::Uuid;

use super::Service;
use crate::call::Call;
use crate::convert::optional;
use crate::engine::{Action, Done, Submission};
use crate::errors::{Outcome, Problem, refused};

/// Hands the call on, and puts a problem into the caller's language.
macro_rules! answer {
    ($request:ident, |$call:ident, $message:ident| $answer:expr) => {{
        let (_, extensions, $message) = $request.into_parts();
        let $call = crate::service::call::of(extensions);
        let $call = $call.map_err(|problem| problem.status(crate::language::Language::English))?;
        let outcome: crate::errors::Outcome<_> = $answer.await;
        outcome.map(tonic::Response::new).map_err(|problem| problem.status($call.language))
    }};
}
pub(super) use answer;

/// What the layers know of a call.
pub(super) fn of(mut extensions: Extensions) -> Outcome<Call> {
    extensions.remove().ok_or_else(|| Problem::internal("a call came past the layers", &"nobody says whose it is"))
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
        call: &Call,
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
        let request = request.map(|request| (request.key(&call.principal, &call.method.name), request.content));
        let submission = Submission { actor: call.principal.clone(), request, import_time, action };
        self.desk().submit(submission).await.map_err(|refusal| refused(refusal, id.as_deref()))
    }
}

/// An etag that was sent.
pub(super) fn etag(text: &mut String) -> Option<String> {
    optional(std::mem::take(text))
}

#[cfg(test)]
mod tests {
    use opora_core::model::AgentId;

    use super::*;

    #[test]
    fn a_request_is_known_by_who_called_what_under_which_id() {
        let id = Some(Uuid::from_u128(7));
        let message = opora_proto::v1::GetTicketRequest { name: "tickets/1".into(), view: 0 };
        let request = RequestId::new(id, &message).unwrap();
        let (olga, ivan) = (Actor::agent(AgentId::new("olga").unwrap()), Actor::SYSTEM);
        assert_ne!(request.key(&olga, "A"), request.key(&ivan, "A"));
        assert_ne!(request.key(&olga, "A"), request.key(&olga, "B"));
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
    }
}
