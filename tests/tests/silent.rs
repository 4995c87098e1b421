//! Lines on which nothing comes any more, though nothing breaks: what waits for the other side ends in time, with a next
//! step.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use opora_tests::line::Line;
use opora_tests::{Server, binary, create};

/// What a line carries before it is silent: enough for a list, not for a file.
const CARRIED: usize = 100_000;
/// How long a command may take that waits 2 s for a sign: several times over.
const BOUND: Duration = Duration::from_secs(25);

/// `opora …` over a line; fails where it does not end in time.
fn opora(folder: &Path, server: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.current_dir(folder).args(["--server", server, "--as", "olga", "--lang", "en", "--timeout", "2s"]);
    let pipes = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (mut child, begun) = (pipes.spawn().unwrap(), Instant::now());
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > BOUND {
            child.kill().unwrap();
            panic!("it still waits: {arguments:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Lines to a server that are silent in either way.
fn lines(server: &Server, after: usize) -> [Line; 2] {
    [Line::ending(server.address(), after), Line::kept_alive(server.address(), after)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_on_a_line_that_is_silent_is_given_up_with_a_next_step() {
    let server = Server::start();
    create(&server.desk(), "No sound").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("a.log"), vec![b'a'; 4 << 20]).unwrap();
    // Of an upload next to nothing comes back.
    for line in lines(&server, 200) {
        let sent = opora(at, &line.address().to_string(), &["attach", "1", "a.log"]);
        let said = words(&sent);
        assert!(sent.status.code() == Some(75) && said.contains("nothing is done twice"), "{said}");
    }
    let sent = opora(at, server.address(), &["attach", "1", "a.log"]);
    assert!(sent.status.success(), "{}", words(&sent));
    for line in lines(&server, CARRIED) {
        let arguments = ["attach", "1", "--download", "a.log", "--to", "b.log"];
        let fetched = opora(at, &line.address().to_string(), &arguments);
        let said = words(&fetched);
        assert!(fetched.status.code() == Some(75) && said.contains("--timeout"), "{said}");
        assert!(!at.join("b.log").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_and_a_renaming_on_a_line_that_is_silent_end_with_a_next_step() {
    let server = Server::start();
    create(&server.desk(), "No sound").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let row = |n| format!("{{\"id\":\"{n}\",\"at\":\"2026-03-02T10:00:00Z\"}}");
    let rows: Vec<String> = (0..50).map(row).collect();
    std::fs::write(at.join("rows.ndjson"), rows.join("\n")).unwrap();
    let map = "name = \"rows\"\nid = \"id\"\n[columns]\ncreate_time = \"at\"\n[constants]\nsubject = \"No sound\"\n";
    std::fs::write(at.join("rows.toml"), map).unwrap();
    for (arguments, after) in [(&["import", "rows.ndjson"][..], 600), (&["rename", "tag", "a", "b"], 50)] {
        for line in lines(&server, after) {
            let output = opora(at, &line.address().to_string(), arguments);
            let said = words(&output);
            assert!(output.status.code() == Some(75) && said.lines().count() > 1, "{arguments:?}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_on_a_line_that_is_silent_says_so_and_asks_again() {
    let server = Server::start();
    let line = Line::kept_alive(server.address(), 350);
    let mut command = Command::new(binary());
    command.args(["--server", &line.address().to_string(), "--as", "olga", "--lang", "en", "--timeout", "2s"]);
    let mut child = command.args(["ticket", "watch"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    // Nothing is read where it waits for ever: the suite ends it.
    let first = said.next().unwrap().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(first.contains("revision"), "{first}");
}
