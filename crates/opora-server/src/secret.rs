//! The desk's secret: random bytes that never leave the data directory, which seal what callers carry about. Its loss
//! only makes old page tokens refused.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// How many bytes it has.
const BYTES: usize = 32;
/// Its file in the data directory.
const FILE: &str = "secret";
/// The file while it is being written.
const WRITING: &str = "secret.tmp";

/// The bytes.
pub(crate) type Secret = [u8; BYTES];

/// Reads it from a data directory, or makes it there the first time. Where it can't be kept, the log says so and it lasts
/// as long as the process. Blocks.
#[expect(clippy::disallowed_methods, reason = "its callers are on a thread that may block")]
pub(crate) fn keep(data: &Path) -> Secret {
    match read(&data.join(FILE)) {
        Ok(Some(secret)) => return secret,
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "the file `secret` can't be used: old page tokens are refused"),
    }
    let secret = passing();
    if let Err(error) = write(data, &secret) {
        let _ = fs::remove_file(data.join(WRITING));
        tracing::warn!(%error, "the file `secret` can't be written: page tokens last until the next start");
    }
    secret
}

/// One that lasts as long as the process.
pub(crate) fn passing() -> Secret {
    rand::random()
}

/// `None`: there is none yet.
#[expect(clippy::disallowed_methods, reason = "its callers are on a thread that may block")]
fn read(file: &Path) -> io::Result<Option<Secret>> {
    let mut open = match File::open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut secret = [0; BYTES];
    open.read_exact(&mut secret)?;
    match open.read(&mut [0])? {
        0 => Ok(Some(secret)),
        _ => Err(ErrorKind::InvalidData.into()),
    }
}

#[expect(clippy::disallowed_methods, reason = "its callers are on a thread that may block")]
fn write(data: &Path, secret: &Secret) -> io::Result<()> {
    let (writing, file) = (data.join(WRITING), data.join(FILE));
    let mut open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&writing)?;
    open.write_all(secret)?;
    open.sync_all()?;
    fs::rename(writing, file)?;
    File::open(data)?.sync_all()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test")]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn it_is_made_once_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let secret = keep(dir.path());
        assert_eq!(keep(dir.path()), secret);
        assert_ne!(keep(tempfile::tempdir().unwrap().path()), secret);
        let file = fs::metadata(dir.path().join(FILE)).unwrap();
        assert_eq!((file.permissions().mode() & 0o777, file.len()), (0o600, BYTES as u64));
    }

    #[test]
    fn one_that_is_lost_cut_or_longer_is_made_anew_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let first = keep(dir.path());
        for wrong in [None, Some(31), Some(33), Some(0)] {
            match wrong {
                None => fs::remove_file(dir.path().join(FILE)).unwrap(),
                Some(length) => fs::write(dir.path().join(FILE), vec![7; length]).unwrap(),
            }
            let anew = keep(dir.path());
            assert_ne!(anew, first);
            assert_eq!(keep(dir.path()), anew, "{wrong:?}");
        }
    }

    #[test]
    fn where_nothing_can_be_written_there_is_one_all_the_same() {
        assert_ne!(keep(Path::new("/dev/null/nowhere")), [0; BYTES]);
    }
}
