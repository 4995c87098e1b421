//! The plan of each ticket: the creation, then what its rows say happened, in order, at times that never run
//! backwards. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use opora_proto::v1::{self, TicketState};

use super::fault::Fault;
use super::mapping::{Mapping, number};
use super::names;
use super::read::Row;
use super::report::Report;

/// What is sent for one ticket.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The key of the other system.
    pub(crate) external_id: String,
    /// The line of its first row.
    pub(crate) line: u64,
    /// How many rows it has.
    pub(crate) rows: usize,
    /// The ticket as it was created, without its customer.
    pub(crate) ticket: v1::Ticket,
    /// The customer, as the file names it.
    pub(crate) organisation: Option<String>,
    /// When it was created.
    pub(crate) created: Timestamp,
    /// What happened then.
    pub(crate) steps: Vec<Step>,
    /// The state of its last row.
    pub(crate) last: TicketState,
}

/// How a ticket shall stand at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The row's line.
    pub(crate) line: u64,
    /// When, not before the step before.
    pub(crate) at: Timestamp,
    /// The priority, if the row tells one.
    pub(crate) priority: i32,
    /// The owner as the file names them, if the row tells one.
    pub(crate) assignee: Option<String>,
    /// The state.
    pub(crate) state: TicketState,
    /// A public message of an agent.
    pub(crate) comment: Option<String>,
    /// An internal note.
    pub(crate) note: Option<String>,
}

/// Plans for all tickets, in the order in which they first stand in the file.
pub(crate) fn plans(mapping: &Mapping, rows: Vec<Row>, replay: bool, report: &mut Report) -> Vec<Plan> {
    let mut order: Vec<String> = Vec::new();
    let mut groups: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows {
        match row.values.get(&mapping.id).map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()) {
            None => report.refuse(row.line, "", Fault::NoId(mapping.id.clone())),
            Some(id) => {
                let group = groups.entry(id.clone()).or_insert_with(|| {
                    order.push(id);
                    Vec::new()
                });
                group.push(row);
            }
        }
    }
    let mut plans = Vec::new();
    for id in order {
        let mut rows = groups.remove(&id).unwrap_or_default();
        sort(mapping, &mut rows);
        let (line, count) = (rows.first().map_or(0, |row| row.line), rows.len());
        match plan(mapping, &id, &rows, replay, report) {
            Ok(plan) => plans.push(plan),
            Err((at, why)) => {
                report.refuse(at, &id, why);
                // Without its creation none of its other rows has a place.
                if count > 1 {
                    report.refuse(line, &id, Fault::LeftOut(id.clone()));
                }
            }
        }
    }
    plans
}

/// By the order column; rows that are equal in it, or have none, stay as they stand in the file.
fn sort(mapping: &Mapping, rows: &mut [Row]) {
    let Some(column) = &mapping.order else { return };
    rows.sort_by(|a, b| {
        let value = |row: &Row| row.values.get(column).and_then(|text| text.trim().parse::<f64>().ok());
        value(a).partial_cmp(&value(b)).unwrap_or(std::cmp::Ordering::Equal)
    });
}

type Refused = (u64, Fault);

fn plan(mapping: &Mapping, id: &str, rows: &[Row], replay: bool, report: &mut Report) -> Result<Plan, Refused> {
    let first = rows.first().ok_or((0, Fault::NoCreation))?;
    let (line, count) = (first.line, rows.len());
    let last = rows.last().unwrap_or(first);
    let source = if replay { first } else { last };
    let created = match time(mapping, "create_time", &source.values).map_err(|why| (source.line, why))? {
        Some(created) => created,
        None => time(mapping, "update_time", &first.values)
            .map_err(|why| (first.line, why))?
            .ok_or((first.line, Fault::NoCreation))?,
    };
    let organisation = name(mapping, "organisation", &source.values).map_err(|why| (source.line, why))?;
    let mut ticket = ticket(mapping, &source.values).map_err(|why| (source.line, why))?;
    ticket.external_id = format!("{}{id}", mapping.external_id_prefix);
    let played = if replay { rows } else { std::slice::from_ref(last) };
    let mut steps: Vec<Step> = Vec::new();
    for row in played {
        let latest = steps.last().map_or(created, |step: &Step| step.at);
        match step(mapping, row, latest) {
            Ok(step) => steps.push(step),
            Err(why) => report.refuse(row.line, id, why),
        }
    }
    let last = steps.last().map_or(TicketState::New, |step| step.state);
    for (line, why) in settle(&mut steps) {
        report.note(line, id, why);
    }
    Ok(Plan { external_id: ticket.external_id.clone(), line, rows: count, ticket, organisation, created, steps, last })
}

fn time(mapping: &Mapping, field: &str, row: &BTreeMap<String, String>) -> Result<Option<Timestamp>, Fault> {
    mapping.value(field, row).map(|text| mapping.time(&text)).transpose()
}

/// A customer's or an owner's name; where the import may have to register it, it is one that a desk takes.
fn name(mapping: &Mapping, field: &'static str, row: &BTreeMap<String, String>) -> Result<Option<String>, Fault> {
    let name = mapping.value(field, row);
    if let Some(name) = name.as_deref().filter(|_| mapping.register_missing) {
        names::check(field, name)?;
    }
    Ok(name)
}

fn ticket(mapping: &Mapping, row: &BTreeMap<String, String>) -> Result<v1::Ticket, Fault> {
    let text = |field: &str| mapping.value(field, row).unwrap_or_default();
    let word = |field: &str| mapping.value(field, row).map_or(Ok(0), |word| number(field, &word));
    let list = |field: &str| -> Vec<String> {
        let all = text(field);
        all.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    };
    let subject = text("subject");
    if subject.is_empty() {
        return Err(Fault::EmptySubject);
    }
    let tags = opora_core::fold::distinct(list("tags"));
    let channels: Vec<i32> = Some(word("channel")?).filter(|channel| *channel != 0).into_iter().collect();
    let origin = match word("origin")? {
        0 => v1::Origin::Import.into(),
        origin => origin,
    };
    // What the other system calls the priority is what was asked for; the impact, if it tells one, decides.
    let asked = match word("requested_priority")? {
        0 => word("priority")?,
        asked => asked,
    };
    let (name, email) = (text("reporter"), text("email"));
    Ok(v1::Ticket {
        subject,
        description: text("description"),
        reporter: (!name.is_empty() || !email.is_empty()).then_some(v1::Reporter { display_name: name, email }),
        category: word("category")?,
        channels,
        impact: word("impact")?,
        requested_priority: asked,
        platform: word("platform")?,
        occur_time: time(mapping, "occur_time", row)?.map(crate::output::wire),
        workstations: list("workstation"),
        tags,
        origin,
        ..Default::default()
    })
}

fn step(mapping: &Mapping, row: &Row, latest: Timestamp) -> Result<Step, Fault> {
    let at = time(mapping, "update_time", &row.values)?.unwrap_or(latest);
    let word = |field: &str| mapping.value(field, &row.values).map_or(Ok(0), |word| number(field, &word));
    let state = TicketState::try_from(word("state")?).unwrap_or_default();
    Ok(Step {
        line: row.line,
        // Times that are equal or run backwards lose no row: it then happened right after the one before.
        at: at.max(latest),
        priority: word("priority")?,
        assignee: name(mapping, "assignee", &row.values)?,
        state: if state == TicketState::Unspecified { TicketState::New } else { state },
        comment: mapping.value("comment", &row.values),
        note: mapping.value("note", &row.values),
    })
}

/// Makes of the states of the rows a life that the domain allows (docs/domain.md §6) and that ends in the last row's
/// state: CLOSED has no way out, so a row CLOSED that is followed by others is played as RESOLVED; nothing leads
/// back to NEW, so a row NEW after others is played as IN_PROGRESS, and where the last one is NEW all are.
fn settle(steps: &mut [Step]) -> Vec<(u64, Fault)> {
    let mut notes = Vec::new();
    let ends_new = steps.last().is_some_and(|step| step.state == TicketState::New);
    let last = steps.len().saturating_sub(1);
    let still_closed = steps.iter().rposition(|step| step.state != TicketState::Closed).map_or(0, |at| at + 1);
    let mut left_new = false;
    for (index, step) in steps.iter_mut().enumerate() {
        let told = step.state;
        step.state = match told {
            _ if ends_new => TicketState::New,
            TicketState::Closed if index < still_closed && index < last => TicketState::Resolved,
            TicketState::New if left_new => TicketState::InProgress,
            other => other,
        };
        left_new |= step.state != TicketState::New;
        if step.state != told {
            notes.push((step.line, Fault::Played { told: told.as_str_name(), played: step.state.as_str_name() }));
        }
    }
    notes
}

/// The transitions from one state to another: the shortest way that the domain allows.
pub(crate) fn way(from: TicketState, to: TicketState) -> Option<Vec<TicketState>> {
    use TicketState::{Closed, InProgress, New, Resolved, WaitingForCustomer};
    if from == to {
        return Some(Vec::new());
    }
    let way = match (from, to) {
        (New, InProgress | WaitingForCustomer | Resolved)
        | (InProgress, WaitingForCustomer | Resolved)
        | (WaitingForCustomer, InProgress | Resolved)
        | (Resolved, InProgress | Closed) => vec![to],
        (New | InProgress | WaitingForCustomer, Closed) => vec![Resolved, Closed],
        (Resolved, WaitingForCustomer) => vec![InProgress, WaitingForCustomer],
        _ => return None,
    };
    Some(way)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
