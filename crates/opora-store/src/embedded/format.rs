//! What a data directory says of itself: its format, whose it is, how it was left.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use opora_core::model::Revision;

use super::OpenError;
use crate::api::{Epoch, StoreUid};
use crate::disk::{Disk, is_passing, read_all, replace};

/// The version of what lies in a data directory besides the view.
const FORMAT: u32 = 2;
/// The version of one whose revisions have no leap: older programs read it.
const PLAIN: u32 = 1;
/// The version of the view; another one is built again.
pub(super) const VIEW_FORMAT: u32 = 2;

/// What the file `format` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    /// With which the journal is written; the store's own until a copy is put to use.
    pub(crate) uid: StoreUid,
    pub(crate) view: u32,
    /// The revisions may have leaps.
    pub(super) leaps: bool,
}

/// Reads the file `format`.
pub(crate) fn read(disk: &dyn Disk, dir: &Path) -> Result<Format, OpenError> {
    let path = dir.join("format");
    let io = |e| OpenError::Io { path: path.clone(), source: e };
    let file = disk.open(&path).map_err(|e| match e.kind() {
        ErrorKind::NotFound => OpenError::NoDesk { dir: dir.to_owned() },
        _ => io(e),
    })?;
    parse(&read_all(&*file).map_err(io)?, &path)
}

/// Reads the file `format`, or makes a new store.
pub(super) fn format(disk: &dyn Disk, dir: &Path) -> Result<Format, OpenError> {
    if let Some(known) = look(disk, dir)? {
        return Ok(known);
    }
    let format = Format { uid: uuid::Uuid::new_v4(), view: VIEW_FORMAT, leaps: false };
    write(disk, dir, format)?;
    Ok(format)
}

/// Reads the file `format`; `None`: a new store can be made. Writes nothing.
pub(super) fn look(disk: &dyn Disk, dir: &Path) -> Result<Option<Format>, OpenError> {
    match read(disk, dir) {
        // A journal without it is not taken for a new store.
        Err(OpenError::NoDesk { .. }) if has_journal(disk, dir) => {
            Err(OpenError::Format { path: dir.join("format"), detail: "it is missing, and there is a journal".into() })
        }
        Err(OpenError::NoDesk { .. }) => Ok(None),
        known => known.map(Some),
    }
}

fn has_journal(disk: &dyn Disk, dir: &Path) -> bool {
    disk.list(&dir.join("journal")).is_ok_and(|names| names.iter().any(|name| name.ends_with(".journal")))
}

/// Writes the file `format`.
pub(super) fn write(disk: &dyn Disk, dir: &Path, format: Format) -> Result<(), OpenError> {
    let path = dir.join("format");
    let version = if format.leaps { FORMAT } else { PLAIN };
    let text = format!("opora-store\nformat = {version}\nview = {}\nuid = {}\n", format.view, format.uid);
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
    Ok(Format { uid, view, leaps: version > PLAIN })
}

/// How a store was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Never opened.
    New,
    /// Closed at a revision.
    Clean(Revision),
    /// Not closed.
    Open(Opened),
    /// It does not say.
    Unknown,
}

/// What is written down when a store is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    /// The boot of the machine.
    pub(super) boot: String,
    /// The newest revision then; zero where an older version does not say.
    pub(super) newest: Revision,
    /// Which file its view is: a copy of it is another one.
    pub(super) view: String,
}

impl Opened {
    /// Now, with a view of that directory.
    pub(super) fn now(newest: Revision, view: &Path) -> Self {
        Self { boot: boot_id(), newest, view: identity(view) }
    }

    fn parse(text: &str) -> Self {
        let mut words = text.split(' ');
        let mut word = || words.next().unwrap_or_default();
        let (boot, newest, view) = (word().to_owned(), word(), word().to_owned());
        Self { boot, newest: Revision(newest.parse().unwrap_or_default()), view }
    }
}

/// Tells sled's file in the directory of a view from every copy of it.
pub(super) fn identity(view: &Path) -> String {
    let file = fs::metadata(view.join("db"));
    file.map_or_else(|_| "none".to_owned(), |file| format!("{}:{}", file.dev(), file.ino()))
}

/// What the file `state` says: how the store was left in its first line; in which epoch it is led in another, which older
/// programs don't write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) left: Left,
    pub(super) epoch: Epoch,
}

impl State {
    fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let left = match lines.next().and_then(|line| line.split_once(' ')) {
            Some(("clean", revision)) => revision.parse().map_or(Left::Unknown, |r| Left::Clean(Revision(r))),
            Some(("open", opened)) => Left::Open(Opened::parse(opened)),
            _ => Left::Unknown,
        };
        let epoch = lines.find_map(|line| line.strip_prefix("epoch ")?.parse().ok());
        Self { left, epoch: Epoch(epoch.unwrap_or_default()) }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.left {
            Left::Clean(revision) => writeln!(f, "clean {}", revision.0)?,
            Left::Open(Opened { boot, newest, view }) => writeln!(f, "open {boot} {} {view}", newest.0)?,
            Left::New | Left::Unknown => writeln!(f)?,
        }
        match self.epoch {
            Epoch::FIRST => Ok(()),
            Epoch(epoch) => writeln!(f, "epoch {epoch}"),
        }
    }
}

/// Reads how a store was left.
///
/// # Errors
/// When the machine is short of something: it says nothing of the store.
pub(super) fn state(disk: &dyn Disk, dir: &Path) -> io::Result<State> {
    let file = match disk.open(&dir.join("state")) {
        Ok(file) => file,
        Err(e) if is_passing(&e) => return Err(e),
        Err(_) => return Ok(State { left: Left::New, epoch: Epoch::FIRST }),
    };
    let bytes = read_all(&*file).unwrap_or_default();
    Ok(State::parse(&String::from_utf8_lossy(&bytes)))
}

/// Writes how a store is left.
pub(super) fn leave(disk: &dyn Disk, dir: &Path, state: &State) -> io::Result<()> {
    replace(disk, &dir.join("state"), state.to_string().as_bytes())
}

/// Names this boot of the machine: what was not synced survives the end of a process, not the end of a boot.
pub fn boot_id() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    // A machine that does not say can't vouch for anything: no two boots are the same.
    if id.trim().is_empty() { uuid::Uuid::new_v4().to_string() } else { id.trim().to_owned() }
}

impl Left {
    /// What was acknowledged, as far as it says.
    pub(super) fn acknowledged(&self) -> Revision {
        match self {
            Self::Clean(revision) => *revision,
            Self::Open(opened) => opened.newest,
            Self::New | Self::Unknown => Revision::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_it_was_written_and_one_without_an_epoch_is_of_the_first() {
        let opened = Opened { boot: "boot".into(), newest: Revision(7), view: "1:2".into() };
        for left in [Left::Clean(Revision(9)), Left::Open(opened), Left::Unknown] {
            for epoch in [0, 1, u64::MAX].map(Epoch) {
                let state = State { left: left.clone(), epoch };
                assert_eq!(State::parse(&state.to_string()), state);
            }
        }
        for (text, left) in [("clean 9\n", Left::Clean(Revision(9))), ("", Left::Unknown), ("open", Left::Unknown)] {
            assert_eq!(State::parse(text), State { left, epoch: Epoch::FIRST });
        }
    }
}
