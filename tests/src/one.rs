//! A console of one engineer on a desk with one ticket: its screen, or its lines.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use opora_proto::v1;

use crate::{Server, Terminal, fixtures};

/// A server with an agent and one ticket.
pub async fn desk(subject: &str) -> (Server, v1::Ticket) {
    let server = Server::start();
    fixtures::agent(&server.desk(), "olga").await;
    let ticket = fixtures::create(&server.desk(), subject).await.unwrap();
    (server, ticket)
}

/// The console of `agents/olga`, with more variables set.
pub fn open(url: &str, home: &Path, more: &[(&str, &str)]) -> Terminal {
    let home = home.to_str().unwrap();
    let mut environment = vec![
        ("XDG_DATA_HOME", home),
        ("XDG_CONFIG_HOME", home),
        ("XDG_STATE_HOME", home),
        ("OPORA_SERVER", url),
        ("TZ", "UTC"),
    ];
    environment.extend(more);
    Terminal::opora(&["--as", "agents/olga", "console"], 120, 40, &environment)
}

/// The console as lines, and what it says.
pub fn speak(server: &str, lang: &str, actor: &str) -> (Child, BufReader<ChildStdout>) {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(crate::binary())
        .args(["--server", server, "--as", actor, "--lang", lang, "console", "--plain"])
        .env("XDG_CONFIG_HOME", home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

/// The next line.
pub fn next(out: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    assert!(out.read_line(&mut line).unwrap() > 0, "it ended");
    line.trim_end().to_owned()
}
