//! The ones that do not behave. Each is bounded in connections and bytes, and goes on until it is aborted.

use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use h2::client::SendRequest;
use http::{Method, Request, Uri};
use opora_proto::v1;
use opora_proto::v1::upload_attachment_request::Part;
use prost::Message;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::opora::{CREATE, GET, LIST};

const UPLOAD: &str = "/opora.v1.AttachmentService/UploadAttachment";
/// Streams that one connection has at once.
const STREAMS: usize = 126;
/// Between two rounds of one attacker: it is the server that is to be kept busy, not this process.
const ROUND: Duration = Duration::from_millis(50);

/// What an attacker does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attack {
    Silent,
    OneByte,
    HalfRequests,
    Unread,
    Bodies,
    Abandoned,
    Resets,
    Uploads,
}

/// All of them: how each is called, what is done, on how many connections.
pub(super) const ALL: &[(&str, Attack, usize)] = &[
    ("1,200 silent connections", Attack::Silent, 1_200),
    ("1,200 of one byte", Attack::OneByte, 1_200),
    ("17 x 126 half requests", Attack::HalfRequests, 17),
    // On so many that what each may have in any case, four small calls, is more than what small callers are left.
    ("200 x 126 half requests", Attack::HalfRequests, 200),
    ("17 x 126 unread lists", Attack::Unread, 17),
    ("3 x 126 bodies without an end", Attack::Bodies, 3),
    ("8 costly filters, abandoned", Attack::Abandoned, 8),
    ("rapid resets", Attack::Resets, 4),
    ("6 uploads left at 99 %", Attack::Uploads, 6),
];

/// Runs an attack on so many connections until it is aborted.
pub(super) async fn run(attack: Attack, attackers: usize, from: Ipv4Addr, address: String) {
    let mut all = JoinSet::new();
    for _ in 0..attackers {
        let address = address.clone();
        all.spawn(async move {
            loop {
                // Whoever is sent away comes again.
                let _ = once(attack, from, &address).await;
                tokio::time::sleep(ROUND).await;
            }
        });
    }
    while all.join_next().await.is_some() {}
}

type Trouble = Box<dyn std::error::Error + Send + Sync>;

async fn once(attack: Attack, from: Ipv4Addr, address: &str) -> Result<(), Trouble> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let mut stream = socket.connect(address.parse()?).await?;
    match attack {
        Attack::Silent => return until_closed(stream).await,
        Attack::OneByte => {
            stream.write_all(b"P").await?;
            return until_closed(stream).await;
        }
        _ => {}
    }
    let mut builder = h2::client::Builder::new();
    if matches!(attack, Attack::Unread) {
        builder.initial_window_size(0);
    }
    let (calls, connection) = builder.handshake::<_, Bytes>(stream).await?;
    let mut connection = Box::pin(connection);
    tokio::select! {
        ended = &mut connection => Ok(ended?),
        done = speak(attack, calls, address) => done,
    }
}

async fn until_closed(stream: TcpStream) -> Result<(), Trouble> {
    let mut byte = [0; 64];
    loop {
        stream.readable().await?;
        match stream.try_read(&mut byte) {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return Err(error.into()),
            _ => {}
        }
    }
}

fn head(address: &str, path: &str) -> Result<Request<()>, Trouble> {
    let uri = Uri::builder().scheme("http").authority(address).path_and_query(path).build()?;
    let head = Request::builder().method(Method::POST).uri(uri);
    Ok(head.header("content-type", "application/grpc").header("te", "trailers").body(())?)
}

fn framed(message: &impl Message) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_u8(0);
    bytes.put_u32(message.encoded_len() as u32);
    bytes.extend_from_slice(&message.encode_to_vec());
    bytes.freeze()
}

/// What is sent on one stream: the path, the bytes, and whether they are all.
fn sent(attack: Attack, n: usize) -> (&'static str, Bytes, bool) {
    match attack {
        Attack::Unread => {
            let list =
                v1::ListTicketsRequest { view: v1::TicketView::Full.into(), page_size: 1_000, ..Default::default() };
            (LIST, framed(&list), true)
        }
        Attack::Bodies => {
            let ticket = v1::Ticket { subject: "x".into(), description: "x".repeat(1_000_000), ..Default::default() };
            let bytes = framed(&v1::CreateTicketRequest { ticket: Some(ticket), ..Default::default() });
            (CREATE, bytes.slice(..bytes.len() - 1), false)
        }
        Attack::Abandoned => {
            let filter: Vec<String> = (0..95).map(|term| format!("subject:\"нет такого {n} {term}\"")).collect();
            let (filter, include_total) = (filter.join(" OR "), true);
            (LIST, framed(&v1::ListTicketsRequest { filter, include_total, page_size: 50, ..Default::default() }), true)
        }
        Attack::Uploads => (UPLOAD, upload(n), false),
        _ => (CREATE, Bytes::new(), false),
    }
}

/// A file of 10 MiB of which the last tenth of a MiB does not come.
fn upload(n: usize) -> Bytes {
    const CHUNK: usize = 100 * 1024;
    let size = 10 * 1024 * 1024;
    let part = |part| framed(&v1::UploadAttachmentRequest { part: Some(part) });
    let mut bytes = BytesMut::from(&*part(Part::Header(v1::UploadHeader {
        ticket: "tickets/1".into(),
        file_name: "large.log".into(),
        size,
        upload_id: uuid(n),
        ..Default::default()
    })));
    for at in (0..size - CHUNK as u64).step_by(CHUNK) {
        let data = Bytes::from(vec![b'x'; CHUNK.min((size - CHUNK as u64 - at) as usize)]);
        bytes.extend_from_slice(&part(Part::Chunk(v1::UploadChunk { write_offset: at, data, finish_write: false })));
    }
    bytes.freeze()
}

/// Another each time.
fn uuid(n: usize) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let low = (now as u64 ^ ((n as u64) << 40)) & 0xffff_ffff_ffff;
    format!("0198c0de-0000-7000-8000-{low:012x}")
}

async fn speak(attack: Attack, calls: SendRequest<Bytes>, address: &str) -> Result<(), Trouble> {
    let mut calls = calls.ready().await?;
    let streams = match attack {
        Attack::Abandoned | Attack::Uploads => 1,
        _ => STREAMS,
    };
    let mut open = Vec::new();
    for n in 0_usize.. {
        let (path, mut bytes, is_all) = sent(attack, n);
        if matches!(attack, Attack::Resets) {
            let (_, mut sending) = calls.send_request(head(address, GET)?, false)?;
            sending.send_reset(h2::Reason::CANCEL);
            if n % STREAMS == 0 {
                tokio::time::sleep(ROUND).await;
            }
            calls = calls.ready().await?;
            continue;
        }
        let (answer, mut sending) = calls.send_request(head(address, path)?, false)?;
        while !bytes.is_empty() {
            sending.reserve_capacity(bytes.len());
            let room = std::future::poll_fn(|context| sending.poll_capacity(context)).await.ok_or("closed")??;
            let part = bytes.split_to(room.min(bytes.len()));
            sending.send_data(part, is_all && bytes.is_empty())?;
        }
        if matches!(attack, Attack::Abandoned) {
            let _ = tokio::time::timeout(ROUND, answer).await;
            sending.send_reset(h2::Reason::CANCEL);
        } else {
            open.push((answer, sending));
            if open.len() >= streams {
                // Nothing more is done about them; who is refused asks again.
                let (answer, _sending) = open.remove(0);
                let answered = answer.await;
                if matches!(attack, Attack::Unread) && answered.is_ok() {
                    std::future::pending::<()>().await;
                }
            }
        }
        calls = calls.ready().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_requests_come_on_more_connections_than_64_too_and_no_more_than_an_address_may_have() {
        let half = ALL.iter().filter(|(_, attack, _)| matches!(attack, Attack::HalfRequests));
        let attackers: Vec<_> = half.map(|(name, _, attackers)| (*name, *attackers)).collect();
        assert!(attackers.iter().any(|(_, attackers)| (65..256).contains(attackers)), "{attackers:?}");
        for (name, attackers) in attackers {
            assert!(name.starts_with(&format!("{attackers} x {STREAMS} ")), "{name}");
        }
    }
}
