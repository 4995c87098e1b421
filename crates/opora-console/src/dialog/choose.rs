//! One of a list: whom a ticket is given to, which state it gets.

use crossterm::event::{KeyCode, KeyEvent};
use opora_proto::v1::TicketState;

use super::{After, Dialog, choose_by, choose_of, is_cancel};
use crate::model::Model;
use crate::msg::{Effect, What};
use crate::queue::row::Row;
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
    /// It asks for an agent, else for a state.
    agent: bool,
    /// What can be chosen, with the words for it: of the ticket as it is now.
    pub(crate) choices: Vec<(Choice, String)>,
    pub(crate) chosen: usize,
    /// The key of what is wrong.
    pub(crate) fault: Option<&'static str>,
}

impl Choose {
    /// Whom to give the ticket to.
    pub(crate) fn agent(model: &Model) -> Option<Self> {
        Self::open(model, true)
    }

    /// Which state it gets.
    pub(crate) fn state(model: &Model) -> Option<Self> {
        Self::open(model, false)
    }

    fn open(model: &Model, agent: bool) -> Option<Self> {
        let picked = Selection::of(model).one()?;
        let row = selection::live(model, picked.number())?;
        let choices = if agent { agents(model, row) } else { states(model, row) };
        Some(Self { number: row.number, picked, agent, choices, chosen: 0, fault: None })
    }

    /// The ticket is another by now: what can be chosen is what differs from it and is possible from there.
    pub(crate) fn changed(&mut self, model: &Model) {
        let Some(row) = selection::live(model, self.number) else { return };
        let now = if self.agent { agents(model, row) } else { states(model, row) };
        choose_of(&mut self.choices, &mut self.chosen, now);
        self.fault = None;
    }

    pub(crate) fn len(&self) -> usize {
        self.choices.len()
    }

    /// Whether it asks for an agent.
    pub(crate) fn is_agent(&self) -> bool {
        self.agent
    }

    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        if is_cancel(event) {
            return After::Close;
        }
        if event.code == KeyCode::Enter {
            let what = match self.choices.get(self.chosen) {
                Some((Choice::Agent(id), _)) => What::Assign(id.clone()),
                Some((Choice::State(state), _)) => What::State(*state, String::new()),
                None => {
                    self.fault = Some("nothing-chosen");
                    return After::Stay(Dialog::Choose(self));
                }
            };
            if !self.picked.stands(model) {
                return After::Stay(Dialog::Choose(self));
            }
            send::on(model, &self.picked, what, None, effects);
            return After::Close;
        }
        self.fault = None;
        let len = self.choices.len();
        choose_by(event, &mut self.chosen, len, true);
        After::Stay(Dialog::Choose(self))
    }
}

/// Me, nobody, the others; not whose it is.
fn agents(model: &Model, row: &Row) -> Vec<(Choice, String)> {
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
    choices
}

/// The states that the ticket may go to.
fn states(model: &Model, row: &Row) -> Vec<(Choice, String)> {
    let word = |state: &TicketState| (Choice::State(*state), model.texts.get(state_word(*state)));
    next_states(row.state).iter().map(word).collect()
}

/// The states that an agent may move a ticket to (docs/domain.md §6).
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
