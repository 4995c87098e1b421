//! Clocks (domain.md §7).

mod state;

pub use state::{Breach, BreachCause, Clock, ClockKind, ClockState, Fact, FactKind, PolicyRef, SlaState};
