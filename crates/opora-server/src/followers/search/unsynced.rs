//! Where the index lies: as tantivy keeps it, without its syncs, which would hold up the journal's on the same disk. The
//! file `state` says whether what is there can be trusted: it was synced when the desk stopped, or the machine has not
//! gone down since. Else the index is built anew from the log. Whoever writes to it gives way to the desk: indexing, and
//! merging, which nobody else can slow down.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opora_store::Activity;
use tantivy::directory::error::{DeleteError, LockError, OpenDirectoryError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, MmapDirectory, TerminatingWrite, WatchCallback,
    WatchHandle, WritePtr,
};

/// What `state` says of an index that was synced.
const SYNCED: &str = "synced";
/// The file that says what the index consists of.
const CONSISTS_OF: &str = "meta.json";

fn state(dir: &Path) -> PathBuf {
    dir.join("state")
}

/// Whether what lies in a directory can be trusted.
///
/// # Errors
/// When that can't be read for another reason than that it is not there: it says nothing of the index.
#[expect(clippy::disallowed_methods, reason = "on the follower's own thread")]
pub(super) fn trusted(dir: &Path, boot: &str) -> io::Result<bool> {
    match fs::read_to_string(state(dir)) {
        Ok(said) => Ok(said == SYNCED || said == boot),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => Ok(false),
        Err(error) => Err(error),
    }
}

/// From now on the directory can be trusted while the machine is up.
pub(super) fn begin(dir: &Path, boot: &str) -> io::Result<()> {
    say(dir, boot)
}

/// Syncs everything; the directory can be trusted whatever happens to the machine.
#[expect(clippy::disallowed_methods, reason = "on the follower's own thread")]
pub(super) fn end(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        // One that a merge has just removed is not missed.
        match File::open(&path) {
            Ok(file) if path.is_file() => file.sync_all()?,
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    say(dir, SYNCED)
}

#[expect(clippy::disallowed_methods, reason = "on the follower's own thread")]
fn say(dir: &Path, what: &str) -> io::Result<()> {
    let next = dir.join("state.next");
    let mut file = File::create(&next)?;
    file.write_all(what.as_bytes())?;
    file.sync_all()?;
    fs::rename(&next, state(dir))?;
    File::open(dir)?.sync_all()
}

/// Whether what the index consists of has changed since it was last asked. Clones are one.
#[derive(Clone, Debug)]
pub(super) struct Changed(Arc<AtomicBool>);

impl Changed {
    /// Asks; from now on it has not.
    pub(super) fn take(&self) -> bool {
        self.0.swap(false, Ordering::AcqRel)
    }
}

/// A directory that syncs nothing.
#[derive(Clone, Debug)]
pub(super) struct Unsynced {
    dir: PathBuf,
    inner: MmapDirectory,
    activity: Arc<Activity>,
    changed: Changed,
}

impl Unsynced {
    pub(super) fn open(dir: &Path, activity: Arc<Activity>) -> Result<Self, OpenDirectoryError> {
        // What is there when it is opened has not been read either.
        let changed = Changed(Arc::new(AtomicBool::new(true)));
        Ok(Self { dir: dir.to_owned(), inner: MmapDirectory::open(dir)?, activity, changed })
    }

    /// Whether a commit or a merge was written since it was last asked.
    pub(super) fn changed(&self) -> Changed {
        self.changed.clone()
    }
}

struct Unsyncing(File, Arc<Activity>);

impl Write for Unsyncing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.give_way();
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl TerminatingWrite for Unsyncing {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        self.flush()
    }
}

impl Directory for Unsynced {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.inner.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.inner.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.inner.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let file = OpenOptions::new().write(true).create_new(true).open(self.dir.join(path));
        let file = file.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => OpenWriteError::FileAlreadyExists(path.to_owned()),
            _ => OpenWriteError::wrap_io_error(error, path.to_owned()),
        })?;
        Ok(BufWriter::new(Box::new(Unsyncing(file, self.activity.clone()))))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.inner.atomic_read(path)
    }

    #[expect(clippy::disallowed_methods, reason = "on tantivy's threads")]
    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        let target = self.dir.join(path);
        let next = target.with_extension("next");
        fs::write(&next, data)?;
        fs::rename(next, target)?;
        if path == Path::new(CONSISTS_OF) {
            self.changed.0.store(true, Ordering::Release);
        }
        Ok(())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.inner.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.inner.watch(callback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_trusted_while_the_machine_is_up_and_after_it_was_synced() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!trusted(dir.path(), "one").unwrap());
        begin(dir.path(), "one").unwrap();
        assert!(trusted(dir.path(), "one").unwrap());
        assert!(!trusted(dir.path(), "two").unwrap(), "the machine went down");
        end(dir.path()).unwrap();
        assert!(trusted(dir.path(), "two").unwrap());
    }
}
