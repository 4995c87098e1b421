//! `TicketService`: creating, changing, finding and watching tickets.

use std::sync::Arc;

use opora_core::command::Change;
use opora_core::filter::Filter;
use opora_core::order::OrderBy;
use opora_proto::v1;
use prost::Message as _;
use tonic::{Request, Response, Status};

use super::Service;
use super::call::answer;
use super::page::{self, Query};
use super::wire::generated::ticket_service_server::TicketService;
use super::wire::{Listing, basic};
use crate::call::Call;
use crate::convert::calls;
use crate::convert::{self, ticket_ref};
use crate::desk::{CommentEntry, EventEntry, HistoryQuery, ListQuery};
use crate::engine::TicketRef;
use crate::errors::{Outcome, Problem, Violations};
use crate::followers::queue::Cursor;
use crate::size::{MESSAGE_BYTES, Room};

/// A call that changes one ticket and answers with it.
macro_rules! simple {
    ($self:ident, $request:ident, $response:ident, |$call:ident, $wire:ident, $wrong:ident| $read:expr) => {
        answer!($request, |$call, message| async {
            let changed = $self.change(&$call, message, |$wire, $wrong| $read).await?;
            let ticket = Some($self.whole(&changed, &changed.ticket)?);
            Ok(v1::$response { ticket, revision: changed.done.revision.0 })
        })
    };
}

#[tonic::async_trait]
impl TicketService for Service {
    type WatchTicketsStream = super::watch::Encoded;

    async fn create_ticket(
        &self,
        request: Request<v1::CreateTicketRequest>,
    ) -> Result<Response<v1::CreateTicketResponse>, Status> {
        answer!(request, |call, message| self.create(&call, message))
    }

    async fn get_ticket(
        &self,
        request: Request<v1::GetTicketRequest>,
    ) -> Result<Response<v1::GetTicketResponse>, Status> {
        answer!(request, |call, message| std::future::ready(self.get(&call, &message)))
    }

    async fn list_tickets(&self, request: Request<v1::ListTicketsRequest>) -> Result<Response<Listing>, Status> {
        answer!(request, |call, message| self.list(&call, message))
    }

    async fn update_ticket(
        &self,
        request: Request<v1::UpdateTicketRequest>,
    ) -> Result<Response<v1::UpdateTicketResponse>, Status> {
        let rules = self.desk().rules();
        simple!(self, request, UpdateTicketResponse, |call, wire, wrong| Ok(Some(calls::update(
            "",
            wire,
            &rules.checklist,
            wrong
        ))))
    }

    async fn assign_ticket(
        &self,
        request: Request<v1::AssignTicketRequest>,
    ) -> Result<Response<v1::AssignTicketResponse>, Status> {
        simple!(self, request, AssignTicketResponse, |call, wire, wrong| Ok(Some(calls::assign("", wire, wrong))))
    }

    async fn reprioritise_ticket(
        &self,
        request: Request<v1::ReprioritiseTicketRequest>,
    ) -> Result<Response<v1::ReprioritiseTicketResponse>, Status> {
        simple!(self, request, ReprioritiseTicketResponse, |call, wire, wrong| Ok(calls::reprioritise("", wire, wrong)))
    }

    async fn escalate_ticket(
        &self,
        request: Request<v1::EscalateTicketRequest>,
    ) -> Result<Response<v1::EscalateTicketResponse>, Status> {
        answer!(request, |call, message| self.escalate(&call, message))
    }

    async fn deescalate_ticket(
        &self,
        request: Request<v1::DeescalateTicketRequest>,
    ) -> Result<Response<v1::DeescalateTicketResponse>, Status> {
        simple!(self, request, DeescalateTicketResponse, |call, wire, wrong| Ok(Some(calls::deescalate(wire, wrong))))
    }

    async fn transition_ticket(
        &self,
        request: Request<v1::TransitionTicketRequest>,
    ) -> Result<Response<v1::TransitionTicketResponse>, Status> {
        simple!(self, request, TransitionTicketResponse, |call, wire, wrong| Ok(calls::transition("", wire, wrong)))
    }

    async fn add_comment(
        &self,
        request: Request<v1::AddCommentRequest>,
    ) -> Result<Response<v1::AddCommentResponse>, Status> {
        answer!(request, |call, message| self.comment(&call, message))
    }

    async fn list_comments(
        &self,
        request: Request<v1::ListCommentsRequest>,
    ) -> Result<Response<v1::ListCommentsResponse>, Status> {
        answer!(request, |call, message| self.comments(&call, message))
    }

    async fn merge_tickets(
        &self,
        request: Request<v1::MergeTicketsRequest>,
    ) -> Result<Response<v1::MergeTicketsResponse>, Status> {
        answer!(request, |call, message| self.merge(&call, message))
    }

    async fn unmerge_ticket(
        &self,
        request: Request<v1::UnmergeTicketRequest>,
    ) -> Result<Response<v1::UnmergeTicketResponse>, Status> {
        simple!(self, request, UnmergeTicketResponse, |call, wire, wrong| Ok(Some(Change::Unmerge {
            reason: calls::reason(&wire.reason, false, wrong)
        })))
    }

    async fn link_tickets(
        &self,
        request: Request<v1::LinkTicketsRequest>,
    ) -> Result<Response<v1::LinkTicketsResponse>, Status> {
        simple!(self, request, LinkTicketsResponse, |call, wire, wrong| self.link_change(&call, "", wire, wrong))
    }

    async fn unlink_tickets(
        &self,
        request: Request<v1::UnlinkTicketsRequest>,
    ) -> Result<Response<v1::UnlinkTicketsResponse>, Status> {
        simple!(self, request, UnlinkTicketsResponse, |call, wire, wrong| {
            if let Some(change) = calls::undo_link(wire.undo_of) {
                return Ok(Some(change));
            }
            let target =
                ticket_ref("target", &wire.target, wrong).map(|target| self.number(&call, target)).transpose()?;
            Ok(target.map(|target| Change::Unlink { target }))
        })
    }

    async fn batch_change(
        &self,
        request: Request<v1::BatchChangeRequest>,
    ) -> Result<Response<v1::BatchChangeResponse>, Status> {
        answer!(request, |call, message| self.batch(&call, message))
    }

    async fn list_events(
        &self,
        request: Request<v1::ListEventsRequest>,
    ) -> Result<Response<v1::ListEventsResponse>, Status> {
        answer!(request, |call, message| self.events(&call, message))
    }

    async fn watch_tickets(
        &self,
        request: Request<v1::WatchTicketsRequest>,
    ) -> Result<Response<Self::WatchTicketsStream>, Status> {
        answer!(request, |call, message| self.watch(&call, message))
    }
}

/// Whether the FULL view is asked for.
pub(super) fn full(view: i32, default: bool, wrong: &mut Violations) -> bool {
    match v1::TicketView::try_from(view) {
        Ok(v1::TicketView::Unspecified) => default,
        Ok(v1::TicketView::Full) => true,
        Ok(v1::TicketView::Basic) => false,
        Err(_) => {
            wrong.add("view", format!("{view} is not a value of this field"));
            default
        }
    }
}

/// The ticket of a call that reads.
pub(super) fn named(name: &str, wrong: Violations) -> Outcome<TicketRef> {
    let mut wrong = wrong;
    let ticket = ticket_ref("name", name, &mut wrong);
    wrong.require(ticket)
}

impl Service {
    fn get(&self, call: &Call, wire: &v1::GetTicketRequest) -> Outcome<v1::GetTicketResponse> {
        let mut wrong = Violations::default();
        let full = full(wire.view, true, &mut wrong);
        // The revision first: what is read after it is at least as new.
        let revision = self.revision();
        let ticket = self.found(call, named(&wire.name, wrong)?)?;
        let revision = revision.max(ticket.revision.0);
        let description = if full { self.description(&ticket)? } else { None };
        Ok(v1::GetTicketResponse { ticket: Some(convert::ticket(&ticket, description.as_deref())), revision })
    }

    /// A page as it will be sent.
    async fn list(&self, call: &Call, wire: v1::ListTicketsRequest) -> Outcome<Listing> {
        let mut wrong = Violations::default();
        let full = full(wire.view, false, &mut wrong);
        let limit = page::size(wire.page_size, &mut wrong);
        let order = wire.order_by.parse::<OrderBy>().map_err(|error| wrong.add("order_by", error.to_string())).ok();
        let order = wrong.require(order)?;
        let filter = self.filter(&wire.filter)?;
        let view = if full { "FULL" } else { "BASIC" };
        let query = Query::new(&call.method.name, &[&wire.filter, &wire.order_by, view]);
        let after = match self.0.tokens.read(query, &wire.page_token)? {
            Some(place) => Some(Cursor::from_bytes(&place).ok_or_else(Problem::page_token)?),
            None => None,
        };
        let asked = ListQuery {
            filter,
            order,
            after,
            limit,
            max_bytes: MESSAGE_BYTES,
            with_descriptions: full,
            include_total: wire.include_total,
        };
        let mut page = self.desk().list(call, asked).await?;
        let whole = if full {
            let tickets = page.tickets.iter().map(|listed| listed.ticket.clone()).collect();
            self.whole_tickets(tickets).await?
        } else {
            page.keep(Room::new().count(page.tickets.iter().map(|listed| basic(listed).len())));
            Vec::new()
        };
        if full {
            page.keep(whole.len());
        }
        let next = page.next.map(|cursor| self.0.tokens.make(query, &cursor.to_bytes())).unwrap_or_default();
        let answer = v1::ListTicketsResponse {
            tickets: whole,
            next_page_token: next,
            total_size: page.total.unwrap_or(0),
            revision: page.revision.0,
            store_uid: self.store_uid(),
        };
        Ok(Listing { basic: if full { Vec::new() } else { page.tickets }, answer })
    }

    /// A filter; the same ones are asked for again and again.
    fn filter(&self, text: &str) -> Outcome<Arc<Filter>> {
        if let Some(filter) = self.0.filters.get(text) {
            return Ok(filter);
        }
        let filter = Arc::new(Filter::parse(text)?);
        self.0.filters.insert(text.into(), filter.clone());
        Ok(filter)
    }

    /// The first of some tickets in the FULL view, as many as go into an answer.
    async fn whole_tickets(&self, tickets: Vec<Arc<opora_core::model::Ticket>>) -> Outcome<Vec<v1::Ticket>> {
        let mut room = Room::new();
        let whole = move |ticket: &opora_core::model::Ticket, description: Option<&str>| {
            let wire = convert::ticket(ticket, description);
            room.takes(wire.encoded_len()).then_some(wire)
        };
        Ok(self.desk().described(tickets, whole).await?)
    }

    async fn events(&self, call: &Call, wire: v1::ListEventsRequest) -> Outcome<v1::ListEventsResponse> {
        let mut wrong = Violations::default();
        let limit = page::size(wire.page_size, &mut wrong);
        let ticket = self.found(call, named(&wire.name, wrong)?)?.number;
        let order = if wire.newest_first { "newest" } else { "oldest" };
        let query = Query::new(&call.method.name, &[&ticket.to_string(), order]);
        let after = self.0.tokens.read_place(query, &wire.page_token)?;
        let asked = HistoryQuery { ticket, newest_first: wire.newest_first, after, limit, max_bytes: MESSAGE_BYTES };
        let page = self.desk().events(call, asked).await?;
        let on_wire = |entry: &EventEntry| Some(convert::event(&entry.event, entry.revision, None));
        let (events, next) = page::packed(&page, on_wire);
        Ok(v1::ListEventsResponse {
            events,
            next_page_token: self.0.tokens.place(query, next),
            revision: page.revision.0,
            store_uid: self.store_uid(),
        })
    }

    async fn comments(&self, call: &Call, wire: v1::ListCommentsRequest) -> Outcome<v1::ListCommentsResponse> {
        let mut wrong = Violations::default();
        let limit = page::size(wire.page_size, &mut wrong);
        let ticket = self.found(call, named(&wire.name, wrong)?)?.number;
        let order = if wire.oldest_first { "oldest" } else { "newest" };
        let query = Query::new(&call.method.name, &[&ticket.to_string(), order]);
        let after = self.0.tokens.read_place(query, &wire.page_token)?;
        let newest_first = !wire.oldest_first;
        let asked = HistoryQuery { ticket, newest_first, after, limit, max_bytes: MESSAGE_BYTES };
        let page = self.desk().comments(call, asked).await?;
        let on_wire = |entry: &CommentEntry| {
            Some(convert::comment(&entry.comment, entry.ticket, ticket, entry.revision, entry.at))
        };
        let (comments, next) = page::packed(&page, on_wire);
        Ok(v1::ListCommentsResponse {
            comments,
            next_page_token: self.0.tokens.place(query, next),
            revision: page.revision.0,
            store_uid: self.store_uid(),
        })
    }
}
