//! A ticket's history, its conversation and its description, read from the log.

use std::sync::Arc;

use opora_core::event::{Change, TicketEvent};
use opora_core::model::{Comment, Revision, Ticket, TicketNumber};
use opora_core::time::Timestamp;
use opora_store::{ReadError, Record, Store};

use super::Desk;
use super::query::blocking;
use crate::engine::world::ticket_at;
use crate::followers::search::description;
use crate::size;

/// How many revisions of a history are read at once.
const CHUNK: usize = 256;

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
    /// [`ReadError`].
    pub async fn events(&self, query: HistoryQuery) -> Result<HistoryPage<EventEntry>, ReadError> {
        self.history(query, |_| true, |revision, event| Some(EventEntry { revision, event: event.clone() })).await
    }

    /// A page of a ticket's comments.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn comments(&self, query: HistoryQuery) -> Result<HistoryPage<CommentEntry>, ReadError> {
        let pick = |revision, event: &TicketEvent| match &event.change {
            Change::Commented(comment) => Some(CommentEntry { revision, at: event.at, comment: comment.clone() }),
            _ => None,
        };
        self.history(query, |ticket| ticket.comment_count > 0, pick).await
    }

    /// A page of a ticket's attachments: the events that brought them.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn attachments(&self, query: HistoryQuery) -> Result<HistoryPage<EventEntry>, ReadError> {
        let pick = |revision, event: &TicketEvent| match &event.change {
            Change::Attached(_) => Some(EventEntry { revision, event: event.clone() }),
            _ => None,
        };
        self.history(query, |ticket| ticket.attachment_count > 0, pick).await
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
        let found = description(&*self.shared.world.store, ticket)?;
        if let Some(text) = &found {
            self.shared.descriptions.insert(place, text.clone());
        }
        Ok(found)
    }

    async fn history<T: Send + 'static>(
        &self,
        query: HistoryQuery,
        has_any: impl FnOnce(&Ticket) -> bool,
        pick: impl Fn(Revision, &TicketEvent) -> Option<T> + Send + 'static,
    ) -> Result<HistoryPage<T>, ReadError> {
        let (world, revision) = (self.shared.world.clone(), self.revision());
        if !world.ticket(query.ticket)?.is_some_and(|ticket| has_any(&ticket)) {
            return Ok(HistoryPage { items: Vec::new(), places: Vec::new(), next: None, revision });
        }
        blocking(move || page(&*world.store, query, revision, pick)).await
    }

    /// A ticket as it stood at a revision.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn ticket_at(&self, number: TicketNumber, revision: Revision) -> Result<Option<Arc<Ticket>>, ReadError> {
        let world = self.shared.world.clone();
        match world.ticket(number)? {
            Some(newer) if newer.revision > revision => {
                blocking(move || ticket_at(&*world.store, number, revision)).await
            }
            ticket => Ok(ticket),
        }
    }
}

/// Collects a page; blocks.
fn page<T>(
    store: &dyn Store,
    query: HistoryQuery,
    revision: Revision,
    pick: impl Fn(Revision, &TicketEvent) -> Option<T>,
) -> Result<HistoryPage<T>, ReadError> {
    let mut page = HistoryPage { items: Vec::new(), places: Vec::new(), next: None, revision };
    let mut bytes = 0;
    let mut last = query.after;
    let mut walk = Walk::new(store, &query, revision)?;
    while let Some(at) = walk.next(store)? {
        // One more is there: it begins the next page.
        if page.items.len() >= query.limit {
            page.next = last;
            break;
        }
        let commit = store.commit(at)?;
        let mut events: Vec<&TicketEvent> = commit.records.iter().filter_map(|record| own(record, &query)).collect();
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

/// What happened to the ticket that is asked for.
fn own<'a>(record: &'a Record, query: &HistoryQuery) -> Option<&'a TicketEvent> {
    match record {
        Record::Ticket(event) if event.ticket.number == query.ticket => Some(event),
        _ => None,
    }
}

/// The revisions of a ticket in one direction.
struct Walk {
    ticket: TicketNumber,
    /// What was read and not given yet, the next one last.
    read: Vec<Revision>,
    /// Newest first: where reading goes on.
    from: Option<Revision>,
}

impl Walk {
    fn new(store: &dyn Store, query: &HistoryQuery, newest: Revision) -> Result<Self, ReadError> {
        let before = |revision: Revision| revision.0.checked_sub(1).filter(|n| *n > 0).map(Revision);
        let after = query.after.map(|place| place.whole(query.newest_first));
        let mut walk = Self { ticket: query.ticket, read: Vec::new(), from: None };
        if query.newest_first {
            walk.from = after.map_or(Some(newest), before);
            return Ok(walk);
        }
        // A history is chained backwards: the oldest are found by walking all of what is newer.
        let mut from = Some(newest);
        while let Some(at) = from {
            let found = store.history(query.ticket, Some(at), CHUNK)?;
            let more = found.len() == CHUNK;
            let wanted = found.into_iter().take_while(|revision| Some(*revision) > after);
            let length = walk.read.len();
            walk.read.extend(wanted);
            let all = walk.read.len() - length == CHUNK;
            from = if more && all { walk.read.last().copied().and_then(before) } else { None };
        }
        Ok(walk)
    }

    fn next(&mut self, store: &dyn Store) -> Result<Option<Revision>, ReadError> {
        if self.read.is_empty()
            && let Some(from) = self.from.take()
        {
            self.read = store.history(self.ticket, Some(from), CHUNK)?;
            if self.read.len() == CHUNK {
                self.from = self.read.last().and_then(|r| r.0.checked_sub(1)).filter(|n| *n > 0).map(Revision);
            }
            self.read.reverse();
        }
        Ok(self.read.pop())
    }
}
