//! `AttachmentService`: files on tickets, sent in chunks and resumed where they broke off.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use jiff::tz::TimeZone;
use opora_core::command::Change;
use opora_core::decide::{self, Refusal};
use opora_core::event::Change as Event;
use opora_core::log_name::clean_file_name;
use opora_core::model::{Actor, Attachment, Revision, Ticket, TicketState};
use opora_proto::v1;
use opora_proto::v1::attachment_service_server::AttachmentService;
use opora_proto::v1::upload_attachment_request::Part;
use opora_store::{Blob, BlobError};
use quick_cache::sync::Cache;
use tonic::{Code, Request, Response, Status, Streaming};
use uuid::Uuid;

use super::Service;
use super::call::{RequestId, answer, hash};
use super::page::{self, Query};
use super::tickets::named;
use crate::convert::{self, Violations, calls, request_id, ticket_ref};
use crate::desk::{EventEntry, HistoryQuery, Place};
use crate::engine::{Action, Answer, Refused, TicketRef};
use crate::errors::{Language, Outcome, Problem};
use crate::size::MESSAGE_BYTES;

/// The most bytes of a file.
const FILE: u64 = 100 * 1024 * 1024;
/// The most bytes of a chunk.
const CHUNK: usize = 256 * 1024;
/// How long a sender may say nothing.
const SILENCE: Duration = Duration::from_mins(1);
/// How many uploads that ended are remembered, for those who ask.
const REMEMBERED: usize = 10_000;

/// Uploads that ended with an attachment: how many bytes they had.
pub(crate) type Attached = Cache<Uuid, u64>;

/// The memory of uploads that ended.
pub(crate) fn attached() -> Attached {
    Cache::new(REMEMBERED)
}

/// What a download gives.
type Chunks = Pin<Box<dyn Stream<Item = Result<v1::DownloadAttachmentResponse, Status>> + Send>>;

/// An upload as its header describes it.
struct Upload {
    ticket: Arc<Ticket>,
    file_name: Arc<str>,
    content_type: Arc<str>,
    size: u64,
    hash: Option<[u8; 32]>,
    modify_time: Option<opora_core::time::Timestamp>,
    /// As the caller named it.
    id: Uuid,
    /// As it is kept: nobody goes on with another's upload.
    key: Uuid,
    header: v1::UploadHeader,
}

#[tonic::async_trait]
impl AttachmentService for Service {
    type DownloadAttachmentStream = Chunks;

    async fn upload_attachment(
        &self,
        request: Request<Streaming<v1::UploadAttachmentRequest>>,
    ) -> Result<Response<v1::UploadAttachmentResponse>, Status> {
        answer!(request, |actor, stream| Box::pin(self.upload(actor, stream)))
    }

    async fn get_upload_status(
        &self,
        request: Request<v1::GetUploadStatusRequest>,
    ) -> Result<Response<v1::GetUploadStatusResponse>, Status> {
        answer!(request, |actor, message| self.upload_status(actor, message))
    }

    async fn download_attachment(
        &self,
        request: Request<v1::DownloadAttachmentRequest>,
    ) -> Result<Response<Chunks>, Status> {
        let language = Language::of(request.metadata());
        answer!(request, |_actor, message| self.download(message, language))
    }

    async fn list_attachments(
        &self,
        request: Request<v1::ListAttachmentsRequest>,
    ) -> Result<Response<v1::ListAttachmentsResponse>, Status> {
        answer!(request, |_actor, message| self.attachments(message))
    }
}

impl Service {
    async fn upload(
        &self,
        actor: Actor,
        mut stream: Streaming<v1::UploadAttachmentRequest>,
    ) -> Outcome<v1::UploadAttachmentResponse> {
        let Some(Part::Header(header)) = next(&mut stream).await? else {
            return Err(Problem::field("header", "has to be the first message"));
        };
        let upload = self.header(&actor, header)?;
        let files = &self.0.files;
        let mut committed = files.committed(upload.key).await?.unwrap_or(0);
        while let Some(part) = next(&mut stream).await? {
            let Part::Chunk(chunk) = part else {
                return Err(Problem::field("chunk", "has to follow the header"));
            };
            if chunk.write_offset != committed {
                return Err(Problem::upload_offset(committed));
            }
            if chunk.data.len() > CHUNK {
                return Err(Problem::field("chunk.data", "is longer than 256 KiB"));
            }
            if committed + chunk.data.len() as u64 > upload.size {
                files.discard(upload.key).await?;
                return Err(Problem::upload_content());
            }
            committed = files.write(upload.key, committed, chunk.data).await?;
            if chunk.finish_write {
                return self.attach(actor, upload, committed).await;
            }
        }
        Ok(v1::UploadAttachmentResponse { attachment: None, committed_size: committed, revision: self.revision() })
    }

    fn header(&self, actor: &Actor, header: v1::UploadHeader) -> Outcome<Upload> {
        let mut wrong = Violations::default();
        let ticket = ticket_ref("header.ticket", &header.ticket, &mut wrong);
        let id = request_id("header.upload_id", &header.upload_id, &mut wrong);
        if header.upload_id.is_empty() {
            wrong.add("header.upload_id", "is needed: a UUID");
        }
        if header.file_name.trim().is_empty() || header.file_name.len() > 4 * 1024 {
            wrong.add("header.file_name", "is needed: 1 to 255 characters");
        }
        let content_type = match header.content_type.as_str() {
            "" => Arc::from("application/octet-stream"),
            given => calls::line("header.content_type", given, 1, 127, &mut wrong),
        };
        if header.size > FILE {
            wrong.add("header.size", "is more than 100 MiB");
        }
        let expected = (!header.blake3.is_empty()).then(|| blake3::Hash::from_hex(&header.blake3));
        if matches!(expected, Some(Err(_))) {
            wrong.add("header.blake3", "is not 64 hexadecimal digits");
        }
        let modify_time = calls::time("header.modify_time", header.modify_time, &mut wrong);
        let (ticket, id) = wrong.require(ticket.zip(id))?;
        let ticket = self.found(ticket)?;
        if ticket.state == TicketState::Merged && !actor.is_customer() {
            // Told before the file is sent; the change itself looks again.
            return Err(self.merged(&ticket)?);
        }
        Ok(Upload {
            ticket,
            file_name: clean_file_name(&header.file_name).into(),
            content_type,
            size: header.size,
            hash: expected.and_then(Result::ok).map(|hash| *hash.as_bytes()),
            modify_time,
            id,
            key: key(actor, id),
            header,
        })
    }

    /// That a ticket is part of another, with the number of the one that shows what it held.
    fn merged(&self, ticket: &Ticket) -> Outcome<Box<Problem>> {
        let above = decide::above(ticket, |number| self.desk().ticket(TicketRef::Number(number)))?;
        let into = above.last().map(|last| last.number).or(ticket.merged_into).unwrap_or(ticket.number);
        Ok(Refused::from(Refusal::Merged { ticket: ticket.number, into }).into())
    }

    async fn attach(&self, actor: Actor, upload: Upload, committed: u64) -> Outcome<v1::UploadAttachmentResponse> {
        if committed != upload.size {
            self.0.files.discard(upload.key).await?;
            return Err(Problem::upload_content());
        }
        let kept = self.0.files.finish(upload.key).await?;
        if upload.hash.is_some_and(|hash| hash != kept.hash) {
            return Err(Problem::upload_content());
        }
        let file = self.file(&upload, kept);
        // The same id with another header or other content is another request.
        let mut content = upload.header;
        content.upload_id.clear();
        content.blake3 = blake3::Hash::from_bytes(kept.hash).to_hex().to_string();
        let request = RequestId::new(Some(upload.id), &content);
        let ticket = TicketRef::Number(upload.ticket.number);
        let action = Action::Change { ticket, etag: None, change: Change::Attach(file) };
        let done = self.submit(actor, "UploadAttachment", request, None, action).await?;
        self.0.attached.insert(upload.key, committed);
        let Answer::Ticket(ticket, _) = &done.answer else {
            return Err(Problem::internal("an attachment was answered with something else", &"no ticket"));
        };
        let records = done.commit.iter().flat_map(|commit| &commit.records);
        let attachment = records.into_iter().find_map(|record| match record {
            opora_store::Record::Ticket(event) if event.ticket.number == ticket.number => match &event.change {
                Event::Attached(file) => Some(convert::attachment(file, event, done.revision, ticket)),
                _ => None,
            },
            _ => None,
        });
        Ok(v1::UploadAttachmentResponse { attachment, committed_size: committed, revision: done.revision.0 })
    }

    /// What a file's name tells is told once, when it is attached (domain.md §5).
    fn file(&self, upload: &Upload, kept: Blob) -> Attachment {
        let directory = self.desk().directory();
        let organisation = upload.ticket.organisation.as_ref().and_then(|id| directory.organisation(id));
        let zone = organisation.and_then(|entry| TimeZone::get(&entry.value.time_zone).ok());
        let told = self.desk().rules().log_names.read(&upload.file_name, &zone.unwrap_or(TimeZone::UTC));
        Attachment {
            file_name: Arc::clone(&upload.file_name),
            content_type: Arc::clone(&upload.content_type),
            size: kept.size,
            hash: kept.hash,
            log_kind: told.kind,
            platform: told.platform,
            log_start_time: told.start,
            modify_time: upload.modify_time,
            // The domain knows where it goes.
            from: None,
        }
    }

    async fn upload_status(
        &self,
        actor: Actor,
        wire: v1::GetUploadStatusRequest,
    ) -> Outcome<v1::GetUploadStatusResponse> {
        let mut wrong = Violations::default();
        let id = request_id("upload_id", &wire.upload_id, &mut wrong);
        if wire.upload_id.is_empty() {
            wrong.add("upload_id", "is needed: a UUID");
        }
        let key = key(&actor, wrong.require(id)?);
        let revision = self.revision();
        if let Some(committed_size) = self.0.attached.get(&key) {
            return Ok(v1::GetUploadStatusResponse { committed_size, complete: true, revision });
        }
        let committed_size = self.0.files.committed(key).await?.ok_or_else(Problem::no_upload)?;
        Ok(v1::GetUploadStatusResponse { committed_size, complete: false, revision })
    }

    async fn attachments(&self, wire: v1::ListAttachmentsRequest) -> Outcome<v1::ListAttachmentsResponse> {
        let mut wrong = Violations::default();
        let limit = page::size(wire.page_size, &mut wrong);
        let ticket = self.found(named(&wire.name, wrong)?)?;
        let query = Query::new("ListAttachments", &[&ticket.number.to_string()]);
        let after = self.0.tokens.read_place(query, &wire.page_token)?;
        let asked = HistoryQuery { ticket: ticket.number, newest_first: false, after, limit, max_bytes: MESSAGE_BYTES };
        let page = self.desk().attachments(asked).await?;
        let ticket = self.as_of(ticket, page.revision).await?;
        let (attachments, next) = page::packed(&page, |entry| on_wire(entry, &ticket));
        Ok(v1::ListAttachmentsResponse {
            attachments,
            next_page_token: self.0.tokens.place(query, next),
            revision: page.revision.0,
            store_uid: self.store_uid(),
        })
    }

    /// The ticket as it stood at the revision that an answer speaks of: which files are the nearest is told by it.
    async fn as_of(&self, ticket: Arc<Ticket>, revision: Revision) -> Outcome<Arc<Ticket>> {
        Ok(self.desk().ticket_at(ticket.number, revision).await?.unwrap_or(ticket))
    }

    async fn download(&self, wire: v1::DownloadAttachmentRequest, language: Language) -> Outcome<Chunks> {
        let wrong = || Problem::field("name", "is not a name like tickets/123/attachments/48211");
        let (ticket, revision) = wire.name.split_once("/attachments/").ok_or_else(wrong)?;
        let revision: u64 = revision.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
        let ticket = self.found(named(ticket, Violations::default())?)?;
        let asked = HistoryQuery {
            ticket: ticket.number,
            newest_first: false,
            after: Some(Place::behind(Revision(revision - 1))),
            limit: 1,
            max_bytes: MESSAGE_BYTES,
        };
        let page = self.desk().attachments(asked).await?;
        let entry = page.items.first().filter(|entry| entry.revision.0 == revision);
        let entry = entry.ok_or_else(|| Problem::no_resource(&wire.name))?;
        let ticket = self.as_of(ticket, page.revision).await?;
        let Event::Attached(file) = &entry.event.change else { return Err(Problem::no_resource(&wire.name)) };
        if wire.read_offset > file.size {
            return Err(Problem::field("read_offset", "lies behind the end of the file"));
        }
        let limit = if wire.read_limit == 0 { u64::MAX } else { wire.read_limit };
        let content = self.0.files.read(file.hash, wire.read_offset, limit).await?;
        let first = v1::DownloadAttachmentResponse {
            attachment: on_wire(entry, &ticket),
            data: bytes::Bytes::new(),
            revision: page.revision.0,
        };
        let rest = content.map(move |data| match data {
            Ok(data) => Ok(v1::DownloadAttachmentResponse { attachment: None, data, revision: 0 }),
            Err(error) => Err(Box::<Problem>::from(error).status(language)),
        });
        Ok(Box::pin(futures::stream::iter([Ok(first)]).chain(rest)))
    }
}

/// An upload as it is kept: of one caller alone.
fn key(actor: &Actor, id: Uuid) -> Uuid {
    Uuid::from_bytes(hash(&[actor.to_string().as_bytes(), id.as_bytes()]))
}

fn on_wire(entry: &EventEntry, ticket: &Ticket) -> Option<v1::Attachment> {
    match &entry.event.change {
        Event::Attached(file) => Some(convert::attachment(file, &entry.event, entry.revision, ticket)),
        _ => None,
    }
}

/// The next part of an upload; `None`: the stream ended, well or not: what came is kept.
async fn next(stream: &mut Streaming<v1::UploadAttachmentRequest>) -> Outcome<Option<Part>> {
    let message = tokio::time::timeout(SILENCE, stream.message()).await.map_err(|_| Problem::deadline())?;
    match message {
        Ok(Some(message)) => message.part.map(Some).ok_or_else(|| Problem::field("part", "is needed")),
        Err(status) if status.code() == Code::Internal => Err(Problem::undecodable(status.message())),
        Err(status) if status.code() == Code::OutOfRange => Err(Problem::field("chunk.data", "is longer than 256 KiB")),
        // The end; or the connection broke, and nobody reads the answer.
        Ok(None) | Err(_) => Ok(None),
    }
}

impl From<BlobError> for Box<Problem> {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Offset(committed) => Problem::upload_offset(committed),
            BlobError::Nothing => Problem::no_upload(),
            BlobError::Full => Problem::disk_full(),
            BlobError::Short(cause) => Problem::short(&cause),
            BlobError::Corrupt(_) => Problem::corrupt(&error),
            BlobError::Io(_) => Problem::internal("a file can't be kept or read", &error),
        }
    }
}
