//! Answers that get lost on their way: nothing is done twice, and nobody is left without a next step.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use opora_proto::v1;
use opora_tests::{Server, binary, list_all};

/// What stands in the request whose answer is lost.
const MARK: &str = "Lost on its way";

/// What becomes of a connection whose request was delivered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// It breaks.
    Breaks,
    /// Nothing comes any more.
    IsStill,
}

/// Stands between a caller and a server, and loses the answers to the first so many requests with the mark.
struct Line {
    address: SocketAddr,
    lost: Arc<AtomicUsize>,
}

impl Line {
    fn new(server: SocketAddr, losses: usize, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let lost = Arc::new(AtomicUsize::new(0));
        let count = lost.clone();
        std::thread::spawn(move || {
            for caller in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(server).unwrap();
                carry(caller, server, &count, losses, then);
            }
        });
        Self { address, lost }
    }

    fn lost(&self) -> usize {
        self.lost.load(Ordering::SeqCst)
    }
}

/// Carries bytes both ways until one side ends or the mark was seen.
fn carry(caller: TcpStream, server: TcpStream, lost: &Arc<AtomicUsize>, losses: usize, then: Then) {
    let cut = Arc::new(AtomicUsize::new(0));
    let (mut from_server, mut to_caller) = (server.try_clone().unwrap(), caller.try_clone().unwrap());
    let (is_cut, lost) = (cut.clone(), lost.clone());
    let _back: JoinHandle<()> = std::thread::spawn(move || {
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = from_server.read(&mut bytes) {
            // The answer to what was marked is there: the request was done.
            if is_cut.load(Ordering::SeqCst) > 0 {
                if then == Then::Breaks {
                    let _ = to_caller.shutdown(Shutdown::Both);
                }
                continue;
            }
            if to_caller.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = to_caller.shutdown(Shutdown::Both);
    });
    let (mut from_caller, mut to_server) = (caller, server);
    std::thread::spawn(move || {
        let mut bytes = [0; 16 * 1024];
        let mut said = Vec::new();
        while let Ok(count @ 1..) = from_caller.read(&mut bytes) {
            said.extend_from_slice(&bytes[..count]);
            let marked = said.windows(MARK.len()).any(|window| window == MARK.as_bytes());
            if marked && cut.load(Ordering::SeqCst) == 0 && lost.load(Ordering::SeqCst) < losses {
                lost.fetch_add(1, Ordering::SeqCst);
                cut.store(1, Ordering::SeqCst);
            }
            if to_server.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = to_server.shutdown(Shutdown::Both);
    });
}

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
        let line = Line::new(server.address().parse().unwrap(), 1, then);
        // Half of it is waited for an answer that does not come.
        let timeout = if then == Then::Breaks { "60s" } else { "20s" };
        let output = create(&line.address.to_string(), timeout, "en");
        assert!(output.status.success(), "{}", words(&output));
        assert_eq!((line.lost(), tickets(&server).await.len()), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_nobody_answers_is_told_with_a_command_that_makes_it_at_most_once() {
    for (lang, says) in [("en", "it may have been done"), ("ru", "изменение могло произойти")] {
        let server = Server::start();
        let line = Line::new(server.address().parse().unwrap(), usize::MAX, Then::Breaks);
        let output = create(&line.address.to_string(), "60s", lang);
        let said = words(&output);
        assert!(output.status.code() == Some(75) && said.contains(says), "{said}");
        let again = said.lines().find(|line| line.contains("--request-id")).unwrap().trim().to_owned();
        // Over a line that loses nothing.
        let again = again.replace(&line.address.to_string(), server.address());
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
    let command = command.replace(&line.address.to_string(), server.address());
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
    let line = Line::new(server.address().parse().unwrap(), usize::MAX, Then::Breaks);
    let address = line.address.to_string();
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
    let line = Line::new(server.address().parse().unwrap(), usize::MAX, Then::Breaks);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(std::ffi::OsStr::from_bytes(b"report\xff"));
    std::fs::write(&file, "No sound").unwrap();
    let mut command = Command::new(binary());
    command.args(["--server", &line.address.to_string(), "--as", "olga", "--lang", "en", "ticket", "create", MARK]);
    let lost = command.arg("--description-file").arg(&file).output().unwrap();
    again(&line, &server, &lost, "");
    assert_eq!(tickets(&server).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_though_an_answer_before_it_was_lost() {
    let server = Server::start();
    let line = Line::new(server.address().parse().unwrap(), 1, Then::Breaks);
    let refused = opora(&line.address.to_string(), &["ticket", "comment", "--internal", "4711", MARK], "");
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
    let line = Line::new(server.address().parse().unwrap(), usize::MAX, Then::Breaks);
    let lost = opora(&line.address.to_string(), &["attach", number, file.to_str().unwrap()], "");
    let said = again(&line, &server, &lost, "");
    assert!(!said.contains("--request-id"), "{said}");
    let request = v1::ListAttachmentsRequest { name: ticket.name, page_size: 100, ..Default::default() };
    let files = server.desk().attachments().list_attachments(request).await.unwrap().into_inner().attachments;
    assert_eq!(files.len(), 1, "{files:?}");
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
