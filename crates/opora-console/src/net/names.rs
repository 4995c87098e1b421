//! What organisations are called and by which clock they live, so that a row can show its customer.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use futures::{StreamExt as _, stream};
use jiff::tz::TimeZone;
use opora_proto::client::Desk;
use opora_proto::v1;
use tonic::Status;

use crate::msg::Named;
use crate::queue::name::Name;
use crate::queue::row::{self, Row};
use crate::text::clean_line;

/// The most pages of organisations that are read at the start; what is missing is asked for when it is met.
const PAGES: usize = 20;

/// How many organisations are asked for at once.
const ASKED: usize = 16;
/// The most owners and reporters of which one copy is kept for all their rows.
const SHARED: usize = 20_000;

/// What is held of an organisation.
#[derive(Clone, Debug)]
struct Known {
    shown: Name,
    /// Where it lives. `None`: not known.
    zone: Option<TimeZone>,
    archived: bool,
}

impl Known {
    fn of(organisation: &v1::Organisation) -> Self {
        let zone = TimeZone::get(&organisation.time_zone).ok().filter(|_| !organisation.time_zone.is_empty());
        Self { shown: Name::from(&*organisation.display_name), zone, archived: organisation.archived }
    }
}

/// Names of organisations by `organisations/acme`, and of owners and reporters: one copy of each for all rows.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: Mutex<HashMap<String, Known>>,
    people: Mutex<HashSet<Name>>,
}

impl Names {
    /// Reads them all.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub(crate) async fn load(&self, desk: &Desk) -> Result<(), Status> {
        let more = self.load_first(desk).await?;
        self.load_more(desk, more).await
    }

    /// Reads the first of them; gives where those after them begin, empty where there are none.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub(crate) async fn load_first(&self, desk: &Desk) -> Result<String, Status> {
        self.load_page(desk, String::new()).await
    }

    /// Reads the others, from where they begin.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub(crate) async fn load_more(&self, desk: &Desk, mut token: String) -> Result<(), Status> {
        for _ in 1..PAGES {
            if token.is_empty() {
                break;
            }
            token = self.load_page(desk, token).await?;
        }
        Ok(())
    }

    async fn load_page(&self, desk: &Desk, page_token: String) -> Result<String, Status> {
        let request = v1::ListOrganisationsRequest { page_size: 1000, page_token, show_archived: true };
        let page = desk.directory().list_organisations(request).await?.into_inner();
        let mut names = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        names.extend(page.organisations.into_iter().map(|o| (o.name.clone(), Known::of(&o))));
        Ok(page.next_page_token)
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
            let shown = || Name::from(name.rsplit('/').next().unwrap_or_default());
            let known = known.unwrap_or_else(|| Known { shown: shown(), zone: None, archived: true });
            self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(name, known);
        };
        stream::iter(missing).for_each_concurrent(ASKED, ask).await;
    }

    /// What the customer of a ticket is called; who reported it where that is not known.
    pub(crate) fn customer(&self, ticket: &v1::Ticket) -> Name {
        let names = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let reporter = || {
            let reporter = ticket.reporter.as_ref();
            let name = reporter.map(|r| if r.display_name.is_empty() { &r.email } else { &r.display_name });
            self.shared(name.map_or("", String::as_str))
        };
        match names.get(&ticket.organisation) {
            Some(known) => known.shown.clone(),
            None if ticket.organisation.is_empty() => reporter(),
            None => self.shared(ticket.organisation.rsplit('/').next().unwrap_or_default()),
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
        Row::new(ticket, self.customer(ticket), self.shared(row::owner(ticket)))
    }

    /// The copy of a name that all its rows have.
    fn shared(&self, name: &str) -> Name {
        let name = Name::from(name);
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        match people.get(&*name) {
            Some(known) => return known.clone(),
            None if people.len() < SHARED => drop(people.insert(name.clone())),
            None => {}
        }
        name
    }
}
