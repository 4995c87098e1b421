//! Tickets and their clocks.

use opora_core::model::{
    AgentId, ChecklistItem, Escalation, Facets, LastMessage, Link, NearestLog, OrganisationId, Part, PolicyId,
    Priority, Reporter, Revision, Ticket, TicketNumber, Uid,
};
use opora_core::sla::{Breach, BreachCause, Clock, Fact, FactKind, PolicyRef, SlaState};
use opora_core::time::{Millis, Timestamp};
use pb::fact::Kind;

use super::{
    CodecError, Coded, Word, all, arcs, at, code, codes, id, maybe_text, millis, ms, need, pb, text, texts, wires,
    word, words,
};

impl Coded for Reporter {
    type Wire = pb::Reporter;
    fn wire(&self) -> pb::Reporter {
        pb::Reporter { display_name: text(&self.display_name), email: text(&self.email) }
    }
    fn of(w: pb::Reporter) -> Result<Self, CodecError> {
        Ok(Self { display_name: w.display_name.into(), email: w.email.into() })
    }
}

impl Coded for ChecklistItem {
    type Wire = pb::ChecklistItem;
    fn wire(&self) -> pb::ChecklistItem {
        pb::ChecklistItem { step: text(&self.step), done: self.done, note: text(&self.note) }
    }
    fn of(w: pb::ChecklistItem) -> Result<Self, CodecError> {
        Ok(Self { step: w.step.into(), done: w.done, note: w.note.into() })
    }
}

impl Coded for Escalation {
    type Wire = pb::Escalation;
    fn wire(&self) -> pb::Escalation {
        pb::Escalation { rung: self.rung, since: self.since.as_millis(), reason: text(&self.reason) }
    }
    fn of(w: pb::Escalation) -> Result<Self, CodecError> {
        Ok(Self { rung: w.rung, since: Timestamp::from_millis(w.since), reason: w.reason.into() })
    }
}

impl Coded for Link {
    type Wire = pb::Link;
    fn wire(&self) -> pb::Link {
        pb::Link { ticket: self.ticket.0, kind: self.kind.code() }
    }
    fn of(w: pb::Link) -> Result<Self, CodecError> {
        Ok(Self { ticket: TicketNumber(w.ticket), kind: Word::of_code(w.kind)? })
    }
}

impl Coded for LastMessage {
    type Wire = pb::LastMessage;
    fn wire(&self) -> pb::LastMessage {
        pb::LastMessage { revision: self.revision.0, author: text(&self.author), by_customer: self.by_customer }
    }
    fn of(w: pb::LastMessage) -> Result<Self, CodecError> {
        Ok(Self { revision: Revision(w.revision), author: w.author.into(), by_customer: w.by_customer })
    }
}

impl Coded for NearestLog {
    type Wire = pb::NearestLog;
    fn wire(&self) -> pb::NearestLog {
        pb::NearestLog { kind: self.kind.code(), attachment: self.attachment.0, at: ms(self.at) }
    }
    fn of(w: pb::NearestLog) -> Result<Self, CodecError> {
        Ok(Self { kind: Word::of_code(w.kind)?, attachment: Revision(w.attachment), at: at(w.at) })
    }
}

impl Coded for Part {
    type Wire = pb::Part;
    fn wire(&self) -> pb::Part {
        pb::Part {
            ticket: self.ticket.0,
            since: self.since.0,
            tags: texts(&self.tags),
            links: wires(&self.links),
            logs: wires(&self.logs),
            comments: self.comments,
            attachments: self.attachments,
            last_public_message: self.last_public_message.as_ref().map(Coded::wire),
        }
    }
    fn of(w: pb::Part) -> Result<Self, CodecError> {
        Ok(Self {
            ticket: TicketNumber(w.ticket),
            since: Revision(w.since),
            tags: arcs(w.tags),
            links: all(w.links)?,
            logs: all(w.logs)?,
            comments: w.comments,
            attachments: w.attachments,
            last_public_message: w.last_public_message.map(Coded::of).transpose()?,
        })
    }
}

impl Coded for Facets {
    type Wire = pb::Facets;
    fn wire(&self) -> pb::Facets {
        pb::Facets {
            assignee: self.assignee.0,
            priority: self.priority.0,
            state: self.state.0,
            links: self.links.0,
            tags: self.tags.0,
        }
    }
    fn of(w: pb::Facets) -> Result<Self, CodecError> {
        Ok(Self {
            assignee: Revision(w.assignee),
            priority: Revision(w.priority),
            state: Revision(w.state),
            links: Revision(w.links),
            tags: Revision(w.tags),
        })
    }
}

impl Coded for PolicyRef {
    type Wire = pb::PolicyRef;
    fn wire(&self) -> pb::PolicyRef {
        pb::PolicyRef { id: self.id.as_str().to_owned(), version: self.version }
    }
    fn of(w: pb::PolicyRef) -> Result<Self, CodecError> {
        Ok(Self { id: id!(PolicyId, w.id, "policy.id")?, version: w.version })
    }
}

impl Coded for Fact {
    type Wire = pb::Fact;
    fn wire(&self) -> pb::Fact {
        let kind = match &self.kind {
            FactKind::Created { priority, policy } => {
                Kind::Created(pb::Created { priority: priority.code(), policy: Some(policy.wire()) })
            }
            FactKind::Priority(priority) => Kind::Priority(priority.code()),
            FactKind::Answered => Kind::Answered(pb::Nothing {}),
            FactKind::State(state) => Kind::State(state.code()),
            FactKind::PolicyApplied(policy) => Kind::PolicyApplied(policy.wire()),
            FactKind::Breached { clock, due, at, cause, obligation, told } => Kind::Breached(pb::Breached {
                clock: clock.code(),
                due: due.as_millis(),
                cause: cause.code(),
                at: Some(at.as_millis()),
                priority: obligation.map(|(priority, _)| priority.code()),
                start: obligation.map(|(_, start)| start.as_millis()),
                untold: !told,
            }),
            FactKind::Warned { clock, priority, percent, start } => Kind::Warned(pb::Warned {
                clock: clock.code(),
                priority: priority.code(),
                percent: u32::from(*percent),
                start: ms(*start),
            }),
            FactKind::Assigned(assigned) => Kind::Assigned(*assigned),
            FactKind::AgentWrote => Kind::AgentWrote(pb::Nothing {}),
            FactKind::Neglected => Kind::Neglected(pb::Nothing {}),
            FactKind::Undone { first_response, resolution } => {
                Kind::TakenBack(pb::TakenBack { first_response: code(*first_response), resolution: code(*resolution) })
            }
        };
        pb::Fact { at: self.at.as_millis(), revision: self.revision.0, kind: Some(kind) }
    }
    fn of(w: pb::Fact) -> Result<Self, CodecError> {
        let kind = match need(w.kind, "fact.kind")? {
            Kind::Created(c) => FactKind::Created {
                priority: Word::of_code(c.priority)?,
                policy: Coded::of(need(c.policy, "fact.created.policy")?)?,
            },
            Kind::Priority(p) => FactKind::Priority(Word::of_code(p)?),
            Kind::Answered(_) => FactKind::Answered,
            Kind::State(s) => FactKind::State(Word::of_code(s)?),
            Kind::PolicyApplied(p) => FactKind::PolicyApplied(Coded::of(p)?),
            Kind::Breached(b) => {
                let cause = Word::of_code(b.cause)?;
                // Before it was kept, a breach by delay stood at its due time and another at its fact.
                let at = b.at.unwrap_or(if cause == BreachCause::Delay { b.due } else { w.at });
                let priority: Option<Priority> = word(b.priority)?;
                FactKind::Breached {
                    clock: Word::of_code(b.clock)?,
                    due: Timestamp::from_millis(b.due),
                    at: Timestamp::from_millis(at),
                    cause,
                    obligation: priority.zip(b.start.map(Timestamp::from_millis)),
                    told: !b.untold,
                }
            }
            Kind::Warned(n) => FactKind::Warned {
                clock: Word::of_code(n.clock)?,
                priority: Word::of_code(n.priority)?,
                percent: percent(n.percent)?,
                start: at(n.start),
            },
            Kind::Assigned(assigned) => FactKind::Assigned(assigned),
            Kind::AgentWrote(_) => FactKind::AgentWrote,
            Kind::Neglected(_) => FactKind::Neglected,
            Kind::TakenBack(t) => {
                FactKind::Undone { first_response: word(t.first_response)?, resolution: word(t.resolution)? }
            }
        };
        Ok(Self { at: Timestamp::from_millis(w.at), revision: Revision(w.revision), kind })
    }
}

pub(super) fn percent(value: u32) -> Result<u8, CodecError> {
    u8::try_from(value).map_err(|_| CodecError::Field("percent"))
}

impl Coded for Clock {
    type Wire = pb::Clock;
    fn wire(&self) -> pb::Clock {
        pb::Clock {
            state: self.state.code(),
            start: self.start.as_millis(),
            due: ms(self.due),
            target: millis(self.target),
            remaining: millis(self.remaining),
            met: ms(self.met),
            breach: self.breach.map(|b| pb::Breach { at: b.at.as_millis(), cause: b.cause.code() }),
        }
    }
    fn of(w: pb::Clock) -> Result<Self, CodecError> {
        let breach = match w.breach {
            Some(b) => Some(Breach { at: Timestamp::from_millis(b.at), cause: Word::of_code(b.cause)? }),
            None => None,
        };
        Ok(Self {
            state: Word::of_code(w.state)?,
            start: Timestamp::from_millis(w.start),
            due: at(w.due),
            target: w.target.map(Millis),
            remaining: w.remaining.map(Millis),
            met: at(w.met),
            breach,
        })
    }
}

impl Coded for SlaState {
    type Wire = pb::SlaState;
    fn wire(&self) -> pb::SlaState {
        pb::SlaState {
            policy: Some(self.policy.wire()),
            facts: wires(&self.facts),
            first_response: Some(self.first_response.wire()),
            resolution: Some(self.resolution.wire()),
            continuous_since: ms(self.continuous_since),
        }
    }
    fn of(w: pb::SlaState) -> Result<Self, CodecError> {
        Ok(Self {
            policy: Coded::of(need(w.policy, "sla.policy")?)?,
            facts: all(w.facts)?,
            first_response: Coded::of(need(w.first_response, "sla.first_response")?)?,
            resolution: Coded::of(need(w.resolution, "sla.resolution")?)?,
            continuous_since: at(w.continuous_since),
        })
    }
}

impl Coded for Ticket {
    type Wire = pb::Ticket;
    fn wire(&self) -> pb::Ticket {
        pb::Ticket {
            number: self.number.0,
            uid: self.uid.0.as_bytes().to_vec(),
            revision: self.revision.0,
            etag_revision: self.etag_revision.0,
            etag_random: self.etag_random,
            organisation: self.organisation.as_ref().map(|o| o.as_str().to_owned()),
            reporter: Some(self.reporter.wire()),
            subject: text(&self.subject),
            description_revision: self.description_revision.0,
            description_len: self.description_len,
            category: code(self.category),
            channels: codes(&self.channels),
            impact: code(self.impact),
            priority: self.priority.code(),
            requested_priority: code(self.requested_priority),
            unassessed: self.unassessed,
            platform: code(self.platform),
            occur_time: ms(self.occur_time),
            workstations: texts(&self.workstations),
            checklist: wires(&self.checklist),
            missing_facts: codes(&self.missing_facts),
            state: self.state.code(),
            state_before_merge: code(self.state_before_merge),
            assignee: self.assignee.as_ref().map(|a| a.as_str().to_owned()),
            tags: texts(&self.tags),
            external_id: maybe_text(self.external_id.as_ref()),
            origin: self.origin.code(),
            escalation: self.escalation.as_ref().map(Coded::wire),
            sla: Some(self.sla.wire()),
            incident: self.incident.map(|n| n.0),
            merged_into: self.merged_into.map(|n| n.0),
            links: wires(&self.links),
            create_time: self.create_time.as_millis(),
            update_time: self.update_time.as_millis(),
            resolve_time: ms(self.resolve_time),
            comment_count: self.comment_count,
            attachment_count: self.attachment_count,
            last_comment_revision: self.last_comment_revision.0,
            last_public_message: self.last_public_message.as_ref().map(Coded::wire),
            logs: wires(&self.logs),
            facets: Some(self.facets.wire()),
            importing: self.importing,
            parts: wires(&self.parts),
        }
    }
    fn of(w: pb::Ticket) -> Result<Self, CodecError> {
        Ok(Self {
            number: TicketNumber(w.number),
            uid: Uid(uuid::Uuid::from_slice(&w.uid).map_err(|_| CodecError::Field("uid"))?),
            revision: Revision(w.revision),
            etag_revision: Revision(w.etag_revision),
            etag_random: w.etag_random,
            organisation: w.organisation.map(|o| id!(OrganisationId, o, "organisation")).transpose()?,
            reporter: Coded::of(need(w.reporter, "reporter")?)?,
            subject: w.subject.into(),
            description_revision: Revision(w.description_revision),
            description_len: w.description_len,
            category: word(w.category)?,
            channels: words(w.channels)?,
            impact: word(w.impact)?,
            priority: Word::of_code(w.priority)?,
            requested_priority: word(w.requested_priority)?,
            unassessed: w.unassessed,
            platform: word(w.platform)?,
            occur_time: at(w.occur_time),
            workstations: arcs(w.workstations),
            checklist: all(w.checklist)?,
            missing_facts: words(w.missing_facts)?,
            state: Word::of_code(w.state)?,
            state_before_merge: word(w.state_before_merge)?,
            assignee: w.assignee.map(|a| id!(AgentId, a, "assignee")).transpose()?,
            tags: arcs(w.tags),
            external_id: w.external_id.map(Into::into),
            origin: Word::of_code(w.origin)?,
            escalation: w.escalation.map(Coded::of).transpose()?,
            sla: Coded::of(need(w.sla, "sla")?)?,
            incident: w.incident.map(TicketNumber),
            merged_into: w.merged_into.map(TicketNumber),
            links: all(w.links)?,
            create_time: Timestamp::from_millis(w.create_time),
            update_time: Timestamp::from_millis(w.update_time),
            resolve_time: at(w.resolve_time),
            comment_count: w.comment_count,
            attachment_count: w.attachment_count,
            last_comment_revision: Revision(w.last_comment_revision),
            last_public_message: w.last_public_message.map(Coded::of).transpose()?,
            logs: all(w.logs)?,
            facets: Coded::of(need(w.facets, "facets")?)?,
            importing: w.importing,
            parts: all(w.parts)?,
        })
    }
}
