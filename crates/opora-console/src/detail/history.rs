//! What happened to a ticket, a line for each event.

use opora_proto::v1::{self, ticket_event::Change};
use ratatui::text::{Line, Span};

use crate::clock::{self, millis};
use crate::model::Model;
use crate::msg::Loaded;
use crate::text::{clean_line, wrap};
use crate::theme::{priority_word, state_word};

/// The lines of a history, oldest first.
pub(super) fn lines(model: &Model, loaded: &Loaded, wide: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    let mut lines = Vec::new();
    for event in &loaded.events {
        let at = millis(event.event_time.as_ref()).unwrap_or_default();
        let at = clock::moment(at, model.now, &model.zone);
        let actor = event.actor.clone().unwrap_or_default();
        let id = actor.name.rsplit('/').next().unwrap_or_default().to_owned();
        let who = clean_line(model.agent_name(&id));
        let mut words = wrap(&format!("{who}: {}", what(model, event)), wide.saturating_sub(at.len() + 1)).into_iter();
        if let Some(first) = words.next() {
            lines.push(Line::from(vec![Span::styled(format!("{at} "), theme.dim()), Span::raw(first)]));
        }
        lines.extend(words.map(|line| Line::raw(format!("  {line}"))));
        if !event.reason.is_empty() {
            let reason = format!("  «{}»", clean_line(&event.reason));
            lines.extend(wrap(&reason, wide).into_iter().map(|l| Line::styled(l, theme.dim())));
        }
    }
    lines
}

/// What an event is, in a few words.
pub(crate) fn what(model: &Model, event: &v1::TicketEvent) -> String {
    let texts = &model.texts;
    let Some(change) = &event.change else { return texts.get("event-other") };
    match change {
        Change::Created(_) => texts.get("event-created"),
        Change::Updated(update) => {
            let fields = update.update_mask.as_ref().map(|mask| mask.paths.join(", ")).unwrap_or_default();
            texts.with("event-updated", &[("fields", (&clean_line(&fields)).into())])
        }
        Change::Assigned(a) if a.assignee.is_empty() => texts.get("event-unassigned"),
        Change::Assigned(a) => {
            let id = a.assignee.rsplit('/').next().unwrap_or_default();
            let who = clean_line(model.agent_name(id));
            texts.with("event-assigned", &[("who", (&who).into())])
        }
        Change::Reprioritised(r) => {
            let (from, to) = (texts.get(priority_word(r.previous_priority())), texts.get(priority_word(r.priority())));
            texts.with("event-reprioritised", &[("from", (&from).into()), ("to", (&to).into())])
        }
        Change::Escalated(e) => {
            let whom = clean_line(&e.whom);
            texts.with("event-escalated", &[("rung", e.rung.into()), ("whom", (&whom).into())])
        }
        Change::Deescalated(e) => texts.with("event-deescalated", &[("rung", e.rung.into())]),
        Change::Transitioned(t) => {
            let (from, to) = (texts.get(state_word(t.previous_state())), texts.get(state_word(t.state())));
            texts.with("event-transitioned", &[("from", (&from).into()), ("to", (&to).into())])
        }
        Change::Commented(c) => {
            let internal = c.comment.as_ref().is_some_and(|c| c.visibility() == v1::Visibility::Internal);
            texts.get(if internal { "event-noted" } else { "event-replied" })
        }
        Change::Merged(m) => tied(model, "event-merged", &m.source, &m.target),
        Change::Unmerged(m) => tied(model, "event-unmerged", &m.source, &m.target),
        Change::Linked(l) => link(model, "event-linked", l.link.as_ref()),
        Change::Unlinked(l) => link(model, "event-unlinked", l.link.as_ref()),
        Change::Attached(a) => {
            let file = clean_line(&a.attachment.clone().unwrap_or_default().file_name);
            texts.with("event-attached", &[("file", (&file).into())])
        }
        Change::SlaWarned(w) => {
            let clock = texts.get(clock_word(w.clock()));
            texts.with("event-warned", &[("clock", (&clock).into()), ("percent", w.percent.into())])
        }
        Change::SlaBreached(b) => {
            let clock = texts.get(clock_word(b.clock()));
            texts.with("event-breached", &[("clock", (&clock).into())])
        }
        Change::SlaNeglected(_) => texts.get("event-neglected"),
        Change::PolicyApplied(p) => texts.with("event-policy", &[("policy", (&clean_line(&p.policy)).into())]),
        Change::Undone(_) => texts.get("event-undone"),
        Change::ImportFinished(_) => texts.get("event-import-finished"),
        Change::ClocksRecomputed(_) => texts.get("event-clocks-recomputed"),
    }
}

fn tied(model: &Model, key: &str, source: &str, target: &str) -> String {
    let number = |name: &str| format!("#{}", clean_line(name.rsplit('/').next().unwrap_or_default()));
    model.texts.with(key, &[("source", (&number(source)).into()), ("target", (&number(target)).into())])
}

fn link(model: &Model, key: &str, link: Option<&v1::TicketLink>) -> String {
    let name = link.map(|link| link.ticket.as_str()).unwrap_or_default();
    let number = format!("#{}", clean_line(name.rsplit('/').next().unwrap_or_default()));
    model.texts.with(key, &[("number", (&number).into())])
}

fn clock_word(clock: v1::ClockKind) -> &'static str {
    match clock {
        v1::ClockKind::FirstResponse => "clock-first-response",
        v1::ClockKind::Resolution => "clock-resolution",
        v1::ClockKind::Unspecified => "unknown",
    }
}
