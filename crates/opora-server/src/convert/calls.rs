//! The changing calls: from their messages to commands of the domain. `at` is what stands before a field's path: empty
//! for a call of its own, `assign.` in a batch.

use std::sync::Arc;

use opora_core::command::{Change, Facet, Reprioritise};
use opora_core::model::{AgentId, IdError, LinkKind, Origin, Revision, TicketNumber, TicketState, Uid, Visibility};
use opora_proto::name::TicketName;
use opora_proto::v1;
use uuid::Uuid;

use super::edit::edit;
use crate::engine::TicketRef;
use crate::errors::Violations;

/// The most tickets of a batch.
const BATCH: usize = 500;

/// The ticket that a name means.
pub(crate) fn ticket_ref(field: &str, name: &str, wrong: &mut Violations) -> Option<TicketRef> {
    match name.parse() {
        Ok(TicketName::Number(number)) => Some(TicketRef::Number(TicketNumber(number))),
        Ok(TicketName::Uid(uid)) => Some(TicketRef::Uid(Uid(uid))),
        Err(error) => {
            wrong.add(field, error.to_string());
            None
        }
    }
}

/// A request id; `None`: not sent, or wrong.
pub(crate) fn request_id(field: &str, text: &str, wrong: &mut Violations) -> Option<Uuid> {
    if text.is_empty() {
        return None;
    }
    let id = (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten();
    if id.is_none() {
        wrong.add(field, "is not a UUID");
    }
    id
}

/// A text that may be left out; an etag is short.
pub(crate) fn optional(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// The tickets of a batch: 1 to 500. Whether each is named once is told where tickets are known.
pub(crate) fn parse_names(names: &[String], wrong: &mut Violations) -> Vec<TicketRef> {
    if names.is_empty() || names.len() > BATCH {
        wrong.add("names", "has to name 1 to 500 tickets");
        return Vec::new();
    }
    names.iter().enumerate().filter_map(|(n, name)| ticket_ref(&format!("names[{n}]"), name, wrong)).collect()
}

fn undo(revision: u64, facet: Facet) -> Option<Change> {
    (revision != 0).then_some(Change::Undo { revision: Revision(revision), facet })
}

pub(crate) fn update(at: &str, wire: &v1::UpdateTicketRequest, steps: &[Arc<str>], wrong: &mut Violations) -> Change {
    undo(wire.undo_of, Facet::Tags).unwrap_or_else(|| {
        let none = v1::Ticket::default();
        if wire.ticket.is_none() {
            wrong.add(format!("{at}ticket"), "is needed");
        }
        let ticket = wire.ticket.as_ref().unwrap_or(&none);
        Change::Update(Box::new(edit(ticket, wire.update_mask.as_ref(), steps, wrong)))
    })
}

pub(crate) fn assign(at: &str, wire: &v1::AssignTicketRequest, wrong: &mut Violations) -> Change {
    undo(wire.undo_of, Facet::Assignee)
        .unwrap_or_else(|| Change::Assign(wrong.name(format_args!("{at}assignee"), &wire.assignee, AgentId::from_name)))
}

pub(crate) fn reprioritise(at: &str, wire: &v1::ReprioritiseTicketRequest, wrong: &mut Violations) -> Option<Change> {
    use v1::reprioritise_ticket_request::To;
    if let Some(change) = undo(wire.undo_of, Facet::Priority) {
        return Some(change);
    }
    let reason = wrong.reason(format_args!("{at}reason"), &wire.reason, true);
    let to = match wire.to {
        Some(To::Priority(n)) => wrong.needed_word(format_args!("{at}priority"), n).map(Reprioritise::Priority),
        Some(To::Impact(n)) => wrong.needed_word(format_args!("{at}impact"), n).map(Reprioritise::Impact),
        None => {
            wrong.add(format!("{at}to"), "a priority or an impact is needed");
            None
        }
    };
    to.map(|to| Change::Reprioritise { to, reason })
}

pub(crate) fn escalate(at: &str, wire: &v1::EscalateTicketRequest, wrong: &mut Violations) -> Change {
    let reason = wrong.reason(format_args!("{at}reason"), &wire.reason, true);
    Change::Escalate { rung: (wire.rung != 0).then_some(wire.rung), reason }
}

pub(crate) fn deescalate(wire: &v1::DeescalateTicketRequest, wrong: &mut Violations) -> Change {
    Change::Deescalate { rung: wire.rung, reason: wrong.reason("reason", &wire.reason, true) }
}

pub(crate) fn transition(at: &str, wire: &v1::TransitionTicketRequest, wrong: &mut Violations) -> Option<Change> {
    if let Some(change) = undo(wire.undo_of, Facet::State) {
        return Some(change);
    }
    let reason = wrong.reason(format_args!("{at}reason"), &wire.reason, false);
    let state: Option<TicketState> = wrong.needed_word(format_args!("{at}state"), wire.state);
    state.map(|state| Change::Transition { state, reason })
}

pub(crate) fn add_comment(at: &str, wire: &v1::AddCommentRequest, wrong: &mut Violations) -> Option<Change> {
    let body = wrong.text(format_args!("{at}body"), &wire.body, 1);
    let visibility: Option<Visibility> = wrong.needed_word(format_args!("{at}visibility"), wire.visibility);
    let author = (!wire.author.is_empty()).then(|| wrong.email(format_args!("{at}author"), &wire.author, true));
    let seen_through = (wire.seen_through != 0).then_some(Revision(wire.seen_through));
    visibility.map(|visibility| Change::Comment { body, visibility, author, seen_through })
}

/// How one ticket shall belong to another.
pub(crate) fn link_kind(at: &str, number: i32, wrong: &mut Violations) -> Option<LinkKind> {
    let kind = wrong.needed_word(format_args!("{at}kind"), number);
    if matches!(kind, Some(LinkKind::Related | LinkKind::ChildOfIncident) | None) {
        return kind;
    }
    wrong.add(format!("{at}kind"), "is made by the server only");
    None
}

/// The undoing of a link or an unlink.
pub(crate) fn undo_link(revision: u64) -> Option<Change> {
    undo(revision, Facet::Links)
}

/// A reason, for the calls that are not read here.
pub(crate) fn reason(text: &str, needed: bool, wrong: &mut Violations) -> Arc<str> {
    wrong.reason("reason", text, needed)
}

/// When it happened, for an import. `at_path`: what stands before the field's name.
pub(crate) fn import_time(
    at_path: &str,
    at: Option<prost_types::Timestamp>,
    wrong: &mut Violations,
) -> Option<opora_core::time::Timestamp> {
    wrong.time(format_args!("{at_path}import_time"), at)
}

/// An instant that is no import's.
pub(crate) fn time(
    field: &str,
    at: Option<prost_types::Timestamp>,
    wrong: &mut Violations,
) -> Option<opora_core::time::Timestamp> {
    wrong.time(field, at)
}

/// A name that may be left out.
pub(crate) fn name<T>(
    field: &str,
    text: &str,
    parse: fn(&str) -> Result<T, IdError>,
    wrong: &mut Violations,
) -> Option<T> {
    wrong.name(field, text, parse)
}

/// The way by which tickets came.
pub(crate) fn origin(number: i32, wrong: &mut Violations) -> Option<Origin> {
    wrong.word("origin", number)
}

/// A text on one line of at most `max` characters.
pub(crate) fn line(field: &str, text: &str, min: usize, max: usize, wrong: &mut Violations) -> Arc<str> {
    wrong.line(field, text, min, max)
}
