//! Jobs that touch many tickets: applying a policy, finishing an import. They go through the writer in bounded parts, so
//! that others are served in between, and go on when their caller has gone.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use opora_core::command::Change;
use opora_core::decide::Refusal;
use opora_core::model::{Actor, Origin, PolicyId, Revision, Ticket, TicketNumber, TicketState};
use opora_core::sla::{ClockKind, Fact, FactKind, Policies, Policy, PolicyDefinition, PolicyRef, SlaState, UrgencyKey};
use opora_core::time::Timestamp;
use opora_store::RequestKey;
use parking_lot::Mutex;

use super::{Desk, PolicyMove, PolicyPreview};
use crate::call::Call;
use crate::engine::state::ticket_at;
use crate::engine::work::{PutPolicy, RequestId, Work};
use crate::engine::{Action, Answer, Done, PolicyApplied, Refused, Submission, unreadable};
use crate::followers::world::World;
use crate::scans::Going;

/// How many tickets are changed under one revision.
const PART: usize = 100;
/// How many moves a preview shows.
const MOVES: usize = 100;
/// How many answers of long jobs are remembered as they were given.
const ANSWERS: usize = 64;

/// One long job at a time.
#[derive(Default)]
pub(super) struct Long {
    turn: tokio::sync::Mutex<()>,
    /// The last answers: the revision in them is that of the last part, which no single commit tells.
    answers: Mutex<VecDeque<(RequestId, Done)>>,
}

impl Long {
    fn answered(&self, request: Option<RequestId>) -> Result<Option<Done>, Refused> {
        let Some((key, content)) = request else { return Ok(None) };
        let answers = self.answers.lock();
        match answers.iter().find(|((k, _), _)| *k == key) {
            Some(((_, c), done)) if *c == content => Ok(Some(done.clone())),
            Some(_) => Err(Refused::RequestIdReused),
            None => Ok(None),
        }
    }

    fn remember(&self, request: Option<RequestId>, done: &Done) {
        let Some(request) = request else { return };
        let mut answers = self.answers.lock();
        if answers.len() >= ANSWERS {
            answers.pop_front();
        }
        answers.push_back((request, done.clone()));
    }
}

impl Desk {
    /// Runs a long job to its end, whether or not its caller waits.
    pub(super) async fn submit_long(&self, submission: Submission) -> Result<Done, Refused> {
        if self.shared.tasks.is_closed() {
            return Err(Refused::Stopping);
        }
        let desk = self.clone();
        let job = self.shared.tasks.spawn(async move {
            let turn = desk.shared.long.turn.lock().await;
            let done = desk.long(submission).await;
            drop(turn);
            done
        });
        job.await.unwrap_or(Err(Refused::StoreFailed))
    }

    async fn long(&self, submission: Submission) -> Result<Done, Refused> {
        let request = submission.request;
        if let Some(done) = self.shared.long.answered(request)? {
            return Ok(done);
        }
        let done = match submission.action {
            Action::ApplyPolicy { definition, reason, etag } => {
                self.apply_policy(submission.actor, request, (*definition, etag), reason).await?
            }
            Action::FinishImport(origin) => self.finish_import(submission.actor, request, origin).await?,
            _ => return Err(Refusal::NoChange.into()),
        };
        self.shared.long.remember(request, &done);
        Ok(done)
    }

    /// The policy first; then the tickets. Repeated after a crash in between, it finds the policy there and goes on, and
    /// answers what the first call would have.
    async fn apply_policy(
        &self,
        actor: Actor,
        request: Option<RequestId>,
        (definition, etag): (PolicyDefinition, Option<String>),
        reason: Arc<str>,
    ) -> Result<Done, Refused> {
        let known = self.answered_before(&actor, request).await?;
        let mut done = if let Some(done) = known {
            done
        } else {
            let preview = self.preview_policy(&Call::own(), definition, etag.as_deref()).await?;
            let applied = PolicyApplied {
                definition: preview.definition,
                tickets: preview.tickets,
                moved: preview.moved,
                breached: preview.breached,
                shown: preview.moves.iter().map(|moved| moved.ticket).collect(),
                revision: preview.revision,
                at: preview.at,
            };
            if preview.again {
                let answer = Answer::Policy(Arc::new(applied));
                Done { revision: preview.revision, commit: None, answer }
            } else {
                let put = PutPolicy { actor: actor.clone(), reason: reason.clone(), request, applied };
                self.work(Work::PutPolicy(Box::new(put)), true).await?
            }
        };
        let Answer::Policy(applied) = &done.answer else { return Ok(done) };
        let policy = applied.definition.policy.clone();
        let (world, named) = (self.shared.world.clone(), policy.clone());
        let older = move |going: &mut Going| {
            let (running, _) = running_by(&world, &named.id, going)?;
            let older = running.iter().filter(|ticket| ticket.sla.policy.version < named.version);
            Ok(older.map(|ticket| ticket.number).collect::<Vec<_>>())
        };
        let numbers = self.shared.scans.run(super::query::RECKON_COST, older).await?;
        let change = Change::ApplyPolicy { policy, reason };
        done.revision = done.revision.max(self.parts(&actor, &numbers, &change, request).await?);
        Ok(done)
    }

    async fn finish_import(&self, actor: Actor, request: Option<RequestId>, origin: Origin) -> Result<Done, Refused> {
        let world = self.shared.world.clone();
        let numbers = self.shared.scans.run(1, move |going| importing(&world, origin, going)).await?;
        let first: Vec<_> = numbers.iter().take(PART).copied().collect();
        let count = numbers.len() as u64;
        let part = Work::Part {
            actor: actor.clone(),
            tickets: first,
            change: Change::FinishImport,
            request: request.map(|request| (request, count)),
        };
        let mut done = self.work(part, true).await?;
        if request.is_none() {
            done.answer = Answer::Count(count);
        }
        // The first part once more: repeated after a crash, the step before only gave the first answer again. Those that
        // it ended already refuse, which is passed over.
        done.revision = done.revision.max(self.parts(&actor, &numbers, &Change::FinishImport, request).await?);
        Ok(done)
    }

    /// The same change on many tickets, part by part; the revision of the last that changed anything. The last part
    /// remembers the request's end: once that is there, nothing is done any more, and its revision given.
    async fn parts(
        &self,
        actor: &Actor,
        numbers: &[TicketNumber],
        change: &Change,
        request: Option<RequestId>,
    ) -> Result<Revision, Refused> {
        let end = request.map(end_of);
        if let Some(done) = self.answered_before(actor, end).await? {
            return Ok(done.revision);
        }
        let mut last = Revision::ZERO;
        let mut parts = numbers.chunks(PART).peekable();
        while let Some(part) = parts.next() {
            let (actor, change) = (actor.clone(), change.clone());
            let request = if parts.peek().is_none() { end.map(|end| (end, part.len() as u64)) } else { None };
            let part = Work::Part { actor, tickets: part.to_vec(), change, request };
            last = last.max(self.work(part, true).await?.revision);
        }
        Ok(last)
    }

    /// What a request was answered, if it was.
    async fn answered_before(&self, actor: &Actor, request: Option<RequestId>) -> Result<Option<Done>, Refused> {
        let Some(request) = request else { return Ok(None) };
        // A part without tickets makes no commit.
        let (actor, change) = (actor.clone(), Change::FinishImport);
        let part = Work::Part { actor, tickets: Vec::new(), change, request: Some((request, 0)) };
        let done = self.work(part, true).await?;
        Ok(done.commit.is_some().then_some(done))
    }
}

/// Under which key the end of a long job is remembered: keys are hashes, so nobody else has its complement.
fn end_of((key, content): RequestId) -> RequestId {
    (RequestKey(key.0.map(|byte| !byte)), content)
}

/// The tickets of an import that is not finished: live ones, and those that can live again. Blocks.
fn importing(world: &World, origin: Origin, going: &mut Going) -> Result<Vec<TicketNumber>, Refused> {
    let mut numbers = Vec::new();
    let mut from = TicketNumber(1);
    loop {
        let tickets = world.state.store.tickets(from, false, 500).map_err(unreadable)?;
        let Some(last) = tickets.last() else { return Ok(numbers) };
        tickets.iter().try_for_each(|_| going.row())?;
        from = TicketNumber(last.number.0 + 1);
        let waits = |ticket: &&Arc<Ticket>| ticket.importing && ticket.origin == origin;
        numbers.extend(tickets.iter().filter(waits).map(|ticket| ticket.number));
    }
}

/// Whether a policy can be applied to what stands: its etag is not stale, and it says something new. Where it says the
/// same but tickets still run by an older version (a desk that stopped on the way), gives the version to go on with.
pub(super) fn again(
    world: &World,
    definition: &PolicyDefinition,
    etag: Option<&str>,
    going: &mut Going,
) -> Result<Option<PolicyDefinition>, Refused> {
    let (rules, id) = (world.rules(), &definition.policy.id);
    let Some(newest) = rules.policies.newest(id).map(Policy::definition) else {
        return if etag.is_some() { Err(Refusal::NoResource(id.name()).into()) } else { Ok(None) };
    };
    if etag.is_some_and(|etag| etag != newest.etag()) {
        return Err(Refused::DirectoryEtag(newest.etag()));
    }
    if !definition.says_the_same(newest) {
        return Ok(None);
    }
    let (running, _) = running_by(world, id, going)?;
    let runs_older = |ticket: &Arc<Ticket>| ticket.sla.policy.version < newest.policy.version;
    if running.iter().any(runs_older) { Ok(Some(newest.clone())) } else { Err(Refusal::NoChange.into()) }
}

/// Every ticket that is not closed and runs by a policy (docs/domain.md §7 rule 12), the most urgent first, and at
/// which revision. Merged ones are not in memory: they are looked for in the store. Blocks.
fn running_by(world: &World, policy: &PolicyId, going: &mut Going) -> Result<(Vec<Arc<Ticket>>, Revision), Refused> {
    let (mut found, revision) = world.queue.live();
    let live: HashSet<TicketNumber> = found.iter().map(|ticket| ticket.number).collect();
    found.retain(|ticket| ticket.sla.policy.id == *policy);
    found.sort_by_cached_key(|ticket| UrgencyKey::of(ticket));
    let mut from = TicketNumber(1);
    loop {
        let tickets = world.state.store.tickets(from, false, 500).map_err(unreadable)?;
        let Some(last) = tickets.last() else { return Ok((found, revision)) };
        from = TicketNumber(last.number.0 + 1);
        tickets.iter().try_for_each(|_| going.row())?;
        let runs = |t: &Arc<Ticket>| t.state != TicketState::Closed && t.sla.policy.id == *policy;
        found.extend(tickets.into_iter().filter(|ticket| runs(ticket) && !live.contains(&ticket.number)));
    }
}

/// What a new version of a policy would move. Blocks.
pub(super) fn preview(
    world: &World,
    mut definition: PolicyDefinition,
    going: &mut Going,
) -> Result<PolicyPreview, Refused> {
    let rules = world.rules();
    let newest = rules.policies.newest(&definition.policy.id);
    definition.policy.version = newest.map_or(1, |policy| policy.definition().policy.version + 1);
    let policy = Policy::new(definition.clone()).map_err(|wrong| Refused::Corrupt(wrong.to_string()))?;
    let mut policies = rules.policies.clone();
    policies.add(policy);
    let (running, revision) = running_by(world, &definition.policy.id, going)?;
    let (named, at) = (definition.policy.clone(), world.now());
    let definition = Arc::new(definition);
    let mut preview =
        PolicyPreview { definition, again: false, tickets: 0, moved: 0, breached: 0, moves: Vec::new(), revision, at };
    for ticket in &running {
        going.row()?;
        let after = under(&ticket.sla, &named, at, &policies)?;
        preview.tickets += 1;
        let moves = clocks(&ticket.sla, &after).any(|(before, after)| before.due != after.due);
        let breaches = clocks(&ticket.sla, &after)
            .filter(|(before, after)| before.breach.is_none() && after.breach.is_some())
            .count();
        preview.breached += breaches as u64;
        if moves {
            preview.moved += 1;
            if preview.moves.len() < MOVES {
                preview.moves.push(PolicyMove { ticket: ticket.number, before: ticket.sla.clone(), after });
            }
        }
    }
    Ok(preview)
}

/// What a version that was applied did to the first tickets that it moved: reckoned again where it was reckoned first.
/// Blocks.
pub(super) fn moves(world: &World, applied: &PolicyApplied, going: &mut Going) -> Result<Vec<PolicyMove>, Refused> {
    let rules = world.rules();
    let mut moves = Vec::with_capacity(applied.shown.len());
    for number in &applied.shown {
        going.row()?;
        let Some(ticket) = ticket_at(&*world.state.store, *number, applied.revision).map_err(unreadable)? else {
            continue;
        };
        let before = ticket.sla.clone();
        let after = under(&before, &applied.definition.policy, applied.at, &rules.policies)?;
        moves.push(PolicyMove { ticket: *number, before, after });
    }
    Ok(moves)
}

/// Clocks as they would be under another version of their policy from some time on.
fn under(sla: &SlaState, policy: &PolicyRef, at: Timestamp, policies: &Policies) -> Result<SlaState, Refused> {
    let fact = Fact { at, revision: Revision::ZERO, kind: FactKind::PolicyApplied(policy.clone()) };
    Ok(sla.with(fact, policies).map_err(Refusal::from)?)
}

fn clocks<'a>(
    before: &'a SlaState,
    after: &'a SlaState,
) -> impl Iterator<Item = (&'a opora_core::sla::Clock, &'a opora_core::sla::Clock)> {
    [ClockKind::FirstResponse, ClockKind::Resolution].into_iter().map(|kind| (before.clock(kind), after.clock(kind)))
}
