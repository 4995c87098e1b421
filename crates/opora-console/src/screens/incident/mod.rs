//! The incident board: one cause, its ticket and those that are its children, and one answer to all of them. What is
//! known of the children comes from the server once and from the stream afterwards. Knows no widget.

pub(crate) mod reply;
pub(super) mod view;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::list::List;
use crate::drafts::DraftKey;
use crate::model::{Level, Model};
use crate::msg::{Board, Call, Effect, Happened, Trouble};
use crate::queue::row::Row;
use crate::text;

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
    /// The request id of an answer to all that is on its way.
    pub(crate) sending: Option<String>,
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

    /// The tickets that the next answer to all goes to: those that refused the last one while its text is kept, else
    /// the parent and every child.
    fn recipients(&self, kept: bool) -> Vec<u64> {
        let refused: Vec<u64> =
            self.results.iter().filter(|(_, sent)| **sent != Sent::Done).map(|(number, _)| *number).collect();
        let mut to = if kept && !refused.is_empty() { refused } else { self.known.keys().copied().collect() };
        let open = |number: &u64| self.known.get(number).is_some_and(|row| !is_ended(row));
        to.retain(open);
        to.sort_unstable();
        to
    }
}

fn is_ended(row: &Row) -> bool {
    use opora_proto::v1::TicketState::{Closed, Merged};
    matches!(row.state, Closed | Merged)
}

/// A row of the board, and whether it no longer belongs to it.
pub(super) fn row(model: &Model, number: u64) -> Option<(&Row, bool)> {
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
        Answer::Here { .. } if board.sending.is_some() => Some("write-sending"),
        Answer::Here { .. } if recipients(model).is_empty() => Some("why-ended"),
        Answer::Here { .. } => None,
        _ => Some("why-board-loading"),
    }
}

/// The tickets that an answer to all would go to.
pub(crate) fn recipients(model: &Model) -> Vec<u64> {
    let board = &model.screens.incident;
    let kept = board.parent.is_some_and(|parent| model.drafts.get(DraftKey::All(parent)).is_some());
    board.recipients(kept)
}

/// What became of an answer to all. Its text stays until it went out to everybody.
pub(crate) fn answered(
    model: &mut Model,
    parent: u64,
    request_id: &str,
    result: Result<Vec<(u64, Option<String>)>, Trouble>,
    effects: &mut Vec<Effect>,
) {
    let key = DraftKey::All(parent);
    let same = model.screens.incident.sending.as_deref() == Some(request_id);
    if same {
        model.screens.incident.sending = None;
    }
    let results = match result {
        Ok(results) => results,
        Err(trouble) => {
            let sentence = if trouble.unreachable {
                model.texts.get("refused-unreachable")
            } else {
                text::clean_line(&trouble.message)
            };
            let kept = model.texts.get("draft-kept");
            let words = text::sentences([format!("#{parent}: {sentence}"), kept]);
            model.toast_with(Level::Refused, words, trouble.technical);
            return;
        }
    };
    let refused = results.iter().filter(|(_, why)| why.is_some()).count();
    let (sent, all) = (results.len() - refused, results.len());
    if same {
        let told = results
            .into_iter()
            .map(|(number, why)| (number, why.map_or(Sent::Done, |why| Sent::Refused(text::clean_line(&why)))));
        model.screens.incident.results = told.collect();
    }
    let ours = model.drafts.get(key).is_some_and(|draft| draft.request_id == request_id);
    if refused == 0 && ours {
        model.drafts.remove(key);
        effects.push(Effect::DeleteDraft(key));
    } else if ours {
        // The next attempt goes to others: it is another request.
        model.drafts.sent(key, "");
        if let Some(draft) = model.drafts.get(key) {
            effects.push(Effect::SaveDraft(key, draft.clone()));
        }
    }
    let arguments = [("sent", sent.into()), ("all", all.into())];
    if refused == 0 {
        let text = model.texts.with("done-reply-all", &arguments);
        model.toast(Level::Done, text);
    } else {
        let text = model.texts.with("refused-reply-all", &arguments);
        model.toast(Level::Refused, text);
    }
}
