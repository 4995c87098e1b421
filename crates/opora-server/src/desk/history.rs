//! A ticket's history, its conversation and its description, read from the log.

use std::sync::Arc;

use opora_core::event::{Change, TicketEvent};
use opora_core::model::{Comment, Revision, Ticket, TicketNumber};
use opora_core::time::Timestamp;
use opora_store::{ReadError, Record, Store};

use super::Desk;
use crate::engine::{Refused, unreadable};
use crate::followers::search::description;
use crate::scans::Going;

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
    /// [`Refused`]: what can't be read, a desk that stops, too many long reads at once.
    pub async fn events(&self, query: HistoryQuery) -> Result<HistoryPage<EventEntry>, Refused> {
        self.history(query, |_| true, |revision, event| Some(EventEntry { revision, event: event.clone() })).await
    }

    /// A page of a ticket's comments.
    ///
    /// # Errors
    /// As [`Desk::events`].
    pub async fn comments(&self, query: HistoryQuery) -> Result<HistoryPage<CommentEntry>, Refused> {
        let pick = |revision, event: &TicketEvent| match &event.change {
            Change::Commented(comment) => Some(CommentEntry { revision, at: event.at, comment: comment.clone() }),
            _ => None,
        };
        self.history(query, |ticket| ticket.comment_count > 0, pick).await
    }

    /// A page of a ticket's attachments: the events that brought them.
    ///
    /// # Errors
    /// As [`Desk::events`].
    pub async fn attachments(&self, query: HistoryQuery) -> Result<HistoryPage<EventEntry>, Refused> {
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
    ) -> Result<HistoryPage<T>, Refused> {
        let (world, revision) = (self.shared.world.clone(), self.revision());
        if !world.ticket(query.ticket).map_err(unreadable)?.is_some_and(|ticket| has_any(&ticket)) {
            return Ok(HistoryPage { items: Vec::new(), next: None, revision });
        }
        let read = move |going: &mut Going| page(&*world.store, query, revision, pick, going);
        self.shared.scans.run_short(READ_COST, read).await
    }
}

/// Collects a page; blocks.
fn page<T>(
    store: &dyn Store,
    query: HistoryQuery,
    revision: Revision,
    pick: impl Fn(Revision, &TicketEvent) -> Option<T>,
    going: &mut Going,
) -> Result<HistoryPage<T>, Refused> {
    let mut page = HistoryPage { items: Vec::new(), next: None, revision };
    let mut bytes = 0;
    let mut last = query.after;
    let mut walk = Walk::new(store, &query, revision, going)?;
    while let Some(at) = walk.next(store).map_err(unreadable)? {
        going.row()?;
        // One more is there: it begins the next page.
        if page.items.len() >= query.limit || bytes > query.max_bytes {
            page.next = last;
            break;
        }
        let commit = store.commit(at).map_err(unreadable)?;
        let own = |record: &&Record| matches!(record, Record::Ticket(e) if e.ticket.number == query.ticket);
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
    fn new(store: &dyn Store, query: &HistoryQuery, newest: Revision, going: &mut Going) -> Result<Self, Refused> {
        let mut walk = Self { ticket: query.ticket, read: Vec::new(), below: None };
        let from_newest = Some(Below::Including(newest));
        if query.newest_first {
            walk.below = query.after.map_or(from_newest, |after| Some(Below::Own(after)));
            return Ok(walk);
        }
        // A history is chained backwards: the oldest are found by walking all of what is newer.
        let mut below = from_newest;
        while let Some(at) = below {
            let (found, next) = at.read(store, query.ticket).map_err(unreadable)?;
            found.iter().try_for_each(|_| going.row())?;
            let all = found.last().is_some_and(|last| Some(*last) > query.after);
            walk.read.extend(found.into_iter().take_while(|revision| Some(*revision) > query.after));
            below = next.filter(|_| all);
        }
        Ok(walk)
    }

    fn next(&mut self, store: &dyn Store) -> Result<Option<Revision>, ReadError> {
        if self.read.is_empty()
            && let Some(below) = self.below.take()
        {
            (self.read, self.below) = below.read(store, self.ticket)?;
            self.read.reverse();
        }
        Ok(self.read.pop())
    }
}
