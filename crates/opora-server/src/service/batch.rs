//! The same change on many tickets (`contract.md`, "Requests").

use opora_core::command::Change;
use opora_core::model::Actor;
use opora_proto::v1;
use v1::batch_change_request::Change as Wire;
use v1::batch_result::Result as Fate;

use super::Service;
use super::call::RequestId;
use crate::convert::calls::{self, import_time};
use crate::convert::{self, Violations, optional, parse_names, request_id, ticket_ref};
use crate::engine::{Action, Answer};
use crate::errors::{Language, Outcome, Problem, refusal_of_batch};

impl Service {
    pub(super) async fn batch(
        &self,
        actor: Actor,
        mut wire: v1::BatchChangeRequest,
        language: Language,
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
        let import = import_time(wire.change.as_ref().and_then(import_of), &mut wrong);
        if wire.change.is_none() {
            wrong.add("change", "is needed");
        }
        let change = wire.change.as_ref().map(|change| self.batch_part(change, &mut wrong)).transpose()?.flatten();
        let change = wrong.require(change)?;
        let etag_of = |name: &String| {
            let found = etags.binary_search_by(|(key, _)| key.cmp(name)).ok();
            found.and_then(|n| etags.get(n)).and_then(|(_, etag)| optional(etag.clone()))
        };
        let tickets = tickets.into_iter().zip(wire.names.iter().map(etag_of)).collect();
        let action = Action::Batch { tickets, change };
        let done = self.submit(actor, "BatchChange", request, import, action).await?;
        let Answer::Batch(fates) = done.answer else {
            return Err(Problem::internal("a batch was answered with something else", &"no results"));
        };
        let results = wire.names.into_iter().zip(fates).map(|(name, fate)| {
            let result = match fate {
                Ok(ticket) => Fate::Ticket(convert::ticket(&ticket, None)),
                Err(refused) => Fate::Refusal(refusal_of_batch(refused, language)),
            };
            v1::BatchResult { name, result: Some(result) }
        });
        Ok(v1::BatchChangeResponse { results: results.collect(), revision: done.revision.0 })
    }

    fn batch_part(&self, wire: &Wire, wrong: &mut Violations) -> Outcome<Option<Change>> {
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
            Wire::Link(wire) => self.link_change("link.", wire, wrong)?,
        })
    }

    /// The change of `LinkTickets`.
    pub(super) fn link_change(
        &self,
        at: &str,
        wire: &v1::LinkTicketsRequest,
        wrong: &mut Violations,
    ) -> Outcome<Option<Change>> {
        if let Some(change) = calls::undo_link(wire.undo_of) {
            return Ok(Some(change));
        }
        let kind = calls::link_kind(at, wire.kind, wrong);
        let target = ticket_ref(&format!("{at}target"), &wire.target, wrong);
        let target = target.map(|target| self.number(target)).transpose()?;
        Ok(target.zip(kind).map(|(target, kind)| Change::Link { target, kind }))
    }
}

fn import_of(wire: &Wire) -> Option<prost_types::Timestamp> {
    match wire {
        Wire::Assign(wire) => wire.import_time,
        Wire::Reprioritise(wire) => wire.import_time,
        Wire::Escalate(wire) => wire.import_time,
        Wire::Transition(wire) => wire.import_time,
        Wire::Comment(wire) => wire.import_time,
        Wire::Update(wire) => wire.import_time,
        Wire::Link(wire) => wire.import_time,
    }
}
