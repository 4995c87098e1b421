//! Reading a journal without opening the store: nothing in the data directory is written, not even its lock.

use std::path::Path;

use crate::api::Commit;
use crate::codec::decode_commit;
use crate::disk::ReadDisk;
use crate::embedded::{OpenError, format, lock};
use crate::journal;

/// Gives every commit of a data directory that no server uses, in order.
///
/// # Errors
/// [`OpenError`]: it is in use, is none, is of a newer version, or something in it can't be read.
pub fn replay(dir: &Path, mut each: impl FnMut(Commit)) -> Result<(), OpenError> {
    let known = format::read(&ReadDisk, dir)?;
    let _free = lock::lock_for_reading(dir)?;
    let journal = dir.join("journal");
    let uid = journal::store_uid(&ReadDisk, &journal, known.uid);
    let mut wrong = None;
    let findings = journal::verify(&ReadDisk, &journal, uid, |frame| {
        match decode_commit(frame.revision, frame.at, frame.payload) {
            Ok(commit) => each(commit),
            Err(error) => {
                let (revision, path) = (frame.revision, journal.clone());
                wrong.get_or_insert(OpenError::Damaged { revision, path, detail: error.to_string() });
            }
        }
    });
    let findings = findings.map_err(|source| OpenError::Io { path: journal.clone(), source })?;
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    match findings.into_iter().find(|finding| !finding.harmless) {
        Some(finding) => Err(OpenError::Format { path: finding.path, detail: finding.what.to_string() }),
        None => Ok(()),
    }
}
