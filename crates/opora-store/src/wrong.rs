//! What `opora check` can find to be wrong. The sentences are those of logs and of English; whoever tells them in another
//! language goes by the kind.

use opora_core::model::{Revision, TicketNumber};

use crate::api::StoreUid;
use crate::index::Index;

/// What is wrong with a file or a directory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Segments of the journal are gone.
    #[error("revisions {} to {} are missing before it", .first.0, .last.0)]
    RevisionsMissing {
        /// The first that is gone.
        first: Revision,
        /// The last that is gone.
        last: Revision,
    },
    /// A compressed segment whose table is damaged.
    #[error("none of its revisions, from {} on, can be read: {detail}", .from.0)]
    SegmentUnreadable {
        /// The first that it held.
        from: Revision,
        /// What was met.
        detail: String,
    },
    /// The header of a segment.
    #[error("its header is damaged")]
    HeaderDamaged,
    /// The header of a segment, which a later version of the program wrote.
    #[error("it was written by a newer version of opora (segment format {0})")]
    HeaderNewer(u8),
    /// The header of a segment of another store.
    #[error("it belongs to the store {0}")]
    HeaderForeign(StoreUid),
    /// The header of a segment that was given another name.
    #[error("it begins with revision {}, not with the one that its name says", .0.0)]
    HeaderMisnamed(Revision),
    /// A frame of the journal.
    #[error("revision {} does not match its checksum", .0.0)]
    FrameDamaged(Revision),
    /// A finished segment without its seal.
    #[error("it has no seal; the next start makes one")]
    SealMissing,
    /// A segment that is not what was sealed.
    #[error("its content does not have the hash of its seal")]
    SealBroken,
    /// The chain of the seals.
    #[error("its seal does not name the seal before it")]
    SealUnchained,
    /// A frame that is whole and says nothing that can be understood.
    #[error("revision {} can't be understood: {detail}", .revision.0)]
    NotUnderstood {
        /// Its revision.
        revision: Revision,
        /// What was met.
        detail: String,
    },
    /// The chain of a ticket's events.
    #[error("revision {} does not name revision {} as the one before on {number}", .revision.0, .before.0)]
    EventUnchained {
        /// The event.
        revision: Revision,
        /// The one before it.
        before: Revision,
        /// The ticket.
        number: TicketNumber,
    },
    /// The journal ends before what was acknowledged.
    #[error(
        "it ends at revision {}, but `{witness}` says that revision {} was acknowledged: it is older than the other files, \
         or its newest files are gone",
        .newest.0,
        .acknowledged.0
    )]
    JournalBehind {
        /// Where it ends.
        newest: Revision,
        /// What was acknowledged at least.
        acknowledged: Revision,
        /// What says so: a name in the data directory.
        witness: &'static str,
    },
    /// There is no journal, and there was one.
    #[error("it is gone or empty, but `state` says that there was a journal")]
    JournalGone,
    /// A start refuses it for another reason.
    #[error("the desk does not start with it: {0}")]
    NotOpened(String),
    /// There is no view.
    #[error("there is no view; the next start builds one")]
    ViewMissing,
    /// The view, or its directory, can't be read.
    #[error("it can't be read: {0}")]
    ViewUnreadable(String),
    /// The view is not read, because it could not be copied.
    #[error("it was not read: no copy of it could be made ({0})")]
    ViewNotRead(String),
    /// The view has more than the journal.
    #[error("it stands at revision {}, the journal ends at {}", .view.0, .journal.0)]
    ViewAhead {
        /// Where the view stands.
        view: Revision,
        /// Where the journal ends.
        journal: Revision,
    },
    /// The view has less than the journal.
    #[error("it stands at revision {} of {}; the next start catches it up", .view.0, .journal.0)]
    ViewBehind {
        /// Where the view stands.
        view: Revision,
        /// Where the journal ends.
        journal: Revision,
    },
    /// A ticket of the view.
    #[error("{number} is missing, damaged or not as in revision {}", .revision.0)]
    TicketWrong {
        /// The ticket.
        number: TicketNumber,
        /// Its newest revision in the journal.
        revision: Revision,
    },
    /// A ticket of the view that was never made.
    #[error("it holds {0}, which the journal does not")]
    TicketBeyond(TicketNumber),
    /// A request id of the view.
    #[error("the request of revision {} is missing or damaged", .0.0)]
    RequestWrong(Revision),
    /// A key of the view by which a ticket is found.
    #[error("the key `{index}` by which {number} is found is missing or damaged")]
    KeyWrong {
        /// Of which kind.
        index: Index,
        /// The ticket.
        number: TicketNumber,
    },
    /// Keys of the view that were never given.
    #[error("it holds {view} keys by which tickets are found, the journal {journal}")]
    KeysBeyond {
        /// How many the view has.
        view: usize,
        /// How many the journal has.
        journal: usize,
    },
    /// A file of an attachment is gone.
    #[error("an attachment of {0} is gone")]
    AttachmentMissing(TicketNumber),
    /// A file of an attachment is not what was sent.
    #[error("an attachment of {0} does not match its hash")]
    AttachmentDamaged(TicketNumber),
    /// A file of an attachment has another length than was told.
    #[error("an attachment of {number} has {found} bytes, not {size}")]
    AttachmentSize {
        /// The ticket.
        number: TicketNumber,
        /// Bytes that are there.
        found: u64,
        /// Bytes that were told.
        size: u64,
    },
    /// A file of an attachment can't be read.
    #[error("an attachment of {number} can't be read: {detail}")]
    AttachmentUnreadable {
        /// The ticket.
        number: TicketNumber,
        /// What the file system said.
        detail: String,
    },
}
