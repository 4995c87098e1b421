//! Why a command is refused.

use std::sync::Arc;

use super::tie::MAX_LINKS;
use crate::model::{MAX_PARTS, MAX_PARTS_BYTES, Priority, Revision, TicketNumber, TicketState};
use crate::sla::ReckonError;
use crate::time::Timestamp;

/// Why a command is refused. The server maps each to a code and a reason of the contract, in one place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No ticket of that number.
    #[error("there is no ticket {0}")]
    NoTicket(TicketNumber),
    /// An organisation, contact, agent or policy is not known; its name.
    #[error("there is no {0}")]
    NoResource(String),
    /// Somebody is archived and can't be given work; their name.
    #[error("{0} is archived")]
    Archived(String),
    /// Another ticket has this external id.
    #[error("{0} has this external id already")]
    ExternalIdTaken(TicketNumber),
    /// A stale etag.
    #[error("somebody changed the ticket since")]
    Etag {
        /// The current one.
        current: String,
        /// The ticket's revision.
        revision: Revision,
    },
    /// A stale etag of the other ticket that a change is about.
    #[error("somebody changed {ticket} since")]
    OtherEtag {
        /// Which.
        ticket: TicketNumber,
        /// The current one.
        current: String,
        /// The ticket's revision.
        revision: Revision,
    },
    /// A newer public message by somebody else stands on the ticket (docs/contract.md "Requests", `seen_through`).
    #[error("a newer public message stands on the ticket")]
    Unseen {
        /// Its ticket.
        ticket: TicketNumber,
        /// Its revision.
        revision: Revision,
        /// Whose it is.
        author: Arc<str>,
    },
    /// A step of life that is not allowed (docs/domain.md §6).
    #[error("{} can't become {}", from.word(), to.word())]
    Transition {
        /// The state.
        from: TicketState,
        /// The state asked for.
        to: TicketState,
        /// The states allowed from here, by `TransitionTicket`.
        allowed: Vec<TicketState>,
    },
    /// The state forbids this change.
    #[error("a ticket that is {} can't be changed so", .0.word())]
    State(TicketState),
    /// It is part of another ticket: what is to be changed is that one (docs/domain.md §6).
    #[error("{ticket} is part of {into}")]
    Merged {
        /// Which.
        ticket: TicketNumber,
        /// Where what it held is shown now.
        into: TicketNumber,
    },
    /// More tickets than [`MAX_PARTS`] would be merged into one.
    #[error("at most {MAX_PARTS} tickets can be merged into one")]
    Parts,
    /// What the tickets that would be merged into one bring is more than [`MAX_PARTS_BYTES`].
    #[error("tags and ties of the tickets that are merged into one take at most {MAX_PARTS_BYTES} bytes")]
    PartsBytes,
    /// It has this priority already (docs/domain.md §7 rule 5).
    #[error("the priority is {} already", .0.word())]
    SamePriority(Priority),
    /// The ladder has no such rung above or below (docs/domain.md §8).
    #[error("there is no rung {rung} to go to")]
    Rung {
        /// The rung asked for.
        rung: u32,
        /// The highest.
        highest: u32,
    },
    /// Tied to or merged into itself, its own part or child.
    #[error("a ticket can't be a part or child of itself")]
    Cycle,
    /// The tie is not there, or is there already.
    #[error("the tie is not there, or there already")]
    Link,
    /// A ticket has as many ties as it may have.
    #[error("a ticket has as many ties as it may have, {MAX_LINKS}")]
    TooManyLinks,
    /// Somebody changed the same thing since, or there is nothing to undo; the revision of the newer change.
    #[error("there is nothing to undo, or somebody changed it since")]
    Undo(Option<Revision>),
    /// Nothing would change.
    #[error("nothing would change")]
    NoChange,
    /// An event can't be earlier than the last one on the ticket.
    #[error("an event can't be earlier than the last one on the ticket")]
    ImportOrder {
        /// The earliest time allowed.
        earliest: Timestamp,
    },
    /// Clocks can't be reckoned: a bug, or a policy that is gone.
    #[error(transparent)]
    Reckon(#[from] ReckonError),
}
