//! The thread that writes into the view what is only in memory, keeps house in the journal, and builds a damaged view
//! again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use opora_core::model::Revision;
use parking_lot::RwLock;

use super::index::Index;
use super::record::{SECONDARY, secondary_key};
use super::tree::{Broken, Tree};
use super::{Backing, CatchUpError, View, catch_up, generations};
use crate::api::ReadError;

/// How long changes are gathered, so that several of one ticket are written once.
const GATHER: Duration = Duration::from_millis(100);
/// What is drained at once without gathering, bytes.
const ENOUGH: usize = 4 << 20;
/// How long is waited before something that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How many commits are built in before others get their turn.
const REBUILD_STEP: u64 = 20_000;
/// How many keys are learnt at once.
const LEARN_STEP: usize = 4_096;

impl View {
    /// Starts the drainer, and a thread that ends once it has learnt which keys there are.
    pub(crate) fn start(self: &Arc<Self>) -> std::io::Result<()> {
        let view = self.clone();
        let drainer = std::thread::Builder::new().name("opora-view".into()).spawn(move || {
            view.run();
            view.signal.lock().ended = true;
            view.drained.notify_all();
        })?;
        self.threads.lock().push(drainer);
        let view = self.clone();
        let learner = std::thread::Builder::new().name("opora-view-keys".into()).spawn(move || view.learn())?;
        self.threads.lock().push(learner);
        Ok(())
    }

    /// Learns which requests and secondary keys there are. Those that come meanwhile are added as they come.
    fn learn(&self) {
        loop {
            match self.backing() {
                Backing::Index(index) => self.known.add(index.read().secondary.keys().map(secondary_key)),
                Backing::Tree(tree) => {
                    let read = self.learn_secondary(&tree).and_then(|()| tree.learn(&self.stopping));
                    if self.stopping.load(Ordering::Acquire) {
                        return;
                    }
                    match read.map_err(|e| self.mend(&tree, &e)) {
                        Ok(()) => {}
                        Err(Ok(())) => continue,
                        // Until it is mended every key is looked up, and that says so.
                        Err(Err(_)) => return,
                    }
                }
            }
            return self.known.complete();
        }
    }

    fn learn_secondary(&self, tree: &Tree) -> Result<(), Broken> {
        let mut keys = Vec::new();
        tree.each(&[SECONDARY], |key, _| {
            if self.stopping.load(Ordering::Acquire) {
                return Err(Broken("stopping".into()));
            }
            keys.push(key.to_vec());
            if keys.len() == LEARN_STEP {
                self.known.add(keys.drain(..));
            }
            Ok(())
        })?;
        self.known.add(keys);
        Ok(())
    }

    /// Drains everything, writes it down and ends the drainer.
    pub(crate) fn stop(&self) -> Result<(), ReadError> {
        self.stopping.store(true, Ordering::Release);
        self.hurry();
        let threads = std::mem::take(&mut *self.threads.lock());
        if threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count() > 0 {
            return Err(ReadError::Failed("a thread of the view died".into()));
        }
        if self.layers.read().draining.is_some() || !self.layers.read().active.is_empty() {
            return Err(ReadError::Failed("the view could not be written".into()));
        }
        match self.backing() {
            Backing::Tree(tree) => {
                let at = self.journal.newest_at().unwrap_or_default();
                let room = self.journal.free().is_ok_and(|free| free >= self.options.floor);
                let gathered = if room { tree.write_gathered(at) } else { Ok(()) };
                if let Err(e) = gathered.and_then(|()| tree.flush()) {
                    // The journal has everything.
                    tracing::warn!(error = %e, "the view can't be written and is built again at the next start");
                    tree.abandon();
                    generations::condemn(tree.path());
                }
            }
            Backing::Index(_) => {}
        }
        Ok(())
    }

    fn run(&self) {
        let mut told = None;
        loop {
            let stopping = self.wait_for_work();
            let built = stopping || !self.is_mending() || self.rebuild();
            // What can't be built now is tried again, but not at once.
            let done = self.drain() && built;
            // It is tried again with each turn, and told once until it is something else.
            let failed = self.journal.housekeep().err().map(|e| e.to_string());
            if let Some(error) = failed.as_ref().filter(|_| failed != told) {
                tracing::warn!(error, "a segment of the journal could not be sealed or prepared");
            }
            told = failed;
            if stopping && (!done || self.layers.read().active.is_empty()) {
                return;
            }
            if !done && !self.stopping.load(Ordering::Acquire) {
                let mut signal = self.signal.lock();
                self.wake.wait_for(&mut signal, RETRY);
            }
        }
    }

    /// Waits until there is something to do; true: it is the last time.
    fn wait_for_work(&self) -> bool {
        let mut signal = self.signal.lock();
        while !self.stopping.load(Ordering::Acquire) && !signal.hurry {
            let bytes = self.layers.read().active.bytes;
            let waiting = self.layers.read().draining.is_some() || self.is_mending();
            if bytes > ENOUGH || waiting {
                break;
            }
            if self.layers.read().active.is_empty() {
                self.wake.wait(&mut signal);
            } else if self.wake.wait_for(&mut signal, GATHER).timed_out() {
                break;
            }
        }
        signal.hurry = false;
        self.stopping.load(Ordering::Acquire)
    }

    /// Writes what is in memory; false: it could not be, and stays in memory.
    fn drain(&self) -> bool {
        let layer = {
            let mut layers = self.layers.write();
            if layers.draining.is_none() {
                if layers.active.is_empty() {
                    return true;
                }
                layers.draining = Some(Arc::new(std::mem::take(&mut layers.active)));
                layers.moves += 1;
            }
            layers.draining.clone()
        };
        let Some(layer) = layer else { return true };
        match self.backing() {
            Backing::Index(index) => index.write().take(&layer),
            Backing::Tree(tree) => {
                // sled does not survive a full disk: what is in memory stays there until there is room.
                if self.journal.free().is_ok_and(|free| free < self.options.floor) {
                    return false;
                }
                if let Err(e) = tree.write(&layer, self.options.inline_limit) {
                    if let Err(e) = self.mend(&tree, &e) {
                        tracing::error!(error = %e, "the view can't be built again");
                    }
                    return false;
                }
            }
        }
        for (number, latest) in &layer.tickets {
            self.recent.insert(*number, latest.ticket.clone());
        }
        {
            let mut layers = self.layers.write();
            layers.draining = None;
            layers.moves += 1;
        }
        drop(self.signal.lock());
        self.drained.notify_all();
        true
    }

    /// Builds the next generation; meanwhile what is committed goes into the index. False: it could not be built.
    fn rebuild(&self) -> bool {
        let Backing::Index(index) = self.backing() else { return true };
        match self.build(&index) {
            Ok(Some(tree)) => {
                generations::remove_others(self.root(), tree.path());
                *self.backing.write() = Backing::Tree(Arc::new(tree));
                tracing::info!("the view is built again");
                true
            }
            Ok(None) => false,
            Err(e) => {
                tracing::error!(error = %e, "the view could not be built again; an index in memory answers");
                false
            }
        }
    }

    fn build(&self, index: &Arc<RwLock<Index>>) -> Result<Option<Tree>, CatchUpError> {
        if self.journal.free().map_err(ReadError::Io)? < self.options.floor {
            return Ok(None);
        }
        let path = generations::next(self.root()).map_err(ReadError::Io)?;
        let tree = Tree::open(&path, self.options.uid, self.options.sled_cache)?;
        loop {
            let (built, target) = (tree.meta().revision, index.read().through);
            if built >= target {
                return Ok(Some(tree));
            }
            if self.stopping.load(Ordering::Acquire) {
                return Ok(None);
            }
            let step = Revision(target.0.min(built.0 + REBUILD_STEP));
            catch_up(&tree, &self.journal, step, self.options.inline_limit, |_| {})?;
            self.drain();
        }
    }
}
