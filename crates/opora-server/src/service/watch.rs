//! `WatchTickets`: what the desk's stream gives, put on the wire (`contract.md`).

use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use opora_core::filter::{Filter, FilterError};
use opora_core::model::Revision;
use opora_proto::v1;
use opora_store::StoreUid;
use prost::Message as _;
use tonic::{Request, Response, Status};

use super::Service;
use super::call::answer;
use super::tickets::full;
use crate::convert::{self, Violations};
use crate::errors::{Language, Outcome, Problem};
use crate::followers::watch::{WatchBatch, WatchQuery, WatchStart};

/// What a watcher gets.
pub(crate) type Messages = Pin<Box<dyn Stream<Item = Result<v1::WatchTicketsResponse, Status>> + Send>>;
/// The same, encoded.
pub(crate) type Encoded = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

impl Service {
    /// A stream of encoded messages.
    pub(super) async fn watch_encoded(
        &self,
        request: Request<v1::WatchTicketsRequest>,
    ) -> Result<Response<Encoded>, Status> {
        let language = Language::of(request.metadata());
        answer!(request, |_actor, message| self.watch(message, language))
    }

    async fn watch(&self, wire: v1::WatchTicketsRequest, language: Language) -> Outcome<Encoded> {
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
        let permit = Arc::clone(&self.0.watches).try_acquire_owned();
        let permit = permit.map_err(|_| Problem::limit("watches", self.0.max_watches))?;
        let query = WatchQuery { filter_text: wire.filter.into(), filter: Arc::new(filter), start, store_uid };
        let stream = self.desk().watch(query).await?;
        let service = self.clone();
        let uid = self.store_uid();
        let convert = move |batch: &WatchBatch| service.encoded(batch, &uid, full);
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

    /// One message, encoded; of events once for all whom the same concerns.
    fn encoded(&self, batch: &WatchBatch, store_uid: &str, full: bool) -> Outcome<Bytes> {
        let place = match batch {
            WatchBatch::Events(matched) => matched.encoded.get(usize::from(full)),
            _ => None,
        };
        if let Some(bytes) = place.and_then(OnceLock::get) {
            return Ok(bytes.clone());
        }
        let bytes = Bytes::from(self.message(batch, store_uid, full)?.encode_to_vec());
        Ok(place.map_or_else(|| bytes.clone(), |place| place.get_or_init(|| bytes.clone()).clone()))
    }

    /// One message.
    fn message(&self, batch: &WatchBatch, store_uid: &str, full: bool) -> Outcome<v1::WatchTicketsResponse> {
        let mut message = v1::WatchTicketsResponse {
            revision: batch.revision().0,
            store_uid: store_uid.to_owned(),
            ..Default::default()
        };
        match batch {
            WatchBatch::Current { tickets, .. } => {
                for ticket in tickets {
                    let description = if full { self.description(ticket)? } else { None };
                    message.tickets.push(convert::ticket(ticket, description.as_deref()));
                }
            }
            WatchBatch::Synced(_) => message.synced = true,
            WatchBatch::Bookmark(_) => {}
            WatchBatch::Events(matched) => {
                for (event, left_view) in matched.events() {
                    let description = if full { self.description(&event.ticket)? } else { None };
                    let mut event = convert::event(event, matched.commit.revision, description.as_deref());
                    event.left_view = left_view;
                    message.events.push(event);
                }
            }
        }
        Ok(message)
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
