//! Reads a segment from its beginning: where its frames lie, where it ends, what is wrong with it.

use opora_core::model::Revision;
use opora_core::time::Timestamp;

use super::frame::{SEGMENT_HEADER, next_magic, read_frame};
use crate::api::StoreUid;

/// What a segment holds.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Where each frame begins.
    pub(super) offsets: Vec<u32>,
    /// Where the last good one ends.
    pub(super) end: u64,
    /// The time of the last good one.
    pub(super) last_at: Option<Timestamp>,
    /// The first frame that is not good.
    pub(super) bad: Option<Bad>,
}

/// A frame that is not good.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bad {
    /// The revision that it should be.
    pub(super) revision: Revision,
    /// A later frame calls it durable: it was acknowledged.
    pub(super) acknowledged: bool,
}

/// Reads a segment whose header was checked.
pub(super) fn scan(uid: StoreUid, first: Revision, bytes: &[u8]) -> Scan {
    let mut scan = Scan { end: SEGMENT_HEADER as u64, ..Scan::default() };
    let mut at = SEGMENT_HEADER;
    let mut next = first;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        match read_frame(uid, rest) {
            Some((frame, length)) if frame.revision == next => {
                scan.offsets.push(at as u32);
                scan.last_at = Some(frame.at);
                at += length;
                scan.end = at as u64;
                next = next.next();
            }
            _ if is_zero(rest) => return scan,
            _ => {
                scan.bad = Some(Bad { revision: next, acknowledged: called_durable(uid, next, bytes, at) });
                return scan;
            }
        }
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    const ZEROS: [u8; 4096] = [0; 4096];
    bytes.chunks(ZEROS.len()).all(|chunk| ZEROS.starts_with(chunk))
}

/// Whether a good frame after `at` says that `revision` was durable before it was written.
fn called_durable(uid: StoreUid, revision: Revision, bytes: &[u8], mut at: usize) -> bool {
    while let Some(found) = next_magic(bytes, at + 1) {
        at = found;
        if let Some((frame, _)) = bytes.get(found..).and_then(|rest| read_frame(uid, rest))
            && frame.revision > revision
            && frame.durable >= revision
        {
            return true;
        }
    }
    false
}
