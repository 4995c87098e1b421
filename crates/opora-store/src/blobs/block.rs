//! How content lies in a file: blocks compressed one by one, then a table of them, so that any range can be read and
//! verified without the rest.

use bytes::Bytes;

/// Bytes of a block before it is compressed.
pub(super) const BLOCK: usize = 256 << 10;
/// Bytes at the end of a file that say where its table is.
pub(super) const FOOTER: usize = 32;
const MAGIC: [u8; 8] = *b"OPORABL1";
const ENTRY: usize = 20;
/// 3 is zstd's own default.
const LEVEL: i32 = 3;

/// A block as it lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Where it begins.
    pub(super) start: u64,
    /// How long it is.
    pub(super) length: u32,
    /// The first half of the BLAKE3 of what is in it.
    hash: [u8; 16],
}

/// Where everything is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    /// Bytes of the content.
    pub(super) size: u64,
    /// The blocks in order.
    pub(super) blocks: Vec<Block>,
}

fn short(bytes: &[u8]) -> [u8; 16] {
    let mut hash = [0; 16];
    for (place, byte) in hash.iter_mut().zip(blake3::hash(bytes).as_bytes()) {
        *place = *byte;
    }
    hash
}

impl Table {
    /// Compresses the next block; `None`: zstd refuses.
    pub(super) fn push(&mut self, content: &[u8]) -> std::io::Result<Bytes> {
        let packed = zstd::bulk::compress(content, LEVEL)?;
        let start = self.blocks.last().map_or(0, |b| b.start + u64::from(b.length));
        self.blocks.push(Block { start, length: packed.len() as u32, hash: short(content) });
        self.size += content.len() as u64;
        Ok(packed.into())
    }

    /// The end of the file: the table, and where it is.
    pub(super) fn end(&self) -> Bytes {
        let mut bytes = Vec::with_capacity(self.blocks.len() * ENTRY + FOOTER);
        for block in &self.blocks {
            bytes.extend_from_slice(&block.length.to_le_bytes());
            bytes.extend_from_slice(&block.hash);
        }
        bytes.extend_from_slice(&self.size.to_le_bytes());
        bytes.extend_from_slice(&(self.blocks.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes.extend_from_slice(&MAGIC);
        bytes.into()
    }

    /// How long the table is, from the last bytes of a file.
    pub(super) fn length(footer: &[u8]) -> Option<u64> {
        let blocks = u64::from_le_bytes(footer.get(8..16)?.try_into().ok()?);
        footer.ends_with(&MAGIC).then_some(blocks.checked_mul(ENTRY as u64)?.checked_add(FOOTER as u64)?)
    }

    /// Reads the end of a file.
    pub(super) fn read(end: &[u8]) -> Option<Self> {
        let body = end.strip_suffix(&MAGIC)?;
        let (body, sum) = body.split_at_checked(body.len().checked_sub(4)?)?;
        if sum != crc32fast::hash(body).to_le_bytes() {
            return None;
        }
        let (entries, rest) = body.split_at_checked(body.len().checked_sub(FOOTER - 12)?)?;
        let mut table = Self { size: u64::from_le_bytes(rest.get(..8)?.try_into().ok()?), blocks: Vec::new() };
        let mut start = 0;
        for entry in entries.chunks_exact(ENTRY) {
            let length = u32::from_le_bytes(entry.get(..4)?.try_into().ok()?);
            table.blocks.push(Block { start, length, hash: entry.get(4..)?.try_into().ok()? });
            start += u64::from(length);
        }
        Some(table)
    }
}

impl Block {
    /// What is in it; `None`: it is damaged.
    pub(super) fn unpack(&self, packed: &[u8]) -> Option<Bytes> {
        let content = zstd::bulk::decompress(packed, BLOCK).ok()?;
        (short(&content) == self.hash).then(|| content.into())
    }
}
