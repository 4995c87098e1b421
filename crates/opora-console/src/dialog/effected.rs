//! What becomes of each ticket of a change of many: listed before it is sent, so that nothing is touched, and nothing
//! left out, that was not said.

use opora_proto::v1::{self, Impact, LinkKind, Priority, TicketState};

use super::choose::next_states;
use super::priority::PRIORITIES;
use super::results::Outcome;
use crate::ladder;
use crate::meanwhile;
use crate::model::Model;
use crate::msg::What;
use crate::queue::row::Row;
use crate::selection::Picked;
use crate::text::clean_line;
use crate::theme::{priority_word, state_word};

/// What becomes of one ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effected {
    pub(crate) number: u64,
    pub(crate) subject: String,
    pub(crate) before: String,
    pub(crate) after: String,
    /// It is so already: nothing is sent for it.
    pub(crate) same: bool,
    /// The server will refuse it, as far as this console knows.
    pub(crate) doubtful: bool,
    /// It is none of those that are changed, or not any more: why. Nothing is sent for it.
    pub(crate) left: Option<String>,
    /// Who changed it since the person saw it, and what they did.
    pub(crate) meanwhile: Vec<String>,
    pub(crate) preview: Option<v1::PriorityPreview>,
}

impl Effected {
    /// What a change means for a ticket; none that is not known any more.
    pub(super) fn of(model: &Model, what: &What, number: u64) -> Option<Self> {
        let row = model.queue.row(number)?;
        let texts = &model.texts;
        let who = |id: &str| if id.is_empty() { texts.get("nobody") } else { clean_line(model.agent_name(id)) };
        let word = |priority: Priority| texts.get(priority_word(priority));
        let ended = matches!(row.state, TicketState::Closed | TicketState::Merged);
        let (before, after, same, doubtful) = match what {
            What::Assign(id) => (who(&row.owner), who(id), *row.owner == **id, ended),
            What::Priority(priority, _) => (word(row.priority), word(*priority), row.priority == *priority, ended),
            What::Impact(impact, _) => (word(row.priority), word(priority_of(*impact)), row.impact() == *impact, ended),
            What::Link(parent, LinkKind::ChildOfIncident) => {
                let of = |number: u64| if number == 0 { "—".to_owned() } else { format!("#{number}") };
                (of(row.incident), of(*parent), row.incident == *parent, false)
            }
            What::State(state, _) => {
                let word = |state: TicketState| texts.get(state_word(state));
                (word(row.state), word(*state), row.state == *state, !next_states(row.state).contains(state))
            }
            What::Escalate(_) => {
                let top = ladder::is_top(model, row.rung);
                let next = ladder::above(model, row.rung).map_or(row.rung + 1, |rung| rung.rung);
                let whom = clean_line(ladder::recipient(&model.ladder, next).map_or("", |(whom, ..)| whom));
                let after = format!("{next} {whom}").trim_end().to_owned();
                (row.rung.to_string(), if top { "—".to_owned() } else { after }, false, ended || top)
            }
            _ => (clean_line(&row.customer), texts.get("bulk-gets-reply"), false, ended),
        };
        let (subject, left, meanwhile, preview) = (row.subject(), None, Vec::new(), None);
        Some(Self { number, subject, before, after, same, doubtful, left, meanwhile, preview })
    }

    /// A ticket that is left out, of which no more is known than this.
    pub(super) fn left(number: u64, subject: &str, why: String) -> Self {
        let (before, after, meanwhile) = (String::new(), String::new(), Vec::new());
        let (same, doubtful, subject, left, preview) = (false, false, subject.to_owned(), Some(why), None);
        Self { number, subject, before, after, same, doubtful, left, meanwhile, preview }
    }

    /// Tells of it what others did since it was seen.
    pub(super) fn tell(&mut self, model: &Model, picked: &Picked) {
        self.meanwhile = meanwhile::sentences(model, picked);
        if !self.meanwhile.is_empty() {
            self.meanwhile.insert(0, meanwhile::others(model, picked));
        }
    }

    /// Whether something is sent for it.
    pub(crate) fn is_sent(&self) -> bool {
        !self.same && self.left.is_none()
    }
}

/// What was sent leaves these out: the result names them beside the others.
pub(super) fn left_out(model: &mut Model, effected: &[Effected]) {
    for one in effected {
        if let Some(why) = &one.left {
            let why = format!("{why} · {}", model.texts.get("bulk-left-out"));
            let (number, subject, left_out) = (one.number, one.subject.clone(), true);
            model.results.push(Outcome { number, subject, why: Some(why), left_out });
        }
    }
}

/// The priority that an impact gives (docs/domain.md §3).
fn priority_of(impact: Impact) -> Priority {
    match impact {
        Impact::ServiceDown => Priority::Critical,
        Impact::ServiceIntermittent => Priority::High,
        Impact::SeveralWorkstations => Priority::Medium,
        Impact::OneWorkstation => Priority::Low,
        Impact::Unspecified => Priority::Unspecified,
    }
}

/// Whether an impact would not raise a ticket: it is known to be felt as widely, or its priority is above the impact's.
pub(super) fn is_as_wide(row: &Row, impact: Impact) -> bool {
    let rank = |priority| PRIORITIES.iter().position(|one| *one == priority);
    let (now, then) = (rank(row.priority), rank(priority_of(impact)));
    let known = rank(priority_of(row.impact())).is_some_and(|known| Some(known) <= then);
    known || now.is_some() && now < then
}
