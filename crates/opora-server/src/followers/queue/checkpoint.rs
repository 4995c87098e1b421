//! Where the queue stood, so that a start need not read every ticket ever: the numbers of the live ones at a revision.
//! Losing the file costs time, nothing else.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use opora_core::model::{Revision, TicketNumber};
use opora_core::time::Timestamp;
use opora_store::{ReadError, Store, StoreUid};
use parking_lot::RwLock;

use super::{Queue, State, is_live};
use crate::followers::Follower;
use crate::followers::world::World;

const MAGIC: &[u8; 8] = b"OPQUEUE2";
const HASH: usize = 16;
/// How many commits or tickets are read at once.
const CHUNK: usize = 1_000;
/// About how many bytes of commits are read at once.
const BYTES: usize = 8 * 1024 * 1024;

fn file(dir: &Path) -> PathBuf {
    dir.join("queue")
}

/// Which store stood where: another one may have other commits under the same revisions, and so may the same one after
/// an older copy was put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    uid: StoreUid,
    revision: Revision,
    /// When that revision was committed.
    at: Timestamp,
}

fn encode(place: Place, numbers: &[u64]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(place.uid.as_bytes());
    bytes.extend(place.revision.0.to_be_bytes());
    bytes.extend(place.at.as_millis().to_be_bytes());
    let mut last = 0;
    for number in numbers {
        prost::encoding::encode_varint(number - last, &mut bytes);
        last = *number;
    }
    let hash = blake3::hash(&bytes);
    bytes.extend(hash.as_bytes().iter().take(HASH));
    bytes
}

fn decode(bytes: &[u8]) -> Option<(Place, Vec<u64>)> {
    let (body, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH)?)?;
    if !blake3::hash(body).as_bytes().starts_with(hash) {
        return None;
    }
    let (uid, rest) = body.strip_prefix(MAGIC)?.split_first_chunk::<16>()?;
    let (revision, rest) = rest.split_first_chunk::<8>()?;
    let (at, mut rest) = rest.split_first_chunk::<8>()?;
    let at = Timestamp::from_millis(i64::from_be_bytes(*at));
    let place = Place { uid: StoreUid::from_bytes(*uid), revision: Revision(u64::from_be_bytes(*revision)), at };
    let (mut numbers, mut last) = (Vec::new(), 0_u64);
    while !rest.is_empty() {
        last = last.checked_add(prost::encoding::decode_varint(&mut rest).ok()?)?;
        numbers.push(last);
    }
    Some((place, numbers))
}

/// After how many commits the queue's place is written down.
const CHECKPOINT: u64 = 20_000;
/// How long it must have rested between two checkpoints.
const CHECKPOINT_REST: Duration = Duration::from_mins(1);

impl Queue {
    /// The queue of a store as it stands: from the checkpoint and what happened since, or from all tickets. Blocks.
    ///
    /// # Errors
    /// [`ReadError`] of the store; a bad checkpoint is none.
    pub(crate) fn open_from(store: &dyn Store, dir: &Path) -> Result<Self, ReadError> {
        #[expect(clippy::disallowed_methods, reason = "before the runtime serves anybody")]
        let checkpoint = std::fs::read(file(dir)).ok().and_then(|bytes| decode(&bytes));
        let newest = store.position().newest;
        let state = match checkpoint.filter(|(place, _)| stood_there(store, place)) {
            Some((place, numbers)) => resume(store, place.revision, &numbers, newest)?,
            None => scan(store, newest)?,
        };
        Ok(Self { dir: dir.to_owned(), state: RwLock::new(state) })
    }

    /// Writes down where it stands. Blocks.
    ///
    /// # Errors
    /// Of the file system, and of the store.
    fn write_checkpoint(&self, store: &dyn Store) -> std::io::Result<Revision> {
        let dir = &*self.dir;
        let (mut numbers, revision) = {
            let state = self.state.read();
            (state.live.keys().map(|number| number.0).collect::<Vec<_>>(), state.revision)
        };
        numbers.sort_unstable();
        let place = Place { uid: store.uid(), revision, at: committed_at(store, revision)? };
        let next = dir.join("queue.next");
        #[expect(clippy::disallowed_methods, reason = "on a thread of its own")]
        {
            let mut to = std::fs::File::create(&next)?;
            to.write_all(&encode(place, &numbers))?;
            to.sync_data()?;
            std::fs::rename(&next, file(dir))?;
            std::fs::File::open(dir)?.sync_all()?;
        }
        Ok(revision)
    }
}

impl Follower for Queue {
    fn name(&self) -> &'static str {
        "queue"
    }

    fn revision(&self) -> Revision {
        self.revision()
    }

    /// The writer brings it up to date; here its place is written down from time to time.
    fn run(&self, world: &World) {
        let mut written = self.revision();
        while world.state.log.pause(CHECKPOINT_REST) {
            if self.revision().0.saturating_sub(written.0) >= CHECKPOINT {
                written = self.checkpoint(world).unwrap_or(written);
            }
        }
    }

    fn keep(&self, world: &World) {
        self.checkpoint(world);
    }
}

impl Queue {
    fn checkpoint(&self, world: &World) -> Option<Revision> {
        let written = self.write_checkpoint(&*world.state.store);
        written.inspect_err(|error| tracing::warn!(%error, "the queue's place can't be written down")).ok()
    }
}

/// When a revision was committed.
fn committed_at(store: &dyn Store, revision: Revision) -> std::io::Result<Timestamp> {
    if revision == Revision::ZERO {
        return Ok(Timestamp::default());
    }
    store.commit(revision).map(|commit| commit.at).map_err(std::io::Error::other)
}

/// Whether a checkpoint speaks of what this store holds.
fn stood_there(store: &dyn Store, place: &Place) -> bool {
    let position = store.position();
    place.uid == store.uid()
        && place.revision <= position.newest
        && place.revision.next() >= position.oldest
        && committed_at(store, place.revision).is_ok_and(|at| at == place.at)
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
        let place = Place { uid: StoreUid::from_u128(7), revision: Revision(77), at: Timestamp::from_millis(-5) };
        let bytes = encode(place, &[1, 5, 6, 1_000_000]);
        assert_eq!(decode(&bytes), Some((place, vec![1, 5, 6, 1_000_000])));
        for i in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[i] ^= 1;
            assert_eq!(decode(&bad), None, "byte {i}");
            assert_eq!(decode(&bytes[..i]), None, "cut at {i}");
        }
    }
}
