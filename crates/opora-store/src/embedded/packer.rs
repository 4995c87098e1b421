//! The thread that compresses finished segments of the journal when little else is to be done.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use opora_core::model::Revision;
use parking_lot::{Condvar, Mutex};

use crate::journal::{Journal, Packing};
use crate::priority::yield_to_others;

/// How long it looks whether there is little to do.
const LOOK: Duration = Duration::from_secs(2);
/// How long it sleeps when nothing is left to compress, or something failed.
const REST: Duration = Duration::from_mins(1);
/// So many commits while it looks, or while it works, are little to do.
const FEW: u64 = 1_000;
/// So many segments may wait for a quieter time.
const BACKLOG: usize = 16;

/// The running thread.
pub(super) struct Packer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Shared {
    stopping: Mutex<bool>,
    stop: Condvar,
}

impl Packer {
    /// Starts it; while less than `reserve` bytes and room for two segments are free it leaves all as it is.
    ///
    /// # Errors
    /// When no thread can be had.
    pub(super) fn start(journal: Arc<Journal>, reserve: u64) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        let run = move || run(&journal, reserve, &theirs);
        let thread = std::thread::Builder::new().name("opora-packer".into()).spawn(run)?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Ends it; what it was at is begun anew at another time. False: it had died.
    pub(super) fn stop(&self) -> bool {
        *self.shared.stopping.lock() = true;
        self.shared.stop.notify_all();
        self.thread.lock().take().is_none_or(|thread| thread.join().is_ok())
    }
}

impl Shared {
    /// Waits for so long; true: it is to end.
    fn ends_within(&self, time: Duration) -> bool {
        let mut stopping = self.stopping.lock();
        self.stop.wait_while_for(&mut stopping, |stopping| !*stopping, time);
        *stopping
    }
}

fn run(journal: &Journal, reserve: u64, shared: &Shared) {
    yield_to_others();
    let mut wait = LOOK;
    let mut before = journal.newest();
    while !shared.ends_within(wait) {
        let now = journal.newest();
        let is_calm = |since: Revision| journal.newest().0 - since.0 < FEW || journal.unpacked() > BACKLOG;
        wait = match journal.unpacked() {
            0 => REST,
            _ if !is_calm(before) || !has_room(journal, reserve) => LOOK,
            _ => match journal.pack_next(&|| is_calm(now) && !*shared.stopping.lock()) {
                Ok(Packing::Done) => Duration::ZERO,
                Ok(Packing::Stopped | Packing::Nothing) => LOOK,
                Err(error) => {
                    tracing::warn!(%error, "a finished segment of the journal stays uncompressed");
                    REST
                }
            },
        };
        before = now;
    }
}

fn has_room(journal: &Journal, reserve: u64) -> bool {
    journal.free().is_ok_and(|free| free > reserve + 2 * journal.segment_size())
}
