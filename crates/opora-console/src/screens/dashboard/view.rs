//! The dashboard drawn: counts as bars, compliance as gauges, trends as sparklines, what falls due next as a list.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{LineGauge, Paragraph, Sparkline};

use super::{Share, Tally, row};
use crate::clock;
use crate::model::Model;
use crate::screens::table::{self, Cell};
use crate::text::{clean_line, cut, fit, width};
use crate::theme::{priority_word, state_word};

/// The parts of the screen, each with its frame.
struct Parts {
    counts: [Rect; 3],
    compliance: Rect,
    trends: Rect,
    due: Rect,
    /// The rows of what falls due next.
    rows: Rect,
}

fn parts(area: Rect) -> Parts {
    // A low screen keeps what falls due next, then the counts.
    let counts_high = match area.height {
        0..=13 => 0,
        14..=21 => 6,
        22..=39 => 7,
        _ => 10,
    };
    let middle = if area.height >= 20 { if area.height >= 36 { 7 } else { 4 } } else { 0 };
    let third = area.width / 3;
    let count = |i: u16| {
        let x = area.x + third * i;
        let width = if i == 2 { area.width - 2 * third } else { third };
        Rect { x, y: area.y, width, height: counts_high }
    };
    let half = area.width / 2;
    let y = area.y + counts_high;
    let due = Rect { y: y + middle, height: area.height.saturating_sub(counts_high + middle), ..area };
    let rows =
        Rect { x: due.x + 1, y: due.y + 1, width: due.width.saturating_sub(2), height: due.height.saturating_sub(2) };
    Parts {
        counts: [count(0), count(1), count(2)],
        compliance: Rect { y, width: half, height: middle, ..area },
        trends: Rect { x: area.x + half, y, width: area.width - half, height: middle },
        due,
        rows,
    }
}

/// Where the rows stand.
pub(in crate::screens) fn rows_area(area: Rect) -> Rect {
    parts(area).rows
}

/// Draws the dashboard.
pub(in crate::screens) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect, shown: &[u64]) {
    let parts = parts(area);
    let tally = Tally::of(model);
    counts(model, frame, &parts, &tally);
    compliance(model, frame, parts.compliance, &tally);
    trends(model, frame, parts.trends);
    due(model, frame, &parts, shown);
}

fn counts(model: &Model, frame: &mut Frame<'_>, parts: &Parts, tally: &Tally) {
    let (texts, theme) = (&model.texts, model.theme);
    let [by_state, by_priority, by_owner] = parts.counts;
    if by_state.height < 3 {
        return;
    }
    let states: Vec<(String, u64, Style)> =
        tally.by_state.iter().map(|(state, n)| (texts.get(state_word(*state)), *n, theme.customer())).collect();
    table::bars(model, frame, by_state, &texts.get("dashboard-by-state"), &states);
    let priorities: Vec<(String, u64, Style)> = tally
        .by_priority
        .iter()
        .map(|(priority, n)| (texts.get(priority_word(*priority)), *n, theme.priority(*priority)))
        .collect();
    table::bars(model, frame, by_priority, &texts.get("dashboard-by-priority"), &priorities);
    let room = by_owner.height.saturating_sub(2) as usize;
    let owners = owners(model, &tally.by_owner, room);
    table::bars(model, frame, by_owner, &texts.get("dashboard-by-owner"), &owners);
}

/// Who has how many; those for whom there is no room are told together.
fn owners(model: &Model, by_owner: &[(String, u64)], room: usize) -> Vec<(String, u64, Style)> {
    let (texts, theme) = (&model.texts, model.theme);
    let word = |id: &str| if id.is_empty() { texts.get("nobody") } else { clean_line(model.agent_name(id)) };
    let style = |id: &str| if id.is_empty() { theme.warning() } else { theme.good() };
    let alone = if by_owner.len() > room { room.saturating_sub(1) } else { room };
    let mut bars: Vec<(String, u64, Style)> =
        by_owner.iter().take(alone).map(|(id, count)| (word(id), *count, style(id))).collect();
    let rest: u64 = by_owner.iter().skip(alone).map(|(_, count)| count).sum();
    if rest > 0 {
        bars.push((texts.get("dashboard-others"), rest, theme.dim()));
    }
    bars
}

/// A gauge for each clock: how many of those decided were met in time.
fn compliance(model: &Model, frame: &mut Frame<'_>, area: Rect, tally: &Tally) {
    let (texts, theme) = (&model.texts, model.theme);
    if area.height < 3 {
        return;
    }
    let block = table::frame_of(model, &texts.get("dashboard-compliance"), false, area.width);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let gauges = [("clock-first-response", tally.first_response), ("clock-resolution", tally.resolution)];
    let names = gauges.map(|(key, _)| texts.get(key));
    let wide = names.iter().map(|name| width(name)).max().unwrap_or_default();
    let step = if inner.height >= 4 { 2 } else { 1 };
    for (i, ((_, share), name)) in gauges.into_iter().zip(names).enumerate() {
        let y = i as u16 * step;
        if y >= inner.height {
            return;
        }
        gauge(model, frame, Rect { y: inner.y + y, height: 1, ..inner }, &fit(&name, wide), share);
    }
    if inner.height >= 5 {
        let last = Rect { y: inner.y + inner.height - 1, height: 1, ..inner };
        let words = cut(&texts.get("dashboard-compliance-of"), inner.width as usize);
        frame.render_widget(Paragraph::new(Line::styled(words, theme.dim())), last);
    }
}

fn gauge(model: &Model, frame: &mut Frame<'_>, area: Rect, name: &str, share: Share) {
    let theme = model.theme;
    let Some(ratio) = share.ratio() else {
        let words = format!("{name} {}", model.texts.get("dashboard-nothing-decided"));
        return frame.render_widget(Paragraph::new(Line::styled(words, theme.dim())), area);
    };
    let style = match ratio {
        r if r >= 0.95 => theme.good(),
        r if r >= 0.8 => theme.warning(),
        _ => theme.bad(),
    };
    // Rounded down: 100 % is all of them.
    let percent = (ratio * 100.0).floor() as u64;
    let label = format!("{name} {percent:>3} % {}/{} ", share.met, share.met + share.breached);
    let gauge = LineGauge::default()
        .ratio(ratio.clamp(0.0, 1.0))
        .label(label)
        .filled_symbol("█")
        .unfilled_symbol("░")
        .filled_style(style)
        .unfilled_style(theme.dim());
    frame.render_widget(gauge, area);
}

/// Created and resolved in each five minutes since the console began.
fn trends(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let (texts, theme) = (&model.texts, model.theme);
    if area.height < 3 {
        return;
    }
    let block = table::frame_of(model, &texts.get("dashboard-trends"), false, area.width);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let words = [texts.get("dashboard-created"), texts.get("dashboard-resolved")];
    let label_wide = words.iter().map(|word| width(word)).max().unwrap_or_default() + 6;
    let room = (inner.width as usize).saturating_sub(label_wide + 1);
    if room == 0 || inner.height < 2 {
        return;
    }
    let (created, resolved) = model.screens.dashboard.trends.series(model.now, room);
    let high = inner.height / 2;
    let most = created.iter().chain(&resolved).copied().max().unwrap_or_default().max(1);
    let series = words.into_iter().zip([(created, theme.warning()), (resolved, theme.good())]);
    for (i, (word, (data, style))) in series.enumerate() {
        let y = inner.y + i as u16 * high;
        let all: u64 = data.iter().sum();
        let label = Line::from(vec![Span::raw(format!("{word} ")), Span::styled(all.to_string(), style)]);
        frame.render_widget(
            Paragraph::new(label),
            Rect { y: y + high - 1, width: label_wide as u16, height: 1, ..inner },
        );
        let at = Rect { x: inner.x + label_wide as u16 + 1, y, width: room as u16, height: high };
        frame.render_widget(Sparkline::default().data(&data).max(most).style(style), at);
    }
}

struct Columns {
    at: usize,
    left: usize,
    customer: usize,
    subject: usize,
    owner: usize,
}

fn due(model: &Model, frame: &mut Frame<'_>, parts: &Parts, shown: &[u64]) {
    let (texts, theme) = (&model.texts, model.theme);
    frame.render_widget(table::frame_of(model, &texts.get("dashboard-due"), true, parts.due.width), parts.due);
    if parts.rows.height == 0 {
        return;
    }
    if shown.is_empty() {
        return table::say(frame, parts.rows, &texts.get("dashboard-none-due"), theme.dim());
    }
    let wide = parts.rows.width as usize;
    let digits = table::digits(shown);
    let (at, left, owner) = (12, 13, 9);
    let free = wide.saturating_sub(table::lead(digits) + at + left + owner + 5);
    let customer = (free / 3).min(24);
    let columns = Columns { at, left, customer, subject: free.saturating_sub(customer), owner };
    let list = &model.screens.dashboard.due;
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
    table::hidden(model, frame, parts.due, shown, list.top(shown, height), height);
}

fn cells(model: &Model, row: &crate::queue::row::Row, columns: &Columns) -> Vec<Cell> {
    let theme = model.theme;
    let at = row.next_due().map_or_else(|| "—".to_owned(), |due| clock::moment(due, model.now, &model.zone));
    vec![
        Cell::new(columns.at, at, theme.plain()),
        table::due(model, row, columns.left),
        Cell::new(columns.customer, row.customer.to_string(), theme.plain()),
        Cell::new(columns.subject, row.subject(), theme.plain()),
        table::owner(model, row, columns.owner),
    ]
}
