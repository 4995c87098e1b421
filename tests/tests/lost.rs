//! Answers that get lost on their way: nothing is done twice, and nobody is left without a next step.

use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use opora_proto::v1;
use opora_tests::line::{Line, MARK, Then};
use opora_tests::{Server, binary, list_all};

fn create(server: &str, timeout: &str, lang: &str) -> Output {
    let mut command = Command::new(binary());
    command.args(["--server", server, "--as", "olga", "--lang", lang, "--timeout", timeout]);
    command.args(["ticket", "create", MARK]).output().unwrap()
}

async fn tickets(server: &Server) -> Vec<v1::Ticket> {
    list_all(&server.desk(), v1::ListTicketsRequest { page_size: 100, ..Default::default() }).await.unwrap()
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_answer_was_lost_is_asked_for_again_and_made_once() {
    for then in [Then::Breaks, Then::IsStill] {
        let server = Server::start();
        let line = Line::new(server.address(), 1, then);
        // Half of it is waited for an answer that does not come.
        let timeout = if then == Then::Breaks { "60s" } else { "20s" };
        let output = create(&line.address().to_string(), timeout, "en");
        assert!(output.status.success(), "{}", words(&output));
        assert_eq!((line.lost(), tickets(&server).await.len()), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_nobody_answers_is_told_with_a_command_that_makes_it_at_most_once() {
    for (lang, says) in [("en", "it may have been done"), ("ru", "изменение могло произойти")] {
        let server = Server::start();
        let line = Line::new(server.address(), usize::MAX, Then::Breaks);
        let output = create(&line.address().to_string(), "60s", lang);
        let said = words(&output);
        assert!(output.status.code() == Some(75) && said.contains(says), "{said}");
        let again = said.lines().find(|line| line.contains("--request-id")).unwrap().trim().to_owned();
        // Over a line that loses nothing.
        let again = again.replace(&line.address().to_string(), server.address());
        for _ in 0..2 {
            let output = Command::new("sh").args(["-c", &again]).output().unwrap();
            assert!(output.status.success(), "{again}: {}", words(&output));
        }
        let all = tickets(&server).await;
        assert_eq!((all.len(), all[0].subject.as_str()), (1, MARK));
    }
}

#[test]
fn what_was_never_sent_is_not_said_to_have_been_done() {
    // A port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = create(&free.to_string(), "60s", "en");
    let said = words(&output);
    assert!(output.status.code() == Some(69) && said.contains("can't be reached"), "{said}");
    assert!(said.contains("Nothing was sent") && !said.contains("--request-id"), "{said}");
    // A read has nothing to say of that.
    let read = opora(&free.to_string(), &["ticket", "list"], "");
    assert!(read.status.code() == Some(69) && !words(&read).contains("Nothing was sent"), "{}", words(&read));
}

/// A command over a line, with that on its standard input.
fn opora(server: &str, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(binary());
    command.args(["--server", server, "--as", "olga", "--lang", "en", "--timeout", "60s"]).args(arguments);
    given(command, input)
}

fn given(mut command: Command, input: &str) -> Output {
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Gives the command that was told again, over a line that loses nothing, as bash takes it.
fn again(line: &Line, server: &Server, lost: &Output, input: &str) -> String {
    let said = words(lost);
    assert_eq!(lost.status.code(), Some(75), "{said}");
    let command = said.lines().skip_while(|line| !line.starts_with("  ")).collect::<Vec<_>>().join("\n");
    let command = command.replace(&line.address().to_string(), server.address());
    for _ in 0..2 {
        let mut bash = Command::new("bash");
        bash.args(["-c", &command]);
        let output = given(bash, input);
        assert!(output.status.success(), "{command}: {}", words(&output));
    }
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_of_standard_input_or_with_strange_characters_is_written_once_when_the_command_is_given_again() {
    let server = Server::start();
    let ticket = opora_tests::create(&server.desk(), "No sound").await.unwrap();
    let number = ticket.name.trim_start_matches("tickets/");
    let line = Line::new(server.address(), usize::MAX, Then::Breaks);
    let address = line.address().to_string();
    let text = format!("{MARK} once");
    let lost = opora(&address, &["ticket", "comment", "--internal", number], &text);
    let said = again(&line, &server, &lost, &text);
    assert!(said.contains("with the same text on standard input"), "{said}");
    let text = format!("{MARK}:\n\tit's\u{202e} twice");
    let lost = opora(&address, &["ticket", "comment", "--internal", number, &text], "");
    let said = again(&line, &server, &lost, "");
    assert!(!said.contains("standard input"), "{said}");
    let request = v1::ListCommentsRequest { name: ticket.name, page_size: 100, ..Default::default() };
    let comments = server.desk().tickets().list_comments(request).await.unwrap().into_inner().comments;
    assert_eq!(comments.len(), 2, "{comments:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argument_that_is_no_text_is_told_again_as_the_shell_takes_it() {
    use std::os::unix::ffi::OsStrExt as _;
    let server = Server::start();
    let line = Line::new(server.address(), usize::MAX, Then::Breaks);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(std::ffi::OsStr::from_bytes(b"report\xff"));
    std::fs::write(&file, "No sound").unwrap();
    let mut command = Command::new(binary());
    command.args(["--server", &line.address().to_string(), "--as", "olga", "--lang", "en", "ticket", "create", MARK]);
    let lost = command.arg("--description-file").arg(&file).output().unwrap();
    again(&line, &server, &lost, "");
    assert_eq!(tickets(&server).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_though_an_answer_before_it_was_lost() {
    let server = Server::start();
    let line = Line::new(server.address(), 1, Then::Breaks);
    let refused = opora(&line.address().to_string(), &["ticket", "comment", "--internal", "4711", MARK], "");
    let said = words(&refused);
    assert!(refused.status.code() == Some(1) && said.contains("4711"), "{said}");
    assert_eq!(line.lost(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_answers_are_lost_is_on_the_ticket_once_when_the_command_is_given_again() {
    let server = Server::start();
    let ticket = opora_tests::create(&server.desk(), "No sound").await.unwrap();
    let number = ticket.name.trim_start_matches("tickets/");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("{MARK}.log"));
    std::fs::write(&file, "one").unwrap();
    let line = Line::new(server.address(), usize::MAX, Then::Breaks);
    let lost = opora(&line.address().to_string(), &["attach", number, file.to_str().unwrap()], "");
    let said = again(&line, &server, &lost, "");
    assert!(!said.contains("--request-id"), "{said}");
    let request = v1::ListAttachmentsRequest { name: ticket.name, page_size: 100, ..Default::default() };
    let files = server.desk().attachments().list_attachments(request).await.unwrap().into_inner().attachments;
    assert_eq!(files.len(), 1, "{files:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_begun_again_and_broke_off_goes_on() {
    let server = Server::start();
    let ticket = opora_tests::create(&server.desk(), "No sound").await.unwrap();
    let number = ticket.name.trim_start_matches("tickets/");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("{MARK}.log"));
    std::fs::write(&file, "one").unwrap();
    let attach = |to: &str| opora(to, &["attach", number, file.to_str().unwrap()], "");
    assert!(attach(server.address()).status.success());
    // A finished upload is begun once more, and breaks off before its end is looked at.
    let line = Line::new(server.address(), usize::MAX, Then::Breaks);
    assert_eq!(attach(&line.address().to_string()).status.code(), Some(75));
    let output = attach(server.address());
    assert!(output.status.success(), "{}", words(&output));
    let request = v1::ListAttachmentsRequest { name: ticket.name, page_size: 100, ..Default::default() };
    let files = server.desk().attachments().list_attachments(request).await.unwrap().into_inner().attachments;
    assert_eq!(files.len(), 1, "{files:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_made_once_however_often_its_command_is_given_and_answered_as_it_was() {
    let server = Server::start();
    for subject in ["One", "Two"] {
        opora_tests::create(&server.desk(), subject).await.unwrap();
    }
    let changes: &[&[&str]] = &[
        &["ticket", "update", "1", "--subject", MARK],
        &["ticket", "update", "1", "--subject", MARK, "--tried", "save-logs"],
        &["ticket", "reprioritise", "1", "high", "--reason", MARK],
        &["ticket", "escalate", "1", "--reason", MARK],
        &["ticket", "transition", "1", "waiting", "--reason", MARK],
        &["ticket", "merge", "2", "1", "--reason", MARK],
        &["ticket", "unmerge", "2", "--reason", MARK],
        &["org", "add", "acme", "--name", MARK],
        &["contact", "add", "vera", "--email", "vera@example.com", "--name", MARK],
        &["agent", "add", "pavel", "--name", MARK],
    ];
    for arguments in changes {
        let line = Line::new(server.address(), usize::MAX, Then::Breaks);
        let arguments = [&["--output", "json"], *arguments].concat();
        let output = opora(&line.address().to_string(), &arguments, "");
        assert_eq!(output.status.code(), Some(75), "{arguments:?}: {}", words(&output));
        let command = words(&output).lines().last().unwrap().replace(&line.address().to_string(), server.address());
        let answers = [(); 2].map(|()| Command::new("bash").args(["-c", &command]).output().unwrap());
        assert!(answers[0].status.success(), "{command}: {}", words(&answers[0]));
        assert_eq!(answers[0], answers[1], "{command}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_to_give_again_names_what_the_environment_named() {
    let server = Server::start();
    let line = Line::new(server.address(), usize::MAX, Then::Breaks);
    let mut command = Command::new(binary());
    command.env("OPORA_SERVER", line.address().to_string()).env("OPORA_ACTOR", "olga");
    let lost = command.args(["--lang", "en", "--timeout", "60s", "ticket", "create", MARK]).output().unwrap();
    again(&line, &server, &lost, "");
    assert_eq!(tickets(&server).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_is_not_answered_is_told_in_the_persons_language() {
    let still = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = still.local_addr().unwrap().to_string();
    for (lang, says) in [("en", "did not answer in time"), ("ru", "не ответил вовремя")] {
        let output = Command::new(binary())
            .args(["--server", &address, "--lang", lang, "--timeout", "300ms", "ticket", "list"])
            .output()
            .unwrap();
        let said = words(&output);
        assert!(output.status.code() == Some(75) && said.contains(says), "{said}");
        assert!(!said.contains("Timeout"), "{said}");
    }
}
