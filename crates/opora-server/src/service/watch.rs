//! `WatchTickets`: what the desk's stream gives, put on the wire (`contract.md`).

use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt as _};
use opora_core::filter::{Filter, FilterError};
use opora_core::model::Revision;
use opora_proto::v1;
use opora_store::StoreUid;
use tonic::Status;

use super::Service;
use super::tickets::full;
use crate::convert::{self, Violations};
use crate::errors::{Language, Outcome, Problem};
use crate::followers::watch::{WatchBatch, WatchQuery, WatchStart};

/// What a watcher gets.
pub(crate) type Messages = Pin<Box<dyn Stream<Item = Result<v1::WatchTicketsResponse, Status>> + Send>>;

impl Service {
    pub(super) async fn watch(&self, wire: v1::WatchTicketsRequest, language: Language) -> Outcome<Messages> {
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
        let convert = move |batch: &WatchBatch| service.message(batch, &uid, full);
        let feed = futures::stream::unfold(Some((stream, convert)), |state| async {
            let (mut stream, convert) = state?;
            match stream.next().await {
                Ok(batch) => Some((Ok(convert(&batch)), Some((stream, convert)))),
                Err(end) => Some((Err(end), None)),
            }
        });
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
