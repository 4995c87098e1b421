//! What a ticket keeps of its clocks: the facts that they are reckoned from, and the clocks as reckoned.

use super::{PolicyId, Priority, Revision, TicketState};
use crate::time::{Millis, Timestamp};

/// Which of a ticket's two clocks (docs/domain.md §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClockKind {
    /// Until the first public message of an agent.
    FirstResponse,
    /// Until the problem is solved.
    Resolution,
}

/// One version of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PolicyRef {
    /// Which policy.
    pub id: PolicyId,
    /// Its version, from 1.
    pub version: u32,
}

/// Something that the clocks depend on. Facts stand in the order in which they happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// When it happened.
    pub at: Timestamp,
    /// The revision of its event, by which undo finds it.
    pub revision: Revision,
    /// What happened.
    pub kind: FactKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactKind {
    /// The ticket was created with this priority, by the policy of [`SlaState::policy`] or the one named.
    Created {
        /// The priority it started with.
        priority: Priority,
        /// The policy it started with.
        policy: PolicyRef,
    },
    /// The priority changed.
    Priority(Priority),
    /// The first public message of an agent (docs/domain.md §7 rule 7).
    Answered,
    /// The state changed.
    State(TicketState),
    /// Another version of the policy was applied (docs/domain.md §7 rule 12).
    PolicyApplied(PolicyRef),
    /// A due time passed. Kept as soon as a change finds it, so that nothing that comes after can erase it, an undo
    /// neither (docs/domain.md §7 rule 10).
    Breached {
        /// Which clock.
        clock: ClockKind,
        /// The due instant that passed.
        due: Timestamp,
        /// From when on it is breached; later than `due` where a change put the due time into the past.
        at: Timestamp,
        /// Why.
        cause: BreachCause,
        /// Priority and start of the obligation that was breached; `None`: recorded before these were kept.
        obligation: Option<(Priority, Timestamp)>,
        /// Whether its event was made: while a ticket is being imported none is.
        told: bool,
    },
    /// A part of an obligation's time is used up and was warned of (docs/domain.md §7 rule 11).
    Warned {
        /// Which clock.
        clock: ClockKind,
        /// The priority of the obligation.
        priority: Priority,
        /// How much, in percent.
        percent: u8,
        /// The start of the obligation; `None`: told before it was kept.
        start: Option<Timestamp>,
    },
    /// An agent was assigned (true), or nobody is (false): for *neglected* (docs/domain.md §7 rule 6).
    Assigned(bool),
    /// An agent wrote a message, public or internal; only the last one is kept.
    AgentWrote,
    /// The ticket was told to be neglected.
    Neglected,
    /// Changes that are no longer among the facts were taken back: what their absence puts into the past is breached
    /// here, not where it would have been (docs/domain.md §7 rules 5 and 10). Only the last one is kept.
    Undone {
        /// Where a paused first response had nothing left before: why.
        first_response: Option<BreachCause>,
        /// Where a paused or met resolution had nothing left before: why.
        resolution: Option<BreachCause>,
    },
}

/// Why a due time passed (docs/domain.md §7 rule 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BreachCause {
    /// Time passed and nobody did it.
    Delay,
    /// A changed priority put the due time into the past.
    Reclassification,
    /// A newly applied policy put the due time into the past.
    Policy,
}

/// What a clock is doing (docs/contract.md "Ticket").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClockState {
    /// Time passes towards the due time.
    Running,
    /// Held.
    Paused,
    /// Reached its goal, in time or late.
    Met,
    /// No target: the ticket stands above all others with its age.
    Continuous,
    /// The ticket was closed before the goal was reached.
    Stopped,
}

/// A breach of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breach {
    /// From when on: the due instant that passed, or the change that put it into the past.
    pub at: Timestamp,
    /// Why.
    pub cause: BreachCause,
}

/// One clock as reckoned. It shows the obligation that is due first, while paused the one with the least left, once
/// breached the one that was breached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// What it is doing.
    pub state: ClockState,
    /// When the obligation that it shows began.
    pub start: Timestamp,
    /// When it is due.
    pub due: Option<Timestamp>,
    /// The open time that the obligation allows; `None`: continuous.
    pub target: Option<Millis>,
    /// What is left, only while paused; nothing if it is breached.
    pub remaining: Option<Millis>,
    /// When it reached its goal.
    pub met: Option<Timestamp>,
    /// The breach, once for good.
    pub breach: Option<Breach>,
}

/// What a ticket keeps of its clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlaState {
    /// The policy by which they run now.
    pub policy: PolicyRef,
    /// What they are reckoned from.
    pub facts: Vec<Fact>,
    /// Until the first response.
    pub first_response: Clock,
    /// Until the resolution.
    pub resolution: Clock,
    /// While the resolution is continuous: the instant from which the ticket's age counts (its start, moved by the union
    /// of what it was paused and set aside since).
    pub continuous_since: Option<Timestamp>,
}
