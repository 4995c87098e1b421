//! What many tickets of one kind suggest: which it is, its tickets, and after a look at them one change of all: a wider
//! impact, or an incident with the others as its children.

use crossterm::event::{KeyCode, KeyEvent};
use opora_proto::v1::{Suggestion, SuggestionKind};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line as Words;
use ratatui::widgets::Paragraph;

use super::follow::Follow;
use super::view::list;
use super::{After, Dialog, choose_by, is_cancel};
use crate::clock::{self, millis};
use crate::keys::Chord;
use crate::layout::{layout, screen};
use crate::model::{Level, Model, Pane};
use crate::msg::Effect;
use crate::screens::Screen;
use crate::seen::category_word;
use crate::selection::Picked;
use crate::suggest::numbers;
use crate::text::{clean_line, wrap};

/// How many customers are named.
const NAMED: usize = 4;

/// How far the person is.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// Which suggestion.
    All,
    /// Which of its tickets.
    Tickets(Box<Suggestion>, usize),
    /// Whether to follow it.
    Follow(Box<Follow>),
}

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Suggest {
    pub(crate) stage: Stage,
    pub(crate) chosen: usize,
}

impl Suggest {
    pub(crate) fn open() -> Self {
        Self { stage: Stage::All, chosen: 0 }
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
        if let Stage::Follow(follow) = &mut self.stage {
            follow.paste(text);
        }
    }

    /// The tickets that it will change, as they were seen.
    pub(super) fn picked(&self) -> &[Picked] {
        match &self.stage {
            Stage::Follow(follow) => &follow.picked,
            Stage::All | Stage::Tickets(..) => &[],
        }
    }

    /// Something happened to one of its tickets.
    pub(super) fn changed(&mut self, model: &Model) {
        if let Stage::Follow(follow) = &mut self.stage {
            follow.changed(model);
        }
    }

    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        let enter = event.code == KeyCode::Enter;
        let follow = Chord::of(event) == Chord::ctrl('d');
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
                    self.stage = Stage::Follow(Box::new(Follow::open(model, *one, number)));
                } else {
                    choose_by(event, &mut at, tickets.len(), true);
                    self.stage = Stage::Tickets(one, at);
                }
            }
            Stage::Follow(follow) if is_cancel(event) => self.stage = Stage::Tickets(Box::new(follow.one), 0),
            Stage::Follow(mut it) => {
                if (enter || follow) && it.send(model, effects) {
                    model.suggestions.changed();
                    return After::Close;
                }
                if !enter && !follow {
                    it.key(event);
                }
                self.stage = Stage::Follow(it);
            }
        }
        After::Stay(Dialog::Suggest(Box::new(self)))
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
            Stage::Follow(follow) => follow.draw(model, frame, area),
        }
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

/// A ticket by its number, its customer and its subject.
pub(super) fn ticket(model: &Model, number: u64) -> String {
    match model.queue.rows.get(number) {
        Some(row) => format!("#{number} {} · {}", &*row.customer, row.subject()),
        None => format!("#{number}"),
    }
}
