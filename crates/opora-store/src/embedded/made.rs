//! What a start makes before it is known whether it can go on. One that is refused leaves the directory as it found it: a
//! name that was mistyped would else become a directory that looks like a desk.

use std::fs;
use std::path::{Path, PathBuf};

/// What was not there before a start, and may be made on the way to a refusal.
pub(super) struct Made {
    /// Directories, each after the one that it lies in.
    dirs: Vec<PathBuf>,
    lock: Option<PathBuf>,
}

impl Made {
    /// Looks at what is there, before anything is made.
    pub(super) fn before(dir: &Path) -> Self {
        let is_missing = |path: &PathBuf| !path.as_os_str().is_empty() && fs::symlink_metadata(path).is_err();
        let mut dirs: Vec<_> = dir.ancestors().map(Path::to_owned).take_while(is_missing).collect();
        dirs.reverse();
        dirs.extend(["journal", "view"].map(|name| dir.join(name)).into_iter().filter(is_missing));
        Self { dirs, lock: Some(dir.join("lock")).filter(is_missing) }
    }

    /// Removes the directories that were made. Those that somebody put something into stay.
    pub(super) fn remove_dirs(&self) {
        for dir in self.dirs.iter().rev() {
            let _ = fs::remove_dir(dir);
        }
    }

    /// Removes all that was made; by whoever has the directory for itself.
    pub(super) fn remove(&self) {
        if let Some(lock) = &self.lock {
            let _ = fs::remove_file(lock);
        }
        self.remove_dirs();
    }
}
