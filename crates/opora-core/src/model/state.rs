//! Where a ticket is in its life (docs/domain.md §6).

/// The state of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TicketState {
    /// Nobody has answered or taken it.
    New,
    /// An agent works on it.
    InProgress,
    /// The customer has to answer; the resolution clock is paused.
    WaitingForCustomer,
    /// Solved; closes after 7 days unless the customer writes again.
    Resolved,
    /// Ended for good.
    Closed,
    /// Part of another ticket; can be unmerged.
    Merged,
}

impl TicketState {
    /// All states in the order of a ticket's life.
    pub const ALL: [Self; 6] =
        [Self::New, Self::InProgress, Self::WaitingForCustomer, Self::Resolved, Self::Closed, Self::Merged];

    /// The word of the contract and the filter language.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::InProgress => "IN_PROGRESS",
            Self::WaitingForCustomer => "WAITING_FOR_CUSTOMER",
            Self::Resolved => "RESOLVED",
            Self::Closed => "CLOSED",
            Self::Merged => "MERGED",
        }
    }

    /// Whether the ticket still stands in the queue of open tickets.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::InProgress | Self::WaitingForCustomer)
    }
}
