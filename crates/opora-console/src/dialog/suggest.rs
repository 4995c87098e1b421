//! What many tickets of one kind suggest: which it is, its tickets, and after a look at them one change of all: a wider
//! impact, or an incident with the others as its children.

use crossterm::event::{KeyCode, KeyEvent};
use opora_proto::v1::{LinkKind, Suggestion, SuggestionKind};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line as Words;
use ratatui::widgets::Paragraph;

use super::field::Line;
use super::view::{fault, line_field, list};
use super::{After, Dialog, choose_by, is_cancel};
use crate::clock::{self, millis};
use crate::keys::Chord;
use crate::layout::{layout, screen};
use crate::model::{Level, Model, Pane};
use crate::msg::{Effect, What};
use crate::screens::Screen;
use crate::seen::{category_word, impact_word};
use crate::selection;
use crate::suggest::numbers;
use crate::text::{clean_line, wrap};
use crate::update::send;

/// How many customers are named.
const NAMED: usize = 4;

/// How far the person is.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// Which suggestion.
    All,
    /// Which of its tickets.
    Tickets(Box<Suggestion>, usize),
    /// Whether to follow it, and why. For an incident: which ticket the others become children of.
    Follow(Box<Suggestion>, u64),
}

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Suggest {
    pub(crate) stage: Stage,
    pub(crate) chosen: usize,
    /// Why the impact is another.
    pub(crate) reason: Line,
    fault: Option<&'static str>,
}

impl Suggest {
    pub(crate) fn open() -> Self {
        Self { stage: Stage::All, chosen: 0, reason: Line::default(), fault: None }
    }

    /// The key of the hint of its keys.
    pub(super) fn hint(&self) -> &'static str {
        match self.stage {
            Stage::All => "hint-suggest",
            Stage::Tickets(..) => "hint-suggest-tickets",
            Stage::Follow(..) => "hint-suggest-follow",
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        if matches!(self.stage, Stage::Follow(..)) {
            self.reason.paste(text);
        }
    }

    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        let enter = event.code == KeyCode::Enter;
        let follow = Chord::of(event) == Chord::ctrl('d');
        self.fault = None;
        match self.stage.clone() {
            Stage::All if is_cancel(event) => return After::Close,
            Stage::All => {
                let all = &model.suggestions.list;
                self.chosen = self.chosen.min(all.len().saturating_sub(1));
                match all.get(self.chosen) {
                    Some(one) if enter => self.stage = Stage::Tickets(Box::new(one.clone()), 0),
                    _ => drop(choose_by(event, &mut self.chosen, all.len(), true)),
                }
            }
            Stage::Tickets(..) if is_cancel(event) => self.stage = Stage::All,
            Stage::Tickets(one, mut at) => {
                let tickets: Vec<u64> = numbers(&one).collect();
                let Some(number) = tickets.get(at.min(tickets.len().saturating_sub(1))).copied() else {
                    return After::Close;
                };
                if enter {
                    return open(model, number);
                }
                if follow {
                    self.follow(model, one, number);
                } else {
                    choose_by(event, &mut at, tickets.len(), true);
                    self.stage = Stage::Tickets(one, at);
                }
            }
            Stage::Follow(one, _) if is_cancel(event) => self.stage = Stage::Tickets(one, 0),
            Stage::Follow(one, parent) if enter || follow => return self.send(model, &one, parent, effects),
            Stage::Follow(one, _) if one.kind() == SuggestionKind::SeveralWorkstations => drop(self.reason.key(event)),
            Stage::Follow(..) => {}
        }
        After::Stay(Dialog::Suggest(Box::new(self)))
    }

    /// Shows what would be done.
    fn follow(&mut self, model: &Model, one: Box<Suggestion>, parent: u64) {
        let count = model.texts.with("suggest-reason", &[("count", one.tickets.len().into())]);
        self.reason = Line::of(&count);
        self.stage = Stage::Follow(one, parent);
    }

    fn send(mut self, model: &mut Model, one: &Suggestion, parent: u64, effects: &mut Vec<Effect>) -> After {
        let incident = one.kind() == SuggestionKind::Incident;
        let reason = self.reason.value().trim().to_owned();
        if !incident && reason.is_empty() {
            self.fault = Some("reason-missing");
            return After::Stay(Dialog::Suggest(Box::new(self)));
        }
        if model.outbox.is_full() {
            self.fault = Some("outbox-full");
            return After::Stay(Dialog::Suggest(Box::new(self)));
        }
        let touched = numbers(one).filter(|number| !incident || *number != parent);
        let targets = selection::of_suggestion(model, touched);
        let what =
            if incident { What::Link(parent, LinkKind::ChildOfIncident) } else { What::Impact(one.impact(), reason) };
        send::on_many(model, &[(targets, what)], None, effects);
        model.suggestions.changed();
        After::Close
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>, area: Rect) {
        let (texts, theme) = (&model.texts, model.theme);
        let wide = area.width as usize;
        match &self.stage {
            Stage::All if model.suggestions.list.is_empty() => {
                let words = Words::styled(texts.get("suggest-none"), theme.dim());
                frame.render_widget(Paragraph::new(words), area);
            }
            Stage::All => {
                let lines = model.suggestions.list.iter().map(|one| Words::raw(told(model, one))).collect();
                list(model, frame, area, lines, self.chosen);
            }
            Stage::Tickets(one, at) => {
                let head: Vec<Words<'_>> = head(model, one, wide).into_iter().map(Words::raw).collect();
                let high = (head.len() as u16).min(area.height.saturating_sub(1));
                frame.render_widget(Paragraph::new(head), Rect { height: high, ..area });
                let rest = Rect { y: area.y + high, height: area.height - high, ..area };
                list(model, frame, rest, numbers(one).map(|number| Words::raw(ticket(model, number))).collect(), *at);
            }
            Stage::Follow(one, parent) => {
                let lines: Vec<Words<'_>> =
                    wrap(&consequence(model, one, *parent), wide).into_iter().map(Words::raw).collect();
                frame.render_widget(Paragraph::new(lines), area);
                if one.kind() == SuggestionKind::SeveralWorkstations {
                    let at = Rect { y: area.y + area.height.saturating_sub(2), height: 1.min(area.height), ..area };
                    line_field(model, frame, at, &format!("{} ", texts.get("reason-label")), &self.reason, true);
                }
            }
        }
        fault(model, frame, area, self.fault);
    }
}

/// The ticket opens, in the queue where it is there.
fn open(model: &mut Model, number: u64) -> After {
    let Some(row) = model.queue.rows.get(number).cloned() else {
        let text = model.texts.get("suggest-gone");
        model.toast(Level::Warning, text);
        return After::Close;
    };
    model.screen = Screen::Queue;
    model.queue.freeze(false);
    let height = layout(model, screen(model)).rows.height as usize;
    match model.queue.position(number) {
        Some(at) => {
            model.peek = None;
            model.queue.go(at, height);
        }
        // A filter hides it.
        None => model.peek = Some(row),
    }
    model.pane = Pane::Detail;
    After::Close
}

/// `incident? channel failure · 9 tickets of 5 customers since 13:40`.
fn told(model: &Model, one: &Suggestion) -> String {
    let texts = &model.texts;
    let kind = if one.kind() == SuggestionKind::Incident { "suggest-incident" } else { "suggest-wider" };
    let since = millis(one.since_time.as_ref()).map(|at| clock::moment(at, model.now, &model.zone)).unwrap_or_default();
    let count = |told: u32, listed: usize| u64::from(told).max(listed as u64);
    let words = texts.with(
        "suggest-of",
        &[
            ("category", (&texts.get(category_word(one.category()))).into()),
            ("tickets", count(one.ticket_count, one.tickets.len()).into()),
            ("customers", count(one.organisation_count, one.organisations.len()).into()),
            ("since", (&since).into()),
        ],
    );
    format!("{} {words}", texts.get(kind))
}

fn head(model: &Model, one: &Suggestion, wide: usize) -> Vec<String> {
    let id = |name: &String| clean_line(name.strip_prefix("organisations/").unwrap_or(name));
    let mut names: Vec<String> = one.organisations.iter().take(NAMED).map(id).collect();
    if one.organisations.len() > NAMED {
        names.push("…".to_owned());
    }
    let mut lines = wrap(&told(model, one), wide);
    lines.extend(wrap(&names.join(", "), wide));
    lines
}

fn ticket(model: &Model, number: u64) -> String {
    match model.queue.rows.get(number) {
        Some(row) => format!("#{number} {} · {}", &*row.customer, row.subject()),
        None => format!("#{number}"),
    }
}

/// What following it does, in words.
fn consequence(model: &Model, one: &Suggestion, parent: u64) -> String {
    let texts = &model.texts;
    let count = one.tickets.len();
    if one.kind() == SuggestionKind::Incident {
        let parent = ticket(model, parent);
        let count = count.saturating_sub(1);
        return texts.with("suggest-do-incident", &[("count", count.into()), ("parent", (&parent).into())]);
    }
    let impact = texts.get(impact_word(one.impact()));
    texts.with("suggest-do-wider", &[("count", count.into()), ("impact", (&impact).into())])
}
