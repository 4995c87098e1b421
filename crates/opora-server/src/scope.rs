//! Which tickets a caller may see. Everything that reads tickets takes a scope with its call, and asks it here alone.
//!
//! Of tickets of others that were merged into one that may be seen, comments and files are not told; that they were, and
//! what the merge made the target's own (tags, workstations), is.

use std::sync::Arc;

use opora_core::filter::Filter;
use opora_core::model::{OrganisationId, Ticket};

/// What may be seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everything.
    Everything,
    /// The tickets of one organisation.
    Organisation(OrganisationId),
}

impl Scope {
    /// Whether everything may be seen: what is not one ticket's or one organisation's is told to nobody else.
    pub fn sees_everything(&self) -> bool {
        match self {
            Self::Everything => true,
            Self::Organisation(_) => false,
        }
    }

    /// Whether a ticket may be seen.
    pub fn sees(&self, ticket: &Ticket) -> bool {
        match self {
            Self::Everything => true,
            Self::Organisation(organisation) => ticket.organisation.as_ref() == Some(organisation),
        }
    }

    /// A filter for what may be seen of what it asks for.
    pub(crate) fn narrow(&self, filter: &Arc<Filter>) -> Arc<Filter> {
        match self {
            Self::Everything => filter.clone(),
            Self::Organisation(own) => Arc::new(filter.within(own)),
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
