//! Where nobody takes what is written: a log on a full disk or with its reader gone ends no server, and a command whose
//! output nobody reads any more ends in good order.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use opora_proto::client::{ClientOptions, Desk};
use opora_proto::v1;
use opora_tests::{Server, ServerOptions, binary, create};
use rustix::process::{Pid, Signal, kill_process};

/// `opora` without what the environment of this suite says.
fn opora() -> Command {
    let mut command = Command::new(binary());
    for (key, _) in std::env::vars_os().filter(|(key, _)| key.to_string_lossy().starts_with("OPORA_")) {
        command.env_remove(key);
    }
    command.env("LANG", "C").stdin(Stdio::null());
    command
}

/// A server whose log goes there; ended with this.
struct Logging {
    child: Child,
    out: BufReader<ChildStdout>,
    url: String,
    _dir: tempfile::TempDir,
}

impl Logging {
    fn to(log: Stdio) -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Every call writes a line.
        let mut child = opora()
            .args(["serve", "--listen", "127.0.0.1:0", "--set", "log=debug", "--data"])
            .arg(dir.path().join("data"))
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").expect("it listens").to_owned();
        Self { child, out, url, _dir: dir }
    }

    fn desk(&self) -> Desk {
        let deadline = Some(Duration::from_mins(1));
        Desk::new(&ClientOptions { server: self.url.clone(), retries: 0, deadline, ..ClientOptions::default() })
            .unwrap()
    }

    /// Whether it says that lines of its log are lost.
    async fn loses_lines(&self) -> bool {
        let info = self.desk().admin().get_server_info(v1::GetServerInfoRequest {}).await;
        info.unwrap().into_inner().warnings.iter().any(|said| said.contains("log could not be written"))
    }

    /// It works, says that lines are lost, and stops in good order.
    async fn works_and_stops(mut self) {
        for n in 0..20 {
            create(&self.desk(), &format!("Нет звука {n}")).await.unwrap();
        }
        assert!(self.loses_lines().await);
        kill_process(Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap(), Signal::TERM).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_log_is_on_a_full_disk_works_on() {
    Logging::to(full()).works_and_stops().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_log_lost_its_reader_works_on() {
    let mut server = Logging::to(Stdio::piped());
    drop(server.child.stderr.take());
    server.works_and_stops().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_log_is_not_read_works_on() {
    let mut server = Logging::to(Stdio::piped());
    let unread = server.child.stderr.take();
    // More than a pipe holds.
    let desk = server.desk();
    for _ in 0..200 {
        for _ in 0..20 {
            desk.admin().get_server_info(v1::GetServerInfoRequest {}).await.unwrap();
        }
        if server.loses_lines().await {
            break;
        }
    }
    server.works_and_stops().await;
    drop(unread);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_gets_through_again_tells_how_many_lines_are_lost() {
    let mut server = Logging::to(Stdio::piped());
    let mut log = BufReader::new(server.child.stderr.take().unwrap());
    let desk = server.desk();
    while !server.loses_lines().await {
        desk.admin().get_server_info(v1::GetServerInfoRequest {}).await.unwrap();
    }
    let reader = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        while log.read_line(&mut line).unwrap() > 0 {
            if line.contains("WARN opora:") && line.contains("of the log could not be written") {
                return (true, log);
            }
            line.clear();
        }
        (false, log)
    });
    while !reader.is_finished() {
        desk.admin().get_server_info(v1::GetServerInfoRequest {}).await.unwrap();
    }
    assert!(reader.await.unwrap().0, "the log ended without a word of it");
}

#[test]
fn a_command_that_has_nowhere_to_complain_ends_with_its_code() {
    for (arguments, code) in [
        (vec!["ticket", "list", "--server", "http://127.0.0.1:1"], 69),
        (vec!["ticket", "nonsense"], 2),
        (vec!["serve", "--set", "nonsense=1"], 78),
        (vec!["serve", "--help"], 0),
    ] {
        let status = opora().args(&arguments).stdout(Stdio::null()).stderr(full()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{arguments:?}");
        let status = opora().args(&arguments).stdout(full()).stderr(full()).status().unwrap();
        assert!(status.code().is_some_and(|ended| ended == code || ended == 74), "{arguments:?}: {status}");
    }
}

/// Reads one line of a command, goes away, and gives how the command ends.
fn first_line_of(command: &mut Command) -> (String, Option<i32>) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    drop(out);
    (line, child.wait().unwrap().code())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_waits_for_news_ends_when_nobody_reads_it_any_more() {
    let server = Server::start();
    create(&server.desk(), "Нет звука").await.unwrap();
    let (url, home) = (server.url(), tempfile::tempdir().unwrap());
    let ends = |home: &Path| {
        let mut all = Vec::new();
        for arguments in [
            vec!["ticket", "watch", "--current"],
            vec!["ticket", "watch", "--current", "--output", "ndjson"],
            vec!["console", "--plain"],
        ] {
            let mut command = opora();
            command.args(["--server", &url, "--as", "olga"]).args(&arguments).env("XDG_CONFIG_HOME", home);
            all.push((arguments, first_line_of(&mut command)));
        }
        all
    };
    let path = home.path().to_owned();
    for (arguments, (line, code)) in tokio::task::block_in_place(|| ends(&path)) {
        assert!(!line.is_empty(), "{arguments:?}");
        assert_eq!(code, Some(0), "{arguments:?}");
    }
}

/// What Kubernetes puts into the environment of every pod beside a Service named `opora`.
const OF_A_SERVICE: [(&str, &str); 8] = [
    ("OPORA_SERVICE_HOST", "10.0.0.1"),
    ("OPORA_SERVICE_PORT", "7420"),
    ("OPORA_SERVICE_PORT_GRPC", "7420"),
    ("OPORA_PORT", "tcp://10.0.0.1:7420"),
    ("OPORA_PORT_7420_TCP", "tcp://10.0.0.1:7420"),
    ("OPORA_PORT_7420_TCP_PROTO", "tcp"),
    ("OPORA_PORT_7420_TCP_PORT", "7420"),
    ("OPORA_PORT_7420_TCP_ADDR", "10.0.0.1"),
];

#[tokio::test(flavor = "multi_thread")]
async fn variables_of_a_service_named_like_us_stop_no_command_and_are_told() {
    let mut env: Vec<_> = OF_A_SERVICE.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    env.push(("OPORA_LISTN".into(), "127.0.0.1:1".into()));
    let server = Server::with(ServerOptions { env, ..ServerOptions::default() });
    let info = server.desk().admin().get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner();
    assert!(info.warnings.iter().any(|said| said.contains("OPORA_LISTEN?")), "{:?}", info.warnings);
    assert!(info.warnings.iter().any(|said| said.contains("Kubernetes")), "{:?}", info.warnings);
    let russian =
        Desk::new(&ClientOptions { server: server.url(), language: Some("ru".into()), ..ClientOptions::default() });
    let info = russian.unwrap().admin().get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner();
    assert!(info.warnings.iter().any(|said| said.contains("похоже на OPORA_LISTEN")), "{:?}", info.warnings);
    create(&server.desk(), "Нет звука").await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    for arguments in [
        vec!["ticket", "list", "--server", &server.url()],
        vec!["console", "--once", "--server", &server.url()],
        vec!["serve", "--print-config"],
        vec!["completions", "bash"],
        vec!["--version"],
    ] {
        let mut command = opora();
        command.envs(OF_A_SERVICE).env("XDG_CONFIG_HOME", dir.path()).args(&arguments);
        let output = tokio::task::block_in_place(|| command.output().unwrap());
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }
}
