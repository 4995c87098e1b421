//! `AttachmentService`: files on tickets, sent in chunks and resumed where they broke off.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt as _};
use opora_core::event::Change as Event;
use opora_core::model::{Revision, Ticket};
use opora_proto::v1;
use opora_proto::v1::attachment_service_server::AttachmentService;
use opora_store::BlobError;
use tonic::{Request, Response, Status, Streaming};

use super::Service;
use super::call::answer;
use super::page::{self, Query};
use super::tickets::named;
use crate::call::Call;
use crate::convert;
use crate::desk::{EventEntry, HistoryQuery, Place};
use crate::errors::{LATER, Outcome, Problem, Violations};
use crate::layers::Peer;
use crate::size::MESSAGE_BYTES;

/// What a download gives.
type Chunks = Pin<Box<dyn Stream<Item = Result<v1::DownloadAttachmentResponse, Status>> + Send>>;

#[tonic::async_trait]
impl AttachmentService for Service {
    type DownloadAttachmentStream = Chunks;

    async fn upload_attachment(
        &self,
        request: Request<Streaming<v1::UploadAttachmentRequest>>,
    ) -> Result<Response<v1::UploadAttachmentResponse>, Status> {
        let caller = request.extensions().get::<Peer>().and_then(|peer| peer.caller);
        // An opaque key: what is stored knows nothing of addresses.
        let caller = caller.map(|caller| BuildHasherDefault::<DefaultHasher>::default().hash_one(caller));
        answer!(request, |call, stream| Box::pin(self.upload(&call, caller, stream)))
    }

    async fn get_upload_status(
        &self,
        request: Request<v1::GetUploadStatusRequest>,
    ) -> Result<Response<v1::GetUploadStatusResponse>, Status> {
        answer!(request, |call, message| self.upload_status(&call, message))
    }

    async fn download_attachment(
        &self,
        request: Request<v1::DownloadAttachmentRequest>,
    ) -> Result<Response<Chunks>, Status> {
        answer!(request, |call, message| self.download(&call, message))
    }

    async fn list_attachments(
        &self,
        request: Request<v1::ListAttachmentsRequest>,
    ) -> Result<Response<v1::ListAttachmentsResponse>, Status> {
        answer!(request, |call, message| self.attachments(&call, message))
    }
}

impl Service {
    async fn attachments(&self, call: &Call, wire: v1::ListAttachmentsRequest) -> Outcome<v1::ListAttachmentsResponse> {
        let mut wrong = Violations::default();
        let limit = page::size(wire.page_size, &mut wrong);
        let ticket = self.found(call, named(&wire.name, wrong)?)?;
        let query = Query::new(&call.method.name, &[&ticket.number.to_string()]);
        let after = self.0.tokens.read_place(query, &wire.page_token)?;
        let asked = HistoryQuery { ticket: ticket.number, newest_first: false, after, limit, max_bytes: MESSAGE_BYTES };
        let page = self.desk().attachments(call, asked).await?;
        let ticket = self.as_of(call, ticket, page.revision).await?;
        let (attachments, next) = page::packed(&page, |entry| on_wire(entry, &ticket));
        Ok(v1::ListAttachmentsResponse {
            attachments,
            next_page_token: self.0.tokens.place(query, next),
            revision: page.revision.0,
            store_uid: self.store_uid(),
        })
    }

    /// The ticket as it stood at the revision that an answer speaks of: which files are the nearest is told by it.
    async fn as_of(&self, call: &Call, ticket: Arc<Ticket>, revision: Revision) -> Outcome<Arc<Ticket>> {
        Ok(self.desk().ticket_at(call, ticket.number, revision).await?.unwrap_or(ticket))
    }

    async fn download(&self, call: &Call, wire: v1::DownloadAttachmentRequest) -> Outcome<Chunks> {
        let wrong = || Problem::field("name", "is not a name like tickets/123/attachments/48211");
        let (ticket, revision) = wire.name.split_once("/attachments/").ok_or_else(wrong)?;
        let revision: u64 = revision.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
        let ticket = self.found(call, named(ticket, Violations::default())?)?;
        let asked = HistoryQuery {
            ticket: ticket.number,
            newest_first: false,
            after: Some(Place::behind(Revision(revision - 1))),
            limit: 1,
            max_bytes: MESSAGE_BYTES,
        };
        let page = self.desk().attachments(call, asked).await?;
        let entry = page.items.first().filter(|entry| entry.revision.0 == revision);
        let entry = entry.ok_or_else(|| Problem::no_resource(&wire.name))?;
        let ticket = self.as_of(call, ticket, page.revision).await?;
        let Event::Attached(file) = &entry.event.change else { return Err(Problem::no_resource(&wire.name)) };
        if wire.read_offset > file.size {
            return Err(Problem::field("read_offset", "lies behind the end of the file"));
        }
        let limit = if wire.read_limit == 0 { u64::MAX } else { wire.read_limit };
        let (name, language) = (wire.name, call.language);
        let problem = move |error: BlobError| Box::<Problem>::from(error).about("opora.v1.Attachment", &name);
        let content = self.0.files.read((file.hash, file.size), wire.read_offset, limit).await.map_err(&problem)?;
        let first = v1::DownloadAttachmentResponse {
            attachment: on_wire(entry, &ticket),
            data: bytes::Bytes::new(),
            revision: page.revision.0,
        };
        let rest = content.map(move |data| match data {
            Ok(data) => Ok(v1::DownloadAttachmentResponse { attachment: None, data, revision: 0 }),
            Err(error) => Err(problem(error).status(language)),
        });
        Ok(Box::pin(futures::stream::iter([Ok(first)]).chain(rest)))
    }
}

pub(super) fn on_wire(entry: &EventEntry, ticket: &Ticket) -> Option<v1::Attachment> {
    match &entry.event.change {
        Event::Attached(file) => Some(convert::attachment(file, &entry.event, entry.revision, ticket)),
        _ => None,
    }
}

impl From<BlobError> for Box<Problem> {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Offset(committed) => Problem::upload_offset(committed),
            BlobError::Nothing => Problem::no_upload(),
            BlobError::Full => Problem::disk_full(),
            BlobError::NoRoom(size) => Problem::no_room(size),
            BlobError::Allowance(bytes) => Problem::limit("staging_bytes", bytes).say("limit-staging").retry(LATER),
            BlobError::Differs => Problem::upload_content(),
            BlobError::Short(cause) => Problem::short(&cause),
            BlobError::Lost(ref file) => Problem::corrupt(&error).with("file", file).say("file-lost"),
            BlobError::Corrupt(ref file) => Problem::corrupt(&error).with("file", file).say("file-damaged"),
            BlobError::Io(_) => Problem::internal("a file can't be kept or read", &error),
        }
    }
}
