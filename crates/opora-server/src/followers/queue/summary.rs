//! The queue in numbers (`GetQueueSummary`).

use std::collections::HashMap;

use opora_core::model::{AgentId, Priority, Ticket, TicketState};
use opora_core::sla::{Clock, ClockState};
use opora_core::time::Timestamp;

/// The open tickets in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many are open.
    pub open: u64,
    /// How many have a clock that is breached and not met.
    pub breached: u64,
    /// How many have an unmet clock that falls due within the time asked for.
    pub due_soon: u64,
    /// How many want continuous work.
    pub continuous: u64,
    /// How many nobody has.
    pub unassigned: u64,
    /// How many were escalated.
    pub escalated: u64,
    /// By state, in the order of a ticket's life; only states that are open.
    pub by_state: Vec<(TicketState, u64)>,
    /// By priority, highest first.
    pub by_priority: Vec<PriorityCount>,
    /// By owner, most first; at most 100.
    pub by_assignee: Vec<AssigneeCount>,
    /// The earliest due time of an unmet clock.
    pub next_due: Option<Timestamp>,
}

/// How many have a priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriorityCount {
    /// The priority.
    pub priority: Priority,
    /// How many.
    pub count: u64,
    /// How many of them are breached.
    pub breached: u64,
}

/// How many somebody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssigneeCount {
    /// Who; `None`: nobody.
    pub assignee: Option<AgentId>,
    /// How many.
    pub count: u64,
    /// How many of them are breached.
    pub breached: u64,
}

/// Counts tickets one by one.
pub(crate) struct Tally {
    now: Timestamp,
    until: Timestamp,
    summary: Summary,
    states: HashMap<TicketState, u64>,
    priorities: HashMap<Priority, (u64, u64)>,
    assignees: HashMap<Option<AgentId>, (u64, u64)>,
}

impl Tally {
    /// Falling due from now until then is soon.
    pub(crate) fn new(now: Timestamp, until: Timestamp) -> Self {
        let (states, priorities, assignees) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { now, until, summary: Summary::default(), states, priorities, assignees }
    }

    pub(crate) fn add(&mut self, ticket: &Ticket) {
        let unmet = |clock: &&Clock| !matches!(clock.state, ClockState::Met | ClockState::Stopped);
        let clocks = [&ticket.sla.first_response, &ticket.sla.resolution];
        let clocks = clocks.iter().filter(|c| unmet(c));
        let overdue = |c: &Clock| c.breach.is_some() || c.due.is_some_and(|due| due <= self.now);
        let breached = clocks.clone().any(|c| overdue(c));
        let due = clocks.filter(|c| !overdue(c)).filter_map(|c| c.due).min();
        let all = &mut self.summary;
        all.open += 1;
        all.breached += u64::from(breached);
        all.due_soon += u64::from(due.is_some_and(|due| due <= self.until));
        all.continuous += u64::from(ticket.sla.continuous_since.is_some());
        all.unassigned += u64::from(ticket.assignee.is_none());
        all.escalated += u64::from(ticket.escalation.is_some());
        all.next_due = all.next_due.into_iter().chain(due).min();
        *self.states.entry(ticket.state).or_default() += 1;
        let priority = self.priorities.entry(ticket.priority).or_default();
        *priority = (priority.0 + 1, priority.1 + u64::from(breached));
        match self.assignees.get_mut(&ticket.assignee) {
            Some(counts) => *counts = (counts.0 + 1, counts.1 + u64::from(breached)),
            None => drop(self.assignees.insert(ticket.assignee.clone(), (1, u64::from(breached)))),
        }
    }

    pub(crate) fn finish(self) -> Summary {
        let Self { mut summary, states, priorities, assignees, .. } = self;
        let open = TicketState::ALL.into_iter().filter(|state| state.is_open());
        summary.by_state = open.map(|state| (state, states.get(&state).copied().unwrap_or(0))).collect();
        let counts = Priority::ALL.into_iter().rev().map(|priority| {
            let (count, breached) = priorities.get(&priority).copied().unwrap_or_default();
            PriorityCount { priority, count, breached }
        });
        summary.by_priority = counts.collect();
        let counts = assignees.into_iter();
        summary.by_assignee =
            counts.map(|(assignee, (count, breached))| AssigneeCount { assignee, count, breached }).collect();
        let name = |c: &AssigneeCount| c.assignee.as_ref().map(|a| a.as_str().to_owned());
        summary.by_assignee.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| name(a).cmp(&name(b))));
        summary.by_assignee.truncate(100);
        summary
    }
}
