//! Pages of tickets. Open ones are walked in memory; the others come from the store by number. Nothing is held while a
//! filter is judged, and a page looks at a bounded number of tickets: it may be short and still have a next one.

use std::collections::BTreeMap;
use std::sync::Arc;

use opora_core::model::{Revision, Ticket, TicketNumber};
use opora_core::order::{OrderKey, SortKey};
use opora_core::sla::UrgencyKey;
use opora_core::time::Timestamp;

use super::matching::{CHUNK, Texts, each_candidate, rarest, sparse};
use super::{Cursor, ListPage, ListQuery, Listed};
use crate::engine::state::ticket_at;
use crate::engine::{Refused, unreadable};
use crate::followers::search::NumberSet;
use crate::followers::world::World;
use crate::scans::{Going, TURN};
use crate::size;

/// How many are taken from the queue at first: most pages are full before that.
const FIRST: usize = 128;
/// How many tickets a page looks at, at most, where it walks them in order.
const MAX_SCAN: usize = 50_000;
/// Of those that are open, what part must have been found for walking through all of them in order.
const DENSE: u64 = 8;
/// Up to how many tickets found by full text are looked up without leaving the caller's thread: all in one step, in which
/// each may be looked at twice, once to be sorted.
const QUICK: u64 = TURN as u64;
/// The same for tickets that are walked, in several steps, by what the filter weighs: 2,048 for one of a few terms, 40 for
/// the dearest.
const QUICK_COST: usize = 16 * 1024;

/// A page while it is made.
pub(crate) struct Scan {
    query: ListQuery,
    texts: Texts,
    now: Timestamp,
    phase: Phase,
    /// The place of the last ticket that was looked at.
    at: Option<Cursor>,
    found: Vec<Arc<Listed>>,
    /// Where each of them was found.
    places: Vec<Cursor>,
    bytes: usize,
    looked: usize,
    full: bool,
    revision: Revision,
}

/// Where a page gets its tickets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Open tickets in order of urgency, in memory.
    Open,
    /// In the order of urgency, all that are in no hurry: by number, from the store.
    Rest,
    /// By number, from the store.
    Numbers,
    /// All that can match, sorted.
    Sorted,
    /// Nowhere any more.
    Done,
}

impl Scan {
    pub(crate) fn new(world: &World, query: ListQuery, texts: Texts) -> Self {
        let mut scan = Self {
            now: world.now(),
            phase: Phase::Done,
            at: query.after,
            found: Vec::new(),
            places: Vec::new(),
            bytes: 0,
            looked: 0,
            full: false,
            revision: world.queue.revision(),
            query,
            texts,
        };
        scan.phase = scan.first_phase();
        scan
    }

    fn first_phase(&self) -> Phase {
        let (filter, order) = (&self.query.filter, self.query.order);
        match order.key {
            OrderKey::Urgency if order.descending => Phase::Sorted,
            OrderKey::Urgency if filter.only_open() => Phase::Open,
            OrderKey::Urgency if self.at.is_some_and(|at| at.0.class >= REST) => Phase::Rest,
            OrderKey::Urgency => Phase::Open,
            OrderKey::Number if !filter.only_open() => Phase::Numbers,
            _ => Phase::Sorted,
        }
    }

    fn place(&self, ticket: &Ticket) -> Cursor {
        Cursor(self.query.order.key_of(ticket))
    }

    /// The tickets of the rarest text that every match must have.
    fn rarest(&self) -> Option<&Arc<NumberSet>> {
        rarest(&self.query.filter, &self.texts)
    }

    /// Whether the next step only looks at memory, for a short time.
    pub(crate) fn is_quick(&self) -> bool {
        let most = QUICK.min((QUICK_COST / self.weight()) as u64);
        let few = self.rarest().is_none_or(|found| found.len() <= most);
        let spent = self.looked * self.weight();
        matches!(self.phase, Phase::Open) && few && !self.full && spent < QUICK_COST
    }

    /// What it costs to look at a ticket: one of no filter is as good as eight terms, since it is placed and weighed.
    fn weight(&self) -> usize {
        8 + self.query.filter.cost() as usize
    }

    /// Whether there is nothing more to do.
    pub(crate) fn is_complete(&self) -> bool {
        self.full || self.phase == Phase::Done
    }

    /// Goes on; `true`: the page is complete. May read from the store unless [`Self::is_quick`], when it looks at no more
    /// tickets than two turns of a scan.
    pub(crate) fn step(&mut self, world: &World, going: &mut Going) -> Result<bool, Refused> {
        match self.phase {
            Phase::Open => self.open(world, going)?,
            Phase::Rest | Phase::Numbers => self.by_number(world, going)?,
            Phase::Sorted => self.sorted(world, going)?,
            Phase::Done => {}
        }
        if self.looked >= MAX_SCAN {
            self.full |= self.phase != Phase::Done;
            self.phase = Phase::Done;
        }
        Ok(self.is_complete())
    }

    /// Whether all that was found stands as it did at the page's revision.
    pub(crate) fn is_settled(&self) -> bool {
        self.found.iter().all(|ticket| ticket.revision <= self.revision)
    }

    /// What changed while the page was made is shown as it stood before: an answer is never newer than the revision that
    /// it speaks of, and who watches from the next one on is told of it. Reads from the store.
    pub(crate) fn settle(&mut self, world: &World, going: &mut Going) -> Result<(), Refused> {
        let found = std::mem::take(&mut self.found).into_iter().zip(std::mem::take(&mut self.places));
        for (ticket, place) in found {
            let ticket = if ticket.revision > self.revision {
                going.row()?;
                let before = ticket_at(&*world.state.store, ticket.number, self.revision).map_err(unreadable)?;
                let before = before.filter(|before| self.texts.matches(&self.query.filter, before, self.now));
                before.map(Listed::new)
            } else {
                Some(ticket)
            };
            if let Some(ticket) = ticket {
                self.found.push(ticket);
                self.places.push(place);
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self, total: Option<u64>) -> ListPage {
        let next = if self.full { self.at } else { None };
        ListPage { tickets: self.found, places: self.places, next, total, revision: self.revision }
    }

    /// Looks at a ticket; `false`: the page is full and this one is for the next.
    fn look(&mut self, ticket: &Arc<Listed>, place: Cursor, going: &mut Going) -> Result<bool, Refused> {
        going.row()?;
        self.looked += 1;
        if self.texts.matches(&self.query.filter, ticket, self.now) {
            let bytes = size::of_ticket(ticket, self.query.with_descriptions);
            let over = self.bytes + bytes > self.query.max_bytes && !self.found.is_empty();
            if self.found.len() >= self.query.limit || over {
                self.full = true;
                // The next page begins after the last one that is shown.
                if let Some(last) = self.places.last() {
                    self.at = Some(*last);
                }
                return Ok(false);
            }
            self.bytes += bytes;
            self.found.push(ticket.clone());
            self.places.push(place);
        }
        self.at = Some(place);
        Ok(true)
    }

    /// Open tickets that were found by full text, sorted: in memory, and far fewer than are open.
    fn open_found(&mut self, world: &World, found: &NumberSet, going: &mut Going) -> Result<(), Refused> {
        let after = self.at.map(Cursor::urgency);
        let only_open = self.query.filter.only_open();
        let mut first = BTreeMap::new();
        for ticket in world.queue.open_among(found, going)? {
            let place = UrgencyKey::of(&ticket);
            // Those in no hurry are met among the rest.
            going.row()?;
            let concerns = after.is_none_or(|after| place > after) && (only_open || place.class < REST);
            if concerns && self.texts.matches(&self.query.filter, &ticket, self.now) {
                first.insert(place, ticket);
                if first.len() > self.query.limit + 1 {
                    first.pop_last();
                }
            }
        }
        for ticket in first.into_values() {
            let place = self.place(&ticket);
            if !self.look(&Listed::new(ticket), place, going)? {
                return Ok(());
            }
        }
        self.after_open(only_open);
        Ok(())
    }

    fn after_open(&mut self, only_open: bool) {
        self.phase = if only_open { Phase::Done } else { Phase::Rest };
        self.at = Some(rest(0));
    }

    fn open(&mut self, world: &World, going: &mut Going) -> Result<(), Refused> {
        if let Some(found) = self.rarest().filter(|found| found.len() < world.queue.open_count() / DENSE).cloned() {
            return self.open_found(world, &found, going);
        }
        let most = if self.looked == 0 { FIRST } else { CHUNK };
        let chunk = if self.is_quick() { (QUICK_COST / self.weight()).clamp(1, most) } else { most };
        let (tickets, revision) = world.queue.walk(self.at.map(Cursor::urgency), chunk);
        if self.looked == 0 {
            self.revision = revision;
        }
        let mut last = tickets.len() < chunk;
        let only_open = self.query.filter.only_open();
        for ticket in tickets {
            let place = self.place(&ticket);
            if place.0.class >= REST && !only_open {
                // Those in no hurry are met among the rest.
                last = true;
                break;
            }
            if !self.look(&ticket, place, going)? {
                return Ok(());
            }
        }
        if last {
            self.after_open(only_open);
        }
        Ok(())
    }

    /// From the store. What changed after this page's revision may be newer there, which is never wrong.
    fn by_number(&mut self, world: &World, going: &mut Going) -> Result<(), Refused> {
        let descending = self.query.order.descending;
        let from = match (self.at, descending) {
            (None, false) => 1,
            (None, true) => u64::MAX >> 1,
            (Some(at), false) => at.0.number.0 + 1,
            (Some(at), true) => at.0.number.0.saturating_sub(1),
        };
        let (tickets, last) = match self.rarest() {
            _ if from == 0 => (Vec::new(), true),
            Some(found) => {
                // A page is full long before that many.
                let numbers = found.from(TicketNumber(from), descending, FIRST);
                let last = numbers.len() < FIRST;
                let tickets: Result<Vec<_>, _> = numbers.into_iter().map(|number| world.ticket(number)).collect();
                (tickets.map_err(unreadable)?.into_iter().flatten().collect(), last)
            }
            None => {
                // Most pages are full before more, and tickets may be large.
                let chunk = if self.looked == 0 { FIRST } else { CHUNK };
                let tickets = world.state.store.tickets(TicketNumber(from), descending, chunk).map_err(unreadable)?;
                let last = tickets.len() < chunk;
                (tickets, last)
            }
        };
        if last {
            self.phase = Phase::Done;
        }
        let walking_all = self.query.order.key == OrderKey::Number;
        for ticket in tickets {
            let place = self.place(&ticket);
            if walking_all || place.0.class >= REST {
                if !self.look(&Listed::new(ticket), place, going)? {
                    break;
                }
            } else {
                // It was met among those in a hurry.
                going.row()?;
                self.looked += 1;
                self.at = Some(rest(place.0.number.0));
            }
        }
        Ok(())
    }

    /// Keeps the first of all that match, at most one more than a page.
    fn sorted(&mut self, world: &World, going: &mut Going) -> Result<(), Refused> {
        let (order, after) = (self.query.order, self.query.after.map(|after| after.0));
        let mut first: BTreeMap<SortKey, Arc<Ticket>> = BTreeMap::new();
        let most = self.query.limit + 1;
        let mut add = |ticket: &Arc<Ticket>| -> Result<(), Refused> {
            going.row()?;
            let place = order.key_of(ticket);
            let too_early = after.is_some_and(|after| place <= after);
            let too_late = first.len() >= most && first.last_key_value().is_some_and(|(last, _)| place > *last);
            if !too_early && !too_late && self.texts.matches(&self.query.filter, ticket, self.now) {
                first.insert(place, ticket.clone());
                if first.len() > most {
                    first.pop_last();
                }
            }
            Ok(())
        };
        each_candidate(world, &self.query.filter, sparse(&self.query.filter, &self.texts), &mut add)?;
        self.phase = Phase::Done;
        for (place, ticket) in first {
            if !self.look(&Listed::new(ticket), Cursor(place), going)? {
                break;
            }
        }
        Ok(())
    }
}

/// The class of tickets that are in no hurry ([`opora_core::sla::UrgencyKey`]).
const REST: u8 = UrgencyKey::REST;

/// Whether a ticket has a place of its own in the order of urgency, before those that come by number.
pub(crate) fn in_a_hurry(ticket: &Ticket) -> bool {
    UrgencyKey::of(ticket).class < REST
}

/// The place of such a ticket.
fn rest(number: u64) -> Cursor {
    Cursor(SortKey { class: REST, key: 0, number: TicketNumber(number) })
}
