//! What answers while the view is built again: for each key the revision that it was changed at last, in memory.

use std::collections::HashMap;

use opora_core::model::{Revision, TicketNumber};

use super::layer::Layer;
use crate::api::{ReadError, Remembered, RequestKey};
use crate::codec::decode_commit;
use crate::journal::Journal;

/// So many tickets may have been made in what is damaged.
const MOST_BEYOND: u64 = 100_000;

/// Where in the journal everything is.
#[derive(Default)]
pub(crate) struct Index {
    /// By number less one; zero: not there.
    tickets: Vec<u64>,
    pub(super) requests: HashMap<RequestKey, Remembered>,
    pub(super) secondary: HashMap<[u8; 16], TicketNumber>,
    pub(super) directory: HashMap<Vec<u8>, Revision>,
    pub(super) policies: HashMap<Vec<u8>, Revision>,
    /// Everything up to it is in the index.
    pub(super) through: Revision,
}

impl Index {
    /// Reads the journal through.
    pub(super) fn build(journal: &Journal, to: Revision) -> Result<Self, ReadError> {
        let mut index = Self::default();
        let mut layer = Layer::default();
        journal.read_range(journal.oldest(), to, |frame| {
            let commit = decode_commit(frame.revision, frame.at, frame.payload)
                .map_err(|e| ReadError::Corrupt(format!("revision {}: {e}", frame.revision.0)))?;
            layer.apply(&commit);
            if layer.bytes > 8 << 20 {
                index.take(&std::mem::take(&mut layer));
            }
            Ok::<_, ReadError>(())
        })?;
        index.take(&layer);
        Ok(index)
    }

    /// Reads what can be read of a damaged journal; `bad` is told of what can't be understood though its checksum is
    /// right. Revisions that are known to be damaged are passed over.
    pub(crate) fn of_sound(journal: &Journal, mut bad: impl FnMut(Revision)) -> Self {
        let mut index = Self::default();
        let mut next = journal.oldest();
        while let Some(from) = journal.sound_from(journal.present(next)) {
            next = from;
            let mut layer = Layer::default();
            let read = journal.read_range(from, journal.newest(), |frame| {
                next = frame.revision;
                let commit = decode_commit(frame.revision, frame.at, frame.payload)
                    .map_err(|e| ReadError::Corrupt(format!("revision {}: {e}", frame.revision.0)))?;
                layer.apply(&commit);
                if layer.bytes > 8 << 20 {
                    index.take(&std::mem::take(&mut layer));
                }
                next = frame.revision.next();
                Ok::<_, ReadError>(())
            });
            index.take(&layer);
            if read.is_ok() {
                break;
            }
            // A hole, or what can't be read after all: a block that was sound a moment ago.
            if journal.sound_from(next) == Some(next) {
                bad(next);
            }
            next = next.next();
        }
        index
    }

    /// A ticket was changed in that revision; true: nothing later is known of it.
    pub(crate) fn changed_last(&mut self, number: TicketNumber, revision: Revision) -> bool {
        // A number that is far beyond all others is damage itself.
        let highest = self.tickets.len() as u64;
        let Some(at) = number.0.checked_sub(1).filter(|at| *at <= highest + MOST_BEYOND) else { return false };
        let at = at as usize;
        if self.tickets.len() <= at {
            self.tickets.resize(at + 1, 0);
        }
        match self.tickets.get_mut(at) {
            Some(place) if *place <= revision.0 => {
                *place = revision.0;
                true
            }
            _ => false,
        }
    }

    /// How many tickets there are.
    pub(super) fn count(&self) -> u64 {
        self.tickets.len() as u64
    }

    /// Takes in what was committed.
    pub(super) fn take(&mut self, layer: &Layer) {
        let highest = layer.highest() as usize;
        if self.tickets.len() < highest {
            self.tickets.resize(highest, 0);
        }
        for (number, latest) in &layer.tickets {
            if let Some(place) = (number.0 as usize).checked_sub(1).and_then(|n| self.tickets.get_mut(n)) {
                *place = latest.ticket.revision.0;
            }
        }
        self.requests.extend(&layer.requests);
        self.secondary.extend(&layer.secondary);
        self.directory.extend(layer.directory.iter().map(|(key, (revision, _))| (key.clone(), *revision)));
        self.policies.extend(layer.policies.iter().map(|(key, (revision, _))| (key.clone(), *revision)));
        self.through = self.through.max(layer.through);
    }

    /// The revision of the last event on a ticket.
    pub(super) fn ticket(&self, number: TicketNumber) -> Option<Revision> {
        let revision = self.tickets.get(usize::try_from(number.0.checked_sub(1)?).ok()?)?;
        (*revision != 0).then_some(Revision(*revision))
    }
}
