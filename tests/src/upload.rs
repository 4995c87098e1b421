//! Files, sent in parts.

use bytes::Bytes;
use opora_proto::client::{Desk, request_id};
use opora_proto::v1;
use opora_proto::v1::upload_attachment_request::Part;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tonic::Status;

/// The most bytes of a chunk.
pub const CHUNK: usize = 256 * 1024;

/// Content that does not compress to nothing.
pub fn content(bytes: usize, seed: u64) -> Bytes {
    let mut content = vec![0; bytes];
    StdRng::seed_from_u64(seed).fill(&mut content[..]);
    content.into()
}

/// The header of an upload of its own.
pub fn header(ticket: &str, name: &str, size: usize) -> v1::UploadHeader {
    v1::UploadHeader {
        ticket: ticket.to_owned(),
        file_name: name.to_owned(),
        size: size as u64,
        upload_id: request_id(),
        ..Default::default()
    }
}

/// The messages that send the bytes of `data` from `from` to `to`, and finish if that is the end.
pub fn parts(
    header: &v1::UploadHeader,
    data: &Bytes,
    from: usize,
    to: usize,
) -> impl Iterator<Item = v1::UploadAttachmentRequest> + Send + 'static {
    let (data, first) = (data.clone(), Part::Header(header.clone()));
    let starts = std::iter::once(from).chain((from + CHUNK..to).step_by(CHUNK));
    let chunks = starts.map(move |at| {
        let end = (at + CHUNK).min(to);
        let chunk = data.slice(at..end);
        Part::Chunk(v1::UploadChunk { write_offset: at as u64, data: chunk, finish_write: end == data.len() })
    });
    std::iter::once(first).chain(chunks).map(|part| v1::UploadAttachmentRequest { part: Some(part) })
}

/// Sends a header and the bytes of `data` from `from` to `to`, finishing if that is the end.
///
/// # Errors
/// Of the server.
pub async fn send(
    desk: &Desk,
    header: &v1::UploadHeader,
    data: &Bytes,
    from: usize,
    to: usize,
) -> Result<v1::UploadAttachmentResponse, Status> {
    let stream = futures::stream::iter(parts(header, data, from, to));
    Ok(desk.attachments().upload_attachment(stream).await?.into_inner())
}

/// How far an upload came.
///
/// # Errors
/// Of the server.
pub async fn status(desk: &Desk, upload_id: &str) -> Result<v1::GetUploadStatusResponse, Status> {
    let request = v1::GetUploadStatusRequest { upload_id: upload_id.to_owned() };
    Ok(desk.attachments().get_upload_status(request).await?.into_inner())
}

/// A file, from `offset` on.
///
/// # Errors
/// Of the server, also in the middle.
pub async fn download(desk: &Desk, name: &str, offset: u64, limit: u64) -> Result<Vec<u8>, Status> {
    let request = v1::DownloadAttachmentRequest { name: name.to_owned(), read_offset: offset, read_limit: limit };
    let mut stream = desk.attachments().download_attachment(request).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(message) = stream.message().await? {
        bytes.extend_from_slice(&message.data);
    }
    Ok(bytes)
}
