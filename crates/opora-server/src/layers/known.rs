//! Who calls what, in which language and until when: read once from a call's headers, and handed on as [`Call`] with the
//! request.

use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{Either, Ready, ready};
use http::{HeaderMap, Request, Response};
use opora_core::model::{Actor, ActorKind, AgentId, ContactId, is_id};
use tokio::time::Instant;
use tonic::body::Body;
use tower::{Layer, Service};

use crate::call::{Call, Trace};
use crate::convert::is_email;
use crate::errors::{Outcome, Problem};
use crate::language::Language;
use crate::method::{Method, Shape};
use crate::scope::Scope;

/// The header that names the caller until sign-in exists.
const ACTOR: &str = "opora-actor";
/// Who calls without saying so.
const ANONYMOUS: &str = "anonymous";
/// The transport has a timer of its own for the same deadline, which answers CANCELLED: ours has to be first.
const EARLIER: Duration = Duration::from_millis(3);
/// The longest deadline that is kept; a longer one is as good as none.
const LONGEST: Duration = Duration::from_hours(30 * 24);

/// Makes the [`Call`] of each request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallLayer;

impl<S> Layer<S> for CallLayer {
    type Service = Known<S>;

    fn layer(&self, inner: S) -> Known<S> {
        Known(inner)
    }
}

/// A service whose calls are known.
#[derive(Clone, Debug)]
pub(crate) struct Known<S>(S);

impl<S> Service<Request<Body>> for Known<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response<Body>, Infallible>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let method = Method::of(request.uri().path());
        let language = Language::of_headers(request.headers());
        // Health and reflection ask nobody who they are.
        let principal = if method.is_of_contract() { principal(request.headers()) } else { anonymous() };
        let principal = match principal {
            Ok(principal) => principal,
            Err(problem) => {
                // The access log is for calls of somebody.
                tracing::debug!(path = method.path, ?problem, "a call by nobody that is known is refused");
                return Either::Left(ready(Ok(problem.status(language).into_http())));
            }
        };
        let headers = request.headers();
        let call = Call {
            principal,
            method,
            language,
            deadline: deadline(headers),
            trace: headers.get("traceparent").and_then(|value| Trace::read(value.to_str().ok()?)),
            scope: Scope::Everything,
        };
        request.extensions_mut().insert(call);
        Either::Right(self.0.call(request))
    }
}

/// What a request is and in which language it is answered, for the layers inside.
pub(super) fn asked(request: &Request<Body>) -> (Shape, Language) {
    match request.extensions().get::<Call>() {
        Some(call) => (call.method.shape, call.language),
        // Only where the layers stand alone.
        None => (Method::of(request.uri().path()).shape, Language::of_headers(request.headers())),
    }
}

/// Who calls (docs/contract.md "Requests"): taken at their word until sign-in exists, and recorded as unverified.
fn principal(headers: &HeaderMap) -> Outcome<Actor> {
    let wrong = || Problem::field(ACTOR, "is not agents/…, contacts/…, integrations/…, importers/… or an address");
    match headers.get(ACTOR) {
        None => anonymous(),
        Some(value) => {
            let kind = actor(value.to_str().map_err(|_| wrong())?).ok_or_else(wrong)?;
            Ok(Actor { kind, verified: false })
        }
    }
}

fn anonymous() -> Outcome<Actor> {
    let id = AgentId::new(ANONYMOUS).map_err(|error| Problem::internal("nobody is no agent", &error))?;
    Ok(Actor { kind: ActorKind::Agent(id), verified: false })
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

/// The instant at which a caller stops waiting.
fn deadline(headers: &HeaderMap) -> Option<Instant> {
    let length = timeout(headers.get("grpc-timeout")?.to_str().ok()?)?;
    Some(Instant::now() + length.saturating_sub(EARLIER))
}

/// The length of `grpc-timeout`, `250m`; `None`: it is none, or as good as none.
pub(super) fn timeout(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if number.len() > 8 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    let length = match unit {
        "H" => Duration::from_secs(number * 3_600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    };
    (length < LONGEST).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(value: &str) -> Option<String> {
        let headers = HeaderMap::from_iter([(http::HeaderName::from_static(ACTOR), value.parse().unwrap())]);
        principal(&headers).ok().map(|actor| actor.to_string())
    }

    #[test]
    fn a_caller_is_who_they_say_and_anonymous_when_they_say_nothing() {
        for name in ["agents/olga", "contacts/anna", "integrations/crm", "importers/old-desk", "anna@example.com"] {
            assert_eq!(called(name).as_deref(), Some(name));
        }
        for bad in ["olga", "agents/", "agents/Olga", "system", "robots/r2", "@", "a b@example.com"] {
            assert_eq!(called(bad), None, "{bad}");
        }
        assert_eq!(principal(&HeaderMap::new()).unwrap().to_string(), "agents/anonymous");
    }
}
