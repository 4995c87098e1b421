//! Files on their way to a ticket: sent in chunks, resumed where they broke off, attached as a whole.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use opora_core::command::Change;
use opora_core::decide::{self, Refusal};
use opora_core::event::{Change as Event, TicketEvent};
use opora_core::log_name::clean_file_name;
use opora_core::model::{Actor, Attachment, Ticket, TicketState};
use opora_proto::v1;
use opora_proto::v1::upload_attachment_request::Part;
use opora_store::{Blob, BlobError, Commit, Finishing, Record};
use tonic::{Code, Streaming};
use uuid::Uuid;

use super::Service;
use super::call::{RequestId, hash};
use crate::call::Call;
use crate::convert::{self, calls, request_id, ticket_ref};
use crate::engine::{Action, Answer, Refused, TicketRef};
use crate::errors::{Outcome, Problem, Violations};
use crate::size::FILE;

/// The most bytes of a chunk.
const CHUNK: usize = 256 * 1024;
/// How long a sender may say nothing.
const SILENCE: Duration = Duration::from_mins(1);
/// The call's name, a part of the request's key.
const METHOD: &str = "UploadAttachment";

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

impl Service {
    pub(super) async fn upload(
        &self,
        call: &Call,
        caller: Option<u64>,
        mut stream: Streaming<v1::UploadAttachmentRequest>,
    ) -> Outcome<v1::UploadAttachmentResponse> {
        let Some(Part::Header(header)) = next(&mut stream).await? else {
            return Err(Problem::field("header", "has to be the first message"));
        };
        let upload = self.header(call, header)?;
        let is_refused = upload.ticket.state == TicketState::Merged && !call.principal.is_customer();
        if is_refused && self.attached_before(call, &upload).await?.is_none() {
            // Told before the file is sent; the change itself looks again.
            return Err(self.merged(&upload.ticket)?);
        }
        let files = &self.0.files;
        // Before the first byte comes: what can't be taken is refused here.
        let (sending, there) = files.begin(upload.key, upload.size, caller).await?;
        let mut committed = there.unwrap_or(0);
        while let Some(part) = next(&mut stream).await? {
            let Part::Chunk(chunk) = part else {
                return Err(Problem::field("chunk", "has to follow the header"));
            };
            if chunk.write_offset != committed && committed == there.unwrap_or(0) {
                // Not where it stands. It may have been attached, and its answer lost or what was sent of it left behind.
                match self.attached_before(call, &upload).await? {
                    Some(kept) if chunk.write_offset > 0 => return self.refer(call, upload, kept).await,
                    // Sent from its beginning, it is judged by what comes now.
                    Some(_) => {
                        files.discard(&sending).await?;
                        committed = 0;
                    }
                    // Given up: where it stood is not where it can go on.
                    None if there.is_none() => return Err(Problem::no_upload()),
                    None => {}
                }
            }
            if chunk.write_offset != committed {
                return Err(Problem::upload_offset(committed));
            }
            if chunk.data.len() > CHUNK {
                return Err(Problem::field("chunk.data", "is longer than 256 KiB"));
            }
            if committed + chunk.data.len() as u64 > upload.size {
                files.discard(&sending).await?;
                return Err(Problem::upload_content());
            }
            committed = files.write(&sending, committed, chunk.data).await?;
            if chunk.finish_write {
                // Waited for in the call itself: who goes away before leaves no work behind.
                let turn = files.finishing(sending).await?;
                let (service, call) = (self.clone(), call.clone());
                // A caller who goes away stops nothing in the middle: what is kept is in hand until a ticket refers to it.
                let attached = self.desk().task(async move { service.attach(&call, upload, turn, committed).await });
                return attached.await.map_err(|error| Problem::internal("a file was not attached", &error))?;
            }
        }
        Ok(v1::UploadAttachmentResponse { attachment: None, committed_size: committed, revision: self.revision() })
    }

    fn header(&self, call: &Call, header: v1::UploadHeader) -> Outcome<Upload> {
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
        if self.desk().damage().is_some() {
            // Told before the file is sent: nothing is written into a damaged directory, not even uploads.
            return Err(Problem::read_only());
        }
        if !self.desk().leads() {
            return Err(Problem::not_leader());
        }
        let ticket = self.found(call, ticket)?;
        Ok(Upload {
            ticket,
            file_name: clean_file_name(&header.file_name).into(),
            content_type,
            size: header.size,
            hash: expected.and_then(Result::ok).map(|hash| *hash.as_bytes()),
            modify_time,
            id,
            key: key(&call.principal, id),
            header,
        })
    }

    /// That a ticket is part of another, with the number of the one that shows what it held.
    fn merged(&self, ticket: &Ticket) -> Outcome<Box<Problem>> {
        let above = decide::above(ticket, |number| self.desk().ticket(&Call::own(), TicketRef::Number(number)))?;
        let into = above.last().map(|last| last.number).or(ticket.merged_into).unwrap_or(ticket.number);
        Ok(Refused::from(Refusal::Merged { ticket: ticket.number, into }).into())
    }

    async fn attach(
        &self,
        call: &Call,
        upload: Upload,
        turn: Finishing,
        committed: u64,
    ) -> Outcome<v1::UploadAttachmentResponse> {
        let files = &self.0.files;
        if committed != upload.size {
            files.finished(&turn).await?;
            return Err(Problem::upload_content());
        }
        // Nobody removes what is kept before it is known whether a ticket refers to it.
        let (kept, _held) = match files.finish(&turn, upload.hash).await {
            Err(BlobError::Nothing) => {
                let before = self.attached_before(call, &upload).await?;
                (before.ok_or_else(Problem::no_upload)?, None)
            }
            kept => kept.map(|(kept, held)| (kept, Some(held)))?,
        };
        let answer = self.refer(call, upload, kept).await?;
        if let Err(error) = files.finished(&turn).await {
            // It is attached all the same, and what was sent is given up at its time.
            tracing::warn!(%error, "what was sent of an attached file stays for a while");
        }
        Ok(answer)
    }

    /// What an upload was attached as before, if it is remembered and nothing speaks against it being the same.
    async fn attached_before(&self, call: &Call, upload: &Upload) -> Outcome<Option<Blob>> {
        let commit = self.desk().remembered(RequestId::key_of(&call.principal, METHOD, upload.id)).await?;
        let kept = commit.and_then(|commit| attached(&commit).next().map(|(file, _)| (file.hash, file.size)));
        let same = kept.filter(|(hash, size)| *size == upload.size && upload.hash.is_none_or(|told| told == *hash));
        Ok(same.map(|(hash, size)| Blob { hash, size }))
    }

    /// Has a ticket refer to what is kept, once: what was so before is answered as it was.
    async fn refer(&self, call: &Call, upload: Upload, kept: Blob) -> Outcome<v1::UploadAttachmentResponse> {
        let file = self.file(&upload, kept);
        // The same id with another header or other content is another request.
        let mut content = upload.header;
        content.upload_id.clear();
        content.blake3 = blake3::Hash::from_bytes(kept.hash).to_hex().to_string();
        let request = RequestId::new(Some(upload.id), &content);
        let ticket = TicketRef::Number(upload.ticket.number);
        let action = Action::Change { ticket, etag: None, change: Change::Attach(file) };
        let done = self.submit(call, request, None, action).await?;
        let Answer::Ticket(ticket, _) = &done.answer else {
            return Err(Problem::internal("an attachment was answered with something else", &"no ticket"));
        };
        let attachment = done.commit.iter().find_map(|commit| {
            let (file, event) = attached(commit).find(|(_, event)| event.ticket.number == ticket.number)?;
            Some(convert::attachment(file, event, done.revision, ticket))
        });
        Ok(v1::UploadAttachmentResponse { attachment, committed_size: kept.size, revision: done.revision.0 })
    }

    /// What a file's name tells is told once, when it is attached (docs/domain.md §5).
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

    pub(super) async fn upload_status(
        &self,
        call: &Call,
        wire: v1::GetUploadStatusRequest,
    ) -> Outcome<v1::GetUploadStatusResponse> {
        let mut wrong = Violations::default();
        let id = request_id("upload_id", &wire.upload_id, &mut wrong);
        if wire.upload_id.is_empty() {
            wrong.add("upload_id", "is needed: a UUID");
        }
        let id = wrong.require(id)?;
        // Attached once, it is so after a restart too, for as long as requests are remembered.
        if let Some(commit) = self.desk().remembered(RequestId::key_of(&call.principal, METHOD, id)).await?
            && let Some((file, event)) = attached(&commit).next()
        {
            let attachment = format!("{}/attachments/{}", event.ticket.number, commit.revision.0);
            let (committed_size, revision) = (file.size, self.revision());
            return Ok(v1::GetUploadStatusResponse { committed_size, complete: true, revision, attachment });
        }
        let committed_size = self.0.files.committed(key(&call.principal, id)).await?.ok_or_else(Problem::no_upload)?;
        let revision = self.revision();
        Ok(v1::GetUploadStatusResponse { committed_size, complete: false, revision, attachment: String::new() })
    }
}

/// An upload as it is kept: of one caller alone.
fn key(actor: &Actor, id: Uuid) -> Uuid {
    Uuid::from_bytes(hash(&[actor.to_string().as_bytes(), id.as_bytes()]))
}

/// The files that a commit attached.
fn attached(commit: &Commit) -> impl Iterator<Item = (&Attachment, &TicketEvent)> {
    commit.records.iter().filter_map(|record| match record {
        Record::Ticket(event) => match &event.change {
            Event::Attached(file) => Some((file, event)),
            _ => None,
        },
        _ => None,
    })
}

/// The next part of an upload; `None`: the stream ended, well or not: what came is kept.
async fn next(stream: &mut Streaming<v1::UploadAttachmentRequest>) -> Outcome<Option<Part>> {
    let message = tokio::time::timeout(SILENCE, stream.message()).await.map_err(|_| Problem::deadline())?;
    match message {
        Ok(Some(message)) => message.part.map(Some).ok_or_else(|| Problem::field("part", "is needed")),
        Err(status) if status.code() == Code::InvalidArgument => {
            Err(Problem::undecodable(&status).unwrap_or_else(|| Problem::field("part", "can't be read")))
        }
        Err(status) if status.code() == Code::OutOfRange => Err(Problem::field("chunk.data", "is longer than 256 KiB")),
        // The end; or the connection broke, and nobody reads the answer.
        Ok(None) | Err(_) => Ok(None),
    }
}
