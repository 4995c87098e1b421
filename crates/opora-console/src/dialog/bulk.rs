//! One change of many tickets: what it shall be, then what it means for each, then it is sent. Many more than a few
//! are confirmed by typing how many they are.

use std::collections::HashSet;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use opora_proto::v1::{self, TicketState, Visibility};

use super::bulk_tags::{self, Tags};
use super::effected::{self, Effected};
use super::field::{Area, Line};
use super::priority::PRIORITIES;
use super::{After, Dialog, choose_by, is_cancel};
use crate::drafts::DraftKey;
use crate::keys::Chord;
use crate::model::Model;
use crate::msg::{Call, Effect, Trouble, What};
use crate::queue::view::left_words;
use crate::selection::{Picked, Selection};
use crate::text::clean_line;
use crate::theme::{priority_word, state_word};
use crate::update::send;

/// From how many tickets on the number has to be typed.
const MANY: usize = 5;
/// For how many tickets the new due times are asked for.
const PREVIEWS: usize = 10;
/// The states that many tickets can be brought to.
const STATES: [TicketState; 4] =
    [TicketState::InProgress, TicketState::WaitingForCustomer, TicketState::Resolved, TicketState::Closed];

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Assign,
    Priority,
    State,
    Reply,
    Escalate,
    Tags,
}

/// How far the person is.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// One of a list.
    Choose,
    /// The reason, for a priority and an escalation; the tags.
    Reason,
    /// The text of a message.
    Write,
    /// What it means for each.
    Preview,
}

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Bulk {
    pub(crate) kind: Kind,
    pub(crate) stage: Stage,
    pub(super) picked: Vec<Picked>,
    pub(crate) choices: Vec<String>,
    agents: Vec<String>,
    pub(crate) chosen: usize,
    pub(crate) reason: Line,
    pub(crate) area: Area,
    /// Everything up to here was there to be seen when the writing began.
    seen_through: u64,
    pub(crate) effected: Vec<Effected>,
    pub(crate) top: usize,
    /// How many, typed to confirm.
    pub(crate) count: Line,
    /// What tags they have, where it is about those.
    pub(crate) tags: Tags,
    /// They go to somebody else than was listed: the next Enter only says so.
    moved: bool,
    generation: u64,
    /// The key of what is wrong.
    pub(crate) fault: Option<&'static str>,
}

impl Bulk {
    /// Opens on the marked tickets; what it needs of the server is asked for.
    pub(crate) fn open(model: &mut Model, kind: Kind, effects: &mut Vec<Effect>) -> Self {
        let picked = Selection::of(model).marked();
        let tags = match kind {
            Kind::Tags if picked.len() <= bulk_tags::MOST => Tags::ask(model, &picked, effects),
            _ => Tags::None,
        };
        if kind == Kind::Escalate {
            effects.push(Effect::Call(Call::Ladder));
        }
        let texts = &model.texts;
        let mut agents = Vec::new();
        let choices = match kind {
            Kind::Assign => {
                agents = vec![model.me.clone(), String::new()];
                let mut words = vec![texts.get("choose-me"), texts.get("nobody")];
                for agent in model.agents.iter().filter(|agent| agent.id != model.me) {
                    agents.push(agent.id.clone());
                    words.push(format!("{} ({})", clean_line(&agent.display_name), agent.id));
                }
                words
            }
            Kind::Priority => PRIORITIES.iter().map(|priority| texts.get(priority_word(*priority))).collect(),
            Kind::State => STATES.iter().map(|state| texts.get(state_word(*state))).collect(),
            Kind::Tags => vec![texts.get("bulk-tags-add"), texts.get("bulk-tags-remove")],
            Kind::Reply | Kind::Escalate => Vec::new(),
        };
        let stage = match kind {
            Kind::Reply => Stage::Write,
            Kind::Escalate => Stage::Reason,
            _ => Stage::Choose,
        };
        let text = model.drafts.get(DraftKey::Many).map_or("", |draft| draft.text.as_str());
        Self {
            kind,
            stage,
            picked,
            choices,
            agents,
            chosen: 0,
            reason: Line::default(),
            area: Area::of(text),
            seen_through: model.revision.max(1),
            effected: Vec::new(),
            top: 0,
            count: Line::default(),
            tags,
            moved: false,
            generation: 0,
            fault: None,
        }
    }

    /// What a priority would mean for one of them. An answer to another dialog is dropped.
    pub(crate) fn answer(&mut self, number: u64, generation: u64, result: Result<Vec<v1::PriorityPreview>, Trouble>) {
        if generation != self.generation {
            return;
        }
        let wanted = PRIORITIES.get(self.chosen).copied();
        let found = result.ok().and_then(|all| all.into_iter().find(|preview| Some(preview.priority()) == wanted));
        if let Some(one) = self.effected.iter_mut().find(|one| one.number == number) {
            one.preview = found;
        }
    }

    /// Those that something is sent for.
    pub(crate) fn changing(&self) -> usize {
        self.effected.iter().filter(|one| one.is_sent()).count()
    }

    /// Whether the number has to be typed.
    pub(crate) fn is_many(&self) -> bool {
        self.changing() > MANY
    }

    pub(super) fn paste(&mut self, model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
        match self.stage {
            Stage::Reason => self.reason.paste(text),
            Stage::Write => {
                self.area.paste(text);
                send::keep_draft(model, DraftKey::Many, &self.area.text(), effects);
            }
            Stage::Choose | Stage::Preview => {}
        }
    }

    /// The text comes back from the external editor.
    pub(crate) fn edited(&mut self, model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
        self.area = Area::of(text.trim_end_matches('\n'));
        send::keep_draft(model, DraftKey::Many, &self.area.text(), effects);
    }

    pub(super) fn key(mut self: Box<Self>, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        if is_cancel(event) {
            return self.back();
        }
        self.fault = None;
        let enter = event.code == KeyCode::Enter;
        match self.stage {
            Stage::Choose if enter && matches!(self.kind, Kind::Priority | Kind::Tags) => self.stage = Stage::Reason,
            Stage::Choose if enter => self.preview(model, effects),
            Stage::Choose => {
                let len = self.choices.len();
                choose_by(event, &mut self.chosen, len, true);
            }
            Stage::Reason if enter && self.reason.value().trim().is_empty() => {
                self.fault = Some(if self.kind == Kind::Tags { "bulk-tags-missing" } else { "reason-missing" });
            }
            Stage::Reason if enter && self.tags.fault().is_some() => self.fault = self.tags.fault(),
            Stage::Reason if enter => self.preview(model, effects),
            Stage::Reason => drop(self.reason.key(event)),
            Stage::Write => self.write(model, event, effects),
            Stage::Preview if enter => return self.send(model, effects),
            Stage::Preview => {
                let len = self.effected.len();
                if !choose_by(event, &mut self.top, len, true) && self.is_many() {
                    self.count.key(event);
                }
            }
        }
        After::Stay(Dialog::Bulk(self))
    }

    /// One step back; from the first one out.
    fn back(mut self: Box<Self>) -> After {
        self.fault = None;
        self.stage = match (&self.stage, self.kind) {
            (Stage::Preview, Kind::Reply) => Stage::Write,
            (Stage::Preview, Kind::Priority | Kind::Escalate | Kind::Tags) => Stage::Reason,
            (Stage::Preview, _) | (Stage::Reason, Kind::Priority | Kind::Tags) => Stage::Choose,
            _ => return After::Close,
        };
        After::Stay(Dialog::Bulk(self))
    }

    fn write(&mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) {
        let chord = Chord::of(event);
        let goes_on = chord == Chord::ctrl('d')
            || (event.code == KeyCode::Enter && event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::CONTROL));
        if goes_on && self.area.is_blank() {
            self.fault = Some("write-empty");
        } else if goes_on {
            self.preview(model, effects);
        } else if chord == Chord::ctrl('e') || chord == Chord::ctrl('o') {
            effects.push(Effect::Editor(DraftKey::Many, self.area.text()));
        } else if self.area.key(event) {
            send::keep_draft(model, DraftKey::Many, &self.area.text(), effects);
        }
    }

    /// What is asked for, as a change that is the same for all; none for tags, which differ.
    fn what(&self) -> Option<What> {
        let reason = self.reason.value().trim().to_owned();
        Some(match self.kind {
            Kind::Assign => What::Assign(self.agents.get(self.chosen)?.clone()),
            Kind::Priority => What::Priority(*PRIORITIES.get(self.chosen)?, reason),
            Kind::State => What::State(*STATES.get(self.chosen)?, String::new()),
            Kind::Escalate => What::Escalate(reason),
            Kind::Reply => {
                let (visibility, seen_through) = (Visibility::Public, self.seen_through);
                What::Comment { body: self.area.text(), visibility, seen_through }
            }
            Kind::Tags => return None,
        })
    }

    pub(crate) fn preview(&mut self, model: &mut Model, effects: &mut Vec<Effect>) {
        // What is listed from now on is what was seen.
        for picked in &mut self.picked {
            if let Some(now) = picked.again(model) {
                *picked = now;
            }
        }
        self.list(model);
        (self.stage, self.top, self.count, self.moved) = (Stage::Preview, 0, Line::default(), false);
        self.foresee(model, effects);
    }

    /// What becomes of each, as it is now.
    fn list(&mut self, model: &Model) {
        let what = self.what();
        let mut effected: Vec<Effected> = Vec::with_capacity(self.picked.len());
        for picked in &self.picked {
            let one = match &what {
                Some(what) => Effected::of(model, what, picked.number()),
                None => self.retagged(model, picked.number()),
            };
            let Some(mut one) = one else { continue };
            one.left = model.queue.ghost(picked.number()).map(|ghost| left_words(model, &ghost.why));
            one.tell(model, picked);
            one.preview = self.effected.iter().find(|old| old.number == one.number).and_then(|old| old.preview);
            effected.push(one);
        }
        self.effected = effected;
    }

    /// The ladder came, or is another one: to whom each goes is shown at once, and looked at before it is sent.
    pub(crate) fn laddered(&mut self, model: &Model) {
        if self.kind == Kind::Escalate && matches!(self.stage, Stage::Preview) {
            let before = std::mem::take(&mut self.effected);
            self.list(model);
            self.moved |= before != self.effected;
        }
    }

    /// Something happened to tickets while they are listed: it is shown at once.
    pub(crate) fn changed(&mut self, model: &Model) {
        if matches!(self.stage, Stage::Preview) {
            self.list(model);
        }
    }

    fn foresee(&mut self, model: &mut Model, effects: &mut Vec<Effect>) {
        if self.kind != Kind::Priority {
            return;
        }
        self.generation = model.next_generation();
        let generation = self.generation;
        for one in self.effected.iter().filter(|one| one.is_sent()).take(PREVIEWS) {
            effects.push(Effect::Call(Call::Preview { number: one.number, generation }));
        }
    }

    fn send(mut self: Box<Self>, model: &mut Model, effects: &mut Vec<Effect>) -> After {
        let changing = self.changing();
        self.fault = match () {
            () if changing == 0 => Some("bulk-nothing"),
            () if self.is_many() && self.count.value().trim() != changing.to_string() => Some("bulk-count"),
            () if self.kind == Kind::Reply && model.is_sending(DraftKey::Many) => Some("write-sending"),
            () if std::mem::take(&mut self.moved) => Some("escalate-moved"),
            () => None,
        };
        if self.fault.is_some() {
            return After::Stay(Dialog::Bulk(self));
        }
        let is_sent: HashSet<u64> = self.effected.iter().filter(|one| one.is_sent()).map(|one| one.number).collect();
        let mut stand = true;
        for picked in &mut self.picked {
            stand &= picked.stands(model);
        }
        self.list(model);
        if !stand || self.changing() != is_sent.len() {
            self.fault = Some("bulk-changed");
            return After::Stay(Dialog::Bulk(self));
        }
        let sent: Vec<Picked> = self.picked.iter().filter(|p| is_sent.contains(&p.number())).cloned().collect();
        let parts = match self.what() {
            Some(what) => vec![(sent, what)],
            None => self.retagging(&sent),
        };
        let draft = (self.kind == Kind::Reply).then_some(DraftKey::Many);
        model.queue.end_visual();
        send::on_many(model, &parts, draft, effects);
        effected::left_out(model, &self.effected);
        After::Close
    }
}
