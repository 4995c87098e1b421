//! Changes of one ticket: what their messages have in common, and their answers.

use opora_core::command::Change;
use opora_core::event::{Change as Event, TicketEvent};
use opora_core::model::Ticket;
use opora_proto::v1;
use opora_store::Record;
use prost::Message;
use std::sync::Arc;

use super::Service;
use super::call::{RequestId, etag};
use crate::call::Call;
use crate::convert::calls::{self, import_time};
use crate::convert::{self, request_id, ticket_ref};
use crate::engine::{Action, Answer, Done};
use crate::errors::{Outcome, Problem, Violations};

/// A request to change one ticket.
pub(super) trait Changing: Message {
    /// The field that names the ticket.
    const NAME: &'static str = "name";
    fn name(&self) -> &str;
    fn etag(&mut self) -> &mut String;
    fn request_id(&mut self) -> &mut String;
    fn import_time(&self) -> Option<prost_types::Timestamp>;
}

macro_rules! changing {
    ($($wire:ident)+) => {
        $(impl Changing for v1::$wire {
            fn name(&self) -> &str {
                &self.name
            }
            fn etag(&mut self) -> &mut String {
                &mut self.etag
            }
            fn request_id(&mut self) -> &mut String {
                &mut self.request_id
            }
            fn import_time(&self) -> Option<prost_types::Timestamp> {
                self.import_time
            }
        })+
    };
}

changing! {
    AssignTicketRequest
    ReprioritiseTicketRequest
    EscalateTicketRequest
    DeescalateTicketRequest
    TransitionTicketRequest
    AddCommentRequest
    MergeTicketsRequest
    UnmergeTicketRequest
    LinkTicketsRequest
    UnlinkTicketsRequest
}

impl Changing for v1::UpdateTicketRequest {
    const NAME: &'static str = "ticket.name";
    fn name(&self) -> &str {
        self.ticket.as_ref().map_or("", |ticket| &ticket.name)
    }
    fn etag(&mut self) -> &mut String {
        &mut self.etag
    }
    fn request_id(&mut self) -> &mut String {
        &mut self.request_id
    }
    fn import_time(&self) -> Option<prost_types::Timestamp> {
        self.import_time
    }
}

/// What a change gave: the ticket as it stands after, perhaps another one, and the events of the commit.
pub(super) struct Changed {
    pub(super) ticket: Arc<Ticket>,
    pub(super) other: Option<Arc<Ticket>>,
    pub(super) done: Done,
}

impl Changed {
    /// What was answered to a change of one ticket, or to a new one.
    pub(super) fn of(done: Done) -> Outcome<Self> {
        match &done.answer {
            Answer::Ticket(ticket, other) => Ok(Self { ticket: ticket.clone(), other: other.clone(), done }),
            _ => Err(Problem::internal("a change was answered with something else", &"no ticket")),
        }
    }

    /// The events on the ticket under the change's revision.
    pub(super) fn events(&self) -> impl Iterator<Item = &TicketEvent> {
        let records = self.done.commit.iter().flat_map(|commit| &commit.records);
        records.filter_map(|record| match record {
            Record::Ticket(event) if event.ticket.number == self.ticket.number => Some(event),
            _ => None,
        })
    }
}

impl Service {
    /// Reads and submits a change. `read` gives `None` only where it added a violation.
    pub(super) async fn change<M: Changing>(
        &self,
        call: &Call,
        mut wire: M,
        read: impl FnOnce(&mut M, &mut Violations) -> Outcome<Option<Change>>,
    ) -> Outcome<Changed> {
        let mut wrong = Violations::default();
        let id = request_id("request_id", &std::mem::take(wire.request_id()), &mut wrong);
        let request = RequestId::new(id, &wire);
        let import = import_time("", wire.import_time(), &mut wrong);
        let ticket = ticket_ref(M::NAME, wire.name(), &mut wrong);
        let etag = etag(wire.etag());
        let change = read(&mut wire, &mut wrong)?;
        let (ticket, change) = wrong.require(ticket.zip(change))?;
        let action = Action::Change { ticket, etag, change };
        let done = self.submit(call, request, import, action).await?;
        Changed::of(done)
    }

    /// A ticket with its description, as changes answer with it.
    pub(super) fn whole(&self, changed: &Changed, ticket: &Ticket) -> Outcome<v1::Ticket> {
        // What a change has just written need not be read again.
        let written = changed.events().find_map(|event| match &event.change {
            Event::Created { description, .. } | Event::Updated { description, .. } => description.clone(),
            _ => None,
        });
        let same = ticket.number == changed.ticket.number && ticket.description_revision == changed.done.revision;
        let description = match written {
            Some(description) if same => Some(description),
            _ => self.description(ticket)?,
        };
        Ok(convert::ticket(ticket, description.as_deref()))
    }

    /// A ticket's description.
    pub(super) fn description(&self, ticket: &Ticket) -> Outcome<Option<Arc<str>>> {
        if ticket.description_len == 0 {
            return Ok(None);
        }
        Ok(self.desk().description(ticket)?)
    }

    pub(super) async fn merge(&self, call: &Call, wire: v1::MergeTicketsRequest) -> Outcome<v1::MergeTicketsResponse> {
        let changed = self
            .change(call, wire, |wire, wrong| {
                let reason = calls::reason(&wire.reason, false, wrong);
                let target = ticket_ref("target", &wire.target, wrong);
                let target = target.map(|target| self.number(call, target)).transpose()?;
                let target_etag = etag(&mut wire.target_etag).map(String::into_boxed_str);
                Ok(target.map(|target| Change::Merge { target, target_etag, reason }))
            })
            .await?;
        let target = changed.other.as_ref().map(|other| self.whole(&changed, other)).transpose()?;
        let ticket = Some(self.whole(&changed, &changed.ticket)?);
        Ok(v1::MergeTicketsResponse { ticket, target, revision: changed.done.revision.0 })
    }

    pub(super) async fn escalate(
        &self,
        call: &Call,
        wire: v1::EscalateTicketRequest,
    ) -> Outcome<v1::EscalateTicketResponse> {
        let changed = self.change(call, wire, |wire, wrong| Ok(Some(calls::escalate("", wire, wrong)))).await?;
        let (whom, reachable) = changed
            .events()
            .find_map(|event| match &event.change {
                Event::Escalated { whom, reachable, .. } => Some((whom.to_string(), *reachable)),
                _ => None,
            })
            .unwrap_or_default();
        Ok(v1::EscalateTicketResponse {
            ticket: Some(self.whole(&changed, &changed.ticket)?),
            revision: changed.done.revision.0,
            whom,
            reachable_time: reachable.map(convert::timestamp),
        })
    }

    pub(super) async fn comment(&self, call: &Call, wire: v1::AddCommentRequest) -> Outcome<v1::AddCommentResponse> {
        let changed = self.change(call, wire, |wire, wrong| Ok(calls::add_comment("", wire, wrong))).await?;
        let revision = changed.done.revision;
        let comment = changed.events().find_map(|event| match &event.change {
            Event::Commented(comment) => {
                let ticket = event.ticket.number;
                Some(convert::comment(comment, ticket, ticket, revision, event.at))
            }
            _ => None,
        });
        let ticket = Some(self.whole(&changed, &changed.ticket)?);
        Ok(v1::AddCommentResponse { comment, ticket, revision: revision.0 })
    }
}
