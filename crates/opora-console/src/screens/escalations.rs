//! The escalated tickets that are open: on which rung, since when, with whom, and how their clock stands.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::table::{self, Cell};
use crate::clock;
use crate::ladder::whom;
use crate::model::Model;
use crate::queue::row::Row;

/// The escalated tickets: the highest rung first, on each the one that has stood there longest.
pub(super) fn numbers(model: &Model) -> Vec<u64> {
    let mut found: Vec<(Reverse<u32>, i64, u64)> = model
        .queue
        .rows
        .iter()
        .filter(|row| row.rung > 0)
        .map(|row| (Reverse(row.rung), row.escalated(), row.number))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, _, number)| number).collect()
}

/// The parts of the screen.
struct Parts {
    summary: Rect,
    head: Rect,
    rows: Rect,
}

fn parts(area: Rect) -> Parts {
    let inner = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    };
    let line = |y: u16| Rect { y: inner.y + y, height: 1.min(inner.height.saturating_sub(y)), ..inner };
    let rows = Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner };
    Parts { summary: line(0), head: line(1), rows }
}

/// Where the rows stand.
pub(super) fn rows_area(area: Rect) -> Rect {
    parts(area).rows
}

struct Columns {
    customer: usize,
    subject: usize,
    rung: usize,
    since: usize,
    due: usize,
    owner: usize,
}

impl Columns {
    fn of(wide: usize, digits: usize) -> Self {
        let rest = wide.saturating_sub(table::lead(digits));
        let (due, owner, since) = if wide >= 110 { (13, 9, 20) } else { (12, 7, 12) };
        let fixed = due + 1 + owner + 1 + since + 1;
        let free = rest.saturating_sub(fixed);
        let rung = (free * 2 / 5).min(28);
        let customer = (free / 4).min(24);
        let subject = free.saturating_sub(rung + customer + 3);
        let (customer, subject) = if subject < 10 { (customer + subject + 1, 0) } else { (customer, subject) };
        Self { customer, subject, rung, since, due, owner }
    }
}

/// Draws the screen.
pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect, shown: &[u64]) {
    let (texts, theme) = (&model.texts, model.theme);
    frame.render_widget(table::frame_of(model, &texts.get("escalations-title"), true, area.width), area);
    let parts = parts(area);
    if parts.rows.height == 0 {
        return;
    }
    if shown.is_empty() {
        return table::say(frame, parts.rows, &texts.get("escalations-none"), theme.dim());
    }
    let wide = parts.rows.width as usize;
    frame.render_widget(Paragraph::new(summary(model, wide)), parts.summary);
    let digits = table::digits(shown);
    let columns = Columns::of(wide, digits);
    let get = |key: &str| texts.get(key);
    let heads = [
        (columns.customer, get("column-customer")),
        (columns.subject, get("column-subject")),
        (columns.rung, get("column-rung")),
        (columns.since, get("column-since")),
        (columns.due, get("column-due")),
        (columns.owner, get("column-owner")),
    ];
    frame.render_widget(Paragraph::new(table::headings(model, digits, &heads)), parts.head);
    let list = &model.screens.escalations;
    let height = parts.rows.height as usize;
    let lines: Vec<Line<'_>> = shown
        .iter()
        .skip(list.top(shown, height))
        .take(height)
        .map(|number| {
            let Some((row, ghost)) = row(model, *number) else { return table::gone(model, *number, digits) };
            let cells = cells(model, row, &columns);
            table::line(model, row, list.cursor() == Some(*number), ghost, digits, cells, wide)
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), parts.rows);
    table::hidden(model, frame, area, shown, list.top(shown, height), height);
}

/// A row of the list, and whether it left it.
pub(super) fn row(model: &Model, number: u64) -> Option<(&Row, bool)> {
    match model.queue.rows.get(number) {
        Some(row) => Some((row, row.rung == 0)),
        None => model.screens.escalations.kept(number).map(|row| (row, true)),
    }
}

fn cells(model: &Model, row: &Row, columns: &Columns) -> Vec<Cell> {
    let theme = model.theme;
    let at = clock::moment(row.escalated(), model.now, &model.zone);
    let age = model.units.span(model.now - row.escalated());
    let since = if columns.since >= 20 { format!("{at} ({age})") } else { at };
    let rung = if row.rung == 0 { "—".to_owned() } else { format!("{} {}", row.rung, whom(model, row.rung)) };
    vec![
        Cell::new(columns.customer, row.customer.to_string(), theme.plain()),
        Cell::new(columns.subject, row.subject(), theme.plain()),
        Cell::new(columns.rung, rung, theme.warning()),
        Cell::new(columns.since, since, theme.plain()),
        table::due(model, row, columns.due),
        table::owner(model, row, columns.owner),
    ]
}

/// `4 director of development: 2 · 1 support mailbox: 5`.
fn summary(model: &Model, wide: usize) -> Line<'static> {
    let mut counts: BTreeMap<Reverse<u32>, usize> = BTreeMap::new();
    for row in model.queue.rows.iter().filter(|row| row.rung > 0) {
        *counts.entry(Reverse(row.rung)).or_default() += 1;
    }
    let words: Vec<String> =
        counts.into_iter().map(|(rung, count)| format!("{} {}: {count}", rung.0, whom(model, rung.0))).collect();
    Line::raw(crate::text::cut(&format!(" {}", words.join(" · ")), wide))
}
