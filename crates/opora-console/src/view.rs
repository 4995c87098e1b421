//! `view`: the model drawn as one frame. Changes nothing.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};

use crate::actions;
use crate::clock;
use crate::layout::{LEAST, layout};
use crate::model::{Level, Link, Model};
use crate::notice::{notice, words};
use crate::{detail, dialog, hint, paint, queue, screens, selection, text};

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
    toast(model, frame, top, regions.dialog);
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

/// The line at the top: what this is, whether it is live, who sits here, what burns, the time.
fn header(model: &Model, width: usize) -> Line<'static> {
    let theme = model.theme;
    let mut left = vec![Span::styled(" Opora ", theme.title()), badge(model), Span::raw("  ")];
    left.push(Span::styled(model.me.clone(), theme.plain()));
    left.extend(badges(model));
    let summary = model.summary();
    let count = |key: &str, count: usize| model.texts.with(key, &[("count", count.into())]);
    let calm = |style: Style, count: usize| if count == 0 { theme.dim() } else { style };
    let zone = clock::zone_name(model.now, &model.zone);
    let time = format!("{} {zone} ", clock::time_of_day(model.now, &model.zone));
    let right = [
        Span::styled(count("count-breached", summary.breached), calm(theme.bad(), summary.breached)),
        Span::styled(count("count-due-soon", summary.due_soon), calm(theme.warning(), summary.due_soon)),
        Span::raw(count("count-open", summary.open)),
        Span::raw(count("count-mine", summary.mine)),
        Span::raw(time),
    ];
    let wide = |spans: &[Span<'_>]| spans.iter().map(Span::width).sum::<usize>();
    // Where there is no room for all, the time and what burns stay longest.
    let mut right: Vec<Span<'static>> = right.into();
    let mut fits = |left: &[Span<'_>]| {
        while right.len() > 1 && wide(left) + wide(&right) + 2 * right.len() > width {
            let least = if right.len() > 3 { right.len() - 2 } else { right.len() - 1 };
            right.remove(least);
        }
        std::mem::take(&mut right)
    };
    let right = fits(&left);
    let gap = width.saturating_sub(wide(&left) + wide(&right) + 2 * right.len().saturating_sub(1));
    left.push(Span::raw(" ".repeat(gap)));
    for (i, span) in right.into_iter().enumerate() {
        if i > 0 {
            left.push(Span::raw("  "));
        }
        left.push(span);
    }
    Line::from(left)
}

/// What is marked, what waits for the server, and how far a file is.
fn badges(model: &Model) -> Vec<Span<'static>> {
    let (texts, theme) = (&model.texts, model.theme);
    let mut spans = Vec::new();
    let mut put = |key: &str, count: usize, style: Style| {
        if count > 0 {
            spans.push(Span::raw("  "));
            spans.push(Span::styled(texts.with(key, &[("count", count.into())]), style));
        }
    };
    let (waiting, refused) = model.outbox.counts();
    let acting = selection::count(model);
    put("badge-marked", acting, theme.title());
    put("badge-marked-apart", model.queue.marks.len().saturating_sub(acting), theme.dim());
    put("badge-waiting", waiting, theme.warning());
    put("badge-refused", refused, theme.bad());
    let suggested = model.suggestions.list.len();
    if suggested > 0 {
        // The way to them stands beside it: it is seldom seen.
        let (key, _) = actions::footer_text(model, actions::Action::Suggestions);
        let words = texts.with("badge-suggested", &[("count", suggested.into()), ("key", (&key).into())]);
        spans.push(Span::styled(format!("  {words}"), theme.warning()));
    }
    if let Some((_, done, size)) = &model.transfer {
        let percent = done.saturating_mul(100).checked_div(*size).unwrap_or(100);
        spans.push(Span::styled(format!("  ⇅ {percent} %"), theme.warning()));
    }
    spans
}

/// Whether what is on the screen is true now.
fn badge(model: &Model) -> Span<'static> {
    let (texts, theme) = (&model.texts, model.theme);
    match &model.link {
        Link::Connecting => {
            Span::styled(texts.with("link-connecting", &[("server", (&model.server).into())]), theme.warning())
        }
        Link::CatchingUp => Span::styled(texts.get("link-catching-up"), theme.warning()),
        Link::Live => {
            let revision = grouped(model.revision);
            Span::styled(texts.with("link-live", &[("revision", (&revision).into())]), theme.good())
        }
        Link::Offline { since, retry_at, .. } => {
            let since = clock::moment(*since, model.now, &model.zone);
            let mut words = texts.with("link-offline", &[("since", (&since).into())]);
            // Where the window is narrow the counts need the room.
            if model.size.0 >= 100 {
                let retry = if *retry_at > model.now {
                    let at = clock::to_the_second(*retry_at, &model.zone);
                    texts.with("link-retry", &[("at", (&at).into())])
                } else {
                    texts.get("link-trying")
                };
                words = format!("{words} · {retry}");
            }
            Span::styled(words, theme.bad())
        }
    }
}

/// `48 211`, with spaces that do not break.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(c);
    }
    out
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

/// The last message, over the last line above `area`; where a dialog stands there, below or above it.
fn toast(model: &Model, frame: &mut Frame<'_>, area: Rect, dialog: Option<Rect>) {
    let Some(toast) = model.shown_toast() else { return };
    let (glyph, style) = match toast.level {
        Level::Done => ("√", model.theme.good()),
        Level::Warning => ("!", model.theme.warning()),
        Level::Refused => ("✗", model.theme.bad()),
    };
    let words = text::wrap(&text::clean_line(&toast.text), area.width.saturating_sub(8) as usize);
    let lines: Vec<Line<'_>> = words
        .into_iter()
        .take(3)
        .enumerate()
        .map(|(i, words)| Line::styled(format!(" {} {words} ", if i == 0 { glyph } else { " " }), style))
        .collect();
    let height = lines.len() as u16;
    let wide = lines.iter().map(Line::width).max().unwrap_or_default() as u16;
    let mut area =
        Rect { x: area.x + area.width.saturating_sub(wide + 2), y: area.y.saturating_sub(height), width: wide, height };
    if let Some(dialog) = dialog.filter(|dialog| dialog.intersects(area)) {
        // The keys in the footer are not to be had under a dialog: there is room for a line more.
        let lower = Rect { y: area.y + 1, ..area };
        let above = dialog.y.saturating_sub(height).max(1);
        area.y = if dialog.intersects(lower) { above } else { lower.y };
    }
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines), area);
}
