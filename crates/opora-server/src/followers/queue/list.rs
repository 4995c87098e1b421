//! Pages of tickets. Open ones are walked in memory; the others come from the store by number. Nothing is held while a
//! filter is judged, and a page looks at a bounded number of tickets: it may be short and still have a next one.

use std::collections::BTreeMap;
use std::sync::Arc;

use opora_core::filter::{Filter, Judge};
use opora_core::model::{Revision, Ticket, TicketNumber};
use opora_core::order::{OrderKey, SortKey};
use opora_core::sla::UrgencyKey;
use opora_core::time::Timestamp;
use opora_store::ReadError;

use super::{Cursor, Listed};
use crate::desk::{ListPage, ListQuery};
use crate::engine::world::World;
use crate::followers::search::NumberSet;

/// How many tickets are taken from the queue or the store at once.
const CHUNK: usize = 512;
/// How many are taken from the queue at first: most pages are full before that.
const FIRST: usize = 128;
/// How many tickets a page looks at, at most, where it walks them in order.
const MAX_SCAN: usize = 50_000;
/// Up to how many tickets found by full text are fetched one by one to be sorted.
const SPARSE: u64 = 20_000;
/// Of those that are open, what part must have been found for walking through all of them in order.
const DENSE: u64 = 8;
/// Up to how many tickets found by full text are looked up without leaving the caller's thread.
const QUICK: u64 = 1_000;

/// Which tickets match each bare text of a filter.
#[derive(Clone, Default)]
pub(crate) struct Texts(pub(crate) Vec<Arc<NumberSet>>);

impl Texts {
    fn has(&self, text: usize, number: TicketNumber) -> bool {
        self.0.get(text).is_some_and(|set| set.contains(number))
    }

    pub(crate) fn matches(&self, filter: &Filter, ticket: &Ticket, now: Timestamp) -> bool {
        filter.matches(ticket, &Judge { now, text: &|text, number| self.has(text, number) })
    }
}

/// A page while it is made.
pub(crate) struct Scan {
    query: ListQuery,
    texts: Texts,
    now: Timestamp,
    phase: Phase,
    /// The place of the last ticket that was looked at.
    at: Option<Cursor>,
    found: Vec<Arc<Listed>>,
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

/// The tickets of the rarest text that every match must have.
fn rarest<'a>(filter: &Filter, texts: &'a Texts) -> Option<&'a Arc<NumberSet>> {
    let required = filter.required_texts().into_iter().filter_map(|text| texts.0.get(text));
    required.min_by_key(|set| set.len())
}

/// The same, if they are few enough to be fetched one by one.
fn sparse<'a>(filter: &Filter, texts: &'a Texts) -> Option<&'a Arc<NumberSet>> {
    rarest(filter, texts).filter(|set| set.len() <= SPARSE)
}

/// About how many bytes a ticket takes when encoded.
fn weight(ticket: &Ticket, with_description: bool) -> usize {
    let words = ticket.tags.iter().chain(&ticket.workstations).map(|text| text.len() + 2).sum::<usize>();
    let steps = ticket.checklist.iter().map(|item| item.step.len() + item.note.len() + 8).sum::<usize>();
    let description = if with_description { ticket.description_len as usize } else { 0 };
    let reporter = ticket.reporter.display_name.len() + ticket.reporter.email.len();
    500 + ticket.subject.len() + words + steps + description + reporter
}

impl Scan {
    pub(crate) fn new(world: &World, query: ListQuery, texts: Texts) -> Self {
        let mut scan = Self {
            now: world.now(),
            phase: Phase::Done,
            at: query.after,
            found: Vec::new(),
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
        let few = self.rarest().is_none_or(|found| found.len() <= QUICK);
        matches!(self.phase, Phase::Open) && few && !self.full && self.looked < 4 * CHUNK
    }

    /// Whether there is nothing more to do.
    pub(crate) fn is_complete(&self) -> bool {
        self.full || self.phase == Phase::Done
    }

    /// Goes on; `true`: the page is complete. May read from the store unless [`Self::is_quick`].
    pub(crate) fn step(&mut self, world: &World) -> Result<bool, ReadError> {
        match self.phase {
            Phase::Open => self.open(world),
            Phase::Rest | Phase::Numbers => self.by_number(world)?,
            Phase::Sorted => self.sorted(world)?,
            Phase::Done => {}
        }
        if self.looked >= MAX_SCAN {
            self.full |= self.phase != Phase::Done;
            self.phase = Phase::Done;
        }
        Ok(self.is_complete())
    }

    pub(crate) fn finish(self, total: Option<u64>) -> ListPage {
        let next = if self.full { self.at } else { None };
        ListPage { tickets: self.found, next, total, revision: self.revision }
    }

    /// Looks at a ticket; `false`: the page is full and this one is for the next.
    fn look(&mut self, ticket: &Arc<Listed>, place: Cursor) -> bool {
        self.looked += 1;
        if self.texts.matches(&self.query.filter, ticket, self.now) {
            let bytes = weight(ticket, self.query.with_descriptions);
            let over = self.bytes + bytes > self.query.max_bytes && !self.found.is_empty();
            if self.found.len() >= self.query.limit || over {
                self.full = true;
                // The next page begins after the last one that is shown.
                if let Some(last) = self.found.last() {
                    self.at = Some(self.place(last));
                }
                return false;
            }
            self.bytes += bytes;
            self.found.push(ticket.clone());
        }
        self.at = Some(place);
        true
    }

    /// Open tickets that were found by full text, sorted: in memory, and far fewer than are open.
    fn open_found(&mut self, world: &World, found: &NumberSet) {
        let after = self.at.map(Cursor::urgency);
        let only_open = self.query.filter.only_open();
        let mut first = BTreeMap::new();
        for ticket in world.queue.open_among(found) {
            let place = UrgencyKey::of(&ticket);
            // Those in no hurry are met among the rest.
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
            if !self.look(&Listed::new(ticket), place) {
                return;
            }
        }
        self.after_open(only_open);
    }

    fn after_open(&mut self, only_open: bool) {
        self.phase = if only_open { Phase::Done } else { Phase::Rest };
        self.at = Some(rest(0));
    }

    fn open(&mut self, world: &World) {
        if let Some(found) = self.rarest().filter(|found| found.len() < world.queue.open_count() / DENSE).cloned() {
            return self.open_found(world, &found);
        }
        let chunk = if self.looked == 0 { FIRST } else { CHUNK };
        let tickets = world.queue.walk(self.at.map(Cursor::urgency), chunk);
        let mut last = tickets.len() < chunk;
        let only_open = self.query.filter.only_open();
        for ticket in tickets {
            let place = self.place(&ticket);
            if place.0.class >= REST && !only_open {
                // Those in no hurry are met among the rest.
                last = true;
                break;
            }
            if !self.look(&ticket, place) {
                return;
            }
        }
        if last {
            self.after_open(only_open);
        }
    }

    /// From the store. What changed after this page's revision may be newer there, which is never wrong.
    fn by_number(&mut self, world: &World) -> Result<(), ReadError> {
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
                (tickets?.into_iter().flatten().collect(), last)
            }
            None => {
                let tickets = world.store.tickets(TicketNumber(from), descending, CHUNK)?;
                let last = tickets.len() < CHUNK;
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
                if !self.look(&Listed::new(ticket), place) {
                    break;
                }
            } else {
                // It was met among those in a hurry.
                self.looked += 1;
                self.at = Some(rest(place.0.number.0));
            }
        }
        Ok(())
    }

    /// Keeps the first of all that match, at most one more than a page.
    fn sorted(&mut self, world: &World) -> Result<(), ReadError> {
        let (order, after) = (self.query.order, self.query.after.map(|after| after.0));
        let mut first: BTreeMap<SortKey, Arc<Ticket>> = BTreeMap::new();
        let most = self.query.limit + 1;
        let mut add = |ticket: &Arc<Ticket>| {
            let place = order.key_of(ticket);
            let too_early = after.is_some_and(|after| place <= after);
            let too_late = first.len() >= most && first.last_key_value().is_some_and(|(last, _)| place > *last);
            if !too_early && !too_late && self.texts.matches(&self.query.filter, ticket, self.now) {
                first.insert(place, ticket.clone());
                if first.len() > most {
                    first.pop_last();
                }
            }
        };
        each_candidate(world, &self.query.filter, sparse(&self.query.filter, &self.texts), &mut add)?;
        self.phase = Phase::Done;
        for (place, ticket) in first {
            if !self.look(&Listed::new(ticket), Cursor(place)) {
                break;
            }
        }
        Ok(())
    }
}

/// The class of tickets that are in no hurry ([`opora_core::sla::UrgencyKey`]).
const REST: u8 = UrgencyKey::REST;

/// The place of such a ticket.
fn rest(number: u64) -> Cursor {
    Cursor(SortKey { class: REST, key: 0, number: TicketNumber(number) })
}

/// Shows every ticket that could match.
fn each_candidate(
    world: &World,
    filter: &Filter,
    sparse: Option<&Arc<NumberSet>>,
    show: &mut dyn FnMut(&Arc<Ticket>),
) -> Result<(), ReadError> {
    if let Some(numbers) = sparse {
        for number in numbers.iter() {
            if let Some(ticket) = world.ticket(number)? {
                show(&ticket);
            }
        }
        return Ok(());
    }
    if filter.only_open() {
        world.queue.open().0.iter().for_each(show);
        return Ok(());
    }
    let mut from = TicketNumber(1);
    loop {
        let tickets = world.store.tickets(from, false, CHUNK)?;
        let Some(last) = tickets.last() else { return Ok(()) };
        from = TicketNumber(last.number.0 + 1);
        tickets.iter().for_each(&mut *show);
    }
}

/// How many tickets match, exactly. Blocks.
pub(crate) fn count(world: &World, filter: &Filter, texts: &Texts) -> Result<u64, ReadError> {
    let now = world.now();
    let mut count = 0;
    each_candidate(world, filter, sparse(filter, texts), &mut |ticket| {
        count += u64::from(texts.matches(filter, ticket, now));
    })?;
    Ok(count)
}

/// The open tickets that match.
pub(crate) fn open_matching(world: &World, filter: &Filter, texts: &Texts) -> (Vec<Arc<Ticket>>, Revision) {
    let now = world.now();
    let (mut tickets, revision) = world.queue.open();
    tickets.retain(|ticket| texts.matches(filter, ticket, now));
    (tickets, revision)
}
