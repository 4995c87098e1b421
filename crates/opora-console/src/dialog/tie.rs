//! Two tickets brought together: one made a part of another, or tied to it. The other is found by its number and shown
//! with its subject before anything happens; what can't be undone asks once, in words that name both.

use crossterm::event::{KeyCode, KeyEvent};
use opora_proto::name::TicketName;
use opora_proto::v1::LinkKind;

use super::field::Line;
use super::{After, Dialog, is_cancel};
use crate::model::Model;
use crate::msg::{Call, Effect, Trouble, What};
use crate::queue::row::Row;
use crate::seen;
use crate::selection::{self, Picked, Selection};
use crate::update::send;

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Tie {
    /// The ticket; or the marked ones, where it is about those.
    pub(super) picked: Vec<Picked>,
    /// It is about marked ones.
    pub(super) marked: bool,
    /// The first becomes a part of the other.
    pub(crate) merge: bool,
    pub(crate) kind: LinkKind,
    pub(crate) line: Line,
    pub(crate) found: Option<Result<Box<Row>, String>>,
    /// What of the other is not what it was when it was found, a line each.
    pub(crate) changes: Vec<String>,
    generation: u64,
    /// The key of what is wrong.
    pub(crate) fault: Option<&'static str>,
}

impl Tie {
    pub(crate) fn merge(model: &Model) -> Option<Self> {
        let picked = vec![Selection::of(model).one()?];
        Some(Self { picked, merge: true, ..Self::link(model)? })
    }

    pub(crate) fn link(model: &Model) -> Option<Self> {
        let (picked, marked) = match Selection::of(model) {
            Selection::Nothing => return None,
            Selection::One(picked) => (vec![*picked], false),
            Selection::Marked(marked) => (marked, true),
        };
        let (kind, line) = (LinkKind::Related, Line::default());
        let (merge, found, changes, generation, fault) = (false, None, Vec::new(), 0, None);
        Some(Self { picked, marked, merge, kind, line, found, changes, generation, fault })
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
        self.changes.clear();
        self.generation = model.next_generation();
    }

    fn find(&mut self, model: &mut Model, effects: &mut Vec<Effect>) {
        let Ok(TicketName::Number(number)) = TicketName::from_human(self.line.value()) else {
            self.fault = Some("tie-number");
            return;
        };
        if self.picked.iter().all(|picked| picked.number() == number) {
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

    /// Those that are tied to the other.
    pub(super) fn tied(&self) -> impl Iterator<Item = &Picked> + '_ {
        let other = self.found.as_ref().and_then(|found| found.as_ref().ok()).map(|row| row.number);
        self.picked.iter().filter(move |picked| Some(picked.number()) != other)
    }

    fn send(mut self: Box<Self>, model: &mut Model, effects: &mut Vec<Effect>) -> After {
        let Some(Ok(found)) = &self.found else { return After::Stay(Dialog::Tie(self)) };
        let found = found.clone();
        let what = What::Link(found.number, self.kind);
        // What is known of the other comes with the stream as well: another one than was shown has to be looked at. A
        // merge is made on all that it is.
        let is_other = |now: &&Row| {
            now.state != found.state || now.subject() != found.subject() || self.merge && now.etag() != found.etag()
        };
        if let Some(now) = selection::live(model, found.number).filter(is_other).cloned() {
            self.changes = changes(model, &found, &now);
            (self.found, self.fault) = (Some(Ok(Box::new(now))), Some("tie-changed"));
            return After::Stay(Dialog::Tie(self));
        }
        let stands = self.picked.iter_mut().map(|picked| picked.stands(model)).filter(|stands| !stands).count() == 0;
        if !stands {
            self.fault = self.marked.then_some("bulk-changed");
            return After::Stay(Dialog::Tie(self));
        }
        if self.marked {
            let tied: Vec<Picked> = self.tied().cloned().collect();
            send::on_many(model, &[(tied, what)], None, effects);
        } else if let [picked] = self.picked.as_slice() {
            if self.merge {
                send::merge(model, picked, &found, effects);
            } else {
                send::on(model, picked, what, None, effects);
            }
        }
        After::Close
    }
}

/// What of a ticket's row is another now, in words.
fn changes(model: &Model, before: &Row, now: &Row) -> Vec<String> {
    let (before, now) = (seen::of(model, before), seen::of(model, now));
    let changed = |(field, before): &(String, String)| {
        let (_, now) = now.iter().find(|(name, now)| name == field && now != before)?;
        let name = model.texts.get(&format!("field-{field}"));
        let (before, now) = (seen::words(model, field, before), seen::words(model, field, now));
        Some(format!("{name}: {before} → {now}"))
    };
    before.iter().filter_map(changed).collect()
}
