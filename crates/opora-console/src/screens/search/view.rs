//! The search drawn: the line, what is told of the answer, the rows.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Answer, row};
use crate::clock;
use crate::dialog::Dialog;
use crate::model::Model;
use crate::queue::row::Row;
use crate::screens::table::{self, Cell};
use crate::text::{clean_line, cut};
use crate::theme::state_word;

/// The parts of the screen.
struct Parts {
    line: Rect,
    told: Rect,
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
    let rows = Rect { y: inner.y + 3, height: inner.height.saturating_sub(3), ..inner };
    Parts { line: line(0), told: line(1), head: line(2), rows }
}

/// Where the rows stand.
pub(in crate::screens) fn rows_area(area: Rect) -> Rect {
    parts(area).rows
}

/// Where the text is typed.
pub(crate) fn line_area(area: Rect) -> Rect {
    parts(area).line
}

/// Draws the screen; the line is the dialog's while it is typed in.
pub(in crate::screens) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect, shown: &[u64]) {
    let (texts, theme) = (&model.texts, model.theme);
    let search = &model.screens.search;
    frame.render_widget(table::frame_of(model, &texts.get("search-title"), true, area.width), area);
    let parts = parts(area);
    if parts.rows.height == 0 {
        return;
    }
    if !matches!(model.dialog, Some(Dialog::Search(_))) {
        let words = cut(&clean_line(&search.text), (parts.line.width as usize).saturating_sub(2));
        let line = Line::from(vec![Span::styled("/ ", theme.dim()), Span::raw(words)]);
        frame.render_widget(Paragraph::new(line), parts.line);
    }
    frame.render_widget(Paragraph::new(told(model, parts.told.width as usize)), parts.told);
    if shown.is_empty() {
        return;
    }
    let wide = parts.rows.width as usize;
    let digits = table::digits(shown);
    let columns = Columns::of(wide, digits);
    let heads = [
        (columns.state, texts.get("column-state")),
        (columns.customer, texts.get("column-customer")),
        (columns.subject, texts.get("column-subject")),
        (columns.due, texts.get("column-due")),
        (columns.owner, texts.get("column-owner")),
    ];
    frame.render_widget(Paragraph::new(table::headings(model, digits, &heads)), parts.head);
    let height = parts.rows.height as usize;
    let lines: Vec<Line<'_>> = shown
        .iter()
        .skip(search.list.top(shown, height))
        .take(height)
        .map(|number| {
            let Some((row, ghost)) = row(model, *number) else { return table::gone(model, *number, digits) };
            let cells = cells(model, row, &columns);
            table::line(model, row, search.list.cursor() == Some(*number), ghost, digits, cells, wide)
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), parts.rows);
    table::hidden(model, frame, area, shown, search.list.top(shown, height), height);
}

/// What is to be known of the answer.
fn told(model: &Model, wide: usize) -> Line<'static> {
    let (texts, theme) = (&model.texts, model.theme);
    let search = &model.screens.search;
    let (words, style) = match (&search.answer, &search.instead) {
        (Answer::None, _) => (texts.get("search-how"), theme.dim()),
        (Answer::Waiting, _) => (texts.get("search-waiting"), theme.dim()),
        (Answer::Failed(why), _) => (clean_line(why), theme.bad()),
        (Answer::Here, _) if search.count() == 0 => (texts.get("search-nothing"), theme.warning()),
        (Answer::Here, instead) => {
            let key = if search.has_more() { "search-found-more" } else { "search-found" };
            let mut words = texts.with(key, &[("count", search.count().into())]);
            if search.asking {
                words = format!("{words} · {}", texts.get("search-waiting"));
            }
            match instead {
                None => (words, theme.plain()),
                Some(instead) => {
                    let (typed, instead) = (clean_line(&search.text), clean_line(instead));
                    let swapped = [("typed", (&typed).into()), ("instead", (&instead).into())];
                    (format!("{} · {words}", texts.with("search-instead", &swapped)), theme.warning())
                }
            }
        }
    };
    Line::styled(cut(&words, wide), style)
}

struct Columns {
    state: usize,
    customer: usize,
    subject: usize,
    due: usize,
    owner: usize,
}

impl Columns {
    fn of(wide: usize, digits: usize) -> Self {
        let (due, owner) = (13, 9);
        let free = wide.saturating_sub(table::lead(digits) + due + owner + 5);
        let state = (free / 4).min(22);
        let customer = (free / 4).min(24);
        Self { state, customer, subject: free.saturating_sub(state + customer), due, owner }
    }
}

fn cells(model: &Model, row: &Row, columns: &Columns) -> Vec<Cell> {
    let theme = model.theme;
    let due = if row.key().class() == 3 {
        let at = row.resolution().met.map_or_else(|| "—".to_owned(), |at| clock::moment(at, model.now, &model.zone));
        Cell::new(columns.due, at, theme.dim())
    } else {
        table::due(model, row, columns.due)
    };
    vec![
        Cell::new(columns.state, model.texts.get(state_word(row.state)), theme.plain()),
        Cell::new(columns.customer, row.customer.to_string(), theme.plain()),
        Cell::new(columns.subject, row.subject(), theme.plain()),
        due,
        table::owner(model, row, columns.owner),
    ]
}
