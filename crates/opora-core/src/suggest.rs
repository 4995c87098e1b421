//! What many reports of one kind suggest (domain.md §3). Opora suggests, an agent decides: nothing here changes a ticket.

use std::collections::BTreeMap;

use crate::model::{Category, Impact, OrganisationId, Ticket, TicketNumber};
use crate::time::{Millis, Timestamp};

/// How many reports within which time suggest something; configuration with the values of domain.md §3 as default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Open tickets of one organisation in one category.
    pub tickets: usize,
    /// Organisations with open tickets in one category.
    pub organisations: usize,
    /// Within this time, by their creation.
    pub window: Millis,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { tickets: 3, organisations: 3, window: Millis::minutes(30) }
    }
}

/// What is suggested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suggestion {
    /// The impact of these tickets of one organisation is SEVERAL_WORKSTATIONS at least.
    SeveralWorkstations {
        /// Whose they are.
        organisation: OrganisationId,
        /// What is wrong.
        category: Category,
        /// The tickets, by number.
        tickets: Vec<TicketNumber>,
    },
    /// These tickets have one cause: an incident of SERVICE_INTERMITTENT or worse.
    Incident {
        /// What is wrong.
        category: Category,
        /// Whose they are, in order.
        organisations: Vec<OrganisationId>,
        /// The tickets, by number.
        tickets: Vec<TicketNumber>,
    },
}

/// What the tickets suggest: incidents first, each in order of category and organisation.
///
/// Only open tickets with a category and an organisation count, within any stretch of the window's length; those that
/// are a child of an incident are explained already.
pub fn suggestions<'a>(tickets: impl IntoIterator<Item = &'a Ticket>, thresholds: &Thresholds) -> Vec<Suggestion> {
    let mut by_category: BTreeMap<Category, Vec<Report<'a>>> = BTreeMap::new();
    for ticket in tickets.into_iter().filter(|ticket| ticket.state.is_open() && ticket.incident.is_none()) {
        if let (Some(category), Some(organisation)) = (ticket.category, &ticket.organisation) {
            let at = ticket.create_time;
            by_category.entry(category).or_default().push(Report { at, organisation, ticket });
        }
    }
    let (mut incidents, mut several) = (Vec::new(), Vec::new());
    for (category, mut reports) in by_category {
        reports.sort_by_key(|report| (report.at, report.ticket.number));
        let enough = |count: usize, threshold: usize| threshold > 0 && count >= threshold;
        let found =
            crowded(&reports, thresholds.window, |part| enough(organisations(part).len(), thresholds.organisations));
        if !found.is_empty() {
            let organisations = organisations(&found).into_iter().cloned().collect();
            incidents.push(Suggestion::Incident { category, organisations, tickets: numbers(&found) });
        }
        let mut by_organisation: BTreeMap<&OrganisationId, Vec<Report<'a>>> = BTreeMap::new();
        for report in &reports {
            by_organisation.entry(report.organisation).or_default().push(*report);
        }
        for (organisation, reports) in by_organisation {
            let found = crowded(&reports, thresholds.window, |part| enough(part.len(), thresholds.tickets));
            // Where all are known to be felt as widely, there is nothing to suggest.
            let narrow = |report: &Report<'_>| matches!(report.ticket.impact, None | Some(Impact::OneWorkstation));
            if found.iter().any(narrow) {
                let (organisation, tickets) = (organisation.clone(), numbers(&found));
                several.push(Suggestion::SeveralWorkstations { organisation, category, tickets });
            }
        }
    }
    incidents.append(&mut several);
    incidents
}

#[derive(Clone, Copy)]
struct Report<'a> {
    at: Timestamp,
    organisation: &'a OrganisationId,
    ticket: &'a Ticket,
}

/// All reports that stand in some stretch of the window's length which is crowded. Reports are in order of time.
fn crowded<'a>(reports: &[Report<'a>], window: Millis, is_crowded: impl Fn(&[Report<'a>]) -> bool) -> Vec<Report<'a>> {
    let mut taken = 0;
    let mut first = 0;
    let mut found = Vec::new();
    for (last, report) in reports.iter().enumerate() {
        while reports.get(first).is_some_and(|early| report.at.since(early.at) > window) {
            first += 1;
        }
        let part = reports.get(first..=last).unwrap_or_default();
        if is_crowded(part) {
            found.extend(reports.get(first.max(taken)..=last).unwrap_or_default());
            taken = last + 1;
        }
    }
    found
}

fn organisations<'a>(reports: &[Report<'a>]) -> Vec<&'a OrganisationId> {
    let mut found: Vec<&OrganisationId> = reports.iter().map(|report| report.organisation).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn numbers(reports: &[Report<'_>]) -> Vec<TicketNumber> {
    let mut numbers: Vec<TicketNumber> = reports.iter().map(|report| report.ticket.number).collect();
    numbers.sort_unstable();
    numbers
}
