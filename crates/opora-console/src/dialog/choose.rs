//! One of a list: whom a ticket is given to, which state it gets.

use crossterm::event::{KeyCode, KeyEvent};
use opora_proto::v1::TicketState;

use super::{After, Dialog, choose_by, is_cancel};
use crate::model::Model;
use crate::msg::{Effect, What};
use crate::selection::{self, Picked, Selection};
use crate::theme::state_word;
use crate::update::send;

/// What can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// An agent's id; empty for nobody.
    Agent(String),
    State(TicketState),
}

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Choose {
    pub(crate) number: u64,
    pub(super) picked: Picked,
    /// What can be chosen, with the words for it.
    pub(crate) choices: Vec<(Choice, String)>,
    pub(crate) chosen: usize,
}

impl Choose {
    /// Whom to give the ticket to: me, nobody, the others.
    pub(crate) fn agent(model: &Model) -> Option<Self> {
        let picked = Selection::of(model).one()?;
        let row = selection::live(model, picked.number())?;
        let texts = &model.texts;
        let mut choices = vec![(Choice::Agent(model.me.clone()), texts.get("choose-me"))];
        if !row.owner.is_empty() {
            choices.push((Choice::Agent(String::new()), texts.get("nobody")));
        }
        for agent in model.agents.iter().filter(|a| a.id != model.me) {
            let words = format!("{} ({})", crate::text::clean_line(&agent.display_name), agent.id);
            choices.push((Choice::Agent(agent.id.clone()), words));
        }
        choices.retain(|(choice, _)| *choice != Choice::Agent(row.owner.to_string()));
        Some(Self { number: row.number, picked, choices, chosen: 0 })
    }

    /// The states that the ticket may go to (domain.md §6).
    pub(crate) fn state(model: &Model) -> Option<Self> {
        let picked = Selection::of(model).one()?;
        let row = selection::live(model, picked.number())?;
        let choices = next_states(row.state)
            .iter()
            .map(|state| (Choice::State(*state), model.texts.get(state_word(*state))))
            .collect();
        Some(Self { number: row.number, picked, choices, chosen: 0 })
    }

    pub(crate) fn len(&self) -> usize {
        self.choices.len()
    }

    /// Whether it asks for an agent.
    pub(crate) fn is_agent(&self) -> bool {
        matches!(self.choices.first(), Some((Choice::Agent(_), _)))
    }

    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        if is_cancel(event) {
            return After::Close;
        }
        if event.code == KeyCode::Enter {
            if !self.picked.stands(model) {
                return After::Stay(Dialog::Choose(self));
            }
            if let Some((choice, _)) = self.choices.get(self.chosen).cloned() {
                let what = match choice {
                    Choice::Agent(id) => What::Assign(id),
                    Choice::State(state) => What::State(state, String::new()),
                };
                send::on(model, &self.picked, what, None, effects);
            }
            return After::Close;
        }
        let len = self.choices.len();
        choose_by(event, &mut self.chosen, len, true);
        After::Stay(Dialog::Choose(self))
    }
}

/// The states that an agent may move a ticket to (domain.md §6).
pub(crate) fn next_states(state: TicketState) -> &'static [TicketState] {
    use TicketState::{Closed, InProgress, New, Resolved, WaitingForCustomer};
    match state {
        New => &[InProgress, WaitingForCustomer, Resolved],
        InProgress => &[WaitingForCustomer, Resolved],
        WaitingForCustomer => &[InProgress, Resolved],
        Resolved => &[InProgress, Closed],
        _ => &[],
    }
}
