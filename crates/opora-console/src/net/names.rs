//! What organisations are called and by which clock they live, so that a row can show its customer.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt as _, stream};
use jiff::tz::TimeZone;
use opora_proto::client::Desk;
use opora_proto::v1;
use tonic::Status;

use crate::msg::Named;
use crate::queue::customer::Customer;
use crate::queue::row::Row;
use crate::text::clean_line;

/// The most pages of organisations that are read at the start; what is missing is asked for when it is met.
const PAGES: usize = 20;

/// How many organisations are asked for at once.
const ASKED: usize = 16;
/// The most owners of which one copy is kept for all their rows.
const OWNERS: usize = 10_000;

/// What is held of an organisation.
#[derive(Clone, Debug)]
struct Known {
    shown: Customer,
    /// Where it lives. `None`: not known.
    zone: Option<TimeZone>,
    archived: bool,
}

impl Known {
    fn of(organisation: &v1::Organisation) -> Self {
        let zone = TimeZone::get(&organisation.time_zone).ok().filter(|_| !organisation.time_zone.is_empty());
        Self { shown: Customer::from(&*organisation.display_name), zone, archived: organisation.archived }
    }
}

/// Names of organisations by `organisations/acme`, and owners: one copy of each for all rows.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: Mutex<HashMap<String, Known>>,
    owners: Mutex<HashSet<Arc<str>>>,
}

impl Names {
    /// Reads them all.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub(crate) async fn load(&self, desk: &Desk) -> Result<(), Status> {
        let mut token = String::new();
        for _ in 0..PAGES {
            let request = v1::ListOrganisationsRequest { page_size: 1000, page_token: token, show_archived: true };
            let page = desk.directory().list_organisations(request).await?.into_inner();
            {
                let mut names = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                names.extend(page.organisations.into_iter().map(|o| (o.name.clone(), Known::of(&o))));
            }
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Asks for the organisations of these tickets that are not known yet. What can't be had is known by its id.
    pub(crate) async fn learn(&self, desk: &Desk, tickets: impl Iterator<Item = &v1::Ticket>) {
        let missing: Vec<String> = {
            let names = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let mut missing: Vec<String> = tickets
                .map(|ticket| ticket.organisation.clone())
                .filter(|name| !name.is_empty() && !names.contains_key(name))
                .collect();
            missing.sort_unstable();
            missing.dedup();
            missing
        };
        let ask = |name: String| async move {
            let answer = desk.directory().get_organisation(v1::GetOrganisationRequest { name: name.clone() }).await;
            let known = answer.ok().and_then(|a| a.into_inner().organisation).as_ref().map(Known::of);
            let shown = || Customer::from(name.rsplit('/').next().unwrap_or_default());
            let known = known.unwrap_or_else(|| Known { shown: shown(), zone: None, archived: true });
            self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(name, known);
        };
        stream::iter(missing).for_each_concurrent(ASKED, ask).await;
    }

    /// What the customer of a ticket is called; who reported it where that is not known.
    pub(crate) fn customer(&self, ticket: &v1::Ticket) -> Customer {
        let names = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let reporter = || {
            let reporter = ticket.reporter.as_ref();
            let name = reporter.map(|r| if r.display_name.is_empty() { &r.email } else { &r.display_name });
            Customer::from(name.map(String::as_str).unwrap_or_default())
        };
        match names.get(&ticket.organisation) {
            Some(known) => known.shown.clone(),
            None if ticket.organisation.is_empty() => reporter(),
            None => Customer::from(ticket.organisation.rsplit('/').next().unwrap_or_default()),
        }
    }

    /// By which clock a customer lives.
    pub(crate) fn zone(&self, organisation: &str) -> Option<TimeZone> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(organisation)?.zone.clone()
    }

    /// Those that a new ticket can be for, by what they are called.
    pub(crate) fn list(&self) -> Vec<Named> {
        let names = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut list: Vec<Named> = names
            .iter()
            .filter(|(_, known)| !known.archived)
            .map(|(name, known)| Named {
                id: name.rsplit('/').next().unwrap_or_default().to_owned(),
                name: clean_line(&known.shown),
            })
            .collect();
        list.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        list
    }

    pub(crate) fn row(&self, ticket: &v1::Ticket) -> Row {
        let mut row = Row::of(ticket, self.customer(ticket));
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        match owners.get(&row.owner) {
            Some(known) => row.owner = Arc::clone(known),
            None if owners.len() < OWNERS => drop(owners.insert(Arc::clone(&row.owner))),
            None => {}
        }
        row
    }
}
