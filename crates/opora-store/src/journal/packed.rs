//! A finished segment, compressed: blocks that can each be read without the others, then a table of them.
//!
//! Reads as the segment did before, at the same offsets: seals, hashes and whoever knows where a frame lies need not know
//! of it. The first block holds the segment's own header as well.

use std::io;
use std::sync::Arc;

use opora_core::model::Revision;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::frame::{Leap, PACKED_VERSION, SEGMENT_HEADER, check_header, segment_header};
use crate::api::StoreUid;
use crate::disk::{File, read_full};

const MAGIC: [u8; 8] = *b"OPORAPK1";
/// Bytes of a block in the table: its length in the file, the CRC of what lies there.
const ENTRY: usize = 8;
/// Bytes at the end of the file: size before, bytes of a block, how many blocks, CRC of table and these, magic.
const FOOTER: usize = 8 + 8 + 8 + 4 + 8;
/// 3 is zstd's own default.
const LEVEL: i32 = 3;
/// No block is larger: what a table says beyond it is damage.
const LARGEST: u64 = 16 << 20;

/// What stands in place of a block that can't be read; no frame begins so.
const UNREADABLE: u8 = 0xFF;

/// A block by its segment's first revision and its place.
type Key = (Revision, u32);

/// Recently read blocks of all segments.
pub(super) type Blocks = Cache<Key, Arc<[u8]>, ByLength>;

/// Weighs a block by its bytes.
#[derive(Clone, Debug)]
pub(super) struct ByLength;

impl Weighter<Key, Arc<[u8]>> for ByLength {
    fn weight(&self, _: &Key, block: &Arc<[u8]>) -> u64 {
        block.len() as u64
    }
}

/// Keeps so many bytes of blocks.
pub(super) fn blocks(bytes: u64) -> Arc<Blocks> {
    // Blocks of the usual size; with others it keeps more or fewer of them.
    Arc::new(Cache::with_weighter((bytes / (32 << 10)).max(1) as usize, bytes, ByLength))
}

/// Where a block lies in the file.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: u64,
    length: u32,
    sum: u32,
}

/// A compressed segment.
pub(super) struct Packed {
    first: Revision,
    file: Arc<dyn File>,
    /// Bytes before compression.
    size: u64,
    /// Bytes of a block before compression; the last one may have fewer.
    block: u64,
    places: Vec<Place>,
    read: Arc<Blocks>,
}

/// If a segment's header says that it is compressed: the leap that it begins with, if any.
#[expect(clippy::option_option, reason = "whether it is compressed, and then whether it leaps")]
pub(super) fn packed_header(uid: StoreUid, first: Revision, header: &[u8]) -> Option<Option<Leap>> {
    check_header(uid, first, PACKED_VERSION, header).ok()
}

/// The header of a compressed segment.
pub(super) fn header(uid: StoreUid, first: Revision, leap: Option<Leap>) -> [u8; SEGMENT_HEADER] {
    segment_header(uid, first, leap, PACKED_VERSION)
}

/// Writes what `segment` holds up to `end` into `file`, compressed, after that header. `step` is called after each block that was written,
/// with how many bytes that were; an error of it ends the work.
pub(super) fn pack(
    header: &[u8; SEGMENT_HEADER],
    segment: &dyn File,
    end: u64,
    block: usize,
    file: &dyn File,
    mut step: impl FnMut(u64) -> io::Result<()>,
) -> io::Result<()> {
    file.write_at(header, 0)?;
    let mut at = SEGMENT_HEADER as u64;
    let (mut tail, mut buffer, mut from) = (Vec::new(), vec![0; block], 0);
    while from < end {
        let wanted = (end - from).min(block as u64) as usize;
        let part = buffer.get_mut(..wanted).unwrap_or_default();
        if read_full(segment, part, from)? < wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let packed = zstd::bulk::compress(part, LEVEL)?;
        file.write_at(&packed, at)?;
        tail.extend_from_slice(&(packed.len() as u32).to_le_bytes());
        tail.extend_from_slice(&crc32fast::hash(&packed).to_le_bytes());
        (at, from) = (at + packed.len() as u64, from + wanted as u64);
        step(packed.len() as u64)?;
    }
    let count = (tail.len() / ENTRY) as u64;
    for number in [end, block as u64, count] {
        tail.extend_from_slice(&number.to_le_bytes());
    }
    tail.extend_from_slice(&crc32fast::hash(&tail).to_le_bytes());
    tail.extend_from_slice(&MAGIC);
    file.write_at(&tail, at)
}

impl Packed {
    /// Reads the table of a file whose header says that it is compressed.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] where the table is damaged; what the file system says.
    pub(super) fn open(first: Revision, file: Arc<dyn File>, read: Arc<Blocks>) -> io::Result<Self> {
        let length = file.len()?;
        let footer_at = length.checked_sub(FOOTER as u64).ok_or_else(no_table)?;
        let mut footer = [0; FOOTER];
        read_full(&*file, &mut footer, footer_at)?;
        let number = |at: usize| Some(u64::from_le_bytes(footer.get(at..at + 8)?.try_into().ok()?));
        let (Some(size), Some(block), Some(count)) = (number(0), number(8), number(16)) else { return Err(no_table()) };
        let sane = footer.ends_with(&MAGIC) && (1..=LARGEST).contains(&block) && count == size.div_ceil(block);
        let table = count.checked_mul(ENTRY as u64).filter(|table| sane && *table <= footer_at).ok_or_else(no_table)?;
        let mut tail = vec![0; table as usize + FOOTER];
        read_full(&*file, &mut tail, footer_at - table)?;
        let (body, rest) = tail.split_at(table as usize + 24);
        if !rest.starts_with(&crc32fast::hash(body).to_le_bytes()) {
            return Err(no_table());
        }
        let mut start = SEGMENT_HEADER as u64;
        let mut places = Vec::with_capacity(count as usize);
        for entry in body.chunks_exact(ENTRY).take(count as usize) {
            let four = |at: usize| Some(u32::from_le_bytes(entry.get(at..at + 4)?.try_into().ok()?));
            let (Some(length), Some(sum)) = (four(0), four(4)) else { return Err(no_table()) };
            places.push(Place { start, length, sum });
            start += u64::from(length);
        }
        if start != footer_at - table {
            return Err(no_table());
        }
        Ok(Self { first, file, size, block, places, read })
    }

    /// A block as it was before.
    fn unpack(&self, at: usize) -> io::Result<Arc<[u8]>> {
        let key = (self.first, at as u32);
        if let Some(block) = self.read.get(&key) {
            return Ok(block);
        }
        let place = self.places.get(at).ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut packed = vec![0; place.length as usize];
        let whole = read_full(&*self.file, &mut packed, place.start)? == packed.len();
        let wanted = self.block.min(self.size - at as u64 * self.block) as usize;
        let unpacked = if whole && crc32fast::hash(&packed) == place.sum {
            zstd::bulk::decompress(&packed, wanted).ok().filter(|block| block.len() == wanted)
        } else {
            None
        };
        let block: Arc<[u8]> =
            unpacked.ok_or_else(|| damaged("a compressed block does not match its checksum"))?.into();
        self.read.insert(key, block.clone());
        Ok(block)
    }
}

fn damaged(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn no_table() -> io::Error {
    damaged("the table of its compressed blocks is damaged")
}

fn finished<T>() -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "a finished segment is not written to"))
}

impl File for Packed {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        let block = self.unpack((offset / self.block) as usize)?;
        let from = block.get((offset % self.block) as usize..).unwrap_or_default();
        let read = from.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..read), from.get(..read)) {
            to.copy_from_slice(from);
        }
        Ok(read)
    }

    fn read_what_can_be(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.size as usize);
        for at in 0..self.places.len() {
            match self.unpack(at) {
                Ok(block) => bytes.extend_from_slice(&block),
                Err(e) if e.kind() == io::ErrorKind::InvalidData => {
                    let end = self.size.min(bytes.len() as u64 + self.block);
                    bytes.resize(end as usize, UNREADABLE);
                }
                Err(e) => return Err(e),
            }
        }
        Ok(bytes)
    }

    fn write_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        finished()
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        finished()
    }

    fn allocate(&self, _: u64) -> io::Result<()> {
        finished()
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.size)
    }
}
