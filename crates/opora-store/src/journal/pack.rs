//! Compresses finished segments, beside everything else: nobody waits for it, and nothing is lost where it is cut off.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::Journal;
use super::house::{SPARE_STEP, hash_file};
use super::packed::{Packed, header, pack};
use super::seal::Seal;
use super::segment::{Segment, seal_path};

/// What came of an attempt to compress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// A segment is compressed now.
    Done,
    /// It was to stop before it had done one.
    Stopped,
    /// All finished segments are compressed.
    Nothing,
}

impl Journal {
    /// How many segments are finished and not yet compressed.
    pub(crate) fn unpacked(&self) -> usize {
        self.segments.read().iter().filter(|segment| segment.can_be_packed()).count()
    }

    /// Compresses the oldest segment that is finished and not compressed, as long as `goes_on`. Its file is replaced only
    /// once its compressed form is durable and was read back as what the seal says.
    ///
    /// # Errors
    /// Of the file system, and where the segment is damaged; it stays as it is.
    pub(crate) fn pack_next(&self, goes_on: &dyn Fn() -> bool) -> io::Result<Packing> {
        let _one = self.packing.lock();
        let next = self.segments.read().iter().find(|segment| segment.can_be_packed()).cloned();
        let Some(segment) = next else { return Ok(Packing::Nothing) };
        let seal = Seal::read(&*self.disk, &seal_path(&self.dir, segment.first), segment.first)
            .ok_or_else(|| io::Error::other("its seal can't be read"))?;
        let packed = self.pack(&segment, &seal, goes_on);
        if packed.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::InvalidData) {
            segment.set_aside();
        }
        if !matches!(packed, Ok(Packing::Done)) {
            // What was begun is of no use; if it can't be removed, the next start does.
            let _ = self.disk.remove(&self.packing_path());
        }
        packed
    }

    fn pack(&self, segment: &Arc<Segment>, seal: &Seal, goes_on: &dyn Fn() -> bool) -> io::Result<Packing> {
        let temporary = self.packing_path();
        let file = self.disk.create(&temporary)?;
        let mut unsynced = 0;
        let header = header(self.uid, segment.first, segment.leap);
        let written = pack(&header, &*segment.file(), seal.end, self.options.block, &*file, |bytes| {
            unsynced += bytes;
            if unsynced >= SPARE_STEP {
                // A little at a time: the writer's syncs wait for what is under way.
                file.sync()?;
                unsynced = 0;
            }
            self.activity.give_way();
            if goes_on() { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
        });
        match written {
            Ok(()) => {}
            Err(_) if !goes_on() => return Ok(Packing::Stopped),
            Err(e) => return Err(e),
        }
        file.sync()?;
        // Not from the blocks that are kept in memory, and not into them.
        let read_back = Packed::open(segment.first, file.clone(), super::packed::blocks(1))?;
        if hash_file(&read_back, seal.end)? != seal.hash {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it does not have the hash of its seal"));
        }
        self.disk.rename(&temporary, &segment.path)?;
        self.names.sync()?;
        segment.is_now_packed(Packed::open(segment.first, file, self.blocks.clone())?);
        Ok(Packing::Done)
    }

    pub(super) fn packing_path(&self) -> PathBuf {
        self.dir.join("packed.tmp")
    }
}
