//! What is kept and perhaps needed by nobody: found by its place and time, removed unless it is in somebody's hands.
//!
//! Which content something refers to, others know: this never removes what it was not told to.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::{Condvar, Mutex};

use super::{BlobError, Pile, hex};

/// Of how many files at most it is asked at once whether something refers to them: of each 40 bytes are in memory.
const ASKED: usize = 200_000;
/// The file that says what is known.
const MARK: &str = "swept";

/// Content by its BLAKE3.
pub type Hash = [u8; 32];

/// Which content is in use by something that the journal does not show yet.
#[derive(Debug, Default)]
pub(super) struct Hands {
    state: Mutex<State>,
    removed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    held: HashMap<Hash, u32>,
    /// What was held at any time since the sweep that is under way began: what refers to it may have been written after
    /// the sweep looked.
    since: Option<HashSet<Hash>>,
    removing: Option<Hash>,
}

/// Content that somebody is about to refer to: it is not removed, and what was refers to it is found by the next sweep.
#[derive(Debug)]
pub struct Held {
    hands: Arc<Hands>,
    hash: Hash,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.hands.state.lock();
        if let Some(count) = state.held.get_mut(&self.hash) {
            *count -= 1;
            if *count == 0 {
                state.held.remove(&self.hash);
            }
        }
    }
}

impl Hands {
    /// From the opening on it is noted what is held: the first sweep looks at what was there before.
    pub(super) fn opened() -> Self {
        Self { state: Mutex::new(State { since: Some(HashSet::new()), ..State::default() }), ..Self::default() }
    }

    /// Blocks while that content is being removed.
    pub(super) fn hold(self: &Arc<Self>, hash: Hash) -> Held {
        let mut state = self.state.lock();
        self.removed.wait_while(&mut state, |state| state.removing == Some(hash));
        *state.held.entry(hash).or_default() += 1;
        if let Some(since) = &mut state.since {
            since.insert(hash);
        }
        Held { hands: self.clone(), hash }
    }

    pub(super) fn sweep_begins(&self) {
        let mut state = self.state.lock();
        let held: Vec<Hash> = state.held.keys().copied().collect();
        state.since.get_or_insert_default().extend(held);
    }

    pub(super) fn sweep_ends(&self) {
        self.state.lock().since = None;
    }

    /// Removes a file unless its content is held, or was since the sweep began; whether it did. Blocks.
    fn remove(&self, hash: Hash, path: &Path) -> Result<bool, BlobError> {
        {
            let mut state = self.state.lock();
            let is_used = state.held.contains_key(&hash) || state.since.as_ref().is_none_or(|s| s.contains(&hash));
            if is_used {
                return Ok(false);
            }
            state.removing = Some(hash);
        }
        let removed = std::fs::remove_file(path);
        self.state.lock().removing = None;
        self.removed.notify_all();
        match removed {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(e.into()),
        }
    }
}

/// A file below `kept/`.
pub(super) enum Kept {
    /// Content under its own name.
    Whole(Hash),
    /// Content that was not written to its end.
    Part(Hash),
}

/// What a file of that name is; `None`: it is not of the store's making.
pub(super) fn named(name: &str) -> Option<Kept> {
    let (hash, is_part) = match name.split_once('#') {
        Some((hash, _)) => (hash, true),
        None => (name, false),
    };
    let hash = *blake3::Hash::from_hex(hash).ok()?.as_bytes();
    Some(if is_part { Kept::Part(hash) } else { Kept::Whole(hash) })
}

/// What a sweep asks about, and where it goes on.
#[derive(Debug, Default)]
pub struct Candidates {
    /// Content of which it is not known whether something refers to it.
    pub hashes: HashSet<Hash>,
    /// The next shelf; `None`: that was all.
    pub next: Option<u16>,
    /// What was left of writing, and is gone.
    pub parts: Pile,
}

/// Lists shelves from `shelf` on, until there is enough to ask about. Blocks.
pub(super) fn candidates(
    (hands, kept): (&Hands, &Path),
    (after, before): (Option<SystemTime>, SystemTime),
    shelf: u16,
) -> Result<Candidates, BlobError> {
    let mut found = Candidates::default();
    for shelf in shelf..256 {
        if found.hashes.len() >= ASKED {
            found.next = Some(shelf);
            break;
        }
        let files = match std::fs::read_dir(kept.join(format!("{shelf:02x}"))) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            files => files?,
        };
        for file in files {
            let file = file?;
            let Some(kind) = file.file_name().to_str().and_then(named) else { continue };
            let facts = match file.metadata() {
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                facts => facts?,
            };
            let written = facts.modified()?;
            match kind {
                Kept::Part(hash) => {
                    if written < before && hands.remove(hash, &file.path())? {
                        found.parts.add(facts.len());
                    }
                }
                Kept::Whole(hash) => {
                    if written < before && after.is_none_or(|after| written >= after) {
                        found.hashes.insert(hash);
                    }
                }
            }
        }
    }
    Ok(found)
}

/// Removes content that nothing refers to. Blocks.
pub(super) fn remove(hands: &Hands, kept: &Path, hashes: HashSet<Hash>) -> Result<Pile, BlobError> {
    let mut removed = Pile::default();
    for hash in hashes {
        let path = place(kept, &hash);
        let bytes = std::fs::metadata(&path).map_or(0, |facts| facts.len());
        if hands.remove(hash, &path)? {
            tracing::info!(file = %path.display(), bytes, "a file that no ticket refers to is gone");
            removed.add(bytes);
        }
    }
    Ok(removed)
}

/// Where content lies.
pub(super) fn place(kept: &Path, hash: &Hash) -> PathBuf {
    kept.join(super::key(hash).as_ref())
}

/// Up to when everything that is kept is known to be referred to, in that store. `None`: it is not known.
pub(super) fn mark(blobs: &Path, store: uuid::Uuid) -> Option<SystemTime> {
    let text = std::fs::read_to_string(blobs.join(MARK)).ok()?;
    let (of, millis) = text.trim_end().split_once(' ')?;
    let since = Duration::from_millis(millis.parse().ok()?);
    (of.parse() == Ok(store)).then(|| SystemTime::UNIX_EPOCH.checked_add(since))?
}

/// Writes that down. It is believed by nobody who finds it damaged, so it need not be durable.
pub(super) fn set_mark(blobs: &Path, store: uuid::Uuid, until: SystemTime) -> Result<(), BlobError> {
    let millis = until.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
    let temporary = blobs.join("swept.tmp");
    std::fs::write(&temporary, format!("{store} {millis}\n"))?;
    Ok(std::fs::rename(&temporary, blobs.join(MARK))?)
}

/// What lies in `blobs/` beside attachments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Uploads that are not finished.
    pub staged: Pile,
    /// Content that nothing refers to.
    pub unreferenced: Pile,
    /// Content that was not written to its end.
    pub parts: Pile,
}

/// Counts it; changes nothing. What can't be listed is left out. Blocks; for `opora check`.
pub(crate) fn beside(data: &Path, is_referred: impl Fn(&Hash) -> bool) -> Beside {
    let (blobs, mut found) = (data.join("blobs"), Beside::default());
    for (_, bytes, _) in super::staging::listed(&blobs.join("staging")).unwrap_or_default() {
        found.staged.add(bytes);
    }
    let shelves = std::fs::read_dir(blobs.join("kept")).into_iter().flatten().flatten();
    for file in shelves.filter_map(|shelf| std::fs::read_dir(shelf.path()).ok()).flatten().flatten() {
        let bytes = file.metadata().map_or(0, |facts| facts.len());
        match file.file_name().to_str().and_then(named) {
            Some(Kept::Part(_)) => found.parts.add(bytes),
            Some(Kept::Whole(hash)) if !is_referred(&hash) => found.unreferenced.add(bytes),
            _ => {}
        }
    }
    found
}

/// Says of content that it is gone or damaged, by its name below the data directory.
pub(super) fn name(hash: &Hash) -> String {
    let name = hex(hash);
    let (shelf, _) = name.split_at(2);
    format!("blobs/kept/{shelf}/{name}")
}
