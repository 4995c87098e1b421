//! A ticket as a list of fields, so that what a person saw can be held against what it is now. Values are the
//! contract's words; what people read is made of them here too.

use opora_proto::v1::{self, ticket_event::Change};

use crate::detail::facts::channel_word;
use crate::dialog::checklist::STEPS;
use crate::model::Model;
use crate::outbox::Seen;
use crate::queue::row::Row;
use crate::text::clean_line;
use crate::theme::{priority_word, state_word};

/// What is on the screen of a ticket: all fields where it is open, else those of its row.
pub(crate) fn of(model: &Model, row: &Row) -> Seen {
    if let Some(loaded) = model.details.ready(row.number)
        && loaded.ticket.etag == row.etag()
    {
        return fields(&loaded.ticket);
    }
    let assignee = if row.owner.is_empty() { String::new() } else { format!("agents/{}", row.owner) };
    vec![
        ("subject".into(), row.subject()),
        ("priority".into(), row.priority.as_str_name().into()),
        ("state".into(), row.state.as_str_name().into()),
        ("assignee".into(), assignee),
        ("rung".into(), row.rung.to_string()),
    ]
}

/// The fields that a person can set.
pub(crate) fn fields(ticket: &v1::Ticket) -> Seen {
    let reporter = ticket.reporter.clone().unwrap_or_default();
    let number = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let links: Vec<String> = ticket.links.iter().map(|link| format!("#{}", number(&link.ticket))).collect();
    let steps = |item: &v1::ChecklistItem| {
        let done = if item.done { "√" } else { "·" };
        format!("{done}{} {}", item.step, item.note).trim_end().to_owned()
    };
    let checklist: Vec<String> = ticket.checklist.iter().map(steps).collect();
    let channels: Vec<&str> = ticket.channels().map(|channel| channel.as_str_name()).collect();
    let occurred = ticket.occur_time.as_ref().map(|time| time.seconds.to_string()).unwrap_or_default();
    let of = |field: &str, value: String| (field.to_owned(), clean_line(&value));
    vec![
        of("subject", ticket.subject.clone()),
        of("description", ticket.description.clone()),
        of("priority", ticket.priority().as_str_name().into()),
        of("impact", ticket.impact().as_str_name().into()),
        of("state", ticket.state().as_str_name().into()),
        of("assignee", ticket.assignee.clone()),
        of("rung", ticket.escalation.as_ref().map_or(0, |e| e.rung).to_string()),
        of("organisation", number(&ticket.organisation)),
        of("reporter", format!("{} {}", reporter.display_name, reporter.email).trim().to_owned()),
        of("category", ticket.category().as_str_name().into()),
        of("channels", channels.join(", ")),
        of("platform", ticket.platform().as_str_name().into()),
        of("requested-priority", ticket.requested_priority().as_str_name().into()),
        of("occur-time", occurred),
        of("workstations", ticket.workstations.join(", ")),
        of("tags", ticket.tags.join(", ")),
        of("checklist", checklist.join(", ")),
        of("links", links.join(", ")),
        of("merged-into", number(&ticket.merged_into)),
    ]
}

/// A field that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) field: String,
    pub(crate) before: String,
    pub(crate) now: String,
    /// The agent's id, or what else did it; empty where that is not known.
    pub(crate) who: String,
}

/// What changed since it was seen at `revision`, and by whom.
pub(crate) fn differences(seen: &Seen, revision: u64, now: &v1::Ticket, events: &[v1::TicketEvent]) -> Vec<Difference> {
    let now = fields(now);
    let differs = |(field, before): &(String, String)| {
        let (_, value) = now.iter().find(|(name, _)| name == field)?;
        let who = || {
            let later = |event: &&v1::TicketEvent| event.revision > revision && concerns(event, field);
            let event = events.iter().rev().find(later)?;
            Some(event.actor.as_ref()?.name.rsplit('/').next()?.to_owned())
        };
        (value != before).then(|| Difference {
            field: field.clone(),
            before: before.clone(),
            now: value.clone(),
            who: who().unwrap_or_default(),
        })
    };
    seen.iter().filter_map(differs).collect()
}

/// Whether an event may have changed a field.
fn concerns(event: &v1::TicketEvent, field: &str) -> bool {
    match &event.change {
        Some(Change::Assigned(_)) => field == "assignee",
        Some(Change::Reprioritised(_)) => matches!(field, "priority" | "impact"),
        Some(Change::Transitioned(_)) => field == "state",
        Some(Change::Escalated(_) | Change::Deescalated(_)) => field == "rung",
        Some(Change::Linked(_) | Change::Unlinked(_)) => field == "links",
        Some(Change::Merged(_) | Change::Unmerged(_)) => matches!(field, "merged-into" | "state"),
        Some(Change::Undone(_)) => true,
        Some(Change::Updated(update)) => {
            update.update_mask.as_ref().is_some_and(|mask| mask.paths.iter().any(|p| p.replace('_', "-") == field))
        }
        _ => false,
    }
}

/// A value in words that people read.
pub(crate) fn words(model: &Model, field: &str, value: &str) -> String {
    let texts = &model.texts;
    let word = match field {
        _ if value.is_empty() => return "—".to_owned(),
        "priority" | "requested-priority" => v1::Priority::from_str_name(value).map(priority_word),
        "state" => v1::TicketState::from_str_name(value).map(state_word),
        "impact" => v1::Impact::from_str_name(value).map(impact_word),
        "category" => v1::Category::from_str_name(value).map(category_word),
        "channels" => return value.split(", ").map(|name| channel(model, name)).collect::<Vec<_>>().join(", "),
        "checklist" => return checklist(model, value),
        "platform" => return platform(value).to_owned(),
        "assignee" => return clean_line(model.agent_name(value.trim_start_matches("agents/"))),
        "occur-time" => {
            let at = value.parse::<i64>().unwrap_or_default() * 1000;
            return crate::clock::moment(at, model.now, &model.zone);
        }
        _ => None,
    };
    word.map_or_else(|| clean_line(value), |word| texts.get(word))
}

fn channel(model: &Model, name: &str) -> String {
    v1::Channel::from_str_name(name).map_or_else(|| clean_line(name), |channel| model.texts.get(channel_word(channel)))
}

/// The steps as people know them: `√save-logs` is `√ save the logs`.
fn checklist(model: &Model, value: &str) -> String {
    STEPS.iter().fold(clean_line(value), |words, step| {
        let name = model.texts.get(&format!("step-{step}"));
        ["√", "·"].iter().fold(words, |words, sign| words.replace(&format!("{sign}{step}"), &format!("{sign} {name}")))
    })
}

fn platform(value: &str) -> &'static str {
    match v1::Platform::from_str_name(value) {
        Some(v1::Platform::V3) => "3.x",
        Some(v1::Platform::V5) => "5.x",
        _ => "—",
    }
}

/// The key of an impact's words.
pub(crate) fn impact_word(impact: v1::Impact) -> &'static str {
    let found = crate::dialog::create::IMPACTS.iter().find(|(value, _)| *value == impact);
    found.map_or("impact-unknown", |(_, word)| word)
}

/// The key of a category's words.
pub(crate) fn category_word(category: v1::Category) -> &'static str {
    let found = crate::dialog::create::CATEGORIES.iter().find(|(value, _)| *value == category);
    found.map_or("category-unknown", |(_, word)| word)
}
