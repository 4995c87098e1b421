//! What the writer is given: submissions of callers and the parts of the desk's own long jobs.

use std::sync::Arc;

use opora_core::command::{Change, NewTicket};
use opora_core::model::{Actor, TicketNumber};
use opora_store::RequestKey;

use super::{Action, Compose, Opening, PolicyApplied, Submission};

/// The key of a request and the hash of its content.
pub(crate) type RequestId = (RequestKey, [u8; 16]);

/// One thing for the writer to do.
pub(crate) enum Work {
    /// A caller's submission.
    Submission(Submission),
    /// The first step of applying a policy: the new version, with what will be answered.
    PutPolicy(Box<PutPolicy>),
    /// The same change on some tickets under one revision; those that refuse it are passed over. If there is a request,
    /// the commit remembers it, with this count as its answer; if the request was answered before, this only gives that
    /// answer again.
    Part { actor: Actor, tickets: Vec<TicketNumber>, change: Change, request: Option<(RequestId, u64)> },
}

/// A new version of a policy.
pub(crate) struct PutPolicy {
    pub(crate) actor: Actor,
    pub(crate) reason: Arc<str>,
    pub(crate) request: Option<RequestId>,
    /// The version is set by the writer.
    pub(crate) applied: PolicyApplied,
}

impl Work {
    /// About how many bytes it will take in the log.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Submission(submission) => match &submission.action {
                Action::Create(new) => 768 + created(new),
                Action::Change { change, .. } => 1024 + changed(change),
                Action::Batch { tickets, change } => tickets.len() * (1024 + changed(change)),
                Action::Compose(compose) => composed(compose),
                Action::Directory(_) | Action::ApplyPolicy { .. } | Action::FinishImport(_) => 1024,
            },
            Self::PutPolicy(_) => 4096,
            Self::Part { tickets, .. } => tickets.len() * 1024,
        }
    }
}

fn len(text: Option<&Arc<str>>) -> usize {
    text.map_or(0, |text| text.len())
}

fn created(new: &NewTicket) -> usize {
    new.subject.len() + len(new.description.as_ref())
}

fn composed(compose: &Compose) -> usize {
    let opening = match &compose.opening {
        Opening::Ticket(new) => 768 + created(new),
        Opening::Message { body, .. } => 1024 + body.len(),
    };
    // A tie is an event at both of its ends.
    let events = compose.files.len() + 2 * compose.links.len() + usize::from(compose.tags.is_some());
    opening + events * 1024
}

fn changed(change: &Change) -> usize {
    match change {
        Change::Comment { body, .. } => body.len(),
        Change::Update(edit) => len(edit.description.as_ref()),
        _ => 0,
    }
}
