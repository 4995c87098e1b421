//! Who calls, as far as bounds go: an address. What each of them, each connection and all together hold is counted here.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures::task::AtomicWaker;
use parking_lot::Mutex;

use super::answers::Answers;
use super::gauge::Gauge;
use crate::config::Bounds;
use crate::errors::Problem;

/// Whom bounds are for. One who signs in will be another kind of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    /// An address of version 4.
    Address(IpAddr),
    /// The first half of one of version 6: who has one has all of its second halves.
    Network([u16; 4]),
}

impl Caller {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) if v6 != Ipv6Addr::LOCALHOST => {
                let [a, b, c, d, ..] = v6.segments();
                Self::Network([a, b, c, d])
            }
            other => Self::Address(other),
        }
    }
}

/// What all callers together hold.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) bounds: Bounds,
    /// Connections, after what the system allows.
    pub(crate) connections: Gauge,
    /// Calls that are worked on.
    pub(crate) places: Gauge,
    /// The same of health and reflection.
    pub(crate) reserved: Gauge,
    /// Uploads and downloads: each holds an open file at times.
    pub(crate) transfers: Gauge,
    /// Bytes of requests and answers.
    pub(crate) bytes: Gauge,
    callers: Mutex<HashMap<Caller, Arc<Held>>>,
}

/// What one caller holds.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) connections: Gauge,
    pub(crate) places: Gauge,
    pub(crate) streams: Gauge,
    pub(crate) uploads: Gauge,
}

impl Limits {
    /// `connections`: as many as the system allows.
    pub(crate) fn new(bounds: Bounds, connections: usize) -> Self {
        Self {
            connections: Gauge::new(connections as u64),
            places: Gauge::new(bounds.places as u64),
            reserved: Gauge::new(bounds.reserved_places as u64),
            transfers: Gauge::new(bounds.transfers as u64),
            bytes: Gauge::new(bounds.bytes),
            callers: Mutex::default(),
            bounds,
        }
    }

    /// What a caller holds; `None`: many call through this address, and none of them is bounded.
    fn held(&self, address: IpAddr) -> Option<(Caller, Arc<Held>)> {
        let bounds = &self.bounds;
        if bounds.trusted_proxies.iter().any(|network| network.has(address)) {
            return None;
        }
        let caller = Caller::of(address);
        let mut callers = self.callers.lock();
        let held = callers.entry(caller).or_insert_with(|| {
            Arc::new(Held {
                connections: Gauge::new(bounds.connections_per_address as u64),
                places: Gauge::new(bounds.places_per_address as u64),
                streams: Gauge::new(bounds.streams_per_address as u64),
                uploads: Gauge::new(bounds.uploads_per_address as u64),
            })
        });
        Some((caller, held.clone()))
    }

    /// Who has nothing any more is forgotten.
    fn forget(&self, caller: Caller) {
        let mut callers = self.callers.lock();
        if callers.get(&caller).is_some_and(|held| Arc::strong_count(held) == 1) {
            callers.remove(&caller);
        }
    }

    #[cfg(test)]
    pub(crate) fn callers(&self) -> usize {
        self.callers.lock().len()
    }
}

/// What is too many: the name of a bound, and the bound.
pub(crate) type Bound = (&'static str, u64);

/// One connection, and what its calls hold. Each request carries it.
#[derive(Clone, Debug)]
pub(crate) struct Peer(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) limits: Arc<Limits>,
    caller: Option<Caller>,
    held: Option<Arc<Held>>,
    /// The connection is one too many: it is told so, and may ask for health.
    pub(crate) over: Option<Bound>,
    pub(crate) places: Gauge,
    pub(crate) bytes: Gauge,
    /// Answers that are being sent.
    pub(crate) answers: Answers,
    /// How many calls there were.
    pub(crate) calls: AtomicU64,
    /// Calls that were given up, less those that were not.
    abandoned: AtomicU64,
    closing: AtomicBool,
    /// The connection's task.
    pub(crate) task: AtomicWaker,
}

impl std::ops::Deref for Peer {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Peer {
    /// A connection from an address; counted, or `over` a bound.
    pub(crate) fn new(limits: &Arc<Limits>, address: IpAddr) -> Self {
        let (caller, held) = limits.held(address).unzip();
        let over = if !limits.connections.try_take(1) {
            Some(("max_connections", limits.connections.max()))
        } else if let Some(held) = held.as_ref().filter(|held: &&Arc<Held>| !held.connections.try_take(1)) {
            limits.connections.give(1);
            Some(("connections_per_address", held.connections.max()))
        } else {
            None
        };
        Self::with(limits, caller, held, over)
    }

    fn with(limits: &Arc<Limits>, caller: Option<Caller>, held: Option<Arc<Held>>, over: Option<Bound>) -> Self {
        Self(Arc::new(Inner {
            caller,
            held,
            over,
            places: Gauge::new(limits.bounds.places_per_connection as u64),
            bytes: Gauge::new(limits.bounds.bytes_per_connection),
            answers: Answers::default(),
            calls: AtomicU64::new(0),
            abandoned: AtomicU64::new(0),
            closing: AtomicBool::new(false),
            task: AtomicWaker::new(),
            limits: limits.clone(),
        }))
    }

    /// A request that came over no connection.
    pub(crate) fn nobody(limits: &Arc<Limits>) -> Self {
        Self::with(limits, None, None, None)
    }

    /// The connection is gone; its calls may last a moment longer.
    pub(super) fn left(&self) {
        if self.over.is_none() {
            self.limits.connections.give(1);
            if let Some(held) = &self.held {
                held.connections.give(1);
            }
        }
    }
}

impl Inner {
    pub(crate) fn held(&self) -> Option<&Held> {
        self.held.as_deref()
    }

    /// The connection ends as soon as its task looks.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.task.wake();
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// A call was answered, or given up by its caller. Who gives up far more than they wait for is sent away: each call
    /// costs the desk more than the caller.
    pub(crate) fn ended(&self, abandoned: bool) {
        if !abandoned {
            if self.abandoned.load(Ordering::Relaxed) > 0 {
                let less = |count: u64| count.checked_sub(1);
                let _ = self.abandoned.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
            }
            return;
        }
        let before = self.abandoned.fetch_add(1, Ordering::Relaxed);
        if before >= self.limits.bounds.abandoned_calls as u64 {
            self.close();
        }
    }

    /// One more than there may be, to be tried again.
    #[expect(clippy::unnecessary_box_returns, reason = "it goes into a Result")]
    pub(crate) fn refused((limit, max): Bound) -> Box<Problem> {
        let problem = Problem::limit(limit, max).retry(super::AGAIN);
        match limit {
            "request_time" | "upload_patience" => problem.say("limit-request-time"),
            "answer_patience" => problem.say("limit-answer-patience"),
            "max_connections" | "connections_per_address" => problem.say("limit-connections"),
            _ => problem,
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let (Some(held), Some(caller)) = (self.held.take(), self.caller) {
            drop(held);
            self.limits.forget(caller);
        }
    }
}
