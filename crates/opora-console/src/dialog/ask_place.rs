//! A place on this machine in a dialog: completed by Tab, looked at before the dialog closes. A wrong one stays where it
//! was typed, with what is wrong.

use super::ask::{Ask, Kind, Value};
use super::field::Line;
use crate::model::Model;
use crate::msg::{Call, Completed, Effect, PathFault, Purpose, What};
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
            (_, Some((Value::File(_, name), _))) => Purpose::Save { name: plain(name).to_owned() },
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

/// The name of a file without what could lead elsewhere or hide it.
pub(super) fn plain(name: &str) -> &str {
    let plain = name.rsplit(['/', '\\']).next().unwrap_or_default().trim_start_matches('.');
    if plain.is_empty() { "attachment" } else { plain }
}
