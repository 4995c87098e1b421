//! The queue: every live ticket in memory, the open ones in order of urgency (`contract.md`, `ListTickets`).

mod order;
mod summary;

pub use order::{Cursor, OrderBy, OrderField};
pub use summary::{AssigneeCount, PriorityCount, Summary};
