//! Whether to follow what many tickets suggest: what becomes of each, as it is now, then one change of those that it is
//! for. What is sent goes out on what was seen when this opened.

use crossterm::event::KeyEvent;
use opora_proto::v1::{LinkKind, Suggestion, SuggestionKind};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line as Words;
use ratatui::widgets::Paragraph;

use super::choose_by;
use super::effected::{self, Effected, is_as_wide};
use super::field::Line;
use super::view::{fault, line_field};
use super::view_more::{at, each};
use crate::meanwhile;
use crate::model::Model;
use crate::msg::{Effect, What};
use crate::queue::Left;
use crate::queue::view::left_words;
use crate::seen::impact_word;
use crate::selection::{self, Picked};
use crate::suggest::numbers;
use crate::text::{clean_line, wrap};
use crate::theme::priority_word;
use crate::update::send;

/// Following a suggestion.
#[derive(Clone, Debug)]
pub(crate) struct Follow {
    pub(super) one: Suggestion,
    /// The ticket that the others become children of, for an incident.
    parent: u64,
    pub(super) picked: Vec<Picked>,
    pub(crate) effected: Vec<Effected>,
    top: usize,
    /// Those that it is for, as they were looked at.
    looked_at: Vec<u64>,
    /// The parent is no longer in the queue, and it was asked whether it is meant all the same.
    asked: Option<String>,
    /// Why the impact is another.
    pub(crate) reason: Line,
    /// The reason that was offered: it says how many there are, and follows while nothing else is typed.
    offered: String,
    fault: Option<&'static str>,
}

impl Follow {
    pub(super) fn open(model: &Model, one: Suggestion, parent: u64) -> Self {
        let picked = selection::of_suggestion(model, numbers(&one));
        let (effected, looked_at, asked, fault) = (Vec::new(), Vec::new(), None, None);
        let (reason, offered) = (Line::default(), String::new());
        let mut follow = Self { one, parent, picked, effected, top: 0, looked_at, asked, reason, offered, fault };
        follow.changed(model);
        follow.looked_at = follow.sent();
        follow
    }

    fn is_incident(&self) -> bool {
        self.one.kind() == SuggestionKind::Incident
    }

    fn what(&self) -> What {
        if self.is_incident() {
            return What::Link(self.parent, LinkKind::ChildOfIncident);
        }
        What::Impact(self.one.impact(), self.reason.value().trim().to_owned())
    }

    /// Those that something is sent for.
    fn sent(&self) -> Vec<u64> {
        self.effected.iter().filter(|one| one.is_sent()).map(|one| one.number).collect()
    }

    /// What becomes of each, as it is now.
    pub(super) fn changed(&mut self, model: &Model) {
        let what = self.what();
        let others = numbers(&self.one).filter(|number| !self.is_incident() || *number != self.parent);
        let of = |number: u64| {
            let picked = self.picked.iter().find(|picked| picked.number() == number);
            let gone = left(model, number).or_else(|| picked.is_none().then(|| model.texts.get("ghost-gone")));
            let why = gone.or_else(|| self.left_out(model, number));
            let subject = picked.map(Picked::subject).unwrap_or_default();
            let one = Effected::of(model, &what, number).zip(picked).map(|(mut one, picked)| {
                one.tell(model, picked);
                one
            });
            match (one, why) {
                (Some(one), None) => one,
                (_, Some(why)) => Effected::left(number, subject, why),
                (None, None) => Effected::left(number, subject, model.texts.get("ghost-gone")),
            }
        };
        self.effected = others.map(of).collect();
        let offered = model.texts.with("suggest-reason", &[("count", self.sent().len().into())]);
        if self.reason.value() == self.offered {
            self.reason = Line::of(&offered);
        }
        self.offered = offered;
    }

    /// Why it is not for a ticket of the queue.
    fn left_out(&self, model: &Model, number: u64) -> Option<String> {
        let row = model.queue.rows.get(number)?;
        let texts = &model.texts;
        if self.is_incident() {
            return (row.incident != 0).then(|| texts.with("suggest-child", &[("number", row.incident.into())]));
        }
        is_as_wide(row, self.one.impact()).then(|| {
            let priority = texts.get(priority_word(row.priority));
            texts.with("suggest-wide", &[("priority", (&priority).into())])
        })
    }

    /// Why the parent is no longer in the queue, if it is not.
    fn parent_left(&self, model: &Model) -> Option<String> {
        if self.is_incident() { left(model, self.parent) } else { None }
    }

    pub(super) fn paste(&mut self, text: &str) {
        if !self.is_incident() {
            self.reason.paste(text);
        }
    }

    /// A key that neither leads back nor on.
    pub(super) fn key(&mut self, event: &KeyEvent) {
        self.fault = None;
        let (len, typed) = (self.effected.len(), !self.is_incident());
        if !choose_by(event, &mut self.top, len, !typed) && typed {
            self.reason.key(event);
        }
    }

    /// Sends it; gives whether it was.
    pub(super) fn send(&mut self, model: &mut Model, effects: &mut Vec<Effect>) -> bool {
        self.changed(model);
        let sent = self.sent();
        self.fault = match () {
            () if sent.is_empty() => Some("bulk-nothing"),
            () if !self.is_incident() && self.reason.value().trim().is_empty() => Some("reason-missing"),
            () if model.outbox.is_full() => Some("outbox-full"),
            () => None,
        };
        if self.fault.is_some() {
            return false;
        }
        let parent = if self.is_incident() { self.parent } else { 0 };
        let mut stand = sent == self.looked_at;
        for picked in &mut self.picked {
            if picked.number() == parent || sent.contains(&picked.number()) {
                stand &= picked.stands(model);
            }
        }
        self.changed(model);
        self.looked_at.clone_from(&sent);
        let left = self.parent_left(model);
        if left.is_some() && left != self.asked {
            self.asked = left;
            return false;
        }
        self.asked = left;
        if !stand {
            self.fault = Some("bulk-changed");
            return false;
        }
        let targets = self.picked.iter().filter(|picked| sent.contains(&picked.number())).cloned().collect();
        send::on_many(model, &[(targets, self.what())], None, effects);
        effected::left_out(model, &self.effected);
        true
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>, area: Rect) {
        let (texts, theme, wide) = (&model.texts, model.theme, area.width as usize);
        let mut lines: Vec<Words<'_>> = wrap(&self.consequence(model), wide).into_iter().map(Words::raw).collect();
        for told in self.told_of_parent(model) {
            lines.extend(wrap(&told, wide).into_iter().map(|line| Words::styled(line, theme.warning())));
        }
        let lower = if self.is_incident() { 1 } else { 3 };
        let head = (lines.len() as u16).min(area.height.saturating_sub(lower));
        frame.render_widget(Paragraph::new(lines), at(area, 0, head));
        let rest = area.height.saturating_sub(head + lower);
        each(model, frame, at(area, head, rest), &self.effected, self.top);
        if !self.is_incident() {
            let line = at(area, area.height.saturating_sub(2), 1);
            line_field(model, frame, line, &format!("{} ", texts.get("reason-label")), &self.reason, true);
        }
        fault(model, frame, area, self.fault);
    }

    /// What following it does, in words.
    fn consequence(&self, model: &Model) -> String {
        let texts = &model.texts;
        let count = ("count", self.sent().len().into());
        if self.is_incident() {
            let parent = super::suggest::ticket(model, self.parent);
            return texts.with("suggest-do-incident", &[count, ("parent", (&parent).into())]);
        }
        let impact = texts.get(impact_word(self.one.impact()));
        texts.with("suggest-do-wider", &[count, ("impact", (&impact).into())])
    }

    /// What others did to the parent.
    fn told_of_parent(&self, model: &Model) -> Vec<String> {
        let number = self.parent.to_string();
        if let Some(why) = self.parent_left(model) {
            let key = if self.asked.as_ref() == Some(&why) { "confirm-ghost" } else { "suggest-left" };
            return vec![model.texts.with(key, &[("number", (&number).into()), ("why", (&why).into())])];
        }
        let parent = self.picked.iter().find(|picked| self.is_incident() && picked.number() == self.parent);
        let sentences = parent.map(|picked| meanwhile::sentences(model, picked)).unwrap_or_default();
        sentences.into_iter().map(|sentence| format!("! #{number}: {}", clean_line(&sentence))).collect()
    }
}

/// Why a ticket is no longer in the queue, if it is not. A filter takes nothing out of it.
fn left(model: &Model, number: u64) -> Option<String> {
    let ghost = model.queue.ghost(number).map(|ghost| &ghost.why).filter(|why| **why != Left::Filtered);
    if ghost.is_none() && model.queue.rows.get(number).is_some() {
        return None;
    }
    let why = ghost.cloned().or_else(|| meanwhile::left(model, number)).unwrap_or(Left::Gone);
    Some(left_words(model, &why))
}
