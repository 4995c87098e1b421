//! The newest commits, in memory: who follows closely reads no file and decodes nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use opora_core::model::Revision;

use crate::api::Commit;

/// The most commits.
const MAX_COMMITS: usize = 8_192;
/// The most bytes, as encoded: decoded they take about twice as much.
const MAX_BYTES: usize = 4 << 20;

/// The newest commits.
#[derive(Default)]
pub(super) struct Ring {
    commits: VecDeque<(Arc<Commit>, u32)>,
    bytes: usize,
}

impl Ring {
    /// Adds the next commit, which takes that many bytes.
    pub(super) fn push(&mut self, commit: Arc<Commit>, bytes: u32) {
        self.bytes += bytes as usize;
        self.commits.push_back((commit, bytes));
        while self.commits.len() > MAX_COMMITS || (self.bytes > MAX_BYTES && self.commits.len() > 1) {
            if let Some((_, bytes)) = self.commits.pop_front() {
                self.bytes -= bytes as usize;
            }
        }
    }

    /// Commits from `from` on; `None`: it is older than all of them, or newer.
    pub(super) fn from(&self, from: Revision, max_commits: usize, max_bytes: usize) -> Option<Vec<Arc<Commit>>> {
        let oldest = self.commits.front()?.0.revision;
        let skip = usize::try_from(from.0.checked_sub(oldest.0)?).ok()?;
        if skip >= self.commits.len() {
            return None;
        }
        let mut found = Vec::new();
        let mut bytes = 0;
        for (commit, length) in self.commits.iter().skip(skip).take(max_commits) {
            bytes += *length as usize;
            if !found.is_empty() && bytes > max_bytes {
                break;
            }
            found.push(commit.clone());
        }
        Some(found)
    }
}
