//! Carrying a ticket up the ladder: whom that is, how and when they can be reached, and why. Where a rung can't be reached
//! now one may go on to the next (docs/domain.md §8).

use crossterm::event::{KeyCode, KeyEvent};
use opora_proto::v1::LadderRung;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line as Words;
use ratatui::widgets::Paragraph;

use super::field::Line;
use super::view::{fault, line_field};
use super::{After, Dialog, is_cancel};
use crate::ladder;
use crate::model::Model;
use crate::msg::{Call, Effect, What};
use crate::queue::row::Row;
use crate::selection::{self, Picked, Selection};
use crate::text::wrap;
use crate::update::send;

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Reason {
    pub(crate) number: u64,
    pub(super) picked: Picked,
    /// The rung above the present one.
    least: u32,
    /// The rung that it goes to.
    pub(crate) rung: u32,
    pub(crate) line: Line,
    /// It goes to somebody else than was shown: the next Enter only says so.
    moved: bool,
    /// The key of what is wrong.
    pub(crate) fault: Option<&'static str>,
}

impl Reason {
    /// Opens; who can be reached now is asked for.
    pub(crate) fn escalate(model: &Model, effects: &mut Vec<Effect>) -> Option<Self> {
        let picked = Selection::of(model).one()?;
        let row = selection::live(model, picked.number())?;
        let (number, least) = (row.number, least(model, row));
        effects.push(Effect::Call(Call::Ladder));
        Some(Self { number, picked, least, rung: least, line: Line::default(), moved: false, fault: None })
    }

    /// The ladder came, or is another one than `was`: the rung and whom it is are reckoned again.
    pub(crate) fn laddered(&mut self, model: &Model, was: &[LadderRung]) {
        let before = (self.rung, ladder::recipient(was, self.rung));
        self.changed(model);
        self.moved |= before != (self.rung, ladder::recipient(&model.ladder, self.rung));
    }

    /// The ticket is another by now: the rung above it may be as well. Who went further up stays there.
    pub(crate) fn changed(&mut self, model: &Model) {
        let Some(row) = selection::live(model, self.number) else { return };
        let was = std::mem::replace(&mut self.least, least(model, row));
        self.rung = if self.rung == was { self.least } else { self.rung.max(self.least) };
        if ladder::rung(model, self.rung).is_none() {
            self.rung = ladder::above(model, self.rung).map_or(self.least, |rung| rung.rung);
        }
    }

    fn is_at_the_top(&self, model: &Model) -> bool {
        selection::live(model, self.number).is_some_and(|row| ladder::is_top(model, row.rung))
    }

    /// Why it can't go out, if it can't; what others did is looked at by its own.
    fn why_not(&mut self, model: &Model) -> Option<&'static str> {
        match () {
            () if self.is_at_the_top(model) => Some("why-top-rung"),
            () if self.line.value().trim().is_empty() => Some("reason-missing"),
            () if std::mem::take(&mut self.moved) => Some("escalate-moved"),
            () => None,
        }
    }

    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        if is_cancel(event) {
            return After::Close;
        }
        match event.code {
            KeyCode::Enter => {
                self.fault = self.why_not(model);
                if self.fault.is_none() && self.picked.stands(model) {
                    let reason = self.line.value().trim().to_owned();
                    let next = self.rung == self.least;
                    let what = if next { What::Escalate(reason) } else { What::EscalateTo(self.rung, reason) };
                    send::on(model, &self.picked, what, None, effects);
                    return After::Close;
                }
                return After::Stay(Dialog::Reason(self));
            }
            KeyCode::Tab | KeyCode::Down => {
                self.moved = false;
                self.rung = ladder::above(model, self.rung).map_or(self.rung, |rung| rung.rung);
            }
            KeyCode::BackTab | KeyCode::Up => {
                self.moved = false;
                let below = ladder::below(model, self.rung).map_or(self.rung, |rung| rung.rung);
                self.rung = below.max(self.least);
            }
            _ => drop(self.line.key(event)),
        }
        self.fault = None;
        After::Stay(Dialog::Reason(self))
    }

    /// Whom, how, when; the way on to the next rung; the line of the reason.
    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>, area: Rect) {
        let (texts, theme) = (&model.texts, model.theme);
        let rung = ladder::rung(model, self.rung);
        let whom = ladder::whom(model, self.rung);
        let to = match () {
            () if self.is_at_the_top(model) => texts.get("why-top-rung"),
            () => texts.with("escalate-to", &[("rung", self.rung.into()), ("whom", (&whom).into())]),
        };
        let mut told = vec![(to, theme.plain())];
        if let Some(rung) = rung {
            let later = ladder::later(model, rung).is_some();
            told.push((ladder::how(model, rung), theme.plain()));
            told.push((ladder::hours(model, rung), theme.dim()));
            told.push((ladder::when(model, rung), if later { theme.warning() } else { theme.good() }));
        }
        if !self.is_at_the_top(model) {
            told.push((texts.get("escalate-untold"), theme.warning()));
        }
        if let Some(next) = ladder::above(model, self.rung) {
            let whom = ladder::whom(model, next.rung);
            let when = ladder::when(model, next);
            let words = texts.with("escalate-on", &[("rung", next.rung.into()), ("whom", (&whom).into())]);
            told.push((if when.is_empty() { words } else { format!("{words} ({when})") }, theme.dim()));
        }
        let wide = area.width as usize;
        let broken = |(words, style): (String, Style)| {
            let lines = if words.is_empty() { Vec::new() } else { wrap(&words, wide) };
            lines.into_iter().map(move |line| Words::styled(line, style))
        };
        let lines: Vec<Words<'_>> = told.into_iter().flat_map(broken).collect();
        let height = (lines.len() as u16).min(area.height.saturating_sub(2));
        frame.render_widget(Paragraph::new(lines), Rect { height, ..area });
        let label = format!("{} ", texts.get("reason-label"));
        let at = Rect { y: area.y + area.height.saturating_sub(2), height: 1.min(area.height), ..area };
        line_field(model, frame, at, &label, &self.line, true);
        fault(model, frame, area, self.fault);
    }
}

/// The rung above the one that the ticket is on.
fn least(model: &Model, row: &Row) -> u32 {
    ladder::above(model, row.rung).map_or(row.rung + 1, |rung| rung.rung)
}
