//! What a start would change in a data directory, without a start: nothing is written.

use std::collections::HashMap;
use std::sync::Arc;

use opora_core::model::{Ticket, TicketNumber};
use opora_core::sla::{Policy, PolicyDefinition};
use opora_store::{Commit, Record};

use crate::config::Config;
use crate::desk::is_outdated;
use crate::serve_error::ServeError;

/// What a start would change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DryRun {
    /// How many tickets are open.
    pub open: u64,
    /// Of how many of these the clocks would change, with an event on each that says so.
    pub recomputed: u64,
}

/// Reads a data directory as a start would and counts what that would change. Blocks.
///
/// # Errors
/// [`ServeError`].
pub fn dry_run(config: &Config) -> Result<DryRun, ServeError> {
    let mut rules = config.rules.clone();
    let mut open: HashMap<TicketNumber, Arc<Ticket>> = HashMap::new();
    let mut policies: Vec<Arc<PolicyDefinition>> = Vec::new();
    opora_store::replay(&config.data, |commit: Commit| {
        for record in commit.records {
            match record {
                Record::Ticket(event) if event.ticket.state.is_open() => {
                    open.insert(event.ticket.number, event.ticket);
                }
                Record::Ticket(event) => drop(open.remove(&event.ticket.number)),
                Record::Policy(_, _, definition) => policies.push(definition),
                Record::Directory(..) => {}
            }
        }
    })?;
    for definition in policies {
        let named = definition.policy.clone();
        let policy = Policy::new(PolicyDefinition::clone(&definition))
            .map_err(|error| ServeError::Store(format!("the stored {named} is wrong: {error}")))?;
        rules.policies.add(policy);
    }
    let recomputed = open.values().filter(|ticket| is_outdated(ticket, &rules)).count() as u64;
    Ok(DryRun { open: open.len() as u64, recomputed })
}
