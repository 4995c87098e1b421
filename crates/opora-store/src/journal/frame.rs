//! How a commit lies in a segment, and how a segment begins.
//!
//! A frame: magic, length of the payload, CRC of what follows and of the store's uid, revision, time, the newest
//! revision that was durable before this frame was written, payload. That last revision is how a bad frame is judged:
//! one that a later frame calls durable is damage, one that none calls durable is the torn end of an append.

use opora_core::model::Revision;
use opora_core::time::Timestamp;

use crate::api::StoreUid;

/// Bytes of a frame before its payload.
pub(super) const FRAME_HEADER: usize = 36;
/// Bytes of a segment before its first frame.
pub(crate) const SEGMENT_HEADER: usize = 64;
/// The version of the form of segments.
pub(crate) const SEGMENT_VERSION: u8 = 1;
/// The version that says that a segment is compressed.
pub(super) const PACKED_VERSION: u8 = 2;
const FRAME_MAGIC: [u8; 4] = [0xF5, b'o', b'p', 0xA7];
const SEGMENT_MAGIC: [u8; 8] = *b"OPORAJNL";
/// No payload is longer: a request is 1 MiB, a batch 1,000 tickets.
const MAX_PAYLOAD: usize = 1 << 30;

/// A frame that was read, its CRC checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    /// The commit's revision.
    pub(crate) revision: Revision,
    /// The commit's time.
    pub(crate) at: Timestamp,
    /// The newest revision that was durable before it was written.
    pub(crate) durable: Revision,
    /// The encoded commit.
    pub(crate) payload: &'a [u8],
}

fn four(bytes: &[u8], at: usize) -> Option<[u8; 4]> {
    bytes.get(at..at + 4)?.try_into().ok()
}

fn eight(bytes: &[u8], at: usize) -> Option<[u8; 8]> {
    bytes.get(at..at + 8)?.try_into().ok()
}

fn crc(uid: StoreUid, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(uid.as_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

/// Appends a frame; `payload` writes what it holds.
pub(crate) fn write_frame(
    uid: StoreUid,
    revision: Revision,
    at: Timestamp,
    durable: Revision,
    out: &mut Vec<u8>,
    payload: impl FnOnce(&mut Vec<u8>),
) {
    let start = out.len();
    out.extend_from_slice(&FRAME_MAGIC);
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&revision.0.to_le_bytes());
    out.extend_from_slice(&at.as_millis().to_le_bytes());
    out.extend_from_slice(&durable.0.to_le_bytes());
    payload(out);
    let length = (out.len() - start - FRAME_HEADER) as u32;
    let sum = crc(uid, out.get(start + 12..).unwrap_or_default());
    for (at, bytes) in [(start + 4, length.to_le_bytes()), (start + 8, sum.to_le_bytes())] {
        if let Some(place) = out.get_mut(at..at + 4) {
            place.copy_from_slice(&bytes);
        }
    }
}

/// The frame at the beginning of `bytes`, and how many bytes it takes; `None`: there is no whole one.
pub(crate) fn read_frame(uid: StoreUid, bytes: &[u8]) -> Option<(Frame<'_>, usize)> {
    if four(bytes, 0)? != FRAME_MAGIC {
        return None;
    }
    let length = u32::from_le_bytes(four(bytes, 4)?) as usize;
    if length > MAX_PAYLOAD {
        return None;
    }
    let end = FRAME_HEADER + length;
    if crc(uid, bytes.get(12..end)?) != u32::from_le_bytes(four(bytes, 8)?) {
        return None;
    }
    let frame = Frame {
        revision: Revision(u64::from_le_bytes(eight(bytes, 12)?)),
        at: Timestamp::from_millis(i64::from_le_bytes(eight(bytes, 20)?)),
        durable: Revision(u64::from_le_bytes(eight(bytes, 28)?)),
        payload: bytes.get(FRAME_HEADER..end)?,
    };
    Some((frame, end))
}

/// Where the next thing that looks like a frame begins, after `from`.
pub(super) fn next_magic(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let first = FRAME_MAGIC.first().copied()?;
    let mut at = 0;
    while let Some(found) = rest.get(at..)?.iter().position(|b| *b == first) {
        at += found;
        if rest.get(at..at + 4) == Some(&FRAME_MAGIC) {
            return Some(from + at);
        }
        at += 1;
    }
    None
}

/// A leap of the revisions: where a copy was put to use, those that the desk may have given out after the copy was made
/// are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leap {
    /// The newest revision before it.
    pub(crate) follows: Revision,
    /// Random and never zero: two that put the same copy to use are told apart.
    pub(crate) salt: u64,
}

impl Leap {
    /// Whose the store is from the segment on that begins with `first`.
    pub(crate) fn uid(&self, uid: StoreUid, first: Revision) -> StoreUid {
        let mut hasher = blake3::Hasher::new();
        hasher.update(uid.as_bytes());
        for number in [self.follows.0, first.0, self.salt] {
            hasher.update(&number.to_le_bytes());
        }
        let mut bytes = [0; 16];
        hasher.finalize_xof().fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// The beginning of a segment.
pub(crate) fn segment_header(uid: StoreUid, first: Revision, leap: Option<Leap>, version: u8) -> [u8; SEGMENT_HEADER] {
    let mut bytes = Vec::with_capacity(SEGMENT_HEADER);
    bytes.extend_from_slice(&SEGMENT_MAGIC);
    bytes.push(version);
    bytes.extend_from_slice(&[0; 7]);
    bytes.extend_from_slice(uid.as_bytes());
    bytes.extend_from_slice(&first.0.to_le_bytes());
    if let Some(leap) = leap {
        bytes.extend_from_slice(&leap.follows.0.to_le_bytes());
        bytes.extend_from_slice(&leap.salt.to_le_bytes());
    }
    bytes.resize(SEGMENT_HEADER - 4, 0);
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    // Built to that length two lines above.
    bytes.try_into().unwrap_or([0; SEGMENT_HEADER])
}

/// What is wrong with the beginning of a segment.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HeaderError {
    /// Not a header, or its CRC is wrong.
    #[error("its header is damaged")]
    Damaged,
    /// Written by a later version of the program.
    #[error("it was written by a newer version of opora (segment format {0})")]
    Newer(u8),
    /// Another store's.
    #[error("it belongs to the store {0}")]
    Foreign(StoreUid),
    /// Its name says another revision.
    #[error("it begins with revision {}, not with the one that its name says", .0.0)]
    Misnamed(Revision),
}

/// Checks the beginning of a segment of that version, and gives the leap that it begins with, if any.
pub(super) fn check_header(
    uid: StoreUid,
    first: Revision,
    version: u8,
    bytes: &[u8],
) -> Result<Option<Leap>, HeaderError> {
    let header = bytes.get(..SEGMENT_HEADER).ok_or(HeaderError::Damaged)?;
    let (body, sum) = header.split_at(SEGMENT_HEADER - 4);
    if !header.starts_with(&SEGMENT_MAGIC) || sum != crc32fast::hash(body).to_le_bytes() {
        return Err(HeaderError::Damaged);
    }
    match body.get(8).copied() {
        Some(found) if found == version => {}
        Some(found) => return Err(HeaderError::Newer(found)),
        None => return Err(HeaderError::Damaged),
    }
    let theirs = body.get(16..32).and_then(|b| StoreUid::from_slice(b).ok()).ok_or(HeaderError::Damaged)?;
    if theirs != uid {
        return Err(HeaderError::Foreign(theirs));
    }
    let begins = Revision(eight(body, 32).map(u64::from_le_bytes).ok_or(HeaderError::Damaged)?);
    if begins != first {
        return Err(HeaderError::Misnamed(begins));
    }
    let number = |at: usize| eight(body, at).map(u64::from_le_bytes).ok_or(HeaderError::Damaged);
    let leap = Leap { follows: Revision(number(40)?), salt: number(48)? };
    Ok((leap.salt != 0).then_some(leap))
}
