//! A new ticket (docs/domain.md §3, §4).

use std::sync::Arc;

use super::draft::{Draft, Etag};
use super::{Context, Refusal, default_policy};
use crate::command::NewTicket;
use crate::event::{Change, TicketEvent};
use crate::model::{
    AgentId, Channel, Facets, Link, OrganisationId, Origin, PolicyId, Reporter, Revision, Ticket, TicketNumber,
    TicketState, Uid,
};
use crate::sla::{Fact, FactKind, PolicyRef, ReckonError, SlaState};
use crate::triage;

/// A new ticket (docs/domain.md §3, §4): one `Created` event, for origin PHONE with the first response met. One that is
/// assigned from the start begins IN_PROGRESS (docs/domain.md §6), unless it is imported.
///
/// A reporter who is a known contact brings the organisation and the name that were not given.
///
/// # Errors
/// [`Refusal::NoResource`] and [`Refusal::Archived`]; [`Refusal::Reckon`]. Whether the external id is taken is the
/// caller's to know.
pub fn create(new: &NewTicket, context: &Context<'_>) -> Result<Vec<TicketEvent>, Refusal> {
    let mut draft = Draft::of_new(ticket(new, context, None)?, context);
    let description = new.description.clone().filter(|text| !text.is_empty());
    draft.event(Change::Created { description, follows: None }, &"".into(), Etag::Moves);
    draft.finish()
}

/// Whether an agent can be given work.
pub(super) fn check_agent(id: &AgentId, context: &Context<'_>) -> Result<(), Refusal> {
    match context.directory.agent(id) {
        None => Err(Refusal::NoResource(id.name())),
        Some(agent) if agent.value.archived => Err(Refusal::Archived(id.name())),
        Some(_) => Ok(()),
    }
}

/// The ticket as it is before its first event.
pub(super) fn ticket(new: &NewTicket, context: &Context<'_>, follows: Option<TicketNumber>) -> Result<Ticket, Refusal> {
    if let Some(assignee) = &new.assignee {
        check_agent(assignee, context)?;
    }
    let (reporter, organisation) = reporter(new, context)?;
    let entry = organisation.as_ref().and_then(|id| context.directory.organisation(id));
    let policy = policy(entry.as_ref().and_then(|entry| entry.value.policy.as_ref()), context)?;
    let priority = triage::first_priority(new.impact, new.requested_priority);
    let starts = if new.assignee.is_some() && !context.importing { TicketState::InProgress } else { TicketState::New };
    let description = new.description.as_ref().filter(|text| !text.is_empty());
    let mut ticket = Ticket {
        number: context.next_number,
        uid: Uid::new(context.now, context.next_number, context.random),
        revision: context.revision,
        etag_revision: context.revision,
        etag_random: context.random as u32,
        organisation,
        reporter,
        subject: new.subject.clone(),
        description_revision: description.map_or(Revision::ZERO, |_| context.revision),
        description_len: description.map_or(0, |text| text.len() as u32),
        category: new.category,
        channels: distinct_channels(&new.channels),
        impact: new.impact,
        priority,
        requested_priority: new.requested_priority,
        unassessed: new.impact.is_none() && new.requested_priority.is_none(),
        platform: new.platform.or_else(|| entry.and_then(|entry| entry.value.platform)),
        occur_time: new.occur_time,
        workstations: new.workstations.clone(),
        checklist: new.checklist.clone(),
        missing_facts: Vec::new(),
        state: starts,
        state_before_merge: None,
        assignee: new.assignee.clone(),
        tags: sorted_tags(&new.tags, &[]),
        external_id: new.external_id.clone(),
        origin: new.origin,
        escalation: None,
        sla: clocks(new, starts, &policy, priority, context)?,
        incident: None,
        merged_into: None,
        links: follows.map(|ticket| Link { ticket, kind: crate::model::LinkKind::FollowsClosed }).into_iter().collect(),
        create_time: context.now,
        update_time: context.now,
        resolve_time: None,
        parts: Vec::new(),
        comment_count: 0,
        attachment_count: 0,
        last_comment_revision: Revision::ZERO,
        last_public_message: None,
        logs: Vec::new(),
        facets: Facets::default(),
        importing: context.importing,
    };
    ticket.missing_facts = triage::missing_facts(&ticket);
    Ok(ticket)
}

/// Tags in order, each once: of several spellings of one tag the one that stands there already, else the first. A tag
/// that is asked for in one other spelling alone is respelt.
pub(super) fn sorted_tags(tags: &[Arc<str>], standing: &[Arc<str>]) -> Vec<Arc<str>> {
    let (stay, new): (Vec<_>, Vec<_>) = tags.iter().cloned().partition(|tag| standing.contains(tag));
    let mut tags = crate::fold::distinct(stay.into_iter().chain(new));
    tags.sort_by_cached_key(|tag| crate::fold::name(tag));
    // Tags that were stored in another order are the same tags.
    if tags.len() == standing.len() && tags.iter().all(|tag| standing.contains(tag)) {
        return standing.to_vec();
    }
    tags
}

/// Channels in order, each once.
pub(super) fn distinct_channels(channels: &[Channel]) -> Vec<Channel> {
    let mut channels = channels.to_vec();
    channels.sort_unstable();
    channels.dedup();
    channels
}

fn reporter(new: &NewTicket, context: &Context<'_>) -> Result<(Reporter, Option<OrganisationId>), Refusal> {
    let mut reporter = new.reporter.clone();
    let mut organisation = new.organisation.clone();
    if let Some(id) = &organisation
        && context.directory.organisation(id).is_none()
    {
        return Err(Refusal::NoResource(id.name()));
    }
    if !reporter.email.is_empty()
        && let Some((_, contact)) = context.directory.contact_by_email(&reporter.email)
    {
        if reporter.display_name.is_empty() {
            reporter.display_name = contact.value.display_name.clone();
        }
        organisation = organisation.or_else(|| contact.value.organisation.clone());
    }
    Ok((reporter, organisation))
}

/// The newest version of the contract's policy; of the default one where the contract has none.
fn policy(contract: Option<&PolicyId>, context: &Context<'_>) -> Result<PolicyRef, Refusal> {
    let policies = &context.rules.policies;
    let default = default_policy();
    let newest = contract.and_then(|id| policies.newest(id)).or_else(|| policies.newest(&default));
    match newest {
        Some(policy) => Ok(policy.definition().policy.clone()),
        None => Err(ReckonError::NoPolicy(PolicyRef { id: default, version: 1 }).into()),
    }
}

fn clocks(
    new: &NewTicket,
    state: TicketState,
    policy: &PolicyRef,
    priority: crate::model::Priority,
    context: &Context<'_>,
) -> Result<SlaState, Refusal> {
    let fact = |kind| Fact { at: context.now, revision: context.revision, kind };
    let mut facts = vec![fact(FactKind::Created { priority, policy: policy.clone() })];
    if new.assignee.is_some() {
        facts.push(fact(FactKind::Assigned(true)));
    }
    if new.origin == Origin::Phone {
        facts.push(fact(FactKind::Answered));
    }
    if state != TicketState::New {
        facts.push(fact(FactKind::State(state)));
    }
    Ok(SlaState::from_facts(facts, &context.rules.policies)?)
}
