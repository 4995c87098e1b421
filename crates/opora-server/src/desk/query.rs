//! What the desk tells: lists, counts, explanations, what-if.

use std::sync::Arc;

use opora_core::decide::{Refusal, default_policy};
use opora_core::filter::Filter;
use opora_core::model::{OrganisationId, Priority, Revision, Ticket, TicketNumber};
use opora_core::order::OrderBy;
use opora_core::sla::{ClockKind, Explanation, PolicyDefinition, SlaState};
use opora_core::time::{Millis, Timestamp};
use opora_store::ReadError;

use super::Desk;
use crate::engine::{PolicyApplied, Refused, TicketRef, unreadable};
use crate::followers::queue::{Cursor, Listed, Scan, Summary, Tally, Texts, count, open_matching};

/// What a list is to hold.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// Which tickets.
    pub filter: Arc<Filter>,
    /// In which order.
    pub order: OrderBy,
    /// After which place; `None`: from the start.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: usize,
    /// At most about so many bytes, as they would be encoded; at least one ticket.
    pub max_bytes: usize,
    /// Whether descriptions will be sent too, which then count.
    pub with_descriptions: bool,
    /// Whether to count all that match.
    pub include_total: bool,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct ListPage {
    /// The tickets in order.
    pub tickets: Vec<Arc<Listed>>,
    /// Where the next page begins; `None`: there is none. May be there although the page is short.
    pub next: Option<Cursor>,
    /// How many match, if asked.
    pub total: Option<u64>,
    /// The revision that it speaks of: every change up to it is seen.
    pub revision: Revision,
}

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

/// What a new version of a policy would move.
#[derive(Clone, Debug)]
pub struct PolicyPreview {
    /// The policy with the version that it would get.
    pub definition: Arc<PolicyDefinition>,
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
    /// [`ReadError`].
    pub async fn list(&self, query: ListQuery) -> Result<ListPage, ReadError> {
        let world = self.shared.world.clone();
        let (filter, include_total) = (query.filter.clone(), query.include_total);
        let texts = self.texts(&filter).await?;
        let mut scan = Scan::new(&world, query, texts.clone());
        while scan.is_quick() {
            if scan.step(&world)? {
                break;
            }
        }
        if scan.is_complete() && !include_total {
            return Ok(scan.finish(None));
        }
        blocking(move || {
            while !scan.is_complete() {
                scan.step(&world)?;
            }
            let total = if include_total { Some(count(&world, &filter, &texts)?) } else { None };
            Ok(scan.finish(total))
        })
        .await
    }

    /// How many tickets match.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn count(&self, filter: Arc<Filter>) -> Result<u64, ReadError> {
        let (world, texts) = (self.shared.world.clone(), self.texts(&filter).await?);
        blocking(move || count(&world, &filter, &texts)).await
    }

    /// Which tickets match each bare text of a filter.
    async fn texts(&self, filter: &Arc<Filter>) -> Result<Texts, ReadError> {
        let texts = filter.texts().to_vec();
        if texts.is_empty() {
            return Ok(Texts::default());
        }
        let Some(search) = self.shared.search.clone() else {
            return Ok(Texts(texts.iter().map(|_| Arc::default()).collect()));
        };
        blocking(move || texts.iter().map(|text| search.find(text)).collect::<Result<_, _>>().map(Texts)).await
    }

    /// The open tickets that match, in numbers; due soon is what falls due within `due_within`.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn summary(&self, filter: Arc<Filter>, due_within: Millis) -> Result<(Summary, Revision), ReadError> {
        let (world, texts) = (self.shared.world.clone(), self.texts(&filter).await?);
        blocking(move || {
            let (tickets, revision) = open_matching(&world, &filter, &texts);
            let now = world.now();
            let mut tally = Tally::new(now, now + due_within);
            for ticket in &tickets {
                tally.add(ticket);
            }
            Ok((tally.finish(), revision))
        })
        .await
    }

    fn known(&self, ticket: TicketRef) -> Result<Arc<Ticket>, Refused> {
        match (self.ticket(ticket).map_err(unreadable)?, ticket) {
            (Some(ticket), _) => Ok(ticket),
            (None, TicketRef::Number(number)) => Err(Refusal::NoTicket(number).into()),
            (None, TicketRef::Uid(uid)) => Err(Refused::NoTicket(uid)),
        }
    }

    /// How the clocks of a ticket came to what they show.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn explain(&self, ticket: TicketRef) -> Result<Explained, Refused> {
        let revision = self.revision();
        let ticket = self.known(ticket)?;
        let (now, rules) = (self.now(), self.rules());
        let explain = |clock| ticket.sla.explain(clock, now, &rules.policies).map_err(Refusal::from);
        let (first_response, resolution) = (explain(ClockKind::FirstResponse)?, explain(ClockKind::Resolution)?);
        Ok(Explained { ticket, first_response, resolution, now, revision })
    }

    /// What each priority would mean for a ticket, highest first; and now.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn preview_priority(&self, ticket: TicketRef) -> Result<(Vec<Preview>, Timestamp), Refused> {
        let ticket = self.known(ticket)?;
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
        Ok((Priority::ALL.into_iter().rev().map(preview).collect::<Result<_, Refused>>()?, now))
    }

    /// What each priority would mean for a ticket created then (`None`: now), highest first; and now.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn preview_new(
        &self,
        organisation: Option<&OrganisationId>,
        create_time: Option<Timestamp>,
    ) -> Result<(Vec<Preview>, Timestamp), Refused> {
        let (now, rules) = (self.now(), self.rules());
        let organisation = match organisation {
            Some(id) => Some(self.directory().organisation(id).ok_or_else(|| Refusal::NoResource(id.name()))?),
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

    /// What a new version of a policy would move.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn preview_policy(&self, definition: PolicyDefinition) -> Result<PolicyPreview, Refused> {
        let world = self.shared.world.clone();
        let preview = tokio::task::spawn_blocking(move || super::long::preview(&world, definition));
        preview.await.unwrap_or(Err(Refused::Stopping))
    }

    /// What a version that was applied did to the first tickets that it moved, whenever that was.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn policy_moves(&self, applied: Arc<PolicyApplied>) -> Result<Vec<PolicyMove>, Refused> {
        let world = self.shared.world.clone();
        let moves = tokio::task::spawn_blocking(move || super::long::moves(&world, &applied));
        moves.await.unwrap_or(Err(Refused::Stopping))
    }
}

/// Reads where it may block.
pub(super) async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, ReadError> {
    let read = tokio::task::spawn_blocking(read).await;
    read.unwrap_or_else(|error| Err(ReadError::Failed(error.to_string())))
}
