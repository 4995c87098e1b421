//! Clocks that an earlier version kept by other rules (docs/domain.md §7): told once, before anybody sees or times
//! them.
//!
//! Needs no mark of its own: a ticket whose event was made shows what the rules give, so a start after it, or after a
//! kill in the middle, finds only what is left.

use opora_core::command::Change;
use opora_core::decide::{Rules, clocks_anew};
use opora_core::model::{Actor, Ticket, TicketNumber};

use super::Shared;
use crate::engine::Refused;
use crate::engine::work::Work;

/// How many tickets are changed under one revision: each event holds its ticket, and a commit is written at once.
const PART: usize = 100;

/// Whether a ticket is open and its clocks show something else than today's rules give.
pub(crate) fn is_outdated(ticket: &Ticket, rules: &Rules) -> bool {
    clocks_anew(ticket, rules)
        .unwrap_or_else(|error| {
            tracing::warn!(ticket = %ticket.number, %error, "its clocks can't be reckoned");
            None
        })
        .is_some()
}

impl Shared {
    /// Tells of every open ticket whose clocks change. Blocks until it is durable. What can't be written now, on a disk
    /// that is full, is told at the next start.
    pub(super) fn recompute_clocks(&self) {
        let rules = self.world.rules();
        let (live, _) = self.world.queue.live();
        let mut outdated: Vec<TicketNumber> =
            live.iter().filter(|ticket| is_outdated(ticket, &rules)).map(|ticket| ticket.number).collect();
        drop(live);
        if outdated.is_empty() {
            return;
        }
        outdated.sort_unstable();
        // The caller may be a thread of the runtime, on which nothing may block: whoever waits is another.
        let told = std::thread::scope(|scope| scope.spawn(|| self.tell_outdated(&outdated)).join());
        match told {
            Ok(Ok(())) => {
                tracing::info!(tickets = outdated.len(), "clocks were reckoned anew by the rules of this version");
            }
            Ok(Err(error)) => tracing::warn!(%error, "clocks were not reckoned anew; the next start tries again"),
            Err(_) => tracing::warn!("clocks were not reckoned anew; the next start tries again"),
        }
    }

    fn tell_outdated(&self, outdated: &[TicketNumber]) -> Result<(), Refused> {
        for part in outdated.chunks(PART) {
            let change = Change::RecomputeClocks;
            let part = Work::Part { actor: Actor::SYSTEM, tickets: part.to_vec(), change, request: None };
            let answer = self.engine.submit(part, true)?;
            answer.blocking_recv().unwrap_or(Err(Refused::StoreFailed))?;
        }
        Ok(())
    }
}
