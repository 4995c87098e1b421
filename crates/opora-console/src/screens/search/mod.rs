//! Full-text search on the server, over all tickets, closed ones too: what was asked, what was found, page by page.
//! Knows no widget.

pub(crate) mod line;
pub(crate) mod view;

use super::list::List;
use crate::keys;
use crate::model::Model;
use crate::msg::{Call, Effect, Found, Happened, Trouble};
use crate::queue::row::Row;

/// What came of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing was asked.
    #[default]
    None,
    /// The first page is awaited.
    Waiting,
    Here,
    Failed(String),
}

/// The search's part of the model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Search {
    /// What was typed.
    pub(crate) text: String,
    /// What was searched for instead: the same keys on the other layout.
    pub(crate) instead: Option<String>,
    generation: u64,
    pub(crate) answer: Answer,
    found: Vec<Row>,
    /// Where the next page begins. Empty: there is none.
    next: String,
    /// The next page is awaited.
    pub(crate) asking: bool,
    pub(crate) list: List,
}

impl Search {
    /// Whether there is more than what is here.
    pub(crate) fn has_more(&self) -> bool {
        !self.next.is_empty()
    }

    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    /// What is searched for in fact.
    fn query(&self) -> &str {
        self.instead.as_deref().unwrap_or(&self.text)
    }

    fn call(&self) -> Effect {
        Effect::Call(Call::Search {
            text: self.query().to_owned(),
            generation: self.generation,
            page_token: self.next.clone(),
        })
    }

    /// An answer. One to an older search is dropped. Where nothing was found the same keys on the other layout are
    /// tried.
    pub(crate) fn answer(&mut self, generation: u64, result: Result<Found, Trouble>, effects: &mut Vec<Effect>) {
        if generation != self.generation || !(self.asking || self.answer == Answer::Waiting) {
            return;
        }
        let first = self.answer == Answer::Waiting;
        self.asking = false;
        match result {
            Ok(found) if first && found.rows.is_empty() && self.instead.is_none() => {
                let swapped = keys::swapped(&self.text);
                if swapped == self.text {
                    self.answer = Answer::Here;
                } else {
                    self.instead = Some(swapped);
                    effects.push(self.call());
                }
            }
            Ok(found) => {
                self.answer = Answer::Here;
                self.next = found.next;
                let known = |row: &Row| self.found.iter().any(|other| other.number == row.number);
                let new: Vec<Row> = found.rows.into_iter().filter(|row| !known(row)).collect();
                self.found.extend(new);
            }
            Err(trouble) if first => self.answer = Answer::Failed(trouble.message),
            // What is here stays; the page is asked for again when the cursor comes to the end again.
            Err(_) => {}
        }
    }

    /// An event on a ticket that may have been found.
    pub(crate) fn happened(&mut self, happened: &Happened) {
        if let Some(row) = self.found.iter_mut().find(|row| row.number == happened.row.number) {
            *row = happened.row.clone();
        }
    }
}

/// Searches for a text.
pub(crate) fn ask(model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
    let generation = model.next_generation();
    let search = &mut model.screens.search;
    let text = text.trim().to_owned();
    *search = Search { text, generation, ..Search::default() };
    if !search.text.is_empty() {
        search.answer = Answer::Waiting;
        effects.push(search.call());
    }
}

/// Asks for the next page, where the cursor has come to the end of what is here.
pub(super) fn more(model: &mut Model, effects: &mut Vec<Effect>) {
    let search = &mut model.screens.search;
    if !search.asking && search.has_more() && search.list.cursor() == search.found.last().map(|row| row.number) {
        search.asking = true;
        effects.push(search.call());
    }
}

/// The tickets that were found.
pub(super) fn numbers(model: &Model) -> Vec<u64> {
    model.screens.search.found.iter().map(|row| row.number).collect()
}

/// A row of the list; none leaves it.
pub(super) fn row(model: &Model, number: u64) -> Option<(&Row, bool)> {
    // What the stream holds is the newest.
    let live = model.queue.rows.get(number);
    live.or_else(|| model.screens.search.found.iter().find(|row| row.number == number)).map(|row| (row, false))
}
