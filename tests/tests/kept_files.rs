//! What is kept is what tickets refer to: nothing less, which is told as loss, and nothing more, which is swept.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use opora_proto::client::Desk;
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use opora_tests::upload::{CHUNK, content, download, header, send};
use opora_tests::{Server, ServerOptions, binary, create, reason};
use rand::Rng as _;
use tonic::Code;

fn kept(data: &Path) -> BTreeSet<PathBuf> {
    let shelves = std::fs::read_dir(data.join("blobs/kept")).unwrap().map(|shelf| shelf.unwrap().path());
    // A file that goes away meanwhile is passed over.
    shelves.flat_map(|shelf| std::fs::read_dir(shelf).unwrap().flatten()).map(|file| file.path()).collect()
}

fn check(data: &Path) -> (bool, String) {
    let output = Command::new(binary()).args(["--lang", "en", "check", "--data"]).arg(data).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said)
}

/// Waits until files are gone.
fn gone(paths: &[PathBuf]) {
    for _ in 0..600 {
        if paths.iter().all(|path| !path.exists()) {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{paths:?} stay");
}

/// Puts files there that a kill would leave: one that nothing refers to, one that was not written to its end.
fn leave(data: &Path, digit: char) -> [PathBuf; 2] {
    let name = String::from(digit).repeat(64);
    let shelf = data.join("blobs/kept").join(&name[..2]);
    std::fs::create_dir_all(&shelf).unwrap();
    let left = [shelf.join(&name), shelf.join(format!("{}#1", name.replace(digit, "9")))];
    for path in &left {
        std::fs::write(path, b"left").unwrap();
    }
    left
}

async fn attach(desk: &Desk, ticket: &str, data: &Bytes) -> v1::Attachment {
    let header = header(ticket, "a.log", data.len());
    send(desk, &header, data, 0, data.len()).await.unwrap().attachment.unwrap()
}

fn place(data: &Path, file: &v1::Attachment) -> PathBuf {
    data.join("blobs/kept").join(&file.blake3[..2]).join(&file.blake3)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_ticket_refers_to_is_told_by_check_and_removed_by_a_start_and_by_a_running_desk() {
    let env = [("OPORA_STAGING_AGE", "2s"), ("OPORA_SWEEP_EVERY", "1s")];
    let env = env.map(|(key, value)| (key.to_owned(), value.into())).into();
    let mut server = Server::with(ServerOptions { env, ..ServerOptions::default() });
    let ticket = create(&server.desk(), "логи").await.unwrap();
    let data = content(CHUNK * 2, 1);
    let file = attach(&server.desk(), &ticket.name, &data).await;
    let broken = header(&ticket.name, "b.log", CHUNK);
    assert!(server.terminate().success());
    let left = leave(server.data(), '7');
    std::fs::write(server.data().join("blobs/staging").join(&broken.upload_id), b"begun").unwrap();
    let (is_sound, said) = check(server.data());
    assert!(is_sound, "nothing is lost: {said}");
    for line in
        ["One upload is not finished (5 bytes)", "(4 bytes) is referred to by no ticket", "(4 bytes) was not written"]
    {
        assert!(said.contains(line), "{line}: {said}");
    }
    server.restart();
    gone(&left);
    // The same content, refused by nobody and kept for nobody, while the desk runs.
    let left = leave(server.data(), '8');
    gone(&left);
    assert_eq!(kept(server.data()), BTreeSet::from([place(server.data(), &file)]));
    assert!(download(&server.desk(), &file.name, 0, 0).await.unwrap() == data);
    // A later start does not read all again, and finds it all the same.
    assert!(server.terminate().success());
    let left = leave(server.data(), '6');
    server.restart();
    gone(&left);
    assert!(download(&server.desk(), &file.name, 0, 0).await.unwrap() == data);
    assert!(server.terminate().success());
    let (is_sound, said) = check(server.data());
    assert!(is_sound && !said.contains("referred to by no ticket"), "{said}");
}

#[tokio::test]
async fn a_file_that_is_refused_for_its_hash_is_not_kept() {
    let server = Server::start();
    let ticket = create(&server.desk(), "не то").await.unwrap();
    let data = content(CHUNK, 2);
    let mut header = header(&ticket.name, "a.log", data.len());
    header.blake3 = "0".repeat(64);
    let refused = send(&server.desk(), &header, &data, 0, data.len()).await.unwrap_err();
    assert_eq!(reason(&refused), Some(ErrorReason::UploadContent));
    assert_eq!(kept(server.data()), BTreeSet::new());
    assert_eq!(std::fs::read_dir(server.data().join("blobs/staging")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_file_that_is_gone_or_damaged_is_data_loss_and_is_whole_again_when_it_is_sent_again() {
    let mut server = Server::start();
    let ticket = create(&server.desk(), "утрата").await.unwrap();
    let (data, other) = (content(CHUNK * 3, 3), content(CHUNK * 3, 4));
    let file = attach(&server.desk(), &ticket.name, &data).await;
    let another = attach(&server.desk(), &ticket.name, &other).await;
    let path = place(server.data(), &file);
    let good = std::fs::read(&path).unwrap();
    let theirs = std::fs::read(place(server.data(), &another)).unwrap();
    let damages: [(&str, Option<&[u8]>); 4] =
        [("gone", None), ("short", Some(&good[..good.len() - 1])), ("empty", Some(b"")), ("another", Some(&theirs))];
    for (how, bytes) in damages {
        match bytes {
            None => std::fs::remove_file(&path).unwrap(),
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
        }
        let lost = download(&server.desk(), &file.name, 0, 0).await.unwrap_err();
        let fault = Fault::from(&lost);
        assert_eq!((lost.code(), fault.reason), (Code::DataLoss, Some(ErrorReason::DataCorrupt)), "{how}");
        assert_eq!(server.data().join(&fault.metadata["file"]), path, "{how}");
        assert!(lost.message().contains("restore blobs/kept/"), "{how}: {lost:?}");
        assert!(server.terminate().success());
        let (is_sound, said) = check(server.data());
        assert!(!is_sound && said.contains("LOST") && said.contains(&file.blake3), "{how}: {said}");
        server.restart();
        assert!(download(&server.desk(), &another.name, 0, 0).await.unwrap() == other, "{how}");
        attach(&server.desk(), &ticket.name, &data).await;
        assert!(download(&server.desk(), &file.name, 0, 0).await.unwrap() == data, "{how}");
    }
    // What never was is still not found.
    let none = download(&server.desk(), &format!("{}/attachments/1", ticket.name), 0, 0).await.unwrap_err();
    assert_eq!(none.code(), Code::NotFound);
}

/// What was acknowledged: names and contents.
type Told = Arc<Mutex<Vec<(String, Bytes)>>>;

/// Attaches files until the server goes away; some of them have been attached before.
async fn load(desk: Desk, ticket: String, told: Told) {
    loop {
        let data = content(rand::rng().random_range(0..2 * CHUNK), rand::rng().random_range(0..20));
        let header = header(&ticket, "a.log", data.len());
        let Ok(done) = send(&desk, &header, &data, 0, data.len()).await else { return };
        told.lock().unwrap().push((done.attachment.unwrap().name, data));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_while_files_are_sent_and_swept_loses_none_and_leaves_none_behind() {
    let env = [("OPORA_STAGING_AGE", "0s"), ("OPORA_SWEEP_EVERY", "1s")];
    let env = env.map(|(key, value)| (key.to_owned(), value.into())).into();
    let mut server = Server::with(ServerOptions { env, ..ServerOptions::default() });
    let ticket = create(&server.desk(), "нагрузка").await.unwrap().name;
    let told = Told::default();
    for round in 0..8 {
        let before = told.lock().unwrap().len();
        let load: Vec<_> = (0..4).map(|_| tokio::spawn(load(server.desk(), ticket.clone(), told.clone()))).collect();
        // Some are attached, and then it ends at any moment.
        while told.lock().unwrap().len() < before + 5 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(0..1_500))).await;
        server.kill();
        for task in load {
            task.await.unwrap();
        }
        server.restart();
        let all = told.lock().unwrap().clone();
        for (name, data) in all {
            let read =
                download(&server.desk(), &name, 0, 0).await.unwrap_or_else(|e| panic!("round {round}: {name}: {e:?}"));
            assert!(read == data, "round {round}: {name}");
        }
    }
    let mut referred = BTreeSet::new();
    let mut request = v1::ListAttachmentsRequest { name: ticket, page_size: 1000, ..Default::default() };
    loop {
        let page = server.desk().attachments().list_attachments(request.clone()).await.unwrap().into_inner();
        referred.extend(page.attachments.iter().map(|file| place(server.data(), file)));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    gone(&kept(server.data()).difference(&referred).cloned().collect::<Vec<_>>());
    assert_eq!(kept(server.data()), referred);
}
