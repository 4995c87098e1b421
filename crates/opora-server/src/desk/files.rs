//! What the log says of files: which content attachments refer to, and what became of an upload.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use opora_core::event::Change;
use opora_core::model::Revision;
use opora_core::time::Timestamp;
use opora_store::{Commit, Hash, ReadError, Record, RequestKey, Store};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Desk;

/// How much of the log is read at once.
const COMMITS: usize = 1_000;
const BYTES: usize = 1 << 20;
/// How long others go first after each part.
const PAUSE: Duration = Duration::from_millis(1);

impl Desk {
    /// Runs something beside the calls; a stop waits until it has ended.
    pub(crate) fn task<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.shared.tasks.spawn(task)
    }

    /// Takes away what an attachment refers to, in commits from a moment on (`None`: in all of them), and gives the rest.
    /// Reads the log in small parts. `None`: it was stopped before it knew, or
    /// found nothing where there is something.
    ///
    /// # Errors
    /// [`ReadError`]: then it is not known either.
    pub(crate) async fn without_referred(
        &self,
        mut hashes: HashSet<Hash>,
        since: Option<Timestamp>,
        stopping: &CancellationToken,
    ) -> Result<Option<HashSet<Hash>>, ReadError> {
        let store = self.shared.world.state.store.clone();
        let mut next = {
            let store = store.clone();
            blocking(move || match since {
                Some(since) => first_since(&*store, since),
                None => Ok(store.position().oldest),
            })
            .await?
        };
        // What is appended later refers to nothing that is asked about: it would be in somebody's hands.
        let newest = store.position().newest;
        while !hashes.is_empty() && next <= newest && newest != Revision::ZERO {
            if stopping.is_cancelled() {
                return Ok(None);
            }
            let store = store.clone();
            let (after, rest) = blocking(move || {
                let commits = store.commits(next, COMMITS, BYTES)?;
                for commit in &commits {
                    strike(&mut hashes, commit);
                }
                Ok((commits.last().map(|commit| commit.revision), hashes))
            })
            .await?;
            hashes = rest;
            // Nothing was read: that is not all of it.
            let Some(after) = after else { return Ok(None) };
            next = after.next();
            tokio::time::sleep(PAUSE).await;
        }
        Ok(Some(hashes))
    }

    /// The commit that a request made, if it is remembered.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(crate) async fn remembered(&self, request: RequestKey) -> Result<Option<Arc<Commit>>, ReadError> {
        let store = self.shared.world.state.store.clone();
        blocking(move || {
            let found = store.remembered(&request)?;
            found.map(|remembered| store.commit(remembered.revision)).transpose()
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, ReadError> {
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| Err(ReadError::Failed(error.to_string())))
}

fn strike(hashes: &mut HashSet<Hash>, commit: &Commit) {
    for record in &commit.records {
        if let Record::Ticket(event) = record
            && let Change::Attached(file) = &event.change
        {
            hashes.remove(&file.hash);
        }
    }
}

/// The first revision that was committed at or after a moment.
fn first_since(store: &dyn Store, since: Timestamp) -> Result<Revision, ReadError> {
    let position = store.position();
    let (mut low, mut high) = (position.oldest, position.newest.next());
    while low < high {
        let middle = Revision(low.0 + (high.0 - low.0) / 2);
        // Where revisions were left out, the next one that is there speaks for them.
        match store.commits(middle, 1, 1)?.first() {
            Some(commit) if commit.at < since => low = commit.revision.next(),
            _ => high = middle,
        }
    }
    Ok(low)
}
