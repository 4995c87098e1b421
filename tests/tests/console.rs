//! The console in a real terminal, on a real server: what an engineer sees and does, and how the terminal is left.

use std::path::Path;

use opora_proto::v1;
use opora_tests::fixtures;
use opora_tests::server::Server;
use opora_tests::terminal::Terminal;

/// The console of `agents/olga` on a server, with its drafts in a directory of their own.
fn open(server: &Server, home: &Path, columns: u16, rows: u16) -> Terminal {
    let url = server.url();
    let home = home.to_str().unwrap();
    let environment = [("XDG_DATA_HOME", home), ("OPORA_SERVER", &url), ("TZ", "UTC")];
    Terminal::opora(&["--as", "agents/olga", "console"], columns, rows, &environment)
}

/// A server with two agents and one ticket.
async fn desk(subject: &str) -> (Server, v1::Ticket) {
    let server = Server::start();
    fixtures::agent(&server.desk(), "olga").await;
    fixtures::agent(&server.desk(), "ivan").await;
    let ticket = fixtures::create(&server.desk(), subject).await.unwrap();
    (server, ticket)
}

/// Every mode that the console sets is unset again.
fn is_as_it_was(terminal: &Terminal) {
    terminal.with_screen(|screen| {
        assert!(!screen.alternate_screen(), "the alternate screen is still shown");
        assert!(!screen.hide_cursor(), "the cursor is still hidden");
        assert!(!screen.bracketed_paste(), "pastes are still bracketed");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    });
}

async fn comments(server: &Server, name: &str) -> Vec<v1::Comment> {
    let request = v1::ListCommentsRequest { name: name.to_owned(), ..Default::default() };
    server.desk().tickets().list_comments(request).await.unwrap().into_inner().comments
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_live_and_the_terminal_is_left_as_it_was() {
    let (server, _) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(&server, home.path(), 120, 40);
    terminal.see("● live");
    terminal.see("Нет входящих звонков");
    fixtures::create(&server.desk(), "Плохо слышно").await.unwrap();
    terminal.see("Плохо слышно");
    terminal.see("2 open");
    terminal.send("q");
    assert!(terminal.wait().success());
    is_as_it_was(&terminal);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_goes_out_once_and_its_draft_is_gone() {
    let (server, ticket) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(&server, home.path(), 120, 40);
    terminal.see("● live");
    // The key `r` on a Russian layout.
    terminal.send("к");
    terminal.see("PUBLIC");
    terminal.send("Видим, чиним.\u{4}");
    terminal.see("went out");
    terminal.see("olga → public");
    let written = comments(&server, &ticket.name).await;
    assert_eq!(written.iter().map(|c| c.body.as_str()).collect::<Vec<_>>(), ["Видим, чиним."]);
    terminal.send("q");
    assert!(terminal.wait().success());
    let left = opora_tests::day::files(&home.path().join("opora/drafts"), "draft");
    assert!(left.is_empty(), "a draft is left over: {left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_did_not_see_a_colleagues_is_held_back_with_it() {
    let (server, ticket) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(&server, home.path(), 120, 40);
    terminal.see("● live");
    terminal.see("С 13:40");
    terminal.send("r");
    terminal.see("PUBLIC");
    terminal.send("Mine");
    terminal.see("Mine");
    let request = v1::AddCommentRequest {
        name: ticket.name.clone(),
        body: "Ivan was quicker".into(),
        visibility: v1::Visibility::Public.into(),
        request_id: opora_proto::client::request_id(),
        ..Default::default()
    };
    server.desk_as("agents/ivan").tickets().add_comment(request).await.unwrap();
    terminal.send("\u{4}");
    terminal.see("Held back");
    terminal.see("Ivan was quicker");
    assert_eq!(comments(&server, &ticket.name).await.len(), 1);
    terminal.send("\u{4}");
    terminal.see("went out");
    assert_eq!(comments(&server, &ticket.name).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_outlives_its_server_and_goes_on_where_it_was() {
    let (mut server, _) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(&server, home.path(), 120, 40);
    terminal.see("● live");
    server.kill();
    terminal.see("offline since");
    terminal.see("Нет входящих звонков");
    server.restart_same_port();
    terminal.see("● live");
    fixtures::create(&server.desk(), "Плохо слышно").await.unwrap();
    terminal.see("Плохо слышно");
    terminal.send("q");
    assert!(terminal.wait().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_priority_means_is_seen_before_it_is_set_and_undo_takes_it_back() {
    let (server, ticket) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(&server, home.path(), 120, 40);
    terminal.see("● live");
    terminal.send("p");
    terminal.see("continuous, at once");
    terminal.send("k\r");
    terminal.see("Reason:");
    terminal.send("several operators\r");
    terminal.see("has priority MEDIUM");
    let changed = fixtures::get(&server.desk(), &ticket.name).await.unwrap();
    assert_eq!(changed.priority(), v1::Priority::Medium);
    terminal.send("u");
    terminal.see("taken back — Priority");
    let back = fixtures::get(&server.desk(), &ticket.name).await.unwrap();
    assert_eq!(back.priority(), v1::Priority::Low);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_survives_the_process_and_a_signal_restores_the_terminal() {
    let (server, _) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(&server, home.path(), 80, 24);
    terminal.see("● live");
    terminal.send("r");
    terminal.see("PUBLIC");
    terminal.send("Half a sentence");
    terminal.see("Half a sentence");
    let pid = rustix::process::Pid::from_raw(i32::try_from(terminal.pid()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    terminal.wait();
    is_as_it_was(&terminal);
    let mut terminal = open(&server, home.path(), 80, 24);
    terminal.see("● live");
    terminal.send("r");
    terminal.see("Half a sentence");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_of_any_size_is_drawn_again_at_once() {
    let (server, _) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(&server, home.path(), 120, 40);
    terminal.see("● live");
    terminal.resize(30, 8);
    terminal.see("too small");
    terminal.resize(80, 24);
    terminal.see("Нет входящих");
    terminal.see("1/1");
}
