//! Brings a generation of the view up to date from the journal.

use opora_core::model::Revision;

use super::corrupt;
use super::layer::Layer;
use super::tree::{Broken, Tree};
use crate::api::{ReadError, Remembered};
use crate::codec::{decode_commit, request_in};
use crate::journal::Journal;

/// Brings a generation up to a revision from the journal.
pub(crate) fn catch_up(
    tree: &Tree,
    journal: &Journal,
    to: Revision,
    inline_limit: usize,
    mut progress: impl FnMut(Revision),
) -> Result<(), CatchUpError> {
    gather(tree, journal)?;
    let mut layer = Layer::default();
    let from = tree.meta().revision.next().max(journal.oldest());
    journal.read_range(from, to, |frame| {
        layer.apply(&decode_commit(frame.revision, frame.at, frame.payload).map_err(|e| corrupt(frame.revision, &e))?);
        if layer.bytes > 32 << 20 {
            tree.write(&std::mem::take(&mut layer), inline_limit)?;
            progress(frame.revision);
        }
        Ok::<_, CatchUpError>(())
    })?;
    if !layer.is_empty() {
        tree.write(&layer, inline_limit)?;
    }
    Ok(())
}

/// Reads again which requests were answered since the last run.
fn gather(tree: &Tree, journal: &Journal) -> Result<(), CatchUpError> {
    let meta = tree.meta();
    let mut requests = Vec::new();
    let from = meta.requests.next().max(journal.oldest());
    journal.read_range(from, meta.revision, |frame| {
        let request = request_in(frame.payload).map_err(|e| corrupt(frame.revision, &e))?;
        requests.extend(request.map(|r| (r.key, Remembered { revision: frame.revision, content: r.content })));
        Ok::<_, CatchUpError>(())
    })?;
    tree.take_requests(requests);
    Ok(())
}

/// Why a view could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatchUpError {
    /// The journal can't be read: nothing helps.
    #[error(transparent)]
    Journal(#[from] ReadError),
    /// The view can't be written: another one is built.
    #[error(transparent)]
    View(#[from] Broken),
}
