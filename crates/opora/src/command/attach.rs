//! Sending files. The upload's id follows from the ticket and the file's name and content, so that a broken upload
//! goes on when the same command is given again, and a finished one is not sent twice.

use std::io::{IsTerminal as _, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::StreamExt as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use opora_proto::error::ErrorReason;
use opora_proto::v1::{self, upload_attachment_request::Part};
use tokio_stream::wrappers::ReceiverStream;

use crate::cli::work::AttachArgs;
use crate::command::download;
use crate::context::{Context, call};
use crate::failure::{Exit, Failure};
use crate::output::{short, wire};

/// Bytes of a chunk: the most that the contract takes.
const CHUNK: usize = 256 * 1024;
/// How many times a broken upload is taken up again before the command gives up.
const TRIES: u32 = 5;
/// Namespace of the ids of uploads.
const UPLOADS: uuid::Uuid = uuid::Uuid::from_u128(0x6f70_6f72_6100_5000_8000_0000_7570_6c64);

/// Runs `opora attach`.
pub(crate) async fn run(context: &Context, args: AttachArgs) -> Result<(), Failure> {
    if let Some(name) = args.download {
        return download::download(context, name, args.to).await;
    }
    let ticket = args.ticket.unwrap_or_default();
    if args.list {
        return list(context, ticket).await;
    }
    for path in &args.files {
        let file = measure(path.clone()).await?;
        let response = upload(context, &ticket, &file, &args.content_type).await?;
        context.out.one(&response, || {
            let attachment = response.attachment.clone().unwrap_or_default();
            let kind = context.out.text.word(attachment.log_kind().as_str_name());
            let arguments =
                [("file", (&attachment.file_name).into()), ("ticket", short(&ticket).into()), ("kind", (&kind).into())];
            context.out.say("done-attached", &arguments)
        })?;
    }
    Ok(())
}

async fn list(context: &Context, ticket: String) -> Result<(), Failure> {
    let out = &context.out;
    let mut request = v1::ListAttachmentsRequest { name: ticket, page_size: 500, ..Default::default() };
    let mut all = Vec::new();
    let response = loop {
        let mut page: v1::ListAttachmentsResponse = call!(context, attachments.list_attachments(request.clone()))?;
        all.append(&mut page.attachments);
        request.page_token.clone_from(&page.next_page_token);
        if page.next_page_token.is_empty() {
            break v1::ListAttachmentsResponse { attachments: all, ..page };
        }
    };
    out.list(&response, &response.attachments, || out.attachments(&response.attachments))
}

/// A file that is to be sent.
struct Measured {
    path: PathBuf,
    name: String,
    size: u64,
    hash: String,
    modified: Option<prost_types::Timestamp>,
}

async fn measure(path: PathBuf) -> Result<Measured, Failure> {
    tokio::task::spawn_blocking(move || measure_now(&path))
        .await
        .map_err(|error| Failure::bug(format!("reading a file: {error}")))?
}

fn measure_now(path: &Path) -> Result<Measured, Failure> {
    let failed = |cause| Failure::io(path.display().to_string(), cause);
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let facts = file.metadata().map_err(failed)?;
    let mut hasher = blake3::Hasher::new();
    let size = std::io::copy(&mut file, &mut hasher).map_err(failed)?;
    let modified = facts.modified().ok().and_then(|time| jiff::Timestamp::try_from(time).ok()).map(wire);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Measured { path: path.to_owned(), name, size, hash: hasher.finalize().to_hex().to_string(), modified })
}

async fn upload(
    context: &Context,
    ticket: &str,
    file: &Measured,
    content_type: &str,
) -> Result<v1::UploadAttachmentResponse, Failure> {
    let key = format!("{ticket}\n{}\n{}\n{}", file.name, file.size, file.hash);
    let header = v1::UploadHeader {
        ticket: ticket.to_owned(),
        file_name: file.name.clone(),
        content_type: content_type.to_owned(),
        size: file.size,
        blake3: file.hash.clone(),
        modify_time: file.modified,
        upload_id: uuid::Uuid::new_v5(&UPLOADS, key.as_bytes()).to_string(),
    };
    let bar = bar(context, file.size, &file.name);
    let mut tries = 0;
    loop {
        let offset = committed(context, &header.upload_id).await?;
        bar.set_position(offset);
        match send(context, &header, file.path.clone(), offset, &bar).await {
            Ok(response) if response.attachment.is_some() => {
                bar.finish_and_clear();
                return Ok(response);
            }
            Err(failure) if !failure.is_passing() => return Err(failure),
            _ if tries < TRIES => tries += 1,
            Err(failure) => return Err(failure),
            Ok(response) => {
                let size = response.committed_size.to_string();
                let arguments = [("file", (&file.name).into()), ("size", (&size).into())];
                let said = context.out.text.with("attach-unfinished", &arguments);
                return Err(Failure::new(Exit::TryAgain, said));
            }
        }
    }
}

/// How many bytes the desk has of an upload; none of one that it does not know.
async fn committed(context: &Context, upload_id: &str) -> Result<u64, Failure> {
    let request = v1::GetUploadStatusRequest { upload_id: upload_id.to_owned() };
    let status: Result<v1::GetUploadStatusResponse, Failure> = call!(context, attachments.get_upload_status(request));
    match status {
        // The header alone gives a finished upload's first answer again.
        Ok(status) if status.complete => Ok(0),
        Ok(status) => Ok(status.committed_size),
        Err(failure) if failure.fault().is_some_and(|f| f.reason == Some(ErrorReason::UploadNotFound)) => Ok(0),
        Err(failure) => Err(failure),
    }
}

async fn send(
    context: &Context,
    header: &v1::UploadHeader,
    path: PathBuf,
    offset: u64,
    bar: &ProgressBar,
) -> Result<v1::UploadAttachmentResponse, Failure> {
    let (chunks, queue) = tokio::sync::mpsc::channel(4);
    let size = header.size;
    let name = path.display().to_string();
    let reader = tokio::task::spawn_blocking(move || read(&path, offset, size, &chunks));
    let first = v1::UploadAttachmentRequest { part: Some(Part::Header(header.clone())) };
    let bar = bar.clone();
    let parts = ReceiverStream::new(queue).map(move |chunk: v1::UploadChunk| {
        bar.set_position(chunk.write_offset + chunk.data.len() as u64);
        v1::UploadAttachmentRequest { part: Some(Part::Chunk(chunk)) }
    });
    let stream = futures::stream::iter([first]).chain(parts);
    // An upload takes as long as the line needs: no deadline.
    let answer = context.desk.without_deadline().attachments().upload_attachment(stream).await;
    // The reader ends by itself as soon as nobody takes its chunks.
    let read = reader.await.map_err(|error| Failure::bug(format!("reading a file: {error}")))?;
    match answer {
        Ok(response) => read.map(|()| response.into_inner()).map_err(|cause| Failure::io(name, cause)),
        Err(status) => Err(context.failed(&status)),
    }
}

fn read(
    path: &Path,
    offset: u64,
    size: u64,
    chunks: &tokio::sync::mpsc::Sender<v1::UploadChunk>,
) -> std::io::Result<()> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut at = offset;
    loop {
        let mut data = Vec::new();
        file.by_ref().take(CHUNK as u64).read_to_end(&mut data)?;
        let end = at + data.len() as u64;
        let last = end >= size || data.is_empty();
        let chunk = v1::UploadChunk { write_offset: at, data: Bytes::from(data), finish_write: last };
        // Nobody takes it: the call has ended and says why.
        if chunks.blocking_send(chunk).is_err() || last {
            return Ok(());
        }
        at = end;
    }
}

/// A bar on standard error, on a terminal only.
pub(crate) fn bar(context: &Context, size: u64, name: &str) -> ProgressBar {
    let shown = context.out.is_table() && std::io::stderr().is_terminal();
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(size), target);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(crate::sanitise::line(name).into_owned());
    bar
}
