//! Who decides: this desk, or another one whose commits it follows. Whatever is appended is appended by who holds the
//! turn, so that commits are shown, and watchers told of them, in their order wherever they come from.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use opora_core::event::Change;
use opora_core::model::{Ticket, TicketNumber};
use opora_store::{AppendError, Commit, Epoch, ReadError, Record};

use super::log::Published;
use super::state::EngineState;

/// Why a desk did not take commits that were decided elsewhere. None of them happened here; of a newer epoch it is known
/// all the same, and the desk follows.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// It leads itself, in an epoch that is no older.
    #[error("this desk leads in epoch {}", .0.0)]
    Leads(Epoch),
    /// What they change can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// They can't be appended.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// Whose turn it is to append.
pub(crate) struct Turn {
    /// In which epoch this desk leads, if it does.
    leads: Option<Epoch>,
    /// What was shown and watchers were not told yet.
    untold: Vec<Arc<Published>>,
}

impl Turn {
    pub(super) fn new(leads: Option<Epoch>) -> Self {
        Self { leads, untold: Vec::new() }
    }

    /// In which epoch this desk leads, if it does.
    pub(super) fn leads(&self) -> Option<Epoch> {
        self.leads
    }

    pub(super) fn has_untold(&self) -> bool {
        !self.untold.is_empty()
    }

    pub(super) fn shown(&mut self, commits: Vec<Arc<Published>>) {
        if self.untold.is_empty() {
            self.untold = commits;
        } else {
            self.untold.extend(commits);
        }
    }

    pub(super) fn take_untold(&mut self) -> Vec<Arc<Published>> {
        std::mem::take(&mut self.untold)
    }
}

impl EngineState {
    /// Whether this desk decides.
    pub(crate) fn leads(&self) -> bool {
        self.leading.load(Ordering::Acquire)
    }

    pub(super) fn step_down(&self, turn: &mut Turn) {
        turn.leads = None;
        self.leading.store(false, Ordering::Release);
    }

    /// Takes commits that were decided elsewhere, in order, following on the newest: when it returns they are durable,
    /// shown and told. A desk that led steps down before a newer epoch. Blocks.
    pub(crate) fn follow(&self, epoch: Epoch, commits: &[Arc<Commit>]) -> Result<(), FollowError> {
        let mut turn = self.turn.lock();
        if let Some(own) = turn.leads() {
            if epoch <= own {
                return Err(FollowError::Leads(own));
            }
            // Written down first: whatever fails after it, this desk never leads in that epoch.
            self.store.lead(epoch).map_err(|error| self.not_appended(error))?;
            tracing::warn!(epoch = epoch.0, "another desk leads: this one follows");
            self.step_down(&mut turn);
        }
        let published = self.with_before(commits)?;
        let appended = self.store.append(epoch, self.store.position().newest, commits);
        appended.map_err(|error| self.not_appended(error))?;
        self.show(&mut turn, published);
        self.tell_all(&mut turn);
        Ok(())
    }

    /// A failed sync is never tried again: the process has to end.
    fn not_appended(&self, error: AppendError) -> AppendError {
        if let AppendError::Failed(why) = &error {
            self.fail(why);
        }
        error
    }

    /// Leads from now on, in a new epoch: whoever led before is refused. Blocks.
    pub(crate) fn take_over(&self) -> Result<Epoch, AppendError> {
        let mut turn = self.turn.lock();
        if let Some(own) = turn.leads() {
            return Ok(own);
        }
        let epoch = self.store.epoch().next();
        self.store.lead(epoch).map_err(|error| self.not_appended(error))?;
        turn.leads = Some(epoch);
        self.leading.store(true, Ordering::Release);
        Ok(epoch)
    }

    /// Commits with each record's ticket as it stood before, as the writer knows it of its own.
    fn with_before(&self, commits: &[Arc<Commit>]) -> Result<Vec<Arc<Published>>, ReadError> {
        let mut earlier: HashMap<TicketNumber, Arc<Ticket>> = HashMap::new();
        let mut before = |record: &Record| {
            let Record::Ticket(event) = record else { return Ok(None) };
            let number = event.ticket.number;
            let found = match earlier.insert(number, event.ticket.clone()) {
                None if !matches!(event.change, Change::Created { .. }) => self.ticket(number)?,
                found => found,
            };
            Ok(found)
        };
        let publish = |commit: &Arc<Commit>| {
            let before = commit.records.iter().map(&mut before).collect::<Result<_, ReadError>>()?;
            Ok(Arc::new(Published { commit: commit.clone(), before: Some(before) }))
        };
        commits.iter().map(publish).collect()
    }
}
