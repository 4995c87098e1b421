//! A ticket's history, its conversation and its description, read from the log.

use std::sync::Arc;

use opora_core::event::{Change, TicketEvent};
use opora_core::model::{Comment, Part, Revision, Ticket, TicketNumber};
use opora_core::time::Timestamp;
use opora_store::{ReadError, Record, Store};

use super::Desk;
use crate::call::Call;
use crate::engine::state::ticket_at;
use crate::engine::{Refused, TicketRef, unreadable};
use crate::followers::search::description;
use crate::scans::Going;
use crate::size;

/// How many revisions of a history are read at once.
const CHUNK: usize = 256;
/// What it costs to read a revision, in terms of a filter: it may have to be unpacked.
const READ_COST: u32 = 64;

/// A page of history.
#[derive(Clone, Copy, Debug)]
pub struct HistoryQuery {
    /// Whose.
    pub ticket: TicketNumber,
    /// The newest first.
    pub newest_first: bool,
    /// What comes after this place in that direction; `None`: from the start.
    pub after: Option<Place>,
    /// At most so many.
    pub limit: usize,
    /// At most about so many bytes; at least one.
    pub max_bytes: usize,
}

/// A place in a history. One revision can have many events of one ticket (five hundred that were tied to it at once).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The revision.
    pub revision: Revision,
    /// How many of its events lie before the place, in the direction of reading; `None`: all.
    pub shown: Option<u32>,
}

impl Place {
    /// Behind a whole revision.
    pub const fn behind(revision: Revision) -> Self {
        Self { revision, shown: None }
    }

    /// The last revision that lies before it as a whole, when the newest come first or last.
    fn whole(self, newest_first: bool) -> Revision {
        match self.shown {
            None => self.revision,
            Some(_) if newest_first => self.revision.next(),
            Some(_) => Revision(self.revision.0.saturating_sub(1)),
        }
    }
}

/// An event with its revision.
#[derive(Clone, Debug)]
pub struct EventEntry {
    /// Under which revision.
    pub revision: Revision,
    /// What happened; the ticket in it as it stood after.
    pub event: TicketEvent,
}

/// A comment with its bookkeeping.
#[derive(Clone, Debug)]
pub struct CommentEntry {
    /// On which ticket it stands: the one asked for, or one that was merged into it.
    pub ticket: TicketNumber,
    /// Under which revision.
    pub revision: Revision,
    /// When it was written.
    pub at: Timestamp,
    /// What it is.
    pub comment: Comment,
}

/// A page of a ticket's history.
#[derive(Clone, Debug)]
pub struct HistoryPage<T> {
    /// In order.
    pub items: Vec<T>,
    /// The places behind each of them.
    pub places: Vec<Place>,
    /// What to give as [`HistoryQuery::after`] for the next page; `None`: there is none.
    pub next: Option<Place>,
    /// The revision that it speaks of.
    pub revision: Revision,
}

impl Desk {
    /// A page of a ticket's events.
    ///
    /// # Errors
    /// [`Refused`]: what can't be read, a desk that stops, too many long reads at once.
    pub async fn events(&self, call: &Call, query: HistoryQuery) -> Result<HistoryPage<EventEntry>, Refused> {
        self.history(
            call,
            query,
            |ticket| vec![ticket.number],
            |revision, event| Some(EventEntry { revision, event: event.clone() }),
        )
        .await
    }

    /// A page of a ticket's comments, with those of the tickets that were merged into it.
    ///
    /// # Errors
    /// As [`Desk::events`].
    pub async fn comments(&self, call: &Call, query: HistoryQuery) -> Result<HistoryPage<CommentEntry>, Refused> {
        let pick = |revision, event: &TicketEvent| match &event.change {
            Change::Commented(comment) => {
                let (ticket, at) = (event.ticket.number, event.at);
                Some(CommentEntry { ticket, revision, at, comment: comment.clone() })
            }
            _ => None,
        };
        let holders = |ticket: &Ticket| holders(ticket, ticket.own_comments(), |part| part.comments);
        self.history(call, query, holders, pick).await
    }

    /// A page of a ticket's attachments, with those of the tickets that were merged into it: the events that brought them.
    ///
    /// # Errors
    /// As [`Desk::events`].
    pub async fn attachments(&self, call: &Call, query: HistoryQuery) -> Result<HistoryPage<EventEntry>, Refused> {
        let pick = |revision, event: &TicketEvent| match &event.change {
            Change::Attached(_) => Some(EventEntry { revision, event: event.clone() }),
            _ => None,
        };
        let holders = |ticket: &Ticket| holders(ticket, ticket.own_attachments(), |part| part.attachments);
        self.history(call, query, holders, pick).await
    }

    /// A ticket's description; `None`: it has none.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn description(&self, ticket: &Ticket) -> Result<Option<Arc<str>>, ReadError> {
        let revision = ticket.description_revision;
        if revision == Revision::ZERO {
            return Ok(None);
        }
        let place = (ticket.number, revision);
        if let Some(known) = self.shared.descriptions.get(&place) {
            return Ok(Some(known));
        }
        let found = description(&*self.shared.world.state.store, ticket)?;
        if let Some(text) = &found {
            self.shared.descriptions.insert(place, text.clone());
        }
        Ok(found)
    }

    /// What `each` makes of some tickets and their descriptions, until it makes nothing.
    ///
    /// # Errors
    /// As [`Desk::events`].
    pub async fn described<T: Send + 'static>(
        &self,
        tickets: Vec<Arc<Ticket>>,
        mut each: impl FnMut(&Ticket, Option<&str>) -> Option<T> + Send + 'static,
    ) -> Result<Vec<T>, Refused> {
        let desk = self.clone();
        let read = move |going: &mut Going| {
            let mut made = Vec::new();
            for ticket in &tickets {
                going.row()?;
                let description = desk.description(ticket).map_err(unreadable)?;
                let Some(one) = each(ticket, description.as_deref()) else { break };
                made.push(one);
            }
            Ok(made)
        };
        self.shared.scans.run_short(READ_COST, read).await
    }

    async fn history<T: Send + 'static>(
        &self,
        call: &Call,
        query: HistoryQuery,
        holders: impl FnOnce(&Ticket) -> Vec<TicketNumber>,
        pick: impl Fn(Revision, &TicketEvent) -> Option<T> + Send + 'static,
    ) -> Result<HistoryPage<T>, Refused> {
        let (world, revision) = (self.shared.world.clone(), self.revision());
        let ticket = self.ticket(call, TicketRef::Number(query.ticket)).map_err(unreadable)?;
        let mut holders = ticket.map(|ticket| holders(&ticket)).unwrap_or_default();
        if !call.scope.sees_everything() {
            // What was merged into it may be another customer's.
            let seen = |number: &TicketNumber| Ok(self.ticket(call, TicketRef::Number(*number))?.map(|_| *number));
            let seen: Result<Vec<_>, ReadError> =
                holders.iter().filter_map(|number| seen(number).transpose()).collect();
            holders = seen.map_err(unreadable)?;
        }
        if holders.is_empty() {
            return Ok(HistoryPage { items: Vec::new(), places: Vec::new(), next: None, revision });
        }
        let read = move |going: &mut Going| page(&*world.state.store, query, &holders, revision, pick, going);
        self.shared.scans.run_short(READ_COST, read).await
    }

    /// A ticket that the caller may see, as it stood at a revision.
    ///
    /// # Errors
    /// As [`Desk::events`].
    pub async fn ticket_at(
        &self,
        call: &Call,
        number: TicketNumber,
        revision: Revision,
    ) -> Result<Option<Arc<Ticket>>, Refused> {
        let world = self.shared.world.clone();
        match self.ticket(call, TicketRef::Number(number)).map_err(unreadable)? {
            Some(newer) if newer.revision > revision => {
                let read = move |_: &mut Going| ticket_at(&*world.state.store, number, revision).map_err(unreadable);
                self.shared.scans.run_short(READ_COST, read).await
            }
            ticket => Ok(ticket),
        }
    }
}

/// The ticket and those of its parts that hold any, by their counts.
fn holders(ticket: &Ticket, own: u32, count: impl Fn(&Part) -> u32) -> Vec<TicketNumber> {
    let own = (own > 0).then_some(ticket.number);
    let parts = ticket.parts.iter().filter(|part| count(part) > 0).map(|part| part.ticket);
    own.into_iter().chain(parts).collect()
}

/// Collects a page; blocks.
fn page<T>(
    store: &dyn Store,
    query: HistoryQuery,
    holders: &[TicketNumber],
    revision: Revision,
    pick: impl Fn(Revision, &TicketEvent) -> Option<T>,
    going: &mut Going,
) -> Result<HistoryPage<T>, Refused> {
    let mut page = HistoryPage { items: Vec::new(), places: Vec::new(), next: None, revision };
    let mut bytes = 0;
    let mut last = query.after;
    let walks = holders.iter().map(|holder| Walk::new(store, *holder, &query, revision, going));
    let mut walk = Walks { newest_first: query.newest_first, walks: walks.collect::<Result<_, _>>()? };
    while let Some(at) = walk.next(store).map_err(unreadable)? {
        going.row()?;
        // One more is there: it begins the next page.
        if page.items.len() >= query.limit {
            page.next = last;
            break;
        }
        let commit = store.commit(at).map_err(unreadable)?;
        let mut events: Vec<&TicketEvent> = commit.records.iter().filter_map(|record| own(record, holders)).collect();
        if query.newest_first {
            events.reverse();
        }
        let shown = query.after.filter(|after| after.revision == at).and_then(|after| after.shown).unwrap_or(0);
        for (n, event) in (1..).zip(events).skip(shown as usize) {
            let Some(item) = pick(at, event) else { continue };
            bytes += size::of_event(event);
            if page.items.len() >= query.limit || (bytes > query.max_bytes && !page.items.is_empty()) {
                page.next = page.places.last().copied();
                return Ok(page);
            }
            page.items.push(item);
            page.places.push(Place { revision: at, shown: Some(n) });
        }
        last = Some(Place::behind(at));
        if let Some(place) = page.places.last_mut().filter(|place| place.revision == at) {
            *place = Place::behind(at);
        }
    }
    Ok(page)
}

/// What happened to one of these tickets.
fn own<'a>(record: &'a Record, holders: &[TicketNumber]) -> Option<&'a TicketEvent> {
    match record {
        Record::Ticket(event) if holders.contains(&event.ticket.number) => Some(event),
        _ => None,
    }
}

/// The revisions of several tickets in one direction, each once.
struct Walks {
    newest_first: bool,
    walks: Vec<Walk>,
}

impl Walks {
    /// The next one, which stays.
    fn next(&mut self, store: &dyn Store) -> Result<Option<Revision>, ReadError> {
        let mut next: Option<Revision> = None;
        for walk in &mut self.walks {
            let Some(first) = walk.peek(store)? else { continue };
            let before = |other: Revision| if self.newest_first { first > other } else { first < other };
            if next.is_none_or(before) {
                next = Some(first);
            }
        }
        for walk in &mut self.walks {
            // One commit may have changed several of them.
            if next.is_some() && walk.read.last().copied() == next {
                walk.read.pop();
            }
        }
        Ok(next)
    }
}

/// The revisions of a ticket in one direction.
struct Walk {
    ticket: TicketNumber,
    /// What was read and not given yet, the next one last.
    read: Vec<Revision>,
    /// Newest first: where reading goes on, if there is more.
    below: Option<Below>,
}

/// Where reading goes on, down from there.
#[derive(Clone, Copy)]
enum Below {
    /// From this one on.
    Including(Revision),
    /// A revision of the ticket's own: the store begins there at once, while to one that is not it walks from the newest.
    Own(Revision),
}

impl Below {
    /// The next revisions down from there, and where it goes on after them.
    fn read(self, store: &dyn Store, ticket: TicketNumber) -> Result<(Vec<Revision>, Option<Self>), ReadError> {
        let found = match self {
            Self::Including(from) => store.history(ticket, Some(from), CHUNK)?,
            Self::Own(after) => {
                let mut found = store.history(ticket, Some(after), CHUNK + 1)?;
                found.retain(|revision| *revision < after);
                found
            }
        };
        let next = found.last().copied().filter(|_| found.len() >= CHUNK).map(Self::Own);
        Ok((found, next))
    }
}

impl Walk {
    fn new(
        store: &dyn Store,
        ticket: TicketNumber,
        query: &HistoryQuery,
        newest: Revision,
        going: &mut Going,
    ) -> Result<Self, Refused> {
        let after = query.after.map(|place| place.whole(query.newest_first));
        let mut walk = Self { ticket, read: Vec::new(), below: None };
        let from_newest = Some(Below::Including(newest));
        if query.newest_first {
            walk.below = after.map_or(from_newest, |after| Some(Below::Own(after)));
            return Ok(walk);
        }
        // A history is chained backwards: the oldest are found by walking all of what is newer.
        let mut below = from_newest;
        while let Some(at) = below {
            let (found, next) = at.read(store, ticket).map_err(unreadable)?;
            found.iter().try_for_each(|_| going.row())?;
            let all = found.last().is_some_and(|last| Some(*last) > after);
            walk.read.extend(found.into_iter().take_while(|revision| Some(*revision) > after));
            below = next.filter(|_| all);
        }
        Ok(walk)
    }

    fn peek(&mut self, store: &dyn Store) -> Result<Option<Revision>, ReadError> {
        if self.read.is_empty()
            && let Some(below) = self.below.take()
        {
            (self.read, self.below) = below.read(store, self.ticket)?;
            self.read.reverse();
        }
        Ok(self.read.last().copied())
    }
}
