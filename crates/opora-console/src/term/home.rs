//! Where a person's texts are kept: apart for each desk and each agent, for number 7 of one desk is not number 7 of
//! another. What an older console left in the one place for all is taken over by whom it can belong to.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::drafts::DraftKey;
use crate::outbox::{Queued, desk};

/// The longest name of a directory.
const LONGEST: usize = 200;

/// The directories of one agent at one desk.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    /// The one place for all of older consoles.
    base: PathBuf,
    server: String,
    me: String,
}

impl Home {
    /// Below `base`; `server` and `me` as the model has them.
    pub(crate) fn new(base: PathBuf, server: &str, me: &str) -> Self {
        Self { base, server: desk(server), me: me.to_owned() }
    }

    /// Where the drafts are.
    pub(crate) fn drafts(&self) -> PathBuf {
        self.base.join(safe(&self.server)).join(safe(&self.me))
    }

    /// Where unanswered changes are.
    pub(crate) fn queued(&self) -> PathBuf {
        self.old_queue().join(safe(&self.server)).join(safe(&self.me))
    }

    fn old_queue(&self) -> PathBuf {
        self.base.with_file_name("queued")
    }

    /// Moves what lies in the old places and is this agent's: changes that say so, and drafts, which say nothing,
    /// unless a change tells that one is somebody else's. What can't be moved stays where it is.
    #[expect(clippy::disallowed_methods, reason = "a thread of its own, away from the loop that draws")]
    pub(super) fn adopt(&self) {
        let old_queue = self.old_queue();
        let queued: Vec<(PathBuf, Queued)> = files(&old_queue)
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .filter_map(|path| Some((path.clone(), Queued::decode(&std::fs::read_to_string(path).ok()?)?)))
            .collect();
        let (mine, others): (Vec<_>, Vec<_>) =
            queued.into_iter().partition(|(_, queued)| queued.is_of(&self.server, &self.me));
        // An older console that runs still answers for its changes.
        if !mine.is_empty() && super::disk::lock(&old_queue).is_some() {
            for (path, _) in &mine {
                move_into(path, &self.queued());
            }
        }
        for path in files(&self.base) {
            let key = path.file_name().and_then(|name| DraftKey::from_file_name(name.to_str()?));
            if key.is_some_and(|key| !others.iter().any(|(_, queued)| queued.draft == Some(key))) {
                move_into(&path, &self.drafts());
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a thread of its own, away from the loop that draws")]
fn files(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())).map(|entry| entry.path())
}

/// Moves a file, unless one of its name is there already: neither may be lost.
#[expect(clippy::disallowed_methods, reason = "a thread of its own, away from the loop that draws")]
fn move_into(file: &Path, directory: &Path) {
    let Some(name) = file.file_name() else { return };
    // A link fails where the name is taken, which a renaming would not.
    let moved = super::disk::make_directory(directory).and_then(|()| std::fs::hard_link(file, directory.join(name)));
    if moved.is_ok() {
        let _ = std::fs::remove_file(file);
    }
}

/// As the name of a directory: different names stay different, and none leads elsewhere.
fn safe(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        let plain = byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        // `.` and `..` are names of other places, and a hidden directory is found by nobody.
        if plain && !(byte == b'.' && out.is_empty()) {
            out.push(char::from(byte));
        } else {
            // Writing to a string never fails.
            let _ = write!(out, "_{byte:02x}");
        }
    }
    if out.is_empty() {
        out.push('_');
    }
    out.truncate(LONGEST);
    out
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "files are what is tested")]
mod tests {
    use super::*;
    use crate::change::{Change, What};

    #[test]
    fn desks_and_agents_are_kept_apart_under_names_that_lead_nowhere_else() {
        let home = |server: &str, me: &str| Home::new("/x/opora/drafts".into(), server, me);
        assert_eq!(
            home("http://Desk.example.com:7420/", "olga").drafts(),
            home("desk.example.com:7420", "olga").drafts()
        );
        assert_eq!(home("http://127.0.0.1:7420", "olga").drafts(), Path::new("/x/opora/drafts/127.0.0.1_3a7420/olga"));
        assert_eq!(home("127.0.0.1:7420", "olga").queued(), Path::new("/x/opora/queued/127.0.0.1_3a7420/olga"));
        for (one, two) in [("a:1", "a_3a1"), ("a", "a."), ("A", "_41"), ("", "_"), ("ольга", "olga")] {
            assert_ne!(home("desk", one).drafts(), home("desk", two).drafts(), "{one} {two}");
        }
        for bad in ["..", ".", "../../etc", "/etc/passwd", "a\0b"] {
            let path = home("desk", bad).drafts();
            assert!(path.starts_with("/x/opora/drafts/desk") && path.components().count() == 6, "{path:?}");
            assert!(
                path.components()
                    .all(|part| matches!(part, std::path::Component::RootDir | std::path::Component::Normal(_)))
            );
        }
        assert!(safe(&"я".repeat(200)).len() <= LONGEST);
    }

    fn queued(server: &str, me: &str, id: &str, draft: Option<DraftKey>) -> Queued {
        let change =
            Change { request_id: id.into(), number: 7, etag: String::new(), what: What::Assign("olga".into()) };
        let (server, me) = (server.to_owned(), me.to_owned());
        Queued { change, draft, at: 5, order: 1, server, me, seen: Vec::new(), revision: 7, other: Vec::new() }
    }

    #[test]
    fn what_an_older_console_left_is_taken_over_and_nothing_is_lost() {
        let root = tempfile::tempdir().unwrap();
        let base = root.path().join("drafts");
        let old_queue = root.path().join("queued");
        let home = Home::new(base.clone(), "http://desk.example.com:1", "olga");
        std::fs::create_dir_all(home.drafts()).unwrap();
        std::fs::create_dir_all(&old_queue).unwrap();
        let write = |path: PathBuf, text: &str| std::fs::write(path, text).unwrap();
        let name = |number| DraftKey::Reply(number).file_name();
        write(base.join(name(1)), "whose is not told");
        write(base.join(name(2)), "Ivan's");
        write(base.join(name(3)), "old");
        write(home.drafts().join(name(3)), "new");
        write(base.join("notes.txt"), "no draft");
        let mine = queued("desk.example.com:1", "olga", "m", None);
        let his = queued("desk.example.com:1", "ivan", "h", Some(DraftKey::Reply(2)));
        for one in [&mine, &his] {
            write(old_queue.join(one.file_name()), &one.encode());
        }
        home.adopt();
        home.adopt();
        let read = |path: PathBuf| std::fs::read_to_string(path).ok();
        assert_eq!(read(home.drafts().join(name(1))).as_deref(), Some("whose is not told"));
        assert_eq!(read(base.join(name(1))), None);
        assert_eq!(read(base.join(name(2))).as_deref(), Some("Ivan's"));
        assert_eq!(read(base.join(name(3))).as_deref(), Some("old"), "neither of two is lost");
        assert_eq!(read(home.drafts().join(name(3))).as_deref(), Some("new"));
        assert_eq!(read(base.join("notes.txt")).as_deref(), Some("no draft"));
        assert_eq!(read(home.queued().join(mine.file_name())), Some(mine.encode()));
        assert_eq!(read(old_queue.join(his.file_name())), Some(his.encode()));
        let ivan = Home::new(base, "desk.example.com:1", "ivan");
        ivan.adopt();
        assert_eq!(read(ivan.drafts().join(name(2))).as_deref(), Some("Ivan's"));
        assert_eq!(read(ivan.queued().join(his.file_name())), Some(his.encode()));
    }
}
