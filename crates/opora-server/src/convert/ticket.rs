//! A ticket and its clocks on the wire.

use opora_core::model::{Actor, ActorKind, AgentId, ChecklistItem, Link, OrganisationId, Part, Reporter, Ticket};
use opora_core::sla::{Clock, SlaState};
use opora_proto::v1;

use super::time::{duration, timestamp};
use super::word::{Word as _, number};

/// A ticket on the wire. `description`: the text, in the FULL view only.
pub(crate) fn ticket(ticket: &Ticket, description: Option<&str>) -> v1::Ticket {
    let strings = |texts: &[std::sync::Arc<str>]| texts.iter().map(ToString::to_string).collect();
    v1::Ticket {
        name: ticket.number.to_string(),
        uid: ticket.uid.to_string(),
        number: ticket.number.0,
        etag: ticket.etag(),
        revision: ticket.revision.0,
        organisation: ticket.organisation.as_ref().map(OrganisationId::name).unwrap_or_default(),
        reporter: reporter_to_wire(&ticket.reporter),
        subject: ticket.subject.to_string(),
        description: description.unwrap_or_default().to_owned(),
        category: number(ticket.category),
        channels: ticket.channels.iter().map(|c| c.number()).collect(),
        impact: number(ticket.impact),
        priority: ticket.priority.number(),
        requested_priority: number(ticket.requested_priority),
        platform: number(ticket.platform),
        occur_time: ticket.occur_time.map(timestamp),
        workstations: strings(&ticket.workstations),
        checklist: checklist(&ticket.checklist),
        missing_facts: ticket.missing_facts.iter().map(|f| f.number()).collect(),
        state: ticket.state.number(),
        assignee: ticket.assignee.as_ref().map(AgentId::name).unwrap_or_default(),
        tags: strings(&ticket.tags),
        external_id: ticket.external_id.as_deref().unwrap_or_default().to_owned(),
        origin: ticket.origin.number(),
        escalation: ticket.escalation.as_ref().map(|e| v1::Escalation {
            rung: e.rung,
            since: Some(timestamp(e.since)),
            reason: e.reason.to_string(),
        }),
        sla: Some(ticket_sla(&ticket.sla)),
        incident: ticket.incident.map(|n| n.to_string()).unwrap_or_default(),
        merged_into: ticket.merged_into.map(|n| n.to_string()).unwrap_or_default(),
        create_time: Some(timestamp(ticket.create_time)),
        update_time: Some(timestamp(ticket.update_time)),
        resolve_time: ticket.resolve_time.map(timestamp),
        comment_count: ticket.comment_count,
        attachment_count: ticket.attachment_count,
        unassessed: ticket.unassessed,
        links: ticket.links.iter().copied().map(link).collect(),
        importing: ticket.importing,
        customer_wrote_last: ticket.newest_public_message().is_some_and(|(_, message)| message.by_customer),
        merged_parts: ticket.parts.iter().map(merged_part).collect(),
    }
}

fn merged_part(part: &Part) -> v1::MergedPart {
    v1::MergedPart {
        ticket: part.ticket.to_string(),
        tags: part.tags.iter().map(ToString::to_string).collect(),
        links: part.links.iter().copied().map(link).collect(),
        comment_count: part.comments,
        attachment_count: part.attachments,
    }
}

/// A tie on the wire.
pub(super) fn link(link: Link) -> v1::TicketLink {
    v1::TicketLink { ticket: link.ticket.to_string(), kind: link.kind.number() }
}

/// The clocks of a ticket on the wire.
pub(crate) fn ticket_sla(sla: &SlaState) -> v1::TicketSla {
    v1::TicketSla {
        policy: sla.policy.to_string(),
        first_response: Some(clock(&sla.first_response)),
        resolution: Some(resolution(sla)),
    }
}

/// The clock of the resolution on the wire, with what the ticket's place goes by while it is continuous.
pub(super) fn resolution(sla: &SlaState) -> v1::Clock {
    v1::Clock { continuous_since_time: sla.continuous_since.map(timestamp), ..clock(&sla.resolution) }
}

/// A clock on the wire.
pub(crate) fn clock(clock: &Clock) -> v1::Clock {
    v1::Clock {
        state: clock.state.number(),
        start_time: Some(timestamp(clock.start)),
        due_time: clock.due.map(timestamp),
        target: clock.target.map(duration),
        remaining: clock.remaining.map(duration),
        met_time: clock.met.map(timestamp),
        breach_time: clock.breach.map(|b| timestamp(b.at)),
        breach_cause: number(clock.breach.map(|b| b.cause)),
        continuous_since_time: None,
    }
}

/// Who did something, on the wire.
pub(crate) fn actor(actor: &Actor) -> v1::Actor {
    let kind = match actor.kind {
        ActorKind::Agent(_) => v1::ActorKind::Agent,
        ActorKind::Contact(_) | ActorKind::Address(_) => v1::ActorKind::Contact,
        ActorKind::Integration(_) => v1::ActorKind::Integration,
        ActorKind::System => v1::ActorKind::System,
        ActorKind::Importer(_) => v1::ActorKind::Importer,
    };
    v1::Actor { kind: kind.into(), name: actor.to_string(), verified: actor.verified }
}

pub(super) fn checklist(items: &[ChecklistItem]) -> Vec<v1::ChecklistItem> {
    let item =
        |i: &ChecklistItem| v1::ChecklistItem { step: i.step.to_string(), done: i.done, note: i.note.to_string() };
    items.iter().map(item).collect()
}

pub(super) fn reporter_to_wire(reporter: &Reporter) -> Option<v1::Reporter> {
    let known = !reporter.display_name.is_empty() || !reporter.email.is_empty();
    known.then(|| v1::Reporter { display_name: reporter.display_name.to_string(), email: reporter.email.to_string() })
}

#[cfg(test)]
mod tests {
    use opora_core::model::{LinkKind, Revision, TicketNumber};
    use proptest::prelude::*;
    use prost::Message as _;

    use super::*;

    fn part() -> impl Strategy<Value = Part> {
        let link = (1_u64..).prop_map(|n| Link { ticket: TicketNumber(n), kind: LinkKind::Related });
        let texts = prop::collection::vec(".{1,64}".prop_map(Into::into), 0..50);
        (any::<u64>(), texts, prop::collection::vec(link, 0..200), any::<(u32, u32)>()).prop_map(
            |(ticket, tags, links, (comments, attachments))| Part {
                ticket: TicketNumber(ticket),
                since: Revision(1),
                tags,
                links,
                logs: Vec::new(),
                comments,
                attachments,
                last_public_message: None,
            },
        )
    }

    proptest! {
        #[test]
        fn a_part_takes_at_most_what_the_bound_of_a_merge_reckons(part in part()) {
            let ticket = v1::Ticket { merged_parts: vec![merged_part(&part)], ..Default::default() };
            prop_assert!(ticket.encoded_len() <= part.bytes(), "{} and {}", ticket.encoded_len(), part.bytes());
        }
    }
}
