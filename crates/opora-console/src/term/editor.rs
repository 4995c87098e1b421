//! The person's own editor on a text, while the terminal is theirs. What is on disk when it ends is the draft, however
//! it ends: its file is named after the draft, and goes only when the draft is kept. A console that did not live to see
//! the end leaves the file to the next one. Whoever still works on it holds a lock beside it: the editor has it from
//! the console.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use rustix::io::{FdFlags, fcntl_setfd};

use crate::drafts::DraftKey;
use crate::msg::{Edited, EditorFault};

/// What the name of a file that is edited begins with.
const PREFIX: &str = "editing-";
/// The same of one that is kept because it is not UTF-8.
const KEPT: &str = "not-utf-8-";
/// How many names are tried: files of an earlier process of the same number are in the way.
const NAMES: u32 = 100;

/// Runs `$VISUAL`, else `$EDITOR`, else `vi` on a file in `directory`, and gives back what is in it. Blocks.
pub(crate) fn run(directory: &Path, key: DraftKey, text: &str) -> Edited {
    let set = |name: &&str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let chosen = ["VISUAL", "EDITOR"].iter().find_map(set);
    run_with(chosen.as_deref().unwrap_or("vi"), directory, key, text)
}

fn run_with(chosen: &str, directory: &Path, key: DraftKey, text: &str) -> Edited {
    let mut edited = Edited { key, text: None, fault: None, file: String::new() };
    let Some((program, arguments)) = words(chosen) else {
        edited.fault = Some(EditorFault::Quote(chosen.to_owned()));
        return edited;
    };
    let (name, lock) = match begin(directory, key, text) {
        Ok(begun) => begun,
        Err(error) => {
            edited.fault = Some(EditorFault::System(error.to_string()));
            return edited;
        }
    };
    let path = directory.join(&name);
    // What the console set for its own allocator is nobody else's.
    let status = Command::new(&program).args(arguments).arg(&path).env_remove("MIMALLOC_PURGE_DELAY").status();
    drop(lock);
    edited.fault = match status {
        Ok(status) => fault(status),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(EditorFault::Missing(program)),
        Err(error) => Some(EditorFault::System(format!("{program}: {error}"))),
    };
    match read(&path) {
        // It broke while it wrote: what there was is more than nothing.
        Ok(now) if edited.fault.is_some() && now.is_empty() => {}
        Ok(now) => {
            if let Ok(now) = String::from_utf8(now) {
                edited.text = Some(now);
            } else {
                // Nobody guesses in which encoding it is: all of it is kept for whoever knows.
                let kept = keep_apart(directory, &name);
                edited.fault = Some(EditorFault::Encoding(kept.display().to_string()));
                return edited;
            }
        }
        Err(error) if edited.fault.is_none() => edited.fault = Some(EditorFault::System(error.to_string())),
        Err(_) => {}
    }
    if edited.text.as_deref().is_none_or(|now| now == text) {
        remove(directory, &name);
    } else {
        edited.file = name;
    }
    edited
}

/// The program and its arguments, as a shell would part them. `None`: a quote is not closed.
fn words(chosen: &str) -> Option<(String, Vec<String>)> {
    let mut words = shell_words::split(chosen).ok()?.into_iter();
    Some((words.next().unwrap_or_else(|| "vi".to_owned()), words.collect()))
}

fn fault(status: ExitStatus) -> Option<EditorFault> {
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(EditorFault::Exit(code)),
        (None, signal) => Some(EditorFault::Signal(signal.unwrap_or_default())),
    }
}

/// Writes the text where the editor finds it; nobody else may read it. Where it can't be written whole the editor is
/// not begun: what it saved would be less than what there was.
fn begin(directory: &Path, key: DraftKey, text: &str) -> io::Result<(String, File)> {
    super::disk::make_directory(directory)?;
    let stem = key.file_name();
    let stem = stem.trim_end_matches(".draft");
    for n in 0..NAMES {
        let name = format!("{PREFIX}{}-{n}-{stem}.txt", std::process::id());
        let fresh = |name: &str| OpenOptions::new().write(true).create_new(true).mode(0o600).open(directory.join(name));
        let mut file = match fresh(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            opened => opened?,
        };
        let begun = file.write_all(text.as_bytes()).and_then(|()| {
            let path = directory.join(lock_name(&name));
            let lock = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
            lock.try_lock().map_err(io::Error::from)?;
            // The editor has it too: it is free when neither is there any more.
            fcntl_setfd(&lock, FdFlags::empty())?;
            Ok(lock)
        });
        if begun.is_err() {
            remove(directory, &name);
        }
        return begun.map(|lock| (name, lock));
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[expect(clippy::disallowed_methods, reason = "runs on a thread for what blocks, while nothing is drawn")]
fn read(path: &Path) -> io::Result<Vec<u8>> {
    std::fs::read(path)
}

/// Gives a file that is no text of ours a name under which no console takes it for a draft; gives where it is.
#[expect(clippy::disallowed_methods, reason = "runs on a thread for what blocks, while nothing is drawn")]
fn keep_apart(directory: &Path, name: &str) -> PathBuf {
    let (path, kept) = (directory.join(name), directory.join(name.replacen(PREFIX, KEPT, 1)));
    let _ = std::fs::remove_file(directory.join(lock_name(name)));
    match std::fs::rename(&path, &kept) {
        Ok(()) => kept,
        // It stays where it is.
        Err(_) => path,
    }
}

/// The name of the lock beside a file.
pub(crate) fn lock_name(name: &str) -> String {
    format!("{name}.lock")
}

/// Removes a file and its lock.
#[expect(clippy::disallowed_methods, reason = "runs on a thread for what blocks, while nothing is drawn")]
pub(super) fn remove(directory: &Path, name: &str) {
    for name in [name.to_owned(), lock_name(name)] {
        let _ = std::fs::remove_file(directory.join(name));
    }
}

/// The texts that an earlier console left in its editors: the draft that each is, its file's name and what is in it. What
/// an editor still works on stays where it is.
#[expect(clippy::disallowed_methods, reason = "a thread of its own, away from the loop that draws")]
pub(super) fn left(directory: &Path) -> Vec<(DraftKey, String, String)> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let key = key_of(&name)?;
            let lock = File::open(directory.join(lock_name(&name)));
            if lock.is_ok_and(|lock| lock.try_lock().is_err()) {
                return None;
            }
            let text = String::from_utf8(read(&directory.join(&name)).ok()?);
            if text.is_err() {
                keep_apart(directory, &name);
            }
            Some((key, name, text.ok()?))
        })
        .collect()
}

/// The draft of a file that is edited: `editing-411-0-ticket-7-public.txt`.
fn key_of(name: &str) -> Option<DraftKey> {
    let rest = name.strip_prefix(PREFIX)?.strip_suffix(".txt")?;
    let (_, rest) = rest.split_once('-')?;
    let (_, stem) = rest.split_once('-')?;
    DraftKey::from_file_name(&format!("{stem}.draft"))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "files are what is tested")]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const KEY: DraftKey = DraftKey::Reply(7);

    fn names(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// An editor of a few lines of shell, in a directory with a space in its name.
    fn script(place: &Path, lines: &str) -> String {
        let directory = place.join("my tools");
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("ed");
        std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn what_is_on_disk_when_the_editor_ends_is_the_text_however_it_ends() {
        let place = tempfile::tempdir().unwrap();
        let drafts = place.path().join("drafts");
        for (end, fault) in [
            ("exit 0", None),
            ("exit 1", Some(EditorFault::Exit(1))),
            ("kill -9 $$", Some(EditorFault::Signal(9))),
            ("kill -15 $$", Some(EditorFault::Signal(15))),
        ] {
            let editor = script(place.path(), &format!("printf 'long text' > \"$1\"; {end}"));
            let edited = run_with(&format!("'{editor}'"), &drafts, KEY, "before");
            assert_eq!(edited.text.as_deref(), Some("long text"), "{end}");
            assert_eq!(edited.fault, fault, "{end}");
            assert!(names(&drafts).contains(&edited.file), "its file is there until the draft is kept");
            remove(&drafts, &edited.file);
            assert!(names(&drafts).is_empty(), "{:?}", names(&drafts));
        }
    }

    #[test]
    fn the_command_is_parted_as_a_shell_would_and_the_file_is_its_owners_alone() {
        let place = tempfile::tempdir().unwrap();
        let drafts = place.path().join("drafts");
        let editor = script(place.path(), "stat -c '%a' \"$3\" > \"$3.got\"; printf '%s|%s' \"$1\" \"$2\" > \"$3\"");
        let edited = run_with(&format!("\"{editor}\" -w 'two words'"), &drafts, KEY, "");
        assert_eq!((edited.text.as_deref(), edited.fault), (Some("-w|two words"), None));
        let mode = std::fs::read_to_string(drafts.join(format!("{}.got", edited.file))).unwrap();
        assert_eq!(mode.trim(), "600");
        assert_eq!(std::fs::metadata(&drafts).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn an_editor_that_does_not_begin_says_why_and_leaves_nothing_behind() {
        let place = tempfile::tempdir().unwrap();
        let drafts = place.path().join("drafts");
        let missing = run_with("'/no/such program' -w", &drafts, KEY, "before");
        assert_eq!(missing.fault, Some(EditorFault::Missing("/no/such program".into())));
        assert_eq!((missing.text.as_deref(), missing.file.as_str()), (Some("before"), ""));
        let quote = run_with("'vi", &drafts, KEY, "before");
        assert_eq!(quote.fault, Some(EditorFault::Quote("'vi".into())));
        std::fs::write(place.path().join("plain"), "no program").unwrap();
        let plain = run_with(place.path().join("plain").to_str().unwrap(), &drafts, KEY, "before");
        assert!(matches!(plain.fault, Some(EditorFault::System(_))), "{plain:?}");
        assert!(names(&drafts).is_empty(), "{:?}", names(&drafts));
    }

    #[test]
    fn an_editor_that_broke_while_it_wrote_takes_nothing_away() {
        let place = tempfile::tempdir().unwrap();
        let editor = script(place.path(), ": > \"$1\"; exit 1");
        let edited = run_with(&format!("'{editor}'"), place.path(), KEY, "before");
        assert_eq!((edited.text, edited.fault), (None, Some(EditorFault::Exit(1))));
    }

    #[test]
    fn what_an_editor_saved_in_another_encoding_is_kept_to_the_byte_and_the_draft_as_it_was() {
        let place = tempfile::tempdir().unwrap();
        let drafts = place.path().join("drafts");
        for end in ["exit 0", "exit 1"] {
            let editor = script(place.path(), &format!("printf 'a\\377b' > \"$1\"; {end}"));
            let edited = run_with(&format!("'{editor}'"), &drafts, KEY, "before");
            assert_eq!((edited.text, edited.file), (None, String::new()));
            let Some(EditorFault::Encoding(path)) = edited.fault else { panic!("{:?}", edited.fault) };
            assert_eq!(std::fs::read(&path).unwrap(), b"a\xffb");
            assert_eq!(left(&drafts), [], "no console takes it for a draft");
            std::fs::remove_file(path).unwrap();
            assert!(names(&drafts).is_empty(), "{:?}", names(&drafts));
        }
    }

    #[test]
    fn what_a_console_left_in_its_editor_is_found_when_nobody_works_on_it() {
        let place = tempfile::tempdir().unwrap();
        for key in [KEY, DraftKey::Create, DraftKey::Many, DraftKey::Description(3)] {
            let (name, lock) = begin(place.path(), key, "typed").unwrap();
            assert_eq!(left(place.path()), [], "it is still being edited");
            drop(lock);
            assert_eq!(left(place.path()), [(key, name.clone(), "typed".to_owned())]);
            remove(place.path(), &name);
        }
        std::fs::write(place.path().join("editing-7.txt"), "of an older console").unwrap();
        assert_eq!(left(place.path()), []);
    }
}
