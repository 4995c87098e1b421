//! The detail pane drawn: what a ticket is, its clocks, what was written and what happened.

use jiff::tz::TimeZone;
use opora_proto::v1::{self, ActorKind, Visibility};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Detail, Tab, facts, history};
use crate::clock::{self, Face, State, millis};
use crate::layout::{layout, screen};
use crate::model::{Model, Pane};
use crate::msg::Loaded;
use crate::paint;
use crate::presence;
use crate::queue::row::Row;
use crate::text::{clean_block, clean_line, wrap};
use crate::theme::{priority_word, state_word};

/// A pane with fewer lines shows the conversation rather than all that is known of the ticket.
const LOW: u16 = 12;
/// How many lines tell who else is here at most.
const OTHERS: usize = 3;

/// Draws the pane.
pub(crate) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.theme;
    let focused = model.pane == Pane::Detail && model.dialog.is_none();
    let title = model.subject().map_or_else(String::new, |row| format!(" #{} ", row.number));
    let tab = match model.details.tab {
        Tab::Conversation => "tab-conversation",
        Tab::History => "tab-history",
        Tab::Facts => "tab-facts",
        Tab::Files => "tab-files",
    };
    let title = Line::styled(title, theme.title());
    let tab = Line::styled(format!(" v {} ", model.texts.get(tab)), theme.dim());
    let inner = paint::border(frame.buffer_mut(), area, theme.border(focused), &title, Some(&tab));
    let Some(row) = model.subject() else { return };
    let wide = inner.width as usize;
    let head = head(model, row, wide, inner.height);
    let head_height = (head.len() as u16).min(inner.height);
    paint::lines(frame.buffer_mut(), &head, Rect { height: head_height, ..inner });
    let rest = Rect { y: inner.y + head_height, height: inner.height - head_height, ..inner };
    if rest.height == 0 {
        return;
    }
    let body = body(model, row.number, wide);
    // The newest is at the bottom; the pane is scrolled up from there.
    let height = rest.height as usize;
    let most = body.len().saturating_sub(height);
    let top = most - model.details.scroll.min(most);
    let shown: Vec<Line<'_>> = body.into_iter().skip(top).take(height).collect();
    paint::lines(frame.buffer_mut(), &shown, rest);
}

/// How far the pane can be scrolled up.
pub(crate) fn most_scroll(model: &Model) -> usize {
    let (Some(area), Some(row)) = (layout(model, screen(model)).detail, model.subject()) else { return 0 };
    let (wide, high) = (area.width.saturating_sub(2) as usize, area.height.saturating_sub(2) as usize);
    let room = high.saturating_sub(head(model, row, wide, high as u16).len());
    body(model, row.number, wide).len().saturating_sub(room)
}

/// What the ticket is. In a low pane, as while an answer is written under it, the conversation has most of the room.
fn head(model: &Model, row: &Row, wide: usize, high: u16) -> Vec<Line<'static>> {
    let (theme, texts) = (model.theme, &model.texts);
    let mut lines: Vec<Line<'static>> =
        wrap(&row.subject(), wide).into_iter().take(2).map(|l| Line::styled(l, theme.title())).collect();
    let loaded = model.details.ready(row.number);
    // Whoever opened a part of another works on that.
    let into = loaded.and_then(|loaded| loaded.ticket.merged_into.rsplit('/').next()).filter(|into| !into.is_empty());
    let mut facts = vec![match into {
        Some(into) => texts.with("merged-into", &[("number", (&clean_line(into)).into())]),
        None => texts.get(state_word(row.state)),
    }];
    facts.extend(loaded.and_then(|l| platform(l.ticket.platform())).map(str::to_owned));
    if !row.customer.is_empty() {
        facts.push(row.customer.to_string());
    }
    facts.push(if row.owner.is_empty() { texts.get("nobody") } else { clean_line(model.agent_name(&row.owner)) });
    let priority_width = crate::text::width(&texts.get(priority_word(row.priority)));
    lines.push(Line::from(vec![
        Span::styled(texts.get(priority_word(row.priority)), theme.priority(row.priority)),
        Span::raw(crate::text::cut(&format!(" · {}", facts.join(" · ")), wide.saturating_sub(priority_width))),
    ]));
    if row.rung > 0 {
        // A line of its own: at the end of the other facts it would be cut.
        let whom = crate::ladder::whom(model, row.rung);
        let words = texts.with("rung", &[("rung", row.rung.into()), ("whom", (&whom).into())]);
        lines.extend(wrap(&words, wide).into_iter().take(2).map(|line| Line::styled(line, theme.warning())));
    }
    if let Some(ghost) = model.queue.ghost(row.number) {
        lines.push(Line::styled(crate::queue::view::left_words(model, &ghost.why), theme.dim()));
    }
    lines.extend(others(model, row.number, wide));
    let zone = loaded.and_then(|loaded| loaded.zone.as_ref());
    lines.extend(clock_lines(model, "clock-first-response", &row.first_response(), zone, wide));
    lines.extend(clock_lines(model, "clock-resolution", &row.resolution(), zone, wide));
    if let Some(loaded) = loaded {
        lines.extend(facts_lines(model, &loaded.ticket, wide));
    }
    if high < LOW {
        lines.truncate((high as usize / 3).saturating_sub(1));
    }
    lines.push(Line::styled("─".repeat(wide), theme.dim()));
    lines
}

/// Who else is here, and what was typed but did not go out.
fn others(model: &Model, number: u64, wide: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = model
        .presences
        .at(number)
        .into_iter()
        .map(|here| presence::told_as(model, here))
        .map(|(words, style)| Line::styled(crate::text::cut(&words, wide), style))
        .collect();
    if lines.len() > OTHERS {
        let more = lines.len() - OTHERS + 1;
        lines.truncate(OTHERS - 1);
        lines.push(Line::styled(model.texts.with("presence-more", &[("count", more.into())]), model.theme.dim()));
    }
    if model.is_undelivered(number) {
        let words = format!("† {}", model.texts.get("draft-undelivered"));
        lines.push(Line::styled(crate::text::cut(&words, wide), model.theme.bad()));
    } else if model.drafts.has(number) {
        let words = format!("✎ {}", model.texts.get("draft-waiting"));
        lines.push(Line::styled(crate::text::cut(&words, wide), model.theme.dim()));
    }
    lines
}

fn facts_lines(model: &Model, ticket: &v1::Ticket, wide: usize) -> Vec<Line<'static>> {
    let (theme, texts) = (model.theme, &model.texts);
    let mut lines = Vec::new();
    let requested = ticket.requested_priority();
    if requested != v1::Priority::Unspecified && requested != ticket.priority() {
        let word = texts.get(priority_word(requested));
        lines.push(Line::styled(texts.with("asked-for", &[("priority", (&word).into())]), theme.warning()));
    }
    if ticket.unassessed {
        lines.push(Line::styled(texts.get("unassessed"), theme.warning()));
    }
    if !ticket.missing_facts.is_empty() {
        let facts: Vec<String> = ticket.missing_facts().map(|fact| texts.get(missing_word(fact))).collect();
        let words = texts.with("missing", &[("facts", (&facts.join(", ")).into())]);
        lines.extend(wrap(&words, wide).into_iter().take(2).map(|l| Line::styled(l, theme.dim())));
    }
    lines
}

/// `resolution      ▓░░░ 6h, until 14:02`, and when that is for the customer where it is another time of day there.
fn clock_lines(model: &Model, key: &str, face: &Face, zone: Option<&TimeZone>, wide: usize) -> Vec<Line<'static>> {
    let mut line = clock_line(model, key, face);
    let due = face.due.filter(|_| face.state == State::Running);
    let (Some(due), Some(zone)) = (due, zone) else { return vec![line] };
    let at = clock::moment(due, model.now, zone);
    if at == clock::moment(due, model.now, &model.zone) {
        return vec![line];
    }
    let at = format!("{at} {}", clock::zone_name(due, zone));
    let words = model.texts.with("clock-customer", &[("at", (&at).into())]);
    if line.width() + crate::text::width(&words) + 3 <= wide {
        line.spans.push(Span::styled(format!(" · {words}"), model.theme.dim()));
        return vec![line];
    }
    let below = crate::text::cut(&format!("{:16}{words}", ""), wide);
    vec![line, Line::styled(below, model.theme.dim())]
}

fn clock_line(model: &Model, key: &str, face: &Face) -> Line<'static> {
    let (theme, texts, now) = (model.theme, &model.texts, model.now);
    let moment = |at: i64| clock::moment(at, now, &model.zone);
    let short = face.short(now, &model.units);
    let words = match (face.state, face.due, face.met) {
        (State::Met, _, Some(met)) => texts.with("clock-met", &[("at", (&moment(met)).into())]),
        (State::Continuous, ..) => {
            texts.with("clock-continuous", &[("age", (&model.units.span(now - face.start)).into())])
        }
        (State::Running, Some(due), _) => {
            texts.with("clock-until", &[("left", (&short).into()), ("at", (&moment(due)).into())])
        }
        (State::Paused, ..) => {
            let left = model.units.span(face.remaining.unwrap_or_default());
            texts.with("clock-paused", &[("left", (&left).into())])
        }
        (State::Stopped, ..) => texts.get("clock-stopped"),
        _ => "—".to_owned(),
    };
    let name = crate::text::fit(&texts.get(key), 15);
    let mut spans = vec![Span::styled(format!("{name} "), theme.dim()), Span::raw(words)];
    if face.is_breached(now) {
        spans.push(Span::styled(format!("  ✗ {}", texts.get("breached")), theme.bad()));
    }
    Line::from(spans)
}

fn body(model: &Model, number: u64, wide: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    match model.details.get(number) {
        None | Some(Detail::Loading(_)) => vec![Line::styled(model.texts.get("detail-loading"), theme.dim())],
        Some(Detail::Failed(trouble)) => {
            let words =
                if trouble.unreachable { model.texts.get("refused-unreachable") } else { trouble.message.clone() };
            wrap(&clean_line(&words), wide).into_iter().map(|l| Line::styled(l, theme.bad())).collect()
        }
        Some(Detail::Ready(loaded)) => {
            let lines = match model.details.tab {
                Tab::Conversation => conversation(model, loaded, wide),
                Tab::History => history::lines(model, loaded, wide),
                Tab::Facts => facts::facts(model, loaded, wide),
                Tab::Files => facts::files(model, loaded, wide),
            };
            before(model, loaded).into_iter().chain(lines).collect()
        }
    }
}

/// That there are older ones than those that are here.
fn before(model: &Model, loaded: &Loaded) -> Option<Line<'static>> {
    let more = match model.details.tab {
        Tab::Conversation => &loaded.more_comments,
        Tab::History => &loaded.more_events,
        Tab::Facts | Tab::Files => return None,
    };
    let key = if loaded.asking.is_some() { "detail-loading" } else { "detail-older" };
    (!more.is_empty()).then(|| Line::styled(model.texts.get(key), model.theme.dim()))
}

fn conversation(model: &Model, loaded: &Loaded, wide: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    let mut lines = Vec::new();
    let ticket = &loaded.ticket;
    if !ticket.description.is_empty() {
        let at = millis(ticket.create_time.as_ref()).unwrap_or_default();
        let reporter = ticket.reporter.clone().unwrap_or_default();
        let who = if reporter.display_name.is_empty() { reporter.email } else { reporter.display_name };
        let who = if who.is_empty() { model.texts.get("customer") } else { clean_line(&who) };
        let title = format!("{} {who}", clock::moment(at, model.now, &model.zone));
        lines.push(Line::styled(title, theme.customer()));
        lines.extend(text_lines(&ticket.description, wide));
    }
    for comment in &loaded.comments {
        lines.push(comment_title(model, comment));
        lines.extend(text_lines(&comment.body, wide));
    }
    if lines.is_empty() {
        lines.push(Line::styled(model.texts.get("detail-empty"), theme.dim()));
    }
    lines
}

/// `13:51 olga → public`.
pub(crate) fn comment_title(model: &Model, comment: &v1::Comment) -> Line<'static> {
    let (theme, texts) = (model.theme, &model.texts);
    let author = comment.author.clone().unwrap_or_default();
    let id = author.name.rsplit('/').next().unwrap_or_default().to_owned();
    let at = millis(comment.create_time.as_ref()).unwrap_or_default();
    let at = clock::moment(at, model.now, &model.zone);
    let from = super::facts::from_ticket(model, &comment.from_ticket);
    if author.kind() == ActorKind::Contact {
        let who = if comment.author_email.is_empty() { id } else { comment.author_email.clone() };
        return Line::styled(format!("{at} {} ✉{from}", clean_line(&who)), theme.customer());
    }
    let (word, style) = if comment.visibility() == Visibility::Internal {
        ("visibility-internal", theme.internal())
    } else {
        ("visibility-public", theme.public())
    };
    let who = clean_line(model.agent_name(&id));
    let word = format!("{}{from}", texts.get(word));
    Line::from(vec![Span::raw(format!("{at} {who} → ")), Span::styled(word, style)])
}

/// A text from outside, indented.
pub(crate) fn text_lines(text: &str, wide: usize) -> impl Iterator<Item = Line<'static>> {
    let text = clean_block(text.trim_end());
    wrap(&text, wide.saturating_sub(2)).into_iter().map(|line| Line::raw(format!("  {line}")))
}

fn platform(platform: v1::Platform) -> Option<&'static str> {
    match platform {
        v1::Platform::V3 => Some("3.x"),
        v1::Platform::V5 => Some("5.x"),
        v1::Platform::Unspecified => None,
    }
}

pub(super) fn missing_word(fact: v1::MissingFact) -> &'static str {
    use v1::MissingFact as Fact;
    match fact {
        Fact::OccurTime => "missing-time",
        Fact::Category => "missing-category",
        Fact::Channels => "missing-channels",
        Fact::Workstations => "missing-workstations",
        Fact::RequestedPriority => "missing-priority",
        Fact::Platform => "missing-platform",
        Fact::LogAgentdesktop => "missing-log-agentdesktop",
        Fact::LogSoftphoneLink => "missing-log-softphone",
        Fact::LogBpclient => "missing-log-bpclient",
        Fact::LogBrowserHost => "missing-log-host",
        Fact::Unspecified => "unknown",
    }
}
