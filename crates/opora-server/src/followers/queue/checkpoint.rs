//! Where the queue stood, so that a start need not read every ticket ever: the numbers of the live ones at a revision.
//! Losing the file costs time, nothing else.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use opora_core::model::{Revision, TicketNumber};
use opora_store::{ReadError, Store};
use parking_lot::RwLock;

use super::{Queue, State, is_live};

const MAGIC: &[u8; 8] = b"OPQUEUE1";
const HASH: usize = 16;
/// How many commits or tickets are read at once.
const CHUNK: usize = 1_000;
/// About how many bytes of commits are read at once.
const BYTES: usize = 8 * 1024 * 1024;

fn file(dir: &Path) -> PathBuf {
    dir.join("queue")
}

fn encode(revision: Revision, numbers: &[u64]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(revision.0.to_be_bytes());
    let mut last = 0;
    for number in numbers {
        prost::encoding::encode_varint(number - last, &mut bytes);
        last = *number;
    }
    let hash = blake3::hash(&bytes);
    bytes.extend(hash.as_bytes().iter().take(HASH));
    bytes
}

fn decode(bytes: &[u8]) -> Option<(Revision, Vec<u64>)> {
    let (body, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH)?)?;
    if !blake3::hash(body).as_bytes().starts_with(hash) {
        return None;
    }
    let (revision, mut rest) = body.strip_prefix(MAGIC)?.split_at_checked(8)?;
    let revision = Revision(u64::from_be_bytes(revision.try_into().ok()?));
    let (mut numbers, mut last) = (Vec::new(), 0_u64);
    while !rest.is_empty() {
        last = last.checked_add(prost::encoding::decode_varint(&mut rest).ok()?)?;
        numbers.push(last);
    }
    Some((revision, numbers))
}

impl Queue {
    /// The queue of a store as it stands: from the checkpoint and what happened since, or from all tickets. Blocks.
    ///
    /// # Errors
    /// [`ReadError`] of the store; a bad checkpoint is none.
    pub(crate) fn open_from(store: &dyn Store, dir: &Path) -> Result<Self, ReadError> {
        #[expect(clippy::disallowed_methods, reason = "before the runtime serves anybody")]
        let checkpoint = std::fs::read(file(dir)).ok().and_then(|bytes| decode(&bytes));
        let position = store.position();
        let usable = |revision: Revision| revision <= position.newest && revision.next() >= position.oldest;
        let state = match checkpoint.filter(|(revision, _)| usable(*revision)) {
            Some((revision, numbers)) => resume(store, revision, &numbers, position.newest)?,
            None => scan(store, position.newest)?,
        };
        Ok(Self { state: RwLock::new(state) })
    }

    /// Writes down where it stands. Blocks.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) fn write_checkpoint(&self, dir: &Path) -> std::io::Result<Revision> {
        let (mut numbers, revision) = {
            let state = self.state.read();
            (state.live.keys().map(|number| number.0).collect::<Vec<_>>(), state.revision)
        };
        numbers.sort_unstable();
        let next = dir.join("queue.next");
        #[expect(clippy::disallowed_methods, reason = "on a thread of its own")]
        {
            let mut to = std::fs::File::create(&next)?;
            to.write_all(&encode(revision, &numbers))?;
            to.sync_data()?;
            std::fs::rename(&next, file(dir))?;
            std::fs::File::open(dir)?.sync_all()?;
        }
        Ok(revision)
    }
}

fn resume(store: &dyn Store, revision: Revision, numbers: &[u64], newest: Revision) -> Result<State, ReadError> {
    let mut state = State { revision, ..State::default() };
    for number in numbers {
        // The store may be further already: what closed since is not live, what changed since comes again below.
        if let Some(ticket) = store.ticket(TicketNumber(*number))?.filter(|ticket| is_live(ticket)) {
            state.put(&ticket);
        }
    }
    while state.revision < newest {
        let commits = store.commits(state.revision.next(), CHUNK, BYTES)?;
        if commits.is_empty() {
            break;
        }
        for commit in &commits {
            state.apply(commit);
        }
    }
    Ok(state)
}

fn scan(store: &dyn Store, newest: Revision) -> Result<State, ReadError> {
    let mut state = State { revision: newest, ..State::default() };
    let mut from = TicketNumber(1);
    loop {
        let tickets = store.tickets(from, false, CHUNK)?;
        let Some(last) = tickets.last() else { return Ok(state) };
        from = TicketNumber(last.number.0 + 1);
        for ticket in tickets.iter().filter(|ticket| is_live(ticket)) {
            state.put(ticket);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_survives_its_bytes_and_a_damaged_one_is_not_believed() {
        let bytes = encode(Revision(77), &[1, 5, 6, 1_000_000]);
        assert_eq!(decode(&bytes), Some((Revision(77), vec![1, 5, 6, 1_000_000])));
        for i in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[i] ^= 1;
            assert_eq!(decode(&bad), None, "byte {i}");
            assert_eq!(decode(&bytes[..i]), None, "cut at {i}");
        }
    }
}
