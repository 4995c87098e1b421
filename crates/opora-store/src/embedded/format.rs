//! What a data directory says of itself: its format, whose it is, how it was left, who uses it.

use std::fs;
use std::io::{self, ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use opora_core::model::Revision;
use rustix::fs::FlockOperation;

use super::OpenError;
use crate::api::StoreUid;
use crate::disk::{Disk, read_all, replace};

/// The version of what lies in a data directory besides the view.
const FORMAT: u32 = 1;
/// The version of the view; another one is built again.
pub(super) const VIEW_FORMAT: u32 = 2;

/// What the file `format` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) uid: StoreUid,
    pub(super) view: u32,
}

/// Reads the file `format`, or makes a new store.
pub(super) fn format(disk: &dyn Disk, dir: &Path) -> Result<Format, OpenError> {
    let path = dir.join("format");
    let io = |e| OpenError::Io { path: path.clone(), source: e };
    match disk.open(&path) {
        Ok(file) => parse(&read_all(&*file).map_err(io)?, &path),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            // A journal without it is not taken for a new store.
            if disk.list(&dir.join("journal")).is_ok_and(|names| names.iter().any(|n| n.ends_with(".journal"))) {
                return Err(OpenError::Format { path, detail: "it is missing, and there is a journal".into() });
            }
            let format = Format { uid: uuid::Uuid::new_v4(), view: VIEW_FORMAT };
            write(disk, dir, format)?;
            Ok(format)
        }
        Err(e) => Err(io(e)),
    }
}

/// Whose a data directory is.
pub(crate) fn uid(dir: &Path) -> Result<StoreUid, OpenError> {
    let path = dir.join("format");
    let bytes = fs::read(&path).map_err(|e| match e.kind() {
        ErrorKind::NotFound => OpenError::NoDesk { dir: dir.to_owned() },
        _ => OpenError::Io { path: path.clone(), source: e },
    })?;
    Ok(parse(&bytes, &path)?.uid)
}

/// Writes the file `format`.
pub(super) fn write(disk: &dyn Disk, dir: &Path, format: Format) -> Result<(), OpenError> {
    let path = dir.join("format");
    let text = format!("opora-store\nformat = {FORMAT}\nview = {}\nuid = {}\n", format.view, format.uid);
    replace(disk, &path, text.as_bytes()).map_err(|e| OpenError::Io { path, source: e })
}

fn parse(bytes: &[u8], path: &Path) -> Result<Format, OpenError> {
    let wrong = |detail: &str| OpenError::Format { path: path.to_owned(), detail: detail.to_owned() };
    let text = std::str::from_utf8(bytes).map_err(|_| wrong("it is not text"))?;
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_prefix('='));
        line.map(str::trim)
    };
    if !text.starts_with("opora-store\n") {
        return Err(wrong("it is not the format of a store"));
    }
    let version: u32 = field("format").and_then(|v| v.parse().ok()).ok_or_else(|| wrong("it has no version"))?;
    if version > FORMAT {
        return Err(OpenError::Newer { path: path.to_owned(), detail: format!("format {version}, this is {FORMAT}") });
    }
    let view = field("view").and_then(|v| v.parse().ok()).ok_or_else(|| wrong("it has no version of the view"))?;
    if view > VIEW_FORMAT {
        return Err(OpenError::Newer { path: path.to_owned(), detail: format!("view {view}, this is {VIEW_FORMAT}") });
    }
    let uid = field("uid").and_then(|v| v.parse().ok()).ok_or_else(|| wrong("it has no uid"))?;
    Ok(Format { uid, view })
}

/// How a store was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Never opened.
    New,
    /// Closed at a revision.
    Clean(Revision),
    /// Not closed; the boot of the machine in which it was opened.
    Open(String),
    /// It does not say.
    Unknown,
}

/// Reads how a store was left.
pub(super) fn left(disk: &dyn Disk, dir: &Path) -> Left {
    let Ok(file) = disk.open(&dir.join("state")) else { return Left::New };
    let bytes = read_all(&*file).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    match text.trim_end().split_once(' ') {
        Some(("clean", revision)) => revision.parse().map_or(Left::Unknown, |r| Left::Clean(Revision(r))),
        Some(("open", boot)) => Left::Open(boot.to_owned()),
        _ => Left::Unknown,
    }
}

/// Writes how a store is left.
pub(super) fn leave(disk: &dyn Disk, dir: &Path, left: &Left) -> io::Result<()> {
    let text = match left {
        Left::Clean(revision) => format!("clean {}\n", revision.0),
        Left::Open(boot) => format!("open {boot}\n"),
        Left::New | Left::Unknown => String::new(),
    };
    replace(disk, &dir.join("state"), text.as_bytes())
}

/// Names this boot of the machine: what was not synced survives the end of a process, not the end of a boot.
pub fn boot_id() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    // A machine that does not say can't vouch for anything: no two boots are the same.
    if id.trim().is_empty() { uuid::Uuid::new_v4().to_string() } else { id.trim().to_owned() }
}

/// The exclusive use of a data directory; ends with the value, or with the process.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "the lock lives as long as the open file")] fs::File);

/// Makes sure that nobody uses a data directory, without writing in it; holds for as long as it is kept.
pub(crate) fn free(dir: &Path) -> Result<Option<fs::File>, OpenError> {
    let path = dir.join("lock");
    let mut file = match fs::File::open(&path) {
        Ok(file) => file,
        // Nobody ever used it, or it was copied without.
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(OpenError::Io { path, source }),
    };
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            Err(OpenError::InUse { dir: dir.to_owned(), pid: holder.trim().parse().ok() })
        }
        Err(e) => Err(OpenError::Io { path, source: e.into() }),
    }
}

/// Takes a data directory.
pub(crate) fn lock(dir: &Path) -> Result<Lock, OpenError> {
    let path: PathBuf = dir.join("lock");
    let io = |e| OpenError::Io { path: path.clone(), source: e };
    let mut file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|source| OpenError::Unusable { dir: dir.to_owned(), source })?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            return Err(OpenError::InUse { dir: dir.to_owned(), pid: holder.trim().parse().ok() });
        }
        Err(e) => return Err(io(e.into())),
    }
    file.set_len(0).map_err(io)?;
    file.rewind().map_err(io)?;
    file.write_all(format!("{}\n", std::process::id()).as_bytes()).map_err(io)?;
    Ok(Lock(file))
}
