//! Generations: each time the view is built again it gets a directory of its own, because sled can leave a damaged one
//! in any state. The highest number counts.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::disk::is_passing;
use crate::passing::PassingDir;

/// The numbers of the generations that are there, highest first.
fn numbers(root: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(root)? {
        numbers.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    Ok(numbers)
}

/// The directory of the current generation, if there is one.
pub(crate) fn current(root: &Path) -> io::Result<Option<PathBuf>> {
    fs::create_dir_all(root)?;
    Ok(numbers(root)?.first().map(|n| root.join(n.to_string())))
}

/// The same, of a directory in which nothing is made.
pub(crate) fn current_of(root: &Path) -> io::Result<Option<PathBuf>> {
    match numbers(root) {
        Ok(numbers) => Ok(numbers.first().map(|n| root.join(n.to_string()))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// A copy of a generation in the directory for temporary files: sled writes into what it opens.
pub(crate) struct Copy(PassingDir);

impl Copy {
    /// Copies one.
    pub(crate) fn of(view: &Path) -> io::Result<Self> {
        let copy = PassingDir::new("view")?;
        copy_into(view, &copy.path().join("view"))?;
        Ok(Self(copy))
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("view")
    }
}

fn copy_into(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_into(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The directory of the next generation; it is not there yet.
pub(crate) fn next(root: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(root)?;
    Ok(root.join((numbers(root)?.first().copied().unwrap_or(0) + 1).to_string()))
}

/// Sets a damaged generation aside, so that it is never opened again.
pub(crate) fn condemn(path: &Path) {
    let _ = fs::rename(path, path.with_extension("damaged"));
}

/// Removes all generations but one. What can't be removed stays.
pub(crate) fn remove_others(root: &Path, keep: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        if entry.path() != keep {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// What a trial of a view says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trial {
    /// It can be opened.
    Stood,
    /// It is not to be opened in this process.
    Failed,
    /// Nothing: the machine was short of something, threads for one.
    Short,
}

/// The exit code with which a probe says that the machine is short of something (`EX_TEMPFAIL`).
const TRY_AGAIN: i32 = 75;
/// The signal that a system ends processes with when memory is short.
const KILLED: i32 = 9;

/// Runs the probe.
pub(crate) fn trial(command: &[OsString], dir: &Path) -> Trial {
    let Some((program, arguments)) = command.split_first() else { return Trial::Stood };
    let status = Command::new(program)
        .args(arguments)
        .arg(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => Trial::Stood,
        // Damage aborts, or is told; whom the system kills was in its way.
        Ok(status) if status.code() == Some(TRY_AGAIN) || status.signal() == Some(KILLED) => Trial::Short,
        Ok(_) => Trial::Failed,
        Err(e) if is_passing(&e) => Trial::Short,
        Err(e) => {
            tracing::warn!(error = %e, "the view could not be probed");
            Trial::Stood
        }
    }
}
