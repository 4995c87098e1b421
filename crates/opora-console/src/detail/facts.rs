//! What is known of a ticket and what is missing, the steps that were tried; its logs and other files.

use opora_proto::v1::{self, LogKind};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::view::missing_word;
use crate::clock::{self, millis};
use crate::dialog::create::{CATEGORIES, IMPACTS};
use crate::ladder;
use crate::model::Model;
use crate::msg::Loaded;
use crate::text::{clean_line, fit, width, wrap};
use crate::theme::priority_word;

/// What is known, what is missing, what was tried.
pub(super) fn facts(model: &Model, loaded: &Loaded, wide: usize) -> Vec<Line<'static>> {
    let (texts, theme) = (&model.texts, model.theme);
    let ticket = &loaded.ticket;
    let mut lines = vec![heading(model, "facts-missing")];
    if ticket.missing_facts.is_empty() {
        lines.push(Line::styled(format!("  √ {}", texts.get("facts-complete")), theme.good()));
    }
    for fact in ticket.missing_facts() {
        lines.push(Line::styled(format!("  ✗ {}", texts.get(missing_word(fact))), theme.warning()));
    }
    lines.push(heading(model, "facts-checklist"));
    if ticket.checklist.is_empty() {
        lines.push(Line::styled(format!("  {}", texts.get("facts-nothing-tried")), theme.dim()));
    }
    for item in &ticket.checklist {
        let (glyph, style) = if item.done { ("√", theme.good()) } else { ("□", theme.plain()) };
        let note = if item.note.is_empty() { String::new() } else { format!(" — {}", clean_line(&item.note)) };
        let words = format!("{}{note}", step(model, &item.step));
        lines.extend(marked(glyph, style, &words, wide));
    }
    lines.push(heading(model, "facts-known"));
    let known = known(model, ticket);
    let label = known.iter().map(|(key, _)| width(&texts.get(key))).max().unwrap_or_default();
    for (key, value) in known {
        let mut words = wrap(&clean_line(&value), wide.saturating_sub(label + 4)).into_iter();
        let first = words.next().unwrap_or_default();
        lines.push(Line::from(vec![
            Span::styled(format!("  {}  ", fit(&texts.get(key), label)), theme.dim()),
            Span::raw(first),
        ]));
        lines.extend(words.map(|word| Line::raw(format!("{}{word}", " ".repeat(label + 4)))));
    }
    lines
}

/// The files, the logs first: which log each is, and whether it counts. Then the logs that are missing.
pub(super) fn files(model: &Model, loaded: &Loaded, wide: usize) -> Vec<Line<'static>> {
    let (texts, theme) = (&model.texts, model.theme);
    let is_log = |file: &&v1::Attachment| !matches!(file.log_kind(), LogKind::Unspecified | LogKind::Other);
    let (logs, others): (Vec<_>, Vec<_>) = loaded.attachments.iter().partition(is_log);
    let missing: Vec<_> = loaded.ticket.missing_facts().filter(|fact| is_log_fact(*fact)).collect();
    let mut lines = vec![heading(model, "files-logs")];
    if logs.is_empty() && missing.is_empty() {
        lines.push(Line::styled(format!("  {}", texts.get("files-none")), theme.dim()));
    }
    for file in logs {
        lines.extend(file_lines(model, file, wide));
    }
    for fact in missing {
        let words = texts.with("files-missing", &[("log", (&texts.get(missing_word(fact))).into())]);
        lines.push(Line::styled(format!("  ✗ {words}"), theme.warning()));
    }
    lines.push(heading(model, "files-others"));
    if others.is_empty() {
        lines.push(Line::styled(format!("  {}", texts.get("files-none")), theme.dim()));
    }
    for file in others {
        lines.extend(file_lines(model, file, wide));
    }
    lines
}

/// ` (from #67)` for what came with a merged ticket; nothing for a ticket's own.
pub(crate) fn from_ticket(model: &Model, name: &str) -> String {
    let Some(number) = name.rsplit('/').next().filter(|number| !number.is_empty()) else { return String::new() };
    format!(" ({})", model.texts.with("from-ticket", &[("number", number.into())]))
}

fn heading(model: &Model, key: &str) -> Line<'static> {
    Line::styled(model.texts.get(key), model.theme.title())
}

fn marked(glyph: &str, style: Style, words: &str, wide: usize) -> Vec<Line<'static>> {
    let mut words = wrap(words, wide.saturating_sub(4)).into_iter();
    let first = words.next().unwrap_or_default();
    let mut lines = vec![Line::from(vec![Span::styled(format!("  {glyph} "), style), Span::raw(first)])];
    lines.extend(words.map(|word| Line::raw(format!("    {word}"))));
    lines
}

fn file_lines(model: &Model, file: &v1::Attachment, wide: usize) -> Vec<Line<'static>> {
    let (texts, theme) = (&model.texts, model.theme);
    let (glyph, style) = if file.nearest { ("●", theme.good()) } else { ("·", theme.plain()) };
    let name = format!("{}{}", clean_line(&file.file_name), from_ticket(model, &file.from_ticket));
    let mut lines = marked(glyph, style, &name, wide);
    let mut facts = told_apart(model, file);
    if let Some(at) = millis(file.log_start_time.as_ref()) {
        let at = clock::moment(at, model.now, &model.zone);
        facts.push(texts.with("files-started", &[("at", (&at).into())]));
    }
    if file.nearest {
        facts.push(texts.get("files-nearest"));
    }
    lines.extend(
        wrap(&facts.join(" · "), wide.saturating_sub(4))
            .into_iter()
            .map(|l| Line::styled(format!("    {l}"), theme.dim())),
    );
    lines
}

/// By what a file is told from others of its name: how large it is, when it was attached and by whom.
pub(crate) fn told_apart(model: &Model, file: &v1::Attachment) -> Vec<String> {
    let at = millis(file.create_time.as_ref()).map(|at| clock::moment(at, model.now, &model.zone));
    let author = file.author.as_ref().and_then(|author| author.name.rsplit('/').next()).unwrap_or_default();
    let author = Some(clean_line(model.agent_name(author))).filter(|author| !author.is_empty());
    [Some(size(model, file.size)), at, author].into_iter().flatten().collect()
}

/// `412 KiB`.
pub(crate) fn size(model: &Model, bytes: u64) -> String {
    let (key, count) = match bytes {
        0..=1023 => ("size-bytes", bytes),
        1024..=1_048_575 => ("size-kib", bytes / 1024),
        _ => ("size-mib", bytes / 1_048_576),
    };
    model.texts.with(key, &[("count", count.into())])
}

fn is_log_fact(fact: v1::MissingFact) -> bool {
    use v1::MissingFact as Fact;
    matches!(fact, Fact::LogAgentdesktop | Fact::LogSoftphoneLink | Fact::LogBpclient | Fact::LogBrowserHost)
}

/// What a step is called; its own name, where the configuration added it.
fn step(model: &Model, step: &str) -> String {
    let key = match step {
        "sign-out-and-in" => "step-sign-out-and-in",
        "another-browser" => "step-another-browser",
        "restart-computer" => "step-restart-computer",
        "save-logs" => "step-save-logs",
        "send-request" => "step-send-request",
        other => return clean_line(other),
    };
    model.texts.get(key)
}

/// The facts that are there, each with the key of its name.
fn known(model: &Model, ticket: &v1::Ticket) -> Vec<(&'static str, String)> {
    let texts = &model.texts;
    let moment = |at: Option<&prost_types::Timestamp>| {
        millis(at).map(|at| clock::moment(at, model.now, &model.zone)).unwrap_or_default()
    };
    let word = |known: bool, key: &str| if known { texts.get(key) } else { String::new() };
    let category = CATEGORIES.iter().find(|(category, _)| *category == ticket.category()).map(|(_, key)| *key);
    let impact = IMPACTS.iter().find(|(impact, _)| *impact == ticket.impact()).map(|(_, key)| *key);
    let reporter = ticket.reporter.clone().unwrap_or_default();
    let channels: Vec<String> = ticket.channels().map(|channel| texts.get(channel_word(channel))).collect();
    let reference = |name: &str| name.rsplit('/').next().map(|n| format!("#{n}")).unwrap_or_default();
    let links: Vec<String> = ticket.links.iter().map(|link| reference(&link.ticket)).collect();
    let brought = ticket.merged_parts.iter();
    let brought = brought.flat_map(|part| {
        let from = from_ticket(model, &part.ticket);
        part.tags.iter().map(move |tag| format!("{tag}{from}"))
    });
    let tags = ticket.tags.iter().cloned().chain(brought);
    let requested = ticket.requested_priority();
    let all = [
        ("field-category", word(ticket.category() != v1::Category::Unspecified, category.unwrap_or("unknown"))),
        ("field-impact", word(ticket.impact() != v1::Impact::Unspecified, impact.unwrap_or("unknown"))),
        ("facts-requested", word(requested != v1::Priority::Unspecified, priority_word(requested))),
        ("facts-channels", channels.join(", ")),
        ("facts-workstations", ticket.workstations.join(", ")),
        ("facts-occurred", moment(ticket.occur_time.as_ref())),
        ("facts-created", moment(ticket.create_time.as_ref())),
        ("facts-resolved", moment(ticket.resolve_time.as_ref())),
        ("facts-reporter", format!("{} {}", reporter.display_name, reporter.email).trim().to_owned()),
        ("facts-tags", tags.collect::<Vec<_>>().join(", ")),
        ("facts-incident", if ticket.incident.is_empty() { String::new() } else { reference(&ticket.incident) }),
        ("facts-merged", if ticket.merged_into.is_empty() { String::new() } else { reference(&ticket.merged_into) }),
        ("facts-links", links.join(", ")),
        ("facts-external", ticket.external_id.clone()),
        ("facts-escalation", escalation(model, ticket)),
        ("facts-policy", ticket.sla.as_ref().map(|sla| sla.policy.clone()).unwrap_or_default()),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// On which rung it stands with whom, how they are reached, since when and why.
fn escalation(model: &Model, ticket: &v1::Ticket) -> String {
    let Some(escalation) = ticket.escalation.as_ref().filter(|escalation| escalation.rung > 0) else {
        return String::new();
    };
    let whom = ladder::whom(model, escalation.rung);
    let words = model.texts.with("ask-rung", &[("rung", escalation.rung.into()), ("whom", (&whom).into())]);
    let since = millis(escalation.since.as_ref()).map(|at| clock::moment(at, model.now, &model.zone));
    let since = since.map(|at| model.texts.with("facts-escalated-since", &[("at", (&at).into())]));
    let reached =
        ladder::rung(model, escalation.rung).map(|rung| [ladder::how(model, rung), ladder::when(model, rung)]);
    let parts = [Some(words), since].into_iter().flatten().chain(reached.into_iter().flatten());
    let parts = parts.chain([escalation.reason.clone()]).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" · ")
}

pub(crate) fn channel_word(channel: v1::Channel) -> &'static str {
    match channel {
        v1::Channel::Calls => "channel-calls",
        v1::Channel::Email => "channel-email",
        v1::Channel::Chat => "channel-chat",
        v1::Channel::Unspecified => "unknown",
    }
}
