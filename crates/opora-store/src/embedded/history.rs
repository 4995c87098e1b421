//! The history of a ticket: each event names the revision of the one before it.

use opora_core::model::{Revision, TicketNumber};

use super::Embedded;
use crate::api::ReadError;
use crate::codec::previous_in;

impl Embedded {
    /// The revisions at which something happened to a ticket, newest first.
    pub(super) fn revisions_of(
        &self,
        number: TicketNumber,
        from: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Revision>, ReadError> {
        let newest = self.view.revision_of(number)?;
        if newest == Revision::ZERO {
            return Ok(Vec::new());
        }
        let previous = |revision: Revision| {
            self.journal.read(revision, |frame| {
                previous_in(frame.payload, number)
                    .map_err(|e| ReadError::Corrupt(format!("revision {}: {e}", revision.0)))
            })
        };
        let from = from.unwrap_or(newest).min(newest);
        let mut next = newest;
        // A revision that a page ended with is on the ticket: no need to walk down to it.
        let is_there = from >= self.journal.oldest() && from == self.journal.present(from);
        if from < next && is_there && previous(from)?.is_some() {
            next = from;
        }
        let mut found = Vec::new();
        while next >= self.journal.oldest() && found.len() < limit {
            let before = previous(next)?
                .ok_or_else(|| ReadError::Corrupt(format!("revision {} has nothing on {number}", next.0)))?;
            if next <= from {
                found.push(next);
            }
            if before >= next {
                return Err(ReadError::Corrupt(format!("the history of {number} is broken at revision {}", next.0)));
            }
            next = before;
        }
        Ok(found)
    }
}
