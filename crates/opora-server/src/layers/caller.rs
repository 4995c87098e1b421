//! Who calls, as far as bounds go: an address. What each of them, each connection and all together hold is counted here.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::answers::Answers;
use super::connections::Often;
use super::gauge::Gauge;
use super::members::{Members, Newest};
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
    /// The server is stopping: nobody is waited for any more.
    pub(crate) stopping: CancellationToken,
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
    /// When unread answers were given up last.
    pub(super) shed: Mutex<Option<Instant>>,
    /// Connections that were closed for their control frames.
    pub(super) floods: Mutex<Often>,
    /// Connections that are one too many.
    over: Newest,
    /// Connections whose beginning is over through addresses where many call.
    through: Members,
    callers: Mutex<HashMap<Caller, Arc<Held>>>,
}

/// What one caller holds.
#[derive(Debug)]
pub(crate) struct Held {
    /// Connections whose beginning is over.
    pub(crate) connections: Gauge,
    /// Those that count.
    pub(super) members: Members,
    /// Connections that are at their beginning.
    beginning: Newest,
    /// Bytes of requests and answers; how many there may be depends on what others hold.
    pub(crate) bytes: Gauge,
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
            shed: Mutex::default(),
            floods: Mutex::default(),
            over: Newest::new(bounds.reserved_connections),
            through: Members::default(),
            callers: Mutex::default(),
            stopping: CancellationToken::new(),
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
                members: Members::default(),
                beginning: Newest::new(bounds.connections_per_address),
                bytes: Gauge::new(bounds.bytes),
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

    /// Takes the place of a connection of the caller who has most of them: of its oldest one at its beginning, else of
    /// one on which nothing is asked; where all of theirs are busy, of the next caller's. Who calls through a proxy shares
    /// its address with others and comes last. False: all are busy.
    fn make_room(&self) -> bool {
        let has = |held: &Held| held.connections.used() + held.beginning.len() as u64;
        let mut callers = self.all_held();
        callers.sort_by_key(|held| std::cmp::Reverse(has(held)));
        let found = callers.iter().find_map(|held| {
            // Who has one connection loses it to nobody while it begins: it would be a newcomer as this one is.
            let oldest = if has(held) > 1 { held.beginning.take_oldest() } else { None };
            oldest.or_else(|| held.members.idlest())
        });
        let found = found.or_else(|| self.through.idlest());
        drop(callers);
        // It may have gone by itself in between: then its place is free.
        let made = found.as_ref().is_some_and(|one| one.gives_way() || self.connections.try_take(1));
        drop(found);
        self.forget_all();
        made
    }

    /// What each caller holds.
    fn all_held(&self) -> Vec<Arc<Held>> {
        self.callers.lock().values().cloned().collect()
    }

    /// Shows every connection whose beginning is over.
    pub(super) fn each_member(&self, mut show: impl FnMut(&Arc<Inner>)) {
        for held in self.all_held() {
            held.members.all().iter().for_each(&mut show);
        }
        self.through.all().iter().for_each(show);
        self.forget_all();
    }

    /// Who had nothing any more while others looked at all of them is forgotten.
    fn forget_all(&self) {
        self.callers.lock().retain(|_, held| Arc::strong_count(held) > 1);
    }

    #[cfg(test)]
    pub(crate) fn callers(&self) -> usize {
        self.callers.lock().len()
    }
}

impl Held {
    /// Takes the place of a connection on which nothing is asked; false: there is none.
    fn make_room(&self) -> bool {
        let one = self.members.idlest();
        one.is_some_and(|one| one.gives_way_in_its_address() || self.connections.try_take(1))
    }
}

/// What is too many: the name of a bound, and the bound.
pub(crate) type Bound = (&'static str, u64);

/// What a connection counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is at its beginning: one of all.
    Begins,
    /// One of all, and of its address.
    Counts,
    /// One too many.
    Over(Bound),
    /// Nothing any more.
    Gone,
}

/// One connection, and what its calls hold. Each request carries it.
#[derive(Clone, Debug)]
pub(crate) struct Peer(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) limits: Arc<Limits>,
    /// Who calls; `None`: many through this address, or nobody that is known.
    pub(crate) caller: Option<Caller>,
    held: Option<Arc<Held>>,
    standing: Mutex<Standing>,
    pub(crate) places: Gauge,
    pub(crate) streams: Gauge,
    pub(crate) uploads: Gauge,
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
    /// A connection from an address: counted among all of them, or one too many.
    pub(crate) fn new(limits: &Arc<Limits>, address: IpAddr) -> Self {
        let (caller, held) = limits.held(address).unzip();
        if !limits.connections.try_take(1) && !limits.make_room() {
            let over = Standing::Over(("max_connections", limits.connections.max()));
            let peer = Self::with(limits, caller, held, over);
            limits.over.add(&peer.0);
            return peer;
        }
        let peer = Self::with(limits, caller, held, Standing::Begins);
        if let Some(held) = &peer.held {
            held.beginning.add(&peer.0);
        }
        peer
    }

    /// Its beginning is over: it counts among those of its address, or is one too many of them. Where there are as many
    /// as there may be, one on which nothing is asked gives way.
    pub(super) fn begun(&self) {
        let Some(held) = &self.held else { return self.limits.through.add(&self.0) };
        held.beginning.remove(&self.0);
        let mut standing = self.standing.lock();
        if *standing != Standing::Begins {
            return;
        }
        if held.connections.try_take(1) || held.make_room() {
            *standing = Standing::Counts;
            held.members.add(&self.0);
            return;
        }
        *standing = Standing::Over(("connections_per_address", held.connections.max()));
        drop(standing);
        self.limits.connections.give(1);
        self.limits.over.add(&self.0);
    }

    fn with(limits: &Arc<Limits>, caller: Option<Caller>, held: Option<Arc<Held>>, standing: Standing) -> Self {
        Self(Arc::new(Inner {
            caller,
            held,
            standing: Mutex::new(standing),
            places: Gauge::new(limits.bounds.places_per_connection as u64),
            streams: Gauge::new(u64::MAX),
            uploads: Gauge::new(u64::MAX),
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
        Self::with(limits, None, None, Standing::Gone)
    }

    /// The connection is gone; its calls may last a moment longer.
    pub(super) fn left(&self) {
        let before = std::mem::replace(&mut *self.standing.lock(), Standing::Gone);
        match (before, &self.held) {
            (Standing::Begins, Some(held)) => held.beginning.remove(&self.0),
            (Standing::Counts, Some(held)) => held.connections.give(1),
            _ => {}
        }
        if matches!(before, Standing::Begins | Standing::Counts) {
            self.limits.connections.give(1);
        }
    }
}

impl Inner {
    pub(crate) fn held(&self) -> Option<&Held> {
        self.held.as_deref()
    }

    /// Why the connection is one too many: its calls are told so, and it may ask for health.
    pub(crate) fn over(&self) -> Option<Bound> {
        match *self.standing.lock() {
            Standing::Over(bound) => Some(bound),
            _ => None,
        }
    }

    /// Ends, and leaves its place among those of its address to another; false: it had none.
    fn gives_way_in_its_address(&self) -> bool {
        let mut standing = self.standing.lock();
        let had_one = *standing == Standing::Counts;
        if had_one {
            *standing = Standing::Begins;
        }
        drop(standing);
        self.close();
        had_one
    }

    /// Ends, and leaves its place among all to another; false: it had none.
    fn gives_way(&self) -> bool {
        let mut standing = self.standing.lock();
        let before = *standing;
        if !matches!(before, Standing::Begins | Standing::Counts) {
            return false;
        }
        *standing = Standing::Gone;
        drop(standing);
        if let (Standing::Counts, Some(held)) = (before, &self.held) {
            held.connections.give(1);
        }
        self.close();
        true
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
