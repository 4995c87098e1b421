//! How callers share what there may be of uploads that are not finished.
//!
//! A caller may set aside only as much as is left to another one afterwards, or a single file. What nobody sends is given
//! up first of whoever has most. A header is cheap: it takes only from those who have more than its caller, and what else
//! is in its way stays until the bytes come.

use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::Semaphore;

use super::BlobError;

/// An upload counts for so many bytes at least: a file takes a block and a name, however little is in it.
pub const LEAST_STAGED: u64 = 4096;

/// Whose upload it is, opaque; `None`: it is not known, or many call as this one, and no share bounds them.
pub(super) type Caller = Option<u64>;

#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// What is there; `None`: there is no file yet.
    pub(super) bytes: Option<u64>,
    pub(super) touched: SystemTime,
    /// Which of several of one moment was touched last.
    pub(super) turn: u64,
    /// How many are sending it.
    pub(super) sending: u32,
    /// What it may become while it is sent.
    pub(super) size: u64,
    /// Who sent it last.
    pub(super) caller: Caller,
}

/// One of which nothing is there yet.
pub(super) const NEW: Entry =
    Entry { bytes: None, touched: SystemTime::UNIX_EPOCH, turn: 0, sending: 0, size: 0, caller: None };

impl Entry {
    pub(super) fn there(&self) -> u64 {
        self.bytes.unwrap_or(0)
    }

    /// What it takes already.
    pub(super) fn takes(&self) -> u64 {
        self.there().max(LEAST_STAGED)
    }

    /// What it takes, with what is set aside for it.
    pub(super) fn counts(&self) -> u64 {
        if self.sending > 0 { self.size.max(self.takes()) } else { self.takes() }
    }

    /// What it will still take of the disk: the rest, and then the same once more, kept.
    pub(super) fn promised(&self) -> u64 {
        if self.sending == 0 { 0 } else { (self.size.saturating_sub(self.there())).saturating_add(self.size) }
    }
}

#[derive(Default)]
pub(super) struct Entries {
    pub(super) uploads: HashMap<uuid::Uuid, Entry>,
    pub(super) turns: u64,
    /// Of those that are being sent: one at a time finishes one.
    pub(super) ends: HashMap<uuid::Uuid, Arc<Semaphore>>,
    /// More is set aside than there is room for before others are given up: whoever writes sees to it.
    pub(super) owes: bool,
}

impl Entries {
    pub(super) fn sum(&self, what: impl Fn(&Entry) -> u64) -> u64 {
        self.uploads.values().map(what).fold(0, u64::saturating_add)
    }
}

/// Uploads that nobody sends, in the order in which they go: of whoever has most, the oldest first.
pub(super) struct Order {
    callers: BinaryHeap<(u64, Caller)>,
    /// The oldest last.
    idle: HashMap<Caller, Vec<(uuid::Uuid, Entry)>>,
    measure: fn(&Entry) -> u64,
}

impl Order {
    pub(super) fn of(entries: &Entries, measure: fn(&Entry) -> u64) -> Self {
        let (mut totals, mut idle) = (HashMap::<Caller, u64>::new(), HashMap::<Caller, Vec<_>>::new());
        for (id, entry) in &entries.uploads {
            let total = totals.entry(entry.caller).or_default();
            *total = total.saturating_add(measure(entry));
            if entry.sending == 0 {
                idle.entry(entry.caller).or_default().push((*id, *entry));
            }
        }
        for idle in idle.values_mut() {
            idle.sort_by_key(|(id, entry)| std::cmp::Reverse((entry.touched, entry.turn, *id)));
        }
        Self { callers: totals.into_iter().map(|(caller, has)| (has, caller)).collect(), idle, measure }
    }

    /// The next one to go, of a caller from whom `takes` may take, by what they have.
    pub(super) fn next(&mut self, takes: impl Fn(Caller, u64) -> bool) -> Option<(uuid::Uuid, Entry)> {
        loop {
            let (has, caller) = self.callers.pop()?;
            let oldest = || self.idle.get_mut(&caller).and_then(Vec::pop);
            // Who is passed over is so for good: nobody behind has more.
            if let Some((id, entry)) = takes(caller, has).then(oldest).flatten() {
                self.callers.push((has.saturating_sub((self.measure)(&entry)), caller));
                return Some((id, entry));
            }
        }
    }
}

/// Whether an upload that is in the list may be sent: what is to go for it at once, and whether more has to go when its
/// bytes come. `lacks`: how many bytes of the disk are lacking for what is promised.
pub(super) fn admitted(
    entries: &Entries,
    (upload, size): (uuid::Uuid, u64),
    allowance: u64,
    lacks: impl Fn(u64) -> u64,
) -> Result<(Vec<uuid::Uuid>, bool), BlobError> {
    let caller = entries.uploads.get(&upload).and_then(|entry| entry.caller);
    let mine = |entry: &Entry| entry.caller == caller;
    let sending = |entry: &Entry| if entry.sending > 0 { entry.counts() } else { 0 };
    let mut lacks = lacks(entries.sum(Entry::promised));
    // Whoever can't be helped by it costs nobody else's upload.
    if lacks > entries.sum(|entry| if entry.sending == 0 { entry.there() } else { 0 }) {
        return Err(BlobError::NoRoom(size));
    }
    let all = entries.sum(sending);
    let own = entries.sum(|entry| if mine(entry) { sending(entry) } else { 0 });
    let single = entries.uploads.values().filter(|entry| mine(entry) && entry.sending > 0).count() == 1;
    let left = allowance.saturating_sub(all);
    if all > allowance || !(caller.is_none() || single || own <= left) {
        return Err(BlobError::Allowance(allowance));
    }
    let (mut total, mut has) = (entries.sum(Entry::counts), entries.sum(|e| if mine(e) { e.counts() } else { 0 }));
    let (mut order, mut go) = (Order::of(entries, Entry::counts), Vec::new());
    while (total > allowance || lacks > 0)
        && let Some((id, entry)) = order.next(|other, theirs| other == caller || theirs > has)
    {
        total = total.saturating_sub(entry.counts());
        lacks = lacks.saturating_sub(entry.there());
        if mine(&entry) {
            has = has.saturating_sub(entry.counts());
        }
        go.push(id);
    }
    Ok((go, total > allowance || lacks > 0))
}
