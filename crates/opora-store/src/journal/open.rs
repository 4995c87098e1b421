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
use super::segment::{Index, Segment, first_in, open_file, seal_path, segment_path};
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
        let mut segments = Vec::new();
        let (mut torn, mut newest_at) = (None, None);
        for (n, first) in firsts.iter().enumerate() {
            let next = firsts.get(n + 1).copied();
            let (segment, at, bad) = open_segment(&*disk, dir, uid, &blocks, *first, next)?;
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
            activity: Activity::default(),
        };
        Ok((journal, torn))
    }

    /// Makes what was found the truth: cuts a torn end, syncs what was read, reserves room, unless more was
    /// acknowledged than is there.
    pub(crate) fn settle(&self, acknowledged: Revision) -> Result<(), JournalError> {
        let io = |e| JournalError::Io(self.dir.clone(), e);
        let newest = self.newest();
        if newest < acknowledged {
            let path = self.segments.read().last().map_or_else(|| self.dir.clone(), |s| s.path.clone());
            return Err(JournalError::Damaged {
                revision: newest.next(),
                path,
                detail: format!("the journal ends before it, and revisions up to {} were acknowledged", acknowledged.0),
            });
        }
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
        if last.is_packed() {
            return Err(JournalError::Damaged {
                revision: newest.next(),
                path: last.path.clone(),
                detail: "it is finished and compressed, and the segment after it is gone".into(),
            });
        }
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

/// The end of the journal is not a whole frame, and nothing in the journal says that it was acknowledged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Torn {
    /// The revision that it should be.
    pub(crate) revision: Revision,
}

type Found = (Segment, Option<Timestamp>, Option<Bad>);

fn open_segment(
    disk: &dyn Disk,
    dir: &Path,
    uid: StoreUid,
    blocks: &Arc<Blocks>,
    first: Revision,
    next: Option<Revision>,
) -> Result<Found, JournalError> {
    let path = segment_path(dir, first);
    let io = |e| JournalError::Io(path.clone(), e);
    let damaged = |revision: Revision, detail: String| JournalError::Damaged { revision, path: path.clone(), detail };
    let unreadable = |e: io::Error| match e.kind() {
        io::ErrorKind::InvalidData => damaged(first, e.to_string()),
        _ => JournalError::Io(path.clone(), e),
    };
    let opened = open_file(disk, uid, first, &path, blocks).map_err(unreadable)?;
    let file = opened.file.clone();
    if !opened.packed {
        let mut header = [0; SEGMENT_HEADER];
        read_full(&*file, &mut header, 0).map_err(io)?;
        check_header(uid, first, SEGMENT_VERSION, &header).map_err(|e| match e {
            HeaderError::Newer(version) => JournalError::Newer(path.clone(), version),
            other => damaged(first, other.to_string()),
        })?;
    }
    if let Some(next) = next
        && let Some(seal) = Seal::read(disk, &seal_path(dir, first), first)
        && first.0 + seal.offsets.len() as u64 == next.0
        && file.len().map_err(io)? >= seal.end
    {
        let index = Index { offsets: seal.offsets, end: seal.end };
        return Ok((Segment::new(first, opened, path, index, true), Some(seal.last_at), None));
    }
    let found = scan(uid, first, &file.read_what_can_be().map_err(io)?);
    let after = Revision(first.0 + found.offsets.len() as u64);
    match (next, found.bad) {
        (_, Some(bad)) if bad.acknowledged => {
            return Err(damaged(bad.revision, "it does not match its checksum, and later ones are there".into()));
        }
        (Some(next), _) if after != next => {
            return Err(damaged(after, format!("it can't be read, and the next segment begins with {}", next.0)));
        }
        _ => {}
    }
    let bad = found.bad.filter(|_| next.is_none());
    let index = Index { offsets: found.offsets, end: found.end };
    Ok((Segment::new(first, opened, path, index, false), found.last_at, bad))
}
