//! The file system of the machine.

use std::fs;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::FallocateFlags;
use rustix::io::retry_on_intr;

use super::{Directory, Disk, File};

/// The machine's own file system.
pub(crate) struct RealDisk;

impl File for fs::File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        fs::File::set_len(self, len)
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        match retry_on_intr(|| rustix::fs::fallocate(self, FallocateFlags::empty(), 0, len)) {
            Ok(()) => Ok(()),
            // Not every file system can reserve: then an append may find no room, and is cut back.
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => fs::File::set_len(self, len),
            Err(e) => Err(e.into()),
        }
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_what_can_be(&self) -> io::Result<Vec<u8>> {
        super::read_all(self)
    }
}

struct RealDirectory(fs::File);

impl Directory for RealDirectory {
    fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

impl Disk for RealDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(fs::OpenOptions::new().read(true).write(true).open(path)?))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(fs::OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir)? {
            names.extend(entry?.file_name().into_string());
        }
        names.sort();
        Ok(names)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)?;
        match dir.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => self.sync_dir(parent),
            _ => Ok(()),
        }
    }

    fn open_dir(&self, dir: &Path) -> io::Result<Box<dyn Directory>> {
        Ok(Box::new(RealDirectory(fs::File::open(dir)?)))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        fs::File::open(dir)?.sync_all()
    }

    fn free(&self, dir: &Path) -> io::Result<u64> {
        let stat = retry_on_intr(|| rustix::fs::statvfs(dir))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

/// The machine's file system, of which nothing is changed: also of one that is read-only, or another user's.
pub(crate) struct ReadDisk;

fn only_read<T>() -> io::Result<T> {
    Err(io::ErrorKind::ReadOnlyFilesystem.into())
}

impl Disk for ReadDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(fs::File::open(path)?))
    }

    fn create(&self, _: &Path) -> io::Result<Arc<dyn File>> {
        only_read()
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        only_read()
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        only_read()
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(dir)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        fs::metadata(dir).map(drop)
    }

    fn open_dir(&self, dir: &Path) -> io::Result<Box<dyn Directory>> {
        RealDisk.open_dir(dir)
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        only_read()
    }

    fn free(&self, dir: &Path) -> io::Result<u64> {
        RealDisk.free(dir)
    }
}
