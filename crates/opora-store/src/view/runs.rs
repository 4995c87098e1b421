//! Requests that were answered, in runs: gathered in memory, then written sorted, many to a key. A key of sled for each
//! request would cost more than all else of a ticket. What is not in a run yet is read again from the journal at a start.
//!
//! Knows keys of requests and the revisions of their answers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use fastbloom::BloomFilter;
use opora_core::model::Revision;
use opora_core::time::{Millis, Timestamp};
use parking_lot::RwLock;

use super::record::{REQUEST, RUN, Stored, inline, read};
use super::tree::Broken;
use crate::api::{Remembered, RequestKey};

/// How many requests, or revisions, are gathered at most.
const RUN_LENGTH: u64 = 1 << 16;
/// How many requests stand under one key.
const PART: usize = 64;
/// How long a request is remembered: the contract promises seven days.
const KEEP: Millis = Millis::hours(8 * 24);
/// How often a run is looked into in vain.
const WRONG: f64 = 0.000_001;
/// The bytes of a request in a run.
const ENTRY: usize = 40;

/// All runs of a view, and what will be the next.
#[derive(Default)]
pub(super) struct Runs {
    pending: RwLock<HashMap<RequestKey, Remembered>>,
    runs: RwLock<Vec<Arc<Run>>>,
}

/// One run.
pub(super) struct Run {
    /// It has the requests after this revision.
    after: Revision,
    /// It has those up to this one. No other run has it.
    through: Revision,
    /// When the last commit of it was made.
    at: Timestamp,
    requests: u64,
    /// Which requests may be in it; not there until it was learnt.
    filter: OnceLock<BloomFilter>,
}

/// What is to be written, and what is to be removed.
pub(super) struct Turn {
    pub(super) parts: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) run: Arc<Run>,
    pub(super) expired: Vec<Arc<Run>>,
}

fn header_key(through: Revision) -> [u8; 9] {
    let mut key = [RUN; 9];
    key.iter_mut().skip(1).zip(through.0.to_be_bytes()).for_each(|(to, from)| *to = from);
    key
}

/// A request's key is a hash already.
fn hash(key: &[u8; 16]) -> u64 {
    let (first, second) = key.split_at(8);
    let half = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
    half(first) ^ half(second).rotate_left(32)
}

fn filter(requests: u64) -> BloomFilter {
    BloomFilter::with_false_pos(WRONG).expected_items(requests.max(1) as usize)
}

impl Run {
    /// What the keys of its parts begin with.
    pub(super) fn prefix(&self) -> [u8; 9] {
        let mut key = header_key(self.through);
        if let Some(first) = key.first_mut() {
            *first = REQUEST;
        }
        key
    }

    /// The key of its header.
    pub(super) fn header(&self) -> [u8; 9] {
        header_key(self.through)
    }

    /// The key of the part that begins with a request.
    pub(super) fn part_key(&self, first: &RequestKey) -> Vec<u8> {
        [self.prefix().as_slice(), &first.0].concat()
    }

    /// Whether a request may be in it.
    fn may_have(&self, hash: u64) -> bool {
        self.filter.get().is_none_or(|filter| filter.contains_hash(hash))
    }

    /// Where requests go while it is learnt.
    pub(super) fn learning(&self) -> Learning<'_> {
        Learning { run: self, filter: filter(self.requests), found: 0 }
    }

    /// From its header; `None`: it is damaged.
    pub(super) fn of_header(key: &[u8], bytes: &[u8]) -> Option<Self> {
        let Stored::Inline(through, payload) = read(key, bytes)? else { return None };
        let (after, rest) = payload.split_at_checked(8)?;
        let (at, requests) = rest.split_at_checked(8)?;
        let run = Self {
            after: Revision(u64::from_le_bytes(after.try_into().ok()?)),
            through,
            at: Timestamp::from_millis(i64::from_le_bytes(at.try_into().ok()?)),
            requests: u64::from_le_bytes(requests.try_into().ok()?),
            filter: OnceLock::new(),
        };
        (run.header() == key).then_some(run)
    }

    /// The value of its header: written last, so that a run with a header is whole.
    pub(super) fn header_value(&self) -> Vec<u8> {
        let (after, at) = (self.after.0.to_le_bytes(), self.at.as_millis().to_le_bytes());
        let payload = [after, at, self.requests.to_le_bytes()].concat();
        inline(&self.header(), self.through, &payload)
    }
}

/// A run whose requests are counted and filtered.
pub(super) struct Learning<'a> {
    run: &'a Run,
    filter: BloomFilter,
    found: u64,
}

impl Learning<'_> {
    /// Takes in a part.
    pub(super) fn part(&mut self, key: &[u8], bytes: &[u8]) -> Result<(), Broken> {
        for entry in entries(key, bytes)? {
            self.filter.insert_hash(hash(&entry.0.0));
            self.found += 1;
        }
        Ok(())
    }

    /// All parts were taken in.
    pub(super) fn finish(self) -> Result<(), Broken> {
        if self.found != self.run.requests {
            return Err(Broken(format!("{} requests of a run of {} are there", self.found, self.run.requests)));
        }
        // Nobody else learns it.
        let _ = self.run.filter.set(self.filter);
        Ok(())
    }
}

/// The requests of a part.
pub(super) fn entries(key: &[u8], bytes: &[u8]) -> Result<Vec<(RequestKey, Remembered)>, Broken> {
    let damaged = || Broken("a part of a run does not match its checksum".into());
    let Some(Stored::Inline(_, payload)) = read(key, bytes) else { return Err(damaged()) };
    let entry = |bytes: &[u8]| {
        let (key, rest) = bytes.split_at_checked(16)?;
        let (content, revision) = rest.split_at_checked(16)?;
        let revision = Revision(u64::from_le_bytes(revision.try_into().ok()?));
        Some((RequestKey(key.try_into().ok()?), Remembered { revision, content: content.try_into().ok()? }))
    };
    payload.chunks(ENTRY).map(|bytes| entry(bytes).ok_or_else(damaged)).collect()
}

impl Runs {
    /// Adds a run that was found.
    pub(super) fn found(&self, run: Run) {
        self.runs.write().push(Arc::new(run));
    }

    /// The runs in which a request may be, newest first.
    pub(super) fn maybe(&self, key: &RequestKey) -> Vec<Arc<Run>> {
        let hash = hash(&key.0);
        self.runs.read().iter().rev().filter(|run| run.may_have(hash)).cloned().collect()
    }

    /// All runs, newest first.
    pub(super) fn all(&self) -> Vec<Arc<Run>> {
        self.runs.read().iter().rev().cloned().collect()
    }

    /// Up to which revision requests may be forgotten; `None`: there is no run.
    pub(super) fn oldest(&self) -> Option<Revision> {
        self.runs.read().first().map(|run| run.after)
    }

    /// A request that is not in a run yet.
    pub(super) fn pending(&self, key: &RequestKey) -> Option<Remembered> {
        self.pending.read().get(key).copied()
    }

    /// Takes in requests.
    pub(super) fn take(&self, requests: impl IntoIterator<Item = (RequestKey, Remembered)>) {
        self.pending.write().extend(requests);
    }

    /// Whether it is time to write a run, when the view stands at `through` and runs go up to `written`.
    pub(super) fn is_time(&self, written: Revision, through: Revision) -> bool {
        let gathered = self.pending.read().len() as u64;
        gathered > 0 && gathered.max(through.0.saturating_sub(written.0)) >= RUN_LENGTH
    }

    /// What to write for a run of everything that was gathered; `None`: nothing was.
    pub(super) fn turn(&self, after: Revision, through: Revision, at: Timestamp) -> Option<Turn> {
        let sorted: BTreeMap<[u8; 16], Remembered> = self.pending.read().iter().map(|(k, r)| (k.0, *r)).collect();
        if sorted.is_empty() {
            return None;
        }
        let requests = sorted.len() as u64;
        let mut filter = filter(requests);
        for key in sorted.keys() {
            filter.insert_hash(hash(key));
        }
        let run = Run { after, through, at, requests, filter: OnceLock::from(filter) };
        let mut parts = Vec::with_capacity(sorted.len() / PART + 1);
        let sorted: Vec<_> = sorted.into_iter().collect();
        for part in sorted.chunks(PART) {
            let Some((first, _)) = part.first() else { continue };
            let key = run.part_key(&RequestKey(*first));
            let mut payload = Vec::with_capacity(part.len() * ENTRY);
            for (key, remembered) in part {
                payload.extend_from_slice(key);
                payload.extend_from_slice(&remembered.content);
                payload.extend_from_slice(&remembered.revision.0.to_le_bytes());
            }
            let value = inline(&key, through, &payload);
            parts.push((key, value));
        }
        let expired = self.runs.read().iter().filter(|run| run.at + KEEP < at).cloned().collect();
        Some(Turn { parts, run: Arc::new(run), expired })
    }

    /// A run was written; what was gathered is in it.
    pub(super) fn turned(&self, turn: Turn) {
        let mut runs = self.runs.write();
        runs.retain(|run| turn.expired.iter().all(|expired| expired.through != run.through));
        runs.push(turn.run);
        drop(runs);
        self.pending.write().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::layer::Layer;
    use super::super::tree::Tree;
    use super::*;

    const DAY: i64 = 86_400_000;

    fn key(n: u64) -> RequestKey {
        RequestKey(u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_le_bytes())
    }

    fn of(revision: u64) -> Remembered {
        Remembered { revision: Revision(revision), content: [revision as u8; 16] }
    }

    /// Writes the requests of some revisions, and what was gathered.
    fn write(tree: &Tree, revisions: std::ops::RangeInclusive<u64>, at: i64) {
        let at = Timestamp::from_millis(at);
        let through = Revision(*revisions.end());
        let requests = revisions.map(|n| (key(n), of(n))).collect();
        tree.write(&Layer { requests, through, at, ..Layer::default() }, 4096).unwrap();
        tree.write_gathered(at).unwrap();
    }

    fn open(dir: &std::path::Path) -> Tree {
        Tree::open(&dir.join("1"), uuid::Uuid::nil(), 1 << 20).unwrap()
    }

    #[test]
    fn requests_are_found_while_gathered_in_runs_and_after_opening_again() {
        let dir = tempfile::tempdir().unwrap();
        let tree = open(dir.path());
        tree.take_requests([(key(9_999), of(9_999))]);
        assert_eq!(tree.remembered(&key(9_999)).unwrap(), Some(of(9_999)));
        write(&tree, 1..=1_000, 0);
        write(&tree, 1_001..=1_001, 0);
        let all = |tree: &Tree| {
            for n in (1..=1_001).chain([9_999]) {
                assert_eq!(tree.remembered(&key(n)).unwrap(), Some(of(n)), "{n}");
            }
            assert!((2_000..3_000).all(|n| tree.remembered(&key(n)).unwrap().is_none()));
        };
        all(&tree);
        drop(tree);
        let tree = open(dir.path());
        assert_eq!(tree.meta().requests, Revision(1_001));
        all(&tree);
        tree.learn(&false.into()).unwrap();
        all(&tree);
    }

    #[test]
    fn a_run_is_written_when_enough_was_gathered_or_enough_happened() {
        let runs = Runs::default();
        assert!(!runs.is_time(Revision(0), Revision(u64::MAX)), "there is nothing to write");
        runs.take((0..RUN_LENGTH - 1).map(|n| (key(n), of(n))));
        assert!(!runs.is_time(Revision(5), Revision(5 + RUN_LENGTH - 1)));
        assert!(runs.is_time(Revision(5), Revision(5 + RUN_LENGTH)));
        runs.take([(key(RUN_LENGTH), of(1))]);
        assert!(runs.is_time(Revision(5), Revision(6)));
    }

    #[test]
    fn a_run_is_forgotten_after_more_than_seven_days_and_not_before() {
        let dir = tempfile::tempdir().unwrap();
        let tree = open(dir.path());
        write(&tree, 1..=100, 0);
        write(&tree, 101..=101, 7 * DAY);
        assert_eq!(tree.remembered(&key(1)).unwrap(), Some(of(1)));
        write(&tree, 102..=102, 8 * DAY);
        assert_eq!(tree.remembered(&key(1)).unwrap(), Some(of(1)));
        write(&tree, 103..=103, 8 * DAY + 1);
        assert_eq!(tree.remembered(&key(1)).unwrap(), None);
        assert!(tree.has_forgotten(Revision(100)) && !tree.has_forgotten(Revision(101)));
        let mut left = 0;
        tree.each(&[REQUEST], |_, _| {
            left += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!(left, 3);
    }

    #[test]
    fn a_run_of_which_a_part_is_gone_is_damage() {
        let dir = tempfile::tempdir().unwrap();
        write(&open(dir.path()), 1..=200, 0);
        let db = sled::open(dir.path().join("1")).unwrap();
        let part = db.scan_prefix([REQUEST]).next().unwrap().unwrap().0;
        db.remove(part).unwrap();
        drop(db);
        assert!(open(dir.path()).learn(&false.into()).is_err());
    }
}
