//! A group of submissions: each decided on what the ones before it left, none of it real until it is appended.

mod compose;
mod directory;
mod tickets;

use std::collections::HashMap;
use std::sync::Arc;

use opora_core::decide::{Context, Refusal, Rules};
use opora_core::event::{Change as Happened, TicketEvent};
use opora_core::model::{Actor, Revision, Ticket, TicketNumber};
use opora_core::sla::{Policy, PolicyDefinition};
use opora_core::time::Timestamp;
use opora_store::{Commit, Index, ReadError, Record, RequestKey, RequestRecord};

use super::directory::{Layered, Tables};
use super::log::Published;
use super::state::EngineState;
use super::work::{PutPolicy, RequestId, Work};
use super::{Action, Answer, Done, PolicyApplied, Refused, Submission, answer};

/// The group as far as it was decided.
pub(super) struct Group<'a> {
    state: &'a EngineState,
    rules: Arc<Rules>,
    /// When its commits are made.
    at: Timestamp,
    /// The revision that it follows on.
    after: Revision,
    newest: Revision,
    next_number: TicketNumber,
    /// Tickets that were looked at, as they stand after what was decided.
    tickets: HashMap<TicketNumber, Arc<Ticket>>,
    /// By which keys its tickets are found.
    keys: HashMap<(Index, Arc<str>), TicketNumber>,
    requests: HashMap<RequestKey, ([u8; 16], Done)>,
    directory: Tables,
    commits: Vec<Arc<Commit>>,
    before: Vec<Vec<Option<Arc<Ticket>>>>,
}

/// The records of one commit while it is decided, with what they found before.
#[derive(Default)]
struct Draft {
    records: Vec<Record>,
    before: Vec<Option<Arc<Ticket>>>,
}

pub(crate) fn unreadable(error: ReadError) -> Refused {
    match error {
        ReadError::Failed(_) => Refused::StoreFailed,
        error if error.is_passing() => Refused::Overloaded,
        other => Refused::Corrupt(other.to_string()),
    }
}

impl<'a> Group<'a> {
    pub(super) fn new(state: &'a EngineState) -> Self {
        let position = state.store.position();
        let at = state.time.now().max(position.newest_at.unwrap_or(Timestamp::MIN));
        Self {
            state,
            rules: state.rules(),
            at,
            after: position.newest,
            newest: position.newest,
            next_number: TicketNumber(position.tickets + 1),
            tickets: HashMap::new(),
            keys: HashMap::new(),
            requests: HashMap::new(),
            directory: Tables::default(),
            commits: Vec::new(),
            before: Vec::new(),
        }
    }

    pub(super) fn commits(&self) -> &[Arc<Commit>] {
        &self.commits
    }

    pub(super) fn after(&self) -> Revision {
        self.after
    }

    /// What it did, for the followers.
    pub(super) fn into_published(self) -> Vec<Arc<Published>> {
        let before = self.before.into_iter().map(Some);
        self.commits.into_iter().zip(before).map(|(commit, before)| Arc::new(Published { commit, before })).collect()
    }

    /// Decides one thing.
    pub(super) fn decide(&mut self, work: Work) -> Result<Done, Refused> {
        match work {
            Work::Submission(submission) => self.submission(&submission),
            Work::PutPolicy(put) => self.put_policy(*put),
            Work::Part { actor, tickets, change, request } => self.part(&actor, &tickets, &change, request),
        }
    }

    fn submission(&mut self, submission: &Submission) -> Result<Done, Refused> {
        if let Some(done) = self.repeated(submission.request)? {
            return Ok(done);
        }
        let mut draft = Draft::default();
        let answer = match &submission.action {
            Action::Create(new) => self.create(new, submission, &mut draft)?,
            Action::Change { ticket, etag, change } => {
                self.change(*ticket, etag.as_deref(), change, submission, &mut draft)?
            }
            Action::Batch { tickets, change } => self.batch(tickets, change, submission, &mut draft),
            Action::Compose(compose) => self.compose(compose, submission, &mut draft)?,
            Action::Directory(command) => self.edit_directory(command, &submission.actor, &mut draft)?,
            // The desk takes these apart before they come here.
            Action::ApplyPolicy { .. } | Action::FinishImport(_) => return Err(Refusal::NoChange.into()),
        };
        Ok(self.seal(draft, submission.request, answer))
    }

    /// The first answer to a request that was answered before, in this group or earlier.
    fn repeated(&self, request: Option<RequestId>) -> Result<Option<Done>, Refused> {
        let Some((key, content)) = request else { return Ok(None) };
        if let Some((first, done)) = self.requests.get(&key) {
            return if *first == content { Ok(Some(done.clone())) } else { Err(Refused::RequestIdReused) };
        }
        let Some(remembered) = self.state.store.remembered(&key).map_err(unreadable)? else { return Ok(None) };
        if remembered.content != content {
            return Err(Refused::RequestIdReused);
        }
        let commit = self.state.store.commit(remembered.revision).map_err(unreadable)?;
        let damaged = || Refused::Corrupt(format!("the answer under revision {}", remembered.revision.0));
        answer::decode(commit, &self.rules.policies).map(Some).ok_or_else(damaged)
    }

    /// Makes a commit of what was decided.
    fn seal(&mut self, draft: Draft, request: Option<RequestId>, answer: Answer) -> Done {
        if draft.records.is_empty() {
            return Done { revision: Revision::ZERO, commit: None, answer };
        }
        let revision = self.newest.next();
        let record = request.map(|(key, content)| RequestRecord { key, content, answer: answer::encode(&answer) });
        let commit = Arc::new(Commit { revision, at: self.at, records: draft.records, request: record });
        self.newest = revision;
        self.commits.push(commit.clone());
        self.before.push(draft.before);
        let done = Done { revision, commit: Some(commit), answer };
        if let Some((key, content)) = request {
            self.requests.insert(key, (content, done.clone()));
        }
        done
    }

    /// Lets the domain decide with what it has to know.
    fn with_context<T>(
        &self,
        actor: &Actor,
        import_time: Option<Timestamp>,
        decide: impl FnOnce(&Context<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refused> {
        let directory = Layered { base: &self.state.directory, top: &self.directory };
        let context = Context {
            now: import_time.unwrap_or(self.at),
            revision: self.newest.next(),
            actor,
            next_number: self.next_number,
            random: rand::random(),
            rules: &self.rules,
            directory: &directory,
            importing: import_time.is_some(),
        };
        Ok(decide(&context)?)
    }

    /// Takes over what happened to tickets.
    fn take(&mut self, events: Vec<TicketEvent>, draft: &mut Draft) {
        for event in events {
            let ticket = &event.ticket;
            if matches!(event.change, Happened::Created { .. }) {
                self.next_number = self.next_number.max(TicketNumber(ticket.number.0 + 1));
            }
            self.keys.extend(Index::of(&event).map(|(index, key)| ((index, key.clone()), ticket.number)));
            draft.before.push(self.tickets.insert(ticket.number, ticket.clone()));
            draft.records.push(Record::Ticket(event));
        }
    }

    fn put_policy(&mut self, put: PutPolicy) -> Result<Done, Refused> {
        let PutPolicy { actor, reason, request, applied } = put;
        if let Some(done) = self.repeated(request)? {
            return Ok(done);
        }
        let mut definition = PolicyDefinition::clone(&applied.definition);
        let id = &definition.policy.id;
        definition.policy.version =
            self.rules.policies.newest(id).map_or(1, |policy| policy.definition().policy.version + 1);
        let policy = Policy::new(definition.clone()).map_err(|wrong| Refused::Corrupt(wrong.to_string()))?;
        let mut rules = Rules::clone(&self.rules);
        rules.policies.add(policy);
        self.rules = Arc::new(rules);
        let definition = Arc::new(definition);
        let record = Record::Policy(actor, reason, definition.clone());
        let draft = Draft { records: vec![record], before: vec![None] };
        Ok(self.seal(draft, request, Answer::Policy(Arc::new(PolicyApplied { definition, ..applied }))))
    }
}
