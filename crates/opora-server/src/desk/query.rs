//! What the desk tells: lists, counts, explanations, what-if.

use std::sync::Arc;

use opora_core::decide::{Refusal, default_policy};
use opora_core::filter::Filter;
use opora_core::model::{OrganisationId, Priority, Revision, Ticket, TicketNumber};
use opora_core::sla::{ClockKind, Explanation, PolicyDefinition, SlaState};
use opora_core::suggest::{Suggestion, suggestions};
use opora_core::time::{Millis, Timestamp};

use super::Desk;
use crate::call::Call;
use crate::engine::{PolicyApplied, Refused, TicketRef, unreadable};
use crate::followers::queue::{ListPage, ListQuery, Scan, Summary, Tally, Texts, count, open_matching};
use crate::scans::Going;

/// What it costs to look a text up in the index of full text, in terms of a filter: a turn is over after some.
const SEARCH_COST: u32 = 4_096;
/// What it costs to reckon the clocks of a ticket anew, in terms of a filter: each stretch of its story is gone through.
pub(super) const RECKON_COST: u32 = 256;

/// How the clocks of a ticket came to what they show.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The ticket.
    pub ticket: Arc<Ticket>,
    /// The clock of the first response.
    pub first_response: Explanation,
    /// The clock of the resolution.
    pub resolution: Explanation,
    /// Until when.
    pub now: Timestamp,
    /// The revision that it speaks of.
    pub revision: Revision,
}

/// What one priority would mean.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The priority.
    pub priority: Priority,
    /// The clocks.
    pub sla: SlaState,
    /// Whether it is the present one.
    pub current: bool,
}

/// What each priority would mean, highest first; and now.
pub type Previews = (Vec<Preview>, Timestamp);

/// What a new version of a policy would move.
#[derive(Clone, Debug)]
pub struct PolicyPreview {
    /// The policy with the version that it would get.
    pub definition: Arc<PolicyDefinition>,
    /// It is there already: tickets that still run by an older version would take it.
    pub again: bool,
    /// How many tickets that are not closed run by it.
    pub tickets: u64,
    /// How many of them would have other due times.
    pub moved: u64,
    /// How many clocks it would breach.
    pub breached: u64,
    /// The first of those that would move; at most 100.
    pub moves: Vec<PolicyMove>,
    /// The revision that it speaks of.
    pub revision: Revision,
    /// The time that it speaks of.
    pub at: Timestamp,
}

/// What a new version of a policy does to a ticket.
#[derive(Clone, Debug)]
pub struct PolicyMove {
    /// Which.
    pub ticket: TicketNumber,
    /// Its clocks before.
    pub before: SlaState,
    /// Its clocks after.
    pub after: SlaState,
}

impl Desk {
    /// A page of tickets.
    ///
    /// # Errors
    /// [`Refused`]: what can't be read, a desk that stops, too many long reads at once.
    pub async fn list(&self, call: &Call, query: ListQuery) -> Result<ListPage, Refused> {
        let query = ListQuery { filter: call.scope.narrow(&query.filter), ..query };
        let (world, scans) = (self.shared.world.clone(), &self.shared.scans);
        let (filter, include_total) = (query.filter.clone(), query.include_total);
        let (texts, cost) = (self.texts(&filter).await?, filter.cost());
        let mut scan = Scan::new(&world, query, texts.clone());
        let mut few = scans.bounded();
        // A caller who goes away is heard of between two steps, each of a turn's rows at most.
        while scan.is_quick() && !scan.step(&world, &mut few)? {
            tokio::task::yield_now().await;
        }
        if scan.is_complete() && !include_total && scan.is_settled() {
            return Ok(scan.finish(None));
        }
        let read = move |going: &mut Going| {
            while !scan.is_complete() {
                scan.step(&world, going)?;
            }
            if !scan.is_settled() {
                scan.settle(&world, going)?;
            }
            let total = if include_total { Some(count(&world, &filter, &texts, going)?) } else { None };
            Ok(scan.finish(total))
        };
        scans.run(cost, read).await
    }

    /// How many tickets match.
    ///
    /// # Errors
    /// As [`Desk::list`].
    pub async fn count(&self, call: &Call, filter: &Arc<Filter>) -> Result<u64, Refused> {
        let filter = call.scope.narrow(filter);
        let (world, texts) = (self.shared.world.clone(), self.texts(&filter).await?);
        let scans = &self.shared.scans;
        let cost = filter.cost();
        scans.run(cost, move |going| count(&world, &filter, &texts, going)).await
    }

    /// Which tickets match each bare text of a filter.
    async fn texts(&self, filter: &Arc<Filter>) -> Result<Texts, Refused> {
        let texts = filter.texts().to_vec();
        if texts.is_empty() {
            return Ok(Texts::default());
        }
        let Some(search) = self.shared.search.clone() else {
            return Ok(Texts(texts.iter().map(|_| Arc::default()).collect()));
        };
        let find = move |going: &mut Going| {
            let mut sets = Vec::with_capacity(texts.len());
            for text in &texts {
                going.row()?;
                sets.push(search.find(text, going)?);
            }
            Ok(Texts(sets))
        };
        self.shared.scans.run(SEARCH_COST, find).await
    }

    /// The open tickets that match, in numbers; due soon is what falls due within `due_within`.
    ///
    /// # Errors
    /// As [`Desk::list`].
    pub async fn summary(
        &self,
        call: &Call,
        filter: &Arc<Filter>,
        due_within: Millis,
    ) -> Result<(Summary, Revision), Refused> {
        let filter = call.scope.narrow(filter);
        let (world, texts, cost) = (self.shared.world.clone(), self.texts(&filter).await?, filter.cost());
        let count = move |going: &mut Going| {
            let (tickets, revision) = open_matching(&world, &filter, &texts, going)?;
            let now = world.now();
            let mut tally = Tally::new(now, now + due_within);
            for ticket in &tickets {
                going.row()?;
                tally.add(ticket);
            }
            Ok((tally.finish(), revision))
        };
        self.shared.scans.run(cost, count).await
    }

    /// What the open tickets suggest together.
    ///
    /// # Errors
    /// [`Refused`]: a desk that stops, too many long reads at once.
    pub async fn suggestions(&self, call: &Call) -> Result<(Vec<Suggestion>, Revision), Refused> {
        let (world, scope) = (self.shared.world.clone(), call.scope.clone());
        let read = move |going: &mut Going| {
            let (tickets, revision) = world.queue.open();
            let thresholds = world.rules().suggest;
            let mut ended = Ok(());
            let waited_for = tickets.iter().map_while(|ticket| {
                ended = going.row();
                ended.is_ok().then_some(&**ticket)
            });
            let found = suggestions(waited_for.filter(|ticket| scope.sees(ticket)), &thresholds);
            ended.map(|()| (found, revision))
        };
        self.shared.scans.run(SEARCH_COST, read).await
    }

    fn known(&self, call: &Call, ticket: TicketRef) -> Result<Arc<Ticket>, Refused> {
        match (self.ticket(call, ticket).map_err(unreadable)?, ticket) {
            (Some(ticket), _) => Ok(ticket),
            (None, TicketRef::Number(number)) => Err(Refusal::NoTicket(number).into()),
            (None, TicketRef::Uid(uid)) => Err(Refused::NoTicket(uid)),
        }
    }

    /// How the clocks of a ticket came to what they show.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn explain(&self, call: &Call, ticket: TicketRef) -> Result<Explained, Refused> {
        let revision = self.revision();
        let ticket = self.known(call, ticket)?;
        let (now, rules) = (self.now(), self.rules());
        let explain = |clock| ticket.sla.explain(clock, now, &rules.policies).map_err(Refusal::from);
        let (first_response, resolution) = (explain(ClockKind::FirstResponse)?, explain(ClockKind::Resolution)?);
        let revision = revision.max(ticket.revision);
        Ok(Explained { ticket, first_response, resolution, now, revision })
    }

    /// A ticket, and what each priority would mean for it, highest first; and now.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn preview_priority(&self, call: &Call, ticket: TicketRef) -> Result<(Arc<Ticket>, Previews), Refused> {
        let ticket = self.known(call, ticket)?;
        let (now, rules) = (self.now(), self.rules());
        let preview = |priority: Priority| {
            let current = priority == ticket.priority;
            let sla = if current {
                ticket.sla.clone()
            } else {
                ticket.sla.what_if(priority, now, &rules.policies).map_err(Refusal::from)?
            };
            Ok(Preview { priority, sla, current })
        };
        let previews = Priority::ALL.into_iter().rev().map(preview).collect::<Result<_, Refused>>()?;
        Ok((ticket, (previews, now)))
    }

    /// What each priority would mean for a ticket created then (`None`: now), highest first; and now.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn preview_new(
        &self,
        call: &Call,
        organisation: Option<&OrganisationId>,
        create_time: Option<Timestamp>,
    ) -> Result<Previews, Refused> {
        let (now, rules) = (self.now(), self.rules());
        let organisation = match organisation {
            Some(id) => {
                let known = self.directory().organisation(id).filter(|_| call.scope.sees_organisation(id));
                Some(known.ok_or_else(|| Refusal::NoResource(id.name()))?)
            }
            None => None,
        };
        let policy = organisation.and_then(|entry| entry.value.policy.clone()).unwrap_or_else(default_policy);
        let policy = rules.policies.newest(&policy).ok_or_else(|| Refusal::NoResource(policy.name()))?;
        let policy = &policy.definition().policy;
        let preview = |priority| {
            let sla = SlaState::what_if_new(create_time.unwrap_or(now), priority, policy, &rules.policies);
            Ok(Preview { priority, sla: sla.map_err(Refusal::from)?, current: false })
        };
        Ok((Priority::ALL.into_iter().rev().map(preview).collect::<Result<_, Refused>>()?, now))
    }

    /// What a new version of a policy would move; ends when its caller goes away. `etag`: of the version that the caller
    /// saw.
    ///
    /// # Errors
    /// [`Refused`]: the etag is stale, or nothing would change; the caller may see only a part of what it would move.
    pub async fn preview_policy(
        &self,
        call: &Call,
        definition: PolicyDefinition,
        etag: Option<&str>,
    ) -> Result<PolicyPreview, Refused> {
        everything(call)?;
        let world = self.shared.world.clone();
        let etag = etag.map(str::to_owned);
        let preview = move |going: &mut Going| {
            let again = super::long::again(&world, &definition, etag.as_deref(), going)?;
            let preview = super::long::preview(&world, definition, going)?;
            Ok(match again {
                Some(newest) => PolicyPreview { definition: Arc::new(newest), again: true, ..preview },
                None => preview,
            })
        };
        self.shared.scans.run(RECKON_COST, preview).await
    }

    /// What a version that was applied did to the first tickets that it moved, whenever that was.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn policy_moves(&self, call: &Call, applied: Arc<PolicyApplied>) -> Result<Vec<PolicyMove>, Refused> {
        everything(call)?;
        let world = self.shared.world.clone();
        let moves = move |going: &mut Going| super::long::moves(&world, &applied, going);
        self.shared.scans.run_short(RECKON_COST, moves).await
    }
}

/// Refuses who may see only a part.
fn everything(call: &Call) -> Result<(), Refused> {
    if call.scope.sees_everything() { Ok(()) } else { Err(Refused::NotPermitted) }
}
