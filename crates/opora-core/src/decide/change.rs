//! Changes of one ticket alone: fields, assignee, priority, ladder, files, policy (docs/domain.md §3-§8).

use std::sync::Arc;

use super::create::{check_agent, distinct_channels, sorted_tags};
use super::draft::{Draft, Etag};
use super::transition::enter;
use super::{Context, Refusal};
use crate::command::Reprioritise;
use crate::event::{Change, Edit, TicketEvent};
use crate::model::{AgentId, Revision, Ticket, TicketState};
use crate::sla::{FactKind, PolicyRef, PolicySource as _};
use crate::triage;

/// Refuses what an ended ticket does not take (docs/domain.md §7 rule 5).
pub(super) fn check_alive(ticket: &Ticket) -> Result<(), Refusal> {
    match ticket.state {
        TicketState::Closed => Err(Refusal::State(ticket.state)),
        _ => check_unmerged(ticket),
    }
}

/// Refuses a part of another ticket, naming the one that it was merged into; [`super::change`] names the last of a chain.
pub(super) fn check_unmerged(ticket: &Ticket) -> Result<(), Refusal> {
    match (ticket.state, ticket.merged_into) {
        (TicketState::Merged, Some(into)) => Err(Refusal::Merged { ticket: ticket.number, into }),
        (TicketState::Merged, None) => Err(Refusal::State(ticket.state)),
        _ => Ok(()),
    }
}

pub(super) fn update(ticket: &Ticket, edit: &Edit, context: &Context<'_>) -> Result<Vec<TicketEvent>, Refusal> {
    if let Some(Some(id)) = &edit.organisation
        && context.directory.organisation(id).is_none()
    {
        return Err(Refusal::NoResource(id.name()));
    }
    if !edit.only_files_it() {
        check_alive(ticket)?;
    }
    check_unmerged(ticket)?;
    let mut draft = Draft::new(ticket, context)?;
    let (previous, description) = apply(&mut draft.ticket, edit, context);
    if previous == Edit::default() && description.is_none() {
        return Err(Refusal::NoChange);
    }
    let ticket = &mut draft.ticket;
    if previous.organisation.is_some() && ticket.platform.is_none() && edit.platform.is_none() {
        let organisation = ticket.organisation.as_ref().and_then(|id| context.directory.organisation(id));
        ticket.platform = organisation.and_then(|entry| entry.value.platform);
    }
    if previous.tags.is_some() {
        ticket.facets.tags = context.revision;
    }
    ticket.unassessed = triage::unassessed(ticket);
    ticket.missing_facts = triage::missing_facts(ticket);
    draft.event(Change::Updated { previous: Box::new(previous), description }, &"".into(), Etag::Moves);
    draft.finish()
}

/// Sets `place` to what is asked for; gives what was there if that is something else.
fn set<T: Clone + PartialEq>(place: &mut T, to: Option<&T>) -> Option<T> {
    let to = to.filter(|to| *to != place)?;
    Some(std::mem::replace(place, to.clone()))
}

/// Edits the fields; gives those that changed with their values before, and the new description if there is one.
fn apply(ticket: &mut Ticket, edit: &Edit, context: &Context<'_>) -> (Edit, Option<Arc<str>>) {
    // A description can't be compared: it is kept with the event that set it. Only "none" is known to be "none".
    let description = edit.description.clone().filter(|text| !text.is_empty() || ticket.description_len > 0);
    if let Some(text) = &description {
        ticket.description_len = text.len() as u32;
        ticket.description_revision = if text.is_empty() { Revision::ZERO } else { context.revision };
    }
    let channels = edit.channels.as_deref().map(distinct_channels);
    let tags = edit.tags.as_deref().map(|tags| sorted_tags(tags, &ticket.tags));
    let previous = Edit {
        subject: set(&mut ticket.subject, edit.subject.as_ref()),
        description: None,
        category: set(&mut ticket.category, edit.category.as_ref()),
        channels: set(&mut ticket.channels, channels.as_ref()),
        platform: set(&mut ticket.platform, edit.platform.as_ref()),
        requested_priority: set(&mut ticket.requested_priority, edit.requested_priority.as_ref()),
        occur_time: set(&mut ticket.occur_time, edit.occur_time.as_ref()),
        workstations: set(&mut ticket.workstations, edit.workstations.as_ref()),
        checklist: set(&mut ticket.checklist, edit.checklist.as_ref()),
        tags: set(&mut ticket.tags, tags.as_ref()),
        reporter: set(&mut ticket.reporter, edit.reporter.as_ref()),
        organisation: set(&mut ticket.organisation, edit.organisation.as_ref()),
    };
    (previous, description)
}

pub(super) fn assign(
    ticket: &Ticket,
    assignee: Option<&AgentId>,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    if let Some(assignee) = assignee {
        check_agent(assignee, context)?;
    }
    check_alive(ticket)?;
    if ticket.assignee.as_ref() == assignee {
        return Err(Refusal::NoChange);
    }
    let mut draft = Draft::new(ticket, context)?;
    draft.fact(FactKind::Assigned(assignee.is_some()))?;
    let previous = std::mem::replace(&mut draft.ticket.assignee, assignee.cloned());
    draft.ticket.facets.assignee = context.revision;
    draft.event(Change::Assigned { previous }, &"".into(), Etag::Moves);
    if assignee.is_some() && draft.ticket.state == TicketState::New {
        enter(&mut draft, TicketState::InProgress, context.actor.clone(), "".into())?;
    }
    draft.finish()
}

pub(super) fn reprioritise(
    ticket: &Ticket,
    to: Reprioritise,
    reason: &Arc<str>,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    check_alive(ticket)?;
    let (priority, impact) = match to {
        Reprioritise::Priority(priority) => (priority, ticket.impact),
        Reprioritise::Impact(impact) => (triage::priority_of(impact), Some(impact)),
    };
    if priority == ticket.priority && impact == ticket.impact {
        return Err(Refusal::SamePriority(priority));
    }
    let mut draft = Draft::new(ticket, context)?;
    let change = Change::Reprioritised { previous_priority: ticket.priority, previous_impact: ticket.impact };
    if priority != ticket.priority {
        draft.fact(FactKind::Priority(priority))?;
    }
    let ticket = &mut draft.ticket;
    ticket.priority = priority;
    ticket.impact = impact;
    ticket.unassessed = triage::unassessed(ticket);
    ticket.facets.priority = context.revision;
    draft.event(change, reason, Etag::Moves);
    draft.finish()
}

pub(super) fn attach(
    ticket: &Ticket,
    attachment: &crate::model::Attachment,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    check_unmerged(ticket)?;
    let mut draft = Draft::new(ticket, context)?;
    let ticket = &mut draft.ticket;
    ticket.attachment_count = ticket.attachment_count.saturating_add(1);
    crate::log_name::take(ticket, attachment, context.revision);
    let tells_platform = ticket.platform.is_none() && attachment.platform.is_some();
    if tells_platform {
        ticket.platform = attachment.platform;
    }
    ticket.missing_facts = triage::missing_facts(ticket);
    // The platform is something that a caller can set.
    let etag = if tells_platform { Etag::Moves } else { Etag::Stays };
    draft.event(Change::Attached(attachment.clone()), &"".into(), etag);
    draft.finish()
}

pub(super) fn apply_policy(
    ticket: &Ticket,
    policy: &PolicyRef,
    reason: &Arc<str>,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, Refusal> {
    if context.rules.policies.policy(policy).is_none() {
        return Err(Refusal::NoResource(policy.to_string()));
    }
    if ticket.state == TicketState::Closed {
        return Err(Refusal::State(ticket.state));
    }
    if ticket.sla.policy == *policy {
        return Err(Refusal::NoChange);
    }
    let mut draft = Draft::new(ticket, context)?;
    let previous = ticket.sla.policy.clone();
    draft.fact(FactKind::PolicyApplied(policy.clone()))?;
    draft.event(Change::PolicyApplied { previous }, reason, Etag::Stays);
    draft.finish()
}

pub(super) fn finish_import(ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, Refusal> {
    if !ticket.importing {
        return Err(Refusal::NoChange);
    }
    let mut draft = Draft::new(ticket, context)?;
    draft.ticket.importing = false;
    draft.event(Change::ImportFinished, &"".into(), Etag::Stays);
    draft.finish()
}
