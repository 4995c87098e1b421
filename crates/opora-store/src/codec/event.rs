//! Events on tickets, and who acts.

use std::sync::Arc;

use opora_core::event::{Change, ClocksBefore, Edit, TicketEvent};
use opora_core::model::{
    Actor, ActorKind, AgentId, Attachment, Comment, ContactId, OrganisationId, Revision, TicketNumber,
};
use opora_core::time::Timestamp;
use pb::actor::Kind;
use pb::ticket_event::Change as Wired;

use super::ticket::percent;
use super::{
    CodecError, Coded, Word, all, arcs, at, code, codes, id, maybe_text, ms, need, pb, text, texts, wires, word, words,
};

impl Coded for Actor {
    type Wire = pb::Actor;
    fn wire(&self) -> pb::Actor {
        let kind = match &self.kind {
            ActorKind::Agent(id) => Kind::Agent(id.as_str().to_owned()),
            ActorKind::Contact(id) => Kind::Contact(id.as_str().to_owned()),
            ActorKind::Address(address) => Kind::Address(text(address)),
            ActorKind::Integration(id) => Kind::Integration(text(id)),
            ActorKind::System => Kind::System(pb::Nothing {}),
            ActorKind::Importer(id) => Kind::Importer(text(id)),
        };
        pb::Actor { verified: self.verified, kind: Some(kind) }
    }
    fn of(w: pb::Actor) -> Result<Self, CodecError> {
        let kind = match need(w.kind, "actor.kind")? {
            Kind::Agent(a) => ActorKind::Agent(id!(AgentId, a, "actor.agent")?),
            Kind::Contact(c) => ActorKind::Contact(id!(ContactId, c, "actor.contact")?),
            Kind::Address(a) => ActorKind::Address(a.into()),
            Kind::Integration(i) => ActorKind::Integration(i.into()),
            Kind::System(_) => ActorKind::System,
            Kind::Importer(i) => ActorKind::Importer(i.into()),
        };
        Ok(Self { kind, verified: w.verified })
    }
}

impl Coded for Comment {
    type Wire = pb::Comment;
    fn wire(&self) -> pb::Comment {
        pb::Comment {
            author: Some(self.author.wire()),
            author_email: maybe_text(self.author_email.as_ref()),
            visibility: self.visibility.code(),
            body: text(&self.body),
            from: self.from.map(|n| n.0),
        }
    }
    fn of(w: pb::Comment) -> Result<Self, CodecError> {
        Ok(Self {
            author: Coded::of(need(w.author, "comment.author")?)?,
            author_email: w.author_email.map(Into::into),
            visibility: Word::of_code(w.visibility)?,
            body: w.body.into(),
            from: w.from.map(TicketNumber),
        })
    }
}

impl Coded for Attachment {
    type Wire = pb::Attachment;
    fn wire(&self) -> pb::Attachment {
        pb::Attachment {
            file_name: text(&self.file_name),
            content_type: text(&self.content_type),
            size: self.size,
            hash: self.hash.to_vec(),
            log_kind: self.log_kind.code(),
            platform: code(self.platform),
            log_start_time: ms(self.log_start_time),
            modify_time: ms(self.modify_time),
            from: self.from.map(|n| n.0),
        }
    }
    fn of(w: pb::Attachment) -> Result<Self, CodecError> {
        Ok(Self {
            file_name: w.file_name.into(),
            content_type: w.content_type.into(),
            size: w.size,
            hash: w.hash.try_into().map_err(|_| CodecError::Field("attachment.hash"))?,
            log_kind: Word::of_code(w.log_kind)?,
            platform: word(w.platform)?,
            log_start_time: at(w.log_start_time),
            modify_time: at(w.modify_time),
            from: w.from.map(TicketNumber),
        })
    }
}

impl Coded for Edit {
    type Wire = pb::Edit;
    fn wire(&self) -> pb::Edit {
        pb::Edit {
            subject: maybe_text(self.subject.as_ref()),
            description: maybe_text(self.description.as_ref()),
            category: self.category.map(|value| pb::MaybeCategory { value: code(value) }),
            channels: self.channels.as_ref().map(|values| pb::Channels { values: codes(values) }),
            platform: self.platform.map(|value| pb::MaybePlatform { value: code(value) }),
            requested_priority: self.requested_priority.map(|value| pb::MaybePriority { value: code(value) }),
            occur_time: self.occur_time.map(|value| pb::MaybeTime { value: ms(value) }),
            workstations: self.workstations.as_ref().map(|values| pb::Texts { values: texts(values) }),
            checklist: self.checklist.as_ref().map(|values| pb::Checklist { values: wires(values) }),
            tags: self.tags.as_ref().map(|values| pb::Texts { values: texts(values) }),
            reporter: self.reporter.as_ref().map(Coded::wire),
            organisation: self
                .organisation
                .as_ref()
                .map(|value| pb::MaybeText { value: value.as_ref().map(|o| o.as_str().to_owned()) }),
        }
    }
    fn of(w: pb::Edit) -> Result<Self, CodecError> {
        let organisation = match w.organisation {
            Some(pb::MaybeText { value: Some(o) }) => Some(Some(id!(OrganisationId, o, "edit.organisation")?)),
            Some(pb::MaybeText { value: None }) => Some(None),
            None => None,
        };
        Ok(Self {
            subject: w.subject.map(Into::into),
            description: w.description.map(Into::into),
            category: w.category.map(|m| word(m.value)).transpose()?,
            channels: w.channels.map(|c| words(c.values)).transpose()?,
            platform: w.platform.map(|m| word(m.value)).transpose()?,
            requested_priority: w.requested_priority.map(|m| word(m.value)).transpose()?,
            occur_time: w.occur_time.map(|m| at(m.value)),
            workstations: w.workstations.map(|t| arcs(t.values)),
            checklist: w.checklist.map(|c| all(c.values)).transpose()?,
            tags: w.tags.map(|t| arcs(t.values)),
            reporter: w.reporter.map(Coded::of).transpose()?,
            organisation,
        })
    }
}

fn merge(source: TicketNumber, target: TicketNumber) -> pb::TicketMerge {
    pb::TicketMerge { source: source.0, target: target.0 }
}

impl Coded for Change {
    type Wire = Wired;
    fn wire(&self) -> Wired {
        match self {
            Self::Created { description, follows } => Wired::Created(pb::TicketCreated {
                description: maybe_text(description.as_ref()),
                follows: follows.map(|n| n.0),
            }),
            Self::Updated { previous, description } => Wired::Updated(pb::TicketUpdated {
                previous: Some(previous.wire()),
                description: maybe_text(description.as_ref()),
            }),
            Self::Assigned { previous } => {
                Wired::Assigned(pb::TicketAssigned { previous: previous.as_ref().map(|a| a.as_str().to_owned()) })
            }
            Self::Reprioritised { previous_priority, previous_impact } => {
                Wired::Reprioritised(pb::TicketReprioritised {
                    previous_priority: previous_priority.code(),
                    previous_impact: code(*previous_impact),
                })
            }
            Self::Escalated { previous_rung, whom, reachable, automatic } => Wired::Escalated(pb::TicketEscalated {
                previous_rung: *previous_rung,
                whom: text(whom),
                reachable: ms(*reachable),
                automatic: *automatic,
            }),
            Self::Deescalated { previous_rung } => {
                Wired::Deescalated(pb::TicketDeescalated { previous_rung: *previous_rung })
            }
            Self::Transitioned { previous } => {
                Wired::Transitioned(pb::TicketTransitioned { previous: previous.code() })
            }
            Self::Commented(comment) => Wired::Commented(comment.wire()),
            Self::Merged { source, target } => Wired::Merged(merge(*source, *target)),
            Self::Unmerged { source, target } => Wired::Unmerged(merge(*source, *target)),
            Self::Linked(link) => Wired::Linked(link.wire()),
            Self::Unlinked(link) => Wired::Unlinked(link.wire()),
            Self::Attached(attachment) => Wired::Attached(attachment.wire()),
            Self::SlaWarned { clock, percent, due } => Wired::SlaWarned(pb::SlaWarned {
                clock: clock.code(),
                percent: u32::from(*percent),
                due: due.as_millis(),
            }),
            Self::SlaBreached { clock, due, cause } => {
                Wired::SlaBreached(pb::SlaBreached { clock: clock.code(), due: due.as_millis(), cause: cause.code() })
            }
            Self::SlaNeglected { since } => Wired::SlaNeglected(pb::SlaNeglected { since: since.as_millis() }),
            Self::PolicyApplied { previous } => {
                Wired::PolicyApplied(pb::PolicyApplied { previous: Some(previous.wire()) })
            }
            Self::Undone { revision } => Wired::Undone(pb::Undone { revision: revision.0 }),
            Self::ImportFinished => Wired::ImportFinished(pb::Nothing {}),
            Self::ClocksRecomputed { previous } => Wired::ClocksRecomputed(pb::ClocksRecomputed {
                policy: Some(previous.policy.wire()),
                first_response: Some(previous.first_response.wire()),
                resolution: Some(previous.resolution.wire()),
            }),
        }
    }
    fn of(w: Wired) -> Result<Self, CodecError> {
        Ok(match w {
            Wired::Created(c) => {
                Self::Created { description: c.description.map(Into::into), follows: c.follows.map(TicketNumber) }
            }
            Wired::Updated(u) => Self::Updated {
                previous: Box::new(Coded::of(need(u.previous, "updated.previous")?)?),
                description: u.description.map(Into::into),
            },
            Wired::Assigned(a) => {
                Self::Assigned { previous: a.previous.map(|a| id!(AgentId, a, "assigned.previous")).transpose()? }
            }
            Wired::Reprioritised(r) => Self::Reprioritised {
                previous_priority: Word::of_code(r.previous_priority)?,
                previous_impact: word(r.previous_impact)?,
            },
            Wired::Escalated(e) => Self::Escalated {
                previous_rung: e.previous_rung,
                whom: e.whom.into(),
                reachable: at(e.reachable),
                automatic: e.automatic,
            },
            Wired::Deescalated(d) => Self::Deescalated { previous_rung: d.previous_rung },
            Wired::Transitioned(t) => Self::Transitioned { previous: Word::of_code(t.previous)? },
            Wired::Commented(c) => Self::Commented(Coded::of(c)?),
            Wired::Merged(m) => Self::Merged { source: TicketNumber(m.source), target: TicketNumber(m.target) },
            Wired::Unmerged(m) => Self::Unmerged { source: TicketNumber(m.source), target: TicketNumber(m.target) },
            Wired::Linked(l) => Self::Linked(Coded::of(l)?),
            Wired::Unlinked(l) => Self::Unlinked(Coded::of(l)?),
            Wired::Attached(a) => Self::Attached(Coded::of(a)?),
            Wired::SlaWarned(s) => Self::SlaWarned {
                clock: Word::of_code(s.clock)?,
                percent: percent(s.percent)?,
                due: Timestamp::from_millis(s.due),
            },
            Wired::SlaBreached(s) => Self::SlaBreached {
                clock: Word::of_code(s.clock)?,
                due: Timestamp::from_millis(s.due),
                cause: Word::of_code(s.cause)?,
            },
            Wired::SlaNeglected(s) => Self::SlaNeglected { since: Timestamp::from_millis(s.since) },
            Wired::PolicyApplied(p) => {
                Self::PolicyApplied { previous: Coded::of(need(p.previous, "policy_applied.previous")?)? }
            }
            Wired::Undone(u) => Self::Undone { revision: Revision(u.revision) },
            Wired::ImportFinished(_) => Self::ImportFinished,
            Wired::ClocksRecomputed(c) => {
                let previous = ClocksBefore {
                    policy: Coded::of(need(c.policy, "clocks_recomputed.policy")?)?,
                    first_response: Coded::of(need(c.first_response, "clocks_recomputed.first_response")?)?,
                    resolution: Coded::of(need(c.resolution, "clocks_recomputed.resolution")?)?,
                };
                Self::ClocksRecomputed { previous: Box::new(previous) }
            }
        })
    }
}

/// An event, with the revision of the one before on its ticket.
pub(super) fn wire_event(event: &TicketEvent, previous: Revision) -> pb::TicketEvent {
    pb::TicketEvent {
        number: event.ticket.number.0,
        previous_revision: previous.0,
        at: event.at.as_millis(),
        actor: Some(event.actor.wire()),
        reason: text(&event.reason),
        ticket: Some(event.ticket.wire()),
        change: Some(event.change.wire()),
        message_id: maybe_text(event.message_id.as_ref()),
    }
}

pub(super) fn event_of(w: pb::TicketEvent) -> Result<TicketEvent, CodecError> {
    let actor = Coded::of(need(w.actor, "event.actor")?)?;
    let change = Coded::of(need(w.change, "event.change")?)?;
    let ticket = Arc::new(Coded::of(need(w.ticket, "event.ticket")?)?);
    let event = TicketEvent::new(Timestamp::from_millis(w.at), actor, w.reason.into(), change, ticket);
    Ok(TicketEvent { message_id: w.message_id.map(Into::into), ..event })
}
