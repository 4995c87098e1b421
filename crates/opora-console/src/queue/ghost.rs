//! A row that left and is still shown: it stays where it was until the cursor moves off it.

use super::row::Row;

/// Why a row no longer belongs to the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Its state changed: to this one, by whom.
    State(opora_proto::v1::TicketState, String),
    /// It is not in the queue any more; what happened was not seen.
    Gone,
    /// It no longer matches the console's own filter.
    Filtered,
}

/// A row that stays where it was although it left.
#[derive(Clone, Debug)]
pub(crate) struct Ghost {
    /// As it stood at last.
    pub(crate) row: Row,
    /// Why it left.
    pub(crate) why: Left,
}
