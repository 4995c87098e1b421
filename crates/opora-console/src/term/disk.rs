//! The thread that keeps drafts and unanswered changes on disk: each in a file of its own, replaced as a whole. Of
//! several texts that wait for one file only the newest is written. Of two consoles that a person has open, the first
//! takes over the changes that an earlier one left at this desk.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;

use super::home::Home;
use crate::drafts::{Draft, DraftKey};
use crate::msg::Msg;
use crate::outbox::Queued;

/// How many orders may wait; the screen waits when there are more.
const ORDERS: usize = 1024;

/// What to do with a file: write it, or `None`: delete it.
type Order = (File, Option<String>);

/// A file that is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum File {
    Draft(DraftKey),
    /// A change, by its file name.
    Queued(String),
}

impl File {
    fn path(&self, places: &Places) -> PathBuf {
        match self {
            Self::Draft(key) => places.drafts.join(key.file_name()),
            Self::Queued(name) => places.queued.join(name),
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
    while let Ok(first) = incoming.recv() {
        let mut waiting = BTreeMap::from([first]);
        let mut count = 1;
        while let Ok((file, text)) = incoming.try_recv() {
            waiting.insert(file, text);
            count += 1;
        }
        for (file, text) in waiting {
            if let Err(error) = keep(&file.path(places), text.as_deref()) {
                // A full inbox must not stop the drafts: the next failure tells it.
                let _ = inbox.try_send(Msg::DraftFailed(error.to_string()));
            }
        }
        done.orders.fetch_add(count, Ordering::SeqCst);
        done.grown.notify_one();
    }
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
        std::fs::create_dir_all(directory)?;
    }
    let fresh = path.with_extension("new");
    let mut file = std::fs::File::create(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_data()?;
    std::fs::rename(fresh, path)
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
    std::fs::create_dir_all(queue).ok()?;
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
