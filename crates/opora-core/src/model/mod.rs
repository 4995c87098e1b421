//! The nouns of the desk (domain.md §1). Plain values; rules live in the modules beside.

mod priority;
mod state;

pub use priority::Priority;
pub use state::TicketState;
