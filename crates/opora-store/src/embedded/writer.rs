//! What the writer of a store does: it sees that it may write at all and follows on what is there, codes a group as frames,
//! has the journal make them durable, and shows them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use opora_core::event::Change;
use opora_core::model::{Revision, TicketNumber};
use parking_lot::MutexGuard;

use super::Embedded;
use super::format::{self, State};
use crate::api::{AppendError, Commit, Epoch, ReadError, Record};
use crate::codec::encode_commit;
use crate::journal::frame::write_frame;
use crate::journal::{Group, refused};

/// What belongs to whoever appends.
pub(super) struct Writer {
    /// What `state` says while it is open.
    pub(super) state: State,
    pub(super) buffer: Vec<u8>,
    pub(super) lengths: Vec<u32>,
    pub(super) failed: Option<String>,
    pub(super) closed: bool,
}

impl Writer {
    pub(super) fn of(state: State) -> Self {
        Self { state, buffer: Vec::new(), lengths: Vec::new(), failed: None, closed: false }
    }

    /// A write of which it is not known what became of it is the last one.
    pub(super) fn failed_if(&mut self, written: &Result<(), AppendError>) {
        if let Err(AppendError::Failed(why)) = written {
            self.failed = Some(why.clone());
        }
    }
}

type Previous = Vec<(TicketNumber, Revision)>;

impl Embedded {
    /// The revision of the event before on a ticket: what the view says, or what the group said since.
    fn previous(&self, group: &HashMap<TicketNumber, Revision>, commit: &Commit) -> Result<Previous, ReadError> {
        let mut previous = Previous::default();
        for record in &commit.records {
            let Record::Ticket(event) = record else { continue };
            let number = event.ticket.number;
            let before = match group.get(&number) {
                Some(revision) => *revision,
                None if matches!(event.change, Change::Created { .. }) => Revision::ZERO,
                None => self.view.revision_of(number)?,
            };
            previous.push((number, before));
        }
        Ok(previous)
    }

    fn encode(&self, writer: &mut Writer, commits: &[Arc<Commit>], newest: Revision) -> Result<(), AppendError> {
        writer.buffer.clear();
        writer.lengths.clear();
        let mut group = HashMap::new();
        for commit in commits {
            let previous = self.previous(&group, commit).map_err(|e| match e {
                e if e.is_passing() => AppendError::Short(format!("reading the view: {e}")),
                e => AppendError::Failed(format!("reading the view: {e}")),
            })?;
            let start = writer.buffer.len();
            let of = |number| previous.iter().find(|(n, _)| *n == number).map_or(Revision::ZERO, |(_, r)| *r);
            write_frame(self.journal.uid(), commit.revision, commit.at, newest, &mut writer.buffer, |out| {
                encode_commit(commit, of, out);
            });
            writer.lengths.push((writer.buffer.len() - start) as u32);
            group.extend(previous.iter().map(|(number, _)| (*number, commit.revision)));
        }
        Ok(())
    }

    /// The writer's place, where something may be written.
    pub(super) fn writing(&self) -> Result<MutexGuard<'_, Writer>, AppendError> {
        let writer = self.writer.lock();
        if let Some(failed) = &writer.failed {
            return Err(AppendError::Failed(failed.clone()));
        }
        if writer.closed {
            return Err(AppendError::Failed("the store is closed".into()));
        }
        if self.options.degraded {
            return Err(AppendError::ReadOnly);
        }
        Ok(writer)
    }

    /// Takes the lead in an epoch: durable when it returns.
    pub(super) fn lead_in(&self, writer: &mut Writer, epoch: Epoch) -> Result<(), AppendError> {
        let current = writer.state.epoch;
        if epoch < current {
            return Err(AppendError::Fenced { given: epoch, current });
        }
        if epoch == current {
            return Ok(());
        }
        let state = State { epoch, ..writer.state.clone() };
        format::leave(&*self.disk, &self.options.dir, &state).map_err(|e| refused("writing down who leads", &e))?;
        writer.state = state;
        self.epoch.store(epoch.0, Ordering::Release);
        tracing::info!(epoch = epoch.0, "the lead was handed over");
        Ok(())
    }

    pub(super) fn append_group(
        &self,
        writer: &mut Writer,
        after: Revision,
        commits: &[Arc<Commit>],
    ) -> Result<(), AppendError> {
        let newest = self.journal.newest();
        if after != newest {
            return Err(AppendError::NotNext { given: Revision(after.0.saturating_add(1)), newest });
        }
        let mut expected = newest.next();
        for commit in commits {
            if commit.revision != expected {
                return Err(AppendError::NotNext { given: commit.revision, newest: Revision(expected.0 - 1) });
            }
            expected = expected.next();
        }
        let Some(last) = commits.last() else { return Ok(()) };
        self.encode(writer, commits, newest)?;
        let free = self.journal.free().map_err(|e| refused("asking for free room", &e))?;
        if free < self.options.disk_reserve {
            return Err(AppendError::Full(format!(
                "{free} bytes are free, and the last {} are kept in reserve",
                self.options.disk_reserve
            )));
        }
        let group = Group { first: newest.next(), bytes: &writer.buffer, lengths: &writer.lengths, at: last.at };
        self.journal.append(&group)?;
        self.view.apply(commits);
        {
            let mut ring = self.ring.write();
            for (commit, length) in commits.iter().zip(&writer.lengths) {
                ring.push(commit.clone(), *length);
            }
        }
        let mut position = self.position.write();
        position.newest = last.revision;
        position.newest_at = Some(last.at);
        position.tickets = self.view.tickets();
        drop(position);
        self.view.hold_back();
        Ok(())
    }
}
