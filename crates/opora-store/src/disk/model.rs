//! A disk in memory that can lose its power: what was not synced is kept, lost or garbage, page by page.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Directory, Disk, File};

const PAGE: usize = 512;

/// Random numbers that are the same for the same seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }
}

#[derive(Clone, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
}

#[derive(Clone, Default)]
struct State {
    files: Vec<Content>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    room: u64,
    sync_fails: bool,
    /// What opening a file or a directory fails with.
    short_of: Option<i32>,
    syncs: u64,
    /// After so many steps what the disk holds is kept aside.
    cut_at: Option<u64>,
    cut: Option<Box<State>>,
}

impl State {
    /// Something is about to change.
    fn step(&mut self) {
        self.cut_at = match self.cut_at {
            Some(0) => {
                self.cut = Some(Box::new(self.clone()));
                None
            }
            steps => steps.map(|steps| steps - 1),
        };
    }
}

/// A disk in memory.
#[derive(Clone)]
pub(crate) struct ModelDisk(Arc<Mutex<State>>);

struct ModelFile(ModelDisk, usize);

impl ModelDisk {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { room: 1 << 40, ..State::default() })))
    }

    /// The disk after its power was cut, as it would be found.
    pub(crate) fn power_cut(&self, dice: &mut Dice) -> Self {
        let mut state = self.0.lock().clone();
        state.names = state.durable_names.clone();
        for file in &mut state.files {
            let length = if dice.roll(2) == 0 { file.now.len() } else { file.durable.len() };
            let mut found = file.durable.clone();
            found.resize(length, 0);
            for (n, page) in found.chunks_mut(PAGE).enumerate() {
                let now = file.now.get(n * PAGE..).unwrap_or_default();
                let now = &now[..now.len().min(page.len())];
                if page[..now.len()] == *now {
                    continue;
                }
                match dice.roll(3) {
                    0 => page[..now.len()].copy_from_slice(now),
                    1 => {}
                    // Bytes of the page that were durable and not written to stay: disks keep that promise.
                    _ => {
                        let written = page.iter_mut().zip(now).filter(|(byte, now)| byte != now);
                        written.for_each(|(byte, _)| *byte = dice.roll(256) as u8);
                    }
                }
            }
            file.now.clone_from(&found);
            file.durable = found;
        }
        Self(Arc::new(Mutex::new(state)))
    }

    /// The same once more: what is done to one is not done to the other.
    pub(crate) fn copied(&self) -> Self {
        Self(Arc::new(Mutex::new(self.0.lock().clone())))
    }

    /// Keeps aside what the disk holds before one of the next steps, 0 being the very next.
    pub(crate) fn cut_at(&self, step: u64) {
        let mut state = self.0.lock();
        (state.cut_at, state.cut) = (Some(step), None);
    }

    /// What was kept aside; `None`: there were not that many steps.
    pub(crate) fn cut(&self) -> Option<Self> {
        let state = self.0.lock().cut.take()?;
        Some(Self(Arc::new(Mutex::new(*state))))
    }

    /// How many bytes files may still grow by.
    pub(crate) fn set_room(&self, room: u64) {
        self.0.lock().room = room;
    }

    /// From now on syncing fails.
    pub(crate) fn fail_syncs(&self, fail: bool) {
        self.0.lock().sync_fails = fail;
    }

    /// From now on no file or directory can be opened or made, for this error of the system.
    pub(crate) fn run_short(&self, errno: Option<i32>) {
        self.0.lock().short_of = errno;
    }

    fn opens(&self) -> io::Result<()> {
        self.0.lock().short_of.map_or(Ok(()), |errno| Err(io::Error::from_raw_os_error(errno)))
    }

    /// How many files were synced.
    pub(crate) fn syncs(&self) -> u64 {
        self.0.lock().syncs
    }

    /// Changes a file behind everybody's back, durably.
    pub(crate) fn damage(&self, path: &Path, damage: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.0.lock();
        let id = state.names[path];
        let file = &mut state.files[id];
        damage(&mut file.now);
        file.durable.clone_from(&file.now);
    }
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl ModelFile {
    fn grow(&self, len: u64) -> io::Result<()> {
        let mut state = self.0.0.lock();
        let grows = len.saturating_sub(state.files[self.1].now.len() as u64);
        if grows > state.room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.room -= grows;
        let now = &mut state.files[self.1].now;
        let len = now.len().max(len as usize);
        now.resize(len, 0);
        Ok(())
    }
}

impl File for ModelFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.0.0.lock();
        let from = state.files[self.1].now.get(offset as usize..).unwrap_or_default();
        let n = from.len().min(buffer.len());
        buffer[..n].copy_from_slice(&from[..n]);
        Ok(n)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let end = offset as usize + bytes.len();
        self.0.0.lock().step();
        self.grow(end as u64)?;
        self.0.0.lock().files[self.1].now[offset as usize..end].copy_from_slice(bytes);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.0.0.lock();
        state.step();
        if state.sync_fails {
            return Err(io::Error::other("the disk is broken"));
        }
        state.syncs += 1;
        let file = &mut state.files[self.1];
        file.durable.clone_from(&file.now);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.0.lock().step();
        self.grow(len)?;
        let mut state = self.0.0.lock();
        let gone = state.files[self.1].now.len() as u64 - len;
        state.room += gone;
        state.files[self.1].now.truncate(len as usize);
        Ok(())
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        self.grow(len)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.0.lock().files[self.1].now.len() as u64)
    }

    fn read_what_can_be(&self) -> io::Result<Vec<u8>> {
        super::read_all(self)
    }
}

impl Disk for ModelDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        self.opens()?;
        let id = *self.0.lock().names.get(path).ok_or_else(not_found)?;
        Ok(Arc::new(ModelFile(self.clone(), id)))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        self.opens()?;
        let mut state = self.0.lock();
        state.step();
        let id = state.files.len();
        state.files.push(Content::default());
        state.names.insert(path.to_owned(), id);
        drop(state);
        Ok(Arc::new(ModelFile(self.clone(), id)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.step();
        let id = state.names.remove(from).ok_or_else(not_found)?;
        state.names.insert(to.to_owned(), id);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.step();
        state.names.remove(path).map(drop).ok_or_else(not_found)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let state = self.0.lock();
        let names = state.names.keys().filter(|path| path.parent() == Some(dir));
        Ok(names.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect())
    }

    fn create_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn open_dir(&self, dir: &Path) -> io::Result<Box<dyn Directory>> {
        self.opens()?;
        Ok(Box::new(ModelDirectory(self.clone(), dir.to_owned())))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.open_dir(dir)?.sync()
    }

    fn free(&self, _: &Path) -> io::Result<u64> {
        Ok(self.0.lock().room)
    }
}

/// An open directory of a disk in memory.
struct ModelDirectory(ModelDisk, PathBuf);

impl Directory for ModelDirectory {
    fn sync(&self) -> io::Result<()> {
        let (disk, dir) = (&self.0, self.1.as_path());
        let mut state = disk.0.lock();
        state.step();
        if state.sync_fails {
            return Err(io::Error::other("the disk is broken"));
        }
        let inside = |path: &PathBuf| path.parent() == Some(dir);
        let names: Vec<_> = state.names.iter().filter(|(p, _)| inside(p)).map(|(p, id)| (p.clone(), *id)).collect();
        state.durable_names.retain(|path, _| !inside(path));
        state.durable_names.extend(names);
        Ok(())
    }
}
