//! Files as the journal sees them: so few operations that a power cut can be modelled ([`model`]).
//!
//! Knows nothing of frames or segments.

#[cfg(test)]
pub(crate) mod model;
mod real;

use std::io;
use std::path::Path;
use std::sync::Arc;

pub(crate) use real::{ReadDisk, RealDisk};
use rustix::io::Errno;

/// Descriptors, memory, threads, buffers of the network: there is none just now. And a call that a signal broke off.
const PASSING: [Errno; 6] = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::AGAIN, Errno::INTR, Errno::NOBUFS];

/// An open file, read and written at positions.
pub(crate) trait File: Send + Sync {
    /// Reads up to the end of `buffer` or of the file; says how much.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes all of it. In memory of the system until [`File::sync`].
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// `fdatasync`: content and length are durable when it returns.
    fn sync(&self) -> io::Result<()>;
    /// Cuts it, or fills it up with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Reserves room for that many bytes, which read as zeros.
    fn allocate(&self, len: u64) -> io::Result<()>;
    /// Bytes.
    fn len(&self) -> io::Result<u64>;
    /// The whole file; what can't be made sense of is filled with what is no content.
    fn read_what_can_be(&self) -> io::Result<Vec<u8>>;
}

/// An open directory.
pub(crate) trait Directory: Send + Sync {
    /// Makes the names in it durable.
    fn sync(&self) -> io::Result<()>;
}

/// A file system.
pub(crate) trait Disk: Send + Sync {
    /// Opens a file that exists.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>>;
    /// Makes an empty file, in place of one that exists. Its name is durable after [`Disk::sync_dir`].
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>>;
    /// Renames a file over another. Durable after [`Disk::sync_dir`].
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file. Durable after [`Disk::sync_dir`].
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// The names in a directory.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;
    /// Makes a directory and those above it, durably.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;
    /// Opens a directory: whoever holds it can make its names durable when no descriptor is to be had.
    fn open_dir(&self, dir: &Path) -> io::Result<Box<dyn Directory>>;
    /// Makes the names in a directory durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Bytes that are free.
    fn free(&self, dir: &Path) -> io::Result<u64>;
}

/// A whole file, from its beginning to its end.
pub(crate) fn read_all(file: &dyn File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; file.len()? as usize];
    let read = read_full(file, &mut bytes, 0)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Reads until `buffer` is full or the file ends; says how much.
pub(crate) fn read_full(file: &dyn File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + done as u64) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(done)
}

/// Replaces a small file, durably and as a whole.
pub(crate) fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let temporary = path.with_extension("tmp");
    let file = disk.create(&temporary)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    disk.rename(&temporary, path)?;
    disk.sync_dir(dir)
}

/// Whether an error says that there is no room.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

/// Whether an error says that the machine is short of something that comes back by itself: descriptors, memory,
/// threads. It says nothing of the disk or of what lies on it.
pub(crate) fn is_passing(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|errno| PASSING.iter().any(|passing| passing.raw_os_error() == errno))
        || matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::OutOfMemory | io::ErrorKind::Interrupted)
}

/// Whether a text, of a library's error or of a panic, tells of a machine that is short of something that comes back by
/// itself: descriptors, memory, threads.
pub fn tells_passing(text: &str) -> bool {
    // A file that somebody holds is told by the same number as a thread that can't be had.
    let is_held = text.contains("could not acquire lock");
    !is_held
        && PASSING.iter().map(|errno| errno.raw_os_error()).any(|errno| {
            text.contains(&format!("(os error {errno})")) || text.contains(&format!("Os {{ code: {errno},"))
        })
}
