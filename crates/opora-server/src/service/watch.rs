//! `WatchTickets`: what the desk's stream gives, put on the wire (docs/contract.md "Requests").

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use opora_core::filter::{Filter, FilterError};
use opora_core::model::Revision;
use opora_proto::v1;
use opora_store::StoreUid;
use prost::Message as _;
use tonic::Status;

use super::Service;
use super::tickets::full;
use crate::call::Call;
use crate::convert;
use crate::errors::{Outcome, Problem, Violations};
use crate::followers::watch::{WatchBatch, WatchQuery, WatchStart};
use crate::layers::AGAIN;
use crate::scope::Scope;
use crate::size::Room;

/// What a watcher gets: messages `WatchTicketsResponse`, encoded.
pub(crate) type Encoded = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

impl Service {
    /// A stream of encoded messages.
    pub(super) async fn watch(&self, call: &Call, wire: v1::WatchTicketsRequest) -> Outcome<Encoded> {
        let mut wrong = Violations::default();
        let full = full(wire.view, false, &mut wrong);
        let store_uid = store_uid(&wire.store_uid, &mut wrong);
        if wire.include_current && wire.from_revision != 0 {
            wrong.add("include_current", "can't be asked for together with from_revision");
        }
        wrong.finish(())?;
        let filter = Filter::parse(&wire.filter)?;
        if !filter.texts().is_empty() || filter.is_relative() {
            let detail = "a watch takes no bare text and nothing relative to now".to_owned();
            return Err(FilterError { position: 0, detail }.into());
        }
        let start = match (wire.include_current, wire.from_revision) {
            (true, _) => WatchStart::Current,
            (false, 0) => WatchStart::Now,
            (false, revision) => WatchStart::From(Revision(revision)),
        };
        let language = call.language;
        let permit = Arc::clone(&self.0.watches).try_acquire_owned();
        let permit = permit.map_err(|_| Problem::limit("max_watches", self.0.max_watches).retry(AGAIN))?;
        let query = WatchQuery { filter_text: wire.filter.into(), filter: Arc::new(filter), start, store_uid };
        let stream = self.desk().watch(call, query).await?;
        let (service, scope) = (self.clone(), call.scope.clone());
        let uid = self.store_uid();
        let convert = move |batch: &WatchBatch, from: usize| match service.encoded(batch, from, &uid, (full, &scope)) {
            Ok((bytes, rest)) => (Ok(bytes), rest),
            Err(problem) => (Err(problem), None),
        };
        let feed = self.desk().feed(stream, convert);
        let messages = feed.map(move |item| {
            // The permit lives as long as the stream.
            let _held = &permit;
            match item {
                Ok(Ok(message)) => Ok(message),
                Ok(Err(problem)) => Err(problem.status(language)),
                Err(end) => Err(Box::<Problem>::from(end).status(language)),
            }
        });
        Ok(Box::pin(messages))
    }

    /// The message that begins with one of the tickets or events of a batch, encoded, and with which the next one
    /// begins; of events once for all whom the same concerns.
    fn encoded(
        &self,
        batch: &WatchBatch,
        from: usize,
        store_uid: &str,
        (full, scope): (bool, &Scope),
    ) -> Outcome<(Bytes, Option<usize>)> {
        let place = match batch {
            WatchBatch::Events(matched) => matched.encoded.get(usize::from(full)),
            _ => None,
        };
        if let Some(part) = place.and_then(|place| place.get(from)) {
            return Ok((part.bytes.clone(), part.rest));
        }
        let (message, rest) = self.message(batch, from, store_uid, (full, scope))?;
        let bytes = Bytes::from(message.encode_to_vec());
        if let Some(place) = place {
            place.keep(from, &bytes, rest);
        }
        Ok((bytes, rest))
    }

    /// The same, not encoded.
    fn message(
        &self,
        batch: &WatchBatch,
        from: usize,
        store_uid: &str,
        (full, scope): (bool, &Scope),
    ) -> Outcome<(v1::WatchTicketsResponse, Option<usize>)> {
        let mut message = v1::WatchTicketsResponse {
            revision: batch.revision().0,
            store_uid: store_uid.to_owned(),
            ..Default::default()
        };
        let (mut room, mut next) = (Room::new(), from);
        // What stands alone need not be weighed: the first always goes in.
        let alone = from + 1 == batch.len();
        match batch {
            WatchBatch::Current { tickets, .. } => {
                for ticket in tickets.iter().skip(from) {
                    let description = if full { self.description(ticket)? } else { None };
                    let ticket = convert::ticket(ticket, description.as_deref());
                    if !alone && !room.takes(ticket.encoded_len()) {
                        break;
                    }
                    message.tickets.push(ticket);
                    next += 1;
                }
            }
            WatchBatch::Synced(_) => message.synced = true,
            WatchBatch::Bookmark(_) => {}
            WatchBatch::Events(matched) => {
                for (event, left_view) in matched.events_from(from) {
                    let ticket = &event.ticket;
                    let description = if full { self.description(ticket)? } else { None };
                    let mut event = convert::event(event, matched.commit.revision, description.as_deref());
                    event.left_view = left_view;
                    if !scope.sees(ticket) {
                        // It became another customer's: that it left is all that is told.
                        let ticket = v1::Ticket { name: ticket.number.to_string(), ..v1::Ticket::default() };
                        event = v1::TicketEvent {
                            ticket: Some(ticket),
                            left_view,
                            revision: event.revision,
                            ..v1::TicketEvent::default()
                        };
                    }
                    if !alone && !room.takes(event.encoded_len()) {
                        break;
                    }
                    message.events.push(event);
                    next += 1;
                }
                message.more = next < batch.len();
            }
        }
        Ok((message, (next < batch.len()).then_some(next)))
    }
}

fn store_uid(text: &str, wrong: &mut Violations) -> Option<StoreUid> {
    if text.is_empty() {
        return None;
    }
    let uid = StoreUid::try_parse(text).ok();
    if uid.is_none() {
        wrong.add("store_uid", "is not a UUID");
    }
    uid
}
