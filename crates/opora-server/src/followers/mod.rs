//! What follows the log: the queue in memory, full text, watching, timers. Each reads committed events in order, keeps
//! where it stands, and can be deleted and rebuilt. None of them decides anything.

pub(crate) mod clocks;
pub mod queue;
pub mod search;
pub mod watch;
