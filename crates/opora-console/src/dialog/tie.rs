//! Two tickets brought together: one made a part of another, or tied to it. The other is found by its number and shown
//! with its subject before anything happens; what can't be undone asks once, in words that name both.

use crossterm::event::{KeyCode, KeyEvent};
use opora_proto::name::TicketName;
use opora_proto::v1::LinkKind;

use super::field::Line;
use super::{After, Dialog, is_cancel};
use crate::change::Target;
use crate::model::Model;
use crate::msg::{Call, Effect, Trouble, What};
use crate::queue::row::Row;
use crate::update::send;

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Tie {
    /// 0 for many.
    pub(crate) number: u64,
    pub(crate) subject: String,
    etag: String,
    /// The marked tickets, where it is about those.
    pub(crate) many: Vec<Target>,
    /// The first becomes a part of the other.
    pub(crate) merge: bool,
    pub(crate) kind: LinkKind,
    pub(crate) line: Line,
    pub(crate) found: Option<Result<Box<Row>, String>>,
    generation: u64,
    /// The key of what is wrong.
    pub(crate) fault: Option<&'static str>,
}

impl Tie {
    pub(crate) fn merge(model: &Model) -> Option<Self> {
        Some(Self { merge: true, many: Vec::new(), ..Self::link(model)? })
    }

    pub(crate) fn link(model: &Model) -> Option<Self> {
        let row = model.subject();
        let many = super::bulk::targets(model);
        let (number, subject, etag) = match row {
            Some(row) => (row.number, row.subject(), row.etag().to_owned()),
            None if many.is_empty() => return None,
            None => (0, String::new(), String::new()),
        };
        let (merge, kind, line, found, generation, fault) = (false, LinkKind::Related, Line::default(), None, 0, None);
        Some(Self { number, subject, etag, many, merge, kind, line, found, generation, fault })
    }

    /// An answer. One to an older question is dropped.
    pub(crate) fn answer(&mut self, generation: u64, result: Result<Vec<Row>, Trouble>) {
        if generation != self.generation {
            return;
        }
        self.found = match result {
            Ok(rows) => rows.into_iter().next().map(|row| Ok(Box::new(row))),
            Err(trouble) => Some(Err(trouble.message)),
        };
        if self.found.is_none() {
            self.fault = Some("tie-not-found");
        }
    }

    pub(super) fn key(mut self: Box<Self>, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        if is_cancel(event) {
            return After::Close;
        }
        match event.code {
            KeyCode::Enter if matches!(self.found, Some(Ok(_))) => return self.send(model, effects),
            KeyCode::Enter => self.find(model, effects),
            KeyCode::Tab | KeyCode::BackTab if !self.merge => {
                let child = self.kind == LinkKind::ChildOfIncident;
                self.kind = if child { LinkKind::Related } else { LinkKind::ChildOfIncident };
            }
            _ => {
                self.fault = None;
                if self.line.key(event) {
                    self.forget(model);
                }
            }
        }
        After::Stay(Dialog::Tie(self))
    }

    pub(super) fn paste(&mut self, model: &mut Model, text: &str) {
        self.line.paste(text);
        self.forget(model);
    }

    /// Another number: what was found for the former is not it, and a late answer neither.
    fn forget(&mut self, model: &mut Model) {
        self.found = None;
        self.generation = model.next_generation();
    }

    fn find(&mut self, model: &mut Model, effects: &mut Vec<Effect>) {
        let Ok(TicketName::Number(number)) = TicketName::from_human(self.line.value()) else {
            self.fault = Some("tie-number");
            return;
        };
        if number == self.number && self.many.is_empty() {
            self.fault = Some("tie-itself");
            return;
        }
        if let Some(row) = model.queue.row(number) {
            self.found = Some(Ok(Box::new(row.clone())));
            return;
        }
        self.generation = model.next_generation();
        effects.push(Effect::Call(Call::Search {
            text: format!("#{number}"),
            generation: self.generation,
            page_token: String::new(),
        }));
    }

    fn send(self: Box<Self>, model: &mut Model, effects: &mut Vec<Effect>) -> After {
        let Some(Ok(other)) = &self.found else { return After::Stay(Dialog::Tie(self)) };
        let other = other.number;
        if self.merge {
            send::change(model, self.number, &self.etag, What::Merge(other, String::new()), None, effects);
        } else if self.many.is_empty() {
            send::change(model, self.number, &self.etag, What::Link(other, self.kind), None, effects);
        } else {
            let targets: Vec<Target> = self.many.iter().filter(|t| t.number != other).cloned().collect();
            send::many(model, &[(targets, What::Link(other, self.kind))], None, effects);
        }
        After::Close
    }
}
