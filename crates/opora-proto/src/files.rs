//! Files sent to a ticket and fetched from it. The id of an upload follows from the ticket and the file's name and
//! content, so that a broken upload goes on when it is asked for again, and a finished one is not sent twice.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt as _;
use tokio::sync::Notify;
use tonic::Status;

use crate::client::{Desk, is_late, is_lost, silent};
use crate::error::{ErrorReason, Fault};
use crate::save::{SaveError, Saving};
use crate::v1::{self, upload_attachment_request::Part};

mod reading;

use reading::Reading;

/// How many times a broken transfer is taken up again.
const TRIES: u32 = 5;
/// How many times one is that was silent, on a connection of its own: each costs the whole time of silence.
const SILENT_TRIES: u32 = 1;
/// Namespace of the ids of uploads.
const UPLOADS: uuid::Uuid = uuid::Uuid::from_u128(0x6f70_6f72_6100_5000_8000_0000_7570_6c64);

/// Why a file did not get where it should.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The file on this machine.
    #[error("{path}: {cause}")]
    File {
        /// Which.
        path: String,
        /// What is wrong with it.
        cause: std::io::Error,
    },
    /// Where it should be put there is something already.
    #[error("{path}: {cause}")]
    Place {
        /// Where.
        path: String,
        /// Anything but [`SaveError::System`].
        cause: SaveError,
    },
    /// The desk refused it or could not be reached.
    #[error("{0}")]
    Call(#[from] Box<Status>),
    /// The same after a try whose answer was lost: the file may be attached.
    #[error("{0}")]
    Lost(Box<Status>),
    /// The desk took a part only, again and again.
    #[error("the upload ended after {0} bytes")]
    Unfinished(u64),
    /// What came is not what was sent.
    #[error("the content does not match its hash")]
    Content,
    /// The thread that reads broke: a bug.
    #[error("reading a file broke: {0}")]
    Broken(String),
}

impl TransferError {
    fn file(path: &Path, cause: std::io::Error) -> Self {
        Self::File { path: path.display().to_string(), cause }
    }

    /// What came of putting a file at `path`.
    #[must_use]
    pub fn saving(path: &Path, cause: SaveError) -> Self {
        match cause {
            SaveError::System(cause) => Self::file(path, cause),
            cause => Self::Place { path: path.display().to_string(), cause },
        }
    }

    fn is_lost(&self) -> bool {
        matches!(self, Self::Call(status) if is_lost(status))
    }

    fn is_passing(&self) -> bool {
        matches!(self, Self::Call(status) if Fault::from(&**status).is_passing() || is_lost(status))
    }

    fn is_late(&self) -> bool {
        matches!(self, Self::Call(status) if is_late(status))
    }

    /// The desk does not stand where it was asked to go on: what was sent was given up, for another upload, or more came
    /// of an earlier try meanwhile.
    fn is_elsewhere(&self) -> bool {
        let elsewhere = [Some(ErrorReason::UploadNotFound), Some(ErrorReason::UploadOffset)];
        matches!(self, Self::Call(status) if elsewhere.contains(&Fault::from(&**status).reason))
    }
}

impl From<Status> for TransferError {
    fn from(status: Status) -> Self {
        Self::Call(Box::new(status))
    }
}

/// A file that is to be sent: its name, size and hash.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Where it is.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    hash: String,
    modified: Option<prost_types::Timestamp>,
}

/// The seconds of the instants that a desk takes: the years 2000 to 2099.
const TOLD: std::ops::Range<i64> = 946_684_800..4_102_444_800;

impl Measured {
    /// Reads the file once.
    ///
    /// # Errors
    /// [`TransferError::File`] when it can't be read.
    pub async fn of(path: PathBuf) -> Result<Self, TransferError> {
        blocking(move || Self::now(&path).map_err(|cause| TransferError::file(&path, cause))).await?
    }

    fn now(path: &Path) -> std::io::Result<Self> {
        let mut file = std::fs::File::open(path)?;
        let facts = file.metadata()?;
        let mut hasher = blake3::Hasher::new();
        let size = std::io::copy(&mut file, &mut hasher)?;
        let modified = facts.modified().ok().map(prost_types::Timestamp::from);
        // A time that no desk takes tells nothing: what unpacks archives often leaves 1970 or 1980.
        let modified = modified.filter(|at| TOLD.contains(&at.seconds));
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { path: path.to_owned(), name, size, hash: hasher.finalize().to_hex().to_string(), modified })
    }

    fn header(&self, ticket: &str, content_type: &str) -> v1::UploadHeader {
        let key = format!("{ticket}\n{}\n{}\n{}", self.name, self.size, self.hash);
        v1::UploadHeader {
            ticket: ticket.to_owned(),
            file_name: self.name.clone(),
            content_type: content_type.to_owned(),
            size: self.size,
            blake3: self.hash.clone(),
            modify_time: self.modified,
            upload_id: uuid::Uuid::new_v5(&UPLOADS, key.as_bytes()).to_string(),
        }
    }
}

/// How often a transfer was taken up again.
#[derive(Debug, Default)]
struct Tries {
    broken: u32,
    /// Since something came or went.
    silent: u32,
}

impl Tries {
    /// Whether it is tried once more after this error; `moved`: something came or went in between.
    fn again(&mut self, error: &TransferError, moved: bool) -> bool {
        if moved {
            self.silent = 0;
        }
        if error.is_late() {
            self.silent += 1;
            return self.silent <= SILENT_TRIES && self.broken < TRIES;
        }
        self.broken += 1;
        self.broken <= TRIES
    }
}

/// Sends a file to a ticket, from where an earlier try ended. `progress` is told how many bytes the desk was given.
///
/// # Errors
/// [`TransferError`], after some tries where the error is a passing one.
pub async fn upload(
    desk: &Desk,
    ticket: &str,
    file: &Measured,
    content_type: &str,
    progress: impl Fn(u64) + Clone + Send + Sync + 'static,
) -> Result<v1::UploadAttachmentResponse, TransferError> {
    let header = file.header(ticket, content_type);
    let (mut tries, mut was_lost, mut last) = (Tries::default(), false, None);
    let mut desk = desk.clone();
    loop {
        let offset = match committed(&desk, &header.upload_id).await {
            Err(TransferError::Call(status)) if was_lost => return Err(TransferError::Lost(status)),
            known => known?,
        };
        progress(offset);
        let moved = last.replace(offset).is_some_and(|last| offset > last);
        match send(&desk, &header, file.path.clone(), offset, progress.clone()).await {
            Ok(response) if response.attachment.is_some() => return Ok(response),
            Err(error) if !error.is_passing() && !error.is_elsewhere() => return Err(error),
            Err(error) if tries.again(&error, moved) => {
                was_lost |= error.is_lost();
                if error.is_late() {
                    desk = desk.anew();
                }
            }
            Err(TransferError::Call(status)) if was_lost => return Err(TransferError::Lost(status)),
            Err(error) => return Err(error),
            Ok(response) => {
                let unfinished = TransferError::Unfinished(response.committed_size);
                if !tries.again(&unfinished, moved) {
                    return Err(unfinished);
                }
            }
        }
    }
}

/// How many bytes the desk has of an upload; none of one that it does not know.
async fn committed(desk: &Desk, upload_id: &str) -> Result<u64, TransferError> {
    let request = v1::GetUploadStatusRequest { upload_id: upload_id.to_owned() };
    let status = desk.call(|desk| {
        let request = request.clone();
        async move { desk.attachments().get_upload_status(request).await }
    });
    match status.await {
        // Sent again, a finished upload gives its first answer again.
        Ok(status) if status.complete => Ok(0),
        Ok(status) => Ok(status.committed_size),
        Err(status) if Fault::from(&status).reason == Some(ErrorReason::UploadNotFound) => Ok(0),
        Err(status) => Err(status.into()),
    }
}

async fn send(
    desk: &Desk,
    header: &v1::UploadHeader,
    path: PathBuf,
    offset: u64,
    progress: impl Fn(u64) + Send + Sync + 'static,
) -> Result<v1::UploadAttachmentResponse, TransferError> {
    // What is sent is asked for chunk by chunk, so that nothing waits here for a line on which nothing moves any more.
    let (taken, broken) = (Arc::new(Notify::new()), Arc::new(Mutex::new(None)));
    let reading = Reading::new(path, offset, header.size);
    let chunks = futures::stream::unfold((reading, broken.clone()), |(reading, broken)| async move {
        let path = reading.path().to_owned();
        match blocking(move || reading.next()).await {
            Ok(Ok(next)) => next.map(|(chunk, reading)| (chunk, (reading, broken))),
            failed => {
                let error = failed.and_then(|read| read.map(drop).map_err(|cause| TransferError::file(&path, cause)));
                *broken.lock().unwrap_or_else(PoisonError::into_inner) = error.err();
                None
            }
        }
    });
    let first = v1::UploadAttachmentRequest { part: Some(Part::Header(header.clone())) };
    // A call that was given up may be asked for chunks still: it gets none.
    let moving = Arc::downgrade(&taken);
    let parts = chunks.scan(moving, move |moving, chunk: v1::UploadChunk| {
        let moving = moving.upgrade();
        std::future::ready(moving.map(|moving| {
            moving.notify_one();
            progress(chunk.write_offset + chunk.data.len() as u64);
            v1::UploadAttachmentRequest { part: Some(Part::Chunk(chunk)) }
        }))
    });
    let stream = futures::stream::iter([first]).chain(parts);
    // An upload takes as long as the line needs: no deadline. As long as the line takes chunks something moves.
    let mut service = desk.without_deadline().attachments();
    let mut answer = pin!(service.upload_attachment(stream));
    let answer = loop {
        tokio::select! {
            answer = &mut answer => break answer,
            () = taken.notified() => {}
            () = tokio::time::sleep(desk.silence()) => break Err(silent()),
        }
    };
    if let Some(error) = broken.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error);
    }
    Ok(answer?.into_inner())
}

/// Fetches a file. `place` is asked once, when it is known what comes, where to put it; it is there once it is whole and
/// checked against its hash; it is asked and the file written on threads for what blocks, since whoever reads a pipe may
/// take its time. `progress` is told how many bytes came. Gives what it is and where it is; `None`: it went into something
/// that has no end.
///
/// # Errors
/// [`TransferError`], after some tries where the error is a passing one; nothing is left of the file then.
pub async fn download(
    desk: &Desk,
    name: &str,
    place: impl FnOnce(&v1::Attachment) -> Result<Saving, TransferError> + Send + 'static,
    progress: impl Fn(&v1::Attachment, u64),
) -> Result<(v1::Attachment, Option<PathBuf>), TransferError> {
    let mut fetching = Fetching { found: None, hasher: blake3::Hasher::new(), at: 0, place: Some(place) };
    let (mut tries, mut desk) = (Tries::default(), desk.clone());
    loop {
        let before = fetching.at;
        let Err(error) = fetching.fetch(&desk, name, &progress).await else { break };
        if !error.is_passing() || !tries.again(&error, fetching.at > before) {
            return Err(error);
        }
        if error.is_late() {
            desk = desk.anew();
        }
    }
    let (found, saving) = fetching.found.ok_or(TransferError::Content)?;
    if fetching.at != found.size || fetching.hasher.finalize().to_hex().to_string() != found.blake3 {
        return Err(TransferError::Content);
    }
    let target = saving.target().map(Path::to_owned);
    let shown = target.clone().unwrap_or_default();
    blocking(move || saving.finish()).await?.map_err(|cause| TransferError::saving(&shown, cause))?;
    Ok((found, target))
}

/// Does what blocks on a thread for it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, TransferError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| TransferError::Broken(error.to_string()))
}

/// A file that comes.
struct Fetching<P> {
    place: Option<P>,
    found: Option<(v1::Attachment, Saving)>,
    hasher: blake3::Hasher,
    at: u64,
}

impl<P> Fetching<P>
where
    P: FnOnce(&v1::Attachment) -> Result<Saving, TransferError> + Send + 'static,
{
    /// One try, from where the one before ended.
    async fn fetch(
        &mut self,
        desk: &Desk,
        name: &str,
        progress: &impl Fn(&v1::Attachment, u64),
    ) -> Result<(), TransferError> {
        let request = v1::DownloadAttachmentRequest { name: name.to_owned(), read_offset: self.at, read_limit: 0 };
        let mut service = desk.without_deadline().attachments();
        let mut stream = desk.unless_silent(service.download_attachment(request)).await?.into_inner();
        while let Some(message) = desk.unless_silent(stream.message()).await? {
            if let (Some(attachment), Some(place)) = (message.attachment, self.place.take_if(|_| self.found.is_none()))
            {
                let what = attachment.clone();
                let saving = blocking(move || place(&what)).await??;
                self.found = Some((attachment, saving));
            }
            let Some((found, mut saving)) = self.found.take() else { return Err(TransferError::Content) };
            let data = message.data.clone();
            let (saving, written) = blocking(move || {
                let written = saving.write_all(&data);
                (saving, written)
            })
            .await?;
            if let Err(cause) = written {
                let path = saving.target().unwrap_or_else(|| Path::new(&found.file_name));
                return Err(TransferError::file(path, cause));
            }
            self.hasher.update(&message.data);
            self.at += message.data.len() as u64;
            progress(&found, self.at);
            self.found = Some((found, saving));
        }
        Ok(())
    }
}
