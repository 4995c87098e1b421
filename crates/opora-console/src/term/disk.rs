//! The thread that keeps drafts and unanswered changes on disk: each in a file of its own, replaced as a whole. Of
//! several texts that wait for one file only the newest is written. Of two consoles that a person has open, the first
//! takes over the changes that an earlier one left at this desk.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;

use super::editor;
use super::home::Home;
use crate::drafts::{Draft, DraftKey};
use crate::msg::Msg;
use crate::outbox::Queued;

/// How many orders may wait; the screen waits when there are more.
const ORDERS: usize = 1024;

/// When what could not be written is tried again: soon enough that little is typed meanwhile.
const AGAIN: Duration = Duration::from_secs(2);

/// What to do with a file: write it, or `None`: delete it.
type Order = (File, Option<String>);

/// A file that is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum File {
    Draft(DraftKey),
    /// A change, by its file name.
    Queued(String),
    /// What an editor was given, by its file name. After the drafts: it goes when what came of it is kept.
    Edited(String),
}

impl File {
    fn path(&self, places: &Places) -> PathBuf {
        match self {
            Self::Draft(key) => places.drafts.join(key.file_name()),
            Self::Queued(name) => places.queued.join(name),
            Self::Edited(name) => places.drafts.join(name),
        }
    }
}

/// Where they are kept.
struct Places {
    drafts: PathBuf,
    queued: PathBuf,
}

/// The running thread. Dropping it writes what waits.
#[derive(Debug)]
pub(crate) struct Disk {
    orders: Option<mpsc::SyncSender<Order>>,
    thread: Option<JoinHandle<()>>,
    /// Orders given and orders done, so that idle can be told.
    given: u64,
    done: Arc<Count>,
}

/// How many orders are done, and the bell that rings when it grows.
#[derive(Debug, Default)]
struct Count {
    orders: AtomicU64,
    grown: Notify,
}

impl Disk {
    /// Starts the thread; it first reads the drafts that are there.
    ///
    /// # Errors
    /// When no thread can be had.
    pub(crate) fn start(home: Home, inbox: Sender<Msg>) -> std::io::Result<Self> {
        let (orders, incoming) = mpsc::sync_channel(ORDERS);
        let done = Arc::new(Count::default());
        let count = Arc::clone(&done);
        let thread = std::thread::Builder::new().name("opora-drafts".into()).spawn(move || {
            home.adopt();
            let places = Places { drafts: home.drafts(), queued: home.queued() };
            adopt_edited(&places.drafts);
            let found = read(&places.drafts);
            if !found.is_empty() && inbox.blocking_send(Msg::Drafts(found)).is_err() {
                return;
            }
            // Held until the thread ends, and the process with it.
            let lock = lock(&places.queued);
            let found = if lock.is_some() { read_queue(&places.queued) } else { Vec::new() };
            if !found.is_empty() && inbox.blocking_send(Msg::Outbox(found)).is_err() {
                return;
            }
            work(&places, &incoming, &inbox, &count);
        })?;
        Ok(Self { orders: Some(orders), thread: Some(thread), given: 0, done })
    }

    /// Writes or deletes a file, later.
    pub(crate) fn order(&mut self, file: File, text: Option<String>) {
        if let Some(orders) = &self.orders {
            self.given += 1;
            // The thread ends with this side only.
            let _ = orders.send((file, text));
        }
    }

    /// Whether all that was ordered is done.
    pub(crate) fn is_idle(&self) -> bool {
        self.done.orders.load(Ordering::SeqCst) == self.given
    }

    /// Returns when more of it is done than before.
    pub(crate) async fn grown(&self) {
        self.done.grown.notified().await;
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(places: &Places, incoming: &mpsc::Receiver<Order>, inbox: &Sender<Msg>, done: &Count) {
    // What could not be done: it is tried again with whatever comes, from time to time, and a last time at the end.
    let mut failed: BTreeMap<File, Option<String>> = BTreeMap::new();
    let mut told = false;
    loop {
        let first = if failed.is_empty() {
            incoming.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            incoming.recv_timeout(AGAIN)
        };
        let ended = matches!(first, Err(RecvTimeoutError::Disconnected));
        let mut waiting = std::mem::take(&mut failed);
        let mut count = 0;
        for (file, text) in first.into_iter().chain(std::iter::from_fn(|| incoming.try_recv().ok())) {
            waiting.insert(file, text);
            count += 1;
        }
        for (file, text) in waiting {
            // What is in an editor's file may be all that there is of a draft that could not be written.
            let kept = if matches!(file, File::Edited(_)) && !failed.is_empty() {
                Ok(false)
            } else {
                keep(&file.path(places), text.as_deref()).map(|()| true)
            };
            match kept {
                Ok(true) => {}
                Ok(false) => drop(failed.insert(file, text)),
                Err(error) => {
                    // A full inbox must not stop the drafts: it is told with the next try.
                    told = told || inbox.try_send(Msg::DraftFailed(error.to_string())).is_ok();
                    failed.insert(file, text);
                }
            }
        }
        told &= !failed.is_empty();
        done.orders.fetch_add(count, Ordering::SeqCst);
        done.grown.notify_one();
        if ended {
            return;
        }
    }
}

/// Makes a directory that is its owner's alone, with those above it.
///
/// # Errors
/// What the system says.
pub(super) fn make_directory(directory: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[expect(clippy::disallowed_methods, reason = "a thread of its own, away from the loop that draws")]
fn keep(path: &Path, text: Option<&str>) -> std::io::Result<()> {
    let Some(text) = text else {
        return match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    };
    if let Some(directory) = path.parent() {
        make_directory(directory)?;
    }
    // Two consoles of one person may write the same draft: neither may write into the other's half.
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    let written = write(&fresh, text).and_then(|()| std::fs::rename(&fresh, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&fresh);
    }
    written
}

/// Writes a file that is its owner's alone.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    // One that was there keeps the rights that it had.
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

/// Takes what an earlier console left in its editors for the drafts that they are. A draft that was typed since stays,
/// before it: neither is lost.
#[expect(clippy::disallowed_methods, reason = "a thread of its own, away from the loop that draws")]
fn adopt_edited(drafts: &Path) {
    for (key, name, text) in editor::left(drafts) {
        let path = drafts.join(key.file_name());
        let changed = |path: &Path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
        let kept = std::fs::read_to_string(&path).map(|kept| Draft::decode(&kept)).unwrap_or_default();
        let since = changed(&path) > changed(&drafts.join(&name));
        let mut text = key.put(&kept.text, &text);
        if since && text != kept.text && key != DraftKey::Create {
            text = format!("{}\n\n{text}", kept.text);
        }
        let same = text == kept.text;
        let draft = Draft { text, request_id: String::new(), ..kept };
        // An empty text is no draft; what is there already need not be written.
        if same || draft.text.trim().is_empty() || keep(&path, Some(&draft.encode())).is_ok() {
            editor::remove(drafts, &name);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a thread of its own, away from the loop that draws")]
fn read(directory: &Path) -> Vec<(DraftKey, Draft)> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let key = DraftKey::from_file_name(path.file_name()?.to_str()?)?;
            Some((key, Draft::decode(&std::fs::read_to_string(path).ok()?)))
        })
        .collect()
}

/// Takes the queue for this process. `None`: another console has it, or it can't be had.
#[expect(clippy::disallowed_methods, reason = "a thread of its own, away from the loop that draws")]
pub(super) fn lock(queue: &Path) -> Option<std::fs::File> {
    make_directory(queue).ok()?;
    let file = std::fs::File::create(queue.join("lock")).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

/// Changes without an answer. What can't be read stays where it is.
#[expect(clippy::disallowed_methods, reason = "a thread of its own, away from the loop that draws")]
fn read_queue(queue: &Path) -> Vec<Queued> {
    let Ok(entries) = std::fs::read_dir(queue) else { return Vec::new() };
    entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            path.extension().filter(|extension| *extension == "json")?;
            Queued::decode(&std::fs::read_to_string(path).ok()?)
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "files are what is tested")]
mod tests {
    use super::*;

    fn home(root: &Path) -> Home {
        Home::new(root.join("drafts"), "desk.example.com:1", "olga")
    }

    /// Waits until all is done that was ordered.
    async fn idle(disk: &Disk) {
        while !disk.is_idle() {
            disk.grown().await;
        }
    }

    fn draft(text: &str) -> String {
        Draft { text: text.into(), ..Draft::default() }.encode()
    }

    #[tokio::test]
    async fn a_draft_that_could_not_be_written_is_told_once_and_written_as_soon_as_it_can_be() {
        let root = tempfile::tempdir().unwrap();
        let home = home(root.path());
        let (sender, mut inbox) = tokio::sync::mpsc::channel(8);
        let mut disk = Disk::start(home.clone(), sender).unwrap();
        let key = DraftKey::Reply(7);
        let path = home.drafts().join(key.file_name());
        // A directory in its place is as bad as a full disk.
        std::fs::create_dir_all(path.join("in the way")).unwrap();
        for text in ["a", "ab"] {
            disk.order(File::Draft(key), Some(draft(text)));
            disk.order(File::Edited("editing-1-0-ticket-7-public.txt".into()), None);
            let left = home.drafts().join("editing-1-0-ticket-7-public.txt");
            std::fs::write(&left, "ab").unwrap();
            idle(&disk).await;
            assert!(left.exists(), "what the editor left is all that there is");
        }
        assert!(matches!(inbox.recv().await, Some(Msg::DraftFailed(_))));
        assert!(inbox.try_recv().is_err(), "it is told once");
        std::fs::remove_dir_all(&path).unwrap();
        drop(disk);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), draft("ab"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let names: Vec<_> = std::fs::read_dir(home.drafts()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }

    #[test]
    fn what_a_dead_console_left_in_its_editor_is_the_draft() {
        let root = tempfile::tempdir().unwrap();
        let drafts = root.path();
        let key = DraftKey::Reply(7);
        let read = |key: DraftKey| {
            std::fs::read_to_string(drafts.join(key.file_name())).map(|text| Draft::decode(&text).text).ok()
        };
        let old = std::time::SystemTime::now() - Duration::from_mins(1);
        let write = |name: &str, text: &str, old_too: bool| {
            std::fs::write(drafts.join(name), text).unwrap();
            if old_too {
                std::fs::File::open(drafts.join(name)).unwrap().set_modified(old).unwrap();
            }
        };
        write(&key.file_name(), &draft("before"), true);
        write("editing-1-0-ticket-7-public.txt", "the long text\n", false);
        write(&DraftKey::Create.file_name(), &draft("Тема\nacme\n1\n2\nbefore"), true);
        write("editing-1-0-new-ticket.txt", "description\n", false);
        adopt_edited(drafts);
        assert_eq!(read(key).as_deref(), Some("the long text"));
        assert_eq!(read(DraftKey::Create).as_deref(), Some("Тема\nacme\n1\n2\ndescription"));
        // Typed on after: both stay.
        write("editing-1-0-ticket-7-public.txt", "from the editor", true);
        write(&key.file_name(), &draft("typed since"), false);
        adopt_edited(drafts);
        assert_eq!(read(key).as_deref(), Some("typed since\n\nfrom the editor"));
        assert!(!drafts.join("editing-1-0-ticket-7-public.txt").exists());
    }
}
