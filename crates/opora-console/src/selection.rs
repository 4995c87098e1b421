//! What an action will touch: the ticket under the cursor, or those that are marked and match the filter. Every change is
//! made on a [`Picked`], and these are made here alone, from what the screen shows; the screens draw their marks from the
//! same answer. A number gotten elsewhere can't be acted on.

use opora_proto::v1;

use crate::model::{Model, Pane};
use crate::outbox::Seen;
use crate::queue::Left;
use crate::queue::row::Row;
use crate::screens::{self, Screen, incident};
use crate::{meanwhile, seen};

/// A ticket that was selected, as it was seen then.
#[derive(Clone, Debug)]
pub(crate) struct Picked {
    number: u64,
    subject: String,
    /// Of the state that was seen.
    etag: String,
    /// Of the row on the screen then: where the dialog shows a newer ticket than the row, it differs from `etag`.
    base: String,
    seen: Seen,
    /// The revision that was seen.
    revision: u64,
    /// The state by others of which has been told, and not yet taken as seen.
    told: Option<String>,
}

/// What an action will touch.
#[derive(Clone, Debug)]
pub(crate) enum Selection {
    Nothing,
    /// The ticket under the cursor, or the one that was opened.
    One(Box<Picked>),
    /// The marked ones that match the filter, the most urgent first.
    Marked(Vec<Picked>),
}

impl Selection {
    /// What an action touches now.
    pub(crate) fn of(model: &Model) -> Self {
        if marks_act(model) {
            let mut rows: Vec<&Row> = model.queue.selected().filter_map(|n| model.queue.rows.get(n)).collect();
            rows.sort_unstable_by_key(|row| row.key());
            return Self::Marked(rows.into_iter().map(|row| Picked::of(model, row)).collect());
        }
        under_cursor(model).map_or(Self::Nothing, |picked| Self::One(Box::new(picked)))
    }

    /// The ticket, where it is one and no more.
    pub(crate) fn one(self) -> Option<Picked> {
        match self {
            Self::One(picked) => Some(*picked),
            Self::Nothing | Self::Marked(_) => None,
        }
    }

    /// The marked ones; none where it is the cursor's.
    pub(crate) fn marked(self) -> Vec<Picked> {
        match self {
            Self::Marked(marked) => marked,
            Self::Nothing | Self::One(_) => Vec::new(),
        }
    }
}

/// The ticket under the cursor, or the one that was opened, for what is about that whatever is marked.
pub(crate) fn under_cursor(model: &Model) -> Option<Picked> {
    model.subject().map(|row| Picked::of(model, row))
}

/// The tickets of the incident board that an answer to all goes to.
pub(crate) fn of_board(model: &Model) -> Vec<Picked> {
    let rows = incident::recipients(model).into_iter().filter_map(|number| incident::row(model, number));
    rows.map(|(row, _)| Picked::of(model, row)).collect()
}

/// The tickets that an opened suggestion lists, as the queue has them; what left it is not touched.
pub(crate) fn of_suggestion(model: &Model, numbers: impl Iterator<Item = u64>) -> Vec<Picked> {
    let rows = numbers.filter_map(|number| model.queue.rows.get(number));
    rows.map(|row| Picked::of(model, row)).collect()
}

/// Whether the list that has marks is what the person is at.
pub(crate) fn is_at_list(model: &Model) -> bool {
    model.screen == Screen::Queue && model.pane == Pane::List && model.peek.is_none()
}

/// Whether actions are about the marked tickets, and not about the cursor's.
pub(crate) fn marks_act(model: &Model) -> bool {
    is_at_list(model) && model.queue.has_selected()
}

/// How many of the marked tickets an action touches; 0 where it is the cursor's.
pub(crate) fn count(model: &Model) -> usize {
    if is_at_list(model) { model.queue.selected_count() } else { 0 }
}

/// Why the one ticket that an action would touch no longer belongs where it is shown, if it does not.
pub(crate) fn ghost(model: &Model) -> Option<(u64, Left)> {
    if marks_act(model) {
        return None;
    }
    ghost_at_cursor(model)
}

/// Why the ticket under the cursor no longer belongs where it is shown, if it does not.
pub(crate) fn ghost_at_cursor(model: &Model) -> Option<(u64, Left)> {
    let number = model.subject()?.number;
    let left = match (model.screen, &model.peek) {
        (Screen::Queue, Some(_)) => None,
        (Screen::Queue, None) => model.queue.ghost(number).map(|ghost| ghost.why.clone()),
        _ => screens::left(model, number),
    };
    left.map(|left| (number, left))
}

/// A ticket as it is on the screen now, wherever it is shown.
pub(crate) fn live(model: &Model, number: u64) -> Option<&Row> {
    let peek = || model.peek.as_ref().filter(|row| row.number == number);
    model.queue.row(number).or_else(peek).or_else(|| screens::row(model, number))
}

impl Picked {
    fn of(model: &Model, row: &Row) -> Self {
        Self {
            number: row.number,
            subject: row.subject(),
            etag: row.etag().to_owned(),
            base: row.etag().to_owned(),
            seen: seen::of(model, row),
            revision: model.revision,
            told: None,
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn subject(&self) -> &str {
        &self.subject
    }

    pub(crate) fn etag(&self) -> &str {
        &self.etag
    }

    pub(crate) fn seen(&self) -> &Seen {
        &self.seen
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// A form shows this very ticket: what is sent is made on it. Another ticket is none of its business.
    pub(crate) fn shown_as(&mut self, ticket: &v1::Ticket) {
        if ticket.number == self.number {
            self.etag.clone_from(&ticket.etag);
            self.seen = seen::fields(ticket);
        }
    }

    /// Whether what is sent goes out on the state that a form shows under this etag: what replaces a whole list must
    /// have been made of the list that is replaced.
    pub(crate) fn is_shown_as(&self, model: &Model, etag: &str) -> bool {
        self.etag == etag || live(model, self.number).is_none()
    }

    /// The same, on a state of which only the etag is told: the server's answer about its tags.
    pub(crate) fn under(&self, etag: &str) -> Self {
        Self { etag: etag.to_owned(), ..self.clone() }
    }

    /// Whether the ticket is no longer as it was seen.
    pub(crate) fn has_changed(&self, model: &Model) -> bool {
        live(model, self.number).is_some_and(|row| row.etag() != self.base && row.etag() != self.etag)
    }

    /// Whether a change may go out: the ticket is as it was seen, or what others did has been told and looked at. The
    /// first time that it has not, it is told and not sent; after that what is on the screen counts as seen.
    pub(crate) fn stands(&mut self, model: &Model) -> bool {
        let Some(row) = live(model, self.number).filter(|_| self.has_changed(model)) else { return true };
        let is_told = self.told.as_deref() == Some(row.etag());
        if is_told || meanwhile::is_own(model, self) {
            *self = Self::of(model, row);
            return true;
        }
        self.told = Some(row.etag().to_owned());
        false
    }

    /// Whether the next Enter takes what others did as seen.
    pub(crate) fn is_told(&self, model: &Model) -> bool {
        self.told.is_some() && self.told.as_deref() == live(model, self.number).map(Row::etag)
    }

    /// As it is on the screen now; `None` where it no longer belongs there.
    pub(crate) fn again(&self, model: &Model) -> Option<Self> {
        let row = model.queue.rows.get(self.number).filter(|_| model.queue.ghost(self.number).is_none())?;
        Some(Self::of(model, row))
    }
}
