//! Opening the journal: finds its segments, judges what is wrong with the last one, cuts a torn end.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use opora_core::model::Revision;
use opora_core::time::Timestamp;
use parking_lot::{Mutex, RwLock};

use super::frame::{HeaderError, SEGMENT_HEADER, SEGMENT_VERSION, check_header};
use super::packed::{Blocks, blocks};
use super::scan::{Bad, scan};
use super::seal::Seal;
use super::segment::{Index, Opened, Segment, first_in, follows, open_file, seal_path, segment_path};
use super::{Journal, JournalOptions, Tail};
use crate::api::StoreUid;
use crate::disk::{Disk, read_full};
use crate::priority::Activity;

/// Why a journal can't be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    /// The file system said no.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// What was acknowledged is damaged or gone.
    #[error("revision {} in {} is damaged: {detail}", .revision.0, .path.display())]
    Damaged {
        /// The first revision that can't be read.
        revision: Revision,
        /// The segment that should hold it.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// It ends before what was acknowledged.
    #[error("{} ends at revision {}, and {witness} says that {} was acknowledged", .path.display(), .newest.0, .acknowledged.0)]
    Behind {
        /// Its last segment, or its directory.
        path: PathBuf,
        /// Where it ends.
        newest: Revision,
        /// What was acknowledged at least.
        acknowledged: Revision,
        /// What says so: a name in the data directory.
        witness: &'static str,
    },
    /// It has no segment, and had one.
    #[error("{0} is gone or empty")]
    Gone(PathBuf),
    /// A newer version of the program wrote it.
    #[error("{0} was written by a newer version of opora (segment format {1})")]
    Newer(PathBuf, u8),
}

impl Journal {
    /// Opens the journal in `dir`, making it when it is not there. Nothing is changed in what is there before
    /// [`Journal::settle`].
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        uid: StoreUid,
        options: JournalOptions,
    ) -> Result<(Self, Option<Torn>), JournalError> {
        let io = |e| JournalError::Io(dir.to_owned(), e);
        disk.create_dir(dir).map_err(io)?;
        let mut firsts: Vec<Revision> = disk.list(dir).map_err(io)?.iter().filter_map(|n| first_in(n)).collect();
        firsts.sort_unstable();
        let blocks = blocks(options.block_cache);
        let mut opened = Vec::new();
        for first in firsts {
            opened.push((first, open_checked(&*disk, dir, uid, first, &blocks)?));
        }
        let mut ends = opened.iter().map(|(first, file)| follows(*first, file.leap));
        if let Some(before) = ends.next().filter(|before| *before != Revision::ZERO) {
            let detail = format!("it is gone, with everything up to revision {}", before.0);
            return Err(JournalError::Damaged { revision: Revision(1), path: dir.to_owned(), detail });
        }
        let ends: Vec<_> = ends.collect();
        let mut segments = Vec::new();
        let (mut torn, mut newest_at) = (None, None);
        for (n, (first, file)) in opened.into_iter().enumerate() {
            let (segment, at, bad) = open_segment(&*disk, dir, uid, first, file, ends.get(n).copied())?;
            newest_at = at.or(newest_at);
            torn = bad.map(|bad| Torn { revision: bad.revision });
            segments.push(Arc::new(segment));
        }
        let newest = segments.last().map_or(Revision::ZERO, |s| s.last());
        let names = disk.open_dir(dir).map_err(io)?;
        let journal = Self {
            disk,
            dir: dir.to_owned(),
            names,
            uid,
            options: JournalOptions { segment_size: options.segment_size.clamp(4096, 1 << 31), ..options },
            blocks,
            segments: RwLock::new(segments),
            tail: Mutex::new(Tail { reserved: 0, written: 0, newest_at, torn: torn.is_some() }),
            newest: AtomicU64::new(newest.0),
            spare: Mutex::new(None),
            house: Mutex::default(),
            packing: Mutex::default(),
            activity: Activity::default(),
        };
        Ok((journal, torn))
    }

    /// Whether everything is there that was acknowledged, as far as the journal itself and `acknowledged` tell. Writes
    /// nothing.
    pub(crate) fn is_whole(&self, acknowledged: Acknowledged) -> Result<(), JournalError> {
        let newest = self.newest();
        let last = self.segments.read().last().cloned();
        let behind = |acknowledged, witness| {
            let path = last.as_ref().map_or_else(|| self.dir.clone(), |last| last.path.clone());
            Err(JournalError::Behind { path, newest, acknowledged, witness })
        };
        if newest < acknowledged.revision {
            return behind(acknowledged.revision, acknowledged.witness);
        }
        if acknowledged.began && last.is_none() {
            return Err(JournalError::Gone(self.dir.clone()));
        }
        // One is sealed, and compressed, only once there is another after it.
        let is_finished = |last: &Arc<Segment>| {
            last.is_packed() || Seal::read(&*self.disk, &seal_path(&self.dir, last.first), last.first).is_some()
        };
        if last.as_ref().is_some_and(is_finished) {
            return behind(newest.next(), "journal");
        }
        Ok(())
    }

    /// Makes what was found the truth: cuts a torn end, syncs what was read, reserves room, unless more was
    /// acknowledged than is there.
    pub(crate) fn settle(&self, acknowledged: Acknowledged) -> Result<(), JournalError> {
        self.is_whole(acknowledged)?;
        let io = |e| JournalError::Io(self.dir.clone(), e);
        // Left from before, or not there.
        let _ = self.disk.remove(&self.spare_path());
        let _ = self.disk.remove(&self.packing_path());
        let mut tail = self.tail.lock();
        let last = self.segments.read().last().cloned();
        let Some(last) = last else {
            let (segment, reserved) = self.add_segment(Revision(1), 0).map_err(io)?;
            self.segments.write().push(segment);
            (tail.reserved, tail.written) = reserved;
            drop(tail);
            self.keep_spare();
            return Ok(());
        };
        let end = last.index.read().end;
        if tail.torn {
            last.file().set_len(end).map_err(io)?;
            tail.torn = false;
        }
        // Without room it stays as it is, and the first append tries again.
        if last.file().len().map_err(io)? < self.options.segment_size {
            let _ = last.file().allocate(self.options.segment_size);
        }
        (tail.reserved, tail.written) = (last.file().len().map_err(io)?, end);
        // What a process left behind that was killed may be in the system's memory only.
        last.file().sync().map_err(io)?;
        drop(tail);
        self.keep_spare();
        Ok(())
    }
}

/// What was acknowledged, as something beside the journal says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acknowledged {
    /// At least up to this revision.
    pub(crate) revision: Revision,
    /// What says so: a name in the data directory.
    pub(crate) witness: &'static str,
    /// There was a journal, be it without a commit.
    pub(crate) began: bool,
}

/// The end of the journal is not a whole frame, and nothing in the journal says that it was acknowledged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Torn {
    /// The revision that it should be.
    pub(crate) revision: Revision,
}

/// Whose the store of a journal is, read from the headers of its segments alone. What can't be read tells nothing.
pub(crate) fn store_uid(disk: &dyn Disk, dir: &Path, uid: StoreUid) -> StoreUid {
    let mut firsts: Vec<_> = disk.list(dir).unwrap_or_default().iter().filter_map(|n| first_in(n)).collect();
    firsts.sort_unstable();
    // No block is read.
    let blocks = blocks(1);
    let leap_of = |first: Revision| open_file(disk, uid, first, &segment_path(dir, first), &blocks).ok()?.leap;
    let newest = firsts.into_iter().rev().find_map(|first| Some(leap_of(first)?.uid(uid, first)));
    newest.unwrap_or(uid)
}

/// Opens a segment and checks its header.
fn open_checked(
    disk: &dyn Disk,
    dir: &Path,
    uid: StoreUid,
    first: Revision,
    blocks: &Arc<Blocks>,
) -> Result<Opened, JournalError> {
    let path = segment_path(dir, first);
    let damaged = |detail: String| JournalError::Damaged { revision: first, path: path.clone(), detail };
    let opened = open_file(disk, uid, first, &path, blocks).map_err(|e| match e.kind() {
        io::ErrorKind::InvalidData => damaged(e.to_string()),
        _ => JournalError::Io(path.clone(), e),
    })?;
    if !opened.packed {
        let mut header = [0; SEGMENT_HEADER];
        read_full(&*opened.file, &mut header, 0).map_err(|e| JournalError::Io(path.clone(), e))?;
        check_header(uid, first, SEGMENT_VERSION, &header).map_err(|e| match e {
            HeaderError::Newer(version) => JournalError::Newer(path.clone(), version),
            other => damaged(other.to_string()),
        })?;
    }
    Ok(opened)
}

type Found = (Segment, Option<Timestamp>, Option<Bad>);

/// `end`: the revision that the segment after it follows on.
fn open_segment(
    disk: &dyn Disk,
    dir: &Path,
    uid: StoreUid,
    first: Revision,
    opened: Opened,
    end: Option<Revision>,
) -> Result<Found, JournalError> {
    let path = segment_path(dir, first);
    let io = |e| JournalError::Io(path.clone(), e);
    let damaged = |revision: Revision, detail: String| JournalError::Damaged { revision, path: path.clone(), detail };
    let file = opened.file.clone();
    if let Some(end) = end
        && let Some(seal) = Seal::read(disk, &seal_path(dir, first), first)
        && first.0 + seal.offsets.len() as u64 == end.next().0
        && file.len().map_err(io)? >= seal.end
    {
        let last_at = (!seal.offsets.is_empty()).then_some(seal.last_at);
        let index = Index { offsets: seal.offsets, lengths: Vec::new(), end: seal.end };
        return Ok((Segment::new(first, opened, path, index, true), last_at, None));
    }
    let found = scan(uid, first, &file.read_what_can_be().map_err(io)?);
    let after = Revision(first.0 + found.offsets.len() as u64);
    match (end, found.bad) {
        (_, Some(bad)) if bad.acknowledged => {
            return Err(damaged(bad.revision, "it does not match its checksum, and later ones are there".into()));
        }
        (Some(end), _) if after != end.next() => {
            return Err(damaged(
                after,
                format!("it can't be read, and the next segment follows on revision {}", end.0),
            ));
        }
        _ => {}
    }
    let bad = found.bad.filter(|_| end.is_none());
    let index = Index { offsets: found.offsets, lengths: Vec::new(), end: found.end };
    Ok((Segment::new(first, opened, path, index, false), found.last_at, bad))
}
