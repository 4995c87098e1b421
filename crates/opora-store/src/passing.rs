//! A directory for what goes away again: what is derived from a store whose own directory must not be written.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// What the names of such directories begin with.
const PREFIX: &str = "opora-";
/// The same while one is being made: nobody takes it for left over.
const NEW: &str = ".opora-new-";

/// A directory of this process in the one for temporary files; removed with the value, or by the next one after a kill.
#[derive(Debug)]
pub struct PassingDir {
    path: PathBuf,
    /// Its lock says that somebody has it.
    _lock: fs::File,
}

impl PassingDir {
    /// Makes one, for the own user alone, and removes those of the same kind that a kill left.
    ///
    /// # Errors
    /// Of the file system.
    pub fn new(what: &str) -> io::Result<Self> {
        Self::new_in(&std::env::temp_dir(), what)
    }

    pub(crate) fn new_in(parent: &Path, what: &str) -> io::Result<Self> {
        let kind = format!("{PREFIX}{what}-");
        remove_left(parent, &kind);
        let name = uuid::Uuid::new_v4();
        let (new, path) = (parent.join(format!("{NEW}{name}")), parent.join(format!("{kind}{name}")));
        // What is kept holds what customers wrote.
        fs::DirBuilder::new().mode(0o700).create(&new)?;
        let made = fs::File::open(&new).and_then(|lock| {
            flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
            fs::rename(&new, &path).map(|()| lock)
        });
        match made {
            Ok(lock) => Ok(Self { path, _lock: lock }),
            Err(error) => {
                // Nothing is in it.
                let _ = fs::remove_dir(&new);
                Err(error)
            }
        }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PassingDir {
    fn drop(&mut self) {
        // What can't be removed stays, and is nobody's.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes directories of a kind that no process has. What can't be removed, another user's for one, stays.
fn remove_left(parent: &Path, kind: &str) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_str().and_then(|name| name.strip_prefix(kind)).is_some_and(is_id);
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        if let Ok(lock) = fs::File::open(entry.path())
            && flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok()
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_id(name: &str) -> bool {
    name.parse::<uuid::Uuid>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kill_left_is_removed_by_the_next_one_and_what_somebody_has_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let (left, other, foreign) = (
            parent.path().join(format!("opora-view-{}", uuid::Uuid::new_v4())),
            parent.path().join(format!("opora-followers-{}", uuid::Uuid::new_v4())),
            parent.path().join("opora-view-mine"),
        );
        for dir in [&left, &other, &foreign] {
            fs::create_dir(dir).unwrap();
            fs::write(dir.join("file"), b"x").unwrap();
        }
        let first = PassingDir::new_in(parent.path(), "view").unwrap();
        assert!(!left.exists() && other.exists() && foreign.exists());
        let second = PassingDir::new_in(parent.path(), "view").unwrap();
        assert!(first.path().is_dir() && second.path().is_dir());
        drop((first, second));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 2);
    }
}
