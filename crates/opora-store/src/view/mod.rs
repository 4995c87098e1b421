//! The view: what has to be *found* of what happened, kept in sled, written behind the journal, built again from it
//! whenever in doubt. Reads look at what is not written yet first, then at recently used tickets, then into sled.
//!
//! Knows no rule of the desk. Nothing is in it that is not in the journal.

mod catch_up;
mod drain;
mod find;
pub(crate) mod generations;
pub(crate) mod index;
mod known;
pub(crate) mod layer;
mod options;
pub(crate) mod record;
mod runs;
pub(crate) mod tree;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use opora_core::event::DirectoryPut;
use opora_core::model::{Revision, Ticket, TicketNumber};
use opora_core::sla::PolicyDefinition;
use parking_lot::{Condvar, Mutex, RwLock};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

pub(crate) use self::catch_up::{CatchUpError, catch_up};
use self::index::Index;
use self::known::Known;
use self::layer::Layer;
pub(crate) use self::options::ViewOptions;
use self::record::{DIRECTORY, POLICY, Stored, secondary_key};
use self::tree::{Broken, Tree};
use crate::api::{Commit, ReadError, Record};
use crate::codec::{decode_commit, decode_policy, decode_put};
use crate::journal::Journal;

/// The view.
pub(crate) struct View {
    options: ViewOptions,
    journal: Arc<Journal>,
    layers: RwLock<Layers>,
    backing: RwLock<Backing>,
    recent: Cache<TicketNumber, Arc<Ticket>, TicketWeight>,
    /// Which secondary keys may be there.
    known: Known,
    /// The highest ticket number.
    tickets: AtomicU64,
    signal: Mutex<Signal>,
    /// Something is there to be drained, or to end.
    wake: Condvar,
    /// Something was drained.
    drained: Condvar,
    stopping: AtomicBool,
    /// The drainer, and the one that learns which keys there are.
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What is not in the backing yet, newest first.
#[derive(Default)]
struct Layers {
    active: Layer,
    draining: Option<Arc<Layer>>,
    /// Grows whenever a layer moves: what was read before it grew may be old.
    moves: u64,
}

/// What the drainer and those who wait for it tell each other.
#[derive(Default)]
struct Signal {
    /// Everything shall be drained now.
    hurry: bool,
    /// The drainer has ended.
    ended: bool,
}

#[derive(Clone)]
enum Backing {
    Tree(Arc<Tree>),
    Index(Arc<RwLock<Index>>),
}

#[derive(Clone)]
struct TicketWeight;

impl Weighter<TicketNumber, Arc<Ticket>> for TicketWeight {
    fn weight(&self, _: &TicketNumber, ticket: &Arc<Ticket>) -> u64 {
        let texts = ticket.subject.len() + ticket.workstations.iter().map(|w| w.len()).sum::<usize>();
        1_200 + texts as u64 + ticket.sla.facts.len() as u64 * 80 + ticket.checklist.len() as u64 * 80
    }
}

/// Where in the view the secondary keys are that a commit brings.
fn secondary_keys(commit: &Commit) -> impl Iterator<Item = [u8; 17]> {
    let events = commit.records.iter().filter_map(|record| match record {
        Record::Ticket(event) => Some(event),
        _ => None,
    });
    events.flat_map(crate::Index::of).map(|(index, key)| secondary_key(&index.hash(key)))
}

fn corrupt(revision: Revision, error: &dyn std::fmt::Display) -> ReadError {
    ReadError::Corrupt(format!("revision {}: {error}", revision.0))
}

impl View {
    pub(super) fn new(options: ViewOptions, journal: Arc<Journal>, tree: Tree) -> Arc<Self> {
        let tickets = tree.meta().tickets;
        Self::on(options, journal, Backing::Tree(Arc::new(tree)), tickets)
    }

    /// An index in memory answers, and goes on to; the view is not started.
    pub(super) fn of_index(options: ViewOptions, journal: Arc<Journal>, index: Index) -> Arc<Self> {
        let tickets = index.count();
        Self::on(options, journal, Backing::Index(Arc::new(RwLock::new(index))), tickets)
    }

    fn on(options: ViewOptions, journal: Arc<Journal>, backing: Backing, tickets: u64) -> Arc<Self> {
        let recent = Cache::with_weighter(
            (options.ticket_cache / 1_500).max(16) as usize,
            options.ticket_cache.max(1 << 16),
            TicketWeight,
        );
        Arc::new(Self {
            options,
            journal,
            layers: RwLock::default(),
            backing: RwLock::new(backing),
            recent,
            known: Known::new(),
            tickets: AtomicU64::new(tickets),
            signal: Mutex::default(),
            wake: Condvar::new(),
            drained: Condvar::new(),
            stopping: AtomicBool::new(false),
            threads: Mutex::default(),
        })
    }

    /// How many tickets there are.
    pub(crate) fn tickets(&self) -> u64 {
        self.tickets.load(Ordering::Acquire)
    }

    /// Takes in commits that are durable.
    pub(crate) fn apply(&self, commits: &[Arc<Commit>]) {
        self.known.add(commits.iter().flat_map(|commit| secondary_keys(commit)));
        let mut highest = self.tickets();
        let was_empty = {
            let mut layers = self.layers.write();
            let was_empty = layers.active.is_empty();
            for commit in commits {
                layers.active.apply(commit);
                for record in &commit.records {
                    if let Record::Ticket(event) = record {
                        highest = highest.max(event.ticket.number.0);
                    }
                }
            }
            was_empty
        };
        self.tickets.store(highest, Ordering::Release);
        if was_empty {
            // The lock makes sure that the drainer is not between looking and sleeping.
            drop(self.signal.lock());
            self.wake.notify_one();
        }
    }

    /// Waits while too much is not written yet.
    pub(crate) fn hold_back(&self) {
        if self.overlay_bytes() <= self.options.overlay_limit {
            return;
        }
        let mut signal = self.signal.lock();
        while !signal.ended && self.overlay_bytes() > self.options.overlay_limit {
            signal.hurry = true;
            self.wake.notify_one();
            self.drained.wait_for(&mut signal, std::time::Duration::from_millis(100));
        }
    }

    fn overlay_bytes(&self) -> usize {
        let layers = self.layers.read();
        layers.active.bytes + layers.draining.as_ref().map_or(0, |l| l.bytes)
    }

    fn backing(&self) -> Backing {
        self.backing.read().clone()
    }

    /// The whole directory.
    pub(crate) fn directory(&self) -> Result<Vec<DirectoryPut>, ReadError> {
        self.wait_for_drain();
        let mut found = self.all(
            DIRECTORY,
            |index| index.directory.clone(),
            |payload| decode_put(payload).map_err(|e| Broken(e.to_string())),
            |commit, key| match commit {
                Record::Directory(_, put) if record::directory_key(put) == key => Some(put.clone()),
                _ => None,
            },
        )?;
        let layers = self.layers.read();
        for layer in layers.draining.as_deref().into_iter().chain([&layers.active]) {
            found.extend(layer.directory.iter().map(|(key, (_, put))| (key.clone(), put.clone())));
        }
        Ok(found.into_values().collect())
    }

    /// All versions of all policies.
    pub(crate) fn policies(&self) -> Result<Vec<Arc<PolicyDefinition>>, ReadError> {
        self.wait_for_drain();
        let mut found = self.all(
            POLICY,
            |index| index.policies.clone(),
            |payload| decode_policy(payload).map(Arc::new).map_err(|e| Broken(e.to_string())),
            |commit, key| match commit {
                Record::Policy(_, _, policy) if record::policy_key(policy) == key => Some(policy.clone()),
                _ => None,
            },
        )?;
        let layers = self.layers.read();
        for layer in layers.draining.as_deref().into_iter().chain([&layers.active]) {
            found.extend(layer.policies.iter().map(|(key, (_, policy))| (key.clone(), policy.clone())));
        }
        Ok(found.into_values().collect())
    }

    /// Everything under a prefix that is in the backing.
    fn all<T>(
        &self,
        prefix: u8,
        indexed: impl Fn(&Index) -> std::collections::HashMap<Vec<u8>, Revision>,
        decode: impl Fn(&[u8]) -> Result<T, Broken>,
        find: impl Fn(&Record, &[u8]) -> Option<T>,
    ) -> Result<BTreeMap<Vec<u8>, T>, ReadError> {
        loop {
            let mut found = BTreeMap::new();
            let mut elsewhere: Vec<(Vec<u8>, Revision)> = Vec::new();
            match self.backing() {
                Backing::Index(index) => elsewhere.extend(indexed(&index.read())),
                Backing::Tree(tree) => {
                    let read = tree.each(&[prefix], |key, value| {
                        match record::read(key, value) {
                            Some(Stored::Inline(_, payload)) => drop(found.insert(key.to_vec(), decode(payload)?)),
                            Some(Stored::Pointer(revision)) => elsewhere.push((key.to_vec(), revision)),
                            None => return Err(Broken("a record does not match its checksum".into())),
                        }
                        Ok(())
                    });
                    if let Err(e) = read {
                        self.mend(&tree, &e)?;
                        continue;
                    }
                }
            }
            for (key, revision) in elsewhere {
                let commit = self.journal.read(revision, |frame| {
                    decode_commit(revision, frame.at, frame.payload).map_err(|e| corrupt(revision, &e))
                })?;
                let value = commit.records.iter().rev().find_map(|record| find(record, &key));
                found.insert(key, value.ok_or_else(|| corrupt(revision, &"it does not hold what it should"))?);
            }
            return Ok(found);
        }
    }

    /// The view is damaged: from now on an index in memory answers, and the drainer builds the view again.
    fn mend(&self, seen: &Arc<Tree>, why: &dyn std::fmt::Display) -> Result<(), ReadError> {
        let mut backing = self.backing.write();
        match &*backing {
            Backing::Tree(tree) if Arc::ptr_eq(tree, seen) => {}
            _ => return Ok(()),
        }
        tracing::error!(why = %why, view = %seen.path().display(), "the view is damaged and is built again");
        let index = Index::build(&self.journal, self.journal.newest())?;
        seen.abandon();
        generations::condemn(seen.path());
        *backing = Backing::Index(Arc::new(RwLock::new(index)));
        drop(backing);
        self.hurry();
        Ok(())
    }

    fn hurry(&self) {
        self.signal.lock().hurry = true;
        self.wake.notify_one();
    }

    /// A directory or policy must not be between two layers while it is read.
    fn wait_for_drain(&self) {
        let mut signal = self.signal.lock();
        while !signal.ended && self.layers.read().draining.is_some() {
            signal.hurry = true;
            self.wake.notify_one();
            self.drained.wait_for(&mut signal, std::time::Duration::from_millis(20));
        }
    }

    /// Where the generations lie.
    pub(crate) fn root(&self) -> &Path {
        &self.options.root
    }

    /// Whether it is being built again.
    pub(crate) fn is_mending(&self) -> bool {
        matches!(&*self.backing.read(), Backing::Index(_))
    }
}
