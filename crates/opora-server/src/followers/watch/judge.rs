//! A filter judged on the ticket before and after each event of a commit.

use std::collections::HashMap;
use std::sync::Arc;

use opora_core::event::Change;
use opora_core::filter::{Filter, Judge};
use opora_core::model::{Revision, Ticket, TicketNumber};
use opora_core::time::Timestamp;
use opora_store::{ReadError, Record, Store};

use super::MatchedEvent;
use crate::engine::log::Published;
use crate::engine::state::ticket_at;

/// How many tickets are remembered as they stood last.
const REMEMBERED: usize = 4_096;

pub(super) fn matches(filter: &Filter, ticket: &Ticket, now: Timestamp) -> bool {
    filter.matches(ticket, &Judge { now, text: &|_, _| false })
}

/// Finds tickets as they stood before, for commits that were not seen being made.
#[derive(Default)]
pub(super) struct Memory {
    last: HashMap<TicketNumber, Arc<Ticket>>,
}

impl Memory {
    /// Each record's ticket as it stood before.
    pub(super) fn before(
        &mut self,
        store: &dyn Store,
        published: &Published,
    ) -> Result<Vec<Option<Arc<Ticket>>>, ReadError> {
        if let Some(before) = &published.before {
            return Ok(before.clone());
        }
        let mut all = Vec::with_capacity(published.commit.records.len());
        for record in &published.commit.records {
            let Record::Ticket(event) = record else {
                all.push(None);
                continue;
            };
            let number = event.ticket.number;
            all.push(match self.last.get(&number) {
                _ if matches!(event.change, Change::Created { .. }) => None,
                Some(before) => Some(before.clone()),
                None => ticket_at(store, number, Revision(published.commit.revision.0.saturating_sub(1)))?,
            });
            if self.last.len() >= REMEMBERED {
                self.last.clear();
            }
            self.last.insert(number, event.ticket.clone());
        }
        Ok(all)
    }
}

/// What of a commit concerns a filter; `None`: nothing.
pub(super) fn judge(
    published: &Published,
    before: &[Option<Arc<Ticket>>],
    filter: &Filter,
) -> Option<Vec<MatchedEvent>> {
    let commit = &published.commit;
    let mut events = Vec::new();
    for (index, record) in commit.records.iter().enumerate() {
        let Record::Ticket(event) = record else { continue };
        let after = matches(filter, &event.ticket, commit.at);
        if after {
            events.push(MatchedEvent { record: index, left_view: false });
        } else if before.get(index).and_then(Option::as_ref).is_some_and(|t| matches(filter, t, commit.at)) {
            events.push(MatchedEvent { record: index, left_view: true });
        }
    }
    (!events.is_empty()).then_some(events)
}
