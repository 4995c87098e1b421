//! A ticket while it is being changed: every event takes a picture of it. Knows how revisions, etags and clocks move
//! along; which events there are is decided beside.

use std::sync::Arc;

use super::{Context, Refusal};
use crate::event::{Change, TicketEvent};
use crate::model::{Actor, Ticket};
use crate::sla::{BreachCause, ClockKind, Fact, FactKind, SignalKind, SlaState};
use crate::time::{Millis, Timestamp};

/// Whether an event changes what a caller can set, and so the etag (`contract.md`, `etag`).
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
}

impl<'a> Draft<'a> {
    /// A ticket about to be changed. What fell due before now and was not told yet is told first (domain.md §7 rule 10).
    pub(super) fn new(ticket: &Ticket, context: &'a Context<'a>) -> Result<Self, Refusal> {
        if context.importing && context.now < ticket.update_time {
            return Err(Refusal::ImportOrder { earliest: ticket.update_time });
        }
        let at = context.now.max(ticket.update_time);
        let mut draft = Self { ticket: ticket.clone(), context, at, events: Vec::new() };
        if !ticket.importing {
            // What is due at this very instant may just be met by this change.
            let before = draft.at - Millis(1);
            for signal in ticket.sla.pending(before, &context.rules.policies)? {
                if let SignalKind::Breach { clock } = signal.kind {
                    draft.tell_breach(clock, signal.at, signal.at, BreachCause::Delay)?;
                }
            }
        }
        Ok(draft)
    }

    /// A ticket about to be created.
    pub(super) fn of_new(ticket: Ticket, context: &'a Context<'a>) -> Self {
        let at = ticket.create_time;
        Self { ticket, context, at, events: Vec::new() }
    }

    /// Takes a fact into the clocks.
    pub(super) fn fact(&mut self, kind: FactKind) -> Result<(), Refusal> {
        self.fact_at(kind, self.at)
    }

    pub(super) fn fact_at(&mut self, kind: FactKind, at: Timestamp) -> Result<(), Refusal> {
        let fact = Fact { at, revision: self.context.revision, kind };
        self.ticket.sla = self.ticket.sla.with(fact, &self.context.rules.policies)?;
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
        self.events.push(TicketEvent { at: self.at, actor, reason, change, ticket });
    }

    /// Tells a breach by the desk itself.
    pub(super) fn tell_breach(
        &mut self,
        clock: ClockKind,
        at: Timestamp,
        due: Timestamp,
        cause: BreachCause,
    ) -> Result<(), Refusal> {
        self.fact_at(FactKind::Breached { clock, due, cause }, at)?;
        self.event_by(Actor::SYSTEM, Change::SlaBreached { clock, due, cause }, "".into(), Etag::Stays);
        Ok(())
    }

    /// Tells every breach that the clocks show and that was not told yet. While a ticket is being imported nothing is
    /// told (`contract.md`, `import_time`).
    pub(super) fn tell_breaches(&mut self) -> Result<(), Refusal> {
        if self.ticket.importing {
            return Ok(());
        }
        for (clock, at, due, cause) in untold(&self.ticket.sla) {
            self.tell_breach(clock, at, due, cause)?;
        }
        Ok(())
    }

    /// The events, with those breaches that the change itself brought.
    pub(super) fn finish(mut self) -> Result<Vec<TicketEvent>, Refusal> {
        self.tell_breaches()?;
        Ok(self.events)
    }
}

/// The breaches that the clocks show and no `Breached` fact remembers: clock, breach time, due time, cause.
pub(super) fn untold(sla: &SlaState) -> impl Iterator<Item = (ClockKind, Timestamp, Timestamp, BreachCause)> + use<> {
    let told = |kind: ClockKind| {
        sla.facts.iter().any(|fact| matches!(fact.kind, FactKind::Breached { clock, .. } if clock == kind))
    };
    let found = [ClockKind::FirstResponse, ClockKind::Resolution].map(|kind| {
        let clock = sla.clock(kind);
        let breach = clock.breach.filter(|_| !told(kind))?;
        let due = match breach.cause {
            BreachCause::Delay => breach.at,
            BreachCause::Reclassification | BreachCause::Policy => clock.due.unwrap_or(breach.at),
        };
        Some((kind, breach.at, due, breach.cause))
    });
    found.into_iter().flatten()
}
