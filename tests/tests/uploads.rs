//! Uploads that are not finished have an allowance, survive a kill, and take no room that changes need.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use opora_proto::client::Desk;
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use opora_proto::v1::upload_attachment_request::Part;
use opora_tests::tmpfs::Tmpfs;
use opora_tests::upload::{CHUNK, content, download, header, parts, send, status};
use opora_tests::{Server, ServerOptions, create, reason};
use tonic::{Code, Status};

const MIB: usize = 1 << 20;
/// The largest file.
const FILE: usize = 100 * MIB;

fn with(settings: &[(&str, &str)]) -> Server {
    let env = settings.iter().map(|(key, value)| ((*key).to_owned(), value.into())).collect();
    Server::with(ServerOptions { env, ..ServerOptions::default() })
}

async fn staged(desk: &Desk) -> v1::StagedUploads {
    info(desk).await.staged_uploads.unwrap()
}

async fn info(desk: &Desk) -> v1::GetServerInfoResponse {
    desk.admin().get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner()
}

/// Waits until something is so.
async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    for _ in 0..600 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it never came: {what}");
}

/// Sends a header and nothing more, without ending the stream.
async fn only_header(desk: &Desk, header: &v1::UploadHeader) -> Status {
    let first = parts(header, &Bytes::new(), 0, 0).take(1);
    let stream = futures::stream::iter(first).chain(futures::stream::pending());
    desk.attachments().upload_attachment(stream).await.unwrap_err()
}

/// An upload of which a chunk was sent, and the rest is waited for.
struct Slow {
    header: v1::UploadHeader,
    more: tokio::sync::mpsc::Sender<v1::UploadAttachmentRequest>,
    sending: tokio::task::JoinHandle<Result<tonic::Response<v1::UploadAttachmentResponse>, Status>>,
}

impl Slow {
    async fn begin(desk: &Desk, header: v1::UploadHeader, data: &Bytes) -> Self {
        let (more, rest) = tokio::sync::mpsc::channel(1);
        let begun = futures::stream::iter(parts(&header, data, 0, CHUNK).collect::<Vec<_>>());
        let stream = begun.chain(tokio_stream::wrappers::ReceiverStream::new(rest));
        let sending = tokio::spawn({
            let desk = desk.clone();
            async move { desk.attachments().upload_attachment(stream).await }
        });
        until("the upload has begun", async || {
            status(desk, &header.upload_id).await.is_ok_and(|status| status.committed_size == CHUNK as u64)
        })
        .await;
        Self { header, more, sending }
    }

    /// Breaks it off.
    async fn end(self) -> v1::UploadHeader {
        drop(self.more);
        self.sending.await.unwrap().unwrap();
        self.header
    }
}

#[tokio::test]
async fn uploads_that_broke_leave_changes_their_room_on_a_small_disk() {
    let volume = Tmpfs::mount(500);
    let mut server = Server::with(ServerOptions {
        data: Some(volume.path().join("data")),
        env: vec![("OPORA_DISK_RESERVE".into(), "16MiB".into())],
        ..ServerOptions::default()
    });
    let desk = server.desk();
    let ticket = create(&desk, "большие логи").await.unwrap();
    let data = content(60 * MIB, 1);
    let headers: Vec<_> = (0..6).map(|n| header(&ticket.name, &format!("{n}.log"), data.len())).collect();
    for header in &headers {
        let told = send(&desk, header, &data, 0, 59 * MIB).await.unwrap();
        assert_eq!(told.committed_size, 59 * MIB as u64);
        create(&desk, "и ещё запрос").await.unwrap();
    }
    // A tenth of such a disk is less than two files: so much there may be all the same.
    let told = staged(&desk).await;
    let (bytes, upload_count) = ((told.upload_count * 59) << 20, told.upload_count);
    assert_eq!(told, v1::StagedUploads { bytes, upload_count, allowance_bytes: 200 << 20 });
    assert!((1..=3).contains(&upload_count), "{told:?}");
    // The newest goes on, the first begins again.
    for (header, from) in [(&headers[5], 59 * MIB), (&headers[0], 0)] {
        if from == 0 {
            let refused = send(&desk, header, &data, 59 * MIB, data.len()).await.unwrap_err();
            assert_eq!((refused.code(), reason(&refused)), (Code::NotFound, Some(ErrorReason::UploadNotFound)));
            assert!(refused.message().contains("from its beginning"), "{refused:?}");
        }
        let done = send(&desk, header, &data, from, data.len()).await.unwrap();
        assert!(download(&desk, &done.attachment.unwrap().name, 0, 0).await.unwrap() == data);
    }
    // Others that nobody sends stay where there is room.
    assert!(staged(&desk).await.upload_count < 3);
    // What an earlier version left is given up before anybody is served.
    server.kill();
    for n in 0..3_u128 {
        let upload = uuid::Uuid::from_u128(n).to_string();
        std::fs::write(server.data().join("blobs/staging").join(upload), &data[..50 * MIB]).unwrap();
    }
    server.restart();
    let told = staged(&server.desk()).await;
    assert!(told.bytes <= told.allowance_bytes, "{told:?}");
    create(&server.desk(), "после запуска").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_uploads_have_no_room_for_is_refused_at_its_header() {
    // Many call through this address: no share bounds them.
    let server = with(&[("OPORA_STAGING_BYTES", "200MiB"), ("OPORA_TRUSTED_PROXIES", "127.0.0.1")]);
    let desk = server.desk();
    let ticket = create(&desk, "тесно").await.unwrap();
    let data = content(2 * CHUNK, 2);
    // Of one that is being sent its whole size is set aside, whatever of it is there.
    let full = Slow::begin(&desk, header(&ticket.name, "full.log", FILE), &data).await;
    let slow = Slow::begin(&desk, header(&ticket.name, "slow.log", FILE / 2 + 1), &data).await;
    let half = header(&ticket.name, "half.log", FILE / 2);
    let refused = only_header(&desk, &half).await;
    let fault = Fault::from(&refused);
    assert_eq!((refused.code(), fault.reason), (Code::ResourceExhausted, Some(ErrorReason::LimitReached)));
    assert_eq!(fault.metadata["limit"], "staging_bytes");
    assert_eq!(info(&desk).await.warnings.len(), 0);
    send(&desk, &header(&ticket.name, "less.log", FILE / 2 - 1), &data, 0, CHUNK).await.unwrap();
    let gone = slow.end().await;
    // Nobody sends it now: it is the first to go, and the other one stays.
    send(&desk, &half, &data, 0, CHUNK).await.unwrap();
    let told = staged(&desk).await;
    let together = (FILE + 3 * CHUNK) as u64;
    assert_eq!((told.bytes, told.upload_count), (together, 4), "they have room together while nobody sends");
    send(&desk, &header(&ticket.name, "next.log", FILE - 2 * CHUNK), &data, 0, CHUNK).await.unwrap();
    assert_eq!(status(&desk, &gone.upload_id).await.unwrap_err().code(), Code::NotFound);
    status(&desk, &half.upload_id).await.unwrap();
    full.end().await;
}

#[tokio::test]
async fn a_file_that_the_disk_has_no_room_for_is_refused_at_its_header() {
    let dir = tempfile::tempdir().unwrap();
    let start = |reserve: &str| {
        let env = vec![("OPORA_DISK_RESERVE".to_owned(), reserve.into())];
        Server::with(ServerOptions { data: Some(dir.path().join("data")), env, ..ServerOptions::default() })
    };
    let mut server = start("1MiB");
    let ticket = create(&server.desk(), "полный диск").await.unwrap();
    assert!(server.terminate().success());
    let server = start(&(1_u64 << 60).to_string());
    let refused = only_header(&server.desk(), &header(&ticket.name, "a.log", MIB)).await;
    let fault = Fault::from(&refused);
    assert_eq!((refused.code(), fault.reason), (Code::ResourceExhausted, Some(ErrorReason::DiskFull)));
    assert_eq!(fault.metadata["size"], MIB.to_string());
}

#[tokio::test]
async fn uploads_that_take_nearly_all_they_may_are_warned_of() {
    let server = with(&[("OPORA_STAGING_BYTES", "200MiB"), ("OPORA_TRUSTED_PROXIES", "127.0.0.1")]);
    let desk = server.desk();
    let ticket = create(&desk, "почти всё").await.unwrap();
    let data = content(2 * CHUNK, 3);
    let nine_tenths = 180 * MIB;
    let mut sending = Vec::new();
    for size in [FILE, nine_tenths - FILE] {
        sending.push(Slow::begin(&desk, header(&ticket.name, "x.log", size), &data).await);
    }
    assert_eq!((staged(&desk).await.bytes, info(&desk).await.warnings), (nine_tenths as u64, vec![]));
    send(&desk, &header(&ticket.name, "y.log", CHUNK), &data, 0, 4096).await.unwrap();
    let (warnings, bytes) = (info(&desk).await.warnings, (nine_tenths + 4096).to_string());
    assert!(matches!(&warnings[..], [one] if one.contains(&bytes) && one.contains("staging_bytes")), "{warnings:?}");
    for one in sending {
        one.end().await;
    }
}

#[tokio::test]
async fn an_upload_that_nobody_goes_on_with_is_swept_while_the_desk_runs() {
    let server = with(&[("OPORA_STAGING_AGE", "2s"), ("OPORA_SWEEP_EVERY", "1s")]);
    let desk = server.desk();
    let ticket = create(&desk, "обрыв").await.unwrap();
    let data = content(CHUNK, 4);
    let broken = header(&ticket.name, "a.log", CHUNK);
    send(&desk, &broken, &data, 0, CHUNK - 1).await.unwrap();
    until("it is given up", async || {
        status(&desk, &broken.upload_id).await.is_err_and(|status| status.code() == Code::NotFound)
    })
    .await;
    // It is counted until its files are gone.
    until("it counts no more", async || staged(&desk).await.upload_count == 0).await;
}

#[tokio::test]
async fn what_became_of_an_upload_is_told_after_a_kill_too() {
    let mut server = Server::start();
    let ticket = create(&server.desk(), "сбой").await.unwrap();
    let data = content(CHUNK + 7, 5);
    let (done, open) = (header(&ticket.name, "a.log", data.len()), header(&ticket.name, "b.log", data.len()));
    let name = send(&server.desk(), &done, &data, 0, data.len()).await.unwrap().attachment.unwrap().name;
    // All of it is there, and nobody said that it ends.
    let mut stream: Vec<_> = parts(&open, &data, 0, data.len()).collect();
    if let Some(v1::upload_attachment_request::Part::Chunk(chunk)) = stream.last_mut().and_then(|m| m.part.as_mut()) {
        chunk.finish_write = false;
    }
    server.desk().attachments().upload_attachment(futures::stream::iter(stream)).await.unwrap();
    for _ in 0..2 {
        let told = status(&server.desk(), &done.upload_id).await.unwrap();
        assert_eq!((told.committed_size, told.complete, &told.attachment), (data.len() as u64, true, &name));
        let told = status(&server.desk(), &open.upload_id).await.unwrap();
        assert_eq!((told.committed_size, told.complete, told.attachment.as_str()), (data.len() as u64, false, ""));
        assert_eq!(status(&server.desk_as("agents/ivan"), &done.upload_id).await.unwrap_err().code(), Code::NotFound);
        server.kill();
        server.restart();
    }
    let last = send(&server.desk(), &open, &data, data.len(), data.len()).await.unwrap().attachment.unwrap();
    assert!(download(&server.desk(), &last.name, 0, 0).await.unwrap() == data);
    // The first one sent again is the first one.
    let again = send(&server.desk(), &done, &data, 0, data.len()).await.unwrap().attachment.unwrap();
    assert_eq!(again.name, name);
    assert_eq!(staged(&server.desk()).await.upload_count, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_is_finished_again_is_answered_as_before() {
    let server = with(&[]);
    let desk = server.desk();
    let ticket = create(&desk, "ответ потерялся").await.unwrap();
    let data = content(2 * CHUNK, 6);
    let header = header(&ticket.name, "a.log", data.len());
    let mut all: Vec<_> = parts(&header, &data, 0, data.len()).collect();
    let Some(Part::Chunk(last)) = &mut all[2].part else { panic!("no chunk") };
    last.finish_write = false;
    let sent = desk.attachments().upload_attachment(futures::stream::iter(all)).await.unwrap().into_inner();
    assert_eq!((sent.committed_size, sent.attachment), (data.len() as u64, None));
    // Several at once finish what is there, and later ones find nothing there any more.
    let finish = || send(&desk, &header, &data, data.len(), data.len());
    let (first, second, third) = tokio::join!(finish(), finish(), finish());
    let first = first.unwrap();
    let rest = send(&desk, &header, &data, CHUNK, data.len()).await;
    let whole = send(&desk, &header, &data, 0, data.len()).await;
    assert!(first.attachment.is_some());
    for again in [second, third, finish().await, rest, whole] {
        let again = again.unwrap();
        assert_eq!(again.attachment.map(|file| file.name), first.attachment.clone().map(|file| file.name));
        assert_eq!(again.committed_size, data.len() as u64);
    }
    assert_eq!(staged(&desk).await.upload_count, 0);
    let name = ticket.name.clone();
    let ticket = desk.tickets().get_ticket(v1::GetTicketRequest { name, view: 0 }).await.unwrap().into_inner();
    assert_eq!(ticket.ticket.unwrap().attachment_count, 1);
    // The same id for something else is none of it.
    let other = v1::UploadHeader { file_name: "b.log".into(), ..header.clone() };
    let refused = send(&desk, &other, &data, data.len(), data.len()).await.unwrap_err();
    assert_eq!(reason(&refused), Some(ErrorReason::RequestIdReused), "{refused:?}");
    let other = v1::UploadHeader { size: header.size + 1, ..header };
    let refused = send(&desk, &other, &data, data.len(), data.len()).await.unwrap_err();
    assert_eq!(reason(&refused), Some(ErrorReason::UploadNotFound), "{refused:?}");
}

#[tokio::test]
async fn an_attached_upload_that_is_sent_again_over_what_was_left_of_it_is_answered_as_before() {
    let mut server = Server::start();
    let ticket = create(&server.desk(), "остаток").await.unwrap();
    let (data, other) = (content(2 * CHUNK, 7), content(2 * CHUNK, 8));
    let header = header(&ticket.name, "a.log", data.len());
    send(&server.desk(), &header, &data, 0, CHUNK).await.unwrap();
    let staging = server.data().join("blobs/staging");
    let left = std::fs::read_dir(&staging).unwrap().next().unwrap().unwrap().path();
    let name = send(&server.desk(), &header, &data, CHUNK, data.len()).await.unwrap().attachment.unwrap().name;
    assert_eq!(staged(&server.desk()).await.upload_count, 0);
    // A kill between the commit and the discarding leaves what was sent, the whole of it or a part.
    for (there, from) in [(CHUNK, 0), (data.len(), 0), (CHUNK / 2, CHUNK), (data.len(), CHUNK), (0, data.len())] {
        server.kill();
        std::fs::write(&left, &data[..there]).unwrap();
        server.restart();
        let told = status(&server.desk(), &header.upload_id).await.unwrap();
        assert_eq!((told.complete, &told.attachment), (true, &name));
        let again = send(&server.desk(), &header, &data, from, data.len()).await;
        assert_eq!(again.unwrap().attachment.unwrap().name, name, "{there} are there, sent from {from}");
    }
    let refused = send(&server.desk(), &header, &other, 0, data.len()).await.unwrap_err();
    assert_eq!(reason(&refused), Some(ErrorReason::RequestIdReused), "{refused:?}");
}

#[tokio::test]
async fn an_attached_upload_that_is_sent_again_after_its_ticket_was_merged_is_answered_as_before() {
    let server = with(&[]);
    let desk = server.desk();
    let (part, target) = (create(&desk, "часть").await.unwrap(), create(&desk, "целое").await.unwrap());
    let data = content(CHUNK, 9);
    let file = header(&part.name, "a.log", data.len());
    let name = send(&desk, &file, &data, 0, data.len()).await.unwrap().attachment.unwrap().name;
    let (name_of_part, target) = (part.name.clone(), target.name);
    let request = v1::MergeTicketsRequest { name: name_of_part, target, ..Default::default() };
    desk.tickets().merge_tickets(request).await.unwrap();
    let again = send(&desk, &file, &data, 0, data.len()).await.unwrap();
    assert_eq!(again.attachment.unwrap().name, name);
    let refused = only_header(&desk, &header(&part.name, "b.log", data.len())).await;
    assert_eq!((refused.code(), reason(&refused)), (Code::FailedPrecondition, Some(ErrorReason::TicketState)));
}
