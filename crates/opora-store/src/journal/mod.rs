//! The journal: what happened, in order, durable before anybody hears of it. It is the truth.
//!
//! Knows frames and revisions; never what is in a payload. Segments are named by their first revision; room for one is
//! reserved before it is used; a finished one gets a seal (hash, offsets) and is not written to again. Later it is
//! compressed in blocks, and still read at the offsets at which it was written.

pub(crate) mod frame;
mod house;
mod leap;
mod open;
mod pack;
mod packed;
mod salvage;
mod scan;
mod seal;
mod segment;
mod verify;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opora_core::model::Revision;
use opora_core::time::Timestamp;
use parking_lot::{Mutex, RwLock};

use self::frame::Frame;
use self::house::Spare;
use self::packed::Blocks;
use self::segment::{Segment, follows};
use crate::api::{AppendError, ReadError, StoreUid};
use crate::disk::{Directory, Disk, File, is_full, is_passing};
use crate::priority::Activity;

pub(crate) use open::{Acknowledged, JournalError, Torn, store_uid};
pub(crate) use pack::Packing;
pub(crate) use verify::verify;

/// How much is read at once when many commits are.
const READ_AHEAD: u64 = 1 << 20;

/// How far ahead of what is appended zeros are written.
const AHEAD: u64 = 1 << 20;
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// The journal.
pub(crate) struct Journal {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    /// The same, open: naming a segment takes no descriptor.
    names: Box<dyn Directory>,
    uid: StoreUid,
    options: JournalOptions,
    /// Recently read blocks of compressed segments.
    blocks: Arc<Blocks>,
    segments: RwLock<Vec<Arc<Segment>>>,
    tail: Mutex<Tail>,
    newest: AtomicU64,
    /// A file that the next segment is made of. It is there long before it is needed: a machine that is short of
    /// descriptors at that moment does not stop the desk.
    spare: Mutex<Option<Spare>>,
    /// Held while finished segments are sealed.
    house: Mutex<()>,
    /// Held while one is compressed: there is one place for it.
    packing: Mutex<()>,
    /// When something was last appended.
    activity: Activity,
}

/// How a journal is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JournalOptions {
    /// Bytes of a segment.
    pub(crate) segment_size: u64,
    /// Bytes of a block of a finished segment, before it is compressed.
    pub(crate) block: usize,
    /// Bytes of blocks that are kept in memory.
    pub(crate) block_cache: u64,
}

/// Where is appended; the one writer's.
struct Tail {
    /// Bytes that are reserved in the last segment.
    reserved: u64,
    /// Bytes of it that were written, be it with zeros.
    written: u64,
    newest_at: Option<Timestamp>,
    /// Bytes after the last good frame have to be cut before anything is appended.
    torn: bool,
}

/// Frames that are appended together.
pub(crate) struct Group<'a> {
    /// The revision of the first.
    pub(crate) first: Revision,
    /// The frames, one after the other.
    pub(crate) bytes: &'a [u8],
    /// How long each is.
    pub(crate) lengths: &'a [u32],
    /// The time of the last.
    pub(crate) at: Timestamp,
}

impl Journal {
    /// The newest revision that is durable; what frames are written with.
    pub(crate) fn newest(&self) -> Revision {
        Revision(self.newest.load(Ordering::Acquire))
    }

    /// With which frames are written. The store has another one after a copy was put to use.
    pub(crate) fn uid(&self) -> StoreUid {
        self.uid
    }

    /// The oldest revision that is kept: a leap before the first segment leaves out and removes nothing, so that who reads
    /// from the beginning is taken over it as over any other.
    pub(crate) fn oldest(&self) -> Revision {
        self.segments.read().first().map_or(Revision(1), |s| follows(s.first, s.leap).next())
    }

    /// When the newest commit was made.
    pub(crate) fn newest_at(&self) -> Option<Timestamp> {
        self.tail.lock().newest_at
    }

    /// Bytes of a segment.
    pub(crate) fn segment_size(&self) -> u64 {
        self.options.segment_size
    }

    /// Bytes that are free where it lies.
    pub(crate) fn free(&self) -> io::Result<u64> {
        self.disk.free(&self.dir)
    }

    /// Appends frames: one write, one `fdatasync`.
    ///
    /// After [`AppendError::Failed`] nothing may be appended any more.
    pub(crate) fn append(&self, group: &Group<'_>) -> Result<(), AppendError> {
        self.activity.note(group.lengths.len());
        let mut tail = self.tail.lock();
        let length = group.bytes.len() as u64;
        let segment = self.room(&mut tail, group.first, length)?;
        let file = segment.file();
        let end = segment.index.read().end;
        tail.write_ahead(&*file, end, length);
        if let Err(e) = file.write_at(group.bytes, end) {
            // What was written in part must not be taken for commits later: cut, or take nothing any more.
            let cut = file.set_len(end);
            (tail.reserved, tail.written) = (end, end);
            return Err(match cut {
                Ok(()) if is_full(&e) => AppendError::Full(e.to_string()),
                Ok(()) if is_passing(&e) => AppendError::Short(e.to_string()),
                Ok(()) => AppendError::Failed(format!("writing {}: {e}", segment.path.display())),
                Err(cut) => AppendError::Failed(format!("cutting back {}: {cut}", segment.path.display())),
            });
        }
        file.sync().map_err(|e| AppendError::Failed(format!("syncing {}: {e}", segment.path.display())))?;
        let mut index = segment.index.write();
        let mut at = end;
        for length in group.lengths {
            index.offsets.push(at as u32);
            at += u64::from(*length);
        }
        index.end = at;
        drop(index);
        tail.newest_at = Some(group.at);
        self.activity.note(group.lengths.len());
        self.newest.store((group.first.0 + group.lengths.len() as u64).saturating_sub(1), Ordering::Release);
        Ok(())
    }

    /// The segment that takes the next frames, with room reserved for them.
    fn room(&self, tail: &mut Tail, first: Revision, length: u64) -> Result<Arc<Segment>, AppendError> {
        let last = self.segments.read().last().cloned();
        let last = last.ok_or_else(|| AppendError::Failed("the journal has no segment".into()))?;
        let (end, empty) = {
            let index = last.index.read();
            (index.end, index.offsets.is_empty())
        };
        if tail.torn {
            last.file().set_len(end).map_err(|e| refused("cutting back", &e))?;
            (tail.torn, tail.reserved, tail.written) = (false, end, end);
        }
        if end + length <= tail.reserved {
            return Ok(last);
        }
        if empty || end + length <= self.options.segment_size {
            let wanted = self.options.segment_size.max(end + length);
            last.file().allocate(wanted).map_err(|e| refused("reserving room", &e))?;
            tail.reserved = wanted;
            return Ok(last);
        }
        let (segment, reserved) = self.add_segment(first, length).map_err(|e| refused("starting a segment", &e))?;
        (tail.reserved, tail.written) = reserved;
        self.segments.write().push(segment.clone());
        Ok(segment)
    }

    /// Reads one frame.
    pub(crate) fn read<T>(
        &self,
        revision: Revision,
        read: impl FnOnce(Frame<'_>) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let mut read = Some(read);
        let mut value = None;
        self.segment_of(revision)?.read(self.uid, revision, 1, 0, |frame| {
            if let Some(read) = read.take() {
                value = Some(read(frame)?);
            }
            Ok::<_, ReadError>(())
        })?;
        value.ok_or(ReadError::NoRevision(revision))
    }

    /// Reads frames from `from` to `to` (including it), in order.
    pub(crate) fn read_range<E: From<ReadError>>(
        &self,
        from: Revision,
        to: Revision,
        mut each: impl FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut next = from;
        loop {
            next = self.present(next);
            if next > to {
                return Ok(());
            }
            let frames = (to.0 - next.0 + 1) as usize;
            let segment = self.segment_of(next)?;
            next = Revision(segment.read(self.uid, next, frames, READ_AHEAD, &mut each)?);
        }
    }

    /// The revision itself, or the first one after a leap in which it was left out.
    pub(crate) fn present(&self, revision: Revision) -> Revision {
        let segments = self.segments.read();
        let after = segments.partition_point(|s| s.first <= revision);
        match segments.get(after) {
            Some(next) if next.leap.is_some_and(|leap| leap.follows < revision) => next.first,
            _ => revision,
        }
    }

    /// The first revision from `revision` on that is no hole; `None`: there is none.
    pub(crate) fn sound_from(&self, revision: Revision) -> Option<Revision> {
        let segments = self.segments.read();
        let at = segments.partition_point(|s| s.first <= revision).saturating_sub(1);
        segments.get(at..).unwrap_or_default().iter().find_map(|segment| segment.sound_from(revision))
    }

    /// Whose the store is: another one's after each copy that was put to use.
    pub(crate) fn store_uid(&self) -> StoreUid {
        let segments = self.segments.read();
        let newest = segments.iter().rev().find_map(|segment| Some(segment.leap?.uid(self.uid, segment.first)));
        newest.unwrap_or(self.uid)
    }

    fn segment_of(&self, revision: Revision) -> Result<Arc<Segment>, ReadError> {
        let segments = self.segments.read();
        let after = segments.partition_point(|s| s.first <= revision);
        let segment = after.checked_sub(1).and_then(|n| segments.get(n)).cloned();
        segment.filter(|_| revision <= self.newest()).ok_or(ReadError::NoRevision(revision))
    }
}

impl Tail {
    /// Writes zeros where frames will come. The first write into reserved room changes what the file system knows of the
    /// file, and each sync would wait for that to be written too.
    fn write_ahead(&mut self, file: &dyn File, end: u64, length: u64) {
        if end + length <= self.written {
            return;
        }
        let to = self.reserved.min(end + length + AHEAD);
        // Nothing depends on it; if there is no room for it, the frames will say so.
        if write_zeros(file, self.written.max(end), to).is_ok() {
            self.written = to;
        }
    }
}

/// What an append is refused with where nothing of it was written.
pub(crate) fn refused(what: &str, error: &io::Error) -> AppendError {
    match error {
        e if is_full(e) => AppendError::Full(e.to_string()),
        e if is_passing(e) => AppendError::Short(format!("{what}: {e}")),
        e => AppendError::Failed(format!("{what}: {e}")),
    }
}

fn write_zeros(file: &dyn File, from: u64, to: u64) -> io::Result<()> {
    let mut at = from;
    while at < to {
        let zeros = ZEROS.get(..(to - at).min(ZEROS.len() as u64) as usize).unwrap_or_default();
        file.write_at(zeros, at)?;
        at += zeros.len() as u64;
    }
    Ok(())
}
