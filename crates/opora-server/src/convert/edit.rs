//! The fields that `UpdateTicket` edits, and what they were.

use std::sync::Arc;

use opora_core::event::Edit;
use opora_core::model::OrganisationId;
use opora_proto::v1;
use prost_types::FieldMask;

use super::new_ticket as read;
use super::ticket::{checklist, reporter_to_wire};
use super::time::timestamp;
use super::word::{Word as _, number};
use crate::errors::Violations;

/// What a mask may name.
const FIELDS: &str = "subject, description, category, channels, platform, ...";

/// The edit that a mask takes from a ticket. `steps`: the ids of the checklist.
pub(crate) fn edit(wire: &v1::Ticket, mask: Option<&FieldMask>, steps: &[Arc<str>], wrong: &mut Violations) -> Edit {
    let mut edit = Edit::default();
    let paths = mask.map(|mask| mask.paths.as_slice()).unwrap_or_default();
    if paths.is_empty() {
        wrong.add("update_mask", format!("is needed: {FIELDS}"));
    }
    for path in paths.iter().take(100) {
        match path.as_str() {
            "subject" => edit.subject = Some(read::subject(&wire.subject, wrong)),
            "description" => {
                edit.description = Some(read::description(&wire.description, wrong).unwrap_or_else(|| Arc::from("")));
            }
            "category" => edit.category = Some(wrong.word("ticket.category", wire.category)),
            "channels" => edit.channels = Some(read::channels(&wire.channels, wrong)),
            "platform" => edit.platform = Some(wrong.word("ticket.platform", wire.platform)),
            "requested_priority" => {
                edit.requested_priority = Some(wrong.word("ticket.requested_priority", wire.requested_priority));
            }
            "occur_time" => edit.occur_time = Some(wrong.time("ticket.occur_time", wire.occur_time)),
            "workstations" => edit.workstations = Some(read::workstations(&wire.workstations, wrong)),
            "checklist" => edit.checklist = Some(read::checklist(&wire.checklist, steps, wrong)),
            "tags" => edit.tags = Some(read::tags(&wire.tags, wrong)),
            "reporter" => {
                let reporter = wire.reporter.as_ref().map(|wire| read::reporter(wire, wrong));
                edit.reporter = Some(reporter.unwrap_or_default());
            }
            "organisation" => {
                let name = wrong.name("ticket.organisation", &wire.organisation, OrganisationId::from_name);
                edit.organisation = Some(name);
            }
            _ => wrong.add("update_mask", format!("`{path}` can't be edited so: {FIELDS}")),
        }
    }
    edit
}

/// What fields were before an edit: the mask, and a ticket with them alone (without the description).
pub(super) fn previous(edit: &Edit, description: bool) -> (FieldMask, v1::Ticket) {
    let mut paths: Vec<String> = Vec::new();
    let mut ticket = v1::Ticket::default();
    let mut name = |path: &str| paths.push(path.to_owned());
    if let Some(subject) = &edit.subject {
        name("subject");
        ticket.subject = subject.to_string();
    }
    if description || edit.description.is_some() {
        name("description");
    }
    if let Some(category) = edit.category {
        name("category");
        ticket.category = number(category);
    }
    if let Some(channels) = &edit.channels {
        name("channels");
        ticket.channels = channels.iter().map(|c| c.number()).collect();
    }
    if let Some(platform) = edit.platform {
        name("platform");
        ticket.platform = number(platform);
    }
    if let Some(priority) = edit.requested_priority {
        name("requested_priority");
        ticket.requested_priority = number(priority);
    }
    if let Some(at) = edit.occur_time {
        name("occur_time");
        ticket.occur_time = at.map(timestamp);
    }
    if let Some(workstations) = &edit.workstations {
        name("workstations");
        ticket.workstations = workstations.iter().map(ToString::to_string).collect();
    }
    if let Some(items) = &edit.checklist {
        name("checklist");
        ticket.checklist = checklist(items);
    }
    if let Some(tags) = &edit.tags {
        name("tags");
        ticket.tags = tags.iter().map(ToString::to_string).collect();
    }
    if let Some(reporter) = &edit.reporter {
        name("reporter");
        ticket.reporter = reporter_to_wire(reporter);
    }
    if let Some(organisation) = &edit.organisation {
        name("organisation");
        ticket.organisation = organisation.as_ref().map(OrganisationId::name).unwrap_or_default();
    }
    (FieldMask { paths }, ticket)
}
