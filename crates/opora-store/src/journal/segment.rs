//! One file of the journal.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opora_core::model::Revision;
use parking_lot::RwLock;

use super::frame::{Frame, Leap, SEGMENT_HEADER, SEGMENT_VERSION, check_header, read_frame};
use super::packed::{Blocks, Packed, packed_header};
use crate::api::{ReadError, StoreUid};
use crate::disk::{Disk, File, read_full};

/// The ending of a segment's name.
const ENDING: &str = ".journal";

/// In place of where a frame begins that is damaged or gone.
pub(super) const HOLE: u32 = u32::MAX;

/// A file of the journal, and where its frames lie.
pub(super) struct Segment {
    /// Its first revision.
    pub(super) first: Revision,
    /// The leap that it begins with.
    pub(super) leap: Option<Leap>,
    /// The open file: as it was written, or compressed and read as if it were as it was written.
    file: RwLock<Arc<dyn File>>,
    /// Where it lies.
    pub(super) path: PathBuf,
    /// Where its frames lie.
    pub(super) index: RwLock<Index>,
    /// It has a seal.
    pub(super) sealed: AtomicBool,
    packed: AtomicBool,
    /// It is damaged and stays as it is.
    aside: AtomicBool,
}

/// Where the frames of a segment lie.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Where each begins; [`HOLE`]: it can't be read.
    pub(super) offsets: Vec<u32>,
    /// How long each is; empty where each ends where the next one begins.
    pub(super) lengths: Vec<u32>,
    /// Where the last one ends.
    pub(super) end: u64,
}

impl Index {
    /// Where a frame begins, and how long it is.
    fn place(&self, n: usize) -> Option<(u64, u64)> {
        let begin = u64::from(*self.offsets.get(n)?);
        let length = match self.lengths.get(n) {
            Some(length) => u64::from(*length),
            None => self.offsets.get(n + 1).map_or(self.end, |next| u64::from(*next)).saturating_sub(begin),
        };
        Some((begin, length))
    }
}

impl Segment {
    pub(super) fn new(first: Revision, file: Opened, path: PathBuf, index: Index, sealed: bool) -> Self {
        Self {
            first,
            leap: file.leap,
            file: RwLock::new(file.file),
            path,
            index: RwLock::new(index),
            sealed: AtomicBool::new(sealed),
            packed: AtomicBool::new(file.packed),
            aside: AtomicBool::new(false),
        }
    }

    /// The open file.
    pub(super) fn file(&self) -> Arc<dyn File> {
        self.file.read().clone()
    }

    /// Whether it is finished, whole as far as is known, and not compressed.
    pub(super) fn can_be_packed(&self) -> bool {
        self.is_sealed() && !self.is_packed() && !self.aside.load(Ordering::Acquire)
    }

    /// It is damaged: no compressed form takes its place.
    pub(super) fn set_aside(&self) {
        self.aside.store(true, Ordering::Release);
    }

    /// Whether it is compressed.
    pub(super) fn is_packed(&self) -> bool {
        self.packed.load(Ordering::Acquire)
    }

    /// From now on it is read from its compressed form. Whoever reads the old one goes on with that.
    pub(super) fn is_now_packed(&self, file: Packed) {
        *self.file.write() = Arc::new(file);
        self.packed.store(true, Ordering::Release);
    }

    /// The newest revision in it; one less than `first` when it is empty.
    pub(super) fn last(&self) -> Revision {
        Revision(self.first.0 + self.index.read().offsets.len() as u64 - 1)
    }

    /// The first revision from `from` on in it that is no hole.
    pub(super) fn sound_from(&self, from: Revision) -> Option<Revision> {
        let index = self.index.read();
        let skip = from.0.saturating_sub(self.first.0) as usize;
        let found = index.offsets.get(skip..)?.iter().position(|offset| *offset != HOLE)?;
        Some(Revision(self.first.0 + (skip + found) as u64))
    }

    pub(super) fn is_sealed(&self) -> bool {
        self.sealed.load(Ordering::Acquire)
    }

    /// Reads frames from `from` on, as many as lie in `bytes` (one at least), and gives each to `each`.
    pub(super) fn read<E: From<ReadError>>(
        &self,
        uid: StoreUid,
        from: Revision,
        max_frames: usize,
        max_bytes: u64,
        mut each: impl FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<u64, E> {
        let (start, lengths) = self.run(from, max_frames, max_bytes)?;
        let mut buffer = vec![0; lengths.iter().sum()];
        let read = match read_full(&*self.file(), &mut buffer, start) {
            Ok(read) => read,
            // A compressed block is damaged: those before it are still given, and the first in it is named.
            Err(e) if e.kind() == io::ErrorKind::InvalidData && lengths.len() > 1 => {
                return self.read(uid, from, 1, 0, each);
            }
            Err(e) if e.kind() == io::ErrorKind::InvalidData => return Err(self.damaged(from).into()),
            Err(e) => return Err(ReadError::Io(e).into()),
        };
        buffer.truncate(read);
        let mut rest = buffer.as_slice();
        let mut next = from;
        for length in lengths {
            let (frame, rest_of) = match (read_frame(uid, rest), rest.split_at_checked(length)) {
                (Some((frame, taken)), Some((_, rest_of))) if taken == length && frame.revision == next => {
                    (frame, rest_of)
                }
                _ => return Err(self.damaged(next).into()),
            };
            each(frame)?;
            rest = rest_of;
            next = next.next();
        }
        Ok(next.0)
    }

    /// Where frames from `from` on lie that follow each other in the file, and how long each is.
    fn run(&self, from: Revision, max_frames: usize, max_bytes: u64) -> Result<(u64, Vec<usize>), ReadError> {
        let index = self.index.read();
        let skip = from.0.saturating_sub(self.first.0) as usize;
        let (start, first) = index.place(skip).ok_or(ReadError::NoRevision(from))?;
        if start == u64::from(HOLE) {
            return Err(self.damaged(from));
        }
        let (mut lengths, mut end) = (vec![first as usize], start + first);
        for n in skip + 1.. {
            let Some((begin, length)) = index.place(n) else { break };
            if lengths.len() >= max_frames || begin != end || end + length - start > max_bytes {
                break;
            }
            lengths.push(length as usize);
            end += length;
        }
        Ok((start, lengths))
    }

    fn damaged(&self, revision: Revision) -> ReadError {
        ReadError::Corrupt(format!(
            "revision {} in {} does not match its checksum; run `opora check`, restore that file from a backup",
            revision.0,
            self.path.display()
        ))
    }
}

/// A segment's file.
pub(super) struct Opened {
    /// Read at the offsets at which the segment was written.
    pub(super) file: Arc<dyn File>,
    /// It is compressed.
    pub(super) packed: bool,
    /// The leap that its header tells, if that can be read.
    pub(super) leap: Option<Leap>,
}

/// Opens a segment's file, compressed or not; its header is not checked further.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] where it is compressed and its table is damaged; what the file system says.
pub(super) fn open_file(
    disk: &dyn Disk,
    uid: StoreUid,
    first: Revision,
    path: &Path,
    blocks: &Arc<Blocks>,
) -> io::Result<Opened> {
    let file = disk.open(path)?;
    let mut header = [0; SEGMENT_HEADER];
    read_full(&*file, &mut header, 0)?;
    let Some(leap) = packed_header(uid, first, &header) else {
        let leap = check_header(uid, first, SEGMENT_VERSION, &header).ok().flatten();
        return Ok(Opened { file, packed: false, leap });
    };
    Ok(Opened { file: Arc::new(Packed::open(first, file, blocks.clone())?), packed: true, leap })
}

/// Where a segment that begins with `first` goes on from: the newest revision before it.
pub(super) fn follows(first: Revision, leap: Option<Leap>) -> Revision {
    leap.map_or(Revision(first.0.saturating_sub(1)), |leap| leap.follows)
}

/// The path of a segment.
pub(super) fn segment_path(dir: &Path, first: Revision) -> PathBuf {
    dir.join(format!("{:020}{ENDING}", first.0))
}

/// The path of a segment's seal.
pub(super) fn seal_path(dir: &Path, first: Revision) -> PathBuf {
    dir.join(format!("{:020}.seal", first.0))
}

/// The first revision of the segment of that name.
pub(super) fn first_in(name: &str) -> Option<Revision> {
    name.strip_suffix(ENDING)?.parse().ok().map(Revision)
}
