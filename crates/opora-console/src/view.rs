//! `view`: the model drawn as one frame. Changes nothing.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};

use crate::actions;
use crate::header::header;
use crate::layout::{LEAST, Regions, layout};
use crate::model::{Level, Model};
use crate::notice::{notice, words};
use crate::{detail, dialog, hint, paint, queue, screens, text};

/// The most lines of a message.
const TOAST: usize = 3;

/// Draws everything.
pub(crate) fn view(model: &Model, frame: &mut Frame<'_>) {
    let regions = layout(model, frame.area());
    if regions.too_small {
        return too_small(model, frame);
    }
    paint::line(frame.buffer_mut(), &header(model, regions.header.width as usize), regions.header);
    if let Some(area) = regions.list {
        queue::view::draw(model, frame, area, regions.rows);
    }
    if let Some(area) = regions.screen {
        screens::draw(model, frame, area);
    }
    if let Some(area) = regions.detail {
        detail::view::draw(model, frame, area);
    }
    footer(model, frame, regions.footer);
    let top = notices(model, frame, regions.footer);
    hint::draw(model, frame, regions.footer);
    if let Some(area) = regions.dialog {
        dialog::view::draw(model, frame, area);
    }
    toast(model, frame, top, &regions);
    paint::mend(frame.buffer_mut());
    model.depth.reduce(frame.buffer_mut());
}

/// What has to be known before anything is done, over the footer; gives what is left above it.
fn notices(model: &Model, frame: &mut Frame<'_>, footer: Rect) -> Rect {
    let Some(notice) = notice(model) else { return footer };
    let away = model.texts.get("notice-away");
    let lines = text::wrap(&format!(" ! {} · {away} ", words(model, notice)), footer.width as usize);
    let lines: Vec<Line<'_>> = lines.into_iter().take(4).map(|l| Line::styled(l, model.theme.warning())).collect();
    let height = (lines.len() as u16).min(footer.y);
    let area = Rect { y: footer.y - height, height, ..footer };
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines), area);
    area
}

fn too_small(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    let (width, height) = LEAST;
    let words =
        model.texts.with("too-small", &[("width", u32::from(width).into()), ("height", u32::from(height).into())]);
    let lines: Vec<Line<'_>> = text::wrap(&words, area.width as usize).into_iter().map(Line::from).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

fn footer(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.theme;
    let (at, shown) = actions::place(model);
    let place = format!("{at}/{shown} ");
    let room = area.width.saturating_sub(text::width(&place) as u16 + 1);
    let mut spans = vec![Span::raw(" ")];
    for (_, _, action) in actions::footer(model, room) {
        let (key, title) = actions::footer_text(model, action);
        // Under a dialog these keys are not to be had.
        let possible = model.dialog.is_none() && actions::why_not(model, action).is_none();
        let (key_style, style) = if possible { (theme.key(), theme.plain()) } else { (theme.dim(), theme.dim()) };
        spans.push(Span::styled(key, key_style));
        spans.push(Span::styled(format!(" {title}  "), style));
    }
    paint::line(frame.buffer_mut(), &Line::from(spans), area);
    let wide = (text::width(&place) as u16).min(area.width);
    let right = Rect { x: area.x + area.width - wide, width: wide, ..area };
    frame.render_widget(Clear, right);
    frame.render_widget(Paragraph::new(place), right);
}

/// The last message, over the last line above `area`; where a dialog stands there, below or above it. What burns below the
/// rows of the list stands on the same line: it gives way to the left, and the message takes more lines where that is
/// what it takes.
fn toast(model: &Model, frame: &mut Frame<'_>, area: Rect, regions: &Regions) {
    let Some(toast) = model.shown_toast() else { return };
    let (glyph, style) = match toast.level {
        Level::Done => ("√", model.theme.good()),
        Level::Warning => ("!", model.theme.warning()),
        Level::Refused => ("✗", model.theme.bad()),
    };
    let list = regions.list.filter(|list| list.bottom() == area.y);
    let below = list.and_then(|list| Some((list, queue::view::burning_below(model, list, regions.rows)?)));
    let said = text::clean_line(&toast.text);
    let whole = area.width.saturating_sub(8) as usize;
    let beside = below.as_ref().map(|(_, burning)| whole.saturating_sub(burning.width()));
    let beside = beside.map(|wide| text::wrap(&said, wide.max(1))).filter(|words| words.len() <= TOAST);
    let words = beside.unwrap_or_else(|| text::wrap(&said, whole));
    let lines: Vec<Line<'_>> = words
        .into_iter()
        .take(TOAST)
        .enumerate()
        .map(|(i, words)| Line::styled(format!(" {} {words} ", if i == 0 { glyph } else { " " }), style))
        .collect();
    let height = lines.len() as u16;
    let wide = lines.iter().map(Line::width).max().unwrap_or_default() as u16;
    let mut area =
        Rect { x: area.x + area.width.saturating_sub(wide + 2), y: area.y.saturating_sub(height), width: wide, height };
    if let Some(dialog) = regions.dialog.filter(|dialog| dialog.intersects(area)) {
        // The keys in the footer are not to be had under a dialog: there is room for a line more.
        let lower = Rect { y: area.y + 1, ..area };
        let above = dialog.y.saturating_sub(height).max(1);
        area.y = if dialog.intersects(lower) { above } else { lower.y };
    }
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines), area);
    if let Some((list, burning)) = below {
        let (wide, y) = (burning.width() as u16, list.bottom() - 1);
        let at = Rect { x: area.x.saturating_sub(wide), y, width: wide, height: 1 };
        let covered = area.y <= y && y < area.bottom() && area.x < list.right() - 1;
        if covered && at.x > list.x {
            paint::line(frame.buffer_mut(), &burning, at);
        }
    }
}
