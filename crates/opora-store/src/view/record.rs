//! Keys and values of the view. A value's CRC covers its key too: a value under another key is damage.

use opora_core::event::DirectoryPut;
use opora_core::model::{Revision, TicketNumber};
use opora_core::sla::PolicyDefinition;

use crate::api::StoreUid;

/// What the key of a block of tickets begins with.
pub(crate) const BLOCK: u8 = b't';
/// A ticket itself, where its commit is so bulky that it is not read for one ticket.
pub(crate) const TICKET: u8 = b'i';
/// A run of requests that were answered.
pub(crate) const RUN: u8 = b'R';
/// A part of a run.
pub(crate) const REQUEST: u8 = b'r';
/// A secondary key of a ticket, of whatever kind.
pub(crate) const SECONDARY: u8 = b'x';
/// An entry of the directory.
pub(crate) const DIRECTORY: u8 = b'd';
/// A version of a policy.
pub(crate) const POLICY: u8 = b'p';
/// Where the view stands.
pub(crate) const META: &[u8] = b"m";

const HEADER: usize = 13;
const INLINE: u8 = 1;
const POINTER: u8 = 2;

/// What is stored under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stored<'a> {
    /// The record itself, as it stood after a revision.
    Inline(Revision, &'a [u8]),
    /// It is too large: the commit of that revision holds it.
    Pointer(Revision),
}

fn crc(key: &[u8], rest: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(rest);
    hasher.finalize()
}

fn value(key: &[u8], kind: u8, revision: Revision, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + payload.len());
    bytes.extend_from_slice(&[0; 4]);
    bytes.push(kind);
    bytes.extend_from_slice(&revision.0.to_le_bytes());
    bytes.extend_from_slice(payload);
    let sum = crc(key, bytes.get(4..).unwrap_or_default());
    if let Some(place) = bytes.get_mut(..4) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
    bytes
}

/// A value that holds its record.
pub(crate) fn inline(key: &[u8], revision: Revision, payload: &[u8]) -> Vec<u8> {
    value(key, INLINE, revision, payload)
}

/// A value that says where its record is.
pub(crate) fn pointer(key: &[u8], revision: Revision) -> Vec<u8> {
    value(key, POINTER, revision, &[])
}

/// Reads a value; `None`: it is damaged.
pub(crate) fn read<'a>(key: &[u8], bytes: &'a [u8]) -> Option<Stored<'a>> {
    let (sum, rest) = bytes.split_at_checked(4)?;
    if sum != crc(key, rest).to_le_bytes() {
        return None;
    }
    let revision = Revision(u64::from_le_bytes(rest.get(1..9)?.try_into().ok()?));
    match *rest.first()? {
        INLINE => Some(Stored::Inline(revision, rest.get(9..)?)),
        POINTER => Some(Stored::Pointer(revision)),
        _ => None,
    }
}

/// How many tickets a block holds.
pub(crate) const BLOCK_TICKETS: u64 = 64;
/// Set in a revision of a block: the ticket itself is kept too.
const KEPT: u64 = 1 << 63;

fn numbered(prefix: u8, number: u64) -> [u8; 9] {
    let mut key = [prefix; 9];
    for (place, byte) in key.iter_mut().skip(1).zip(number.to_be_bytes()) {
        *place = byte;
    }
    key
}

/// The key of a ticket that is kept itself.
pub(crate) fn ticket_key(number: TicketNumber) -> [u8; 9] {
    numbered(TICKET, number.0)
}

/// The key of the block that a ticket is in, and its place there.
pub(crate) fn block_of(number: TicketNumber) -> ([u8; 9], usize) {
    let index = number.0.saturating_sub(1);
    (numbered(BLOCK, index / BLOCK_TICKETS), (index % BLOCK_TICKETS) as usize)
}

/// Of each ticket of a block the revision of its last event, and whether it is kept itself; `Revision::ZERO`: it is not
/// there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block(Vec<u64>);

impl Block {
    /// Reads a block; `None`: it is damaged.
    pub(crate) fn read(key: &[u8], bytes: &[u8]) -> Option<Self> {
        let Stored::Inline(_, payload) = read(key, bytes)? else { return None };
        let (revisions, rest) = payload.as_chunks::<8>();
        let right = rest.is_empty() && revisions.len() <= BLOCK_TICKETS as usize;
        right.then(|| Self(revisions.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect()))
    }

    /// The value of a block.
    pub(crate) fn value(&self, key: &[u8]) -> Vec<u8> {
        let payload: Vec<u8> = self.0.iter().flat_map(|revision| revision.to_le_bytes()).collect();
        inline(key, Revision::ZERO, &payload)
    }

    /// What it says of the ticket at a place.
    pub(crate) fn at(&self, place: usize) -> Place {
        let word = self.0.get(place).copied().unwrap_or(0);
        Place { revision: Revision(word & !KEPT), kept: word & KEPT != 0 }
    }

    /// Sets what it says.
    pub(crate) fn set(&mut self, place: usize, to: Place) {
        if self.0.len() <= place {
            self.0.resize(place + 1, 0);
        }
        if let Some(word) = self.0.get_mut(place) {
            *word = to.revision.0 | if to.kept { KEPT } else { 0 };
        }
    }
}

/// What a block says of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The revision of its last event; `Revision::ZERO`: it is not there.
    pub(crate) revision: Revision,
    /// It is kept itself, too.
    pub(crate) kept: bool,
}

fn hashed(prefix: u8, hash: &[u8; 16]) -> [u8; 17] {
    let mut key = [prefix; 17];
    for (place, byte) in key.iter_mut().skip(1).zip(hash) {
        *place = *byte;
    }
    key
}

/// Where in the view a secondary key is, by its hash, which tells the kinds apart.
pub(crate) fn secondary_key(hash: &[u8; 16]) -> [u8; 17] {
    hashed(SECONDARY, hash)
}

/// The key of an entry of the directory.
pub(crate) fn directory_key(put: &DirectoryPut) -> Vec<u8> {
    let (kind, id) = match put {
        DirectoryPut::Organisation(id, _) => (b'o', id.as_str()),
        DirectoryPut::Contact(id, _) => (b'c', id.as_str()),
        DirectoryPut::Agent(id, _) => (b'a', id.as_str()),
        DirectoryPut::SavedView(id, _) => (b'v', id.as_str()),
        DirectoryPut::Snippet(id, _) => (b's', id.as_str()),
    };
    let mut key = vec![DIRECTORY, kind];
    key.extend_from_slice(id.as_bytes());
    key
}

/// The key of a version of a policy.
pub(crate) fn policy_key(policy: &PolicyDefinition) -> Vec<u8> {
    let mut key = vec![POLICY];
    key.extend_from_slice(policy.policy.id.as_str().as_bytes());
    key.push(0);
    key.extend_from_slice(&policy.policy.version.to_be_bytes());
    key
}

/// What the view says of a secondary key.
pub(crate) fn secondary_value(key: &[u8], number: TicketNumber) -> Vec<u8> {
    inline(key, Revision(number.0), &[])
}

/// The number of the ticket that a secondary key finds, from its value.
pub(crate) fn secondary_of(key: &[u8], bytes: &[u8]) -> Option<TicketNumber> {
    match read(key, bytes)? {
        Stored::Inline(number, _) => Some(TicketNumber(number.0)),
        Stored::Pointer(_) => None,
    }
}

/// Where a view stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    /// Everything up to it is in the view.
    pub(crate) revision: Revision,
    /// How many tickets there are.
    pub(crate) tickets: u64,
    /// The requests of everything up to it are in runs.
    pub(crate) requests: Revision,
}

/// The value of [`META`].
pub(crate) fn meta_value(uid: StoreUid, meta: Meta) -> Vec<u8> {
    let mut payload = uid.as_bytes().to_vec();
    payload.extend_from_slice(&meta.tickets.to_le_bytes());
    payload.extend_from_slice(&meta.requests.0.to_le_bytes());
    inline(META, meta.revision, &payload)
}

/// Where a view stands, from its value; `None`: it is damaged, or another store's.
pub(crate) fn meta_of(uid: StoreUid, bytes: &[u8]) -> Option<Meta> {
    let Stored::Inline(revision, payload) = read(META, bytes)? else { return None };
    let (theirs, numbers) = payload.split_at_checked(16)?;
    let (tickets, requests) = numbers.split_at_checked(8)?;
    let tickets = u64::from_le_bytes(tickets.try_into().ok()?);
    let requests = Revision(u64::from_le_bytes(requests.try_into().ok()?));
    (theirs == uid.as_bytes()).then_some(Meta { revision, tickets, requests })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::Index;

    /// What an earlier version wrote is found by this one.
    #[test]
    fn an_external_id_is_kept_under_the_bytes_that_it_always_was() {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        let key = secondary_key(&Index::ExternalId.hash("INC0000007"));
        assert_eq!(hex(&key), "781456c04ffe84e840b68180b999e67b58");
        assert_eq!(hex(&secondary_value(&key, TicketNumber(7))), "07f4aba7010700000000000000");
    }
}
