//! What the console does where it breaks, where its terminal goes away, and where there is no desk to work at: nothing
//! typed is lost, and what is to be done is told in a sentence.

use std::io::{Read as _, Write as _};
use std::path::Path;

use opora_proto::v1;
use opora_tests::day::{files, is_as_it_was};
use opora_tests::one::{desk, next, open, speak};
use opora_tests::terminal::Terminal;

/// The only draft below a person's directory.
fn draft(home: &Path) -> String {
    let files = files(&home.join("opora/drafts"), "draft");
    assert_eq!(files.len(), 1, "{files:?}");
    std::fs::read_to_string(&files[0]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_just_before_a_panic_is_on_disk_and_comes_back() {
    let (server, _) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(&server.url(), home.path(), &[("OPORA_CONSOLE_PANIC", "typed")]);
    terminal.see("● live");
    terminal.send("r");
    terminal.see("PUBLIC");
    // It breaks with the last of these keys, before it has drawn it.
    terminal.send("Half a sentence!");
    assert_eq!(terminal.wait().exit_code(), 70);
    is_as_it_was(&terminal);
    assert!(terminal.screen().contains("broken on purpose"), "{}", terminal.screen());
    assert!(draft(home.path()).ends_with("Half a sentence!"), "{}", draft(home.path()));
    let mut terminal = open(&server.url(), home.path(), &[]);
    terminal.see("● live");
    terminal.send("r");
    terminal.see("Half a sentence!");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_is_closed_ends_the_console_and_every_draft_is_on_disk() {
    let (server, _) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(&server.url(), home.path(), &[]);
    terminal.see("● live");
    // A new ticket without a subject: it can't be sent, whatever the terminal types as it goes.
    terminal.send("c");
    terminal.see("New ticket");
    terminal.send("\x1b[Z");
    terminal.send("Half a description and more");
    terminal.see("Half a description and more");
    // What the terminal types last may be lost with it, and nothing before.
    let status = terminal.close("!");
    assert_ne!(status.exit_code(), 70, "it did not break on a terminal that is gone");
    assert!(draft(home.path()).contains("Half a description and more"), "{}", draft(home.path()));
    let left = opora_tests::list_all(&server.desk(), v1::ListTicketsRequest::default()).await.unwrap();
    assert_eq!(left.len(), 1, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_desk_is_told_so() {
    // Something that speaks another protocol: it answers as a web server does.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    let home = tempfile::tempdir().unwrap();
    let terminal = open(&url, home.path(), &[]);
    terminal.see("is no Opora desk");
    let (mut child, mut out) = speak(&url, "ru", "olga");
    while !next(&mut out).contains("отвечает не Opora") {}
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_begins_with_the_allocator_told_to_give_memory_back() {
    let (server, _) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(&server.url(), home.path(), &[]);
    terminal.see("● live");
    let environment = std::fs::read(format!("/proc/{}/environ", terminal.pid())).unwrap();
    let is_set = |option: &[u8]| environment.split(|byte| *byte == 0).any(|variable| variable == option);
    assert!(is_set(b"MIMALLOC_PURGE_DELAY=0"));
    assert!(is_set(b"TERM=xterm-256color"), "the rest of its surroundings is as it was");
    terminal.stop();
    is_as_it_was(&terminal);
}

/// Takes connections, does something with each, and gives its address.
fn listen(act: impl Fn(std::net::TcpStream) + Send + Sync + Copy + 'static) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || act(stream));
        }
    });
    url
}

#[test]
fn a_web_server_that_reads_before_it_answers_is_told_to_be_no_desk() {
    let url = listen(|mut stream| {
        let mut buffer = [0; 4096];
        let _ = stream.read(&mut buffer);
        let body = "<html><body>400 Bad Request</body></html>";
        let length = body.len();
        let _ =
            write!(stream, "HTTP/1.1 400 Bad Request\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        // A server that hangs up with something unread resets the connection.
        let _ = stream.shutdown(std::net::Shutdown::Write);
        while stream.read(&mut buffer).is_ok_and(|read| read > 0) {}
    });
    let home = tempfile::tempdir().unwrap();
    let terminal = open(&url, home.path(), &[]);
    terminal.see("is no Opora desk");
}

#[test]
fn what_takes_the_connection_and_says_nothing_is_told_so() {
    let url = listen(|mut stream| while stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {});
    let home = tempfile::tempdir().unwrap();
    let terminal = open(&url, home.path(), &[]);
    terminal.see("Something takes the connection");
    let (mut child, mut out) = speak(&url, "ru", "olga");
    while !next(&mut out).contains("но не отвечают") {}
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn where_no_server_was_named_one_key_starts_the_demo_and_leaving_it_ends_it() {
    if std::net::TcpStream::connect("127.0.0.1:7420").is_ok() {
        // A desk of this machine stands at the address that is tried where none was named.
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let path = home.path().to_str().unwrap();
    let environment = [("XDG_DATA_HOME", path), ("XDG_CONFIG_HOME", path), ("TMPDIR", path)];
    let mut terminal = Terminal::opora(&["--as", "agents/olga", "console"], 120, 40, &environment);
    terminal.see("No server was named");
    terminal.see("starts a demo desk");
    terminal.send("d");
    terminal.see("● live");
    terminal.send("q");
    assert!(terminal.wait().success());
    is_as_it_was(&terminal);
    assert!(terminal.screen().contains("The demo is over"), "{}", terminal.screen());
}

#[test]
fn a_server_that_nobody_runs_is_told_so_with_the_demo() {
    let home = tempfile::tempdir().unwrap();
    // A port that was free a moment ago.
    let url = format!("http://{}", std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let terminal = open(&url, home.path(), &[]);
    terminal.see("`opora demo`");
}
