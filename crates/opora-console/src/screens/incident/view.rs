//! The incident board drawn.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Answer, Sent, is_sending, numbers, row};
use crate::dialog::create::CATEGORIES;
use crate::model::Model;
use crate::queue::row::Row;
use crate::screens::table::{self, Cell};
use crate::text::cut;
use crate::theme::state_word;

/// From how many columns on the spread stands beside the list.
const WIDE: u16 = 100;

/// The parts of the screen.
struct Parts {
    frame: Rect,
    head: Rect,
    headings: Rect,
    rows: Rect,
    /// The spread by organisation and by category, where there is room.
    spread: Option<[Rect; 2]>,
}

fn parts(area: Rect) -> Parts {
    let inner = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    };
    let (list, spread) = if area.width >= WIDE && inner.height >= 12 {
        let right = (inner.width / 3).clamp(34, 60);
        let x = inner.x + inner.width - right;
        let upper = inner.height / 2;
        let by_customer = Rect { x, width: right, height: upper, ..inner };
        let by_category = Rect { x, y: inner.y + upper, width: right, height: inner.height - upper };
        (Rect { width: inner.width - right, ..inner }, Some([by_customer, by_category]))
    } else if inner.height >= 18 {
        let low = 7;
        let y = inner.y + inner.height - low;
        let half = inner.width / 2;
        let by_customer = Rect { y, width: half, height: low, ..inner };
        let by_category = Rect { x: inner.x + half, y, width: inner.width - half, height: low };
        (Rect { height: inner.height - low, ..inner }, Some([by_customer, by_category]))
    } else {
        (inner, None)
    };
    let head = Rect { height: 1.min(list.height), ..list };
    let headings = Rect { y: list.y + 1, height: 1.min(list.height.saturating_sub(1)), ..list };
    let rows = Rect { y: list.y + 2, height: list.height.saturating_sub(2), ..list };
    Parts { frame: area, head, headings, rows, spread }
}

/// Where the rows stand.
pub(in crate::screens) fn rows_area(area: Rect) -> Rect {
    parts(area).rows
}

/// Draws the board.
pub(in crate::screens) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect, shown: &[u64]) {
    let (texts, theme) = (&model.texts, model.theme);
    let board = &model.screens.incident;
    let Some(parent) = board.parent else {
        frame.render_widget(table::frame_of(model, &texts.get("action-incident"), true, area.width), area);
        return table::say(frame, parts(area).rows, &texts.get("incident-none"), theme.dim());
    };
    let subject = row(model, parent).map_or_else(String::new, |(row, _)| row.subject());
    let number = parent.to_string();
    let title = texts.with("incident-title", &[("number", (&number).into()), ("subject", (&subject).into())]);
    frame.render_widget(table::frame_of(model, &title, true, area.width), area);
    let parts = parts(area);
    if parts.rows.height == 0 {
        return;
    }
    frame.render_widget(Paragraph::new(head(model, parts.head.width as usize)), parts.head);
    list(model, frame, &parts, shown);
    if let Some([by_customer, by_category]) = parts.spread {
        let rows: Vec<&Row> = numbers(model).into_iter().filter_map(|n| row(model, n)).map(|(row, _)| row).collect();
        let customers = counted(rows.iter().map(|row| row.customer.to_string()), theme.customer());
        table::bars(model, frame, by_customer, &texts.get("incident-by-customer"), &customers);
        let categories = counted(rows.iter().map(|row| category(model, row)), theme.warning());
        table::bars(model, frame, by_category, &texts.get("incident-by-category"), &categories);
    }
}

/// How many children, how many of them open; what became of the last answer to all.
fn head(model: &Model, wide: usize) -> Line<'static> {
    let (texts, theme) = (&model.texts, model.theme);
    let board = &model.screens.incident;
    let words = match &board.answer {
        Answer::None | Answer::Waiting(_) => return Line::styled(texts.get("detail-loading"), theme.dim()),
        Answer::Failed(why) => return Line::styled(cut(why, wide), theme.bad()),
        Answer::Here { more } => {
            let rows = numbers(model).into_iter().filter(|n| Some(*n) != board.parent).filter_map(|n| row(model, n));
            let (mut all, mut open) = (0_usize, 0_usize);
            for (row, _) in rows {
                all += 1;
                open += usize::from(row.key().class() < 3 || is_open(row));
            }
            let key = if *more { "incident-children-more" } else { "incident-children" };
            texts.with(key, &[("all", all.into()), ("open", open.into())])
        }
    };
    let mut spans = vec![Span::raw(format!(" {words}"))];
    if is_sending(model) {
        let away = matches!(model.link, crate::model::Link::Offline { .. });
        let key = if away { "incident-waiting" } else { "incident-sending" };
        spans.push(Span::styled(format!(" · {}", texts.get(key)), theme.warning()));
    } else if !board.results.is_empty() {
        let refused = board.results.values().filter(|sent| **sent != Sent::Done).count();
        let (sent, style) = (board.results.len() - refused, if refused == 0 { theme.good() } else { theme.bad() });
        let told = texts.with("incident-sent", &[("sent", sent.into()), ("all", board.results.len().into())]);
        spans.push(Span::styled(format!(" · {told}"), style));
    }
    Line::from(spans)
}

fn is_open(row: &Row) -> bool {
    use opora_proto::v1::TicketState::{InProgress, New, WaitingForCustomer};
    matches!(row.state, New | InProgress | WaitingForCustomer)
}

struct Columns {
    role: usize,
    customer: usize,
    last: usize,
    state: usize,
    due: usize,
    owner: usize,
}

impl Columns {
    /// What became of an answer to all takes the room of what stands in the queue too.
    fn of(rest: usize, results: bool) -> Self {
        let (role, due, owner) = if results { (8, 0, 0) } else { (8, 12, 7) };
        let free = rest.saturating_sub(role + due + owner + 3);
        let (state, customer) =
            if results { (12, (free / 3).min(24)) } else { ((free / 3).min(24), (free / 3).min(24)) };
        let last = free.saturating_sub(state + customer + 3);
        Self { role, customer, last, state, due, owner }
    }
}

fn list(model: &Model, frame: &mut Frame<'_>, parts: &Parts, shown: &[u64]) {
    let (texts, board) = (&model.texts, &model.screens.incident);
    let wide = parts.rows.width as usize;
    let digits = table::digits(shown);
    let rest = wide.saturating_sub(table::lead(digits));
    let columns = Columns::of(rest, !board.results.is_empty());
    let told = if board.results.is_empty() { "column-subject" } else { "column-sent" };
    let heads = [
        (columns.role, texts.get("column-role")),
        (columns.customer, texts.get("column-customer")),
        (columns.state, texts.get("column-state")),
        (columns.due, texts.get("column-due")),
        (columns.owner, texts.get("column-owner")),
        (columns.last, texts.get(told)),
    ];
    frame.render_widget(Paragraph::new(table::headings(model, digits, &heads)), parts.headings);
    let height = parts.rows.height as usize;
    let lines: Vec<Line<'_>> = shown
        .iter()
        .skip(board.list.top(shown, height))
        .take(height)
        .map(|number| {
            let Some((row, ghost)) = row(model, *number) else { return table::gone(model, *number, digits) };
            let cells = cells(model, row, &columns);
            table::line(model, row, board.list.cursor() == Some(*number), ghost, digits, cells, wide)
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), parts.rows);
    table::hidden(model, frame, parts.frame, shown, board.list.top(shown, height), height);
}

fn cells(model: &Model, row: &Row, columns: &Columns) -> Vec<Cell> {
    let (texts, theme) = (&model.texts, model.theme);
    let board = &model.screens.incident;
    let (role, style) =
        if Some(row.number) == board.parent { ("role-parent", theme.title()) } else { ("role-child", theme.dim()) };
    let last = match board.results.get(&row.number) {
        Some(Sent::Done) => Cell::new(columns.last, format!("√ {}", texts.get("sent")), theme.good()),
        Some(Sent::Refused(why)) => Cell::new(columns.last, format!("✗ {why}"), theme.bad()),
        None if board.results.is_empty() => Cell::new(columns.last, row.subject(), theme.plain()),
        None => Cell::new(columns.last, "—", theme.dim()),
    };
    vec![
        Cell::new(columns.role, texts.get(role), style),
        Cell::new(columns.customer, row.customer.to_string(), theme.plain()),
        Cell::new(columns.state, texts.get(state_word(row.state)), theme.plain()),
        table::due(model, row, columns.due),
        table::owner(model, row, columns.owner),
        last,
    ]
}

fn category(model: &Model, row: &Row) -> String {
    let key = CATEGORIES.iter().find(|(category, _)| *category == row.category).map_or("unknown", |(_, key)| key);
    model.texts.get(key)
}

/// How often each stands, the most frequent first.
fn counted(of: impl Iterator<Item = String>, style: Style) -> Vec<(String, u64, Style)> {
    let mut counts: Vec<(String, u64, Style)> = Vec::new();
    for label in of {
        match counts.iter_mut().find(|(known, ..)| *known == label) {
            Some((_, count, _)) => *count += 1,
            None => counts.push((label, 1, style)),
        }
    }
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}
