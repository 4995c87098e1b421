//! What is kept beside a segment that is finished: its hash, the one of the seal before, where its frames lie.

use std::io;
use std::path::Path;

use opora_core::model::Revision;
use opora_core::time::Timestamp;

use crate::disk::{Disk, read_all, replace};

const MAGIC: [u8; 8] = *b"OPORASL1";
const FIXED: usize = 8 + 8 + 8 + 8 + 8 + 32 + 32;

/// A finished segment's seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seal {
    /// The segment's first revision.
    pub(super) first: Revision,
    /// Where its last frame ends.
    pub(super) end: u64,
    /// The time of its last commit; zero where it has none.
    pub(super) last_at: Timestamp,
    /// BLAKE3 of the segment up to its end.
    pub(super) hash: [u8; 32],
    /// BLAKE3 of the seal before it; zeros for the first.
    pub(super) before: [u8; 32],
    /// Where its frames begin; none in a segment that nothing was appended to before a leap.
    pub(super) offsets: Vec<u32>,
}

impl Seal {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FIXED + self.offsets.len() * 4 + 4);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.first.0.to_le_bytes());
        bytes.extend_from_slice(&(self.offsets.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&self.end.to_le_bytes());
        bytes.extend_from_slice(&self.last_at.as_millis().to_le_bytes());
        bytes.extend_from_slice(&self.hash);
        bytes.extend_from_slice(&self.before);
        for offset in &self.offsets {
            bytes.extend_from_slice(&offset.to_le_bytes());
        }
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
        if !body.starts_with(&MAGIC) || sum != crc32fast::hash(body).to_le_bytes() {
            return None;
        }
        let eight = |at: usize| Some(u64::from_le_bytes(body.get(at..at + 8)?.try_into().ok()?));
        let hash = |at: usize| -> Option<[u8; 32]> { body.get(at..at + 32)?.try_into().ok() };
        let offsets: Vec<u32> = body
            .get(FIXED..)?
            .chunks_exact(4)
            .map(|c| c.try_into().map(u32::from_le_bytes))
            .collect::<Result<_, _>>()
            .ok()?;
        let seal = Self {
            first: Revision(eight(8)?),
            end: eight(24)?,
            last_at: Timestamp::from_millis(eight(32)?.cast_signed()),
            hash: hash(40)?,
            before: hash(72)?,
            offsets,
        };
        (seal.offsets.len() as u64 == eight(16)?).then_some(seal)
    }

    /// BLAKE3 of the seal itself, which the next one names.
    pub(super) fn own_hash(&self) -> [u8; 32] {
        *blake3::hash(&self.encode()).as_bytes()
    }

    /// Reads one; `None`: it is not there, or damaged, or another segment's, and is made anew from the segment.
    pub(super) fn read(disk: &dyn Disk, path: &Path, first: Revision) -> Option<Self> {
        let file = disk.open(path).ok()?;
        let seal = Self::decode(&read_all(&*file).ok()?)?;
        (seal.first == first).then_some(seal)
    }

    /// Writes it, durably.
    pub(super) fn write(&self, disk: &dyn Disk, path: &Path) -> io::Result<()> {
        replace(disk, path, &self.encode())
    }
}
