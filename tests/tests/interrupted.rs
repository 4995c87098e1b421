//! Commands that a person or a supervisor ends: nothing is left behind, and what may have been done is told.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use opora_proto::v1;
use opora_tests::line::{Line, MARK, Then};
use opora_tests::{Server, binary, list_all};
use rustix::process::{Pid, Signal, kill_process};

fn opora(server: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(["--server", server, "--as", "olga", "--lang", "en", "--timeout", "60s"]).args(arguments);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn who_ends_a_change_that_waits_for_its_answer_is_told_the_command_as_well() {
    let server = Server::start();
    let line = Line::new(server.address(), usize::MAX, Then::IsStill);
    let child = opora(&line.address().to_string(), &["ticket", "create", MARK]).stderr(Stdio::piped()).spawn().unwrap();
    line.until_lost().await;
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.signal(), Some(Signal::INT.as_raw()), "it ends by the signal: {output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    let again = said.lines().last().unwrap().replace(&line.address().to_string(), server.address());
    assert!(again.contains("--request-id"), "{said}");
    for _ in 0..2 {
        let output = Command::new("sh").args(["-c", &again]).output().unwrap();
        assert!(output.status.success(), "{again}: {output:?}");
    }
    let all = list_all(&server.desk(), v1::ListTicketsRequest { page_size: 100, ..Default::default() }).await.unwrap();
    assert_eq!(all.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_is_ended_leaves_nothing() {
    let server = Server::start();
    assert!(opora(server.address(), &["ticket", "create", "One"]).status().unwrap().success());
    let (source, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // More than the windows of a connection hold.
    let noise: Vec<u8> = (0..4_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    std::fs::write(source.path().join("a.log"), noise).unwrap();
    let sent = opora(server.address(), &["attach", "1", "a.log"]).current_dir(source.path()).status().unwrap();
    assert!(sent.success());
    for signal in [Signal::INT, Signal::TERM] {
        let line = Line::ending(server.address(), 1_000_000);
        let mut command = opora(&line.address().to_string(), &["attach", "1", "--download", "a.log"]);
        let child = command.current_dir(folder.path()).stderr(Stdio::piped()).spawn().unwrap();
        while std::fs::read_dir(folder.path()).unwrap().next().is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.signal(), Some(signal.as_raw()), "{output:?}");
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing is left");
    }
}

#[test]
fn a_command_that_waits_for_the_other_end_of_a_pipe_can_be_ended() {
    let server = Server::start();
    assert!(opora(server.address(), &["ticket", "create", "One"]).status().unwrap().success());
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.log"), "one").unwrap();
    let sent = opora(server.address(), &["attach", "1", "a.log"]).current_dir(folder.path()).status().unwrap();
    assert!(sent.success());
    assert!(Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
    let mut get = opora(server.address(), &["attach", "1", "--download", "a.log", "--to", "pipe"]);
    let mut child = get.current_dir(folder.path()).spawn().unwrap();
    // A thread of its own waits in the opening of the pipe.
    let waits = |id: u32| {
        let tasks = std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
        tasks
            .filter_map(|task| std::fs::read_to_string(task.path().join("wchan")).ok())
            .any(|place| place.contains("wait_for_partner") || place.contains("fifo_open"))
    };
    let mut looked = 0;
    while !waits(child.id()) && looked < 100 {
        std::thread::sleep(std::time::Duration::from_millis(20));
        looked += 1;
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(Signal::INT.as_raw()));
    // And with who reads, it comes through.
    let mut child = get.spawn().unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join("pipe")).unwrap(), "one");
    assert!(child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_in_the_background_goes_on_when_its_terminal_is_interrupted() {
    let server = Server::start();
    let line = Line::new(server.address(), 1, Then::IsStill);
    // A shell without job control has what runs in the background ignore it.
    let command = format!(
        "'{}' --server {} --as olga --timeout 16s ticket create '{MARK}' & echo $!; wait $!",
        binary().display(),
        line.address()
    );
    let mut shell = Command::new("sh").args(["-c", &command]).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(shell.stdout.take().unwrap()), &mut first).unwrap();
    line.until_lost().await;
    kill_process(Pid::from_raw(first.trim().parse().unwrap()).unwrap(), Signal::INT).unwrap();
    assert!(shell.wait().unwrap().success(), "it was asked for again, and answered");
}
