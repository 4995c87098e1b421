//! Places on this machine, as a person types them: looked at before anything is done with them, and completed. `~` is the
//! home directory.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::msg::{Completed, PathFault, Purpose};

/// How many of the names that fit are told.
const NAMES: usize = 40;
/// How many names of a directory are looked at.
const MOST: usize = 20_000;

/// Whether a place is fit for what is meant: a file to be sent, or where one is to be put. Gives the place in full: a
/// change that waits for the server may be sent by a console that was started elsewhere.
pub(super) async fn look(typed: String, purpose: Purpose) -> Result<String, PathFault> {
    let looked = tokio::task::spawn_blocking(move || match purpose {
        Purpose::Send => to_send(&expand(&typed)),
        Purpose::Save { name } => to_save(expand(&typed), &name, typed.ends_with('/')),
    });
    looked.await.unwrap_or_else(|error| Err(PathFault::System(error.to_string())))
}

/// What a place that was begun can be.
pub(super) async fn complete(typed: String) -> Completed {
    let completed = tokio::task::spawn_blocking(move || completed(&typed));
    completed.await.unwrap_or_default()
}

/// `~/a` and `~` by the home directory of whoever sits here.
fn expand(typed: &str) -> PathBuf {
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    expand_with(typed, home.as_deref())
}

fn expand_with(typed: &str, home: Option<&Path>) -> PathBuf {
    let rest = typed.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
    match (rest, home) {
        (Some(rest), Some(home)) => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(typed),
    }
}

fn fault(error: &std::io::Error) -> PathFault {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => PathFault::Missing,
        ErrorKind::PermissionDenied => PathFault::Denied,
        _ => PathFault::System(error.to_string()),
    }
}

fn told(path: &Path) -> Result<String, PathFault> {
    let whole = std::path::absolute(path).map_err(|error| fault(&error))?;
    whole.into_os_string().into_string().map_err(|_| PathFault::Missing)
}

#[expect(clippy::disallowed_methods, reason = "runs on a thread for what blocks")]
fn to_send(path: &Path) -> Result<String, PathFault> {
    let meta = std::fs::metadata(path).map_err(|error| fault(&error))?;
    if meta.is_dir() {
        return Err(PathFault::Directory);
    }
    // A pipe would be waited for.
    if !meta.is_file() {
        return Err(PathFault::NoFile);
    }
    std::fs::File::open(path).map_err(|error| fault(&error))?;
    told(path)
}

#[expect(clippy::disallowed_methods, reason = "runs on a thread for what blocks")]
fn to_save(mut path: PathBuf, name: &str, directory: bool) -> Result<String, PathFault> {
    let is_directory = |path: &Path| std::fs::metadata(path).is_ok_and(|meta| meta.is_dir());
    if directory || is_directory(&path) {
        path = path.join(opora_proto::save::plain_name(name));
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if parent.is_some_and(|parent| !is_directory(parent)) {
        return Err(PathFault::NoDirectory);
    }
    match std::fs::symlink_metadata(&path) {
        Ok(_) => return Err(PathFault::Taken),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(fault(&error)),
    }
    let parent = parent.unwrap_or(Path::new("."));
    rustix::fs::access(parent, rustix::fs::Access::WRITE_OK).map_err(|_| PathFault::Denied)?;
    told(&path)
}

#[expect(clippy::disallowed_methods, reason = "runs on a thread for what blocks")]
fn completed(typed: &str) -> Completed {
    // The part before the last slash stays as it was typed, `~` too.
    let (before, begun) = typed.rfind('/').map_or(("", typed), |at| typed.split_at(at + 1));
    if before.is_empty() && begun == "~" {
        return Completed { line: "~/".to_owned(), names: Vec::new() };
    }
    let directory = if before.is_empty() { PathBuf::from(".") } else { expand(before) };
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten().take(MOST);
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let mut name = entry.file_name().into_string().ok()?;
            let hidden = name.starts_with('.') && !begun.starts_with('.');
            // What can't be typed can't be completed either.
            if hidden || !name.starts_with(begun) || name.chars().any(char::is_control) {
                return None;
            }
            if std::fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir()) {
                name.push('/');
            }
            Some(name)
        })
        .collect();
    names.sort();
    let common =
        names.iter().skip(1).fold(names.first().cloned().unwrap_or_else(|| begun.to_owned()), |common, name| {
            common.chars().zip(name.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
        });
    if names.len() == 1 {
        names.clear();
    }
    names.truncate(NAMES);
    Completed { line: format!("{before}{common}"), names }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "files are what is tested")]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_looked_at_before_a_file_is_sent_from_it_or_put_there() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        let text = |name: &str| at(name).to_str().unwrap().to_owned();
        std::fs::write(at("a.log"), "x").unwrap();
        std::fs::create_dir(at("logs")).unwrap();
        assert_eq!(to_send(&at("a.log")), Ok(text("a.log")));
        assert_eq!(to_send(&at("b.log")), Err(PathFault::Missing));
        assert_eq!(to_send(&at("a.log/x")), Err(PathFault::Missing));
        assert_eq!(to_send(&at("logs")), Err(PathFault::Directory));
        assert_eq!(to_send(Path::new("/dev/null")), Err(PathFault::NoFile));
        assert_eq!(to_save(at("b.log"), "n", false), Ok(text("b.log")));
        assert_eq!(to_save(at("logs"), "n", false), Ok(text("logs/n")));
        assert_eq!(to_save(at("a.log"), "n", false), Err(PathFault::Taken));
        assert_eq!(to_save(at("none/b.log"), "n", false), Err(PathFault::NoDirectory));
        assert_eq!(to_save(at("none"), "n", true), Err(PathFault::NoDirectory));
        assert_eq!(to_save(PathBuf::from("/proc/x/y"), "n", false), Err(PathFault::NoDirectory));
    }

    #[test]
    fn a_tilde_is_the_home_directory() {
        let home = Some(Path::new("/home/olga"));
        for (typed, whole) in [
            ("~/a.log", "/home/olga/a.log"),
            ("~", "/home/olga/"),
            ("~ivan/a", "~ivan/a"),
            ("a~/b", "a~/b"),
            ("/x", "/x"),
        ] {
            assert_eq!(expand_with(typed, home), Path::new(whole), "{typed}");
        }
        assert_eq!(expand_with("~/a", None), Path::new("~/a"));
    }

    #[test]
    fn a_place_that_was_begun_is_completed_as_far_as_it_is_clear() {
        let root = tempfile::tempdir().unwrap();
        for name in ["запись-1.log", "запись-2.log", ".hidden", "other.txt"] {
            std::fs::write(root.path().join(name), "").unwrap();
        }
        std::fs::create_dir(root.path().join("logs")).unwrap();
        let base = format!("{}/", root.path().display());
        let all = |typed: &str| {
            let done = completed(&format!("{base}{typed}"));
            (done.line.strip_prefix(&base).unwrap().to_owned(), done.names)
        };
        assert_eq!(all("зап"), ("запись-".into(), vec!["запись-1.log".into(), "запись-2.log".into()]));
        assert_eq!(all("o"), ("other.txt".into(), vec![]));
        assert_eq!(all("l"), ("logs/".into(), vec![]));
        assert_eq!(all(".h"), (".hidden".into(), vec![]));
        assert_eq!(all("x"), ("x".into(), vec![]));
        assert_eq!(completed("~").line, "~/");
    }
}
