//! Several files with one command.

use std::path::Path;
use std::process::{Command, Output};

use opora_proto::v1;
use opora_tests::{Server, binary, create};

fn attach(server: &Server, folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.current_dir(folder).args(["--server", &server.url(), "--as", "olga", "--lang", "en", "attach", "1"]);
    command.args(arguments).output().unwrap()
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn files(server: &Server) -> Vec<String> {
    let request = v1::ListAttachmentsRequest { name: "tickets/1".into(), page_size: 100, ..Default::default() };
    let list = server.desk().attachments().list_attachments(request).await.unwrap().into_inner();
    list.attachments.into_iter().map(|file| file.file_name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_files_one_that_cant_be_read_stops_all_before_any_is_sent() {
    let server = Server::start();
    create(&server.desk(), "No sound").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("a.log"), "one").unwrap();
    std::fs::create_dir(at.join("logs")).unwrap();
    for unreadable in ["none.log", "logs"] {
        let output = attach(&server, at, &["a.log", unreadable]);
        let said = words(&output);
        assert!(output.status.code() == Some(74) && said.contains(unreadable), "{said}");
        assert!(files(&server).await.is_empty(), "{unreadable}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_attached_before_one_of_several_files_is_refused_is_said() {
    let server = Server::start();
    create(&server.desk(), "No sound").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("a.log"), "one").unwrap();
    std::fs::write(at.join("c.log"), "three").unwrap();
    // More than a desk takes.
    std::fs::File::create(at.join("b.log")).unwrap().set_len((100 << 20) + 1).unwrap();
    let output = attach(&server, at, &["a.log", "b.log", "c.log"]);
    let said = words(&output);
    assert!(output.status.code() == Some(1) && said.contains("Attached: a.log. Not yet: b.log, c.log."), "{said}");
    assert_eq!(files(&server).await, ["a.log"]);
    let alone = words(&attach(&server, at, &["b.log"]));
    assert!(!alone.contains("Attached"), "{alone}");
}
