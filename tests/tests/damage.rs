//! The view is damaged under the running server: reads heal it or are answered from the journal, no panic reaches a
//! caller, the process lives, and nothing is lost.
//!
//! `OPORA_DAMAGE_ROUNDS` sets the number of rounds, `OPORA_DAMAGE_SEED` the random numbers.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use futures::StreamExt as _;
use opora_proto::client::{Desk, request_id};
use opora_proto::v1;
use opora_tests::{Server, ServerOptions, create, get, list_all, new_ticket, transition};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tonic::Code;

/// More than are kept in memory by themselves would be better still; these are enough that many are not.
const TICKETS: usize = 1_200;

/// What is done to the view's files.
#[derive(Clone, Copy, Debug)]
enum Harm {
    /// Every byte of every file is another one.
    Everything,
    /// Some pages hold garbage.
    Pages,
    /// The files end in the middle.
    Cut,
    /// The directory is gone.
    Gone,
}

/// A data directory with tickets of all kinds, the request that made the first of them, and its answer.
struct Filled {
    dir: tempfile::TempDir,
    request: v1::CreateTicketRequest,
    answer: v1::CreateTicketResponse,
    tickets: Vec<v1::Ticket>,
}

async fn filled() -> Filled {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut server = Server::with(ServerOptions { data: Some(data), ..ServerOptions::default() });
    let desk = server.desk();
    let request = new_ticket("самая первая");
    let answer = desk.tickets().create_ticket(request.clone()).await.unwrap().into_inner();
    futures::stream::iter(1..TICKETS)
        .for_each_concurrent(64, |n| {
            let desk = desk.clone();
            async move {
                let mut request = new_ticket(&format!("заявка {n}"));
                request.ticket.as_mut().unwrap().external_id = format!("old-{n}");
                let made = desk.tickets().create_ticket(request).await.unwrap().into_inner().ticket.unwrap();
                // Closed ones are in no queue: they are read from the view.
                if n % 2 == 0 {
                    transition(&desk, &made.name, v1::TicketState::Resolved).await.unwrap();
                    transition(&desk, &made.name, v1::TicketState::Closed).await.unwrap();
                }
            }
        })
        .await;
    let tickets = everything(&desk).await;
    assert_eq!(tickets.len(), TICKETS);
    assert!(server.terminate().success());
    drop(server);
    Filled { dir, request, answer, tickets }
}

async fn everything(desk: &Desk) -> Vec<v1::Ticket> {
    let request = v1::ListTicketsRequest {
        page_size: 500,
        order_by: "number".into(),
        view: v1::TicketView::Full.into(),
        ..Default::default()
    };
    list_all(desk, request).await.unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The files below a directory. What goes away meanwhile is passed over: the server works on.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn harm(view: &Path, how: Harm, rng: &mut StdRng) {
    let all = files(view);
    assert!(!all.is_empty(), "{} holds no files", view.display());
    if matches!(how, Harm::Gone) {
        let _ = std::fs::remove_dir_all(view);
        return;
    }
    for path in all {
        let Ok(file) = OpenOptions::new().write(true).open(&path) else { continue };
        let length = file.metadata().unwrap().len();
        let mut garbage = |at: u64, length: u64| {
            let bytes: Vec<u8> = (0..length).map(|_| rng.random()).collect();
            file.write_all_at(&bytes, at).unwrap();
        };
        match how {
            Harm::Everything => (0..length).step_by(1 << 16).for_each(|at| garbage(at, (length - at).min(1 << 16))),
            Harm::Pages => {
                let pages: Vec<u64> = (0..length / 4096).filter(|page| page % 3 == length % 3).collect();
                for page in pages {
                    garbage(page * 4096, 4096);
                }
            }
            Harm::Cut => file.set_len(length / 2).unwrap(),
            Harm::Gone => {}
        }
    }
}

/// Reads everything in every way, writes, and asks an old request again.
async fn use_all(desk: &Desk, filled: &Filled, round: &str) -> v1::Ticket {
    let again = desk.tickets().create_ticket(filled.request.clone()).await;
    assert_eq!(again.unwrap().into_inner(), filled.answer, "{round}: the same request has another answer");
    let wrong = futures::stream::iter(&filled.tickets)
        .map(|ticket| async move {
            let found = get(desk, &ticket.name).await;
            let same = matches!(&found, Ok(found) if found == ticket);
            (!same).then(|| format!("{}: {found:?}", ticket.name))
        })
        .buffer_unordered(32)
        .filter_map(std::future::ready)
        .collect::<Vec<_>>()
        .await;
    assert!(wrong.is_empty(), "{round}: {} tickets are not what they were, such as {}", wrong.len(), wrong[0]);
    assert!(everything(desk).await == filled.tickets, "{round}: the list is not what it was");
    // An external id that is taken is still taken.
    let mut taken = new_ticket("повтор");
    taken.ticket.as_mut().unwrap().external_id = "old-7".into();
    let status = desk.tickets().create_ticket(taken).await.unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists, "{round}: {status:?}");
    let made = create(desk, "и всё-таки работает").await.unwrap_or_else(|status| panic!("{round}: {status:?}"));
    let comment = v1::AddCommentRequest {
        name: made.name.clone(),
        body: "смотрим".into(),
        visibility: v1::Visibility::Internal.into(),
        request_id: request_id(),
        ..Default::default()
    };
    desk.tickets().add_comment(comment).await.unwrap().into_inner().ticket.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_that_is_damaged_under_the_running_server_is_healed_or_done_without() {
    let rounds = number("OPORA_DAMAGE_ROUNDS", 8);
    let seed = number("OPORA_DAMAGE_SEED", rand::rng().random());
    println!("{rounds} rounds, OPORA_DAMAGE_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let filled = filled().await;
    for round in 0..rounds {
        let how = [Harm::Everything, Harm::Pages, Harm::Cut, Harm::Gone][round as usize % 4];
        let round = format!("round {round}, {how:?}");
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        copy(&filled.dir.path().join("data"), &data);
        let mut server = Server::with(ServerOptions { data: Some(data.clone()), ..ServerOptions::default() });
        harm(&data.join("view"), how, &mut rng);
        let made = use_all(&server.desk(), &filled, &round).await;
        assert!(server.ended().is_none(), "{round}: the process is gone");
        // Once more after it may have been healed; then stopped, killed or neither, and started again.
        assert_eq!(get(&server.desk(), &made.name).await.unwrap(), made, "{round}");
        if rng.random_bool(0.5) {
            server.kill();
        } else {
            assert!(server.terminate().success(), "{round}: it does not stop well");
        }
        server.restart();
        let desk = server.desk();
        assert_eq!(get(&desk, &made.name).await.unwrap(), made, "{round}: after a start");
        let mut stands = everything(&desk).await;
        stands.retain(|ticket| ticket.number <= TICKETS as u64);
        assert!(stands == filled.tickets, "{round}: after a start the list is not what it was");
    }
}

fn number(key: &str, default: u64) -> u64 {
    std::env::var(key).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{key}={text} is no number")))
}
