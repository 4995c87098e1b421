//! Opening a damaged journal to read what is sound: what is not has a hole in its place, and reading it says so. Changes
//! nothing on the disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use opora_core::model::Revision;
use opora_core::time::Timestamp;
use parking_lot::{Mutex, RwLock};

use super::frame::{FRAME_HEADER, Leap, SEGMENT_HEADER, SEGMENT_VERSION, check_header, next_magic, read_frame};
use super::packed::{Blocks, Packed, blocks};
use super::seal::Seal;
use super::segment::{HOLE, Index, Opened, Segment, first_in, follows, seal_path, segment_path};
use super::{Journal, JournalError, JournalOptions, Tail};
use crate::api::StoreUid;
use crate::disk::{Disk, File};
use crate::priority::Activity;

/// The most revisions that are taken for gone where nothing but a name or a number says that they were there: of a
/// damaged file such a number may be anything.
const MOST_GONE: u64 = 50_000_000;

/// Is told of each revision that can't be read, with the bytes that stand where its payload should, if that is known.
type Ruin<'a> = &'a mut dyn FnMut(Revision, Option<&[u8]>);

/// What a segment turned out to hold.
struct Found {
    first: Revision,
    leap: Option<Leap>,
    path: PathBuf,
    file: Arc<dyn File>,
    packed: bool,
    index: Index,
    last_at: Option<Timestamp>,
    /// What stands where a payload should after the last good frame.
    tail: Option<Vec<u8>>,
}

impl Found {
    /// The revision after its last one.
    fn next(&self) -> Revision {
        Revision(self.first.0 + self.index.offsets.len() as u64)
    }

    fn good(&mut self, at: usize, length: usize, time: Timestamp) {
        self.index.offsets.push(at as u32);
        self.index.lengths.push(length as u32);
        self.index.end = (at + length) as u64;
        self.last_at = Some(time);
    }

    /// Revisions up to `before` (without it) can't be read.
    fn holes(&mut self, before: Revision, bytes: Option<&[u8]>, ruin: Ruin<'_>) {
        let bytes = bytes.filter(|_| self.next().next() == before);
        while self.next() < before {
            ruin(self.next(), bytes);
            self.index.offsets.push(HOLE);
            self.index.lengths.push(0);
        }
    }
}

impl Journal {
    /// Opens what can be read of the journal in `dir`. `acknowledged` is known to have been there.
    ///
    /// # Errors
    /// What the file system says of the directory.
    pub(crate) fn open_sound(
        disk: Arc<dyn Disk>,
        dir: &Path,
        uid: StoreUid,
        options: JournalOptions,
        acknowledged: Revision,
        ruin: Ruin<'_>,
    ) -> Result<Self, JournalError> {
        let io = |e| JournalError::Io(dir.to_owned(), e);
        let mut firsts: Vec<Revision> = disk.list(dir).map_err(io)?.iter().filter_map(|n| first_in(n)).collect();
        firsts.sort_unstable();
        let blocks = blocks(options.block_cache);
        let mut found: Vec<Found> = Vec::new();
        for first in firsts {
            let Some(mut segment) = open_segment(&*disk, dir, uid, first, &blocks, ruin) else { continue };
            let before = follows(segment.first, segment.leap).next();
            match found.last_mut() {
                // A second file with the same revisions is not what was written.
                Some(last) if before < last.next() => continue,
                Some(last) if before.0 - last.next().0 <= MOST_GONE => last.holes(before, None, ruin),
                None if before > Revision(1) && before.0 <= MOST_GONE => match segment.leap {
                    None => begin_with_holes(&mut segment, before, ruin),
                    // What is gone lies before the leap: a segment of its own, in which everything is a hole.
                    Some(_) => found.push(holes_before(&segment, dir, before, ruin)),
                },
                _ => {}
            }
            found.push(segment);
        }
        if let Some(last) = found.last_mut().filter(|last| acknowledged.0.saturating_sub(last.next().0) <= MOST_GONE) {
            let tail = last.tail.take();
            last.holes(acknowledged.next(), tail.as_deref(), ruin);
        }
        let newest = found.last().map_or(Revision::ZERO, |last| Revision(last.next().0.saturating_sub(1)));
        let newest_at = found.iter().rev().find_map(|segment| segment.last_at);
        let segments = found.into_iter().map(|f| {
            let opened = Opened { file: f.file, packed: f.packed, leap: f.leap };
            Arc::new(Segment::new(f.first, opened, f.path, f.index, true))
        });
        Ok(Self {
            names: disk.open_dir(dir).map_err(io)?,
            disk,
            dir: dir.to_owned(),
            uid,
            options,
            blocks,
            segments: RwLock::new(segments.collect()),
            tail: Mutex::new(Tail { reserved: 0, written: 0, newest_at, torn: false }),
            newest: AtomicU64::new(newest.0),
            spare: Mutex::new(None),
            house: Mutex::default(),
            packing: Mutex::default(),
            activity: Activity::default(),
        })
    }
}

/// The revisions before the first segment are gone: they become holes in it, so that a history that leads there says so.
fn begin_with_holes(segment: &mut Found, before: Revision, ruin: Ruin<'_>) {
    let gone = before.0 - 1;
    for revision in 1..=gone {
        ruin(Revision(revision), None);
    }
    segment.first = Revision(1);
    segment.index.offsets.splice(0..0, (0..gone).map(|_| HOLE));
    segment.index.lengths.splice(0..0, (0..gone).map(|_| 0));
}

/// The revisions up to `before` (without it) that are gone. Nothing is read from the file of the segment after them.
fn holes_before(segment: &Found, dir: &Path, before: Revision, ruin: Ruin<'_>) -> Found {
    let first = Revision(1);
    let mut holes = Found {
        first,
        leap: None,
        path: segment_path(dir, first),
        file: segment.file.clone(),
        packed: segment.packed,
        index: Index::default(),
        last_at: None,
        tail: None,
    };
    holes.holes(before, None, ruin);
    holes
}

/// Reads a segment through; `None`: the file can't even be opened.
fn open_segment(
    disk: &dyn Disk,
    dir: &Path,
    uid: StoreUid,
    first: Revision,
    blocks: &Arc<Blocks>,
    ruin: Ruin<'_>,
) -> Option<Found> {
    let path = segment_path(dir, first);
    let raw = disk.open(&path).inspect_err(|error| unreadable(&path, error)).ok()?;
    // Whether it is compressed is told by its end too, where its beginning can't be read.
    let (file, packed): (Arc<dyn File>, bool) = match Packed::open(first, raw.clone(), blocks.clone()) {
        Ok(packed) => (Arc::new(packed), true),
        Err(_) => (raw, false),
    };
    let bytes = file.read_what_can_be().inspect_err(|error| unreadable(&path, error)).unwrap_or_default();
    let leap = check_header(uid, first, SEGMENT_VERSION, &bytes).ok().flatten();
    let index = Index { end: SEGMENT_HEADER as u64, ..Index::default() };
    let mut found = Found { first, leap, path, file, packed, index, last_at: None, tail: None };
    match Seal::read(disk, &seal_path(dir, first), first) {
        Some(seal) => by_seal(&mut found, uid, &bytes, &seal, ruin),
        None => by_reading(&mut found, uid, &bytes, ruin),
    }
    Some(found)
}

fn unreadable(path: &Path, error: &std::io::Error) {
    tracing::error!(path = %path.display(), %error, "a segment of the journal can't be read");
}

/// The seal knows where every frame lies.
fn by_seal(found: &mut Found, uid: StoreUid, bytes: &[u8], seal: &Seal, ruin: Ruin<'_>) {
    for (n, offset) in seal.offsets.iter().enumerate() {
        let (revision, at) = (found.next(), *offset as usize);
        match bytes.get(at..).and_then(|rest| read_frame(uid, rest)) {
            Some((frame, length)) if frame.revision == revision => found.good(at, length, frame.at),
            _ => {
                let end = seal.offsets.get(n + 1).map_or(seal.end as usize, |next| *next as usize);
                found.holes(revision.next(), bytes.get(at + FRAME_HEADER..end), ruin);
            }
        }
    }
}

/// Goes from frame to frame, and from a bad one to the next that is good.
fn by_reading(found: &mut Found, uid: StoreUid, bytes: &[u8], ruin: Ruin<'_>) {
    let mut at = SEGMENT_HEADER;
    while let Some((next, length)) = next_good(found.next(), uid, bytes, at) {
        let Some((frame, _)) = bytes.get(next..).and_then(|rest| read_frame(uid, rest)) else { return };
        found.holes(frame.revision, bytes.get(at + FRAME_HEADER..next), ruin);
        found.good(next, length, frame.at);
        at = next + length;
    }
    let payload = at + FRAME_HEADER;
    let length = bytes.get(at + 4..at + 8).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    let tail = length.and_then(|length| bytes.get(payload..payload.checked_add(length as usize)?));
    found.tail = tail.filter(|tail| !tail.is_empty()).map(<[u8]>::to_vec);
}

/// Where the next good frame begins that holds `revision` or a later one, and how long it is.
fn next_good(revision: Revision, uid: StoreUid, bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut from = at;
    loop {
        let read = bytes.get(from..).and_then(|rest| read_frame(uid, rest));
        if let Some((frame, length)) = read.filter(|(frame, _)| frame.revision >= revision) {
            return (frame.revision.0 - revision.0 <= MOST_GONE).then_some((from, length));
        }
        from = next_magic(bytes, from + 1)?;
    }
}
