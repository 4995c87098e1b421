//! Opening heals what can be healed: a torn end of the journal is cut, a view that is behind is caught up, one that is
//! gone or damaged is built again. Damage of what was acknowledged is refused, with its revision.

use std::io;
use std::path::Path;
use std::sync::Arc;

use opora_core::model::Revision;

use super::format::{self, Format, Left, Opened, State, VIEW_FORMAT};
use super::{EmbeddedOptions, OpenError};
use crate::ReadError;
use crate::api::StoreUid;
use crate::disk::Disk;
use crate::journal::{Acknowledged, Journal, JournalError, JournalOptions, Torn};
use crate::view::generations::{self, Trial};
use crate::view::tree::{Broken, Tree};
use crate::view::{CatchUpError, ViewOptions, catch_up};

impl From<JournalError> for OpenError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Io(path, source) => Self::Io { path, source },
            JournalError::Damaged { revision, path, detail } => Self::Damaged { revision, path, detail },
            JournalError::Newer(path, version) => Self::Newer { path, detail: format!("segment format {version}") },
            JournalError::Behind { path, newest, acknowledged, witness } => {
                Self::Behind { path, newest, acknowledged, witness }
            }
            JournalError::Gone(path) => Self::NoJournal { path },
        }
    }
}

/// What a data directory says before its view is looked at.
pub(crate) struct Found {
    state: State,
    pub(crate) journal: Journal,
    torn: Option<Torn>,
}

impl Found {
    /// Whether all is there that was acknowledged, as far as `state` and the journal itself tell.
    pub(crate) fn is_whole(&self) -> Result<(), OpenError> {
        Ok(self.journal.is_whole(by_state(&self.state.left))?)
    }

    /// Which store it is.
    pub(crate) fn uid(&self) -> StoreUid {
        self.journal.store_uid()
    }
}

fn by_state(left: &Left) -> Acknowledged {
    // It is written once there is a segment.
    Acknowledged { revision: left.acknowledged(), witness: "state", began: *left != Left::New }
}

pub(super) fn journal_options(options: &EmbeddedOptions) -> JournalOptions {
    JournalOptions {
        segment_size: options.segment_size,
        block: options.segment_block,
        block_cache: options.block_cache,
    }
}

pub(super) fn view_options(options: &EmbeddedOptions, uid: StoreUid) -> ViewOptions {
    ViewOptions {
        root: options.dir.join("view"),
        uid,
        sled_cache: options.sled_cache,
        ticket_cache: options.ticket_cache,
        inline_limit: options.inline_limit,
        overlay_limit: options.overlay_limit,
        floor: options.disk_reserve / 2,
    }
}

/// How a data directory was left.
pub(super) fn state_of(disk: &dyn Disk, dir: &Path) -> Result<State, OpenError> {
    format::state(disk, dir).map_err(|source| OpenError::Io { path: dir.join("state"), source })
}

/// Looks at the journal, and how it was left. Writes nothing.
pub(crate) fn find(disk: &Arc<dyn Disk>, options: &EmbeddedOptions, known: Format) -> Result<Found, OpenError> {
    let state = state_of(&**disk, &options.dir)?;
    let dir = options.dir.join("journal");
    // Whoever only reads makes none in its place.
    if disk.list(&dir).is_err_and(|e| e.kind() == io::ErrorKind::NotFound) {
        let Acknowledged { revision, witness, began } = by_state(&state.left);
        if revision > Revision::ZERO {
            let (newest, acknowledged) = (Revision::ZERO, revision);
            return Err(OpenError::Behind { path: dir, newest, acknowledged, witness });
        }
        if began {
            return Err(OpenError::NoJournal { path: dir });
        }
    }
    let (journal, torn) = Journal::open(disk.clone(), &dir, known.uid, journal_options(options))?;
    Ok(Found { state, journal, torn })
}

/// A store that is open.
pub(super) struct Ready {
    pub(super) uid: StoreUid,
    pub(super) journal: Arc<Journal>,
    pub(super) tree: Tree,
    /// What `state` says while it is open.
    pub(super) state: State,
}

/// Opens the journal and a view that stands where it does.
pub(super) fn open(disk: &Arc<dyn Disk>, options: &EmbeddedOptions) -> Result<Ready, OpenError> {
    if options.accept_restored {
        accept(disk, options)?;
    }
    let known = format::format(&**disk, &options.dir)?;
    let Found { state: State { left, epoch }, journal, torn } = find(disk, options, known)?;
    let uid = journal.store_uid();
    let root = options.dir.join("view");
    // Before a view is thrown away that could say it too.
    journal.is_whole(by_state(&left))?;
    let tree = existing(options, &root, (known, uid), &left, &journal)?;
    journal.settle(tree.as_ref().map_or(by_state(&left), |tree| by_view(tree.meta().revision)))?;
    if let Some(torn) = torn {
        tracing::warn!(revision = torn.revision.0, "the torn end of the journal was cut: it was never acknowledged");
    }
    if known.view != VIEW_FORMAT {
        format::write(&**disk, &options.dir, Format { view: VIEW_FORMAT, ..known })?;
    }
    let tree = up_to_date(options, uid, &root, &journal, tree)?;
    generations::remove_others(&root, tree.path());
    let state = State { left: Left::Open(Opened::now(journal.newest(), tree.path())), epoch };
    let opened = format::leave(&**disk, &options.dir, &state);
    // On a full disk it stays as it was left; "clean" would be believed.
    if let Err(e) = opened
        && matches!(left, Left::Clean(_))
    {
        return Err(OpenError::Io { path: options.dir.join("state"), source: e });
    }
    Ok(Ready { uid, journal: Arc::new(journal), tree, state })
}

/// What a view holds was acknowledged too.
fn by_view(revision: Revision) -> Acknowledged {
    Acknowledged { revision, witness: "view", began: revision > Revision::ZERO }
}

/// Makes a copy a store of its own. What is done here is done as a whole or not at all: the journal alone says it.
fn accept(disk: &Arc<dyn Disk>, options: &EmbeddedOptions) -> Result<(), OpenError> {
    let known = format::read(&**disk, &options.dir)?;
    let found = find(disk, options, known)?;
    // Older versions can't read what comes now.
    format::write(&**disk, &options.dir, Format { leaps: true, ..known })?;
    let before = found.uid();
    let lost = found.state.left.acknowledged();
    let (ended, goes_on) = (found.journal.newest(), found.journal.leap(lost)?);
    tracing::warn!(
        %before,
        ended = ended.0,
        goes_on = goes_on.0,
        "the directory was put to use as a copy: it is another store now; take --accept-restored away again"
    );
    // Of what the view holds nothing is known to be in the journal.
    let root = options.dir.join("view");
    if let Ok(Some(view)) = generations::current(&root) {
        generations::condemn(&view);
    }
    Ok(())
}

/// The view that is there, if it can be trusted and opened. One that can't be trusted is thrown away, unless it says that
/// more was acknowledged than the journal has: it is written behind the journal, so no other one makes that of it.
fn existing(
    options: &EmbeddedOptions,
    root: &Path,
    (known, uid): (Format, StoreUid),
    left: &Left,
    journal: &Journal,
) -> Result<Option<Tree>, OpenError> {
    let newest = journal.newest();
    let Some(path) = generations::current(root).ok().flatten() else { return Ok(None) };
    let doubt = match left {
        _ if known.view != VIEW_FORMAT => Some("its format is older"),
        Left::Clean(at) if *at >= newest => None,
        Left::Clean(_) => Some("the file `state` is older than the journal"),
        Left::Open(opened) if opened.boot != format::boot_id() => {
            // sled writes without syncing: after the machine went down nothing in it is certain.
            Some("the machine went down while it was open")
        }
        Left::Open(opened) if !opened.view.is_empty() && opened.view != format::identity(&path) => {
            tracing::warn!(
                dir = %options.dir.display(),
                "the view is another file than `state` names, as in a copy that was made while its desk ran; if that desk \
                 went on, stop this one and start it once with --accept-restored"
            );
            // Its files are of different moments.
            Some("it is a copy that was made while it was written")
        }
        Left::Open(_) if !stands_trial(options, &path)? => Some("it did not stand a trial"),
        Left::Open(_) => None,
        Left::New | Left::Unknown => Some("nothing says how it was left"),
    };
    let opened = match doubt {
        Some(doubt) => {
            if known.view == VIEW_FORMAT && stands_trial(options, &path)? {
                let stands = match Tree::open(&path, uid, options.sled_cache) {
                    Ok(tree) => tree.meta().revision,
                    Err(e) if e.is_passing() => return Err(short(&path, &e.0)),
                    Err(_) => Revision::ZERO,
                };
                journal.is_whole(by_view(stands))?;
            }
            Err(Broken(doubt.into()))
        }
        None => Tree::open(&path, uid, options.sled_cache),
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

/// Whether a view can be opened without ending the process.
fn stands_trial(options: &EmbeddedOptions, path: &Path) -> Result<bool, OpenError> {
    match options.probe.as_ref().map(|command| generations::trial(command, path)) {
        Some(Trial::Short) => Err(short(path, "the view could not be probed")),
        Some(Trial::Failed) => Ok(false),
        Some(Trial::Stood) | None => Ok(true),
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
    let journal_failed = |e| match e {
        CatchUpError::Journal(ReadError::Corrupt(detail)) => {
            OpenError::Unreadable { path: options.dir.clone(), detail }
        }
        e => OpenError::View { path: root.to_owned(), detail: format!("{e}") },
    };
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
