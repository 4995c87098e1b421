//! What organisations are called, so that a row can show its customer.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use opora_proto::client::Desk;
use opora_proto::v1;
use tonic::Status;

use crate::queue::row::Row;

/// The most pages of organisations that are read at the start; what is missing is asked for when it is met.
const PAGES: usize = 20;

/// Names of organisations by `organisations/acme`.
#[derive(Debug, Default)]
pub(crate) struct Names(Mutex<HashMap<String, String>>);

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
                let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                names.extend(page.organisations.into_iter().map(|o| (o.name, o.display_name)));
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
            let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let mut missing: Vec<String> = tickets
                .map(|ticket| ticket.organisation.clone())
                .filter(|name| !name.is_empty() && !names.contains_key(name))
                .collect();
            missing.sort_unstable();
            missing.dedup();
            missing
        };
        for name in missing {
            let answer = desk.directory().get_organisation(v1::GetOrganisationRequest { name: name.clone() }).await;
            let known = answer.ok().and_then(|a| a.into_inner().organisation).map(|o| o.display_name);
            let shown = known.unwrap_or_else(|| name.rsplit('/').next().unwrap_or_default().to_owned());
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, shown);
        }
    }

    /// What the customer of a ticket is called; who reported it where that is not known.
    pub(crate) fn customer(&self, ticket: &v1::Ticket) -> String {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reporter = || {
            let reporter = ticket.reporter.as_ref();
            let name = reporter.map(|r| if r.display_name.is_empty() { &r.email } else { &r.display_name });
            name.cloned().unwrap_or_default()
        };
        match names.get(&ticket.organisation) {
            Some(name) => name.clone(),
            None if ticket.organisation.is_empty() => reporter(),
            None => ticket.organisation.rsplit('/').next().unwrap_or_default().to_owned(),
        }
    }

    pub(crate) fn row(&self, ticket: &v1::Ticket) -> Row {
        Row::of(ticket, &self.customer(ticket))
    }
}
