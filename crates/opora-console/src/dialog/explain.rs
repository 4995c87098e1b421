//! Why the clocks show what they show: what was asked for, and each stretch of time that counted or did not, as a time
//! line that can be scrolled.

use crossterm::event::{KeyCode, KeyEvent};
use opora_proto::v1::{self, StretchReason};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{After, Dialog, is_cancel};
use crate::clock::{self, millis, stretch};
use crate::keys::Chord;
use crate::model::Model;
use crate::msg::{Call, Effect, Trouble};
use crate::text::{clean_line, cut, fit, width, wrap};
use crate::theme::priority_word;

/// From how many columns on a bar stands beside each stretch.
const WITH_BARS: usize = 56;
/// The columns of the longest bar.
const BAR: i64 = 16;

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Explain {
    pub(crate) number: u64,
    generation: u64,
    answer: Option<Result<Box<v1::ExplainTicketResponse>, String>>,
    top: usize,
}

/// A line of the time line, before it is put into words.
#[derive(Clone, Copy, Debug)]
enum Entry<'a> {
    Title(&'static str, &'a v1::ClockExplanation),
    Obligation(&'a v1::Obligation),
    Stretch(&'a v1::Stretch, i64),
    Cut,
    Sum(&'a v1::ClockExplanation),
    Blank,
}

impl Explain {
    /// Opens, and asks.
    pub(crate) fn open(model: &mut Model, effects: &mut Vec<Effect>) -> Option<Self> {
        let number = model.subject()?.number;
        let generation = model.next_generation();
        effects.push(Effect::Call(Call::Explain { number, generation }));
        Some(Self { number, generation, answer: None, top: 0 })
    }

    /// An answer. One to another dialog is dropped.
    pub(crate) fn answer(
        &mut self,
        number: u64,
        generation: u64,
        result: Result<Box<v1::ExplainTicketResponse>, Trouble>,
    ) {
        if (number, generation) == (self.number, self.generation) {
            self.answer = Some(result.map_err(|trouble| trouble.message));
        }
    }

    pub(super) fn key(mut self: Box<Self>, event: &KeyEvent) -> After {
        let chord = Chord::of(event);
        if is_cancel(event) || matches!(chord.code, KeyCode::Char('q' | 'e') | KeyCode::Backspace | KeyCode::Enter) {
            return After::Close;
        }
        let last = self.entries().len().saturating_sub(1);
        self.top = match chord.code {
            KeyCode::Down | KeyCode::Char('j') => self.top + 1,
            KeyCode::Up | KeyCode::Char('k') => self.top.saturating_sub(1),
            KeyCode::PageDown | KeyCode::Char('d' | 'f' | ' ') => self.top + 10,
            KeyCode::PageUp | KeyCode::Char('u' | 'b') => self.top.saturating_sub(10),
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => last,
            _ => self.top,
        }
        .min(last);
        After::Stay(Dialog::Explain(self))
    }

    fn entries(&self) -> Vec<Entry<'_>> {
        let Some(Ok(answer)) = &self.answer else { return Vec::new() };
        let clocks = [("clock-first-response", &answer.first_response), ("clock-resolution", &answer.resolution)];
        let mut entries = Vec::new();
        for (key, clock) in clocks {
            let Some(clock) = clock else { continue };
            if !entries.is_empty() {
                entries.push(Entry::Blank);
            }
            entries.push(Entry::Title(key, clock));
            entries.extend(clock.obligations.iter().map(Entry::Obligation));
            let longest = clock.stretches.iter().map(length).max().unwrap_or_default();
            entries.extend(clock.stretches.iter().map(|stretch| Entry::Stretch(stretch, longest)));
            if clock.truncated {
                entries.push(Entry::Cut);
            }
            entries.push(Entry::Sum(clock));
        }
        entries
    }

    /// Draws the part that there is room for.
    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>, area: Rect) {
        let (wide, high) = (area.width as usize, area.height as usize);
        let say = |words: &str, style: Style| -> Vec<Line<'static>> {
            wrap(&clean_line(words), wide).into_iter().map(|line| Line::styled(line, style)).collect()
        };
        let lines = match &self.answer {
            None => say(&model.texts.get("explain-waiting"), model.theme.dim()),
            Some(Err(why)) => say(why, model.theme.bad()),
            Some(Ok(answer)) => {
                let entries = self.entries();
                let top = self.top.min(entries.len().saturating_sub(high));
                let now = millis(answer.as_of_time.as_ref()).unwrap_or(model.now);
                entries.into_iter().skip(top).take(high).map(|entry| line(model, entry, now, wide)).collect()
            }
        };
        frame.render_widget(Paragraph::new(lines), area);
    }
}

fn length(stretch: &v1::Stretch) -> i64 {
    let (from, to) = (millis(stretch.start_time.as_ref()), millis(stretch.end_time.as_ref()));
    (to.unwrap_or_default() - from.unwrap_or_default()).max(0)
}

fn line(model: &Model, entry: Entry<'_>, now: i64, wide: usize) -> Line<'static> {
    let (theme, texts) = (model.theme, &model.texts);
    match entry {
        Entry::Blank => Line::raw(""),
        Entry::Title(key, clock) => {
            let calendar = match (clock.calendar.as_str(), clock.time_zone.as_str()) {
                ("", _) => String::new(),
                (calendar, "") => format!(" · {calendar}"),
                (calendar, zone) => format!(" · {calendar} ({zone})"),
            };
            Line::styled(cut(&clean_line(&format!("{}{calendar}", texts.get(key))), wide), theme.title())
        }
        Entry::Obligation(obligation) => obligation_line(model, obligation, now, wide),
        Entry::Stretch(stretch, longest) => stretch_line(model, stretch, longest, now, wide),
        Entry::Cut => Line::styled(cut(&format!("  {}", texts.get("explain-cut")), wide), theme.warning()),
        Entry::Sum(clock) => sum_line(model, clock, now, wide),
    }
}

/// `● КРИТИЧЕСКИЙ: 1ч, с 13:44, срок 14:44`; `○` where it does not stand.
fn obligation_line(model: &Model, obligation: &v1::Obligation, now: i64, wide: usize) -> Line<'static> {
    let (theme, texts) = (model.theme, &model.texts);
    let moment = |at: i64| clock::moment(at, now, &model.zone);
    let target = stretch(obligation.target.as_ref())
        .map_or_else(|| texts.get("explain-continuous"), |target| model.units.span(target));
    let from = moment(millis(obligation.start_time.as_ref()).unwrap_or_default());
    let mut words = texts.with("explain-target", &[("target", (&target).into()), ("from", (&from).into())]);
    if obligation.set_aside {
        words = format!("{words}, {}", texts.get("explain-set-aside"));
    } else if let Some(due) = millis(obligation.due_time.as_ref()) {
        words = format!("{words}, {}", texts.with("explain-due", &[("at", (&moment(due)).into())]));
    }
    let glyph = if obligation.shown { "●" } else { "○" };
    let word = texts.get(priority_word(obligation.priority()));
    let room = wide.saturating_sub(width(&word) + 4);
    Line::from(vec![
        Span::raw(format!("{glyph} ")),
        Span::styled(word, theme.priority(obligation.priority())),
        Span::raw(cut(&format!(": {words}"), room + 2)),
    ])
}

/// `  13:44 → 14:02     18м ▓▓▓▓ считается`.
fn stretch_line(model: &Model, stretch: &v1::Stretch, longest: i64, now: i64, wide: usize) -> Line<'static> {
    let theme = model.theme;
    let (counts, key) = reason(stretch.reason());
    let moment = |time: &Option<prost_types::Timestamp>| {
        millis(time.as_ref()).map_or_else(|| "…".to_owned(), |at| clock::moment(at, now, &model.zone))
    };
    let length = length(stretch);
    let from_to = format!("  {} → {}", moment(&stretch.start_time), moment(&stretch.end_time));
    let mut words = format!("{} {} ", fit(&from_to, 28), fit(&model.units.span(length), 8));
    if wide >= WITH_BARS {
        let cells = if longest == 0 { 0 } else { (length * BAR / longest).clamp(1, BAR) as usize };
        let bar = if counts { "▓" } else { "░" }.repeat(cells);
        words = format!("{words}{} ", fit(&bar, BAR as usize));
    }
    let room = wide.saturating_sub(width(&words));
    let style = if counts { theme.plain() } else { theme.dim() };
    let mark = if counts { "+" } else { "‖" };
    let why = cut(&format!("{mark} {}", model.texts.get(key)), room);
    Line::from(vec![Span::styled(cut(&words, wide), style), Span::styled(why, style)])
}

/// `  = 18м из 1ч · осталось 42м · срок 14:44`.
fn sum_line(model: &Model, clock: &v1::ClockExplanation, now: i64, wide: usize) -> Line<'static> {
    let (theme, texts) = (model.theme, &model.texts);
    let elapsed = stretch(clock.elapsed.as_ref()).unwrap_or_default();
    let used = model.units.span(elapsed);
    let shown = clock.obligations.iter().find(|obligation| obligation.shown);
    let mut words = match shown.and_then(|obligation| stretch(obligation.target.as_ref())) {
        Some(target) => {
            let sum =
                texts.with("explain-sum", &[("used", (&used).into()), ("target", (&model.units.span(target)).into())]);
            let left = model.units.span(target - elapsed);
            if elapsed < target {
                format!("{sum} · {}", texts.with("explain-left", &[("left", (&left).into())]))
            } else {
                let over = model.units.span(elapsed - target);
                format!("{sum} · ✗ {}", texts.with("explain-over", &[("over", (&over).into())]))
            }
        }
        None => texts.with("explain-sum-open", &[("used", (&used).into())]),
    };
    if let Some(due) = clock.clock.as_ref().and_then(|clock| millis(clock.due_time.as_ref())) {
        let at = clock::moment(due, now, &model.zone);
        words = format!("{words} · {}", texts.with("explain-due", &[("at", (&at).into())]));
    }
    let breached = clock.clock.as_ref().is_some_and(|clock| clock.breach_time.is_some());
    let style = if breached { theme.bad() } else { theme.title() };
    Line::styled(cut(&format!("  = {words}"), wide), style)
}

/// Whether a stretch counts, and the key of why.
fn reason(reason: StretchReason) -> (bool, &'static str) {
    match reason {
        StretchReason::Open => (true, "stretch-open"),
        StretchReason::Closed => (false, "stretch-closed"),
        StretchReason::Holiday => (false, "stretch-holiday"),
        StretchReason::Paused => (false, "stretch-paused"),
        StretchReason::Merged => (false, "stretch-merged"),
        StretchReason::Resolved => (false, "stretch-resolved"),
        StretchReason::SetAside => (false, "stretch-set-aside"),
        StretchReason::Unspecified => (false, "unknown"),
    }
}
