//! Dialogs drawn. The words of the domain, the colours by meaning; a hint of its keys at the bottom of each.

use opora_proto::v1::{self, Priority, Visibility};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::field;
use super::priority::{PRIORITIES, Previews, PriorityDialog};
use super::{Dialog, palette, view_forms, view_more, view_tie, writing};
use crate::actions;
use crate::clock::Face;
use crate::meanwhile;
use crate::model::{Level, Model};
use crate::screens::incident::reply::ReplyToAll;
use crate::text::{clean_line, cut, fit, width, wrap};
use crate::theme::priority_word;

/// Draws the open dialog.
pub(crate) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let Some(dialog) = &model.dialog else { return };
    frame.render_widget(Clear, area);
    if let Dialog::Filter(filter) = dialog {
        let label = format!(" {} /", model.texts.get("filter-label"));
        return line_field(model, frame, area, &label, &filter.line, true);
    }
    if let Dialog::Search(search) = dialog {
        return line_field(model, frame, area, "/ ", &search.line, true);
    }
    let (title, hint, style) = titles(model, dialog);
    let block = Block::bordered().border_style(style).title(Line::styled(format!(" {title} "), style)).title_bottom(
        Line::styled(format!(" {} ", cut(&hint, area.width.saturating_sub(4) as usize)), model.theme.dim()),
    );
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let inner = meanwhile::draw(model, frame, inner, dialog);
    match dialog {
        Dialog::Choose(choose) => {
            let lines = choose.choices.iter().map(|(_, words)| Line::raw(words.clone())).collect();
            list(model, frame, inner, lines, choose.chosen);
            fault(model, frame, inner, choose.fault);
        }
        Dialog::Priority(d) => priority(model, frame, inner, d),
        Dialog::Reason(d) => d.draw(model, frame, inner),
        Dialog::Write(d) => writing::write(model, frame, inner, d),
        Dialog::Create(d) => writing::create(model, frame, inner, d),
        Dialog::Explain(d) => d.draw(model, frame, inner),
        Dialog::ReplyToAll(d) => reply_to_all(model, frame, inner, d),
        Dialog::Palette(d) => draw_palette(model, frame, inner, d),
        Dialog::Help(d) => {
            line_field(model, frame, inner, "/ ", &d.line, true);
            let rest = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
            let lines = d.matches(model).into_iter().map(|spec| action_line(model, spec, true)).collect();
            list(model, frame, rest, lines, d.chosen);
        }
        Dialog::Messages(d) => messages(model, frame, inner, *d),
        Dialog::Filter(_) | Dialog::Search(_) => {}
        Dialog::Ask(d) => view_more::ask(model, frame, inner, d),
        Dialog::Bulk(d) => view_more::bulk(model, frame, inner, d),
        Dialog::Checklist(d) => view_forms::checklist(model, frame, inner, d),
        Dialog::Fields(d) => view_forms::fields(model, frame, inner, d),
        Dialog::Pending(d) => view_more::pending(model, frame, inner, d),
        Dialog::Results(d) => view_more::results(model, frame, inner, *d),
        Dialog::Stale(d) => view_more::stale(model, frame, inner, d),
        Dialog::Suggest(d) => d.draw(model, frame, inner),
        Dialog::Tie(d) => view_tie::tie(model, frame, inner, d),
        Dialog::Confirm(d) => d.draw(model, frame, inner),
    }
    if let Some(why) = &model.refusal {
        refused(model, frame, inner, why);
    }
}

/// Why what was asked for was refused, at the foot of the dialog.
fn refused(model: &Model, frame: &mut Frame<'_>, area: Rect, why: &str) {
    let lines = wrap(&format!("! {}", clean_line(why)), area.width as usize);
    let lines: Vec<Line<'_>> = lines.into_iter().take(2).map(|line| Line::styled(line, model.theme.bad())).collect();
    let height = (lines.len() as u16).min(area.height);
    let area = Rect { y: area.y + area.height - height, height, ..area };
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines), area);
}

/// Title, hint and the colour of the frame.
fn titles(model: &Model, dialog: &Dialog) -> (String, String, Style) {
    let (texts, theme) = (&model.texts, model.theme);
    let numbered = |key: &str, number: u64| texts.with(key, &[("number", (&number.to_string()).into())]);
    let (title, hint, style) = match dialog {
        Dialog::Choose(d) if d.is_agent() => (numbered("title-assign", d.number), "hint-choose", theme.title()),
        Dialog::Choose(d) => (numbered("title-status", d.number), "hint-choose", theme.title()),
        Dialog::Priority(d) => (numbered("title-priority", d.number), "hint-priority", theme.title()),
        Dialog::Reason(d) => (numbered("title-escalate", d.number), "hint-escalate", theme.title()),
        Dialog::Explain(d) => (numbered("title-explain", d.number), "hint-explain", theme.title()),
        Dialog::Write(d) if d.snippets.is_some() => {
            (numbered("title-snippets", d.number), "hint-choose", writing::colour(model, d))
        }
        Dialog::Write(d) if d.visibility == Visibility::Public => {
            (numbered("title-reply", d.number), "hint-write", theme.public())
        }
        Dialog::Write(d) => (numbered("title-note", d.number), "hint-write", theme.internal()),
        Dialog::Create(_) => (texts.get("title-create"), "hint-create", theme.title()),
        Dialog::ReplyToAll(d) => (numbered("title-reply-all", d.parent), "hint-write", theme.public()),
        Dialog::Palette(_) => (texts.get("action-palette"), "hint-palette", theme.title()),
        Dialog::Help(_) => (texts.get("action-help"), "hint-help", theme.title()),
        Dialog::Messages(_) => (texts.get("action-messages"), "hint-messages", theme.title()),
        Dialog::Filter(_) | Dialog::Search(_) => (String::new(), "hint-choose", theme.title()),
        Dialog::Ask(d) => {
            let title = texts.get(view_more::ask_title(d.kind));
            let title = if d.number == 0 { title } else { format!("{title} · #{}", d.number) };
            let listed = d.line.is_some() && !d.choices.is_empty();
            (title, if listed { "hint-ask-list" } else { "hint-ask" }, theme.title())
        }
        Dialog::Bulk(d) => {
            let count = if matches!(d.stage, super::bulk::Stage::Preview) { d.changing() } else { d.picked.len() };
            let title = texts.with(view_more::bulk_title(d.kind), &[("count", count.into())]);
            let style = if d.kind == super::bulk::Kind::Reply { theme.public() } else { theme.title() };
            (title, view_more::bulk_hint(&d.stage), style)
        }
        Dialog::Checklist(d) => (numbered("title-checklist", d.number), "hint-checklist", theme.title()),
        Dialog::Fields(d) => {
            let long = d.field == super::fields::Field::Description;
            let hint = if long { "hint-fields-text" } else { "hint-fields" };
            (numbered("title-fields", d.number), hint, theme.title())
        }
        Dialog::Pending(_) => (texts.get("title-pending"), "hint-pending", theme.title()),
        Dialog::Results(_) => (texts.get("title-results"), "hint-results", theme.title()),
        Dialog::Stale(d) => (numbered("title-stale", d.number), "hint-stale", theme.bad()),
        Dialog::Confirm(d) => (d.title(model), "hint-confirm", theme.warning()),
        Dialog::Suggest(d) => (texts.get("action-suggestions"), d.hint(), theme.title()),
        Dialog::Tie(d) => {
            let title = texts.get(if d.merge { "action-merge" } else { "action-link" });
            let title = match d.picked.as_slice() {
                [one] if !d.marked => format!("{title} · #{}", one.number()),
                many => format!("{title} · {}", texts.with("count-tickets", &[("count", many.len().into())])),
            };
            (title, if d.merge { "hint-merge" } else { "hint-tie" }, theme.title())
        }
    };
    (title, texts.get(hint), style)
}

/// Cuts what has no room, with a sign that there is more; the columns that are used.
fn cut_spans(spans: &mut Vec<Span<'static>>, wide: usize) -> usize {
    let mut used = 0;
    for i in 0..spans.len() {
        let Some(span) = spans.get_mut(i) else { break };
        let own = width(&span.content);
        if used + own > wide {
            span.content = cut(&span.content, wide.saturating_sub(used)).into();
            used += width(&span.content);
            spans.truncate(i + 1);
            break;
        }
        used += own;
    }
    used
}

/// Lines of which one is chosen, scrolled so that it is seen.
pub(super) fn list(model: &Model, frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'static>>, chosen: usize) {
    let height = area.height as usize;
    // Nothing chosen, or what is no longer there: from the beginning.
    let top = if chosen < lines.len() { (chosen + 1).saturating_sub(height.max(1)) } else { 0 };
    let wide = area.width as usize;
    let shown: Vec<Line<'static>> = lines
        .into_iter()
        .enumerate()
        .skip(top)
        .take(height)
        .map(|(i, line)| {
            let mut spans = vec![Span::raw(if i == chosen { "▌ " } else { "  " })];
            spans.extend(line.spans);
            let used = cut_spans(&mut spans, wide);
            spans.push(Span::raw(" ".repeat(wide.saturating_sub(used))));
            let line = Line::from(spans);
            if i == chosen { line.patch_style(model.theme.selected()) } else { line }
        })
        .collect();
    frame.render_widget(Paragraph::new(shown), area);
}

pub(super) fn line_field(
    model: &Model,
    frame: &mut Frame<'_>,
    area: Rect,
    label: &str,
    line: &field::Line,
    active: bool,
) {
    let room = (area.width as usize).saturating_sub(width(label));
    let (shown, cursor) = line.shown(room);
    let style = if active { model.theme.key() } else { model.theme.dim() };
    let spans = vec![Span::styled(label.to_owned(), style), Span::raw(shown)];
    frame.render_widget(Paragraph::new(Line::from(spans)), Rect { height: 1, ..area });
    if active {
        frame.set_cursor_position((area.x + (width(label) + cursor) as u16, area.y));
    }
}

pub(super) fn fault(model: &Model, frame: &mut Frame<'_>, area: Rect, key: Option<&str>) {
    let Some(key) = key else { return };
    let last = Rect { y: area.y + area.height.saturating_sub(1), height: 1, ..area };
    frame.render_widget(Clear, last);
    frame.render_widget(Paragraph::new(Line::styled(format!("! {}", model.texts.get(key)), model.theme.bad())), last);
}

/// What a clock would be: when it is due, in the reader's zone.
pub(super) fn clock_words(model: &Model, clock: Option<&v1::Clock>) -> String {
    let face = Face::of(clock);
    let at = face.due.map(|due| crate::clock::moment(due, model.now, &model.zone));
    match (face.state, at) {
        (crate::clock::State::Continuous, _) => model.texts.get("clock-at-once"),
        (_, Some(at)) if face.is_breached(model.now) => format!("✗ {at}"),
        (crate::clock::State::Met, _) => model.texts.get("clock-met-short"),
        (_, Some(at)) => format!("{at} ({})", model.units.span(face.due.unwrap_or(model.now) - model.now)),
        _ => face.short(model.now, &model.units),
    }
}

fn priority(model: &Model, frame: &mut Frame<'_>, area: Rect, dialog: &PriorityDialog) {
    let (texts, theme) = (&model.texts, model.theme);
    let column = (area.width as usize).saturating_sub(16) / 2;
    let head = format!(
        "  {} {} {}",
        fit("", 13),
        fit(&texts.get("clock-first-response"), column.saturating_sub(1)),
        texts.get("clock-resolution")
    );
    frame.render_widget(Paragraph::new(Line::styled(head, theme.dim())), Rect { height: 1, ..area });
    let current = dialog.current(model);
    let line = |priority: &Priority| {
        let mut word = texts.get(priority_word(*priority));
        if Some(*priority) == current {
            word.push_str(" ●");
        }
        let (first, second) = match (dialog.preview(*priority), &dialog.previews) {
            (Some(p), _) => (clock_words(model, p.first_response.as_ref()), clock_words(model, p.resolution.as_ref())),
            (None, Previews::Loading) => ("…".to_owned(), "…".to_owned()),
            (None, _) => ("—".to_owned(), "—".to_owned()),
        };
        Line::from(vec![
            Span::styled(fit(&word, 14), theme.priority(*priority)),
            Span::raw(fit(&first, column)),
            Span::raw(cut(&second, column)),
        ])
    };
    let rows = Rect { y: area.y + 1, height: 4.min(area.height.saturating_sub(1)), ..area };
    list(model, frame, rows, PRIORITIES.iter().map(line).collect(), dialog.chosen);
    if area.height < 8 {
        return;
    }
    let below = |y: u16| Rect { y: area.y + y, height: 1, ..area };
    if let Previews::Failed(why) = &dialog.previews {
        let words = cut(&clean_line(why), area.width as usize);
        frame.render_widget(Paragraph::new(Line::styled(words, theme.bad())), below(5));
    }
    if dialog.typing {
        frame.render_widget(Paragraph::new(Line::styled(texts.get("reason-told"), theme.dim())), below(6));
        line_field(model, frame, below(7), &format!("{} ", texts.get("reason-label")), &dialog.reason, true);
    }
    fault(model, frame, area, dialog.fault);
}

/// A message to all tickets of an incident: to whom, then the text.
fn reply_to_all(model: &Model, frame: &mut Frame<'_>, area: Rect, dialog: &ReplyToAll) {
    let (texts, theme) = (&model.texts, model.theme);
    frame.render_widget(
        Paragraph::new(Line::styled(texts.get("write-public"), theme.public())),
        Rect { height: 1, ..area },
    );
    let to: Vec<String> = dialog.to.iter().map(|picked| format!("#{}", picked.number())).collect();
    let to = texts.with("reply-all-to", &[("count", dialog.to.len().into()), ("to", (&to.join(" ")).into())]);
    let to = Line::styled(cut(&to, area.width as usize), theme.dim());
    frame.render_widget(Paragraph::new(to), Rect { y: area.y + 1, height: 1.min(area.height - 1), ..area });
    let text = Rect { y: area.y + 2.min(area.height), height: area.height.saturating_sub(2), ..area };
    frame.render_widget(dialog.area.widget(), text);
    fault(model, frame, area, dialog.fault);
}

fn draw_palette(model: &Model, frame: &mut Frame<'_>, area: Rect, dialog: &palette::Palette) {
    line_field(model, frame, area, ": ", &dialog.line, true);
    let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let lines = dialog.matches(&model.texts).into_iter().map(|spec| action_line(model, spec, false)).collect();
    list(model, frame, rest, lines, dialog.chosen);
}

/// An action with its keys: its help, or its title and name; greyed with the reason where it is not possible.
fn action_line(model: &Model, spec: &actions::Spec, help: bool) -> Line<'static> {
    let (theme, texts) = (model.theme, &model.texts);
    let keys = format!("{} ", fit(&palette::keys_of(model, spec), 18));
    let words = texts.get(&format!("{}-{}", if help { "help" } else { "action" }, spec.id));
    let words = if help { words } else { format!("{} ({})", words, spec.id) };
    match actions::why_not(model, spec.action) {
        None => Line::from(vec![Span::styled(keys, theme.key()), Span::raw(words)]),
        Some(why) => Line::styled(format!("{keys}{words} — {}", texts.get(why)), theme.dim()),
    }
}

fn messages(model: &Model, frame: &mut Frame<'_>, area: Rect, dialog: super::messages::Messages) {
    let theme = model.theme;
    let line = |toast: &crate::model::Toast| {
        let (glyph, style) = match toast.level {
            Level::Done => ("√", theme.good()),
            Level::Warning => ("!", theme.warning()),
            Level::Refused => ("✗", theme.bad()),
        };
        let at = crate::clock::moment(toast.at, model.now, &model.zone);
        let room = (area.width as usize).saturating_sub(width(&at) + 5);
        let words = cut(&clean_line(&toast.text), room);
        Line::from(vec![Span::styled(format!("{at} {glyph} "), style), Span::raw(words)])
    };
    if model.toasts.is_empty() {
        frame.render_widget(Paragraph::new(Line::styled(model.texts.get("messages-none"), theme.dim())), area);
        return;
    }
    let chosen = model.toasts.iter().rev().nth(dialog.chosen).filter(|_| dialog.technical);
    let whole = |text: &str, style: Style| {
        let lines = wrap(&clean_line(text), area.width as usize);
        lines.into_iter().map(move |line| Line::styled(line, style))
    };
    let told = chosen.map(|toast| {
        let technical = if toast.technical.is_empty() { "—" } else { &toast.technical };
        whole(&toast.text, theme.plain()).chain(whole(technical, theme.dim())).collect::<Vec<_>>()
    });
    let lower = told.as_ref().map_or(0, |lines| lines.len() as u16 + 1).min(area.height * 2 / 3);
    let upper = Rect { height: area.height.saturating_sub(lower), ..area };
    list(model, frame, upper, model.toasts.iter().rev().map(line).collect(), dialog.chosen);
    if let Some(mut lines) = told {
        lines.insert(0, Line::styled("─".repeat(area.width as usize), theme.dim()));
        frame.render_widget(Paragraph::new(lines), Rect { y: upper.y + upper.height, height: lower, ..area });
    }
}
