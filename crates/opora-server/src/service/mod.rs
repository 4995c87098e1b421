//! The services of the contract: read the request, ask the desk, put the answer on the wire. They decide nothing and
//! keep nothing.

mod admin;
mod attachments;
mod batch;
mod call;
mod changing;
mod creating;
mod directory;
mod opening;
mod page;
mod presence;
mod reports;
#[cfg(test)]
mod scope_tests;
mod sla;
mod tickets;
mod uploads;
mod watch;
mod wire;

use std::sync::Arc;

use opora_core::filter::Filter;
use opora_core::model::{Ticket, TicketNumber};
use opora_core::time::Timestamp;
use opora_store::Blobs;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::call::Call;
use crate::desk::Desk;
use crate::engine::TicketRef;
use crate::errors::{Outcome, Problem};
use crate::presence::Presences;
use crate::warnings::Warnings;

pub(crate) use opening::{Opening, Services};
pub(crate) use page::Tokens;
pub(crate) use wire::generated::ticket_service_server::TicketServiceServer;

/// How many filters are kept as they were read.
pub(crate) const FILTERS: usize = 256;

/// What all services hold. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Service(Arc<Parts>);

/// What a service needs beside the desk.
pub(crate) struct Parts {
    pub(crate) desk: Desk,
    pub(crate) files: Arc<Blobs>,
    pub(crate) tokens: Tokens,
    pub(crate) importing_allowed: bool,
    pub(crate) started: Timestamp,
    pub(crate) watches: Arc<Semaphore>,
    pub(crate) max_watches: usize,
    /// Who has which ticket open.
    pub(crate) presences: Presences,
    /// The server is stopping: streams end.
    pub(crate) stopping: CancellationToken,
    /// What an operator should look at.
    pub(crate) warnings: Warnings,
    /// Filters that were read lately.
    pub(crate) filters: Cache<Arc<str>, Arc<Filter>>,
}

impl Service {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    fn desk(&self) -> &Desk {
        &self.0.desk
    }

    fn store_uid(&self) -> String {
        self.desk().store_uid().to_string()
    }

    /// The newest revision, of which an answer speaks that read the present.
    fn revision(&self) -> u64 {
        self.desk().position().newest.0
    }

    /// A ticket that has to be there, for the caller to see.
    fn found(&self, call: &Call, ticket: TicketRef) -> Outcome<Arc<Ticket>> {
        self.desk().ticket(call, ticket)?.ok_or_else(|| match ticket {
            TicketRef::Number(number) => Problem::no_ticket(number),
            TicketRef::Uid(uid) => Problem::no_ticket(format_args!("tickets/{uid}")),
        })
    }

    /// The number of a ticket that another one is to be tied to or merged into.
    fn number(&self, call: &Call, ticket: TicketRef) -> Outcome<TicketNumber> {
        match ticket {
            TicketRef::Number(number) => Ok(number),
            TicketRef::Uid(_) => Ok(self.found(call, ticket)?.number),
        }
    }
}
