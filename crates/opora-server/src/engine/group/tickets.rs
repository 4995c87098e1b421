//! Submissions about tickets. Checks in the order of the contract: request id (before this), existence, etag, then
//! what the domain asks (`seen_through`, state).

use std::collections::BTreeMap;
use std::sync::Arc;

use opora_core::command::{Change, NewTicket};
use opora_core::decide::{self, Needs, Other, Others, Refusal};
use opora_core::event::{Change as Happened, TicketEvent};
use opora_core::model::{Actor, Revision, Ticket, TicketNumber};
use opora_core::time::Timestamp;
use opora_store::{Index, ReadError, Record};

use super::{Draft, Group, unreadable};
use crate::engine::work::RequestId;
use crate::engine::{Answer, Done, Refused, Submission, TicketRef};

impl Group<'_> {
    pub(super) fn create(
        &mut self,
        new: &NewTicket,
        submission: &Submission,
        draft: &mut Draft,
    ) -> Result<Answer, Refused> {
        if let Some(id) = &new.external_id
            && let Some(number) = self.found_by(Index::ExternalId, id)?
        {
            return Err(Refusal::ExternalIdTaken(number).into());
        }
        let events =
            self.with_context(&submission.actor, submission.import_time, |context| decide::create(new, context))?;
        self.take(events, draft);
        answer_of(draft, None)
    }

    pub(super) fn change(
        &mut self,
        ticket: TicketRef,
        etag: Option<&str>,
        change: &Change,
        submission: &Submission,
        draft: &mut Draft,
    ) -> Result<Answer, Refused> {
        let ticket = self.find(ticket)?;
        let events = self.change_one(&ticket, etag, change, &submission.actor, submission.import_time)?;
        self.take(events, draft);
        answer_of(draft, Some(ticket.number))
    }

    /// Each stands or falls alone, and sees what those before it did.
    pub(super) fn batch(
        &mut self,
        tickets: &[(TicketRef, Option<String>)],
        change: &Change,
        submission: &Submission,
        draft: &mut Draft,
    ) -> Answer {
        let mut fates = BTreeMap::new();
        let mut results: Vec<_> = tickets
            .iter()
            .map(|(ticket, etag)| self.of_batch(*ticket, etag.as_deref(), change, submission, &mut fates, draft))
            .collect();
        // A ticket that a later one of the batch touched again is shown as it stands after the whole.
        for result in results.iter_mut().flatten() {
            if let Some(last) = self.tickets.get(&result.number) {
                *result = last.clone();
            }
        }
        Answer::Batch(results)
    }

    /// One of a batch. A ticket that several names lead to is changed once, and all of them are told the same
    /// (docs/contract.md "Requests"): `fates` is what became of each so far.
    fn of_batch(
        &mut self,
        ticket: TicketRef,
        etag: Option<&str>,
        change: &Change,
        submission: &Submission,
        fates: &mut BTreeMap<TicketNumber, Result<Arc<Ticket>, Refused>>,
        draft: &mut Draft,
    ) -> Result<Arc<Ticket>, Refused> {
        let ticket = self.find(ticket)?;
        let above = self.above(&ticket)?;
        let end = decide::redirected(&ticket, change, &above, &submission.actor).unwrap_or(&ticket).number;
        if let Some(fate) = fates.get(&end) {
            return fate.clone();
        }
        // An etag is of a name alone: where it is stale, another name may still lead to the ticket.
        decide::check_etag(&ticket, etag)?;
        let fate = self.changed_alone(&ticket, change, submission, draft);
        fates.insert(end, fate.clone());
        fate
    }

    fn changed_alone(
        &mut self,
        ticket: &Arc<Ticket>,
        change: &Change,
        submission: &Submission,
        draft: &mut Draft,
    ) -> Result<Arc<Ticket>, Refused> {
        let events = self.change_one(ticket, None, change, &submission.actor, submission.import_time)?;
        let mut own = Draft::default();
        self.take(events, &mut own);
        let answer = answer_of(&own, Some(ticket.number));
        draft.records.append(&mut own.records);
        draft.before.append(&mut own.before);
        match answer? {
            Answer::Ticket(ticket, _) => Ok(ticket),
            _ => Err(Refusal::NoChange.into()),
        }
    }

    /// A part of a long job: what refuses is passed over.
    pub(super) fn part(
        &mut self,
        actor: &Actor,
        tickets: &[TicketNumber],
        change: &Change,
        request: Option<(RequestId, u64)>,
    ) -> Result<Done, Refused> {
        if let Some(done) = self.repeated(request.map(|(id, _)| id))? {
            return Ok(done);
        }
        let mut draft = Draft::default();
        let mut count = 0;
        for number in tickets {
            let Ok(Some(ticket)) = self.look_up(*number) else { continue };
            match self.change_one(&ticket, None, change, actor, None) {
                Ok(events) if events.is_empty() => {}
                Ok(events) => {
                    count += 1;
                    self.take(events, &mut draft);
                }
                Err(Refused::Domain(_)) => {}
                // What was taken already stays: the others are not given up for one that can't be read.
                Err(other) => tracing::warn!(%number, %other, "a ticket is passed over"),
            }
        }
        let count = request.map_or(count, |(_, count)| count);
        Ok(self.seal(draft, request.map(|(id, _)| id), Answer::Count(count)))
    }

    pub(super) fn change_one(
        &mut self,
        ticket: &Arc<Ticket>,
        etag: Option<&str>,
        change: &Change,
        actor: &Actor,
        import_time: Option<Timestamp>,
    ) -> Result<Vec<TicketEvent>, Refused> {
        decide::check_etag(ticket, etag)?;
        let others = self.others(ticket, change)?;
        self.with_context(actor, import_time, |context| decide::change(ticket, change, &others, context))
    }

    /// What a change has to know beside its ticket.
    fn others(&mut self, ticket: &Ticket, change: &Change) -> Result<Others, Refused> {
        let mut others = Others { above: self.above(ticket)?, ..Others::default() };
        let needed = match decide::needs(ticket, change) {
            Needs::Nothing => Vec::new(),
            Needs::Ticket(number) => vec![number],
            Needs::Undone(revision, facet) => {
                others.undone = self.events_of(ticket.number, revision)?;
                decide::undo_needs(&others.undone, facet)
            }
        };
        for number in needed {
            if let Some(ticket) = self.look_up(number)? {
                let above = self.above(&ticket)?;
                others.tickets.push(Other { ticket, above });
            }
        }
        Ok(others)
    }

    fn above(&mut self, ticket: &Ticket) -> Result<Vec<Arc<Ticket>>, Refused> {
        decide::above(ticket, |number| self.look_up(number))
    }

    /// What a revision did to a ticket; nothing if there is no such revision.
    fn events_of(&self, number: TicketNumber, revision: Revision) -> Result<Vec<TicketEvent>, Refused> {
        let of_group = self.commits.iter().find(|commit| commit.revision == revision).cloned();
        let commit = match of_group.map_or_else(|| self.state.store.commit(revision), Ok) {
            Ok(commit) => commit,
            Err(ReadError::NoRevision(_)) => return Ok(Vec::new()),
            Err(other) => return Err(unreadable(other)),
        };
        let own = |record: &Record| match record {
            Record::Ticket(event) if event.ticket.number == number => Some(event.clone()),
            _ => None,
        };
        Ok(commit.records.iter().filter_map(own).collect())
    }

    pub(super) fn find(&mut self, ticket: TicketRef) -> Result<Arc<Ticket>, Refused> {
        match ticket {
            TicketRef::Number(number) => Ok(self.look_up(number)?.ok_or(Refusal::NoTicket(number))?),
            TicketRef::Uid(uid) => {
                let found = self.look_up(uid.number())?.filter(|ticket| ticket.uid == uid);
                found.ok_or(Refused::NoTicket(uid))
            }
        }
    }

    /// The ticket that has a key of a kind after what was decided.
    fn found_by(&self, index: Index, key: &Arc<str>) -> Result<Option<TicketNumber>, Refused> {
        match self.keys.get(&(index, key.clone())) {
            Some(number) => Ok(Some(*number)),
            None => self.state.store.find(index, key).map_err(unreadable),
        }
    }

    /// A ticket as it stands after what was decided; kept, so that its event finds what it was before.
    pub(super) fn look_up(&mut self, number: TicketNumber) -> Result<Option<Arc<Ticket>>, Refused> {
        if let Some(ticket) = self.tickets.get(&number) {
            return Ok(Some(ticket.clone()));
        }
        let found = self.state.ticket(number).map_err(unreadable)?;
        if let Some(ticket) = &found {
            self.tickets.insert(number, ticket.clone());
        }
        Ok(found)
    }
}

/// The ticket that was spoken of (or the new one that came instead, or the one that a merged ticket's message went to),
/// and another that was touched.
fn answer_of(draft: &Draft, asked: Option<TicketNumber>) -> Result<Answer, Refused> {
    let events = || {
        draft.records.iter().filter_map(|record| match record {
            Record::Ticket(event) => Some(event),
            _ => None,
        })
    };
    let created = events().find(|event| matches!(event.change, Happened::Created { .. }));
    let asked = asked.filter(|asked| events().any(|event| event.ticket.number == *asked));
    let number = created.map(|event| event.ticket.number).or(asked);
    let number = number.or_else(|| events().next_back().map(|event| event.ticket.number)).ok_or(Refusal::NoChange)?;
    let last = |wanted: &dyn Fn(TicketNumber) -> bool| {
        events().filter(|event| wanted(event.ticket.number)).last().map(|event| event.ticket.clone())
    };
    let ticket = last(&|n| n == number).ok_or(Refusal::NoChange)?;
    Ok(Answer::Ticket(ticket, last(&|n| n != number)))
}
