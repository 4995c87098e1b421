//! The hub: judges each new commit once for every distinct filter that it can concern, and wakes only the streams that
//! it concerns. The writer does that itself while it is a matter of microseconds, else a thread of the hub's own. A stream
//! that is further behind than the log's memory reads and judges for itself.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _};
use opora_core::filter::Filter;
use opora_core::model::{Revision, Ticket};
use parking_lot::{Mutex, MutexGuard};
use tokio_util::task::TaskTracker;

use super::Matched;
use super::feed::Held;
use super::group::{FilterGroup, Next, Seat};
use super::groups::Groups;
use super::judge::{Memory, judge};
use crate::engine::log::Published;
use crate::engine::{Clock as _, SystemClock};
use crate::followers::Follower;
use crate::followers::world::World;
use crate::scope::Scope;

/// How many commits are judged at once.
const CHUNK: usize = 256;
/// What the filters that a commit may concern weigh at most for the writer to judge them itself, each of its changes
/// counted: a hundred filters of some terms, about ten microseconds.
const AT_ONCE: usize = 512;
/// Up to how many filters the watchers are told before who made the change: it costs the answer next to nothing.
const FIRST: usize = 16;
/// How many of the messages that a commit became are looked through for one that is the same.
const COMPARED: usize = 8;
/// How long the hub sleeps when nobody watches or nothing happens.
const NAP: Duration = Duration::from_secs(1);

pub(crate) struct Hub {
    groups: Mutex<Groups>,
    /// Every commit up to here was judged for every filter that was there.
    judged: AtomicU64,
    stopping: AtomicBool,
    /// What streams read from the disk.
    pub(super) reads: TaskTracker,
    /// What is freed when nobody reads it.
    held: Mutex<Vec<Weak<dyn Held>>>,
}

impl Hub {
    pub(crate) fn new(newest: Revision) -> Self {
        Self {
            groups: Mutex::default(),
            judged: AtomicU64::new(newest.0),
            stopping: AtomicBool::new(false),
            reads: TaskTracker::new(),
            held: Mutex::default(),
        }
    }

    /// Every commit up to here was judged.
    pub(crate) fn revision(&self) -> Revision {
        Revision(self.judged.load(Ordering::Acquire))
    }

    /// Whether all streams end.
    pub(super) fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Remembers what has to be freed when nobody reads it.
    pub(super) fn hold(&self, held: Weak<dyn Held>) {
        self.held.lock().push(held);
    }

    /// The group of a filter, of those who may see the same.
    pub(super) fn join(&self, text: &Arc<str>, filter: &Arc<Filter>, scope: &Scope) -> Arc<FilterGroup> {
        let mut groups = self.groups.lock();
        if let Some(group) = groups.get(text, scope) {
            return group;
        }
        // Under the lock: the hub judges the next commit for this group too.
        let group = Arc::new(FilterGroup::new(filter.clone(), scope.clone(), self.revision().next()));
        groups.add(text.clone(), &group);
        group
    }

    /// What a group has for a stream that wants this revision next; if nothing, it is woken when there is.
    pub(super) fn next(&self, group: &FilterGroup, from: Revision, seat: &Arc<Seat>, waker: &Waker) -> Next {
        // Before looking: what is judged after this is not missed, only seen later.
        group.next(from, self.revision(), seat, waker)
    }

    /// Whether there is so little to judge that it may come before the answers.
    pub(crate) fn is_soon_told(&self) -> bool {
        self.groups.try_lock().is_some_and(|groups| groups.len() <= FIRST)
    }

    /// Judges what was just committed, if all before it was and it is soon done; `false`: it is left to the thread.
    pub(crate) fn judge_at_once(&self, commits: &[Arc<Published>], oldest: Revision) -> bool {
        let Some(mut groups) = self.groups.try_lock() else { return false };
        let in_turn = commits.first().is_none_or(|first| first.commit.revision == self.revision().next());
        if !in_turn {
            return false;
        }
        commits.iter().all(|published| {
            let before = published.before.as_deref().unwrap_or_default();
            self.judge_one(&mut groups, published, before, oldest, Some(AT_ONCE))
        })
    }

    fn judge(&self, world: &World, memory: &mut Memory, commits: &[Arc<Published>]) {
        let mut groups = self.groups.lock();
        let oldest = world.state.log.oldest_kept();
        for published in commits {
            // Whoever wants to begin a stream does not wait for all of them.
            MutexGuard::bump(&mut groups);
            // The writer may have judged some in between.
            if published.commit.revision <= self.revision() {
                continue;
            }
            let before = if groups.is_empty() { Ok(Vec::new()) } else { memory.before(&*world.state.store, published) };
            let before = before.unwrap_or_else(|error| {
                tracing::warn!(%error, "what a ticket was before can't be read");
                Vec::new()
            });
            self.judge_one(&mut groups, published, &before, oldest, None);
        }
    }

    /// Judges a commit, unless the filters that it may concern weigh more than that; whether it did.
    fn judge_one(
        &self,
        groups: &mut Groups,
        published: &Published,
        before: &[Option<Arc<Ticket>>],
        oldest: Revision,
        most: Option<usize>,
    ) -> bool {
        if !groups.is_empty() {
            let concerned = groups.concerned(published, before);
            let weight = concerned.iter().map(|group| 1 + group.filter.cost() as usize).sum::<usize>();
            if most.is_some_and(|most| weight.saturating_mul(published.commit.records.len()) > most) {
                return false;
            }
            // Filters that let the same through to those who may see the same share it, and what it becomes on the wire.
            let mut shared: Vec<(Arc<FilterGroup>, Arc<Matched>)> = Vec::new();
            for group in concerned {
                let Some(events) = judge(published, before, &group.filter) else { continue };
                let is_same = |(of, matched): &&(Arc<FilterGroup>, Arc<Matched>)| {
                    matched.events == events && of.scope == group.scope
                };
                let same = shared.iter().rev().take(COMPARED).find(is_same).map(|(_, matched)| matched.clone());
                let matched = same.unwrap_or_else(|| {
                    let matched = Arc::new(Matched::new(&published.commit, events));
                    shared.push((group.clone(), matched.clone()));
                    matched
                });
                group.push(matched, oldest);
            }
        }
        self.judged.store(published.commit.revision.0, Ordering::Release);
        true
    }

    /// Forgets what nobody watches any more, and what the log has forgotten.
    fn tidy(&self, world: &World) {
        let mut groups = self.groups.lock();
        groups.tidy();
        let oldest = world.state.log.oldest_kept();
        groups.all().for_each(|group| group.trim(oldest));
        drop(groups);
        let held: Vec<_> = {
            let mut held = self.held.lock();
            held.retain(|held| held.strong_count() > 0);
            held.iter().filter_map(Weak::upgrade).collect()
        };
        for held in held {
            held.give_up();
        }
    }
}

impl Follower for Hub {
    fn name(&self) -> &'static str {
        "watch"
    }

    fn revision(&self) -> Revision {
        self.revision()
    }

    /// Judges what happens until the log stops.
    fn run(&self, world: &World) {
        let (mut memory, mut tidied) = (Memory::default(), SystemClock.monotonic());
        loop {
            let read = self.revision();
            let now = SystemClock.monotonic();
            if now.saturating_sub(tidied) >= NAP {
                self.tidy(world);
                tidied = now;
            }
            match world.state.log.read(read.next(), CHUNK) {
                Ok(commits) if commits.is_empty() => {
                    if !world.state.log.wait(read, NAP) {
                        return;
                    }
                }
                Ok(commits) => self.judge(world, &mut memory, &commits),
                Err(error) => {
                    tracing::warn!(%error, "the watch hub can't read the log");
                    if !world.state.log.pause(NAP) {
                        return;
                    }
                }
            }
        }
    }

    /// Ends all streams; done when none of them reads from the store any more.
    fn stop(&self) -> BoxFuture<'_, ()> {
        self.stopping.store(true, Ordering::Release);
        // Under the groups' locks: who sits down after this sees that it is stopping.
        self.groups.lock().all().for_each(|group| group.wake());
        self.reads.close();
        self.reads.wait().boxed()
    }
}
