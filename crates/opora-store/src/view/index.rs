//! What answers while the view is built again: for each key the revision that it was changed at last, in memory.

use std::collections::HashMap;

use opora_core::model::{Revision, TicketNumber};

use super::layer::Layer;
use crate::api::{ReadError, Remembered, RequestKey};
use crate::codec::decode_commit;
use crate::journal::Journal;

/// Where in the journal everything is.
#[derive(Default)]
pub(crate) struct Index {
    /// By number less one; zero: not there.
    tickets: Vec<u64>,
    pub(super) requests: HashMap<RequestKey, Remembered>,
    pub(super) external: HashMap<[u8; 16], TicketNumber>,
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
        self.external.extend(&layer.external);
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
