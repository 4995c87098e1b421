//! What was committed and is not written into the view yet.

use std::collections::HashMap;
use std::sync::Arc;

use opora_core::event::DirectoryPut;
use opora_core::model::{Revision, Ticket, TicketNumber};
use opora_core::sla::PolicyDefinition;
use opora_core::time::Timestamp;

use super::record::{Meta, directory_key, inline, pointer, policy_key, secondary_key, secondary_value, ticket_key};
use crate::api::{Commit, Record, Remembered, RequestKey};
use crate::codec::{encode_policy, encode_put, encode_ticket};
use crate::index::Index;

/// About how much a ticket takes in memory besides its texts.
const TICKET_BYTES: usize = 1_500;

/// From so many records on a commit is bulky: a ticket of it is kept itself, so that it need not be read for one.
const BULKY: usize = 8;

/// A ticket as it stands after its last event.
pub(crate) struct Latest {
    pub(crate) ticket: Arc<Ticket>,
    /// Whether it is to be kept itself.
    pub(crate) kept: bool,
}

/// Changes of the view, the newest of each key.
#[derive(Default)]
pub(crate) struct Layer {
    /// Tickets as they stand.
    pub(crate) tickets: HashMap<TicketNumber, Latest>,
    /// Requests that were answered.
    pub(crate) requests: HashMap<RequestKey, Remembered>,
    /// Which ticket a secondary key finds, by the hash of it.
    pub(crate) secondary: HashMap<[u8; 16], TicketNumber>,
    /// Entries of the directory, by their keys in the view.
    pub(crate) directory: HashMap<Vec<u8>, (Revision, DirectoryPut)>,
    /// Policies, by their keys in the view.
    pub(crate) policies: HashMap<Vec<u8>, (Revision, Arc<PolicyDefinition>)>,
    /// The last commit in it; `Revision::ZERO`: it is empty.
    pub(crate) through: Revision,
    /// When that was made.
    pub(crate) at: Timestamp,
    /// About how much memory it takes.
    pub(crate) bytes: usize,
}

impl Layer {
    pub(crate) fn is_empty(&self) -> bool {
        self.through == Revision::ZERO
    }

    /// Takes a commit in.
    pub(crate) fn apply(&mut self, commit: &Commit) {
        for record in &commit.records {
            match record {
                Record::Ticket(event) => {
                    let ticket = &event.ticket;
                    for (index, key) in Index::of(event) {
                        self.secondary.insert(index.hash(key), ticket.number);
                        self.bytes += 64;
                    }
                    let latest = Latest { ticket: ticket.clone(), kept: commit.records.len() >= BULKY };
                    if self.tickets.insert(ticket.number, latest).is_none() {
                        self.bytes += TICKET_BYTES;
                    }
                }
                Record::Directory(_, put) => {
                    self.bytes += 1_000;
                    self.directory.insert(directory_key(put), (commit.revision, put.clone()));
                }
                Record::Policy(_, _, policy) => {
                    self.bytes += 10_000;
                    self.policies.insert(policy_key(policy), (commit.revision, policy.clone()));
                }
            }
        }
        if let Some(request) = &commit.request {
            self.bytes += 96;
            let remembered = Remembered { revision: commit.revision, content: request.content };
            self.requests.insert(request.key, remembered);
        }
        (self.through, self.at) = (commit.revision, commit.at);
    }

    /// The highest ticket number in it.
    pub(crate) fn highest(&self) -> u64 {
        self.tickets.keys().map(|n| n.0).max().unwrap_or(0)
    }

    /// Where a view stands that took it in. Never further than the layer, even if it was: then some of its values are
    /// older than what it said.
    pub(crate) fn meta_after(&self, meta: Meta) -> Meta {
        Meta { revision: self.through, tickets: self.highest().max(meta.tickets), ..meta }
    }

    /// Keys and values of what does not depend on what the view holds already. Of a ticket only one that is kept itself:
    /// sled's work grows with what it holds, and the journal holds it. So of any other value over `inline_limit`.
    pub(crate) fn entries(&self, inline_limit: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        let fit = |key: &[u8], revision: Revision, payload: &[u8]| {
            if payload.len() > inline_limit { pointer(key, revision) } else { inline(key, revision, payload) }
        };
        let mut entries = Vec::with_capacity(self.secondary.len());
        for (number, Latest { ticket, .. }) in self.tickets.iter().filter(|(_, latest)| latest.kept) {
            let key = ticket_key(*number);
            entries.push((key.to_vec(), inline(&key, ticket.revision, &encode_ticket(ticket))));
        }
        for (hash, number) in &self.secondary {
            let key = secondary_key(hash);
            entries.push((key.to_vec(), secondary_value(&key, *number)));
        }
        for (key, (revision, put)) in &self.directory {
            entries.push((key.clone(), fit(key, *revision, &encode_put(put))));
        }
        for (key, (revision, policy)) in &self.policies {
            entries.push((key.clone(), fit(key, *revision, &encode_policy(policy))));
        }
        entries
    }
}
