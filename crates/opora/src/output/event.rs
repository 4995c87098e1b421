//! What happened to a ticket, in one line each.

use opora_proto::v1::{self, ticket_event::Change};

use super::{Out, Tone, bare, cell, short};
use crate::failure::Failure;
use crate::sanitise;

impl Out {
    /// A history as a table.
    pub(crate) fn events(&self, events: &[v1::TicketEvent]) -> Result<(), Failure> {
        let mut table = self.new_table(&["head-revision", "head-time", "head-actor", "head-what"]);
        for event in events {
            table.add_row(vec![
                cell(&event.revision.to_string()),
                cell(&self.wire_time(event.event_time.as_ref())),
                cell(&self.actor(event.actor.as_ref())),
                cell(&self.what(event)),
            ]);
        }
        self.table(&table)
    }

    /// An event of a watch as a line.
    pub(crate) fn event(&self, event: &v1::TicketEvent) -> Result<(), Failure> {
        let ticket = event.ticket.as_ref().map(|ticket| short(&ticket.name)).unwrap_or_default();
        let time = self.wire_time(event.event_time.as_ref());
        let left = if event.left_view { format!(" {}", self.text.get("watch-left")) } else { String::new() };
        let said = format!("{time}  {ticket}  {}: {}{left}", self.actor(event.actor.as_ref()), self.what(event));
        let tone = match event.change {
            Some(Change::SlaBreached(_) | Change::SlaNeglected(_)) => Tone::Bad,
            Some(Change::SlaWarned(_)) => Tone::Warn,
            _ => Tone::Plain,
        };
        self.toned(tone, &sanitise::line(&said))
    }

    fn actor(&self, actor: Option<&v1::Actor>) -> String {
        match actor {
            Some(actor) if !actor.name.is_empty() => bare(&actor.name).to_owned(),
            Some(actor) => self.text.word(actor.kind().as_str_name()),
            None => "—".to_owned(),
        }
    }

    /// What happened, with the reason where one was given.
    fn what(&self, event: &v1::TicketEvent) -> String {
        let said = self.change(event);
        let reason = sanitise::line(&event.reason);
        if reason.is_empty() { said } else { format!("{said} — {reason}") }
    }

    fn change(&self, event: &v1::TicketEvent) -> String {
        let text = &self.text;
        let ticket = event.ticket.clone().unwrap_or_default();
        match event.change.as_ref() {
            Some(Change::Created(change)) if change.follows.is_empty() => {
                let priority = text.word(ticket.priority().as_str_name());
                text.with("event-created", &[("priority", (&priority).into()), ("subject", (&ticket.subject).into())])
            }
            Some(Change::Created(change)) => {
                text.with("event-created-follows", &[("ticket", (&short(&change.follows)).into())])
            }
            Some(Change::Updated(change)) => {
                let fields = change.update_mask.as_ref().map(|mask| mask.paths.join(", ")).unwrap_or_default();
                text.with("event-updated", &[("fields", (&fields).into())])
            }
            Some(Change::Assigned(change)) if change.assignee.is_empty() => {
                text.with("event-unassigned", &[("assignee", bare(&change.previous_assignee).into())])
            }
            Some(Change::Assigned(change)) => {
                text.with("event-assigned", &[("assignee", bare(&change.assignee).into())])
            }
            Some(Change::Reprioritised(change)) => self.between(
                "event-reprioritised",
                change.previous_priority().as_str_name(),
                change.priority().as_str_name(),
            ),
            Some(Change::Transitioned(change)) => {
                self.between("event-transitioned", change.previous_state().as_str_name(), change.state().as_str_name())
            }
            Some(Change::Commented(change)) => {
                let comment = change.comment.clone().unwrap_or_default();
                let visibility = text.word(comment.visibility().as_str_name());
                let body = excerpt(&comment.body);
                text.with("event-commented", &[("visibility", (&visibility).into()), ("body", (&body).into())])
            }
            other => self.rarer_change(other),
        }
    }

    fn rarer_change(&self, change: Option<&Change>) -> String {
        let text = &self.text;
        match change {
            Some(Change::Escalated(change)) => {
                let rung = change.rung.to_string();
                text.with("event-escalated", &[("rung", (&rung).into()), ("whom", (&change.whom).into())])
            }
            Some(Change::Deescalated(change)) => {
                text.with("event-deescalated", &[("rung", (&change.rung.to_string()).into())])
            }
            Some(Change::Merged(change)) => self.pair("event-merged", &change.source, &change.target),
            Some(Change::Unmerged(change)) => self.pair("event-unmerged", &change.source, &change.target),
            Some(Change::Linked(change)) => {
                let link = change.link.clone().unwrap_or_default();
                let (kind, ticket) = (text.word(link.kind().as_str_name()), short(&link.ticket));
                text.with("event-linked", &[("kind", (&kind).into()), ("ticket", (&ticket).into())])
            }
            Some(Change::Unlinked(change)) => {
                let ticket = change.link.as_ref().map(|link| short(&link.ticket)).unwrap_or_default();
                text.with("event-unlinked", &[("ticket", (&ticket).into())])
            }
            Some(Change::Attached(change)) => {
                let file = change.attachment.clone().unwrap_or_default();
                let kind = text.word(file.log_kind().as_str_name());
                text.with("event-attached", &[("file", (&file.file_name).into()), ("kind", (&kind).into())])
            }
            Some(Change::PolicyApplied(change)) => {
                let arguments = [("from", (&change.previous_policy).into()), ("to", (&change.policy).into())];
                text.with("event-policy", &arguments)
            }
            Some(Change::Undone(change)) => {
                text.with("event-undone", &[("revision", (&change.undone_revision.to_string()).into())])
            }
            Some(Change::ImportFinished(_)) => text.get("event-import-finished"),
            other => self.clock_change(other),
        }
    }

    fn clock_change(&self, change: Option<&Change>) -> String {
        let text = &self.text;
        match change {
            Some(Change::SlaWarned(change)) => {
                let (clock, due) = (text.word(change.clock().as_str_name()), self.wire_time(change.due_time.as_ref()));
                let percent = change.percent.to_string();
                let arguments = [("clock", (&clock).into()), ("percent", (&percent).into()), ("time", (&due).into())];
                text.with("event-sla-warned", &arguments)
            }
            Some(Change::SlaBreached(change)) => {
                let clock = text.word(change.clock().as_str_name());
                let (time, cause) =
                    (self.wire_time(change.breach_time.as_ref()), text.word(change.cause().as_str_name()));
                let arguments = [("clock", (&clock).into()), ("time", (&time).into()), ("cause", (&cause).into())];
                text.with("event-sla-breached", &arguments)
            }
            Some(Change::ClocksRecomputed(change)) => {
                let previous = change.previous.clone().unwrap_or_default();
                let due = |clock: Option<v1::Clock>| {
                    let due = clock.and_then(|clock| clock.due_time);
                    due.as_ref().map_or_else(|| "—".to_owned(), |due| self.wire_time(Some(due)))
                };
                let (response, resolution) = (due(previous.first_response), due(previous.resolution));
                let arguments = [("response", (&response).into()), ("resolution", (&resolution).into())];
                text.with("event-clocks-recomputed", &arguments)
            }
            Some(Change::SlaNeglected(change)) => {
                let since = self.wire_time(change.since.as_ref());
                text.with("event-sla-neglected", &[("time", (&since).into())])
            }
            _ => text.get("event-unknown"),
        }
    }

    fn between(&self, key: &str, from: &str, to: &str) -> String {
        let (from, to) = (self.text.word(from), self.text.word(to));
        self.text.with(key, &[("from", (&from).into()), ("to", (&to).into())])
    }

    fn pair(&self, key: &str, source: &str, target: &str) -> String {
        let (source, target) = (short(source), short(target));
        self.text.with(key, &[("source", (&source).into()), ("target", (&target).into())])
    }
}

/// The beginning of a message, for one line.
fn excerpt(body: &str) -> String {
    let line = sanitise::line(body);
    let mut cut: String = line.chars().take(80).collect();
    if line.chars().nth(80).is_some() {
        cut.push('…');
    }
    cut
}
