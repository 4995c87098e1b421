//! The newest commits in memory, for all who follow: read from there while a follower keeps up, from the store when it
//! is behind. A follower never holds up the writer.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use opora_core::event::Change;
use opora_core::model::{Revision, Ticket};
use opora_store::{Commit, ReadError, Record, Store};
use parking_lot::{Condvar, Mutex};

use crate::size;

/// About how many bytes of commits are kept.
pub(crate) const KEEP_BYTES: usize = 8 * 1024 * 1024;
/// How many commits are kept at most.
const KEEP_COUNT: usize = 8_192;

/// A commit, and if it was seen being made: each record's ticket as it stood before.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) commit: Arc<Commit>,
    pub(crate) before: Option<Vec<Option<Arc<Ticket>>>>,
}

pub(crate) struct Log {
    store: Arc<dyn Store>,
    state: Mutex<State>,
    grown: Condvar,
    halted: Condvar,
}

struct State {
    kept: VecDeque<Arc<Published>>,
    bytes: usize,
    newest: Revision,
    stopped: bool,
}

/// About how many bytes a commit holds in memory.
fn weight(commit: &Commit) -> usize {
    let of = |record: &Record| match record {
        Record::Ticket(event) => {
            let description = match &event.change {
                Change::Created { description, .. } | Change::Updated { description, .. } => description.as_ref(),
                _ => None,
            };
            1_024 + size::of_event(event) + description.map_or(0, |text| text.len())
        }
        _ => 1_536,
    };
    256 + commit.records.iter().map(of).sum::<usize>()
}

impl Log {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        let newest = store.position().newest;
        let state = State { kept: VecDeque::new(), bytes: 0, newest, stopped: false };
        Self { store, state: Mutex::new(state), grown: Condvar::new(), halted: Condvar::new() }
    }

    /// The newest revision that was published: every follower that is told synchronously has it.
    pub(crate) fn newest(&self) -> Revision {
        self.state.lock().newest
    }

    /// Adds what was appended, in order. Who waits is woken by [`Self::announce`].
    pub(crate) fn publish(&self, group: &[Arc<Published>]) {
        let mut dropped = Vec::new();
        let mut state = self.state.lock();
        for published in group {
            state.newest = published.commit.revision;
            state.bytes += weight(&published.commit);
            state.kept.push_back(published.clone());
        }
        // The newest stays however large it is: whoever follows at once need not read it from the disk.
        while (state.bytes > KEEP_BYTES && state.kept.len() > 1) || state.kept.len() > KEEP_COUNT {
            let Some(oldest) = state.kept.pop_front() else { break };
            state.bytes = state.bytes.saturating_sub(weight(&oldest.commit));
            dropped.push(oldest);
        }
    }

    /// Wakes who waits for something new.
    pub(crate) fn announce(&self) {
        self.grown.notify_all();
    }

    /// The oldest revision that is read without the store.
    pub(crate) fn oldest_kept(&self) -> Revision {
        let state = self.state.lock();
        state.kept.front().map_or(state.newest.next(), |oldest| oldest.commit.revision)
    }

    /// Commits in order from a revision on; empty when there is none yet. May read from the disk.
    pub(crate) fn read(&self, from: Revision, max: usize) -> Result<Vec<Arc<Published>>, ReadError> {
        {
            let state = self.state.lock();
            if from > state.newest {
                return Ok(Vec::new());
            }
            let oldest = state.kept.front().map(|p| p.commit.revision);
            if let Some(skip) = oldest.and_then(|oldest| from.0.checked_sub(oldest.0)) {
                let skip = usize::try_from(skip).unwrap_or(usize::MAX);
                return Ok(state.kept.iter().skip(skip).take(max).cloned().collect());
            }
        }
        let commits = self.store.commits(from, max, 1024 * 1024)?;
        Ok(commits.into_iter().map(|commit| Arc::new(Published { commit, before: None })).collect())
    }

    /// The same for who follows: where the store is damaged and only read, what can't be read is passed over. Whoever
    /// asked for a revision is never given less.
    pub(crate) fn read_sound(&self, from: Revision, max: usize) -> Result<Vec<Arc<Published>>, ReadError> {
        let mut from = from;
        loop {
            match self.read(from, max) {
                Err(ReadError::Corrupt(_)) if self.store.damage().is_some() => {
                    let Some(next) = self.store.sound_after(from.next()) else { return Ok(Vec::new()) };
                    from = next;
                }
                read => return read,
            }
        }
    }

    /// Waits until something newer than this revision is there, it is time, or the log has stopped: then `false`.
    pub(crate) fn wait(&self, seen: Revision, at_most: Duration) -> bool {
        let mut state = self.state.lock();
        if state.newest <= seen && !state.stopped {
            self.grown.wait_for(&mut state, at_most);
        }
        !state.stopped
    }

    /// Waits for some time; ended early, with `false`, when the log stops.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let mut state = self.state.lock();
        // Woken without cause it only comes back early.
        if !state.stopped {
            self.halted.wait_for(&mut state, time);
        }
        !state.stopped
    }

    /// Followers that wait go on and end.
    pub(crate) fn stop(&self) {
        self.state.lock().stopped = true;
        self.grown.notify_all();
        self.halted.notify_all();
    }

    pub(crate) fn stopped(&self) -> bool {
        self.state.lock().stopped
    }
}
