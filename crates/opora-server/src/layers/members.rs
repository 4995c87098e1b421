//! Connections of which there may be only so many: who gives way to the next one.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::caller::Inner;

/// Connections of which the oldest ends when there is one too many.
#[derive(Debug)]
pub(super) struct Newest {
    most: usize,
    list: Mutex<VecDeque<Weak<Inner>>>,
}

impl Newest {
    pub(super) fn new(most: usize) -> Self {
        Self { most, list: Mutex::default() }
    }

    pub(super) fn add(&self, newest: &Arc<Inner>) {
        let mut list = self.list.lock();
        list.push_back(Arc::downgrade(newest));
        if list.len() > self.most {
            list.retain(|one| one.upgrade().is_some_and(|one| !one.is_closing()));
        }
        let too_many = list.len().saturating_sub(self.most);
        let oldest: Vec<_> = list.drain(..too_many).collect();
        drop(list);
        for one in oldest.iter().filter_map(Weak::upgrade) {
            one.close();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.list.lock().len()
    }

    pub(super) fn take_oldest(&self) -> Option<Arc<Inner>> {
        let mut list = self.list.lock();
        std::iter::from_fn(|| list.pop_front()).find_map(|one| one.upgrade())
    }

    pub(super) fn remove(&self, one: &Arc<Inner>) {
        let mut list = self.list.lock();
        let place = list.iter().position(|other| std::ptr::eq(other.as_ptr(), Arc::as_ptr(one)));
        place.and_then(|place| list.remove(place));
    }
}

/// Connections that count, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Members(Mutex<Vec<Weak<Inner>>>);

impl Members {
    pub(super) fn add(&self, one: &Arc<Inner>) {
        let mut list = self.0.lock();
        list.retain(|one| one.strong_count() > 0);
        list.push(Arc::downgrade(one));
    }

    pub(super) fn all(&self) -> Vec<Arc<Inner>> {
        self.0.lock().iter().filter_map(Weak::upgrade).collect()
    }

    /// A connection on which nothing is asked: of these the one that asked least, and of these the oldest.
    pub(super) fn idlest(&self) -> Option<Arc<Inner>> {
        let idle = self.all().into_iter().filter(|one| one.bytes.used() == 0 && !one.is_closing());
        idle.min_by_key(|one| one.calls.load(Ordering::Relaxed))
    }
}
