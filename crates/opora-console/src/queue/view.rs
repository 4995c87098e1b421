//! The queue drawn: the visible rows only, whatever their number.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::Left;
use super::row::Row;
use super::window::Hidden;
use crate::model::{Link, Model, Pane};
use crate::paint;
use crate::presence;
use crate::selection;
use crate::text::{clean_line, cut, fit, fit_right, width};
use crate::theme::{priority_glyph, state_glyph, state_word};

/// The columns of a row.
struct Columns {
    number: usize,
    customer: usize,
    subject: usize,
    due: usize,
    owner: usize,
}

impl Columns {
    fn of(wide: usize, number: usize) -> Self {
        // Cursor and mark, priority, state, and a space after each column.
        let fixed = 2 + 3 + 2 + number + 1;
        let rest = wide.saturating_sub(fixed);
        let (due, owner) = if wide >= 70 { (13, 9) } else { (12, 7) };
        let customer = (rest / 5).clamp(6, 24);
        let subject = rest.saturating_sub(customer + 1 + due + 1 + owner + 1);
        Self { number, customer, subject, due, owner }
    }
}

/// Draws the list in its frame; `rows` is the part for the rows.
pub(crate) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect, rows: Rect) {
    let theme = model.theme;
    let focused = model.pane == Pane::List && model.dialog.is_none();
    let height = rows.height as usize;
    let (above, below) = (model.queue.above(height, model.now), model.queue.below(height, model.now));
    let room = area.width.saturating_sub(4) as usize;
    let above = hidden(model, "hidden-above", above, room);
    let beside = room.saturating_sub(above.as_ref().map_or(0, Line::width));
    let title = Line::styled(cut(&title(model), beside), theme.title());
    paint::border(frame.buffer_mut(), area, theme.border(focused), &title, above.as_ref());
    on_the_frame(frame, area, area.bottom().saturating_sub(1), hidden(model, "hidden-below", below, room));
    if rows.height == 0 || rows.width < 20 {
        return;
    }
    let digits = model.queue.window(rows.height as usize).max().map_or(4, |n| n.to_string().len()).max(4);
    let columns = Columns::of(rows.width as usize, digits);
    let head = Rect { y: rows.y - 1, height: 1, ..rows };
    paint::line(frame.buffer_mut(), &headings(model, &columns), head);
    let lines: Vec<Line<'_>> = model
        .queue
        .window(rows.height as usize)
        .filter_map(|number| Some(line(model, model.queue.row(number)?, &columns, rows.width as usize)))
        .collect();
    if lines.is_empty() {
        let words = empty(model);
        let lines: Vec<Line<'_>> = crate::text::wrap(&words, rows.width as usize).into_iter().map(Line::raw).collect();
        frame.render_widget(Paragraph::new(lines).style(theme.dim()), rows);
        return;
    }
    paint::lines(frame.buffer_mut(), &lines, rows);
}

/// What of the rows that are not seen has to be known: how many, what burns among them, what came. None are hidden, or
/// there is no room: nothing.
pub(crate) fn hidden(model: &Model, key: &str, hidden: Hidden, room: usize) -> Option<Line<'static>> {
    if hidden.rows == 0 {
        return None;
    }
    let words = |key: &str, count: usize| model.texts.with(key, &[("count", count.into())]);
    let rows = words(key, hidden.rows);
    let mut burns = rows.clone();
    for (key, count) in [("new-critical", hidden.critical), ("hidden-breached", hidden.breached)] {
        if count > 0 {
            burns = format!("{burns}, {}", words(key, count));
        }
    }
    let mut all = burns.clone();
    if hidden.fresh > 0 {
        let critical = if hidden.fresh_critical > 0 {
            format!(" ({})", words("new-critical", hidden.fresh_critical))
        } else {
            String::new()
        };
        all = format!("{burns} {}{critical}", words("new-above", hidden.fresh));
    }
    let calm = hidden.critical + hidden.breached + hidden.fresh == 0;
    let style = if calm { model.theme.dim() } else { model.theme.warning() };
    // What burns stays longer than what came, and how many there are longest.
    let fitting =
        [all, burns, rows].into_iter().map(|words| format!(" {words} ")).find(|words| width(words) <= room)?;
    Some(Line::styled(fitting, style))
}

/// What burns or came below the rows that are seen; `None` where all there is calm.
pub(crate) fn burning_below(model: &Model, area: Rect, rows: Rect) -> Option<Line<'static>> {
    let below = model.queue.below(rows.height as usize, model.now);
    let burns = below.critical + below.breached + below.fresh > 0;
    hidden(model, "hidden-below", below, area.width.saturating_sub(4) as usize).filter(|_| burns)
}

/// Puts words at the right of a line of a frame.
pub(crate) fn on_the_frame(frame: &mut Frame<'_>, area: Rect, y: u16, words: Option<Line<'static>>) {
    let Some(words) = words.filter(|words| words.width() + 2 <= area.width as usize && area.height > 0) else { return };
    let wide = words.width() as u16;
    let at = Rect { x: area.right() - 1 - wide, y, width: wide, height: 1 };
    paint::line(frame.buffer_mut(), &words, at);
}

fn title(model: &Model) -> String {
    let queue = model.texts.get("queue-title");
    let filter = model.queue.filter.text();
    if filter.is_empty() { format!(" {queue} ") } else { format!(" {queue} · /{} ", clean_line(filter)) }
}

/// Whether a demo is offered in place of the desk that nobody named and that can't be reached.
pub(crate) fn offers_demo(model: &Model) -> bool {
    let away = matches!(&model.link, Link::Offline { why, .. } if why.is_empty());
    model.offers_demo && away && model.queue.len() == 0
}

/// Why there are no rows.
pub(crate) fn empty(model: &Model) -> String {
    let key = match &model.link {
        Link::Connecting | Link::CatchingUp => "queue-loading",
        Link::Offline { why, .. } if !why.is_empty() => return clean_line(why),
        Link::Offline { .. } if model.unnamed_server => {
            let key = if offers_demo(model) { "queue-no-server-key" } else { "queue-no-server" };
            return model.texts.with(key, &[("server", (&model.server).into())]);
        }
        Link::Offline { .. } => {
            return model.texts.with("queue-unreachable", &[("server", (&model.server).into())]);
        }
        Link::Live if !model.queue.filter.is_empty() => "queue-no-match",
        Link::Live => "queue-empty",
    };
    model.texts.get(key)
}

fn headings(model: &Model, columns: &Columns) -> Line<'static> {
    let get = |key: &str| model.texts.get(key);
    let words = format!(
        "  {} {} {} {} {} {}",
        fit(" P", 4),
        fit_right("#", columns.number),
        fit(&get("column-customer"), columns.customer),
        fit(&get("column-subject"), columns.subject),
        fit(&get("column-due"), columns.due),
        fit(&get("column-owner"), columns.owner),
    );
    Line::styled(words, model.theme.dim())
}

/// One row: cursor, mark, priority, state, number, customer, subject, clock, owner.
fn line(model: &Model, row: &Row, columns: &Columns, wide: usize) -> Line<'static> {
    let theme = model.theme;
    // Where another ticket is opened beside the list, the keys are about that one.
    let opened = model.peek.as_ref().is_some_and(|peek| peek.number != row.number);
    let at_cursor = model.queue.cursor() == Some(row.number);
    let selected = at_cursor && !opened;
    let ghost = model.queue.ghost(row.number);
    let base = match (ghost.is_some(), selected) {
        (true, _) => theme.dim(),
        _ => theme.plain(),
    };
    let breached = row.is_breached(model.now);
    let due_style = match row.key().class() {
        _ if breached => theme.bad(),
        0 => theme.bad(),
        1 if row.is_due_soon(model.now) => theme.warning(),
        2 => theme.dim(),
        _ => base,
    };
    let style = |style: Style| if ghost.is_some() { theme.dim() } else { style };
    let breach = if breached { "✗" } else { " " };
    let owner = if row.owner.is_empty() { "—" } else { &row.owner };
    let mut spans = vec![
        match at_cursor {
            true if opened => Span::styled("▏", theme.dim()),
            true => Span::styled("▌", style(theme.title())),
            false => Span::styled(" ", style(theme.title())),
        },
        if model.queue.marks.has(row.number) {
            // Full: an action is about it. Hollow: it is marked, but not now.
            let acts = selection::is_at_list(model) && model.queue.is_selected(row.number);
            if acts { Span::styled("◆", theme.title()) } else { Span::styled("◇", theme.dim()) }
        } else {
            Span::styled(mark(model, row), style(theme.warning()))
        },
        Span::styled(breach, style(theme.bad())),
        Span::styled(priority_glyph(row.priority), style(theme.priority(row.priority))),
        Span::styled(format!("{} ", state_glyph(row.state)), style(theme.dim())),
        Span::styled(format!("{} ", fit_right(&row.number.to_string(), columns.number)), base),
    ];
    if let Some(ghost) = ghost {
        let rest = columns.customer + columns.subject + columns.due + columns.owner + 3;
        let words = format!("{} · {}", left_words(model, &ghost.why), row.subject());
        spans.push(Span::styled(fit(&words, rest), base));
    } else {
        spans.push(Span::styled(format!("{} ", fit(&row.customer, columns.customer)), base));
        spans.extend(subject(model, row, columns.subject, base));
        spans.push(Span::styled(format!("{} ", fit(&row.short(model.now, &model.units), columns.due)), due_style));
        spans.push(Span::styled(fit(owner, columns.owner), if row.owner.is_empty() { theme.dim() } else { base }));
    }
    let used: usize = spans.iter().map(|span| width(&span.content)).sum();
    spans.push(Span::raw(" ".repeat(wide.saturating_sub(used))));
    let line = Line::from(spans);
    if selected { line.patch_style(theme.selected()) } else { line }
}

/// The subject, and at its end who else is at the ticket: glyph, name and what they do.
fn subject(model: &Model, row: &Row, columns: usize, base: Style) -> Vec<Span<'static>> {
    let most = (columns * 3 / 5).max(1);
    let Some((words, style)) = presence::of_row(model, row.number, most) else {
        return vec![Span::styled(format!("{} ", fit(&row.subject(), columns)), base)];
    };
    // The words are cut before the glyph is; a narrow column shows more of the subject than of them.
    let words = cut(&words, most);
    let room = columns.saturating_sub(width(&words) + 1);
    vec![Span::styled(format!("{} ", fit(&row.subject(), room)), base), Span::styled(format!("{words} "), style)]
}

/// What is to be known of a row at once: a change on its way, a draft, an answer, news.
pub(crate) fn mark(model: &Model, row: &Row) -> &'static str {
    match () {
        () if model.is_pending(row.number) => "~",
        () if model.is_undelivered(row.number) => "†",
        () if row.answered => "«",
        () if model.drafts.has(row.number) => "✎",
        () if model.queue.fresh.contains(&row.number) => "*",
        () if row.changed => "•",
        () => " ",
    }
}

/// Why a row no longer belongs where it stands.
pub(crate) fn left_words(model: &Model, why: &Left) -> String {
    match why {
        Left::State(state, who) => {
            let state = model.texts.get(state_word(*state));
            let who = clean_line(model.agent_name(who));
            model.texts.with("ghost-state", &[("state", (&state).into()), ("who", (&who).into())])
        }
        Left::Merged(target, who) => {
            let (target, who) = (target.to_string(), clean_line(model.agent_name(who)));
            let state = model.texts.with("merged-into", &[("number", (&target).into())]);
            model.texts.with("ghost-state", &[("state", (&state).into()), ("who", (&who).into())])
        }
        Left::Gone => model.texts.get("ghost-gone"),
        Left::Filtered => model.texts.get("ghost-filtered"),
        Left::Unlisted => model.texts.get("ghost-unlisted"),
    }
}
