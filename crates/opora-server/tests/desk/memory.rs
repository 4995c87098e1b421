//! A store in memory that can be told to fail. It conforms, as the embedded one does.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use opora_core::event::DirectoryPut;
use opora_core::model::{Revision, Ticket, TicketNumber};
use opora_core::sla::PolicyDefinition;
use opora_store::conformance::{self, Stores};
use opora_store::{
    AppendError, Commit, Epoch, Index, Position, ReadError, Record, Remembered, RequestKey, Store, StoreUid,
};
use parking_lot::{Mutex, RwLock};

#[derive(Default)]
pub(crate) struct Memory {
    state: RwLock<State>,
    /// Whoever holds it keeps the writer waiting in `append`.
    pub(crate) gate: Mutex<()>,
    pub(crate) full: AtomicBool,
    pub(crate) broken: AtomicBool,
    /// No group but so many is taken; 0: all are.
    pub(crate) full_after: AtomicUsize,
    /// How many groups were appended.
    pub(crate) groups: AtomicUsize,
}

#[derive(Default)]
struct State {
    epoch: Epoch,
    commits: Vec<Arc<Commit>>,
    tickets: BTreeMap<TicketNumber, Arc<Ticket>>,
    keys: HashMap<(Index, Arc<str>), TicketNumber>,
    requests: HashMap<RequestKey, Remembered>,
}

impl State {
    fn lead(&mut self, epoch: Epoch) -> Result<(), AppendError> {
        if epoch < self.epoch {
            return Err(AppendError::Fenced { given: epoch, current: self.epoch });
        }
        self.epoch = epoch;
        Ok(())
    }
}

impl Store for Memory {
    fn uid(&self) -> StoreUid {
        StoreUid::from_u128(7)
    }

    fn position(&self) -> Position {
        let state = self.state.read();
        Position {
            newest: Revision(state.commits.len() as u64),
            oldest: Revision(1),
            newest_at: state.commits.last().map(|c| c.at),
            tickets: state.tickets.len() as u64,
        }
    }

    fn epoch(&self) -> Epoch {
        self.state.read().epoch
    }

    fn lead(&self, epoch: Epoch) -> Result<(), AppendError> {
        self.state.write().lead(epoch)
    }

    fn append(&self, epoch: Epoch, after: Revision, commits: &[Arc<Commit>]) -> Result<(), AppendError> {
        drop(self.gate.lock());
        let most = self.full_after.load(Ordering::SeqCst);
        if self.full.load(Ordering::SeqCst) || most > 0 && self.groups.load(Ordering::SeqCst) >= most {
            return Err(AppendError::Full("told to be".into()));
        }
        if self.broken.load(Ordering::SeqCst) {
            return Err(AppendError::Failed("told to".into()));
        }
        self.groups.fetch_add(1, Ordering::SeqCst);
        let mut state = self.state.write();
        state.lead(epoch)?;
        let newest = Revision(state.commits.len() as u64);
        let given = std::iter::once(after).chain(commits.iter().map(|commit| commit.revision));
        if let Some((given, _)) = given.zip(newest.0..).find(|(given, expected)| given.0 != *expected) {
            return Err(AppendError::NotNext { given, newest });
        }
        for commit in commits {
            assert!(state.commits.last().is_none_or(|last| last.at <= commit.at), "time runs backwards");
            for record in &commit.records {
                if let Record::Ticket(event) = record {
                    let ticket = &event.ticket;
                    state.keys.extend(Index::of(event).map(|(index, key)| ((index, key.clone()), ticket.number)));
                    state.tickets.insert(ticket.number, ticket.clone());
                }
            }
            if let Some(request) = &commit.request {
                let remembered = Remembered { revision: commit.revision, content: request.content };
                state.requests.insert(request.key, remembered);
            }
            state.commits.push(commit.clone());
        }
        Ok(())
    }

    fn ticket(&self, number: TicketNumber) -> Result<Option<Arc<Ticket>>, ReadError> {
        Ok(self.state.read().tickets.get(&number).cloned())
    }

    fn tickets(&self, from: TicketNumber, descending: bool, limit: usize) -> Result<Vec<Arc<Ticket>>, ReadError> {
        let state = self.state.read();
        Ok(if descending {
            state.tickets.range(..=from).rev().take(limit).map(|(_, t)| t.clone()).collect()
        } else {
            state.tickets.range(from..).take(limit).map(|(_, t)| t.clone()).collect()
        })
    }

    fn find(&self, index: Index, key: &str) -> Result<Option<TicketNumber>, ReadError> {
        Ok(self.state.read().keys.get(&(index, key.into())).copied())
    }

    fn remembered(&self, key: &RequestKey) -> Result<Option<Remembered>, ReadError> {
        Ok(self.state.read().requests.get(key).copied())
    }

    fn commit(&self, revision: Revision) -> Result<Arc<Commit>, ReadError> {
        let index = (revision.0 as usize).wrapping_sub(1);
        self.state.read().commits.get(index).cloned().ok_or(ReadError::NoRevision(revision))
    }

    fn commits(&self, from: Revision, max: usize, max_bytes: usize) -> Result<Vec<Arc<Commit>>, ReadError> {
        let state = self.state.read();
        let skip = (from.0 as usize).checked_sub(1).filter(|skip| *skip <= state.commits.len());
        let skip = skip.ok_or(ReadError::NoRevision(from))?;
        let mut bytes = 0;
        let fits = |(n, commit): &(usize, &Arc<Commit>)| {
            // As Rust shows it, a commit is about eight times as long as on the wire.
            bytes += format!("{commit:?}").len() / 8;
            *n == 0 || bytes <= max_bytes
        };
        let some = state.commits.iter().skip(skip).take(max).enumerate().take_while(fits);
        Ok(some.map(|(_, commit)| commit.clone()).collect())
    }

    fn history(&self, number: TicketNumber, from: Option<Revision>, limit: usize) -> Result<Vec<Revision>, ReadError> {
        let of = |record: &Record| matches!(record, Record::Ticket(event) if event.ticket.number == number);
        let state = self.state.read();
        let commits = state.commits.iter().rev().filter(|c| from.is_none_or(|from| c.revision <= from));
        Ok(commits.filter(|c| c.records.iter().any(of)).map(|c| c.revision).take(limit).collect())
    }

    fn directory(&self) -> Result<Vec<DirectoryPut>, ReadError> {
        let state = self.state.read();
        let mut standing: Vec<DirectoryPut> = Vec::new();
        for record in state.commits.iter().flat_map(|c| &c.records) {
            let Record::Directory(_, put) = record else { continue };
            standing.retain(|earlier| earlier.name() != put.name());
            standing.push(put.clone());
        }
        Ok(standing)
    }

    fn policies(&self) -> Result<Vec<Arc<PolicyDefinition>>, ReadError> {
        let state = self.state.read();
        let records = state.commits.iter().flat_map(|c| &c.records);
        Ok(records
            .filter_map(|record| match record {
                Record::Policy(_, _, definition) => Some(definition.clone()),
                _ => None,
            })
            .collect())
    }

    fn close(&self) -> Result<(), ReadError> {
        Ok(())
    }
}

struct Kept;

impl Stores for Kept {
    type Store = Memory;

    fn fresh(&mut self) -> Memory {
        Memory::default()
    }

    fn again(&mut self, store: Memory) -> Memory {
        store
    }
}

#[test]
fn the_store_in_memory_conforms() {
    conformance::all(&mut Kept);
}
