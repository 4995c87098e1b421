//! A row that left and is still shown: it stays where it was until the cursor moves off it.

use opora_proto::v1;

use super::row::Row;
use crate::msg::Happened;
use crate::text::clean_line;

/// Why a row no longer belongs to the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Its state changed: to this one, by whom.
    State(v1::TicketState, String),
    /// It is part of this one now, and who did it.
    Merged(u64, String),
    /// It is not in the queue any more; what happened was not seen.
    Gone,
    /// It no longer matches the console's own filter.
    Filtered,
    /// It is in the queue, and no longer in the list that a screen beside it shows.
    Unlisted,
}

impl Left {
    /// By an event: the state that the ticket has after it, and who did it.
    pub(crate) fn of(happened: &Happened) -> Self {
        Self::by(&happened.event, &happened.ticket)
    }

    /// The same, of its parts.
    pub(crate) fn by(event: &v1::TicketEvent, ticket: &v1::Ticket) -> Self {
        let name = event.actor.as_ref().map(|actor| actor.name.as_str()).unwrap_or_default();
        let who = clean_line(name.rsplit('/').next().unwrap_or_default());
        match ticket.merged_into.rsplit('/').next().and_then(|number| number.parse().ok()) {
            Some(target) => Self::Merged(target, who),
            None => Self::State(ticket.state(), who),
        }
    }
}

/// A row that stays where it was although it left.
#[derive(Clone, Debug)]
pub(crate) struct Ghost {
    /// As it stood at last.
    pub(crate) row: Row,
    /// Why it left.
    pub(crate) why: Left,
}
