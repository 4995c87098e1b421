//! What is done beside the writer: a file ready for the next segment, and seals for finished ones. Knows no payload.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use opora_core::model::Revision;
use opora_core::time::Timestamp;

use super::frame::{SEGMENT_HEADER, SEGMENT_VERSION, segment_header};
use super::seal::Seal;
use super::segment::{Index, Opened, Segment, seal_path, segment_path};
use super::{Journal, READ_AHEAD, write_zeros};
use crate::api::ReadError;
use crate::disk::File;

/// How much of a spare is written with zeros at once.
pub(super) const SPARE_STEP: u64 = 512 << 10;

/// A file in reserve.
pub(super) struct Spare {
    pub(super) file: Arc<dyn File>,
    /// It has the length of a segment, and is written with zeros.
    pub(super) filled: bool,
}

impl Journal {
    /// Makes the segment that begins with `first`; it is durable when this returns. Says how many bytes of it are
    /// reserved, and how many written.
    pub(super) fn add_segment(&self, first: Revision, length: u64) -> io::Result<(Arc<Segment>, (u64, u64))> {
        // Held until the file has its name: another spare must not be made under the name that this one still has.
        let mut kept = self.spare.lock();
        let spare = match kept.take() {
            Some(spare) => spare,
            None => self.make_spare()?,
        };
        let path = segment_path(&self.dir, first);
        let wanted = self.options.segment_size.max(SEGMENT_HEADER as u64 + length);
        let written = if spare.filled { self.options.segment_size } else { SEGMENT_HEADER as u64 };
        let file = spare.file.clone();
        if let Err(e) = self.name_spare(&spare, first, wanted, &path) {
            // It still has its own name, and is taken for the next attempt.
            *kept = Some(spare);
            return Err(e);
        }
        self.names.sync()?;
        drop(kept);
        let index = Index { end: SEGMENT_HEADER as u64, ..Index::default() };
        let opened = Opened { file, packed: false, leap: None };
        Ok((Arc::new(Segment::new(first, opened, path, index, false)), (wanted, written)))
    }

    /// Makes a segment of a spare: room, header, name.
    fn name_spare(&self, spare: &Spare, first: Revision, wanted: u64, path: &Path) -> io::Result<()> {
        if !spare.filled || wanted > self.options.segment_size {
            spare.file.allocate(wanted)?;
        }
        spare.file.write_at(&segment_header(self.uid, first, None, SEGMENT_VERSION), 0)?;
        spare.file.sync()?;
        self.disk.rename(&self.spare_path(), path)
    }

    /// Has a spare ready; where that fails, keeping house tries again.
    pub(super) fn keep_spare(&self) {
        let mut kept = self.spare.lock();
        if kept.is_none() {
            *kept = self.make_spare().ok();
        }
    }

    fn make_spare(&self) -> io::Result<Spare> {
        Ok(Spare { file: self.disk.create(&self.spare_path())?, filled: false })
    }

    pub(super) fn spare_path(&self) -> PathBuf {
        self.dir.join("spare.tmp")
    }

    /// What is better done beside the writer: room for the next segment, seals for finished ones.
    pub(crate) fn housekeep(&self) -> io::Result<()> {
        // One at a time: two that seal the same segment would take each other's file away.
        let _one = self.house.lock();
        let segments = self.segments.read().clone();
        let Some((last, finished)) = segments.split_last() else { return Ok(()) };
        let sealed = self.seal_all(finished);
        // Where one can't be sealed, the writer needs its next segment all the same.
        self.prepare_spare(last)?;
        sealed
    }

    /// Seals what is not sealed, in order: each seal names the one before it.
    fn seal_all(&self, finished: &[Arc<Segment>]) -> io::Result<()> {
        for (n, segment) in finished.iter().enumerate() {
            if !segment.is_sealed() {
                let before = n.checked_sub(1).and_then(|b| finished.get(b));
                self.seal(segment, before)?;
            }
        }
        Ok(())
    }

    /// Has a spare, and fills it once the last segment is half full.
    fn prepare_spare(&self, last: &Segment) -> io::Result<()> {
        let half_full = last.index.read().end * 2 > self.options.segment_size;
        let mut kept = self.spare.lock();
        let spare = match &mut *kept {
            Some(spare) => spare,
            none => none.insert(self.make_spare()?),
        };
        if half_full && !spare.filled && self.disk.free(&self.dir)? > self.options.segment_size * 2 {
            spare.file.allocate(self.options.segment_size)?;
            let mut at = 0;
            while at < self.options.segment_size {
                let to = self.options.segment_size.min(at + SPARE_STEP);
                write_zeros(&*spare.file, at, to)?;
                // A little at a time: the writer's syncs wait for what is under way.
                spare.file.sync()?;
                at = to;
            }
            spare.filled = true;
        }
        Ok(())
    }

    fn seal(&self, segment: &Segment, before: Option<&Arc<Segment>>) -> io::Result<()> {
        let (offsets, end) = {
            let index = segment.index.read();
            (index.offsets.clone(), index.end)
        };
        let before = before
            .and_then(|b| Seal::read(&*self.disk, &seal_path(&self.dir, b.first), b.first))
            .map_or([0; 32], |seal| seal.own_hash());
        let hash = hash_file(&*segment.file(), end)?;
        let mut last_at = Timestamp::default();
        // One before a leap may hold nothing.
        if !offsets.is_empty() {
            let read = segment.read(self.uid, segment.last(), 1, 0, |frame| {
                last_at = frame.at;
                Ok::<_, ReadError>(())
            });
            read.map_err(io::Error::other)?;
        }
        // What was reserved and not used goes back.
        // A compressed one without a seal had one before: it has nothing to give back.
        if !segment.is_packed() {
            let file = segment.file();
            file.set_len(end)?;
            file.sync()?;
        }
        let seal = Seal { first: segment.first, end, last_at, hash, before, offsets };
        seal.write(&*self.disk, &seal_path(&self.dir, segment.first))?;
        segment.sealed.store(true, Ordering::Release);
        Ok(())
    }
}

/// BLAKE3 of the first `end` bytes of a file.
pub(super) fn hash_file(file: &dyn File, end: u64) -> io::Result<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; READ_AHEAD as usize];
    let mut at = 0;
    while at < end {
        let wanted = (end - at).min(READ_AHEAD) as usize;
        let part = buffer.get_mut(..wanted).unwrap_or_default();
        let read = crate::disk::read_full(file, part, at)?;
        if read < wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hasher.update(part);
        at += wanted as u64;
    }
    Ok(*hasher.finalize().as_bytes())
}
