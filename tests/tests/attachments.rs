//! Files on tickets: sent in chunks, resumed where they broke off, kept by content, verified when read.

use bytes::Bytes;
use opora_proto::client::request_id;
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use opora_proto::v1::upload_attachment_request::Part;
use opora_tests::{Server, create, get, reason, violated};
use tonic::{Code, Status};

const CHUNK: usize = 256 * 1024;

fn content(bytes: usize) -> Bytes {
    (0..bytes).map(|n| (n * 31 % 251) as u8).collect()
}

fn header(ticket: &str, name: &str, data: &Bytes) -> v1::UploadHeader {
    v1::UploadHeader {
        ticket: ticket.to_owned(),
        file_name: name.to_owned(),
        size: data.len() as u64,
        upload_id: request_id(),
        ..Default::default()
    }
}

/// Sends a header and the bytes of `data` from `from` to `to`, finishing if that is the end.
async fn send(
    server: &Server,
    header: &v1::UploadHeader,
    data: &Bytes,
    from: usize,
    to: usize,
) -> Result<v1::UploadAttachmentResponse, Status> {
    let mut parts = vec![Part::Header(header.clone())];
    let mut at = from;
    loop {
        let end = (at + CHUNK).min(to);
        let chunk =
            v1::UploadChunk { write_offset: at as u64, data: data.slice(at..end), finish_write: end == data.len() };
        parts.push(Part::Chunk(chunk));
        at = end;
        if at == to {
            break;
        }
    }
    let messages = parts.into_iter().map(|part| v1::UploadAttachmentRequest { part: Some(part) });
    let stream = futures::stream::iter(messages.collect::<Vec<_>>());
    Ok(server.desk().attachments().upload_attachment(stream).await?.into_inner())
}

async fn read(server: &Server, name: &str, offset: u64, limit: u64) -> Result<Vec<u8>, Status> {
    let request = v1::DownloadAttachmentRequest { name: name.to_owned(), read_offset: offset, read_limit: limit };
    let mut stream = server.desk().attachments().download_attachment(request).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(message) = stream.message().await? {
        bytes.extend_from_slice(&message.data);
    }
    Ok(bytes)
}

#[tokio::test]
async fn a_file_comes_back_as_it_was_sent_also_in_parts_and_after_a_crash() {
    let mut server = Server::start();
    let ticket = create(&server.desk(), "логи").await.unwrap();
    let data = content(CHUNK * 2 + 1_000);
    let mut header = header(&ticket.name, "../x/bpclient_2020_07_12_23_09_21.log", &data);
    header.blake3 = "0".repeat(63) + "g";
    assert_eq!(violated(&send(&server, &header, &data, 0, data.len()).await.unwrap_err()), ["header.blake3"]);
    header.blake3.clear();
    let done = send(&server, &header, &data, 0, data.len()).await.unwrap();
    let file = done.attachment.unwrap();
    assert_eq!((file.file_name.as_str(), file.size), ("bpclient_2020_07_12_23_09_21.log", data.len() as u64));
    assert_eq!((file.log_kind(), file.platform()), (v1::LogKind::Bpclient, v1::Platform::V5));
    server.kill();
    server.restart();
    assert!(read(&server, &file.name, 0, 0).await.unwrap() == data);
    let (from, length) = (CHUNK - 10, 20);
    assert!(read(&server, &file.name, from as u64, length).await.unwrap() == data[from..from + 20]);
    assert_eq!(get(&server.desk(), &ticket.name).await.unwrap().attachment_count, 1);
    let request = v1::ListAttachmentsRequest { name: ticket.name, ..Default::default() };
    let listed = server.desk().attachments().list_attachments(request).await.unwrap().into_inner();
    assert_eq!(listed.attachments, [file]);
}

#[tokio::test]
async fn an_upload_goes_on_where_it_broke_off() {
    let server = Server::start();
    let ticket = create(&server.desk(), "обрыв").await.unwrap();
    let data = content(CHUNK * 3);
    let header = header(&ticket.name, "softphone-link.log", &data);
    let status = |id: &str| v1::GetUploadStatusRequest { upload_id: id.to_owned() };
    let none = server.desk().attachments().get_upload_status(status(&header.upload_id)).await.unwrap_err();
    assert_eq!((none.code(), reason(&none)), (Code::NotFound, Some(ErrorReason::UploadNotFound)));
    let half = send(&server, &header, &data, 0, CHUNK * 2).await.unwrap();
    assert_eq!((half.attachment, half.committed_size), (None, CHUNK as u64 * 2));
    let refused = send(&server, &header, &data, 0, CHUNK).await.unwrap_err();
    let fault = Fault::from(&refused);
    assert_eq!(fault.reason, Some(ErrorReason::UploadOffset));
    assert_eq!(fault.metadata.get("committed_size"), Some(&(CHUNK * 2).to_string()));
    let told = server.desk().attachments().get_upload_status(status(&header.upload_id)).await.unwrap().into_inner();
    assert_eq!((told.committed_size, told.complete), (CHUNK as u64 * 2, false));
    let done = send(&server, &header, &data, CHUNK * 2, CHUNK * 3).await.unwrap();
    assert!(read(&server, &done.attachment.unwrap().name, 0, 0).await.unwrap() == data);
    let told = server.desk().attachments().get_upload_status(status(&header.upload_id)).await.unwrap().into_inner();
    assert!(told.complete);
}

#[tokio::test]
async fn content_that_is_not_what_the_header_says_is_refused() {
    let server = Server::start();
    let ticket = create(&server.desk(), "не то").await.unwrap();
    let data = content(1_000);
    let refuse = async |change: &dyn Fn(&mut v1::UploadHeader)| {
        let mut header = header(&ticket.name, "a.txt", &data);
        change(&mut header);
        send(&server, &header, &data, 0, data.len()).await.unwrap_err()
    };
    for change in
        [(&|h: &mut v1::UploadHeader| h.size = 999) as &dyn Fn(&mut v1::UploadHeader), &|h| h.size = 1_001, &|h| {
            h.blake3 = "0".repeat(64);
        }]
    {
        let status = refuse(change).await;
        assert_eq!((status.code(), reason(&status)), (Code::InvalidArgument, Some(ErrorReason::UploadContent)));
    }
    assert_eq!(violated(&refuse(&|h| h.size = 101 << 20).await), ["header.size"]);
    assert_eq!(violated(&refuse(&|h| h.upload_id.clear()).await), ["header.upload_id"]);
    assert_eq!(refuse(&|h| h.ticket = "tickets/99".into()).await.code(), Code::NotFound);
    assert_eq!(get(&server.desk(), &ticket.name).await.unwrap().attachment_count, 0);
}
