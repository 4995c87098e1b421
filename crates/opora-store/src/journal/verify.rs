//! Reads a whole journal without changing it, for `opora check`.

use std::path::{Path, PathBuf};

use opora_core::model::Revision;

use super::frame::{Frame, HeaderError, SEGMENT_HEADER, SEGMENT_VERSION, check_header};
use super::house::hash_file;
use super::packed::blocks;
use super::scan::scan;
use super::seal::Seal;
use super::segment::{first_in, follows, open_file, seal_path, segment_path};
use crate::Wrong;
use crate::api::StoreUid;
use crate::disk::Disk;
use crate::journal::frame::read_frame;

/// Something that is wrong with the journal.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// In which file.
    pub(crate) path: PathBuf,
    /// What.
    pub(crate) what: Wrong,
    /// Opening heals it.
    pub(crate) harmless: bool,
}

/// Reads all segments and gives each good frame to `each`, in order. Says what is wrong.
pub(crate) fn verify(
    disk: &dyn Disk,
    dir: &Path,
    uid: StoreUid,
    mut each: impl FnMut(Frame<'_>),
) -> std::io::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let names = match disk.list(dir) {
        // The start says what that means.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        names => names?,
    };
    let mut firsts: Vec<Revision> = names.iter().filter_map(|n| first_in(n)).collect();
    firsts.sort_unstable();
    let (mut expected, mut before) = (Revision(1), [0; 32]);
    // Each block is read once.
    let blocks = blocks(1);
    for (n, first) in firsts.iter().enumerate() {
        let path = segment_path(dir, *first);
        let last = n + 1 == firsts.len();
        let mut find = |what: Wrong, harmless: bool| findings.push(Finding { path: path.clone(), what, harmless });
        let opened = open_file(disk, uid, *first, &path, &blocks);
        let leap = opened.as_ref().ok().and_then(|opened| opened.leap);
        let begins = follows(*first, leap).next();
        if begins != expected && expected != Revision::ZERO {
            let last = Revision(begins.0.saturating_sub(1));
            find(Wrong::RevisionsMissing { first: expected, last }, false);
        }
        let file = match opened {
            Ok(opened) => opened.file,
            Err(e) if e.kind() == std::io::ErrorKind::InvalidData => {
                find(Wrong::SegmentUnreadable { from: *first, detail: e.to_string() }, false);
                // How many it held is not known.
                expected = Revision::ZERO;
                before = Seal::read(disk, &seal_path(dir, *first), *first).map_or(before, |seal| seal.own_hash());
                continue;
            }
            Err(e) => return Err(e),
        };
        let bytes = file.read_what_can_be()?;
        if let Err(e) = check_header(uid, *first, SEGMENT_VERSION, &bytes) {
            find(of_header(&e), false);
        }
        let found = scan(uid, *first, &bytes);
        for offset in &found.offsets {
            if let Some((frame, _)) = bytes.get(*offset as usize..).and_then(|rest| read_frame(uid, rest)) {
                each(frame);
            }
        }
        expected = Revision(first.0 + found.offsets.len() as u64);
        if let Some(bad) = found.bad {
            find(Wrong::FrameDamaged(bad.revision), last && !bad.acknowledged);
        }
        if last {
            continue;
        }
        match Seal::read(disk, &seal_path(dir, *first), *first) {
            None => find(Wrong::SealMissing, true),
            Some(seal) => {
                if bytes.len() < SEGMENT_HEADER || hash_file(&*file, seal.end).ok() != Some(seal.hash) {
                    find(Wrong::SealBroken, false);
                }
                if seal.before != before {
                    find(Wrong::SealUnchained, false);
                }
                before = seal.own_hash();
            }
        }
    }
    Ok(findings)
}

fn of_header(error: &HeaderError) -> Wrong {
    match *error {
        HeaderError::Damaged => Wrong::HeaderDamaged,
        HeaderError::Newer(version) => Wrong::HeaderNewer(version),
        HeaderError::Foreign(uid) => Wrong::HeaderForeign(uid),
        HeaderError::Misnamed(begins) => Wrong::HeaderMisnamed(begins),
    }
}
