//! The incident board: one cause, its ticket and those that are its children, and one answer to all of them. What is
//! known of the children comes from the server once and from the stream afterwards. Knows no widget.

pub(crate) mod reply;
pub(super) mod view;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::list::List;
use crate::drafts::DraftKey;
use crate::model::{Level, Model};
use crate::msg::{Board, Call, Done, Effect, Happened, Trouble};
use crate::queue::row::Row;

/// What the server told of the children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It was not asked.
    #[default]
    None,
    /// It was asked, under this number.
    Waiting(u64),
    /// It is here. There may be more children than were read.
    Here { more: bool },
    /// Not to be had.
    Failed(String),
}

/// What became of the answer to all on one ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It went out.
    Done,
    /// It was refused: why.
    Refused(String),
}

/// The board's part of the model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Incident {
    /// The ticket that the children belong to.
    pub(crate) parent: Option<u64>,
    pub(crate) answer: Answer,
    /// The parent and its children as they were last seen, open or not.
    known: BTreeMap<u64, Row>,
    pub(crate) list: List,
    /// What became of the last answer to all, by ticket.
    pub(crate) results: HashMap<u64, Sent>,
}

impl Incident {
    /// Shows the board of an incident.
    pub(crate) fn open(&mut self, parent: u64) {
        if self.parent != Some(parent) {
            *self = Self { parent: Some(parent), ..Self::default() };
        }
    }

    /// Everything is to be asked again: events may have been missed.
    pub(crate) fn forget(&mut self) {
        self.answer = Answer::None;
    }

    /// What failed is to be tried again.
    pub(crate) fn forget_failed(&mut self) {
        if matches!(self.answer, Answer::Failed(_)) {
            self.answer = Answer::None;
        }
    }

    /// What the server told. An answer to an older request is dropped.
    pub(crate) fn answer(&mut self, generation: u64, result: Result<Box<Board>, Trouble>) {
        if self.answer != Answer::Waiting(generation) {
            return;
        }
        match result {
            Ok(board) => {
                self.answer = Answer::Here { more: board.more };
                let rows = board.children.into_iter().chain([board.parent]);
                self.known = rows.map(|row| (row.number, row)).collect();
            }
            Err(trouble) => self.answer = Answer::Failed(trouble.message),
        }
    }

    /// An event on a ticket that may belong to the incident.
    pub(crate) fn happened(&mut self, happened: &Happened) {
        let row = &happened.row;
        let Some(parent) = self.parent else { return };
        if row.number == parent || row.incident == parent {
            self.known.insert(row.number, row.clone());
        } else {
            self.known.remove(&row.number);
        }
    }

    /// Whether a ticket refused the last answer to all.
    fn has_refused(&self, number: u64) -> bool {
        self.results.get(&number).is_some_and(|sent| *sent != Sent::Done)
    }
}

fn is_ended(row: &Row) -> bool {
    use opora_proto::v1::TicketState::{Closed, Merged};
    matches!(row.state, Closed | Merged)
}

/// A row of the board, and whether it no longer belongs to it.
pub(crate) fn row(model: &Model, number: u64) -> Option<(&Row, bool)> {
    let board = &model.screens.incident;
    let known = board.known.get(&number);
    let belongs = |row: &&Row| Some(row.number) == board.parent || Some(row.incident) == board.parent;
    // What the stream holds is the newest.
    match model.queue.rows.get(number).filter(belongs).or(known) {
        Some(row) => Some((row, false)),
        None => board.list.kept(number).map(|row| (row, true)),
    }
}

/// The parent, then its children: the most urgent first, those that have ended last.
pub(super) fn numbers(model: &Model) -> Vec<u64> {
    let board = &model.screens.incident;
    let Some(parent) = board.parent else { return Vec::new() };
    let here = model.queue.rows.iter().filter(|row| row.incident == parent).map(|row| row.number);
    let all: HashSet<u64> = board.known.keys().copied().chain(here).filter(|n| *n != parent).collect();
    let mut children: Vec<_> = all.into_iter().filter_map(|n| row(model, n)).map(|(row, _)| row.key()).collect();
    children.sort_unstable();
    let first = row(model, parent).map(|(row, _)| row.number);
    first.into_iter().chain(children.into_iter().map(|key| key.number)).collect()
}

/// Asks for what the board lacks.
pub(super) fn ask(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.screens.incident.answer != Answer::None {
        return;
    }
    let Some(number) = model.screens.incident.parent else { return };
    let generation = model.next_generation();
    model.screens.incident.answer = Answer::Waiting(generation);
    effects.push(Effect::Call(Call::Incident { number, generation }));
}

/// Why an answer to all is not possible.
pub(crate) fn why_not(model: &Model) -> Option<&'static str> {
    let board = &model.screens.incident;
    match board.answer {
        _ if model.screen != super::Screen::Incident || board.parent.is_none() => Some("why-no-board"),
        Answer::Here { .. } if is_sending(model) => Some("write-sending"),
        Answer::Here { .. } if recipients(model).is_empty() => Some("why-ended"),
        Answer::Here { .. } => None,
        _ => Some("why-board-loading"),
    }
}

/// The tickets that the next answer to all goes to: of those that the board lists and that are open the ones that
/// refused the last answer while its text is kept, else the parent and every child.
pub(crate) fn recipients(model: &Model) -> Vec<u64> {
    let board = &model.screens.incident;
    let kept = board.parent.is_some_and(|parent| model.drafts.get(DraftKey::All(parent)).is_some());
    let is_open = |number: &u64| row(model, *number).is_some_and(|(row, left)| !left && !is_ended(row));
    let mut to: Vec<u64> = numbers(model).into_iter().filter(is_open).collect();
    if kept && to.iter().any(|number| board.has_refused(*number)) {
        to.retain(|number| board.has_refused(*number));
    }
    to.sort_unstable();
    to
}

/// Whether an answer to all is on its way, or waits for the server.
pub(crate) fn is_sending(model: &Model) -> bool {
    model.screens.incident.parent.is_some_and(|parent| model.is_sending(DraftKey::All(parent)))
}

/// What became of an answer to all: told on its board, and in a sentence.
pub(crate) fn answered(model: &mut Model, parent: u64, done: &Done) {
    let why = |trouble: &Trouble| Sent::Refused(crate::update::sentence(model, trouble));
    let told = done.each.iter().map(|(number, fate)| (*number, fate.as_ref().err().map_or(Sent::Done, why)));
    let told: HashMap<u64, Sent> = told.collect();
    let sent = told.values().filter(|sent| **sent == Sent::Done).count();
    let arguments = [("sent", sent.into()), ("all", told.len().into())];
    let (level, key) =
        if sent == told.len() { (Level::Done, "done-reply-all") } else { (Level::Refused, "refused-reply-all") };
    let text = model.texts.with(key, &arguments);
    if model.screens.incident.parent == Some(parent) {
        model.screens.incident.results = told;
    }
    model.toast(level, text);
}
