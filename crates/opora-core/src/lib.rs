//! The support desk's domain: tickets, commands, events, calendars, SLA clocks, triage, ladder, log names.
//!
//! Pure: no I/O, no async, no clock of its own, no gRPC type. Time is passed in; the rules can be read
//! beside docs/domain.md.

pub mod calendar;
pub mod command;
pub mod decide;
pub mod event;
pub mod filter;
pub mod ladder;
pub mod log_name;
pub mod model;
pub mod order;
pub mod sla;
pub mod suggest;
pub mod time;
mod triage;

pub use opora_fold as fold;
