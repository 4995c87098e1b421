//! A new ticket, and the fields that creating and editing have in common.

use std::sync::Arc;

use opora_core::command::NewTicket;
use opora_core::model::{AgentId, Channel, ChecklistItem, OrganisationId, Origin, Reporter};
use opora_proto::v1;

use super::word::Word as _;
use crate::errors::Violations;

const TAGS: usize = 50;
const WORKSTATIONS: usize = 200;
const CHANNELS: usize = 3;

/// A new ticket as asked for; what the server owns is not read. `steps`: the ids of the checklist.
pub(crate) fn new_ticket(wire: &v1::Ticket, steps: &[Arc<str>], wrong: &mut Violations) -> NewTicket {
    NewTicket {
        organisation: wrong.name("ticket.organisation", &wire.organisation, OrganisationId::from_name),
        reporter: wire.reporter.as_ref().map(|wire| reporter(wire, wrong)).unwrap_or_default(),
        subject: subject(&wire.subject, wrong),
        description: description(&wire.description, wrong),
        category: wrong.word("ticket.category", wire.category),
        channels: channels(&wire.channels, wrong),
        impact: wrong.word("ticket.impact", wire.impact),
        requested_priority: wrong.word("ticket.requested_priority", wire.requested_priority),
        platform: wrong.word("ticket.platform", wire.platform),
        occur_time: wrong.time("ticket.occur_time", wire.occur_time),
        workstations: workstations(&wire.workstations, wrong),
        checklist: checklist(&wire.checklist, steps, wrong),
        assignee: wrong.name("ticket.assignee", &wire.assignee, AgentId::from_name),
        tags: tags(&wire.tags, wrong),
        external_id: wrong.some_line("ticket.external_id", &wire.external_id, 200),
        origin: wrong.word("ticket.origin", wire.origin).unwrap_or(Origin::Grpc),
    }
}

pub(super) fn subject(text: &str, wrong: &mut Violations) -> Arc<str> {
    wrong.line("ticket.subject", text, 1, 500)
}

pub(super) fn description(text: &str, wrong: &mut Violations) -> Option<Arc<str>> {
    if text.is_empty() { None } else { Some(wrong.text("ticket.description", text, 0)) }
}

pub(super) fn reporter(wire: &v1::Reporter, wrong: &mut Violations) -> Reporter {
    Reporter {
        display_name: wrong.line("ticket.reporter.display_name", &wire.display_name, 0, 200),
        email: wrong.email("ticket.reporter.email", &wire.email, false),
    }
}

pub(super) fn channels(numbers: &[i32], wrong: &mut Violations) -> Vec<Channel> {
    if numbers.len() > CHANNELS {
        wrong.add("ticket.channels", "there may be 3, each once");
        return Vec::new();
    }
    let mut channels = Vec::with_capacity(numbers.len());
    for (n, number) in numbers.iter().enumerate() {
        match Channel::of(*number) {
            Some(channel) if channels.contains(&channel) => {
                wrong.add(format!("ticket.channels[{n}]"), "stands there already");
            }
            Some(channel) => channels.push(channel),
            None => wrong.add(format!("ticket.channels[{n}]"), format!("{number} is not a value of this field")),
        }
    }
    channels
}

pub(super) fn workstations(names: &[String], wrong: &mut Violations) -> Vec<Arc<str>> {
    if names.len() > WORKSTATIONS {
        wrong.add("ticket.workstations", "there may be 200");
        return Vec::new();
    }
    let read = |(n, name): (usize, &String)| wrong.line(Indexed("ticket.workstations", n), name, 1, 200);
    names.iter().enumerate().map(read).collect()
}

/// Tags as they were written, without the space around them. The domain puts them in order, each once.
pub(super) fn tags(tags: &[String], wrong: &mut Violations) -> Vec<Arc<str>> {
    if tags.len() > TAGS {
        wrong.add("ticket.tags", "there may be 50");
        return Vec::new();
    }
    let mut read: Vec<Arc<str>> = Vec::with_capacity(tags.len());
    for (n, tag) in tags.iter().enumerate() {
        read.push(wrong.line(Indexed("ticket.tags", n), tag.trim(), 1, 64));
    }
    read
}

pub(super) fn checklist(items: &[v1::ChecklistItem], steps: &[Arc<str>], wrong: &mut Violations) -> Vec<ChecklistItem> {
    if items.len() > steps.len() {
        wrong.add("ticket.checklist", format!("there are {} steps, each once", steps.len()));
        return Vec::new();
    }
    let mut read: Vec<ChecklistItem> = Vec::with_capacity(items.len());
    for (n, item) in items.iter().enumerate() {
        let Some(step) = steps.iter().find(|step| step.as_ref() == item.step) else {
            wrong.add(format!("ticket.checklist[{n}].step"), "is not a step of this desk");
            continue;
        };
        if read.iter().any(|seen| &seen.step == step) {
            wrong.add(format!("ticket.checklist[{n}].step"), "stands there already");
        }
        let note = wrong.line(format_args!("ticket.checklist[{n}].note"), &item.note, 0, 500);
        read.push(ChecklistItem { step: Arc::clone(step), done: item.done, note });
    }
    read
}

/// The path of an element.
struct Indexed(&'static str, usize);

impl std::fmt::Display for Indexed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}[{}]", self.0, self.1)
    }
}
