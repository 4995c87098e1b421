//! Files on their way to a ticket, as the contract has them sent: a header, then chunks. What becomes of them is the
//! desk's.

use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use futures::stream;
use opora_core::log_name::clean_file_name;
use opora_core::model::Actor;
use opora_proto::v1;
use opora_proto::v1::upload_attachment_request::Part;
use prost::Message as _;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Streaming};
use uuid::Uuid;

use super::Service;
use super::attachments::on_wire;
use super::call::{RequestId, hash};
use crate::call::Call;
use crate::convert::{calls, request_id, ticket_ref};
use crate::desk::attachments::{Attachments, Chunk, NotAttached, Sent, Unsent, Upload, UploadId};
use crate::engine::TicketRef;
use crate::errors::{Outcome, Problem, Violations, refused};
use crate::size::FILE;

/// How long a sender may say nothing.
const SILENCE: Duration = Duration::from_mins(1);
/// The call's name, a part of the request's key.
const METHOD: &str = "UploadAttachment";
const TOO_LONG: &str = "is longer than 256 KiB";

impl Service {
    fn sending(&self) -> Attachments {
        Attachments::new(self.desk().clone(), Arc::clone(&self.0.files))
    }

    pub(super) async fn upload(
        &self,
        call: &Call,
        caller: Option<u64>,
        mut stream: Streaming<v1::UploadAttachmentRequest>,
    ) -> Outcome<v1::UploadAttachmentResponse> {
        let stopping = &self.0.stopping;
        let Some(Part::Header(header)) = next(&mut stream, stopping).await? else {
            return Err(Problem::field("header", "has to be the first message"));
        };
        let (ticket, id, upload) = read(call, caller, header)?;
        let sent =
            self.sending().attach(call, ticket, upload, chunks(stream, stopping)).await.map_err(
                |unsent| match unsent {
                    Unsent::Sender(problem) => problem,
                    Unsent::Desk(error) => error.told(id),
                },
            )?;
        Ok(match sent {
            Sent::Part(committed_size) => {
                v1::UploadAttachmentResponse { attachment: None, committed_size, revision: self.revision() }
            }
            Sent::Attached(attached) => v1::UploadAttachmentResponse {
                attachment: on_wire(&attached.entry, &attached.ticket),
                committed_size: attached.size,
                revision: attached.entry.revision.0,
            },
        })
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
        let sent = self.sending().sent(known_by(&call.principal, id)).await.map_err(|error| error.told(id))?;
        let (committed_size, attachment) = match sent {
            Sent::Part(committed_size) => (committed_size, None),
            Sent::Attached(attached) => (attached.size, on_wire(&attached.entry, &attached.ticket)),
        };
        let complete = attachment.is_some();
        let attachment = attachment.map(|attachment| attachment.name).unwrap_or_default();
        Ok(v1::GetUploadStatusResponse { committed_size, complete, revision: self.revision(), attachment })
    }
}

/// Reads a header: the ticket, the upload's id as the caller named it, and what it says of the file.
fn read(call: &Call, sender: Option<u64>, header: v1::UploadHeader) -> Outcome<(TicketRef, Uuid, Upload)> {
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
    let upload = Upload {
        id: known_by(&call.principal, id),
        sender,
        file_name: clean_file_name(&header.file_name).into(),
        content_type,
        size: header.size,
        hash: expected.and_then(Result::ok).map(|hash| *hash.as_bytes()),
        modify_time,
        content: Box::new(move |kept| {
            let mut content = header.clone();
            content.upload_id.clear();
            content.blake3 = blake3::Hash::from_bytes(*kept).to_hex().to_string();
            hash(&[&content.encode_to_vec()])
        }),
    };
    Ok((ticket, id, upload))
}

/// Nobody goes on with another's upload.
fn known_by(actor: &Actor, id: Uuid) -> UploadId {
    let staged = Uuid::from_bytes(hash(&[actor.to_string().as_bytes(), id.as_bytes()]));
    UploadId { staged, request: RequestId::key_of(actor, METHOD, id) }
}

#[expect(clippy::unnecessary_box_returns, reason = "a problem is rare and large: in a Result it is boxed")]
impl NotAttached {
    /// As the caller who named the upload `id` is told.
    fn told(self, id: Uuid) -> Box<Problem> {
        match self {
            Self::Long => Problem::field("chunk.data", TOO_LONG),
            Self::Files(error) => error.into(),
            Self::Log(error) => error.into(),
            Self::Refused(refusal) => refused(refusal, Some(&id.to_string())),
            Self::Bug(error) => Problem::internal("a file was not attached", &error),
        }
    }
}

/// What follows the header.
fn chunks(
    stream: Streaming<v1::UploadAttachmentRequest>,
    stopping: &CancellationToken,
) -> impl Stream<Item = Outcome<Chunk>> {
    stream::unfold(stream, async |mut stream| {
        let chunk = match next(&mut stream, stopping).await.transpose()? {
            Ok(Part::Chunk(chunk)) => {
                Ok(Chunk { offset: chunk.write_offset, data: chunk.data, is_last: chunk.finish_write })
            }
            Ok(Part::Header(_)) => Err(Problem::field("chunk", "has to follow the header")),
            Err(problem) => Err(problem),
        };
        Some((chunk, stream))
    })
}

/// The next part of an upload; `None`: the stream ended, well or not: what came is kept. A stop waits for none: nothing
/// can be attached any more, and the sender goes on where it was, later.
async fn next(
    stream: &mut Streaming<v1::UploadAttachmentRequest>,
    stopping: &CancellationToken,
) -> Outcome<Option<Part>> {
    let message = tokio::select! {
        biased;
        () = stopping.cancelled() => return Err(Problem::not_serving()),
        message = tokio::time::timeout(SILENCE, stream.message()) => message,
    };
    match message.map_err(|_| Problem::deadline())? {
        Ok(Some(message)) => message.part.map(Some).ok_or_else(|| Problem::field("part", "is needed")),
        Err(status) if status.code() == Code::InvalidArgument => {
            Err(Problem::undecodable(&status).unwrap_or_else(|| Problem::field("part", "can't be read")))
        }
        Err(status) if status.code() == Code::OutOfRange => Err(Problem::field("chunk.data", TOO_LONG)),
        // The end; or the connection broke, and nobody reads the answer.
        Ok(None) | Err(_) => Ok(None),
    }
}
