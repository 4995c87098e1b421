//! What many reports of one kind suggest (docs/domain.md §3). Opora suggests, an agent decides: nothing here changes a
//! ticket.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Category, Impact, OrganisationId, Ticket, TicketNumber};
use crate::time::{Millis, Timestamp};
use crate::triage::priority_of;

/// How many reports within which time suggest something; configuration with the values of docs/domain.md §3 as default.
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

/// What some open tickets suggest together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What is suggested.
    pub kind: SuggestionKind,
    /// What is wrong with all of them.
    pub category: Category,
    /// Whose they are, in order; one for [`SuggestionKind::SeveralWorkstations`].
    pub organisations: Vec<OrganisationId>,
    /// The tickets, by their creation; for [`SuggestionKind::SeveralWorkstations`] those that it raises.
    pub tickets: Vec<TicketNumber>,
    /// When the first of them was created.
    pub since: Timestamp,
}

/// What is suggested; the order is that of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SuggestionKind {
    /// The tickets have one cause: an incident of SERVICE_INTERMITTENT or worse.
    Incident,
    /// The impact of the tickets of one organisation is SEVERAL_WORKSTATIONS at least.
    SeveralWorkstations,
}

impl SuggestionKind {
    /// The impact that it means, at least.
    pub fn impact(self) -> Impact {
        match self {
            Self::Incident => Impact::ServiceIntermittent,
            Self::SeveralWorkstations => Impact::SeveralWorkstations,
        }
    }
}

/// What the tickets suggest: incidents first; of a kind the newest first, then in order of category and organisation.
///
/// Only open tickets with a category and an organisation count, within any stretch of the window's length; those that
/// are a child of an incident are explained already. Crowds that share no stretch are suggestions of their own.
pub fn suggestions<'a>(tickets: impl IntoIterator<Item = &'a Ticket>, thresholds: &Thresholds) -> Vec<Suggestion> {
    let mut by_category: BTreeMap<Category, Vec<Report<'a>>> = BTreeMap::new();
    for ticket in tickets.into_iter().filter(|ticket| ticket.state.is_open() && ticket.incident.is_none()) {
        if let (Some(category), Some(organisation)) = (ticket.category, &ticket.organisation) {
            let at = ticket.create_time;
            by_category.entry(category).or_default().push(Report { at, organisation, ticket });
        }
    }
    let mut found = Vec::new();
    for (category, mut reports) in by_category {
        reports.sort_by_key(|report| (report.at, report.ticket.number));
        let crowds = crowds(&reports, thresholds.window, thresholds.organisations, |report| report.organisation);
        found.extend(crowds.iter().filter_map(|crowd| suggestion(SuggestionKind::Incident, category, crowd)));
        let mut by_organisation: BTreeMap<&OrganisationId, Vec<Report<'a>>> = BTreeMap::new();
        for report in &reports {
            by_organisation.entry(report.organisation).or_default().push(*report);
        }
        for reports in by_organisation.values() {
            let crowds = self::crowds(reports, thresholds.window, thresholds.tickets, |report| report.ticket.number);
            // All of them tell that it is felt more widely; it is suggested of those that don't say so yet.
            found.extend(crowds.into_iter().filter_map(|mut crowd| {
                crowd.retain(|report| is_raised(report.ticket));
                suggestion(SuggestionKind::SeveralWorkstations, category, &crowd)
            }));
        }
    }
    found.sort_by_key(|suggestion| (suggestion.kind, std::cmp::Reverse(suggestion.since)));
    found
}

#[derive(Clone, Copy)]
struct Report<'a> {
    at: Timestamp,
    organisation: &'a OrganisationId,
    ticket: &'a Ticket,
}

/// Whether SEVERAL_WORKSTATIONS is wider than what is known of the ticket. Its priority tells too: whoever gave a higher
/// one than this impact has knows the ticket to matter more, and a suggestion never lowers.
fn is_raised(ticket: &Ticket) -> bool {
    let impact = SuggestionKind::SeveralWorkstations.impact();
    matches!(ticket.impact, None | Some(Impact::OneWorkstation)) && ticket.priority <= priority_of(impact)
}

fn suggestion(kind: SuggestionKind, category: Category, crowd: &[Report<'_>]) -> Option<Suggestion> {
    let since = crowd.first()?.at;
    let organisations: BTreeSet<&OrganisationId> = crowd.iter().map(|report| report.organisation).collect();
    let organisations = organisations.into_iter().cloned().collect();
    let tickets = crowd.iter().map(|report| report.ticket.number).collect();
    Some(Suggestion { kind, category, organisations, tickets, since })
}

/// The reports that stand in some stretch of the window's length with enough different keys in it. Stretches that share
/// a report are one crowd. Reports are in order of time; each comes into the stretch and leaves it once, however many
/// there are.
fn crowds<'a, K: Ord>(
    reports: &[Report<'a>],
    window: Millis,
    enough: usize,
    key: impl Fn(&Report<'a>) -> K,
) -> Vec<Vec<Report<'a>>> {
    let (mut first, mut taken) = (0, 0);
    let mut found: Vec<Vec<Report<'a>>> = Vec::new();
    let mut within: BTreeMap<K, usize> = BTreeMap::new();
    for (last, report) in reports.iter().enumerate() {
        *within.entry(key(report)).or_default() += 1;
        while let Some(early) = reports.get(first).filter(|early| report.at.since(early.at) > window) {
            if let Entry::Occupied(mut count) = within.entry(key(early)) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
            first += 1;
        }
        if enough == 0 || within.len() < enough {
            continue;
        }
        let new = reports.get(first.max(taken)..=last).unwrap_or_default();
        match found.last_mut().filter(|_| first < taken) {
            Some(crowd) => crowd.extend(new),
            None => found.push(new.to_vec()),
        }
        taken = last + 1;
    }
    found
}
