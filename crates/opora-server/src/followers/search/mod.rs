//! Full text: follows the log on a thread of its own, of low priority, and never slows the writer. At most about a second
//! behind, except under a load that leaves it no time; then it says how far it is.

mod index;
mod merging;
mod set;
mod unsynced;
mod words;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use opora_core::event::Change;
use opora_core::model::{Revision, Ticket};
use opora_store::{ReadError, Record, Store, yield_to_others};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::engine::Refused;
use crate::followers::Follower;
use crate::followers::world::World;
use crate::scans::Going;
use index::TextIndex;
pub use set::NumberSet;

/// How often changes are shown at most.
const SHOW_EVERY: Duration = Duration::from_millis(400);
/// The same while far behind.
const SHOW_EVERY_BEHIND: Duration = Duration::from_secs(5);
/// So many commits behind is far.
const FAR: u64 = 5_000;
/// So many are so far that indexing is spread over [`THREADS`], until it has caught up.
const VERY_FAR: u64 = 20_000;
/// Each needs memory of its own, and makes segments of its own.
const THREADS: usize = 2;
/// How long it sleeps when there is nothing to do.
const NAP: Duration = Duration::from_millis(100);
/// How many commits are read at once.
const CHUNK: usize = 1_000;
/// How many texts are remembered with what they found.
const REMEMBERED: usize = 16;

/// A text, and what it found at a revision.
type Found = (Arc<str>, Revision, Arc<NumberSet>);

pub(crate) struct Search {
    /// Where the index is kept.
    dir: PathBuf,
    /// Set when it is open.
    index: Mutex<Option<Arc<TextIndex>>>,
    /// The revision that a search shows.
    shown: watch::Sender<Revision>,
    /// What was found lately, at which revision.
    found: Mutex<Vec<Found>>,
}

impl Search {
    pub(crate) fn new(followers: &Path) -> Self {
        let (index, shown, found) = (Mutex::default(), watch::Sender::new(Revision::ZERO), Mutex::default());
        Self { dir: followers.join("search"), index, shown, found }
    }

    /// The revision that a search shows.
    pub(crate) fn revision(&self) -> Revision {
        *self.shown.borrow()
    }

    /// Waits until a search shows this revision; `false`: it took too long.
    pub(crate) async fn wait(&self, revision: Revision, at_most: Duration) -> bool {
        let mut shown = self.shown.subscribe();
        let reached = shown.wait_for(|shown| *shown >= revision);
        matches!(tokio::time::timeout(at_most, reached).await, Ok(Ok(_)))
    }

    /// The tickets that have every word of a text. Reads from the disk.
    pub(crate) fn find(&self, text: &Arc<str>, going: &Going) -> Result<Arc<NumberSet>, Refused> {
        let Some(index) = self.index.lock().clone() else { return Ok(Arc::default()) };
        let revision = self.revision();
        if let Some((_, _, set)) = self.found.lock().iter().find(|(t, r, _)| t == text && *r == revision) {
            return Ok(set.clone());
        }
        let set = index.find(text, &|| going.goes_on()).map_err(|error| Refused::Corrupt(error.to_string()))?;
        // What it gave up half-way is not what was asked for.
        going.look()?;
        let set = Arc::new(set);
        let mut found = self.found.lock();
        found.retain(|(_, r, _)| *r == revision);
        if found.len() >= REMEMBERED {
            found.remove(0);
        }
        found.push((text.clone(), revision, set.clone()));
        Ok(set)
    }

    fn follow(&self, world: &World) -> tantivy::Result<()> {
        let dir = &*self.dir;
        let (index, mut writer, mut read) =
            TextIndex::open(dir, world.state.store.uid(), world.state.log.newest(), &world.state.activity)?;
        index.reload()?;
        let index = Arc::new(index);
        *self.index.lock() = Some(index.clone());
        self.shown.send_replace(read);
        let (mut last, mut dirty) = (now(), false);
        loop {
            let commits =
                world.state.log.read_sound(read.next(), CHUNK).map_err(|e| std::io::Error::other(e.to_string()))?;
            for published in &commits {
                world.state.activity.give_way();
                for record in &published.commit.records {
                    if let Record::Ticket(event) = record {
                        dirty |= writer.add(event, |ticket| description(&*world.state.store, ticket).ok().flatten())?;
                    }
                }
                read = published.commit.revision;
            }
            let going_on = !world.state.log.stopped();
            let behind = world.state.log.newest().0.saturating_sub(read.0);
            let every = if behind > FAR { SHOW_EVERY_BEHIND } else { SHOW_EVERY };
            let threads = match behind {
                0 => 1,
                VERY_FAR.. => THREADS,
                _ => writer.threads(),
            };
            let spread = threads != writer.threads();
            // What would be begun now is given up at once where it is spread anew.
            writer.put_merging_off(behind > FAR || spread);
            if read > self.revision() && (!going_on || spread || now().saturating_sub(last) >= every) {
                if std::mem::take(&mut dirty) {
                    writer.commit(read)?;
                    index.reload()?;
                }
                self.shown.send_replace(read);
                last = now();
            }
            if !going_on {
                return writer.end(dir);
            }
            // What was merged since.
            index.reload()?;
            if spread {
                writer = writer.spread(threads)?;
                writer.put_merging_off(behind > FAR);
                // With nothing in it: merging begins again.
                writer.commit(read)?;
            }
            if commits.is_empty() {
                world.state.log.pause(NAP);
            }
        }
    }
}

impl Follower for Search {
    fn name(&self) -> &'static str {
        "search"
    }

    fn revision(&self) -> Revision {
        self.revision()
    }

    fn run(&self, world: &World) {
        // Indexing and merging hold nobody up.
        yield_to_others();
        while !world.state.log.stopped() {
            if let Err(error) = self.follow(world) {
                // What was committed can be searched on.
                tracing::warn!(%error, "full text stands still; tried again in a while");
                world.state.log.pause(Duration::from_secs(5));
            }
        }
    }
}

/// How long the process runs.
fn now() -> Duration {
    use crate::engine::{Clock as _, SystemClock};
    SystemClock.monotonic()
}

/// A ticket's description, from the commit that set it.
pub(crate) fn description(store: &dyn Store, ticket: &Ticket) -> Result<Option<Arc<str>>, ReadError> {
    if ticket.description_revision == Revision::ZERO {
        return Ok(None);
    }
    let commit = store.commit(ticket.description_revision)?;
    Ok(commit.records.iter().rev().find_map(|record| match record {
        Record::Ticket(event) if event.ticket.number == ticket.number => match &event.change {
            Change::Created { description, .. } | Change::Updated { description, .. } => description.clone(),
            _ => None,
        },
        _ => None,
    }))
}
