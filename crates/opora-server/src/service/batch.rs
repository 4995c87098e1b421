//! The same change on many tickets (docs/contract.md "Requests").

use std::collections::HashMap;
use std::sync::Arc;

use opora_core::command::Change;
use opora_core::model::{Ticket, TicketNumber};
use opora_proto::v1;
use prost::Message as _;
use v1::batch_change_request::Change as Wire;
use v1::batch_result::Result as Fate;

use super::Service;
use super::call::RequestId;
use crate::call::Call;
use crate::convert::calls::{self, import_time};
use crate::convert::{self, optional, parse_names, request_id, ticket_ref};
use crate::engine::{Action, Answer, Refused, TicketRef};
use crate::errors::{Outcome, Problem, Violations, refusal_of_batch};
use crate::language::Language;
use crate::size::{Room, as_field};

impl Service {
    pub(super) async fn batch(
        &self,
        call: &Call,
        mut wire: v1::BatchChangeRequest,
    ) -> Outcome<v1::BatchChangeResponse> {
        let mut wrong = Violations::default();
        let id = request_id("request_id", &std::mem::take(&mut wire.request_id), &mut wrong);
        let mut etags: Vec<(String, String)> = std::mem::take(&mut wire.etags).into_iter().collect();
        etags.sort_unstable();
        let request = RequestId::with_map(id, &wire, &etags);
        let tickets = parse_names(&wire.names, &mut wrong);
        if etags.len() > wire.names.len() {
            wrong.add("etags", "there are more than names");
        }
        for (name, _) in etags.iter().take(wire.names.len()).filter(|(name, _)| !wire.names.contains(name)) {
            wrong.add("etags", format!("`{name}` is not among the names"));
        }
        let (at, import) = wire.change.as_ref().map_or(("", None), import_of);
        let import = import_time(at, import, &mut wrong);
        if wire.change.is_none() {
            wrong.add("change", "is needed");
        }
        let change =
            wire.change.as_ref().map(|change| self.batch_part(call, change, &mut wrong)).transpose()?.flatten();
        if tickets.len() == wire.names.len() {
            self.each_once(call, &wire.names, &tickets, &mut wrong)?;
        }
        let change = wrong.require(change)?;
        let etag_of = |name: &String| {
            let found = etags.binary_search_by(|(key, _)| key.cmp(name)).ok();
            found.and_then(|n| etags.get(n)).and_then(|(_, etag)| optional(etag.clone()))
        };
        let tickets = tickets.into_iter().zip(wire.names.iter().map(etag_of)).collect();
        let action = Action::Batch { tickets, change };
        let done = self.submit(call, request, import, action).await?;
        let Answer::Batch(fates) = done.answer else {
            return Err(Problem::internal("a batch was answered with something else", &"no results"));
        };
        let fates = wire.names.into_iter().zip(fates).collect();
        Ok(v1::BatchChangeResponse { results: results(fates, call.language), revision: done.revision.0 })
    }

    /// Refuses a ticket that is named twice, whether by the same name or once by its number and once by its uid.
    fn each_once(&self, call: &Call, names: &[String], tickets: &[TicketRef], wrong: &mut Violations) -> Outcome<()> {
        let mut seen: HashMap<TicketNumber, Vec<(usize, TicketRef)>> = HashMap::with_capacity(tickets.len());
        for (n, ticket) in tickets.iter().enumerate() {
            let number = match ticket {
                TicketRef::Number(number) => *number,
                TicketRef::Uid(uid) => uid.number(),
            };
            let same = seen.entry(number).or_default();
            for (other, known) in same.iter() {
                if self.is_same(call, *known, *ticket)? {
                    let name = names.get(*other).map_or("", String::as_str);
                    wrong.add(format!("names[{n}]"), format!("is the same ticket as names[{other}], `{name}`"));
                    break;
                }
            }
            same.push((n, *ticket));
        }
        Ok(())
    }

    /// Whether two names with the same number are of one ticket: a uid that is nobody's is refused by itself.
    fn is_same(&self, call: &Call, one: TicketRef, other: TicketRef) -> Outcome<bool> {
        Ok(match (one, other) {
            (TicketRef::Number(_), uid @ TicketRef::Uid(_)) | (uid @ TicketRef::Uid(_), TicketRef::Number(_)) => {
                self.desk().ticket(call, uid)?.is_some()
            }
            _ => one == other,
        })
    }

    fn batch_part(&self, call: &Call, wire: &Wire, wrong: &mut Violations) -> Outcome<Option<Change>> {
        Ok(match wire {
            Wire::Assign(wire) => Some(calls::assign("assign.", wire, wrong)),
            Wire::Reprioritise(wire) => calls::reprioritise("reprioritise.", wire, wrong),
            Wire::Escalate(wire) => Some(calls::escalate("escalate.", wire, wrong)),
            Wire::Transition(wire) => calls::transition("transition.", wire, wrong),
            Wire::Comment(wire) => calls::add_comment("comment.", wire, wrong),
            Wire::Update(wire) => {
                let rules = self.desk().rules();
                Some(calls::update("update.", wire, &rules.checklist, wrong))
            }
            Wire::Link(wire) => self.link_change(call, "link.", wire, wrong)?,
        })
    }

    /// The change of `LinkTickets`.
    pub(super) fn link_change(
        &self,
        call: &Call,
        at: &str,
        wire: &v1::LinkTicketsRequest,
        wrong: &mut Violations,
    ) -> Outcome<Option<Change>> {
        if let Some(change) = calls::undo_link(wire.undo_of) {
            return Ok(Some(change));
        }
        let kind = calls::link_kind(at, wire.kind, wrong);
        let target = ticket_ref(&format!("{at}target"), &wire.target, wrong);
        let target = target.map(|target| self.number(call, target)).transpose()?;
        Ok(target.zip(kind).map(|(target, kind)| Change::Link { target, kind }))
    }
}

/// What became of each, in an answer: tickets are whole until there is no more room, then each is only told apart from
/// its other states. What was done is never refused for the size of its answer.
fn results(fates: Vec<(String, Result<Arc<Ticket>, Refused>)>, language: Language) -> Vec<v1::BatchResult> {
    let mut whole = Vec::with_capacity(fates.len());
    let mut results = Vec::with_capacity(fates.len());
    for (name, fate) in fates {
        let (result, ticket) = match fate {
            Ok(ticket) => (Fate::Ticket(trimmed(&ticket)), Some(ticket)),
            Err(refused) => (Fate::Refusal(refusal_of_batch(refused, language)), None),
        };
        results.push(v1::BatchResult { name, trimmed: ticket.is_some(), result: Some(result) });
        whole.push(ticket);
    }
    let mut room = Room::beside(results.iter().map(|result| as_field(result.encoded_len())).sum());
    for (result, ticket) in results.iter_mut().zip(whole) {
        let Some(ticket) = ticket else { continue };
        let ticket = convert::ticket(&ticket, None);
        if !room.takes(ticket.encoded_len()) {
            // All that come after are thin as well: a caller sees where the room ended.
            break;
        }
        (result.result, result.trimmed) = (Some(Fate::Ticket(ticket)), false);
    }
    results
}

/// A ticket by its name alone.
fn trimmed(ticket: &Ticket) -> v1::Ticket {
    v1::Ticket {
        name: ticket.number.to_string(),
        revision: ticket.revision.0,
        etag: ticket.etag(),
        ..Default::default()
    }
}

/// The path of a part, and when it happened.
fn import_of(wire: &Wire) -> (&'static str, Option<prost_types::Timestamp>) {
    match wire {
        Wire::Assign(wire) => ("assign.", wire.import_time),
        Wire::Reprioritise(wire) => ("reprioritise.", wire.import_time),
        Wire::Escalate(wire) => ("escalate.", wire.import_time),
        Wire::Transition(wire) => ("transition.", wire.import_time),
        Wire::Comment(wire) => ("comment.", wire.import_time),
        Wire::Update(wire) => ("update.", wire.import_time),
        Wire::Link(wire) => ("link.", wire.import_time),
    }
}
