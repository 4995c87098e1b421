//! A file that is written for a person. What stands there already is never replaced unless that was asked for, what is no
//! regular file (a device, a pipe) is written into, and what broke off leaves nothing under the file's name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// How many links may follow each other.
const LINKS: usize = 16;
/// How many names are tried for one of several files of the same name.
const NAMES: u32 = 10_000;

/// Why a file can't be put where it should.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// There is a file already.
    #[error("there is a file already")]
    Taken,
    /// There is a directory.
    #[error("that is a directory")]
    Directory,
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
    /// Begins a file at `target`; a link is followed and stays.
    ///
    /// # Errors
    /// [`SaveError`]; nothing was made then.
    pub fn begin(target: &Path, existing: Existing) -> Result<Self, SaveError> {
        let target = followed(target)?;
        let permissions = match fs::symlink_metadata(&target) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
            Ok(there) if there.is_dir() => return Err(SaveError::Directory),
            Ok(there) if !there.is_file() => {
                return Ok(Self(Kind::Through(OpenOptions::new().write(true).open(&target)?)));
            }
            Ok(_) if existing == Existing::Keep => return Err(SaveError::Taken),
            Ok(there) => Some(there.permissions()),
        };
        let folder = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".opora-");
        #[cfg(unix)]
        let usual = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666);
        #[cfg(unix)]
        builder.permissions(usual);
        let file = builder.tempfile_in(folder)?;
        if let Some(permissions) = permissions {
            file.as_file().set_permissions(permissions)?;
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
        let put = match existing {
            Existing::Keep => file.persist_noclobber(&target),
            Existing::Replace => file.persist(&target),
        };
        match put {
            Ok(_) => Ok(()),
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

/// Where a path leads, link by link; its last name need not be there.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            Ok(to) => path = path.parent().unwrap_or(Path::new("")).join(to),
            // It is no link, or is not there.
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many links follow each other"))
}

/// A place in a folder for a file of this name that is not taken: `a.log`, `a (2).log`, `a (3).log`…
#[must_use]
pub fn free_place(folder: &Path, name: &str) -> PathBuf {
    let name = Path::new(name);
    let stem = name.file_stem().unwrap_or_default().to_string_lossy();
    let ending = name.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    let numbered = (2..NAMES).map(|n| folder.join(format!("{stem} ({n}){ending}")));
    let mut names = std::iter::once(folder.join(name)).chain(numbered);
    let is_free = |path: &PathBuf| fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound);
    names.find(is_free).unwrap_or_else(|| folder.join(name))
}

/// The name of a file from elsewhere, without anything that could lead elsewhere, hide, or be taken for an option.
#[must_use]
pub fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut plain: String = last.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    plain.truncate(plain.floor_char_boundary(200));
    let plain = plain.trim().trim_start_matches('-').trim_start();
    if matches!(plain, "" | "." | "..") { "attachment".to_owned() } else { plain.to_owned() }
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

    #[test]
    fn of_several_files_of_a_name_each_has_a_number() {
        let root = tempfile::tempdir().unwrap();
        for wanted in ["a.tar.gz", "a.tar (2).gz", "a.tar (3).gz"] {
            let place = free_place(root.path(), "a.tar.gz");
            assert_eq!(place, root.path().join(wanted));
            save(&place, Existing::Keep, "").unwrap();
        }
        symlink("nowhere", root.path().join("b")).unwrap();
        assert_eq!(free_place(root.path(), "b"), root.path().join("b (2)"), "a link is taken too");
    }

    #[test]
    fn a_name_from_elsewhere_never_leads_elsewhere() {
        for (given, kept) in [
            ("bpclient.log", "bpclient.log"),
            ("../../etc/passwd", "passwd"),
            ("C:\\logs\\x.log", "x.log"),
            ("..", "attachment"),
            ("", "attachment"),
            ("--force", "force"),
            (" .\u{7f}", ".\u{fffd}"),
            ("a\nb\u{1b}[2J", "a\u{fffd}b\u{fffd}[2J"),
        ] {
            assert_eq!(plain_name(given), kept);
        }
        assert!(plain_name(&"ж".repeat(500)).len() <= 200);
    }
}
