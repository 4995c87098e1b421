//! Directories that were copied, put back, damaged, or of which somebody deleted the lock.

use std::path::{Path, PathBuf};
use std::process::Command;

use opora_proto::client::{Desk, request_id};
use opora_proto::error::ErrorReason;
use opora_proto::v1;
use opora_proto::v1::WatchTicketsRequest as Watch;
use opora_tests::{Server, ServerOptions, binary, create, get, reason};
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

const LEFT_OUT: u64 = 1_000_000;

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

fn on(data: &Path, args: &[&str]) -> Result<Server, String> {
    let args = args.iter().map(ToString::to_string).collect();
    Server::try_with(ServerOptions { data: Some(data.to_owned()), args, ..ServerOptions::default() })
}

/// What `opora check` says, and how it ends.
fn check(data: &Path) -> (String, Option<i32>) {
    let output = Command::new(binary()).args(["--lang", "en", "check", "--data"]).arg(data).output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (said, output.status.code())
}

async fn prioritise(desk: &Desk, name: &str, priority: v1::Priority, etag: &str) -> Result<v1::Ticket, Status> {
    let request = v1::ReprioritiseTicketRequest {
        name: name.to_owned(),
        etag: etag.to_owned(),
        request_id: request_id(),
        to: Some(v1::reprioritise_ticket_request::To::Priority(priority.into())),
        reason: "проверка".into(),
        ..Default::default()
    };
    Ok(desk.tickets().reprioritise_ticket(request).await?.into_inner().ticket.unwrap())
}

async fn rename(desk: &Desk, name: &str, etag: &str) -> Result<v1::Organisation, Status> {
    let organisation =
        v1::Organisation { name: "organisations/acme".into(), display_name: name.into(), ..Default::default() };
    let request = v1::UpdateOrganisationRequest {
        organisation: Some(organisation),
        update_mask: Some(prost_types::FieldMask { paths: vec!["display_name".into()] }),
        etag: etag.to_owned(),
        request_id: request_id(),
    };
    Ok(desk.directory().update_organisation(request).await?.into_inner().organisation.unwrap())
}

async fn info(desk: &Desk) -> v1::GetServerInfoResponse {
    desk.admin().get_server_info(v1::GetServerInfoRequest::default()).await.unwrap().into_inner()
}

/// Waits until full text shows a revision.
async fn searchable(desk: &Desk, revision: u64) {
    while info(desk).await.followers.iter().any(|f| f.follower == "search" && f.revision < revision) {
        tokio::task::yield_now().await;
    }
}

async fn watch(desk: &Desk, from_revision: u64, store_uid: &str) -> Result<v1::WatchTicketsResponse, Status> {
    let request = Watch { from_revision, store_uid: store_uid.to_owned(), ..Default::default() };
    let mut stream = desk.clone().without_deadline().tickets().watch_tickets(request).await?.into_inner();
    Ok(stream.message().await?.expect("it says something"))
}

/// A directory that was copied after its first changes, the copy, and the etags and the position of what came then.
struct Restored {
    _home: tempfile::TempDir,
    copy: PathBuf,
    ticket: String,
    /// What stands in the copy.
    etags: [String; 2],
    /// What the copy lost.
    lost: [String; 2],
    store_uid: String,
    copied_at: u64,
    lost_at: u64,
}

async fn restored() -> Restored {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let mut server = on(&data, &[]).unwrap();
    let desk = server.desk();
    let ticket = create(&desk, "до копии").await.unwrap();
    let request = v1::CreateOrganisationRequest {
        organisation_id: "acme".into(),
        organisation: Some(v1::Organisation { display_name: "Акме".into(), ..Default::default() }),
        request_id: request_id(),
    };
    let organisation = desk.directory().create_organisation(request).await.unwrap().into_inner().organisation.unwrap();
    let copied_at = info(&desk).await.revision;
    assert!(server.terminate().success());
    let copied = home.path().join("copy");
    copy(&data, &copied);
    server.restart();
    let desk = server.desk();
    let lost = [
        prioritise(&desk, &ticket.name, v1::Priority::High, "").await.unwrap().etag,
        rename(&desk, "Потерянное", "").await.unwrap().etag,
    ];
    for n in 0..5 {
        create(&desk, &format!("после копии {n}")).await.unwrap();
    }
    let stands = info(&desk).await;
    assert!(server.terminate().success());
    Restored {
        _home: home,
        copy: copied,
        ticket: ticket.name,
        etags: [ticket.etag, organisation.etag],
        lost,
        store_uid: stands.store_uid,
        copied_at,
        lost_at: stands.revision,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_etag_of_what_a_copy_lost_is_stale_whether_or_not_the_copy_was_declared() {
    let was = restored().await;
    for args in [vec![], vec!["--accept-restored"]] {
        let data = was.copy.with_extension(args.len().to_string());
        copy(&was.copy, &data);
        let server = on(&data, &args).unwrap();
        let desk = server.desk();
        // What stood in the copy still does.
        assert_eq!(get(&desk, &was.ticket).await.unwrap().etag, was.etags[0]);
        // The same revisions again, with something else in them.
        let [now, named] = [
            prioritise(&desk, &was.ticket, v1::Priority::Critical, &was.etags[0]).await.unwrap().etag,
            rename(&desk, "Другое", &was.etags[1]).await.unwrap().etag,
        ];
        assert!(now != was.lost[0] && named != was.lost[1], "{now} {named}");
        let refused = prioritise(&desk, &was.ticket, v1::Priority::Low, &was.lost[0]).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused)), (Code::Aborted, Some(ErrorReason::EtagMismatch)));
        let refused = rename(&desk, "Третье", &was.lost[1]).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused)), (Code::Aborted, Some(ErrorReason::EtagMismatch)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_put_to_use_tells_every_watcher_that_it_is_another_store() {
    let was = restored().await;
    let mut server = on(&was.copy, &["--accept-restored"]).unwrap();
    let desk = server.desk();
    let stands = info(&desk).await;
    assert_ne!(stands.store_uid, was.store_uid);
    assert_eq!(stands.revision, was.copied_at + LEFT_OUT);
    assert_eq!(stands.warnings.iter().filter(|said| said.contains("--accept-restored")).count(), 1);
    let replaced = watch(&desk, was.lost_at, &was.store_uid).await.unwrap_err();
    assert_eq!((replaced.code(), reason(&replaced)), (Code::OutOfRange, Some(ErrorReason::StoreReplaced)));
    for lost in was.copied_at + 2..=was.lost_at + 1 {
        let compacted = watch(&desk, lost, "").await.unwrap_err();
        assert_eq!((compacted.code(), reason(&compacted)), (Code::OutOfRange, Some(ErrorReason::RevisionCompacted)));
    }
    let ticket = prioritise(&desk, &was.ticket, v1::Priority::Critical, "").await.unwrap();
    assert_eq!(ticket.revision, was.copied_at + LEFT_OUT + 1);
    // Who saw all that is there goes on without losing anything, and so does who read what is newest.
    for from in [1, was.copied_at, was.copied_at + 1, stands.revision, stands.revision + 1] {
        let request = Watch { from_revision: from, store_uid: stands.store_uid.clone(), ..Default::default() };
        let mut stream = desk.clone().without_deadline().tickets().watch_tickets(request).await.unwrap().into_inner();
        let mut newest = 0;
        while newest < ticket.revision {
            let message = stream.message().await.unwrap().expect("it goes on");
            assert!(
                message.events.iter().all(|event| event.revision <= was.copied_at || event.revision == ticket.revision)
            );
            newest = message.events.last().map_or(newest, |event| event.revision);
        }
    }
    // The flag is for one start: the next ones keep uid and revisions.
    assert!(server.terminate().success());
    let server = on(&was.copy, &[]).unwrap();
    let again = info(&server.desk()).await;
    assert_eq!((again.store_uid, again.revision), (stands.store_uid, ticket.revision));
    assert!(again.warnings.is_empty(), "{:?}", again.warnings);
    assert_eq!(get(&server.desk(), &was.ticket).await.unwrap(), ticket);
    drop(server);
    let (said, ended) = check(&was.copy);
    assert_eq!(ended, Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_is_older_than_its_directory_is_refused_until_it_is_accepted() {
    let was = restored().await;
    let newer = was.copy.with_file_name("data");
    std::fs::remove_dir_all(newer.join("journal")).unwrap();
    copy(&was.copy.join("journal"), &newer.join("journal"));
    let (said, ended) = check(&newer);
    assert_eq!(ended, Some(1), "{said}");
    assert!(said.contains(&format!("revision {} was acknowledged", was.lost_at)), "{said}");
    let said = on(&newer, &[]).map(drop).unwrap_err();
    assert!(said.contains("--accept-restored") && !said.contains("Revision("), "{said}");
    let server = on(&newer, &["--accept-restored"]).unwrap();
    let desk = server.desk();
    assert_eq!(info(&desk).await.revision, was.copied_at + LEFT_OUT);
    let listed = opora_tests::list_all(&desk, v1::ListTicketsRequest::default()).await.unwrap();
    assert_eq!(
        listed.iter().map(|ticket| &*ticket.name).collect::<Vec<_>>(),
        [&*was.ticket],
        "not the queue of before"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_without_a_commit_is_put_to_use_whole_its_full_text_and_its_watchers_begin_again() {
    let was = restored().await;
    // Everything beside the journal is of a longer life.
    for entry in std::fs::read_dir(was.copy.join("journal")).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let mut server = on(&was.copy, &["--accept-restored"]).unwrap();
    for round in 0..2 {
        let desk = server.desk();
        let ticket = create(&desk, &format!("новая жизнь {round}")).await.unwrap();
        searchable(&desk, ticket.revision).await;
        let request = v1::ListTicketsRequest { filter: "жизнь".into(), ..Default::default() };
        let found = opora_tests::list_all(&desk, request).await.unwrap();
        let found: Vec<_> = found.iter().map(|ticket| &*ticket.name).collect();
        assert!(found.len() == round + 1 && found.contains(&&*ticket.name), "and nothing of the old life: {found:?}");
        assert_eq!(opora_tests::list_all(&desk, v1::ListTicketsRequest::default()).await.unwrap().len(), round + 1);
        let request = Watch { from_revision: ticket.revision, ..Default::default() };
        let mut stream = desk.clone().without_deadline().tickets().watch_tickets(request).await.unwrap().into_inner();
        while stream.message().await.unwrap().expect("it goes on").events.is_empty() {}
        assert!(server.terminate().success());
        server = on(&was.copy, &[]).unwrap();
    }
    let listed = opora_tests::list_all(&server.desk(), v1::ListTicketsRequest::default()).await.unwrap();
    assert_eq!(listed.len(), 2);
}

/// A directory with tickets whose journal has a damaged frame, where it was, and what it was.
async fn damaged(data: &Path) -> (Vec<v1::Ticket>, PathBuf, Vec<u8>) {
    let mut server = on(data, &[]).unwrap();
    let mut tickets = Vec::new();
    for n in 0..20 {
        tickets.push(create(&server.desk(), &format!("заявка номер {n}")).await.unwrap());
    }
    assert!(server.terminate().success());
    let segment = data.join("journal/00000000000000000001.journal");
    let whole = std::fs::read(&segment).unwrap();
    let mut bytes = whole.clone();
    let wanted = "заявка номер 7".as_bytes();
    let at = bytes.windows(wanted.len()).position(|part| part == wanted).unwrap();
    bytes[at + wanted.len() - 1] = b'x';
    std::fs::write(&segment, &bytes).unwrap();
    (tickets, segment, whole)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_desk_is_served_to_be_read_only_and_says_so_everywhere() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let (tickets, segment, whole) = damaged(&data).await;
    let said = on(&data, &[]).map(drop).unwrap_err();
    assert!(said.contains("--degraded") && said.contains("opora check"), "{said}");

    let before = std::fs::read(&segment).unwrap();
    let mut server = on(&data, &["--degraded"]).unwrap();
    let desk = server.desk();
    let channel = tonic::transport::Channel::from_shared(server.url()).unwrap().connect().await.unwrap();
    let request = HealthCheckRequest { service: String::new() };
    let health = HealthClient::new(channel).check(request).await.unwrap().into_inner();
    assert_eq!(health.status(), ServingStatus::NotServing);
    let stands = info(&desk).await;
    assert!(stands.warnings.iter().any(|said| said.contains("--degraded")), "{:?}", stands.warnings);

    let mut refused = Vec::new();
    for ticket in &tickets {
        match get(&desk, &ticket.name).await {
            Ok(found) => assert_eq!(&found, ticket),
            Err(status) => {
                assert_eq!((status.code(), reason(&status)), (Code::DataLoss, Some(ErrorReason::DataCorrupt)));
                refused.push(ticket.number);
            }
        }
    }
    assert_eq!(refused, [8], "the ticket whose text was damaged, and no other");
    let listed = opora_tests::list_all(&desk, v1::ListTicketsRequest::default()).await.unwrap();
    assert_eq!(listed.len(), tickets.len() - 1);
    // Up to the damage all is told, then that there is some: never less without a word.
    let request = Watch { from_revision: 1, ..Default::default() };
    let mut stream = desk.clone().without_deadline().tickets().watch_tickets(request).await.unwrap().into_inner();
    let ended = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended without a word"),
            Err(status) => break status,
        }
    };
    assert_eq!((ended.code(), reason(&ended)), (Code::DataLoss, Some(ErrorReason::DataCorrupt)));
    let refused = create(&desk, "новая").await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused)), (Code::FailedPrecondition, Some(ErrorReason::ReadOnly)));
    let refused = prioritise(&desk, &tickets[0].name, v1::Priority::High, "").await.unwrap_err();
    assert_eq!(reason(&refused), Some(ErrorReason::ReadOnly));
    let file = opora_tests::upload::content(1_000, 1);
    let header = opora_tests::upload::header(&tickets[0].name, "a.log", file.len());
    let refused = opora_tests::upload::send(&desk, &header, &file, 0, file.len()).await.unwrap_err();
    assert_eq!(reason(&refused), Some(ErrorReason::ReadOnly));
    assert!(server.terminate().success());
    assert!(std::fs::read(&segment).unwrap() == before, "nothing was written");
    assert_eq!(std::fs::read_dir(data.join("blobs/staging")).unwrap().count(), 0, "no upload either");

    // The file is put back: all is there again.
    std::fs::write(&segment, whole).unwrap();
    let (said, ended) = check(&data);
    assert_eq!(ended, Some(0), "{said}");
    let server = on(&data, &[]).unwrap();
    for ticket in &tickets {
        assert_eq!(&get(&server.desk(), &ticket.name).await.unwrap(), ticket);
    }
    create(&server.desk(), "новая").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_deletes_the_lock_starts_no_second_server() {
    let server = Server::start();
    let desk = server.desk();
    let ticket = create(&desk, "первая").await.unwrap();
    std::fs::remove_file(server.data().join("lock")).unwrap();
    for args in [&[][..], &["--degraded"], &["--accept-restored"]] {
        let said = on(server.data(), args).map(drop).unwrap_err();
        assert!(said.contains(&format!("process {}", server.pid())), "{said}");
    }
    let (said, ended) = check(server.data());
    assert_eq!(ended, Some(74), "{said}");
    assert_eq!(get(&desk, &ticket.name).await.unwrap(), ticket);
    create(&desk, "вторая").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_a_running_desk_opens_with_what_was_acknowledged_before_or_is_refused_with_what_to_do() {
    let server = Server::start();
    let desk = server.desk();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writing = {
        let (desk, stop) = (desk.clone(), stop.clone());
        tokio::spawn(async move {
            while !stop.load(std::sync::atomic::Ordering::Acquire) {
                create(&desk, "под копией").await.unwrap();
            }
        })
    };
    let home = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let before = create(&desk, "до копии").await.unwrap();
        let target = home.path().join(round.to_string());
        let copied = Command::new("cp").arg("-a").arg(server.data()).arg(&target).status().unwrap();
        assert!(copied.success());
        for args in [&[][..], &[], &["--accept-restored"]] {
            match on(&target, args) {
                Ok(mut copy) => {
                    assert_eq!(get(&copy.desk(), &before.name).await.unwrap(), before, "round {round}");
                    assert!(copy.terminate().success());
                }
                Err(said) => {
                    assert!(args.is_empty(), "round {round}: {said}");
                    assert!(said.contains("copy the directory again") && !said.contains("Revision("), "{said}");
                }
            }
        }
    }
    stop.store(true, std::sync::atomic::Ordering::Release);
    writing.await.unwrap();
}
