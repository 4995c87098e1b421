//! The time before the desk answers, and that of its stop: what callers, supervisors and operators meet then.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use opora_proto::client::{ClientOptions, Desk, request_id};
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use opora_proto::v1::upload_attachment_request::Part;
use opora_tests::{Server, ServerOptions, binary, create, get, reason};
use rustix::process::{Pid, Signal, kill_process};
use tonic::transport::Channel;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// How long a line may take. Generous: the machine is shared.
const LINE: Duration = Duration::from_mins(1);

/// A server that can't open its desk before it is let: it waits for somebody to write into a pipe that lies in place of
/// a derived file, which it reads on its way.
struct Opening {
    child: Child,
    /// What it says on standard error, and on standard output after `out: `; ends with the process.
    said: Receiver<String>,
    address: String,
    pipe: PathBuf,
}

impl Opening {
    /// On the directory of a desk that was stopped.
    fn start(data: &Path) -> Self {
        let pipe = data.join("followers/queue");
        std::fs::remove_file(&pipe).unwrap();
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut child = Command::new(binary())
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (lines, said) = mpsc::channel();
        read(child.stdout.take().unwrap(), "out: ", lines.clone());
        read(child.stderr.take().unwrap(), "", lines);
        let mut opening = Self { child, said, address: String::new(), pipe };
        let line = opening.line("opening the store");
        let (_, address) = line.split_once("address=").unwrap();
        address.split_whitespace().next().unwrap().clone_into(&mut opening.address);
        opening
    }

    /// Waits for a line that has this in it, and gives it; no line before it may say that the desk answers.
    fn line(&self, what: &str) -> String {
        loop {
            let line = self.said.recv_timeout(LINE).unwrap_or_else(|_| panic!("`{what}` is never said"));
            if line.contains(what) {
                return line;
            }
            assert!(!line.contains("listening on"), "{line}");
        }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn desk(&self) -> Desk {
        let options = ClientOptions { server: self.url(), retries: 0, ..ClientOptions::default() };
        Desk::new(&options).unwrap()
    }

    async fn health(&self) -> HealthClient<Channel> {
        HealthClient::new(Channel::from_shared(self.url()).unwrap().connect().await.unwrap())
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap(), signal).unwrap();
    }

    /// Lets it go on.
    fn let_open(&self) {
        // What is read there is no checkpoint, and the queue is made anew.
        std::fs::OpenOptions::new().write(true).open(&self.pipe).unwrap().write_all(b"no checkpoint").unwrap();
    }

    /// Waits for its end; everything else that it said.
    fn end(&mut self) -> (ExitStatus, Vec<String>) {
        (self.child.wait().unwrap(), self.said.iter().collect())
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(pipe: impl Read + Send + 'static, mark: &'static str, lines: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let _ = lines.send(format!("{mark}{line}"));
        }
    });
}

/// A desk with a ticket, stopped.
async fn stopped() -> (Server, v1::Ticket) {
    let mut server = Server::start();
    let ticket = create(&server.desk(), "до остановки").await.unwrap();
    assert!(server.terminate().success());
    (server, ticket)
}

fn asks(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_store_opens_health_says_so_calls_are_told_and_nobody_is_told_that_it_listens() {
    let (server, ticket) = stopped().await;
    let mut opening = Opening::start(server.data());
    let mut health = opening.health().await;
    for service in ["", "opora.v1.TicketService", "opora.v1.AdminService"] {
        let answer = health.check(asks(service)).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::NotServing, "{service}");
    }
    let mut watched = health.watch(asks("")).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    let desk = opening.desk();
    let status = get(&desk, &ticket.name).await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::Unavailable, Some(ErrorReason::NotServing)), "{status:?}");
    let fault = Fault::from(&status);
    assert!(fault.retry_after.is_some() && fault.message.contains("opening"), "{fault:?}");
    let mut request = Request::new(v1::GetServerInfoRequest {});
    request.metadata_mut().insert("accept-language", "ru".parse().unwrap());
    let fault = Fault::from(&desk.admin().get_server_info(request).await.unwrap_err());
    assert!(fault.reason == Some(ErrorReason::NotServing) && fault.message.contains("открывает"), "{fault:?}");
    opening.let_open();
    assert!(opening.line("listening on http://").starts_with("out: "));
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving, "who watches is told");
    assert_eq!(get(&desk, &ticket.name).await.unwrap(), ticket);
    opening.signal(Signal::TERM);
    assert!(opening.end().0.success());
}

#[tokio::test]
async fn an_address_is_taken_while_its_store_opens_and_who_comes_second_opens_nothing() {
    let (server, _) = stopped().await;
    let mut opening = Opening::start(server.data());
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("second");
    let second =
        Command::new(binary()).args(["serve", "--listen", &opening.address, "--data"]).arg(&data).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(74), "{said}");
    assert!(said.contains(&opening.address) && !said.contains("opening the store") && !data.exists(), "{said}");
    opening.signal(Signal::TERM);
    assert!(opening.end().0.success());
}

#[tokio::test]
async fn a_stop_while_the_store_opens_is_a_stop_at_once_and_loses_nothing() {
    for signal in [Signal::TERM, Signal::INT] {
        let (mut server, ticket) = stopped().await;
        let mut opening = Opening::start(server.data());
        opening.signal(signal);
        // Nobody ever lets it open.
        let (status, said) = opening.end();
        assert!(status.success(), "{status} {said:?}");
        assert!(!said.iter().any(|line| line.contains("listening on")), "{said:?}");
        std::fs::remove_file(&opening.pipe).unwrap();
        server.restart();
        assert_eq!(get(&server.desk(), &ticket.name).await.unwrap(), ticket);
    }
}

#[tokio::test]
async fn signals_that_ask_other_servers_for_something_end_nothing() {
    let (server, _) = stopped().await;
    let mut opening = Opening::start(server.data());
    let others = [(Signal::HUP, "SIGHUP"), (Signal::USR1, "SIGUSR1"), (Signal::USR2, "SIGUSR2")];
    for (signal, name) in others {
        opening.signal(signal);
        opening.line(name);
    }
    opening.let_open();
    opening.line("listening on http://");
    for (signal, name) in others {
        opening.signal(signal);
        opening.line(name);
    }
    create(&opening.desk(), "работает").await.unwrap();
    opening.signal(Signal::TERM);
    assert!(opening.end().0.success());
}

/// A server that would wait for what is under way for as long as the suite may take.
fn patient() -> Server {
    Server::with(ServerOptions { args: vec!["--set".into(), "drain_timeout=1h".into()], ..Default::default() })
}

/// Sends SIGTERM, and waits until health says that it came.
async fn begin_to_stop(server: &Server) {
    let channel = Channel::from_shared(server.url()).unwrap().connect().await.unwrap();
    let mut watched = HealthClient::new(channel).watch(asks("")).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    server.signal(Signal::TERM);
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
}

/// A file on a ticket, larger than what a connection takes unread.
async fn attach(desk: &Desk, ticket: &str) -> String {
    let content = vec![7_u8; 4 << 20];
    let header = v1::UploadHeader {
        ticket: ticket.to_owned(),
        file_name: "bpclient.log".into(),
        size: content.len() as u64,
        upload_id: request_id(),
        ..Default::default()
    };
    let mut parts = vec![Part::Header(header)];
    for (n, piece) in content.chunks(256 * 1024).enumerate() {
        parts.push(Part::Chunk(v1::UploadChunk {
            write_offset: n as u64 * 256 * 1024,
            data: Bytes::copy_from_slice(piece),
            finish_write: (n + 1) * 256 * 1024 == content.len(),
        }));
    }
    let parts = parts.into_iter().map(|part| v1::UploadAttachmentRequest { part: Some(part) });
    let answer = desk.attachments().upload_attachment(futures::stream::iter(parts)).await.unwrap().into_inner();
    answer.attachment.unwrap().name
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_a_second_time_waits_for_no_call_under_way() {
    let mut server = patient();
    let desk = server.desk().without_deadline();
    let ticket = create(&desk, "с файлом").await.unwrap();
    let name = attach(&desk, &ticket.name).await;
    let request = v1::DownloadAttachmentRequest { name, ..Default::default() };
    let mut unread = desk.attachments().download_attachment(request).await.unwrap().into_inner();
    unread.message().await.unwrap().unwrap();
    begin_to_stop(&server).await;
    assert!(server.ended().is_none(), "the download is waited for");
    server.signal(Signal::TERM);
    assert!(server.wait().success());
    drop(unread);
    server.restart();
    assert_eq!(get(&server.desk(), &ticket.name).await.unwrap().attachment_count, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_nothing_holds_up_no_stop() {
    let mut server = patient();
    let desk = server.desk().without_deadline();
    let ticket = create(&desk, "с файлом").await.unwrap();
    // An upload that has begun, and one of which there is not even a header.
    let header = v1::UploadHeader {
        ticket: ticket.name.clone(),
        file_name: "bpclient.log".into(),
        size: 4,
        upload_id: request_id(),
        ..Default::default()
    };
    let upload_id = header.upload_id.clone();
    let chunk = v1::UploadChunk { write_offset: 0, data: Bytes::from_static(b"lo"), finish_write: false };
    let mut calls = Vec::new();
    let mut kept = Vec::new();
    for parts in [vec![Part::Header(header), Part::Chunk(chunk)], Vec::new()] {
        let (send, incoming) = tokio::sync::mpsc::channel(4);
        for part in parts {
            send.try_send(v1::UploadAttachmentRequest { part: Some(part) }).unwrap();
        }
        kept.push(send);
        let desk = desk.clone();
        calls.push(tokio::spawn(async move {
            let stream = tokio_stream::wrappers::ReceiverStream::new(incoming);
            desk.attachments().upload_attachment(stream).await.unwrap_err()
        }));
    }
    let status = || v1::GetUploadStatusRequest { upload_id: upload_id.clone() };
    while desk.attachments().get_upload_status(status()).await.map_or(0, |s| s.into_inner().committed_size) < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Half of a request.
    let socket = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    let (mut client, connection) = h2::client::handshake(socket).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::post(format!("{}/opora.v1.TicketService/GetTicket", server.url()))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    let (answer, mut body) = client.send_request(request.body(()).unwrap(), false).unwrap();
    let mut half = BytesMut::new();
    half.put_slice(&[0, 0, 0, 0, 100, 1, 2, 3]);
    body.send_data(half.freeze(), false).unwrap();
    // The server reads a connection in order: what was sent on it before this answer came is there.
    let mut ping = h2::client::SendRequest::clone(&client);
    let probe = http::Request::get(server.url()).body(()).unwrap();
    let _ = ping.send_request(probe, true).unwrap().0.await;
    server.signal(Signal::TERM);
    assert!(server.wait().success());
    for call in calls {
        let status = call.await.unwrap();
        assert_eq!(reason(&status), Some(ErrorReason::NotServing), "it may go on later: {status:?}");
    }
    let status = tonic::Status::from_header_map(answer.await.unwrap().headers()).unwrap();
    assert_eq!(reason(&status), Some(ErrorReason::NotServing), "{status:?}");
    connection.abort();
    // What came of the upload is kept.
    server.restart();
    let kept_size = server.desk().attachments().get_upload_status(status_of(&upload_id)).await.unwrap().into_inner();
    assert_eq!(kept_size.committed_size, 2);
    drop(kept);
}

fn status_of(upload_id: &str) -> v1::GetUploadStatusRequest {
    v1::GetUploadStatusRequest { upload_id: upload_id.to_owned() }
}
