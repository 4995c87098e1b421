//! The exclusive use of a data directory: of the file `lock`, which says whose it is, and of the directory `journal`,
//! which nobody deletes by mistake while the desk runs.

use std::fs;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use super::OpenError;

/// The exclusive use of a data directory; ends with the value, or with the process.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "the locks live as long as the open files")] Vec<fs::File>);

/// Takes a data directory, in which the directory `journal` is.
pub(crate) fn lock(dir: &Path) -> Result<Lock, OpenError> {
    let path = dir.join("lock");
    let io = |e| OpenError::Io { path: path.clone(), source: e };
    let mut file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|source| OpenError::Unusable { dir: dir.to_owned(), source })?;
    take(dir, &mut file)?;
    let journal = lock_journal(dir)?;
    // Only who has both says who he is.
    file.set_len(0).map_err(io)?;
    file.rewind().map_err(io)?;
    file.write_all(format!("{}\n", std::process::id()).as_bytes()).map_err(io)?;
    Ok(Lock(std::iter::once(file).chain(journal).collect()))
}

/// Takes a data directory in order to read it, and writes nothing: not even who does.
pub(crate) fn lock_for_reading(dir: &Path) -> Result<Lock, OpenError> {
    let mut locks = Vec::new();
    // One that is not there, or is another user's alone, holds nobody up: the directory of the journal is asked too.
    if let Ok(mut file) = fs::File::open(dir.join("lock")) {
        take(dir, &mut file)?;
        locks.push(file);
    }
    locks.extend(lock_journal(dir)?);
    Ok(Lock(locks))
}

fn take(dir: &Path, file: &mut fs::File) -> Result<(), OpenError> {
    match rustix::fs::flock(&*file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(()),
        Err(Errno::WOULDBLOCK) => {
            let pid = holder_of(file).or_else(|| {
                // A directory can't be read so, and has nothing to say.
                let mut written = String::new();
                file.read_to_string(&mut written).ok().and_then(|_| written.trim().parse().ok())
            });
            Err(OpenError::InUse { dir: dir.to_owned(), pid })
        }
        // A file system that knows no locks, or none for who may only read.
        Err(Errno::NOTSUP | Errno::NOSYS | Errno::NOLCK | Errno::BADF | Errno::INVAL) => {
            tracing::warn!(dir = %dir.display(), "the file system can't lock: see to it that one server uses it");
            Ok(())
        }
        Err(e) => Err(OpenError::Io { path: dir.to_owned(), source: e.into() }),
    }
}

fn lock_journal(dir: &Path) -> Result<Option<fs::File>, OpenError> {
    let Ok(mut journal) = fs::File::open(dir.join("journal")) else { return Ok(None) };
    take(dir, &mut journal)?;
    Ok(Some(journal))
}

/// The process that holds a file, as the system tells it.
fn holder_of(file: &fs::File) -> Option<u32> {
    let inode = file.metadata().ok()?.ino().to_string();
    let locks = fs::read_to_string("/proc/locks").ok()?;
    // `1: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF`
    locks.lines().find_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let is_it = words.get(1) == Some(&"FLOCK") && words.get(5)?.rsplit(':').next() == Some(inode.as_str());
        // Of a process of another container the system says 0.
        if is_it { words.get(4)?.parse().ok().filter(|pid| *pid > 0) } else { None }
    })
}
