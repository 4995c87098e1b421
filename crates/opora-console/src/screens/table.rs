//! Rows of the screens' lists drawn alike: cursor, breach, priority, state, number, then columns of the screen's own.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Bar, BarChart, BarGroup, Block, Paragraph};

use crate::model::Model;
use crate::queue::row::Row;
use crate::queue::view::{hidden as hidden_words, left_words, on_the_frame};
use crate::queue::window::Hidden;
use crate::screens;
use crate::text::{cut, fit, fit_right, width};
use crate::theme::{priority_glyph, state_glyph};

/// What stands before a screen's own columns: cursor, mark, breach, priority, state, a number of so many digits.
pub(crate) const fn lead(digits: usize) -> usize {
    1 + 1 + 1 + 2 + 2 + digits + 1
}

/// A column of one row: its width, its text, its style.
pub(crate) struct Cell {
    pub(crate) wide: usize,
    pub(crate) text: String,
    pub(crate) style: Style,
}

impl Cell {
    pub(crate) fn new(wide: usize, text: impl Into<String>, style: Style) -> Self {
        Self { wide, text: text.into(), style }
    }
}

/// How many digits the longest of these numbers has, four at least.
pub(crate) fn digits(numbers: &[u64]) -> usize {
    numbers.iter().max().map_or(4, |n| n.to_string().len()).max(4)
}

/// A line of headings over the columns.
pub(crate) fn headings(model: &Model, digits: usize, columns: &[(usize, String)]) -> Line<'static> {
    let mut words = format!("   P  {} ", fit_right("#", lead(digits) - 7));
    for (wide, heading) in columns.iter().filter(|(wide, _)| *wide > 0) {
        words.push_str(&fit(heading, *wide));
        words.push(' ');
    }
    Line::styled(words, model.theme.dim())
}

/// One row. A ghost is dimmed.
pub(crate) fn line(
    model: &Model,
    row: &Row,
    selected: bool,
    ghost: bool,
    digits: usize,
    cells: Vec<Cell>,
    wide: usize,
) -> Line<'static> {
    let theme = model.theme;
    let base = if ghost { theme.dim() } else { theme.plain() };
    let style = |style: Style| if ghost { theme.dim() } else { style };
    let breach = if row.is_breached(model.now) { "✗" } else { " " };
    let mut spans = vec![
        Span::styled(if selected { "▌" } else { " " }, style(theme.title())),
        Span::styled(crate::queue::view::mark(model, row), style(theme.warning())),
        Span::styled(breach, style(theme.bad())),
        Span::styled(priority_glyph(row.priority), style(theme.priority(row.priority))),
        Span::styled(format!("{} ", state_glyph(row.state)), style(theme.dim())),
        Span::styled(format!("{} ", fit_right(&row.number.to_string(), digits)), base),
    ];
    let cells = if ghost { vec![left(model, row, wide.saturating_sub(lead(digits) + 1))] } else { cells };
    for cell in cells.into_iter().filter(|cell| cell.wide > 0) {
        spans.push(Span::styled(format!("{} ", fit(&cell.text, cell.wide)), style(cell.style)));
    }
    let used: usize = spans.iter().map(|span| width(&span.content)).sum();
    spans.push(Span::raw(" ".repeat(wide.saturating_sub(used))));
    let line = Line::from(spans);
    if selected { line.patch_style(theme.selected()) } else { line }
}

/// In place of a ghost's columns: why it is one, and what it is about.
fn left(model: &Model, row: &Row, wide: usize) -> Cell {
    let why = screens::left(model, row.number).map(|why| left_words(model, &why)).unwrap_or_default();
    Cell::new(wide, format!("{why} · {}", row.subject()), model.theme.dim())
}

/// In place of a row that left while the order is held, and of which nothing is kept.
pub(crate) fn gone(model: &Model, number: u64, digits: usize) -> Line<'static> {
    let words = format!("{} {}", fit_right(&number.to_string(), lead(digits) - 1), model.texts.get("ghost-gone"));
    Line::styled(words, model.theme.dim())
}

/// Tells in the frame what of a list is not seen on a screen of `height` rows.
pub(crate) fn hidden(model: &Model, frame: &mut Frame<'_>, area: Rect, shown: &[u64], top: usize, height: usize) {
    let told = |numbers: &[u64]| {
        let rows = numbers.iter().filter_map(|number| screens::row(model, *number));
        let (mut critical, mut breached) = (0, 0);
        for row in rows {
            critical += usize::from(row.is_critical());
            breached += usize::from(row.is_breached(model.now));
        }
        Hidden { rows: numbers.len(), critical, breached, ..Hidden::default() }
    };
    let room = area.width.saturating_sub(4) as usize;
    let words = |key: &str, numbers: &[u64]| hidden_words(model, key, told(numbers), room);
    let (above, below) =
        (shown.get(..top).unwrap_or_default(), shown.get(top.saturating_add(height)..).unwrap_or_default());
    on_the_frame(frame, area, area.y, words("hidden-above", above));
    on_the_frame(frame, area, area.bottom().saturating_sub(1), words("hidden-below", below));
}

/// The clock that decides a row's place, as the queue shows it.
pub(crate) fn due(model: &Model, row: &Row, wide: usize) -> Cell {
    let theme = model.theme;
    let style = match row.key().class() {
        _ if row.is_breached(model.now) => theme.bad(),
        0 => theme.bad(),
        1 if row.is_due_soon(model.now) => theme.warning(),
        2 => theme.dim(),
        _ => theme.plain(),
    };
    Cell::new(wide, row.short(model.now, &model.units), style)
}

/// Who has it.
pub(crate) fn owner(model: &Model, row: &Row, wide: usize) -> Cell {
    if row.owner.is_empty() {
        Cell::new(wide, "—", model.theme.dim())
    } else {
        Cell::new(wide, row.owner.to_string(), model.theme.plain())
    }
}

/// A sentence where there are no rows.
pub(crate) fn say(frame: &mut Frame<'_>, area: Rect, words: &str, style: Style) {
    let lines = crate::text::wrap(words, area.width as usize);
    let lines: Vec<Line<'_>> = lines.into_iter().take(area.height as usize).map(Line::raw).collect();
    frame.render_widget(Paragraph::new(lines).style(style), area);
}

/// The frame of a screen or of a part of it.
pub(crate) fn frame_of<'a>(model: &Model, title: &str, focused: bool, wide: u16) -> Block<'a> {
    let title = cut(&format!(" {title} "), wide.saturating_sub(4) as usize);
    Block::bordered().border_style(model.theme.border(focused)).title(Line::styled(title, model.theme.title()))
}

/// Counts as horizontal bars, the greatest first as they come; what has no room is left out.
pub(crate) fn bars(model: &Model, frame: &mut Frame<'_>, area: Rect, title: &str, counts: &[(String, u64, Style)]) {
    let block = frame_of(model, title, false, area.width);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if inner.width < 8 || inner.height == 0 {
        return;
    }
    let room = inner.width as usize;
    let longest = counts.iter().map(|(label, ..)| width(label)).max().unwrap_or_default();
    let label_wide = longest.min(room * 3 / 5);
    let most = counts.iter().map(|(_, count, _)| *count).max().unwrap_or_default();
    // The number stands before its bar: in it, it would be lost without colours.
    let digits = most.to_string().len();
    let bars: Vec<Bar<'_>> = counts
        .iter()
        .take(inner.height as usize)
        .map(|(label, count, style)| {
            let label = format!("{} {}", fit(label, label_wide), fit_right(&count.to_string(), digits));
            Bar::default().value(*count).text_value(String::new()).style(*style).label(Line::raw(label))
        })
        .collect();
    let chart = BarChart::default()
        .direction(ratatui::layout::Direction::Horizontal)
        .bar_width(1)
        .bar_gap(0)
        .max(most.max(1))
        .data(BarGroup::default().bars(&bars));
    frame.render_widget(chart, inner);
}
