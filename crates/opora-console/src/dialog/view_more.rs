//! The dialogs of many tickets, of what waits for the server, and of the rarer changes, drawn.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::ask::{Ask, Kind};
use super::bulk::{self, Bulk, Stage};
use super::effected::Effected;
use super::pending::PendingList;
use super::results::{self, Results};
use super::stale::Stale;
use super::view::{clock_words, fault, line_field, list};
use super::words::{change_words, field_name};
use crate::model::Model;
use crate::outbox::{Entry, Standing};
use crate::text::{clean_block, clean_line, cut, fit, fit_right, width, wrap};
use crate::{clock, seen};

/// The most lines that a value of a field takes.
const OF_A_FIELD: usize = 4;

pub(super) fn at(area: Rect, y: u16, height: u16) -> Rect {
    let y = y.min(area.height);
    Rect { y: area.y + y, height: height.min(area.height - y), ..area }
}

pub(super) fn bulk(model: &Model, frame: &mut Frame<'_>, area: Rect, dialog: &Bulk) {
    let theme = model.theme;
    match dialog.stage {
        Stage::Choose => {
            list(model, frame, area, dialog.choices.iter().map(|w| Line::raw(w.clone())).collect(), dialog.chosen);
        }
        Stage::Reason => {
            let lines: Vec<Line<'_>> = wrap(&before_the_line(model, dialog), area.width as usize)
                .into_iter()
                .take(area.height.saturating_sub(3).into())
                .map(|line| Line::styled(line, theme.dim()))
                .collect();
            let y = lines.len() as u16;
            frame.render_widget(Paragraph::new(lines), at(area, 0, y));
            let label = if dialog.kind == bulk::Kind::Tags { "tags-label" } else { "reason-label" };
            line_field(model, frame, at(area, y, 1), &format!("{} ", model.texts.get(label)), &dialog.reason, true);
        }
        Stage::Write => {
            let words = Line::styled(model.texts.get("write-public"), theme.public());
            frame.render_widget(Paragraph::new(words), at(area, 0, 1));
            frame.render_widget(dialog.area.widget(), at(area, 1, area.height));
        }
        Stage::Preview => preview(model, frame, area, dialog),
    }
    fault(model, frame, area, dialog.fault);
}

/// What is said above the line that is typed.
fn before_the_line(model: &Model, dialog: &Bulk) -> String {
    let texts = &model.texts;
    match dialog.kind {
        bulk::Kind::Priority => texts.get("reason-told"),
        bulk::Kind::Tags => {
            let counted = dialog.tags.counted();
            let tags: Vec<String> =
                counted.iter().map(|(tag, count)| format!("{} ({count})", clean_line(tag))).collect();
            match dialog.tags.fault() {
                Some(fault) => texts.get(fault),
                None if tags.is_empty() => texts.get("bulk-tags-none"),
                None => texts.with("bulk-tags-have", &[("tags", (&tags.join(", ")).into())]),
            }
        }
        bulk::Kind::Escalate => texts.get("escalate-untold"),
        _ => texts.get("reason-why"),
    }
}

fn preview(model: &Model, frame: &mut Frame<'_>, area: Rect, dialog: &Bulk) {
    let lower = if dialog.is_many() { 3 } else { 1 };
    each(model, frame, at(area, 0, area.height.saturating_sub(lower)), &dialog.effected, dialog.top);
    if dialog.is_many() {
        let y = area.height.saturating_sub(2);
        let label = model.texts.with("bulk-confirm", &[("count", dialog.changing().into())]);
        line_field(model, frame, at(area, y, 1), &format!("{label} "), &dialog.count, true);
    }
}

/// What becomes of each, from this one on.
pub(super) fn each(model: &Model, frame: &mut Frame<'_>, area: Rect, all: &[Effected], top: usize) {
    let lines: Vec<Line<'static>> = all.iter().map(|one| effected(model, one, area.width as usize)).collect();
    // Where not all are seen the last line says how many more are sent to, and whether something has to be looked at.
    let fits = lines.len() <= area.height as usize;
    let shown = if fits { lines.len() } else { area.height.saturating_sub(1) as usize };
    let top = top.min(lines.len() - shown);
    let mut seen: Vec<Line<'_>> = lines.into_iter().skip(top).take(shown).collect();
    let below = all.get(top + shown..).unwrap_or_default();
    if !below.is_empty() {
        let more = model.texts.with("and-more", &[("count", below.len().into())]);
        let marked = below.iter().any(|one| one.is_sent() && !one.meanwhile.is_empty());
        let (mark, style) = if marked { ("! ", model.theme.bad()) } else { ("", model.theme.dim()) };
        seen.push(Line::styled(format!("{mark}{more}"), style));
    }
    frame.render_widget(Paragraph::new(seen), area);
}

fn effected(model: &Model, one: &Effected, wide: usize) -> Line<'static> {
    let (theme, texts) = (model.theme, &model.texts);
    let mut after = one.after.clone();
    if let Some(preview) = &one.preview {
        let due = clock_words(model, preview.resolution.as_ref());
        // A first answer that is given is not owed again.
        let answer = Some(preview.first_response.as_ref()).filter(|answer| clock::Face::of(*answer).is_unmet());
        let answer = answer.map(|answer| format!("{} → ", clock_words(model, answer))).unwrap_or_default();
        after = format!("{after} · {answer}{due}");
    }
    let number = fit_right(&format!("#{}", one.number), 8);
    let change = match (one.same, one.doubtful) {
        _ if one.left.is_some() => {
            format!("{} · {}", one.left.as_deref().unwrap_or_default(), texts.get("bulk-left-out"))
        }
        _ if !one.meanwhile.is_empty() => meanwhile_words(one, &after),
        (true, _) => format!("{} · {}", one.after, texts.get("bulk-same")),
        // What matters most comes first: a narrow window cuts the end.
        (false, true) => format!("✗ {} · {} → {}", texts.get("bulk-doubtful"), one.before, after),
        (false, false) => format!("{} → {}", one.before, after),
    };
    let room = wide.saturating_sub(10);
    let subject = fit(&clean_line(&one.subject), (room * 2 / 5).max(8));
    let style = if one.is_sent() { theme.plain() } else { theme.dim() };
    let rest = room.saturating_sub(width(&subject) + 1);
    let change_style = match () {
        () if one.left.is_some() => style,
        () if !one.meanwhile.is_empty() => theme.bad(),
        () if one.doubtful => theme.warning(),
        () => style,
    };
    Line::from(vec![
        Span::styled(format!("{number} {subject} "), style),
        Span::styled(cut(&change, rest), change_style),
    ])
}

/// Who changed it, what it is now and will be, then what they did: a narrow window cuts the end.
fn meanwhile_words(one: &Effected, after: &str) -> String {
    let (who, what) = one.meanwhile.split_first().map_or(("", &[][..]), |(who, what)| (who.as_str(), what));
    format!("! {who} · {} → {after} · {}", one.before, what.join(" · "))
}

/// `why · subject`; a ticket that left the list has none here.
fn joined(why: &str, subject: &str) -> String {
    if subject.is_empty() { why.to_owned() } else { format!("{why} · {subject}") }
}

pub(super) fn results(model: &Model, frame: &mut Frame<'_>, area: Rect, dialog: Results) {
    let theme = model.theme;
    let wide = area.width as usize;
    let line = |one: &results::Outcome| {
        let number = fit_right(&format!("#{}", one.number), 8);
        let subject = clean_line(&one.subject);
        match &one.why {
            None => Line::from(vec![
                Span::styled(format!("√{number} "), theme.good()),
                Span::raw(cut(&subject, wide.saturating_sub(12))),
            ]),
            Some(why) => Line::from(vec![
                if one.left_out {
                    Span::styled(format!("–{number} "), theme.warning())
                } else {
                    Span::styled(format!("✗{number} "), theme.bad())
                },
                Span::raw(cut(&joined(why, &subject), wide.saturating_sub(12))),
            ]),
        }
    };
    let sorted = results::sorted(&model.results);
    let why = sorted.get(dialog.chosen).and_then(|one| one.why.as_deref()).unwrap_or_default();
    let whole: Vec<Line<'_>> = wrap(why, wide).into_iter().map(|line| Line::styled(line, theme.bad())).collect();
    let lower = if why.is_empty() { 0 } else { (whole.len() as u16).min(area.height / 2) };
    let upper = at(area, 0, area.height - lower);
    list(model, frame, upper, sorted.into_iter().map(line).collect(), dialog.chosen);
    frame.render_widget(Paragraph::new(whole), at(area, area.height - lower, lower));
}

pub(super) fn pending(model: &Model, frame: &mut Frame<'_>, area: Rect, dialog: &PendingList) {
    let (theme, texts) = (model.theme, &model.texts);
    let entries = model.outbox.entries();
    if entries.is_empty() {
        let words = Line::styled(texts.get("why-nothing-pending"), theme.dim());
        return frame.render_widget(Paragraph::new(words), area);
    }
    let line = |entry: &Entry| {
        let at = clock::moment(entry.queued.at, model.now, &model.zone);
        let (glyph, style) = match &entry.standing {
            Standing::Waiting => ("…", theme.warning()),
            Standing::Sent => ("~", theme.warning()),
            Standing::Refused(_) => ("✗", theme.bad()),
        };
        let words = change_words(model, &entry.queued.change);
        Line::from(vec![Span::styled(format!("{glyph} {at} "), style), Span::raw(words)])
    };
    let chosen = dialog.chosen.min(entries.len() - 1);
    let text = entries.get(chosen).and_then(|entry| entry.queued.change.what.text()).unwrap_or_default();
    let text = if text.is_empty() { Vec::new() } else { wrap(&clean_block(text), area.width as usize) };
    let room = (area.height / 2) as usize;
    let text: Vec<Line<'_>> = text.into_iter().take(room).map(Line::raw).collect();
    let lower = (3 + text.len() as u16).min(area.height);
    let upper = at(area, 0, area.height - lower);
    list(model, frame, upper, entries.iter().map(line).collect(), chosen);
    let words = match entries.get(chosen).map(|entry| (entry, &entry.standing)) {
        Some((entry, _)) if dialog.dropping.is_some() => {
            let what = change_words(model, &entry.queued.change);
            texts.with("outbox-drop", &[("what", (&what).into())])
        }
        Some((_, Standing::Refused(trouble))) => crate::update::sentence(model, trouble),
        Some((_, Standing::Sent)) => texts.get("write-sending"),
        _ => texts.get("outbox-waits"),
    };
    let lines: Vec<Line<'_>> = wrap(&words, area.width as usize).into_iter().map(Line::raw).collect();
    frame.render_widget(Paragraph::new(text), at(area, area.height - lower + 1, lower));
    let lower = 3.min(area.height);
    frame.render_widget(Paragraph::new(lines).style(theme.warning()), at(area, area.height - lower + 1, lower));
}

pub(super) fn stale(model: &Model, frame: &mut Frame<'_>, area: Rect, dialog: &Stale) {
    let (theme, texts) = (model.theme, &model.texts);
    let what = model.outbox.get(&dialog.id).map(|entry| change_words(model, &entry.queued.change)).unwrap_or_default();
    let wide = area.width as usize;
    let mut lines: Vec<Line<'static>> =
        wrap(&texts.with("stale-what", &[("what", (&what).into())]), wide).into_iter().map(Line::raw).collect();
    lines.push(Line::raw(""));
    let name = (wide / 5).clamp(8, 22);
    let column = wide.saturating_sub(name + 14) / 2;
    let row = |a: &str, b: &str, c: &str, d: &str| -> Vec<String> {
        let (b, c) = (wrap(b, column), wrap(c, column));
        let part = |lines: &[String], i: usize| lines.get(i).cloned().unwrap_or_default();
        let line = |i: usize| {
            let (a, d) = if i == 0 { (a, d) } else { ("", "") };
            format!("{} {} {} {}", fit(a, name), fit(&part(&b, i), column), fit(&part(&c, i), column), cut(d, 11))
        };
        (0..b.len().max(c.len()).clamp(1, OF_A_FIELD)).map(line).collect()
    };
    let head = row("", &texts.get("stale-saw"), &texts.get("stale-now"), &texts.get("stale-who"));
    lines.extend(head.into_iter().map(|line| Line::styled(line, theme.dim())));
    match dialog.differences(model) {
        None => lines.push(Line::styled(texts.get("detail-loading"), theme.dim())),
        Some(all) if all.is_empty() => lines.push(Line::styled(texts.get("stale-nothing"), theme.dim())),
        Some(all) => {
            for one in all {
                let (before, now) =
                    (seen::words(model, &one.field, &one.before), seen::words(model, &one.field, &one.now));
                let who = if one.who.is_empty() { "—".to_owned() } else { clean_line(model.agent_name(&one.who)) };
                let row = row(&field_name(model, &one.field), &before, &now, &who);
                lines.extend(row.into_iter().map(|line| Line::styled(line, theme.warning())));
            }
        }
    }
    frame.render_widget(Paragraph::new(lines), area);
    fault(model, frame, area, dialog.fault);
}

pub(super) fn ask(model: &Model, frame: &mut Frame<'_>, area: Rect, dialog: &Ask) {
    let (theme, texts) = (model.theme, &model.texts);
    let mut y = 0;
    let words = match dialog.kind {
        Kind::Unmerge => {
            let detail = model.details.ready(dialog.number);
            let target = detail.and_then(|l| l.ticket.merged_into.rsplit('/').next()).unwrap_or_default().to_owned();
            texts.with("ask-unmerge", &[("number", dialog.number.into()), ("target", (&target).into())])
        }
        Kind::Attach => texts.get("ask-attach"),
        Kind::Tags => texts.get("ask-tags"),
        Kind::EscalateTo => texts.get("escalate-untold"),
        Kind::MarkMatching => texts.get("ask-mark"),
        Kind::Fetch if dialog.waiting.is_some() => texts.get("detail-loading"),
        Kind::Fetch if dialog.choices.is_empty() => texts.get("files-none-here"),
        Kind::Unlink if dialog.choices.is_empty() => texts.get("detail-loading"),
        _ => String::new(),
    };
    if !words.is_empty() {
        let lines: Vec<Line<'_>> = wrap(&words, area.width as usize).into_iter().map(Line::raw).collect();
        y += lines.len() as u16;
        frame.render_widget(Paragraph::new(lines).style(theme.dim()), at(area, 0, y));
    }
    let lower = if dialog.line.is_some() { 3 } else { 1 };
    let rows = at(area, y, area.height.saturating_sub(y + lower));
    list(model, frame, rows, dialog.choices.iter().map(|(_, words)| Line::raw(words.clone())).collect(), dialog.chosen);
    names(model, frame, rows, &dialog.names);
    let nothing = dialog.kind == Kind::Fetch && dialog.choices.is_empty();
    if let Some(line) = dialog.line.as_ref().filter(|_| !nothing) {
        let label = match dialog.kind {
            Kind::Attach => "path-label",
            Kind::Fetch => "save-label",
            Kind::Tags => "tags-label",
            Kind::MarkMatching => "filter-label",
            _ => "reason-label",
        };
        let y = area.height.saturating_sub(2);
        line_field(model, frame, at(area, y, 1), &format!("{} ", texts.get(label)), line, true);
    }
    fault(model, frame, area, dialog.fault);
}

/// The names that fit a place that was begun, over what else stands there.
fn names(model: &Model, frame: &mut Frame<'_>, area: Rect, names: &[String]) {
    if names.is_empty() || area.height == 0 {
        return;
    }
    let lines: Vec<Line<'_>> = wrap(&clean_line(&names.join("  ")), area.width as usize)
        .into_iter()
        .take(area.height.into())
        .map(|line| Line::styled(line, model.theme.dim()))
        .collect();
    let below = at(area, area.height - lines.len() as u16, area.height);
    frame.render_widget(ratatui::widgets::Clear, below);
    frame.render_widget(Paragraph::new(lines), below);
}

/// The key of what is asked.
pub(super) fn ask_title(kind: Kind) -> &'static str {
    match kind {
        Kind::Impact => "action-impact",
        Kind::EscalateTo => "action-escalate-to",
        Kind::Deescalate => "action-deescalate",
        Kind::Unlink => "action-unlink",
        Kind::Unmerge => "action-unmerge",
        Kind::Tags => "action-tags",
        Kind::Attach => "action-attach",
        Kind::Fetch => "action-fetch",
        Kind::MarkMatching => "action-mark-matching",
    }
}

/// The key of a bulk change's title.
pub(super) fn bulk_title(kind: bulk::Kind) -> &'static str {
    match kind {
        bulk::Kind::Assign => "bulk-assign",
        bulk::Kind::Priority => "bulk-priority",
        bulk::Kind::State => "bulk-state",
        bulk::Kind::Reply => "bulk-reply",
        bulk::Kind::Escalate => "bulk-escalate",
        bulk::Kind::Tags => "bulk-tags",
    }
}

/// The key of the hint at each stage.
pub(super) fn bulk_hint(stage: &Stage) -> &'static str {
    match stage {
        Stage::Choose => "hint-choose",
        Stage::Reason => "hint-bulk-reason",
        Stage::Write => "hint-bulk-write",
        Stage::Preview => "hint-bulk-preview",
    }
}
