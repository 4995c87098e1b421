//! A ticket's history, its conversation and its description, read from the log.

use std::sync::Arc;

use opora_core::event::{Change, TicketEvent};
use opora_core::model::{Comment, Part, Revision, Ticket, TicketNumber};
use opora_core::time::Timestamp;
use opora_store::{ReadError, Record, Store};

use super::Desk;
use super::query::blocking;
use crate::followers::search::description;

/// How many revisions of a history are read at once.
const CHUNK: usize = 256;

/// A page of history.
#[derive(Clone, Copy, Debug)]
pub struct HistoryQuery {
    /// Whose.
    pub ticket: TicketNumber,
    /// The newest first.
    pub newest_first: bool,
    /// What comes after this revision in that direction; `None`: from the start.
    pub after: Option<Revision>,
    /// At most so many; events of one revision are not torn apart, so it may be some more.
    pub limit: usize,
    /// At most about so many bytes; at least one revision.
    pub max_bytes: usize,
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
    /// What to give as [`HistoryQuery::after`] for the next page; `None`: there is none.
    pub next: Option<Revision>,
    /// The revision that it speaks of.
    pub revision: Revision,
}

impl Desk {
    /// A page of a ticket's events.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn events(&self, query: HistoryQuery) -> Result<HistoryPage<EventEntry>, ReadError> {
        self.history(
            query,
            |ticket| vec![ticket.number],
            |revision, event| Some(EventEntry { revision, event: event.clone() }),
        )
        .await
    }

    /// A page of a ticket's comments, with those of the tickets that were merged into it.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn comments(&self, query: HistoryQuery) -> Result<HistoryPage<CommentEntry>, ReadError> {
        let pick = |revision, event: &TicketEvent| match &event.change {
            Change::Commented(comment) => {
                let (ticket, at) = (event.ticket.number, event.at);
                Some(CommentEntry { ticket, revision, at, comment: comment.clone() })
            }
            _ => None,
        };
        let holders = |ticket: &Ticket| holders(ticket, ticket.own_comments(), |part| part.comments);
        self.history(query, holders, pick).await
    }

    /// A page of a ticket's attachments, with those of the tickets that were merged into it: the events that brought them.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn attachments(&self, query: HistoryQuery) -> Result<HistoryPage<EventEntry>, ReadError> {
        let pick = |revision, event: &TicketEvent| match &event.change {
            Change::Attached(_) => Some(EventEntry { revision, event: event.clone() }),
            _ => None,
        };
        let holders = |ticket: &Ticket| holders(ticket, ticket.own_attachments(), |part| part.attachments);
        self.history(query, holders, pick).await
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
        holders: impl FnOnce(&Ticket) -> Vec<TicketNumber>,
        pick: impl Fn(Revision, &TicketEvent) -> Option<T> + Send + 'static,
    ) -> Result<HistoryPage<T>, ReadError> {
        let (world, revision) = (self.shared.world.clone(), self.revision());
        let holders = world.ticket(query.ticket)?.map(|ticket| holders(&ticket)).unwrap_or_default();
        if holders.is_empty() {
            return Ok(HistoryPage { items: Vec::new(), next: None, revision });
        }
        blocking(move || page(&*world.store, query, &holders, revision, pick)).await
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
) -> Result<HistoryPage<T>, ReadError> {
    let mut page = HistoryPage { items: Vec::new(), next: None, revision };
    let mut bytes = 0;
    let mut last = query.after;
    let walks = holders.iter().map(|holder| Walk::new(store, *holder, &query, revision));
    let mut walk = Walks { newest_first: query.newest_first, walks: walks.collect::<Result<_, _>>()? };
    while let Some(at) = walk.next(store)? {
        // One more is there: it begins the next page.
        if page.items.len() >= query.limit || bytes > query.max_bytes {
            page.next = last;
            break;
        }
        let commit = store.commit(at)?;
        let own = |record: &&Record| matches!(record, Record::Ticket(e) if holders.contains(&e.ticket.number));
        let mut items = Vec::new();
        for record in commit.records.iter().filter(own) {
            if let Record::Ticket(event) = record
                && let Some(item) = pick(at, event)
            {
                bytes += weight(event);
                items.push(item);
            }
        }
        if query.newest_first {
            items.reverse();
        }
        page.items.extend(items);
        last = Some(at);
    }
    Ok(page)
}

/// About how many bytes an event takes when encoded.
fn weight(event: &TicketEvent) -> usize {
    let text = |text: &Option<Arc<str>>| text.as_ref().map_or(0, |text| text.len());
    let own = match &event.change {
        Change::Commented(comment) => comment.body.len(),
        Change::Created { description, .. } | Change::Updated { description, .. } => text(description),
        _ => 0,
    };
    1_000 + event.reason.len() + own
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
    /// Newest first: where reading goes on.
    from: Option<Revision>,
}

impl Walk {
    fn new(store: &dyn Store, ticket: TicketNumber, query: &HistoryQuery, newest: Revision) -> Result<Self, ReadError> {
        let before = |revision: Revision| revision.0.checked_sub(1).filter(|n| *n > 0).map(Revision);
        let mut walk = Self { ticket, read: Vec::new(), from: None };
        if query.newest_first {
            walk.from = query.after.map_or(Some(newest), before);
            return Ok(walk);
        }
        // A history is chained backwards: the oldest are found by walking all of what is newer.
        let mut from = Some(newest);
        while let Some(at) = from {
            let found = store.history(ticket, Some(at), CHUNK)?;
            let more = found.len() == CHUNK;
            let wanted = found.into_iter().take_while(|revision| Some(*revision) > query.after);
            let length = walk.read.len();
            walk.read.extend(wanted);
            let all = walk.read.len() - length == CHUNK;
            from = if more && all { walk.read.last().copied().and_then(before) } else { None };
        }
        Ok(walk)
    }

    fn peek(&mut self, store: &dyn Store) -> Result<Option<Revision>, ReadError> {
        if self.read.is_empty()
            && let Some(from) = self.from.take()
        {
            self.read = store.history(self.ticket, Some(from), CHUNK)?;
            if self.read.len() == CHUNK {
                self.from = self.read.last().and_then(|r| r.0.checked_sub(1)).filter(|n| *n > 0).map(Revision);
            }
            self.read.reverse();
        }
        Ok(self.read.last().copied())
    }
}
