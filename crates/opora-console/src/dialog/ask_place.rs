//! A place on this machine in a dialog: completed by Tab, looked at before the dialog closes. A wrong one stays where it
//! was typed, with what is wrong.

use std::collections::HashSet;

use opora_proto::v1;

use super::ask::{Ask, Kind, Value};
use super::field::Line;
use crate::detail::facts;
use crate::model::Model;
use crate::msg::{Call, Completed, Effect, PathFault, Purpose, What};
use crate::text::{clean_line, cut};
use crate::update::send;

impl Ask {
    /// Whether its line is a place on this machine.
    pub(super) fn is_place(&self) -> bool {
        matches!(self.kind, Kind::Attach | Kind::Fetch)
    }

    /// Asks what the place that was begun can be.
    pub(super) fn complete(&mut self, model: &mut Model, effects: &mut Vec<Effect>) {
        let Some(line) = &self.line else { return };
        let generation = model.next_generation();
        self.looking = Some(generation);
        effects.push(Effect::Call(Call::Complete { typed: line.value().to_owned(), generation }));
    }

    /// What it can be. An answer to something else is dropped.
    pub(crate) fn completed(&mut self, generation: u64, completed: Completed) {
        if self.looking != Some(generation) {
            return;
        }
        self.looking = None;
        self.line = Some(Line::of(&completed.line));
        self.names = completed.names;
    }

    /// Asks whether the place is fit for what is meant.
    pub(super) fn look(&mut self, model: &mut Model, typed: String, effects: &mut Vec<Effect>) {
        if typed.is_empty() {
            self.fault = Some("path-missing");
            return;
        }
        let purpose = match (self.kind, self.choices.get(self.chosen)) {
            (Kind::Attach, _) => Purpose::Send,
            (_, Some((Value::File(_, name), _))) => Purpose::Save { name: name.clone() },
            _ => return,
        };
        let generation = model.next_generation();
        self.looking = Some(generation);
        effects.push(Effect::Call(Call::Look { typed, purpose, generation }));
    }

    /// What the place is; true where the dialog is done.
    pub(crate) fn looked(
        &mut self,
        model: &mut Model,
        generation: u64,
        result: Result<String, PathFault>,
        effects: &mut Vec<Effect>,
    ) -> bool {
        if self.looking != Some(generation) {
            return false;
        }
        self.looking = None;
        let place = match result {
            Ok(place) => place,
            Err(fault) => {
                self.fault = fault.key();
                if let PathFault::System(said) = fault {
                    model.refusal = Some(said);
                }
                return false;
            }
        };
        match (self.kind, self.choices.get(self.chosen)) {
            (Kind::Attach, _) if model.outbox.is_full() => {
                model.refusal = Some(model.texts.get("outbox-full"));
                return false;
            }
            (Kind::Attach, _) => {
                let Some(picked) = &mut self.picked else { return true };
                if !picked.stands(model) {
                    return false;
                }
                send::on(model, picked, What::Attach(place), None, effects);
            }
            (_, Some((Value::File(name, _), _))) => {
                effects.push(Effect::Call(Call::Fetch { name: name.clone(), to: place }));
            }
            _ => return false,
        }
        true
    }
}

/// The most columns of what comes before a file's name.
const BEFORE: usize = 44;

/// Files to choose from, oldest first. Those of one name are told apart by their place in the list, by size, time and who
/// attached them, which come before the name: a narrow window cuts the end. Each is saved under a name of its own.
pub(super) fn files(model: &Model, files: Vec<v1::Attachment>) -> Vec<(Value, String)> {
    let mut taken = HashSet::new();
    let mut choices = Vec::with_capacity(files.len());
    for (n, file) in (1_usize..).zip(files) {
        let name = clean_line(&file.file_name);
        let apart = cut(&facts::told_apart(model, &file).join(" · "), BEFORE);
        let words = format!("{n} · {apart} · {name}{}", facts::from_ticket(model, &file.from_ticket));
        let own = unlike(&taken, plain(&name));
        taken.insert(own.clone());
        choices.push((Value::File(file.name, own), words));
    }
    choices
}

/// A name that is not taken: `a.log`, `a-2.log`, …
fn unlike(taken: &HashSet<String>, name: &str) -> String {
    let (stem, end) = name.rfind('.').filter(|at| *at > 0).map_or((name, ""), |at| name.split_at(at));
    let mut own = name.to_owned();
    let mut n = 1_usize;
    while taken.contains(&own) {
        n += 1;
        own = format!("{stem}-{n}{end}");
    }
    own
}

/// The name of a file without what could lead elsewhere or hide it.
fn plain(name: &str) -> &str {
    let plain = name.rsplit(['/', '\\']).next().unwrap_or_default().trim_start_matches('.');
    if plain.is_empty() { "attachment" } else { plain }
}
