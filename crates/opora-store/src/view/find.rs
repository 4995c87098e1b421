//! Finding one thing in the view: in memory what is not written yet, then what was used lately, then in sled.
//!
//! What turns out to be damaged is built again, and the question asked once more.

use std::sync::Arc;

use opora_core::model::{Revision, Ticket, TicketNumber};

use super::record::{self, Stored, secondary_key, ticket_key};
use super::tree::{Broken, Tree};
use super::{Backing, View, corrupt};
use crate::api::{ReadError, Remembered, RequestKey};
use crate::codec::{decode_ticket, decode_ticket_of};
use crate::index::Index;

/// What is wrong with a view of another moment than the journal.
const AHEAD: &str = "it speaks of a revision that the journal does not have";

fn no_ticket(number: TicketNumber) -> ReadError {
    ReadError::Corrupt(format!("the journal has no {number}"))
}

/// A ticket that is kept itself, or the revision of its last event.
fn kept_ticket(tree: &Tree, number: TicketNumber, key: &[u8]) -> Result<Result<Ticket, Revision>, Broken> {
    let place = tree.place(number)?;
    if place.revision == Revision::ZERO {
        return Err(Broken(format!("{number} is missing")));
    }
    if !place.kept {
        return Ok(Err(place.revision));
    }
    let bytes = tree.get(key)?.ok_or_else(|| Broken(format!("{number} is not kept")))?;
    match record::read(key, &bytes) {
        Some(Stored::Inline(revision, payload)) if revision == place.revision => {
            decode_ticket(payload).map(Ok).map_err(|e| Broken(e.to_string()))
        }
        _ => Err(Broken(format!("{number} does not match its checksum, or is an older one"))),
    }
}

impl View {
    /// A ticket as it stands.
    pub(crate) fn ticket(&self, number: TicketNumber) -> Result<Option<Arc<Ticket>>, ReadError> {
        if number.0 == 0 || number.0 > self.tickets() {
            return Ok(None);
        }
        let moves = {
            let layers = self.layers.read();
            let found = layers.active.tickets.get(&number);
            let found = found.or_else(|| layers.draining.as_ref().and_then(|l| l.tickets.get(&number)));
            if let Some(latest) = found {
                return Ok(Some(latest.ticket.clone()));
            }
            layers.moves
        };
        if let Some(ticket) = self.recent.get(&number) {
            return Ok(Some(ticket));
        }
        let ticket = Arc::new(self.stored_ticket(number)?);
        let layers = self.layers.read();
        if layers.moves == moves && !layers.active.tickets.contains_key(&number) {
            self.recent.insert(number, ticket.clone());
        }
        Ok(Some(ticket))
    }

    /// The revision of the last event on a ticket; `Revision::ZERO`: there is no such ticket.
    pub(crate) fn revision_of(&self, number: TicketNumber) -> Result<Revision, ReadError> {
        if number.0 == 0 || number.0 > self.tickets() {
            return Ok(Revision::ZERO);
        }
        {
            let layers = self.layers.read();
            let found = layers.active.tickets.get(&number);
            let found = found.or_else(|| layers.draining.as_ref().and_then(|l| l.tickets.get(&number)));
            if let Some(latest) = found {
                return Ok(latest.ticket.revision);
            }
        }
        self.recent.get(&number).map_or_else(|| self.stored_revision(number), |ticket| Ok(ticket.revision))
    }

    fn stored_revision(&self, number: TicketNumber) -> Result<Revision, ReadError> {
        loop {
            match self.backing() {
                Backing::Index(index) => return index.read().ticket(number).ok_or_else(|| no_ticket(number)),
                Backing::Tree(tree) => match tree.place(number) {
                    Ok(place) if place.revision > self.journal.newest() => self.mend(&tree, &AHEAD)?,
                    Ok(place) if place.revision != Revision::ZERO => return Ok(place.revision),
                    // Numbers have no gap.
                    Ok(_) => self.mend(&tree, &format!("{number} is missing"))?,
                    Err(e) => self.mend(&tree, &e)?,
                },
            }
        }
    }

    fn stored_ticket(&self, number: TicketNumber) -> Result<Ticket, ReadError> {
        let key = ticket_key(number);
        loop {
            let revision = match self.backing() {
                Backing::Index(index) => index.read().ticket(number).ok_or_else(|| no_ticket(number))?,
                Backing::Tree(tree) => match kept_ticket(&tree, number, &key) {
                    Ok(Ok(ticket)) => return Ok(ticket),
                    // Its files are of another moment than the journal's.
                    Ok(Err(revision)) if revision > self.journal.newest() => {
                        self.mend(&tree, &AHEAD)?;
                        continue;
                    }
                    Ok(Err(revision)) => revision,
                    Err(e) => {
                        self.mend(&tree, &e)?;
                        continue;
                    }
                },
            };
            let found = self
                .journal
                .read(revision, |frame| decode_ticket_of(frame.payload, number).map_err(|e| corrupt(revision, &e)))?;
            return found.ok_or_else(|| corrupt(revision, &format!("it holds nothing on {number}")));
        }
    }

    /// A request that was answered.
    pub(crate) fn remembered(&self, request: &RequestKey) -> Result<Option<Remembered>, ReadError> {
        {
            let layers = self.layers.read();
            let found = layers.active.requests.get(request);
            if let Some(found) = found.or_else(|| layers.draining.as_ref().and_then(|l| l.requests.get(request))) {
                return Ok(Some(*found));
            }
        }
        loop {
            match self.backing() {
                Backing::Index(index) => return Ok(index.read().requests.get(request).copied()),
                Backing::Tree(tree) => match tree.remembered(request) {
                    Ok(found) => return Ok(found),
                    Err(e) => self.mend(&tree, &e)?,
                },
            }
        }
    }

    /// The ticket that has a key of a kind.
    pub(crate) fn find(&self, index: Index, key: &str) -> Result<Option<TicketNumber>, ReadError> {
        let hash = index.hash(key);
        {
            let layers = self.layers.read();
            let found = layers.active.secondary.get(&hash);
            if let Some(found) = found.or_else(|| layers.draining.as_ref().and_then(|l| l.secondary.get(&hash))) {
                return Ok(Some(*found));
            }
        }
        let key = secondary_key(&hash);
        if !self.known.may_have(&key) {
            return Ok(None);
        }
        loop {
            let tree = match self.backing() {
                Backing::Index(index) => return Ok(index.read().secondary.get(&hash).copied()),
                Backing::Tree(tree) => tree,
            };
            match tree.get(&key) {
                Ok(None) => return Ok(None),
                Ok(Some(bytes)) => match record::secondary_of(&key, &bytes) {
                    Some(number) => return Ok(Some(number)),
                    None => self.mend(&tree, &"a secondary key does not match its checksum")?,
                },
                Err(e) => self.mend(&tree, &e)?,
            }
        }
    }
}
