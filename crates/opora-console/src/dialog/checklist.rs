//! The steps that the customer was asked to try: ticked, and noted what came of each.

use crossterm::event::{KeyCode, KeyEvent};

use super::field::Line;
use super::{After, Dialog, choose_by, is_cancel};
use crate::change::{Fields, Step};
use crate::keys::Chord;
use crate::lists::Lists;
use crate::model::Model;
use crate::msg::{Effect, What};
use crate::selection::{Picked, Selection};
use crate::update::send;

/// The steps of the contract; a ticket may have others by the server's configuration.
pub(crate) const STEPS: [&str; 5] =
    ["sign-out-and-in", "another-browser", "restart-computer", "save-logs", "send-request"];

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Checklist {
    pub(crate) number: u64,
    pub(super) picked: Picked,
    /// The ticket that they are of, by its etag; `None` until it is here.
    shown: Option<(String, Lists)>,
    /// As the ticket has them now.
    before: Vec<Step>,
    pub(crate) steps: Vec<Step>,
    pub(crate) chosen: usize,
    /// The note of the chosen step, while it is typed.
    pub(crate) note: Option<Line>,
    /// The key of what is wrong.
    pub(crate) fault: Option<&'static str>,
}

impl Checklist {
    pub(crate) fn open(model: &Model) -> Option<Self> {
        let picked = Selection::of(model).one()?;
        let number = picked.number();
        let (shown, before, steps, chosen, note, fault) = (None, Vec::new(), Vec::new(), 0, None, None);
        let mut dialog = Self { number, picked, shown, before, steps, chosen, note, fault };
        dialog.fill(model);
        Some(dialog)
    }

    /// The ticket is here, or is another by now: steps that the person did not touch are as it has them.
    pub(crate) fn fill(&mut self, model: &Model) {
        let Some(loaded) = model.details.ready(self.number) else { return };
        let mut steps: Vec<Step> = STEPS.iter().map(|s| Step { step: (*s).to_owned(), ..Step::default() }).collect();
        for item in &loaded.ticket.checklist {
            let step = Step { step: item.step.clone(), done: item.done, note: item.note.clone() };
            match steps.iter_mut().find(|known| known.step == step.step) {
                Some(known) => *known = step,
                None => steps.push(step),
            }
        }
        let shown = (loaded.ticket.etag.clone(), Lists::of(&loaded.ticket));
        if self.shown.replace(shown).is_none() {
            self.before.clone_from(&steps);
            self.steps = steps;
            self.picked.shown_as(&loaded.ticket);
            return;
        }
        // Each stays in its line: the person is at one of them.
        for (shown, before) in self.steps.iter_mut().zip(&mut self.before) {
            let blank = || Step { step: before.step.clone(), ..Step::default() };
            let at = steps.iter().position(|step| step.step == before.step);
            let now = at.map_or_else(blank, |at| steps.remove(at));
            if shown == before {
                shown.clone_from(&now);
            }
            *before = now;
        }
        self.steps.extend(steps.iter().cloned());
        self.before.extend(steps);
    }

    pub(super) fn paste(&mut self, text: &str) {
        if let Some(note) = &mut self.note {
            note.paste(text);
        }
    }

    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        let chord = Chord::of(event);
        self.fault = None;
        if let Some(note) = &mut self.note {
            if is_cancel(event) {
                self.note = None;
            } else if event.code == KeyCode::Enter {
                let text = note.value().trim().to_owned();
                if let Some(step) = self.steps.get_mut(self.chosen) {
                    step.note = text;
                }
                self.note = None;
            } else {
                note.key(event);
            }
            return After::Stay(Dialog::Checklist(self));
        }
        if is_cancel(event) {
            return After::Close;
        }
        if chord == Chord::ctrl('d') {
            return self.send(model, effects);
        }
        let len = self.steps.len();
        match (chord.code, self.steps.get_mut(self.chosen)) {
            (KeyCode::Char(' '), Some(step)) => step.done = !step.done,
            (KeyCode::Enter, Some(step)) => self.note = Some(Line::of(&step.note)),
            _ => {
                choose_by(event, &mut self.chosen, len, true);
            }
        }
        After::Stay(Dialog::Checklist(self))
    }

    fn send(mut self, model: &mut Model, effects: &mut Vec<Effect>) -> After {
        if let Some((etag, base)) = self.shown.clone().filter(|_| self.steps != self.before) {
            if !self.picked.stands(model) {
                return After::Stay(Dialog::Checklist(self));
            }
            if !self.picked.is_shown_as(model, &etag) {
                self.fault = Some("stale-loading");
                return After::Stay(Dialog::Checklist(self));
            }
            // A step that was never touched is none of the ticket's.
            let touched = |step: &Step| step.done || !step.note.is_empty();
            let steps = self.steps.into_iter().filter(touched).collect();
            let fields = Fields { checklist: Some(steps), ..Fields::default() }.made_on(base);
            send::on(model, &self.picked, What::Update(Box::new(fields)), None, effects);
        }
        After::Close
    }
}
