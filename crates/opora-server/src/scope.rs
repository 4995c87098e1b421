//! Which tickets a caller may see. Everything that reads tickets takes a scope with its call, and asks it here alone.

use opora_core::model::{OrganisationId, Ticket};

/// What may be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everything.
    #[default]
    Everything,
    /// The tickets of one organisation.
    Organisation(OrganisationId),
}

impl Scope {
    /// Whether a ticket may be seen.
    pub fn sees(&self, ticket: &Ticket) -> bool {
        match self {
            Self::Everything => true,
            Self::Organisation(organisation) => ticket.organisation.as_ref() == Some(organisation),
        }
    }

    /// Whether an organisation may be seen, and who belongs to it.
    pub fn sees_organisation(&self, organisation: &OrganisationId) -> bool {
        match self {
            Self::Everything => true,
            Self::Organisation(own) => own == organisation,
        }
    }
}
