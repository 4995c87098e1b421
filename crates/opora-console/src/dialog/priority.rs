//! Another priority: what each would mean for both clocks is shown before it is chosen, then the reason.

use crossterm::event::{KeyCode, KeyEvent};
use opora_proto::v1::{self, Priority};

use super::field::Line;
use super::{After, Dialog, choose_by, is_cancel};
use crate::model::Model;
use crate::msg::{Call, Effect, Trouble, What};
use crate::selection::{self, Picked, Selection};
use crate::update::send;

/// The priorities, highest first.
pub(crate) const PRIORITIES: [Priority; 4] = [Priority::Critical, Priority::High, Priority::Medium, Priority::Low];

/// What each priority would mean.
#[derive(Clone, Debug)]
pub(crate) enum Previews {
    Loading,
    Ready(Vec<v1::PriorityPreview>),
    Failed(String),
}

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct PriorityDialog {
    pub(crate) number: u64,
    pub(super) picked: Picked,
    pub(crate) chosen: usize,
    generation: u64,
    pub(crate) previews: Previews,
    /// The reason is being typed.
    pub(crate) typing: bool,
    pub(crate) reason: Line,
    /// The key of what is wrong.
    pub(crate) fault: Option<&'static str>,
}

impl PriorityDialog {
    /// Opens, and asks what each priority would mean.
    pub(crate) fn open(model: &mut Model, effects: &mut Vec<Effect>) -> Option<Self> {
        let picked = Selection::of(model).one()?;
        let (number, now) = (picked.number(), selection::live(model, picked.number())?.priority);
        let generation = model.next_generation();
        effects.push(Effect::Call(Call::Preview { number, generation }));
        let chosen = PRIORITIES.iter().position(|p| *p == now).unwrap_or_default();
        let (previews, typing, reason, fault) = (Previews::Loading, false, Line::default(), None);
        Some(Self { number, picked, chosen, generation, previews, typing, reason, fault })
    }

    /// An answer. One to another dialog is dropped.
    pub(crate) fn answer(&mut self, number: u64, generation: u64, result: Result<Vec<v1::PriorityPreview>, Trouble>) {
        if (number, generation) == (self.number, self.generation) {
            self.previews = match result {
                Ok(previews) => Previews::Ready(previews),
                Err(trouble) => Previews::Failed(trouble.message),
            };
        }
    }

    /// What it is now, not what it was when the dialog opened; `None` where the ticket is no longer on the screen.
    pub(crate) fn current(&self, model: &Model) -> Option<Priority> {
        selection::live(model, self.number).map(|row| row.priority)
    }

    /// The ticket is another by now: what each priority would mean is asked again.
    pub(crate) fn changed(&mut self, model: &mut Model, effects: &mut Vec<Effect>) {
        // What was said of the former one may be false of this one.
        self.fault = None;
        self.generation = model.next_generation();
        self.previews = Previews::Loading;
        effects.push(Effect::Call(Call::Preview { number: self.number, generation: self.generation }));
    }

    pub(crate) fn preview(&self, priority: Priority) -> Option<&v1::PriorityPreview> {
        match &self.previews {
            Previews::Ready(previews) => previews.iter().find(|p| p.priority() == priority),
            _ => None,
        }
    }

    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        if is_cancel(event) {
            if !self.typing {
                return After::Close;
            }
            self.typing = false;
            return After::Stay(Dialog::Priority(self));
        }
        self.fault = None;
        let Some(priority) = PRIORITIES.get(self.chosen).copied() else { return After::Stay(Dialog::Priority(self)) };
        let is_same = self.current(model) == Some(priority);
        match (event.code, self.typing) {
            // Whoever moves a due time sees first where to; where the server can't tell, that is shown.
            (KeyCode::Enter, _) if matches!(self.previews, Previews::Loading) => self.fault = Some("priority-wait"),
            (KeyCode::Enter, _) if is_same => self.fault = Some("priority-same"),
            (KeyCode::Enter, false) => self.typing = true,
            (KeyCode::Enter, true) => {
                let reason = self.reason.value().trim().to_owned();
                if reason.is_empty() {
                    self.fault = Some("reason-missing");
                } else if self.picked.stands(model) {
                    send::on(model, &self.picked, What::Priority(priority, reason), None, effects);
                    return After::Close;
                }
            }
            (_, false) => {
                choose_by(event, &mut self.chosen, PRIORITIES.len(), true);
            }
            (_, true) => {
                self.reason.key(event);
            }
        }
        After::Stay(Dialog::Priority(self))
    }
}
