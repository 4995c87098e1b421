//! A ticket while it is being changed: every event takes a picture of it. Knows how revisions, etags and clocks move
//! along; which events there are is decided beside.

use std::sync::Arc;

use super::{Context, Refusal};
use crate::event::{Change, TicketEvent};
use crate::model::{Actor, Ticket};
use crate::sla::{ClockKind, Fact, FactKind, Signal, SignalKind};
use crate::time::Timestamp;

/// Whether an event changes what a caller can set, and so the etag (docs/contract.md "Requests", `etag`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Etag {
    Moves,
    Stays,
}

pub(super) struct Draft<'a> {
    pub(super) ticket: Ticket,
    pub(super) context: &'a Context<'a>,
    /// When its events happen: never before the last one on the ticket.
    pub(super) at: Timestamp,
    events: Vec<TicketEvent>,
    /// Whether something changed that due times depend on.
    moved: bool,
}

impl<'a> Draft<'a> {
    /// A ticket about to be changed by what meets none of its clocks. What fell due until now is recorded first, and told
    /// unless it is being imported (docs/domain.md §7 rules 7 and 10).
    pub(super) fn new(ticket: &Ticket, context: &'a Context<'a>) -> Result<Self, Refusal> {
        Self::begin(ticket, context, None)
    }

    /// The same for what may meet a clock: what is due at this very instant may just be in time.
    pub(super) fn meeting(ticket: &Ticket, context: &'a Context<'a>, clock: ClockKind) -> Result<Self, Refusal> {
        Self::begin(ticket, context, Some(clock))
    }

    fn begin(ticket: &Ticket, context: &'a Context<'a>, meets: Option<ClockKind>) -> Result<Self, Refusal> {
        let mut draft = Self::untouched(ticket, context)?;
        draft.record_breaches(meets, &[ClockKind::FirstResponse, ClockKind::Resolution])?;
        draft.tell_breaches();
        Ok(draft)
    }

    /// A ticket of which nothing is told first.
    pub(super) fn untouched(ticket: &Ticket, context: &'a Context<'a>) -> Result<Self, Refusal> {
        if context.importing && context.now < ticket.update_time {
            return Err(Refusal::ImportOrder { earliest: ticket.update_time });
        }
        let at = context.now.max(ticket.update_time);
        Ok(Self { ticket: ticket.clone(), context, at, events: Vec::new(), moved: false })
    }

    /// A ticket about to be created.
    pub(super) fn of_new(ticket: Ticket, context: &'a Context<'a>) -> Self {
        let at = ticket.create_time;
        Self { ticket, context, at, events: Vec::new(), moved: false }
    }

    /// Takes a fact into the clocks.
    pub(super) fn fact(&mut self, kind: FactKind) -> Result<(), Refusal> {
        self.moved |= matches!(kind, FactKind::Priority(_) | FactKind::State(_) | FactKind::PolicyApplied(_));
        self.fact_at(kind, self.at)
    }

    pub(super) fn fact_at(&mut self, kind: FactKind, at: Timestamp) -> Result<(), Refusal> {
        let fact = Fact { at, revision: self.context.revision, kind };
        self.ticket.sla = self.ticket.sla.with(fact, &self.context.rules.policies)?;
        Ok(())
    }

    /// Takes the facts back that `undone` names.
    pub(super) fn forget(&mut self, undone: impl Fn(&Fact) -> bool) -> Result<(), Refusal> {
        if self.ticket.sla.facts.iter().any(&undone) {
            let (revision, policies) = (self.context.revision, &self.context.rules.policies);
            self.ticket.sla = self.ticket.sla.without(undone, self.at, revision, policies)?;
            self.moved = true;
        }
        Ok(())
    }

    /// An event by who asks.
    pub(super) fn event(&mut self, change: Change, reason: &Arc<str>, etag: Etag) {
        let actor = self.context.actor.clone();
        self.event_by(actor, change, reason.clone(), etag);
    }

    pub(super) fn event_by(&mut self, actor: Actor, change: Change, reason: Arc<str>, etag: Etag) {
        let ticket = &mut self.ticket;
        ticket.revision = self.context.revision;
        ticket.update_time = self.at;
        if etag == Etag::Moves {
            ticket.etag_revision = self.context.revision;
            // 32 of the 64 bits: the revision and the uid stand beside them.
            ticket.etag_random = self.context.random as u32;
        }
        let ticket = Arc::new(ticket.clone());
        self.events.push(TicketEvent::new(self.at, actor, reason, change, ticket));
    }

    /// Records the breaches of some clocks that stand by now, so that nothing that comes after can erase them.
    pub(super) fn record_breaches(&mut self, meets: Option<ClockKind>, of: &[ClockKind]) -> Result<(), Refusal> {
        for kind in self.ticket.sla.unrecorded(self.at, meets, &self.context.rules.policies)? {
            if let FactKind::Breached { clock, at, .. } = kind
                && of.contains(&clock)
            {
                self.fact_at(kind, at)?;
            }
        }
        Ok(())
    }

    /// Tells every breach that is recorded and was not told yet, by the desk itself. While a ticket is being imported
    /// nothing is told (docs/contract.md "Requests", `import_time`).
    pub(super) fn tell_breaches(&mut self) {
        while !self.ticket.importing
            && let Some((clock, due, cause)) = self.ticket.sla.tell_breach()
        {
            self.event_by(Actor::SYSTEM, Change::SlaBreached { clock, due, cause }, "".into(), Etag::Stays);
        }
    }

    /// Tells a warning or neglect by the desk itself.
    pub(super) fn tell(&mut self, signal: &Signal) -> Result<(), Refusal> {
        let change = match signal.kind {
            SignalKind::Breach { .. } => return Ok(()),
            SignalKind::Warning { clock, percent, due, .. } => Change::SlaWarned { clock, percent, due },
            SignalKind::Neglect { since } => Change::SlaNeglected { since },
        };
        if let Some(fact) = signal.fact() {
            self.fact_at(fact, signal.at)?;
        }
        self.event_by(Actor::SYSTEM, change, "".into(), Etag::Stays);
        Ok(())
    }

    /// The events, with those breaches that the change itself brought and the warnings that it finds past
    /// (docs/domain.md §7 rules 10 and 11).
    pub(super) fn finish(mut self) -> Result<Vec<TicketEvent>, Refusal> {
        if self.ticket.sla.has_unrecorded() {
            self.record_breaches(None, &[ClockKind::FirstResponse, ClockKind::Resolution])?;
        }
        self.tell_breaches();
        if self.moved && !self.ticket.importing {
            for signal in self.ticket.sla.pending(self.at, &self.context.rules.policies)? {
                if matches!(signal.kind, SignalKind::Warning { .. }) {
                    self.tell(&signal)?;
                }
            }
        }
        Ok(self.events)
    }
}
