//! Events, comments and attachments on the wire.

use opora_core::event::{Change, TicketEvent};
use opora_core::model::{self as m, AgentId, Revision, TicketNumber};
use opora_core::time::Timestamp;
use opora_proto::v1;
use opora_proto::v1::ticket_event::Change as Wire;

use super::edit::previous;
use super::ticket::{actor, clock, link, ticket};
use super::time::timestamp;
use super::word::{Word as _, number};

/// An event on the wire. `description`: the text of its ticket, in the FULL view only.
pub(crate) fn event(event: &TicketEvent, revision: Revision, description: Option<&str>) -> v1::TicketEvent {
    v1::TicketEvent {
        revision: revision.0,
        event_time: Some(timestamp(event.at)),
        actor: Some(actor(&event.actor)),
        reason: event.reason.to_string(),
        ticket: Some(ticket(&event.ticket, description)),
        left_view: false,
        change: Some(change(event, revision)),
    }
}

fn change(event: &TicketEvent, revision: Revision) -> Wire {
    let now = &event.ticket;
    match &event.change {
        Change::Created { follows, .. } => {
            Wire::Created(v1::TicketCreated { follows: follows.map(|n| n.to_string()).unwrap_or_default() })
        }
        Change::Updated { previous: edit, description } => {
            let (mask, before) = previous(edit, description.is_some());
            Wire::Updated(v1::TicketUpdated { update_mask: Some(mask), previous: Some(before) })
        }
        Change::Assigned { previous } => Wire::Assigned(v1::TicketAssigned {
            previous_assignee: previous.as_ref().map(AgentId::name).unwrap_or_default(),
            assignee: now.assignee.as_ref().map(AgentId::name).unwrap_or_default(),
        }),
        Change::Reprioritised { previous_priority, previous_impact } => Wire::Reprioritised(v1::TicketReprioritised {
            previous_priority: previous_priority.number(),
            priority: now.priority.number(),
            previous_impact: number(*previous_impact),
            impact: number(now.impact),
        }),
        Change::Escalated { previous_rung, whom, reachable, automatic } => Wire::Escalated(v1::TicketEscalated {
            previous_rung: *previous_rung,
            rung: now.rung(),
            whom: whom.to_string(),
            reachable_time: reachable.map(timestamp),
            automatic: *automatic,
        }),
        Change::Deescalated { previous_rung } => {
            Wire::Deescalated(v1::TicketDeescalated { previous_rung: *previous_rung, rung: now.rung() })
        }
        Change::Transitioned { previous } => {
            Wire::Transitioned(v1::TicketTransitioned { previous_state: previous.number(), state: now.state.number() })
        }
        Change::Commented(c) => {
            Wire::Commented(v1::CommentAdded { comment: Some(comment(c, now.number, now.number, revision, event.at)) })
        }
        Change::Merged { source, target } => {
            Wire::Merged(v1::TicketMerged { source: source.to_string(), target: target.to_string() })
        }
        Change::Unmerged { source, target } => {
            Wire::Unmerged(v1::TicketUnmerged { source: source.to_string(), target: target.to_string() })
        }
        Change::Linked(tie) => Wire::Linked(v1::TicketLinked { link: Some(link(*tie)) }),
        Change::Unlinked(tie) => Wire::Unlinked(v1::TicketUnlinked { link: Some(link(*tie)) }),
        Change::Attached(file) => {
            Wire::Attached(v1::AttachmentAdded { attachment: Some(attachment(file, event, revision, now)) })
        }
        Change::SlaWarned { clock, percent, due } => Wire::SlaWarned(v1::SlaWarned {
            clock: clock.number(),
            percent: u32::from(*percent),
            due_time: Some(timestamp(*due)),
        }),
        // The clock's: it is later than the due time where a change put that into the past (docs/domain.md §7 rule 10).
        Change::SlaBreached { clock, due, cause } => Wire::SlaBreached(v1::SlaBreached {
            clock: clock.number(),
            breach_time: Some(timestamp(now.sla.clock(*clock).breach.map_or(*due, |breach| breach.at))),
            cause: cause.number(),
        }),
        Change::SlaNeglected { since } => Wire::SlaNeglected(v1::SlaNeglected { since: Some(timestamp(*since)) }),
        Change::PolicyApplied { previous } => Wire::PolicyApplied(v1::PolicyApplied {
            previous_policy: previous.to_string(),
            policy: now.sla.policy.to_string(),
        }),
        Change::Undone { revision } => Wire::Undone(v1::ChangeUndone { undone_revision: revision.0 }),
        Change::ImportFinished => Wire::ImportFinished(v1::ImportFinished {}),
        Change::ClocksRecomputed { previous } => Wire::ClocksRecomputed(v1::ClocksRecomputed {
            previous: Some(v1::TicketSla {
                policy: previous.policy.to_string(),
                first_response: Some(clock(&previous.first_response)),
                resolution: Some(clock(&previous.resolution)),
            }),
        }),
    }
}

/// The merged ticket that something came with: it stands on `holder` and is shown at `shown`.
fn from_ticket(holder: TicketNumber, shown: TicketNumber, from: Option<TicketNumber>) -> String {
    let from = if holder == shown { from } else { Some(holder) };
    from.map(|number| number.to_string()).unwrap_or_default()
}

/// A comment on the wire, which stands on `holder` and is shown at `shown`; its name ends in the revision that brought it.
pub(crate) fn comment(
    comment: &m::Comment,
    holder: TicketNumber,
    shown: TicketNumber,
    revision: Revision,
    at: Timestamp,
) -> v1::Comment {
    v1::Comment {
        name: format!("{holder}/comments/{}", revision.0),
        revision: revision.0,
        create_time: Some(timestamp(at)),
        author: Some(actor(&comment.author)),
        author_email: comment.author_email.as_deref().unwrap_or_default().to_owned(),
        visibility: comment.visibility.number(),
        body: comment.body.to_string(),
        from_ticket: from_ticket(holder, shown, comment.from),
    }
}

/// An attachment on the wire, brought by `event` at `revision`; whether it is the nearest of its kind is told by the
/// ticket that shows it, as it stands now (docs/domain.md §5).
pub(crate) fn attachment(
    file: &m::Attachment,
    event: &TicketEvent,
    revision: Revision,
    shown: &m::Ticket,
) -> v1::Attachment {
    v1::Attachment {
        name: format!("{}/attachments/{}", event.ticket.number, revision.0),
        file_name: file.file_name.to_string(),
        content_type: file.content_type.to_string(),
        size: file.size,
        blake3: blake3::Hash::from_bytes(file.hash).to_hex().to_string(),
        log_kind: file.log_kind.number(),
        log_start_time: file.log_start_time.map(timestamp),
        modify_time: file.modify_time.map(timestamp),
        nearest: shown.is_nearest(file, revision),
        create_time: Some(timestamp(event.at)),
        author: Some(actor(&event.actor)),
        platform: number(file.platform),
        from_ticket: from_ticket(event.ticket.number, shown.number, file.from),
    }
}
