//! Clocks (docs/domain.md §7): each clock of a ticket is a list of obligations, reckoned from the few facts that the
//! ticket keeps. Nothing here reads a clock on the wall.
//!
//! An *obligation* {priority, target, calendar, start} is due when the open time since its start, less the stretches in
//! which the clock was held or the obligation was set aside, reaches its target. The clock is due at the earliest of
//! those that stand. A raise adds one or brings back one that was set aside; lowering sets the higher ones aside and
//! puts one in their place from the earliest start among them. So no change of priority makes a due time later than
//! what the ticket already owed at that priority or a higher one.

mod breaches;
mod explain;
mod policy;
mod reckon;
mod shown;
mod signal;
mod track;
mod urgency;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod model;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod sentences;
#[cfg(test)]
mod stories;

pub use crate::model::{Breach, BreachCause, Clock, ClockKind, ClockState, Fact, FactKind, PolicyRef, SlaState};
pub use explain::{Explanation, MAX_STRETCHES, ObligationView, Stretch, StretchReason};
pub use policy::{
    Cell, Goal, Length, Policies, Policy, PolicyDefinition, PolicyError, PolicySource, RaiseFrom, Target, TargetError,
};
pub use reckon::ReckonError;
pub use signal::{Signal, SignalKind, WARNINGS};
pub use urgency::UrgencyKey;
