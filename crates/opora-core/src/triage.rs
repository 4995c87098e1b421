//! Triage (docs/domain.md §3) and what a report still lacks (docs/domain.md §4). Knows tickets alone.

use crate::model::{Category, Impact, LogKind, MissingFact, Platform, Priority, Ticket};
use crate::sla::FactKind;

/// The priority that an impact gives (docs/domain.md §3).
pub const fn priority_of(impact: Impact) -> Priority {
    match impact {
        Impact::ServiceDown => Priority::Critical,
        Impact::ServiceIntermittent => Priority::High,
        Impact::SeveralWorkstations => Priority::Medium,
        Impact::OneWorkstation => Priority::Low,
    }
}

/// The priority that a ticket starts with: the impact's, else the requested one, else MEDIUM (docs/domain.md §3).
pub fn first_priority(impact: Option<Impact>, requested: Option<Priority>) -> Priority {
    impact.map(priority_of).or(requested).unwrap_or(Priority::Medium)
}

/// Whether neither impact nor a requested priority is known and nobody set another (docs/domain.md §3).
pub(super) fn unassessed(ticket: &Ticket) -> bool {
    ticket.impact.is_none()
        && ticket.requested_priority.is_none()
        && !ticket.sla.facts.iter().any(|fact| matches!(fact.kind, FactKind::Priority(_)))
}

/// The logs to ask for on a platform, each with the fact that it is missing (docs/domain.md §5).
pub const fn logs_of(platform: Platform) -> [(LogKind, MissingFact); 2] {
    match platform {
        Platform::V3 => [
            (LogKind::AgentDesktop, MissingFact::LogAgentDesktop),
            (LogKind::SoftphoneLink, MissingFact::LogSoftphoneLink),
        ],
        Platform::V5 => {
            [(LogKind::BpClient, MissingFact::LogBpClient), (LogKind::BrowserHost, MissingFact::LogBrowserHost)]
        }
    }
}

/// What a report still lacks (docs/domain.md §4), in the order of [`MissingFact::ALL`].
pub fn missing_facts(ticket: &Ticket) -> Vec<MissingFact> {
    let mut missing = Vec::new();
    let mut lacks = |lacks: bool, fact| {
        if lacks {
            missing.push(fact);
        }
    };
    lacks(ticket.occur_time.is_none(), MissingFact::OccurTime);
    lacks(ticket.category.is_none(), MissingFact::Category);
    lacks(ticket.category == Some(Category::ChannelFailure) && ticket.channels.is_empty(), MissingFact::Channels);
    lacks(ticket.workstations.is_empty(), MissingFact::Workstations);
    lacks(ticket.requested_priority.is_none(), MissingFact::RequestedPriority);
    match ticket.platform {
        None => lacks(true, MissingFact::Platform),
        Some(platform) => {
            for (kind, fact) in logs_of(platform) {
                lacks(!ticket.has_log(kind), fact);
            }
        }
    }
    missing
}
