//! Keeps house among files: uploads that nobody goes on with, and what is kept and no ticket refers to.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opora_core::time::Timestamp;
use opora_store::{BlobError, Blobs, Pile, ReadError};
use tokio_util::sync::CancellationToken;

use crate::config::Files;
use crate::desk::Desk;

/// By how much the clock that dates files and the one that dates commits may differ; where they differ by more, the whole
/// log is read.
const CLOCKS: Duration = Duration::from_hours(1);

/// Why it is not known what nothing refers to.
#[derive(Debug, thiserror::Error)]
enum Unknown {
    #[error(transparent)]
    Files(#[from] BlobError),
    #[error(transparent)]
    Log(#[from] ReadError),
}

/// Who keeps house. Cheap to clone.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) desk: Desk,
    pub(crate) files: Arc<Blobs>,
    pub(crate) rules: Files,
    /// The directory is a copy that was put to use at this start: nothing is removed from it before its time.
    pub(crate) is_copy: bool,
    pub(crate) stopping: CancellationToken,
}

impl House {
    /// Uploads that an earlier process left, before anybody is served.
    pub(crate) async fn start(&self) {
        self.staging(self.before(self.rules.staging_age)).await;
    }

    /// Begins to keep house, until the server stops; the desk's stop waits for it.
    pub(crate) fn keep(self) {
        self.desk.clone().task(self.run());
    }

    /// A round that fails, or that a bug ends, is told and tried again.
    async fn run(self) {
        let mut grace = if self.is_copy { self.rules.staging_age } else { Duration::ZERO };
        loop {
            let round = self.clone();
            if let Err(error) = self.desk.task(async move { round.round(grace).await }).await {
                tracing::error!(%error, "a sweep of files ended in the middle; the next one comes as ever");
            }
            grace = self.rules.staging_age;
            tokio::select! {
                () = tokio::time::sleep(self.rules.sweep_every) => {}
                () = self.stopping.cancelled() => return,
            }
        }
    }

    async fn round(&self, grace: Duration) {
        self.staging(self.before(self.rules.staging_age)).await;
        match self.kept(self.before(grace)).await {
            Ok(gone) if gone.count == 0 => {}
            Ok(gone) => tracing::info!(files = gone.count, bytes = gone.bytes, "what no ticket refers to is gone"),
            Err(error) => tracing::warn!(%error, "what no ticket refers to stays until the next sweep"),
        }
    }

    /// So long before the desk's present.
    fn before(&self, age: Duration) -> SystemTime {
        let now = Duration::from_millis(self.desk.now().as_millis().unsigned_abs());
        UNIX_EPOCH.checked_add(now.saturating_sub(age)).unwrap_or(UNIX_EPOCH)
    }

    async fn staging(&self, before: SystemTime) {
        match self.files.sweep_staging(before).await {
            Ok(gone) if gone.count == 0 => {}
            Ok(gone) => tracing::info!(uploads = gone.count, bytes = gone.bytes, "uploads that were given up are gone"),
            Err(error) => tracing::warn!(%error, "uploads that were given up stay"),
        }
    }

    /// Removes what was written before a moment and no ticket refers to.
    async fn kept(&self, before: SystemTime) -> Result<Pile, Unknown> {
        let store = self.desk.store_uid();
        let known = self.files.sweep_begins(store).await?;
        let known = known.map(|known| known.checked_sub(CLOCKS).unwrap_or(UNIX_EPOCH));
        let swept = self.sweep(known, before).await;
        // Whatever came of it; and only a whole sweep says that all is known.
        let done = matches!(swept, Ok((_, true))).then_some((store, before));
        self.files.sweep_ends(done).await?;
        Ok(swept?.0)
    }

    /// How much it removed, and whether it came to the end.
    async fn sweep(&self, known: Option<SystemTime>, before: SystemTime) -> Result<(Pile, bool), Unknown> {
        let (mut gone, mut next) = (Pile::default(), Some(0));
        while let Some(from) = next {
            let found = self.files.candidates(known, before, from).await?;
            gone = gone.with(found.parts);
            let mut hashes = found.hashes;
            // Nearly all of it was attached when it was written; what was not may have been kept and written anew.
            for since in known.map(|known| Some(near(known))).into_iter().chain([None]) {
                let left = self.desk.without_referred(hashes, since, &self.stopping).await?;
                let Some(left) = left else { return Ok((gone, false)) };
                hashes = left;
            }
            gone = gone.with(self.files.remove(hashes).await?);
            next = found.next;
        }
        Ok((gone, true))
    }
}

/// The moment from which on commits are read that may refer to what was written after `known`.
fn near(known: SystemTime) -> Timestamp {
    let since = known.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(CLOCKS);
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
