//! The hub: judges each new commit once for every distinct filter that it can concern, and wakes only the streams that
//! it concerns. The writer does that itself while it is a matter of microseconds, else a thread of the hub's own. A stream that is further behind than the log's memory reads and judges for itself.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opora_core::filter::Filter;
use opora_core::model::{Revision, Ticket};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Matched;
use super::groups::Groups;
use super::judge::{Memory, judge};
use crate::engine::log::Published;
use crate::engine::world::World;
use crate::engine::{Clock as _, SystemClock};

/// How many commits are judged at once.
const CHUNK: usize = 256;
/// Up to how many filters that any change may concern the writer judges itself.
const AT_ONCE: usize = 16;
/// How long the hub sleeps when nobody watches or nothing happens.
const NAP: Duration = Duration::from_secs(1);

pub(crate) struct Hub {
    groups: Mutex<Groups>,
    /// Every commit up to here was judged for every filter that was there.
    judged: AtomicU64,
    pub(super) stopping: CancellationToken,
}

/// All streams with the same filter.
pub(super) struct FilterGroup {
    pub(super) filter: Arc<Filter>,
    matched: Mutex<Kept>,
    grown: watch::Sender<()>,
}

struct Kept {
    /// Everything from here on that matched is kept.
    from: Revision,
    matched: VecDeque<Arc<Matched>>,
}

/// What a group has for a stream.
pub(super) enum Next {
    /// A commit that matched.
    Matched(Arc<Matched>),
    /// Nothing that matched up to this revision.
    Nothing(Revision),
    /// The stream is further behind than what is kept.
    Behind,
}

impl FilterGroup {
    pub(super) fn subscribe(&self) -> watch::Receiver<()> {
        self.grown.subscribe()
    }

    /// Adds what a commit means to it; forgets what the log has forgotten.
    fn push(&self, matched: Matched, oldest: Revision) {
        let mut kept = self.matched.lock();
        kept.trim(oldest);
        kept.matched.push_back(Arc::new(matched));
        drop(kept);
        self.grown.send_replace(());
    }

    fn trim(&self, oldest: Revision) {
        self.matched.lock().trim(oldest);
    }
}

impl Kept {
    fn trim(&mut self, oldest: Revision) {
        self.from = self.from.max(oldest);
        while self.matched.front().is_some_and(|matched| matched.commit.revision < oldest) {
            self.matched.pop_front();
        }
    }
}

impl Hub {
    pub(crate) fn new(newest: Revision) -> Self {
        let judged = AtomicU64::new(newest.0);
        Self { groups: Mutex::default(), judged, stopping: CancellationToken::new() }
    }

    /// Every commit up to here was judged.
    pub(crate) fn revision(&self) -> Revision {
        Revision(self.judged.load(Ordering::Acquire))
    }

    /// Ends all streams.
    pub(crate) fn stop(&self) {
        self.stopping.cancel();
    }

    /// The group of a filter.
    pub(super) fn join(&self, text: &Arc<str>, filter: &Arc<Filter>) -> Arc<FilterGroup> {
        let mut groups = self.groups.lock();
        if let Some(group) = groups.get(text) {
            return group;
        }
        // Under the lock: the hub judges the next commit for this group too.
        let kept = Kept { from: self.revision().next(), matched: VecDeque::new() };
        let group =
            Arc::new(FilterGroup { filter: filter.clone(), matched: Mutex::new(kept), grown: watch::Sender::new(()) });
        groups.add(text.clone(), &group);
        group
    }

    /// What a group has for a stream that wants this revision next.
    pub(super) fn next(&self, group: &FilterGroup, from: Revision) -> Next {
        // Before looking: what is judged after this is not missed, only seen later.
        let judged = self.revision();
        let kept = group.matched.lock();
        if from < kept.from {
            return if judged < from { Next::Nothing(judged) } else { Next::Behind };
        }
        let place = kept.matched.partition_point(|matched| matched.commit.revision < from);
        kept.matched.get(place).map_or(Next::Nothing(judged), |matched| Next::Matched(matched.clone()))
    }

    /// Judges what happens until the log stops.
    pub(crate) fn run(&self, world: &World) {
        let (mut memory, mut tidied) = (Memory::default(), SystemClock.monotonic());
        loop {
            let read = self.revision();
            let now = SystemClock.monotonic();
            if now.saturating_sub(tidied) >= NAP {
                self.tidy(world);
                tidied = now;
            }
            match world.log.read(read.next(), CHUNK) {
                Ok(commits) if commits.is_empty() => {
                    if !world.log.wait(read, NAP) {
                        return;
                    }
                }
                Ok(commits) => self.judge(world, &mut memory, &commits),
                Err(error) => {
                    tracing::warn!(%error, "the watch hub can't read the log");
                    if !world.log.pause(NAP) {
                        return;
                    }
                }
            }
        }
    }

    /// Judges what was just committed, if all before it was and it is soon done; `false`: it is left to the thread.
    pub(crate) fn judge_at_once(&self, commits: &[Arc<Published>], oldest: Revision) -> bool {
        let Some(mut groups) = self.groups.try_lock() else { return false };
        let in_turn = commits.first().is_none_or(|first| first.commit.revision == self.revision().next());
        if !in_turn || groups.always() > AT_ONCE {
            return false;
        }
        for published in commits {
            self.judge_one(&mut groups, published, published.before.as_deref().unwrap_or_default(), oldest);
        }
        true
    }

    fn judge(&self, world: &World, memory: &mut Memory, commits: &[Arc<Published>]) {
        let mut groups = self.groups.lock();
        let oldest = world.log.oldest_kept();
        // The writer may have judged some in between.
        let judged = self.revision();
        for published in commits.iter().filter(|published| published.commit.revision > judged) {
            let before = if groups.is_empty() { Ok(Vec::new()) } else { memory.before(&*world.store, published) };
            let before = before.unwrap_or_else(|error| {
                tracing::warn!(%error, "what a ticket was before can't be read");
                Vec::new()
            });
            self.judge_one(&mut groups, published, &before, oldest);
        }
    }

    fn judge_one(&self, groups: &mut Groups, published: &Published, before: &[Option<Arc<Ticket>>], oldest: Revision) {
        if !groups.is_empty() {
            for group in groups.concerned(published, before) {
                if let Some(matched) = judge(published, before, &group.filter) {
                    group.push(matched, oldest);
                }
            }
        }
        self.judged.store(published.commit.revision.0, Ordering::Release);
    }

    /// Forgets what nobody watches any more, and what the log has forgotten.
    fn tidy(&self, world: &World) {
        let mut groups = self.groups.lock();
        groups.tidy();
        let oldest = world.log.oldest_kept();
        groups.all().for_each(|group| group.trim(oldest));
    }
}
