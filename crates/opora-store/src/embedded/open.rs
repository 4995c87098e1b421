//! Opening heals what can be healed: a torn end of the journal is cut, a view that is behind is caught up, one that is
//! gone or damaged is built again. Damage of what was acknowledged is refused, with its revision.

use std::path::Path;
use std::sync::Arc;

use opora_core::model::Revision;

use super::format::{self, Left, VIEW_FORMAT};
use super::{EmbeddedOptions, OpenError};
use crate::api::StoreUid;
use crate::disk::Disk;
use crate::journal::{Journal, JournalError, JournalOptions};
use crate::view::generations::{self, Trial};
use crate::view::tree::{Broken, Tree};
use crate::view::{CatchUpError, catch_up};

impl From<JournalError> for OpenError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Io(path, source) => Self::Io { path, source },
            JournalError::Damaged { revision, path, detail } => Self::Damaged { revision, path, detail },
            JournalError::Newer(path, version) => Self::Newer { path, detail: format!("segment format {version}") },
        }
    }
}

/// Opens the journal and a view that stands where it does.
pub(super) fn open(
    disk: &Arc<dyn Disk>,
    options: &EmbeddedOptions,
) -> Result<(StoreUid, Arc<Journal>, Tree), OpenError> {
    let known = format::format(&**disk, &options.dir)?;
    let left = format::left(&**disk, &options.dir)
        .map_err(|source| OpenError::Io { path: options.dir.join("state"), source })?;
    let dir = options.dir.join("journal");
    let journal_options = JournalOptions {
        segment_size: options.segment_size,
        block: options.segment_block,
        block_cache: options.block_cache,
    };
    let (journal, torn) = Journal::open(disk.clone(), &dir, known.uid, journal_options)?;
    let root = options.dir.join("view");
    let tree = existing(options, &root, known, &left)?;
    // What the view holds was acknowledged, and so was everything before a clean stop.
    let mut acknowledged = tree.as_ref().map_or(Revision::ZERO, |tree| tree.meta().revision);
    if let Left::Clean(revision) = left {
        acknowledged = acknowledged.max(revision);
    }
    journal.settle(acknowledged)?;
    if let Some(torn) = torn {
        tracing::warn!(revision = torn.revision.0, "the torn end of the journal was cut: it was never acknowledged");
    }
    if known.view != VIEW_FORMAT {
        format::write(&**disk, &options.dir, format::Format { view: VIEW_FORMAT, ..known })?;
    }
    let tree = up_to_date(options, known.uid, &root, &journal, tree)?;
    generations::remove_others(&root, tree.path());
    let opened = format::leave(&**disk, &options.dir, &Left::Open(format::boot_id()));
    // On a full disk it stays as it was left; "clean" would be believed.
    if let Err(e) = opened
        && matches!(left, Left::Clean(_))
    {
        return Err(OpenError::Io { path: options.dir.join("state"), source: e });
    }
    Ok((known.uid, Arc::new(journal), tree))
}

/// The view that is there, if it can be trusted and opened.
fn existing(
    options: &EmbeddedOptions,
    root: &Path,
    known: format::Format,
    left: &Left,
) -> Result<Option<Tree>, OpenError> {
    let Some(path) = generations::current(root).ok().flatten() else { return Ok(None) };
    let doubt = match left {
        _ if known.view != VIEW_FORMAT => Some("its format is older"),
        Left::Clean(_) => None,
        Left::Open(boot) if *boot == format::boot_id() => {
            match options.probe.as_ref().map(|command| generations::trial(command, &path)) {
                Some(Trial::Short) => return Err(short(&path, "the view could not be probed")),
                Some(Trial::Failed) => Some("it did not stand a trial"),
                Some(Trial::Stood) | None => None,
            }
        }
        // sled writes without syncing: after the machine went down nothing in it is certain.
        _ => Some("the machine went down while it was open"),
    };
    let opened = match doubt {
        Some(doubt) => Err(Broken(doubt.into())),
        None => Tree::open(&path, known.uid, options.sled_cache),
    };
    match opened {
        Ok(tree) => Ok(Some(tree)),
        // Of the view itself it says nothing.
        Err(e) if e.is_passing() => Err(short(&path, &e.0)),
        Err(e) => {
            tracing::warn!(why = %e, "the view is built again from the journal");
            generations::condemn(&path);
            Ok(None)
        }
    }
}

/// The machine is short of something: nothing is changed.
fn short(path: &Path, detail: &str) -> OpenError {
    OpenError::Short { path: path.to_owned(), detail: detail.to_owned() }
}

/// Catches the view up, or builds a new one.
fn up_to_date(
    options: &EmbeddedOptions,
    uid: StoreUid,
    root: &Path,
    journal: &Journal,
    tree: Option<Tree>,
) -> Result<Tree, OpenError> {
    let newest = journal.newest();
    let caught_up = |tree: Tree| -> Result<Tree, CatchUpError> {
        catch_up(&tree, journal, newest, options.inline_limit, |revision| {
            tracing::info!(revision = revision.0, newest = newest.0, "building the view");
        })?;
        Ok(tree)
    };
    let journal_failed = |e| OpenError::View { path: root.to_owned(), detail: format!("{e}") };
    if let Some(tree) = tree {
        let path = tree.path().to_owned();
        match caught_up(tree) {
            Ok(tree) => return Ok(tree),
            Err(CatchUpError::View(e)) if e.is_passing() => return Err(short(&path, &e.0)),
            Err(CatchUpError::View(e)) => {
                tracing::warn!(why = %e, "the view is built again from the journal");
                generations::condemn(&path);
            }
            Err(e @ CatchUpError::Journal(_)) => return Err(journal_failed(e)),
        }
    }
    let path = generations::next(root).map_err(|e| OpenError::Io { path: root.to_owned(), source: e })?;
    let fresh = Tree::open(&path, uid, options.sled_cache).map_err(CatchUpError::View);
    fresh.and_then(caught_up).map_err(journal_failed)
}
