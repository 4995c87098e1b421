//! Which refusal has which code, reason and details: the one table, as `proto/opora/v1/errors.proto` documents it.

use std::time::Duration;

use opora_core::decide::{MAX_LINKS, Refusal};
use opora_core::filter::FilterError;
use opora_core::model::{MAX_PARTS, MAX_PARTS_BYTES, Revision, TicketState};
use opora_proto::error::{ErrorReason as R, Fault};
use opora_proto::v1;
use opora_store::ReadError;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::Problem;
use crate::engine::Refused;
use crate::followers::watch::WatchEnd;
use crate::language::Language;

/// How long to wait before trying again what passes soon.
const SOON: Duration = Duration::from_millis(200);
/// How long to wait before trying again what takes an operator.
pub(crate) const LATER: Duration = Duration::from_secs(5);

impl Problem {
    /// No ticket of that name.
    pub(crate) fn no_ticket(name: impl std::fmt::Display) -> Box<Self> {
        let name = name.to_string();
        Self::new(Code::NotFound, R::TicketNotFound).with("name", &name).about("opora.v1.Ticket", name)
    }

    /// Nothing of that name in the directory.
    pub(crate) fn no_resource(name: impl std::fmt::Display) -> Box<Self> {
        let name = name.to_string();
        Self::new(Code::NotFound, R::ResourceNotFound).with("name", &name).about("opora.v1.Resource", name)
    }

    /// The filter can't be understood.
    pub(crate) fn filter(error: &FilterError) -> Box<Self> {
        let mut problem = Self::field("filter", &error.detail);
        problem.reason = R::InvalidFilter;
        problem.metadata.clear();
        problem.with("position", error.position).with("detail", &error.detail)
    }

    /// The page token belongs to another query, or to none.
    pub(crate) fn page_token() -> Box<Self> {
        let mut problem = Self::field("page_token", "belongs to another query, or to none");
        problem.reason = R::InvalidPageToken;
        problem.metadata.clear();
        problem
    }

    /// The server is starting or stopping.
    pub(crate) fn not_serving() -> Box<Self> {
        Self::new(Code::Unavailable, R::NotServing).retry(SOON)
    }

    /// The store is being opened.
    pub(crate) fn opening() -> Box<Self> {
        Self::not_serving().say("opening")
    }

    /// Too many requests are waiting.
    pub(crate) fn overloaded() -> Box<Self> {
        Self::new(Code::ResourceExhausted, R::Overloaded).retry(SOON)
    }

    /// The machine is short of something that comes back, descriptors for one: it is told in the log.
    pub(crate) fn short(cause: &dyn std::fmt::Display) -> Box<Self> {
        tracing::warn!(%cause, "the machine is short of something: a call is refused");
        Self::overloaded()
    }

    /// The caller's deadline passed.
    pub(crate) fn deadline() -> Box<Self> {
        Self::new(Code::DeadlineExceeded, R::DeadlineExceeded)
    }

    /// The disk is nearly full.
    pub(crate) fn disk_full() -> Box<Self> {
        Self::new(Code::ResourceExhausted, R::DiskFull).retry(LATER)
    }

    /// A file of that many bytes would leave too little free.
    pub(crate) fn no_room(size: u64) -> Box<Self> {
        Self::disk_full().with("size", size).say("no-room")
    }

    /// More of something than there may be.
    pub(crate) fn limit(limit: &'static str, max: impl std::fmt::Display) -> Box<Self> {
        Self::new(Code::ResourceExhausted, R::LimitReached).with("limit", limit).with("max", max)
    }

    /// What is stored is damaged; the particulars go to the log.
    pub(crate) fn corrupt(cause: &dyn std::fmt::Display) -> Box<Self> {
        tracing::error!(%cause, "what is stored is damaged");
        Self::new(Code::DataLoss, R::DataCorrupt)
    }

    /// The configuration does not allow historical times.
    pub(crate) fn import_not_allowed() -> Box<Self> {
        precondition(R::ImportNotAllowed)
    }

    /// No upload of that id, or it was given up.
    pub(crate) fn no_upload() -> Box<Self> {
        Self::new(Code::NotFound, R::UploadNotFound)
    }

    /// No stream of that session lasts.
    pub(crate) fn no_session() -> Box<Self> {
        Self::new(Code::NotFound, R::SessionNotFound)
    }

    /// The chunk does not begin where the last one ended.
    pub(crate) fn upload_offset(committed: u64) -> Box<Self> {
        let mut problem = Self::field("chunk.write_offset", "is not where the last chunk ended");
        problem.reason = R::UploadOffset;
        problem.metadata.clear();
        problem.with("committed_size", committed)
    }

    /// The content does not match the header.
    pub(crate) fn upload_content() -> Box<Self> {
        Self::new(Code::InvalidArgument, R::UploadContent)
    }

    /// What the codec says of a request that it can't read, which it says in no language; `None`: it was not the codec.
    pub(crate) fn undecodable(status: &Status) -> Option<Box<Self>> {
        let fault = Fault::from(status);
        let violation = fault.violations.first().filter(|_| fault.reason == Some(R::InvalidField))?;
        let is_told = status.get_details_localized_message().is_some();
        (!is_told).then(|| Self::field(&violation.field, &violation.description))
    }

    /// The store is damaged and only read.
    pub(crate) fn read_only() -> Box<Self> {
        Self::new(Code::FailedPrecondition, R::ReadOnly)
    }

    /// The caller may not do this.
    pub(crate) fn not_permitted() -> Box<Self> {
        Self::new(Code::PermissionDenied, R::NotPermitted)
    }

    /// Another desk decides.
    pub(crate) fn not_leader() -> Box<Self> {
        Self::new(Code::Unavailable, R::NotLeader).retry(SOON)
    }

    /// The store failed.
    pub(crate) fn store_failed() -> Box<Self> {
        Self::new(Code::Unavailable, R::StoreFailed)
    }
}

impl From<FilterError> for Box<Problem> {
    fn from(error: FilterError) -> Self {
        Problem::filter(&error)
    }
}

impl From<ReadError> for Box<Problem> {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Corrupt(cause) => Problem::corrupt(&cause),
            ReadError::Failed(_) => Problem::store_failed(),
            error if error.is_passing() => Problem::short(&error),
            ReadError::Io(cause) => Problem::internal("the store can't be read", &cause),
            ReadError::NoRevision(revision) => Problem::internal("a revision is not there", &revision.0),
        }
    }
}

impl From<WatchEnd> for Box<Problem> {
    fn from(end: WatchEnd) -> Self {
        let bounds = |reason, oldest: Revision, newest: Revision| {
            Problem::new(Code::OutOfRange, reason).with("oldest", oldest.0).with("newest", newest.0)
        };
        match end {
            WatchEnd::TooSlow => Problem::new(Code::ResourceExhausted, R::WatchTooSlow),
            WatchEnd::Stopping => Problem::not_serving(),
            WatchEnd::StoreReplaced(uid) => Problem::new(Code::OutOfRange, R::StoreReplaced).with("store_uid", uid),
            WatchEnd::Compacted { oldest, newest } => bounds(R::RevisionCompacted, oldest, newest),
            WatchEnd::InFuture { oldest, newest } => bounds(R::RevisionInFuture, oldest, newest),
            WatchEnd::Corrupt(cause) => Problem::corrupt(&cause),
        }
    }
}

impl From<Refused> for Box<Problem> {
    fn from(refused: Refused) -> Self {
        self::refused(refused, None)
    }
}

/// A refusal of the engine; `request_id` as the caller sent it.
pub(crate) fn refused(refused: Refused, request_id: Option<&str>) -> Box<Problem> {
    match refused {
        Refused::NoTicket(uid) => Problem::no_ticket(format_args!("tickets/{uid}")),
        Refused::Domain(refusal) => domain(refusal),
        Refused::RequestIdReused => {
            Problem::new(Code::AlreadyExists, R::RequestIdReused).with("request_id", request_id.unwrap_or_default())
        }
        Refused::IdTaken(name) => {
            Problem::new(Code::AlreadyExists, R::IdTaken).with("name", &name).about("opora.v1.Resource", name)
        }
        Refused::DirectoryEtag(current) => Problem::new(Code::Aborted, R::EtagMismatch).with("etag", current),
        Refused::DiskFull => Problem::disk_full(),
        Refused::Overloaded => Problem::overloaded(),
        Refused::Stopping => Problem::not_serving(),
        Refused::ReadOnly => Problem::read_only(),
        Refused::NotPermitted => Problem::not_permitted(),
        Refused::NotLeader => Problem::not_leader(),
        Refused::StoreFailed => Problem::store_failed(),
        Refused::Corrupt(cause) => Problem::corrupt(&cause),
    }
}

fn precondition(reason: R) -> Box<Problem> {
    Problem::new(Code::FailedPrecondition, reason)
}

/// A refusal of the domain.
fn domain(refusal: Refusal) -> Box<Problem> {
    match refusal {
        Refusal::NoTicket(number) => Problem::no_ticket(number),
        Refusal::NoResource(name) => Problem::no_resource(name),
        Refusal::Archived(name) => {
            // The contract has no reason of its own for it: whoever is archived is not there to be given work.
            Problem::no_resource(name).say("archived")
        }
        Refusal::ExternalIdTaken(number) => {
            Problem::new(Code::AlreadyExists, R::ExternalIdTaken).with("name", number).about("opora.v1.Ticket", number)
        }
        Refusal::Etag { current, revision } => {
            Problem::new(Code::Aborted, R::EtagMismatch).with("etag", current).with("revision", revision.0)
        }
        Refusal::OtherEtag { ticket, current, revision } => Problem::new(Code::Aborted, R::EtagMismatch)
            .with("etag", current)
            .with("revision", revision.0)
            .with("name", ticket),
        Refusal::Unseen { ticket, revision, author } => precondition(R::UnseenMessage)
            .with("comment", format_args!("{ticket}/comments/{}", revision.0))
            .with("author", author)
            .with("revision", revision.0),
        Refusal::Transition { from, allowed, .. } => {
            let allowed: Vec<&str> = allowed.iter().map(|state| state.word()).collect();
            precondition(R::TransitionNotAllowed).with("state", from.word()).with("allowed", allowed.join(","))
        }
        Refusal::State(state) => precondition(R::TicketState).with("state", state.word()),
        Refusal::Merged { ticket, into } => precondition(R::TicketState)
            .with("state", TicketState::Merged.word())
            .with("name", ticket)
            .with("merged_into", into)
            .say("ticket-merged"),
        Refusal::Parts => Problem::limit("merged tickets", MAX_PARTS),
        Refusal::PartsBytes => Problem::limit("bytes of merged tickets", MAX_PARTS_BYTES),
        Refusal::SamePriority(priority) => precondition(R::SamePriority).with("priority", priority.word()),
        Refusal::Rung { rung, highest } => precondition(R::NoSuchRung).with("rung", rung).with("highest", highest),
        Refusal::Cycle => precondition(R::Cycle),
        Refusal::Link => precondition(R::LinkState),
        Refusal::TooManyLinks => Problem::limit("links", MAX_LINKS),
        Refusal::Undo(newer) => {
            let problem = precondition(R::CannotUndo);
            match newer {
                Some(revision) => problem.with("revision", revision.0),
                None => problem,
            }
        }
        Refusal::NoChange => precondition(R::NoChange),
        Refusal::ImportOrder { earliest } => precondition(R::ImportTimeOrder).with("earliest", earliest),
        Refusal::Reckon(error) => Problem::internal("clocks can't be reckoned", &error),
    }
}

/// What became of one ticket of a batch that was refused.
pub(crate) fn refusal_of_batch(refused: Refused, language: Language) -> v1::Refusal {
    let problem = self::refused(refused, None);
    v1::Refusal {
        code: problem.code() as i32,
        reason: problem.reason().word().to_owned(),
        message: problem.sentence(language),
        metadata: problem.metadata(),
    }
}
