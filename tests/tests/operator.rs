//! What an operator's tools meet: health, reflection, deadlines; from callers that are not ours.

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use futures::StreamExt as _;
use opora_proto::FILE_DESCRIPTOR_SET;
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use opora_proto::v1::upload_attachment_request::Part;
use opora_tests::{Server, ServerOptions, create, reason};
use prost::Message as _;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use rustix::process::Signal;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

/// The services of the contract, by name.
fn services() -> Vec<String> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let files = set.file.into_iter().filter(|file| file.package() == "opora.v1");
    let mut names: Vec<_> =
        files.flat_map(|file| file.service).map(|service| format!("opora.v1.{}", service.name())).collect();
    names.sort_unstable();
    assert!(names.contains(&"opora.v1.PresenceService".to_owned()), "{names:?}");
    names
}

async fn channel(server: &Server) -> Channel {
    Channel::from_shared(server.url()).unwrap().connect().await.unwrap()
}

#[tokio::test]
async fn health_says_serving_for_the_whole_and_for_each_service_and_knows_no_other() {
    let server = Server::start();
    let mut health = HealthClient::new(channel(&server).await);
    for service in std::iter::once(String::new()).chain(services()) {
        let request = HealthCheckRequest { service: service.clone() };
        let answer = health.check(request).await.unwrap_or_else(|status| panic!("{service}: {status:?}")).into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let request = HealthCheckRequest { service: "opora.v1.CoffeeService".into() };
    assert_eq!(health.check(request).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_watches_health_hears_that_the_server_stops_before_it_is_gone() {
    let mut server = Server::start();
    let mut health = HealthClient::new(channel(&server).await);
    let mut all = Vec::new();
    for service in std::iter::once(String::new()).chain(services()) {
        let mut stream = health.watch(HealthCheckRequest { service }).await.unwrap().into_inner();
        let first: HealthCheckResponse = stream.message().await.unwrap().unwrap();
        assert_eq!(first.status(), ServingStatus::Serving);
        all.push(stream);
    }
    server.signal(Signal::TERM);
    for mut stream in all {
        // Told, or the stream is over; but never SERVING again.
        if let Ok(Some(next)) = stream.message().await {
            assert_eq!(next.status(), ServingStatus::NotServing);
        }
    }
    assert!(server.wait().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_call_is_under_way_a_stopping_server_says_that_it_does_not_serve() {
    let mut server = Server::start();
    let desk = server.desk();
    let ticket = create(&desk, "с файлом").await.unwrap();
    let mut health = HealthClient::new(channel(&server).await);
    let mut watch = health.watch(HealthCheckRequest { service: String::new() }).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    // An upload that is not finished yet holds the stop up.
    let (parts, upload) = begin_upload(&server, &ticket.name);
    taken(&server, &upload).await;
    server.signal(Signal::TERM);
    let next = watch.message().await.unwrap().expect("it is told before the stream ends");
    assert_eq!(next.status(), ServingStatus::NotServing);
    // It is answered too: in time, or with the word that it may go on where it was, later.
    let _ = finish_upload(&parts).await;
    drop(parts);
    if let Err(status) = upload.call.await.unwrap() {
        assert_eq!(reason(&status), Some(ErrorReason::NotServing), "{status:?}");
    }
    assert!(server.wait().success());
}

/// An upload of four bytes whose end is not sent.
struct Upload {
    id: String,
    call: tokio::task::JoinHandle<Result<v1::UploadAttachmentResponse, Status>>,
}

fn begin_upload(server: &Server, ticket: &str) -> (tokio::sync::mpsc::Sender<v1::UploadAttachmentRequest>, Upload) {
    let (parts, incoming) = tokio::sync::mpsc::channel(4);
    let id = opora_proto::client::request_id();
    let header = v1::UploadHeader {
        ticket: ticket.to_owned(),
        file_name: "bpclient.log".into(),
        size: 4,
        upload_id: id.clone(),
        ..Default::default()
    };
    parts.try_send(v1::UploadAttachmentRequest { part: Some(Part::Header(header)) }).unwrap();
    let chunk = v1::UploadChunk { write_offset: 0, data: Bytes::from_static(b"lo"), finish_write: false };
    parts.try_send(v1::UploadAttachmentRequest { part: Some(Part::Chunk(chunk)) }).unwrap();
    let desk = server.desk();
    let call = tokio::spawn(async move {
        let stream = tokio_stream::wrappers::ReceiverStream::new(incoming);
        desk.attachments().upload_attachment(stream).await.map(tonic::Response::into_inner)
    });
    (parts, Upload { id, call })
}

/// Sends the end; false: the call is over already.
async fn finish_upload(parts: &tokio::sync::mpsc::Sender<v1::UploadAttachmentRequest>) -> bool {
    let chunk = v1::UploadChunk { write_offset: 2, data: Bytes::from_static(b"g\n"), finish_write: true };
    parts.send(v1::UploadAttachmentRequest { part: Some(Part::Chunk(chunk)) }).await.is_ok()
}

/// Waits until the server has taken the first chunk of an upload.
async fn taken(server: &Server, upload: &Upload) {
    let desk = server.desk();
    for _ in 0..6_000 {
        let request = v1::GetUploadStatusRequest { upload_id: upload.id.clone() };
        match desk.attachments().get_upload_status(request).await {
            Ok(status) if status.get_ref().committed_size > 0 => return,
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    panic!("the upload never began");
}

/// Asks reflection one thing.
async fn reflect(server: &Server, ask: MessageRequest) -> MessageResponse {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(ask) };
    let mut client = ServerReflectionClient::new(channel(server).await);
    let stream = futures::stream::iter([request]);
    let mut answers = client.server_reflection_info(stream).await.unwrap().into_inner();
    answers.next().await.unwrap().unwrap().message_response.unwrap()
}

#[tokio::test]
async fn reflection_lists_every_service_and_gives_its_file() {
    let server = Server::start();
    let MessageResponse::ListServicesResponse(list) =
        reflect(&server, MessageRequest::ListServices(String::new())).await
    else {
        panic!("another answer");
    };
    let listed: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
    for service in services().into_iter().chain(["grpc.health.v1.Health".to_owned()]) {
        assert!(listed.contains(&service), "{service} is not among {listed:?}");
        let ask = MessageRequest::FileContainingSymbol(service.clone());
        let MessageResponse::FileDescriptorResponse(found) = reflect(&server, ask).await else {
            panic!("{service}: another answer");
        };
        let file = FileDescriptorProto::decode(found.file_descriptor_proto[0].as_slice()).unwrap();
        let short = service.rsplit('.').next().unwrap();
        assert!(file.service.iter().any(|found| found.name() == short), "{service} is not in {}", file.name());
    }
}

/// Calls as a client in another language does: over a connection of its own, with nothing of ours round it, so that
/// what the *server* says of a deadline is heard.
async fn call(server: &Server, path: &str, timeout: Option<&str>, message: &impl prost::Message) -> Result<(), Status> {
    let socket = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    let (mut client, connection) = h2::client::handshake(socket).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut request = http::Request::post(format!("{}{path}", server.url()))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    if let Some(timeout) = timeout {
        request = request.header("grpc-timeout", timeout);
    }
    let (answer, mut body) = client.send_request(request.body(()).unwrap(), false).unwrap();
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.encoded_len()).unwrap());
    message.encode(&mut frame).unwrap();
    body.send_data(frame.freeze(), true).unwrap();
    let answer = answer.await.unwrap();
    let status = if let Some(status) = Status::from_header_map(answer.headers()) {
        status
    } else {
        let mut answer = answer.into_body();
        while let Some(data) = answer.data().await {
            let length = data.unwrap().len();
            answer.flow_control().release_capacity(length).unwrap();
        }
        Status::from_header_map(&answer.trailers().await.unwrap().unwrap()).unwrap()
    };
    connection.abort();
    if status.code() == Code::Ok { Ok(()) } else { Err(status) }
}

#[track_caller]
fn too_late(status: &Status) {
    let wanted = (Code::DeadlineExceeded, Some(ErrorReason::DeadlineExceeded));
    assert_eq!((status.code(), reason(status)), wanted, "{status:?}");
}

const GET: &str = "/opora.v1.TicketService/GetTicket";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_that_cant_be_met_is_answered_with_its_reason_and_one_that_can_is_met() {
    // One call at a time, and it is taken: whoever comes has to wait, and waiting counts.
    let options =
        ServerOptions { env: vec![("OPORA_MAX_CONCURRENT_REQUESTS".into(), "1".into())], ..Default::default() };
    let server = Server::with(options);
    let desk = server.desk();
    let ticket = create(&desk, "подождёт").await.unwrap();
    let get = v1::GetTicketRequest { name: ticket.name.clone(), view: 0 };
    call(&server, GET, Some("60S"), &get).await.unwrap();
    call(&server, GET, None, &get).await.unwrap();
    let (parts, upload) = begin_upload(&server, &ticket.name);
    // The place is taken once a call without a deadline is refused.
    let overloaded = loop {
        match call(&server, GET, None, &get).await {
            Ok(()) => tokio::task::yield_now().await,
            Err(status) => break status,
        }
    };
    assert_eq!(reason(&overloaded), Some(ErrorReason::Overloaded));
    for timeout in ["100m", "90000u", "20m", "1n"] {
        too_late(&call(&server, GET, Some(timeout), &get).await.unwrap_err());
        let create = opora_tests::new_ticket("не успеет");
        too_late(&call(&server, "/opora.v1.TicketService/CreateTicket", Some(timeout), &create).await.unwrap_err());
    }
    assert!(finish_upload(&parts).await);
    drop(parts);
    upload.call.await.unwrap().unwrap();
    call(&server, GET, Some("60S"), &get).await.unwrap();
    // What was too late did not happen.
    let info = desk.admin().get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner();
    assert_eq!(info.ticket_count, 1);
}

#[tokio::test]
async fn a_stream_ends_at_its_deadline_with_the_reason_and_in_the_callers_language() {
    let server = Server::start();
    let watch = v1::WatchTicketsRequest::default();
    too_late(&call(&server, "/opora.v1.TicketService/WatchTickets", Some("150m"), &watch).await.unwrap_err());
    // Our own client hears no less.
    let mut request = Request::new(watch);
    request.set_timeout(Duration::from_millis(150));
    request.metadata_mut().insert("accept-language", "ru".parse().unwrap());
    let desk = server.desk().without_deadline();
    let mut stream = desk.tickets().watch_tickets(request).await.unwrap().into_inner();
    let status = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream ended as though it were whole"),
            Err(status) => break status,
        }
    };
    too_late(&status);
    assert!(Fault::from(&status).message.chars().any(|c| ('а'..='я').contains(&c)), "{status:?}");
}
