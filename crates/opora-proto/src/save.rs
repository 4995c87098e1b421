//! A file that is written for a person. What stands there already is never replaced unless that was asked for, what is no
//! regular file (a device, a pipe) is written into, and what broke off leaves nothing under the file's name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

mod names;

pub use names::{free_place, places, plain_name};

/// How many links may follow each other.
const LINKS: usize = 16;

/// Why a file can't be put where it should.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// There is a file already.
    #[error("there is a file already")]
    Taken,
    /// There is a directory.
    #[error("that is a directory")]
    Directory,
    /// There is no directory in which it could be.
    #[error("there is no directory {}", .0.display())]
    Folder(PathBuf),
    /// The system refused.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// What to do about a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the new one is refused.
    Keep,
    /// It is replaced once the new one is whole, which gets its permissions.
    Replace,
}

/// A file that is being written. Dropped before [`Saving::finish`], it leaves nothing.
#[derive(Debug)]
pub struct Saving(Kind);

#[derive(Debug)]
enum Kind {
    /// Standard output.
    Stdout(io::Stdout),
    /// What is no regular file.
    Through(File),
    /// Beside its place, until it is whole.
    Beside { file: NamedTempFile, target: PathBuf, existing: Existing },
}

impl Saving {
    /// Begins a file at `target`; a link is followed and stays. Blocks: opening a pipe waits for who reads it.
    ///
    /// # Errors
    /// [`SaveError`]; nothing was made then.
    pub fn begin(target: &Path, existing: Existing) -> Result<Self, SaveError> {
        has_folder(target)?;
        let target = match followed(target)? {
            // `/dev/stdout`, a shell's `>(command)`: somebody opened it for us, behind what it holds already.
            Followed::Descriptor(path) => {
                return Ok(Self(Kind::Through(OpenOptions::new().append(true).open(path)?)));
            }
            Followed::Place(path) => path,
        };
        has_folder(&target)?;
        let replaced = match fs::symlink_metadata(&target) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
            Ok(there) if there.is_dir() => return Err(SaveError::Directory),
            Ok(there) if !there.is_file() => {
                return Ok(Self(Kind::Through(OpenOptions::new().write(true).open(&target)?)));
            }
            Ok(_) if existing == Existing::Keep => return Err(SaveError::Taken),
            Ok(there) => Some(there),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".opora-");
        #[cfg(unix)]
        let usual = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666);
        #[cfg(unix)]
        builder.permissions(usual);
        let file = builder.tempfile_in(folder_of(&target))?;
        if let Some(replaced) = replaced {
            belong_as(file.as_file(), &replaced)?;
        }
        Ok(Self(Kind::Beside { file, target, existing }))
    }

    /// Standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self(Kind::Stdout(io::stdout()))
    }

    /// Where it will be; `None`: it goes into something that has no end.
    #[must_use]
    pub fn target(&self) -> Option<&Path> {
        match &self.0 {
            Kind::Beside { target, .. } => Some(target),
            Kind::Stdout(_) | Kind::Through(_) => None,
        }
    }

    /// Puts the file in its place, durable.
    ///
    /// # Errors
    /// [`SaveError::Taken`] when another one came there in between: that one stays.
    pub fn finish(mut self) -> Result<(), SaveError> {
        self.flush()?;
        let Kind::Beside { file, target, existing } = self.0 else { return Ok(()) };
        file.as_file().sync_data()?;
        // What came there meanwhile and is no regular file is not what was to be replaced.
        let other = fs::symlink_metadata(&target).is_ok_and(|there| !there.is_file());
        let put = match existing {
            Existing::Replace if !other => file.persist(&target),
            Existing::Keep | Existing::Replace => file.persist_noclobber(&target),
        };
        match put {
            Ok(_) => {
                // Some file systems can't sync a directory; the file is there and whole all the same.
                let _ = File::open(folder_of(&target)).and_then(|folder| folder.sync_all());
                Ok(())
            }
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Err(SaveError::Taken),
            Err(error) => Err(error.error.into()),
        }
    }
}

impl Write for Saving {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Kind::Stdout(stdout) => stdout.write(bytes),
            Kind::Through(file) => file.write(bytes),
            Kind::Beside { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Kind::Stdout(stdout) => stdout.flush(),
            Kind::Through(file) => file.flush(),
            Kind::Beside { file, .. } => file.flush(),
        }
    }
}

/// Whether there is a directory in which a file could be put at `target`: to be asked before what takes time. A name that
/// ends in a slash is that of a directory.
///
/// # Errors
/// [`SaveError::Folder`] where there is none, [`SaveError::System`] where it can't be seen.
pub fn has_folder(target: &Path) -> Result<(), SaveError> {
    let is_folder = target.as_os_str().as_encoded_bytes().ends_with(b"/");
    let folder = if is_folder { target } else { folder_of(target) };
    match fs::metadata(folder) {
        Ok(there) if there.is_dir() => Ok(()),
        Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Err(error.into()),
        _ => Err(SaveError::Folder(folder.to_owned())),
    }
}

/// The directory in which a path's last name stands.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Gives a fresh file the owner and the permissions of the one that it will replace.
fn belong_as(fresh: &File, replaced: &fs::Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
        // Only root can give a file away; whoever replaces another's file otherwise owns the new one.
        let _ = fchown(fresh, Some(replaced.uid()), Some(replaced.gid()));
        // Without the bits that lend a program its owner's rights: this is another content.
        fresh.set_permissions(fs::Permissions::from_mode(replaced.permissions().mode() & 0o777))
    }
    #[cfg(not(unix))]
    fresh.set_permissions(replaced.permissions())
}

/// Where a path leads.
enum Followed {
    /// A place, which may be empty.
    Place(PathBuf),
    /// What a process has open: its link tells of more than a path.
    Descriptor(PathBuf),
}

/// Follows a path, link by link; its last name need not be there.
fn followed(path: &Path) -> io::Result<Followed> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        // Of a pipe such a link names no file, of a file one that may be gone.
        let folder = fs::canonicalize(folder_of(&path));
        if folder.is_ok_and(|folder| folder.starts_with("/proc") && folder.ends_with("fd")) {
            return Ok(Followed::Descriptor(path));
        }
        match fs::read_link(&path) {
            Ok(to) => path = path.parent().unwrap_or(Path::new("")).join(to),
            // It is no link, or is not there.
            Err(_) => return Ok(Followed::Place(path)),
        }
    }
    Err(io::Error::other("too many links follow each other"))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn save(target: &Path, existing: Existing, text: &str) -> Result<(), SaveError> {
        let mut saving = Saving::begin(target, existing)?;
        saving.write_all(text.as_bytes())?;
        saving.finish()
    }

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    /// What is in a directory, hidden files as well.
    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_that_is_there_stays_unless_it_is_to_be_replaced() {
        let root = tempfile::tempdir().unwrap();
        let at = root.path().join("a.log");
        save(&at, Existing::Keep, "one").unwrap();
        assert!(matches!(save(&at, Existing::Keep, "two"), Err(SaveError::Taken)));
        assert_eq!(read(&at), "one");
        fs::set_permissions(&at, fs::Permissions::from_mode(0o640)).unwrap();
        save(&at, Existing::Replace, "two").unwrap();
        assert_eq!((read(&at).as_str(), fs::metadata(&at).unwrap().permissions().mode() & 0o777), ("two", 0o640));
        assert!(matches!(save(root.path(), Existing::Replace, "x"), Err(SaveError::Directory)));
        assert_eq!(names(root.path()), ["a.log"]);
    }

    #[test]
    fn a_file_in_a_directory_that_is_not_there_is_refused_by_the_directorys_name() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::write(at("file"), "").unwrap();
        symlink("none/x", at("link")).unwrap();
        for (target, folder) in [("none/x", "none"), ("none/y/x", "none/y"), ("file/x", "file"), ("new/", "new/")] {
            let refused = has_folder(&at(target)).unwrap_err();
            assert!(matches!(&refused, SaveError::Folder(named) if *named == at(folder)), "{target}: {refused}");
        }
        assert!(matches!(save(&at("link"), Existing::Keep, "x"), Err(SaveError::Folder(_))), "behind a link");
        assert!(has_folder(Path::new("x")).is_ok() && has_folder(&at("x")).is_ok());
    }

    #[test]
    fn one_that_came_in_between_stays_as_well() {
        let root = tempfile::tempdir().unwrap();
        let at = root.path().join("a.log");
        let saving = Saving::begin(&at, Existing::Keep).unwrap();
        fs::write(&at, "of another").unwrap();
        assert!(matches!(saving.finish(), Err(SaveError::Taken)));
        assert_eq!((read(&at).as_str(), names(root.path())), ("of another", vec!["a.log".to_owned()]));
    }

    #[test]
    fn what_breaks_off_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let at = root.path().join("a.log");
        let mut saving = Saving::begin(&at, Existing::Keep).unwrap();
        saving.write_all(b"half").unwrap();
        drop(saving);
        assert!(names(root.path()).is_empty());
    }

    #[test]
    fn a_device_and_a_pipe_are_written_into() {
        let root = tempfile::tempdir().unwrap();
        for existing in [Existing::Keep, Existing::Replace] {
            save(Path::new("/dev/null"), existing, "x").unwrap();
            let full = save(Path::new("/dev/full"), existing, "x");
            assert!(matches!(full, Err(SaveError::System(error)) if error.kind() == ErrorKind::StorageFull));
        }
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        let link = root.path().join("null");
        symlink("/dev/null", &link).unwrap();
        save(&link, Existing::Replace, "x").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn what_a_shell_has_open_is_written_into() {
        use std::os::fd::AsRawFd as _;
        let root = tempfile::tempdir().unwrap();
        for folder in ["/dev/fd", "/proc/self/fd"] {
            let (mut reader, writer) = io::pipe().unwrap();
            save(Path::new(&format!("{folder}/{}", writer.as_raw_fd())), Existing::Keep, "one").unwrap();
            drop(writer);
            assert_eq!(io::read_to_string(&mut reader).unwrap(), "one", "{folder}");
            let at = root.path().join("a.log");
            let mut file = File::create(&at).unwrap();
            file.write_all(b"before, ").unwrap();
            save(Path::new(&format!("{folder}/{}", file.as_raw_fd())), Existing::Keep, "one").unwrap();
            assert_eq!(read(&at), "before, one", "{folder}");
        }
    }

    #[test]
    fn what_replaces_a_file_belongs_as_it_did_and_lends_nobody_rights() {
        use std::os::unix::fs::{MetadataExt as _, chown};
        let root = tempfile::tempdir().unwrap();
        let at = root.path().join("a.log");
        save(&at, Existing::Keep, "one").unwrap();
        // Only root can give it away: another finds its own owner again.
        let _ = chown(&at, Some(65_534), Some(65_534));
        fs::set_permissions(&at, fs::Permissions::from_mode(0o4755)).unwrap();
        let before = fs::metadata(&at).unwrap();
        save(&at, Existing::Replace, "two").unwrap();
        let now = fs::metadata(&at).unwrap();
        assert_eq!((now.uid(), now.gid(), now.mode() & 0o7777), (before.uid(), before.gid(), 0o755));
    }

    #[test]
    fn a_link_that_came_in_the_place_of_a_file_is_not_replaced() {
        let root = tempfile::tempdir().unwrap();
        let at = root.path().join("a.log");
        save(&at, Existing::Keep, "one").unwrap();
        let saving = Saving::begin(&at, Existing::Replace).unwrap();
        fs::remove_file(&at).unwrap();
        symlink("/dev/null", &at).unwrap();
        assert!(matches!(saving.finish(), Err(SaveError::Taken)));
        assert!(fs::symlink_metadata(&at).unwrap().is_symlink());
    }

    #[test]
    fn a_link_is_followed_and_stays() {
        let root = tempfile::tempdir().unwrap();
        let (link, behind) = (root.path().join("link"), root.path().join("behind"));
        symlink("behind", &link).unwrap();
        save(&link, Existing::Keep, "one").unwrap();
        assert!(matches!(save(&link, Existing::Keep, "two"), Err(SaveError::Taken)));
        save(&link, Existing::Replace, "two").unwrap();
        assert_eq!(read(&behind), "two");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let round = root.path().join("round");
        symlink("round", &round).unwrap();
        assert!(save(&round, Existing::Keep, "x").is_err(), "a link to itself");
    }
}
