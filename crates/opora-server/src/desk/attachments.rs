//! Files on their way to a ticket, however they are sent: taken piece by piece, gone on with where they broke off, kept,
//! and referred to by a ticket once they are whole. Knows no call of the contract.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use jiff::tz::TimeZone;
use opora_core::command::Change;
use opora_core::decide::{self, Refusal};
use opora_core::event::{Change as Event, TicketEvent};
use opora_core::model::{Attachment, Ticket, TicketState};
use opora_core::time::Timestamp;
use opora_store::{Blob, BlobError, Blobs, Commit, Finishing, Hash, ReadError, Record, RequestKey};
use uuid::Uuid;

use super::{Desk, EventEntry};
use crate::call::Call;
use crate::engine::work::Work;
use crate::engine::{Action, Answer, Done, Refused, Submission, TicketRef};

/// The most bytes of a piece.
const CHUNK: usize = 256 * 1024;

/// The desk with the place where its files are kept. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Attachments {
    desk: Desk,
    files: Arc<Blobs>,
}

/// What is known of a file before its first byte.
pub(crate) struct Upload {
    pub(crate) id: UploadId,
    /// Whose share of what is being sent it counts towards, opaque; `None`: nobody's.
    pub(crate) sender: Option<u64>,
    /// Clean, as it will be kept.
    pub(crate) file_name: Arc<str>,
    pub(crate) content_type: Arc<str>,
    /// Bytes.
    pub(crate) size: u64,
    /// BLAKE3 of the content, where the sender told it.
    pub(crate) hash: Option<Hash>,
    pub(crate) modify_time: Option<Timestamp>,
    /// What is asked for, once it is known what came: the same id with other content is another request.
    pub(crate) content: Box<Content>,
}

/// From the content that is kept to a short hash of all that is asked for.
pub(crate) type Content = dyn Fn(&Hash) -> [u8; 16] + Send + Sync;

/// By what an upload is known: of one sender alone.
#[derive(Clone, Copy)]
pub(crate) struct UploadId {
    /// While it is on its way.
    pub(crate) staged: Uuid,
    /// Once it is attached.
    pub(crate) request: RequestKey,
}

/// A piece of a file.
pub(crate) struct Chunk {
    /// How many bytes lie before it.
    pub(crate) offset: u64,
    pub(crate) data: Bytes,
    /// Whether the file ends with it.
    pub(crate) is_last: bool,
}

/// How far a file came.
pub(crate) enum Sent {
    /// So many bytes are there.
    Part(u64),
    /// A ticket refers to it.
    Attached(Box<Attached>),
}

/// A file on its ticket.
pub(crate) struct Attached {
    /// What brought it.
    pub(crate) entry: EventEntry,
    /// The ticket as it stood after all of that revision.
    pub(crate) ticket: Arc<Ticket>,
    /// Bytes.
    pub(crate) size: u64,
}

/// Why a file is not attached.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAttached {
    /// A piece is longer than 256 KiB.
    #[error("a piece is longer than {CHUNK} bytes")]
    Long,
    /// It does not go on where it stands, is not what was told, or can't be kept.
    #[error(transparent)]
    Files(#[from] BlobError),
    #[error(transparent)]
    Log(#[from] ReadError),
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A bug.
    #[error("{0}")]
    Bug(String),
}

/// Why sending a file ended before it was attached.
pub(crate) enum Unsent<E> {
    /// What the sender sent can't be read.
    Sender(E),
    Desk(NotAttached),
}

impl<E, F: Into<NotAttached>> From<F> for Unsent<E> {
    fn from(error: F) -> Self {
        Self::Desk(error.into())
    }
}

impl Attachments {
    pub(crate) fn new(desk: Desk, files: Arc<Blobs>) -> Self {
        Self { desk, files }
    }

    /// Takes a file for a ticket. Where the pieces end before the last one, what came stays, to be gone on with. One that
    /// was attached before and whose answer was lost is answered as it was.
    ///
    /// # Errors
    /// [`Unsent`]. What can't be taken is refused before the first piece is asked for.
    pub(crate) async fn attach<E>(
        &self,
        call: &Call,
        ticket: TicketRef,
        upload: Upload,
        pieces: impl Stream<Item = Result<Chunk, E>>,
    ) -> Result<Sent, Unsent<E>> {
        let ticket = self.open(call, ticket, &upload).await?;
        let (sending, there) = self.files.begin(upload.id.staged, upload.size, upload.sender).await?;
        let mut committed = there.unwrap_or(0);
        let mut pieces = pin!(pieces);
        while let Some(piece) = pieces.next().await {
            let Chunk { offset, data, is_last } = piece.map_err(Unsent::Sender)?;
            if offset != committed && committed == there.unwrap_or(0) {
                // Not where it stands. It may have been attached, and its answer lost or what was sent of it left behind.
                match self.attached_before(&upload).await? {
                    Some(kept) if offset > 0 => return Ok(self.refer(call, &ticket, &upload, kept).await?),
                    // Sent from its beginning, it is judged by what comes now.
                    Some(_) => {
                        self.files.discard(&sending).await?;
                        committed = 0;
                    }
                    // Given up: where it stood is not where it can go on.
                    None if there.is_none() => return Err(BlobError::Nothing.into()),
                    None => {}
                }
            }
            if offset != committed {
                return Err(BlobError::Offset(committed).into());
            }
            if data.len() > CHUNK {
                return Err(NotAttached::Long.into());
            }
            if committed + data.len() as u64 > upload.size {
                self.files.discard(&sending).await?;
                return Err(BlobError::Differs.into());
            }
            committed = self.files.write(&sending, committed, data).await?;
            if is_last {
                // Waited for in the call itself: who goes away before leaves no work behind.
                let turn = self.files.finishing(sending).await?;
                let (this, call) = (self.clone(), call.clone());
                // A caller who goes away stops nothing in the middle: what is kept is in hand until a ticket refers to it.
                let whole = async move { this.whole(&call, &ticket, upload, turn, committed).await };
                let attached = self.desk.task(whole).await.map_err(|error| NotAttached::Bug(error.to_string()))?;
                return Ok(attached?);
            }
        }
        Ok(Sent::Part(committed))
    }

    /// How far an upload came. Attached once, it is so after a restart too, for as long as requests are remembered.
    ///
    /// # Errors
    /// [`BlobError::Nothing`]: nothing is known of it; and what can't be read.
    pub(crate) async fn sent(&self, id: UploadId) -> Result<Sent, NotAttached> {
        if let Some(commit) = self.desk.remembered(id.request).await?
            && let Some((file, event)) = attached(&commit).next()
        {
            return Ok(sent(&commit, file, event, event.ticket.clone()));
        }
        Ok(Sent::Part(self.files.committed(id.staged).await?.ok_or(BlobError::Nothing)?))
    }

    /// The ticket, if it takes this file of this caller, or took it before it was merged. Told before the file is sent; the
    /// change itself looks again.
    async fn open(&self, call: &Call, ticket: TicketRef, upload: &Upload) -> Result<Arc<Ticket>, NotAttached> {
        if self.desk.damage().is_some() {
            // Nothing is written into a damaged directory, not even uploads.
            return Err(Refused::ReadOnly.into());
        }
        if !self.desk.leads() {
            return Err(Refused::NotLeader.into());
        }
        let found = self.desk.ticket(call, ticket)?.ok_or_else(|| match ticket {
            TicketRef::Number(number) => Refusal::NoTicket(number).into(),
            TicketRef::Uid(uid) => Refused::NoTicket(uid),
        })?;
        let is_refused = found.state == TicketState::Merged && !call.principal.is_customer();
        if is_refused && self.attached_before(upload).await?.is_none() {
            return Err(Refused::from(self.merged(&found)?).into());
        }
        Ok(found)
    }

    /// That a ticket is part of another, with the number of the one that shows what it held.
    fn merged(&self, ticket: &Ticket) -> Result<Refusal, ReadError> {
        let above = decide::above(ticket, |number| self.desk.ticket(&Call::own(), TicketRef::Number(number)))?;
        let into = above.last().map(|last| last.number).or(ticket.merged_into).unwrap_or(ticket.number);
        Ok(Refusal::Merged { ticket: ticket.number, into })
    }

    /// Keeps what came to its end, and has the ticket refer to it.
    async fn whole(
        &self,
        call: &Call,
        ticket: &Ticket,
        upload: Upload,
        turn: Finishing,
        committed: u64,
    ) -> Result<Sent, NotAttached> {
        if committed != upload.size {
            self.files.finished(&turn).await?;
            return Err(BlobError::Differs.into());
        }
        // Nobody removes what is kept before it is known whether a ticket refers to it.
        let (kept, _held) = match self.files.finish(&turn, upload.hash).await {
            Err(BlobError::Nothing) => (self.attached_before(&upload).await?.ok_or(BlobError::Nothing)?, None),
            kept => kept.map(|(kept, held)| (kept, Some(held)))?,
        };
        let answer = self.refer(call, ticket, &upload, kept).await?;
        if let Err(error) = self.files.finished(&turn).await {
            // It is attached all the same, and what was sent is given up at its time.
            tracing::warn!(%error, "what was sent of an attached file stays for a while");
        }
        Ok(answer)
    }

    /// What an upload was attached as before, if it is remembered and nothing speaks against it being the same.
    async fn attached_before(&self, upload: &Upload) -> Result<Option<Blob>, ReadError> {
        let commit = self.desk.remembered(upload.id.request).await?;
        let kept = commit.and_then(|commit| attached(&commit).next().map(|(file, _)| (file.hash, file.size)));
        let same = kept.filter(|(hash, size)| *size == upload.size && upload.hash.is_none_or(|told| told == *hash));
        Ok(same.map(|(hash, size)| Blob { hash, size }))
    }

    /// Has a ticket refer to what is kept, once: what was so before is answered as it was.
    async fn refer(&self, call: &Call, ticket: &Ticket, upload: &Upload, kept: Blob) -> Result<Sent, NotAttached> {
        let change = Change::Attach(self.attachment(ticket, upload, kept));
        let action = Action::Change { ticket: TicketRef::Number(ticket.number), etag: None, change };
        let request = Some((upload.id.request, (upload.content)(&kept.hash)));
        let submission = Submission { actor: call.principal.clone(), request, import_time: None, action };
        let done = self.desk.submit(submission).await?;
        let (Answer::Ticket(ticket, _), Some(commit)) = (done.answer, done.commit) else {
            return Err(NotAttached::Bug("a file was answered with something else".into()));
        };
        let brought = attached(&commit).find(|(_, event)| event.ticket.number == ticket.number);
        let (file, event) = brought.ok_or_else(|| NotAttached::Bug("its commit has no file".into()))?;
        Ok(sent(&commit, file, event, ticket))
    }

    /// What a file's name tells is told once, when it is attached (docs/domain.md §5).
    fn attachment(&self, ticket: &Ticket, upload: &Upload, kept: Blob) -> Attachment {
        let directory = self.desk.directory();
        let organisation = ticket.organisation.as_ref().and_then(|id| directory.organisation(id));
        let zone = organisation.and_then(|entry| TimeZone::get(&entry.value.time_zone).ok());
        let told = self.desk.rules().log_names.read(&upload.file_name, &zone.unwrap_or(TimeZone::UTC));
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
}

impl Desk {
    /// Submits what refers to files: their content is in hand until it is answered, also when its caller is gone.
    pub(super) async fn submit_with_files(&self, mut submission: Submission) -> Result<Done, Refused> {
        let held = match &mut submission.action {
            Action::Compose(compose) => std::mem::take(&mut compose.held),
            _ => Vec::new(),
        };
        let answer = self.shared.engine.submit(Work::Submission(submission), false)?;
        let answered = self.task(async move {
            let done = answer.await;
            drop(held);
            done
        });
        // As where nothing is held: the writer answers everything it takes.
        answered.await.ok().and_then(Result::ok).unwrap_or(Err(Refused::StoreFailed))
    }
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

fn sent(commit: &Commit, file: &Attachment, event: &TicketEvent, ticket: Arc<Ticket>) -> Sent {
    let entry = EventEntry { revision: commit.revision, event: event.clone() };
    Sent::Attached(Box::new(Attached { entry, ticket, size: file.size }))
}
