//! All tickets that match a filter: counted, or those of them that are open. Every look can be ended by its caller.

use std::sync::Arc;

use opora_core::filter::{Filter, Judge};
use opora_core::model::{Revision, Ticket, TicketNumber};
use opora_core::time::Timestamp;

use crate::engine::{Refused, unreadable};
use crate::followers::search::NumberSet;
use crate::followers::world::World;
use crate::scans::Going;

/// How many tickets are taken from the queue or the store at once.
pub(super) const CHUNK: usize = 512;
/// Up to how many tickets found by full text are fetched one by one to be sorted.
const SPARSE: u64 = 20_000;

/// Which tickets match each bare text of a filter.
#[derive(Clone, Default)]
pub(crate) struct Texts(pub(crate) Vec<Arc<NumberSet>>);

impl Texts {
    pub(super) fn has(&self, text: usize, number: TicketNumber) -> bool {
        self.0.get(text).is_some_and(|set| set.contains(number))
    }

    pub(crate) fn matches(&self, filter: &Filter, ticket: &Ticket, now: Timestamp) -> bool {
        filter.matches(ticket, &Judge { now, text: &|text, number| self.has(text, number) })
    }
}

/// The tickets of the rarest text that every match must have.
pub(super) fn rarest<'a>(filter: &Filter, texts: &'a Texts) -> Option<&'a Arc<NumberSet>> {
    let required = filter.required_texts().into_iter().filter_map(|text| texts.0.get(text));
    required.min_by_key(|set| set.len())
}

/// The same, if they are few enough to be fetched one by one.
pub(super) fn sparse<'a>(filter: &Filter, texts: &'a Texts) -> Option<&'a Arc<NumberSet>> {
    rarest(filter, texts).filter(|set| set.len() <= SPARSE)
}

/// Shows every ticket that could match.
pub(super) fn each_candidate(
    world: &World,
    filter: &Filter,
    sparse: Option<&Arc<NumberSet>>,
    show: &mut dyn FnMut(&Arc<Ticket>) -> Result<(), Refused>,
) -> Result<(), Refused> {
    if let Some(numbers) = sparse {
        for number in numbers.iter() {
            if let Some(ticket) = world.ticket(number).map_err(unreadable)? {
                show(&ticket)?;
            }
        }
        return Ok(());
    }
    if filter.only_open() {
        return world.queue.open().0.iter().try_for_each(show);
    }
    let mut from = TicketNumber(1);
    loop {
        let tickets = world.state.store.tickets(from, false, CHUNK).map_err(unreadable)?;
        let Some(last) = tickets.last() else { return Ok(()) };
        from = TicketNumber(last.number.0 + 1);
        tickets.iter().try_for_each(&mut *show)?;
    }
}

/// How many tickets match, exactly. Blocks.
pub(crate) fn count(world: &World, filter: &Filter, texts: &Texts, going: &mut Going) -> Result<u64, Refused> {
    let now = world.now();
    let mut count = 0;
    each_candidate(world, filter, sparse(filter, texts), &mut |ticket| {
        going.row()?;
        count += u64::from(texts.matches(filter, ticket, now));
        Ok(())
    })?;
    Ok(count)
}

/// The open tickets that match.
pub(crate) fn open_matching(
    world: &World,
    filter: &Filter,
    texts: &Texts,
    going: &mut Going,
) -> Result<(Vec<Arc<Ticket>>, Revision), Refused> {
    let now = world.now();
    let (open, revision) = world.queue.open();
    let mut tickets = Vec::new();
    for ticket in open {
        going.row()?;
        if texts.matches(filter, &ticket, now) {
            tickets.push(ticket);
        }
    }
    Ok((tickets, revision))
}
