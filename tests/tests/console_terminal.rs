//! How the console leaves the terminal, whatever ends or stops it; and what it tells the terminal beside its frames.

use std::process::Command;

use opora_proto::v1;
use opora_tests::day::is_as_it_was;
use opora_tests::fixtures;
use opora_tests::one::{desk, next, open, speak};
use opora_tests::terminal::Terminal;
use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};

/// Waits until these bytes were written. They come with the frame that shows a text, or before it.
fn wrote(terminal: &Terminal, what: &str) -> bool {
    terminal.bytes().windows(what.len()).any(|part| part == what.as_bytes())
}

fn signal(terminal: &Terminal, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(terminal.pid()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_frame_is_synchronised() {
    let (server, _) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(&server.url(), home.path(), &[]);
    terminal.see("● live");
    terminal.send("q");
    assert!(terminal.wait().success());
    let bytes = terminal.bytes();
    let text = String::from_utf8_lossy(&bytes);
    let inside = text.split("\x1b[?2026h").skip(1).all(|frame| frame.contains("\x1b[?2026l"));
    assert!(inside, "a frame was begun and not ended");
    let before = text.split("\x1b[?2026h").next().unwrap();
    assert!(!before.contains("Opora \u{1b}"), "something was drawn outside of a frame");
    is_as_it_was(&terminal);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_and_leaves_the_terminal_as_it_was() {
    let (server, _) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    for which in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut terminal = open(&server.url(), home.path(), &[]);
        terminal.see("● live");
        signal(&terminal, which);
        terminal.wait();
        is_as_it_was(&terminal);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_where_it_draws_leaves_the_terminal_as_it_was_and_is_told_after() {
    let (server, _) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(&server.url(), home.path(), &[("OPORA_CONSOLE_PANIC", "draw")]);
    assert_eq!(terminal.wait().exit_code(), 70);
    is_as_it_was(&terminal);
    assert!(terminal.screen().contains("broken on purpose"), "{}", terminal.screen());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_elsewhere_does_not_write_over_the_screen_and_leaves_the_terminal_as_it_was() {
    let (server, _) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(&server.url(), home.path(), &[("OPORA_CONSOLE_PANIC", "network")]);
    assert_eq!(terminal.wait().exit_code(), 70);
    is_as_it_was(&terminal);
    assert!(terminal.screen().contains("a part of the console broke"), "{}", terminal.screen());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_on_disk_after_a_panic() {
    let (server, _) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(&server.url(), home.path(), &[]);
    terminal.see("● live");
    terminal.send("r");
    terminal.see("PUBLIC");
    terminal.send("Half a sentence");
    terminal.see("Half a sentence");
    signal(&terminal, Signal::HUP);
    terminal.wait();
    let mut terminal = open(&server.url(), home.path(), &[("OPORA_CONSOLE_PANIC", "draw")]);
    assert_eq!(terminal.wait().exit_code(), 70);
    let mut terminal = open(&server.url(), home.path(), &[]);
    terminal.see("● live");
    terminal.send("r");
    terminal.see("Half a sentence");
}

#[tokio::test(flavor = "multi_thread")]
async fn control_z_gives_the_terminal_to_the_shell_and_fg_takes_it_again() {
    let (server, _) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let mut command = CommandBuilder::new("bash");
    command.args(["--norc", "--noprofile", "-i"]);
    let home = home.path().to_str().unwrap().to_owned();
    for (key, value) in [
        ("TERM", "xterm-256color"),
        ("LANG", "en_GB.UTF-8"),
        ("PS1", "shell> "),
        ("TZ", "UTC"),
        ("XDG_DATA_HOME", &home),
        ("XDG_CONFIG_HOME", &home),
        ("XDG_STATE_HOME", &home),
        ("OPORA_SERVER", &server.url()),
        ("OPORA", opora_tests::binary().to_str().unwrap()),
    ] {
        command.env(key, value);
    }
    for key in ["NO_COLOR", "TMUX", "LC_ALL", "COLORTERM"] {
        command.env_remove(key);
    }
    let mut terminal = Terminal::start(command, 120, 40);
    terminal.see("shell> ");
    // The shell brackets pastes too.
    terminal.send("bind 'set enable-bracketed-paste off'\r");
    terminal.send("$OPORA --as olga console\r");
    terminal.see("● live");
    terminal.send("\x1a");
    terminal.see("Stopped");
    is_as_it_was(&terminal);
    terminal.send("echo in the $((1 + 1))nd hand\r");
    terminal.see("in the 2nd hand");
    terminal.send("fg\r");
    terminal.see("● live");
    terminal.with_screen(|screen| assert!(screen.alternate_screen()));
    // It is live, not only drawn: it answers keys.
    terminal.send(":");
    terminal.see("(assign)");
    terminal.send("\x1b\x1b");
    terminal.see_gone("(assign)");
    terminal.send("q");
    terminal.see("shell> ");
    is_as_it_was(&terminal);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_copied_through_the_terminal_and_past_tmux() {
    let (server, _) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(&server.url(), home.path(), &[("TMUX", "/tmp/tmux-0/default,1,0")]);
    terminal.see("● live");
    // `y n` on a Russian layout, in a terminal that tells letters only; the first of both shows what may follow.
    terminal.send("н");
    terminal.see("Copy the ticket's number");
    terminal.send("т");
    terminal.see("was copied");
    assert!(wrote(&terminal, "\x1b]52;c;IzE=\x07"), "the number was not copied");
    assert!(wrote(&terminal, "\x1bPtmux;\x1b\x1b]52;c;IzE=\x07\x1b\\"), "it was not told past tmux");
    terminal.see_gone("Copy the ticket's number");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_in_a_message_can_be_opened_from_the_terminal() {
    let (server, ticket) = desk("Нет входящих звонков").await;
    let text = "Инструкция: https://example.com/help?id=7.";
    fixtures::comment(&server.desk_as("agents/olga"), &ticket.name, text, v1::Visibility::Public).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(&server.url(), home.path(), &[]);
    terminal.see("example.com");
    terminal.send("q");
    assert!(terminal.wait().success());
    assert!(wrote(&terminal, ";https://example.com/help?id=7\x1b\\"), "no link was told");
    assert!(wrote(&terminal, "\x1b]8;;\x1b\\"), "no link was ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_critical_ticket_rings_the_bell() {
    let (server, _) = desk("Плохо слышно").await;
    let home = tempfile::tempdir().unwrap();
    let terminal = open(&server.url(), home.path(), &[]);
    terminal.see("● live");
    let mut request = fixtures::new_ticket("Всё стоит");
    if let Some(ticket) = &mut request.ticket {
        ticket.impact = v1::Impact::ServiceDown.into();
    }
    server.desk_as("agents/ivan").tickets().create_ticket(request).await.unwrap();
    terminal.see("Всё стоит");
    // The call is written before the frame.
    assert!(wrote(&terminal, "\x1b]9;CRITICAL #2: Всё стоит\x07\x07"));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_the_file_hold_and_its_faults_are_told_with_the_line() {
    let (server, _) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("opora/console.toml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "[keys]\nmessages = 'z z'\n").unwrap();
    let mut terminal = open(&server.url(), home.path(), &[]);
    terminal.see("● live");
    terminal.send("zz");
    terminal.see("No messages yet");
    std::fs::write(&file, "[keys]\nmesages = 'z z'\n").unwrap();
    let mut terminal = open(&server.url(), home.path(), &[]);
    assert_eq!(terminal.wait().exit_code(), 78);
    let screen = terminal.screen().replace('\n', "");
    assert!(screen.contains(":2: `mesages` is no action; did you mean `messages`?"), "{screen}");
    let own = home.path().join("own.toml");
    std::fs::write(&own, "[bell]\nsound = false\n").unwrap();
    let own = own.to_str().unwrap();
    let mut terminal = open(&server.url(), home.path(), &[("OPORA_CONSOLE_CONFIG", own)]);
    terminal.see("● live");
    terminal.send("q");
    assert!(terminal.wait().success());
}

#[test]
fn the_keys_in_force_are_printed_without_a_server() {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(opora_tests::binary())
        .args(["--lang", "en", "console", "--print-keys"])
        .env("XDG_CONFIG_HOME", home.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(text.starts_with("[keys]\n") && text.contains("assign"), "{text}");
    assert!(text.contains("Copy the ticket's number"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_screen_it_tells_the_queue_and_then_what_happens() {
    let (server, ticket) = desk("Нет входящих звонков").await;
    let (mut child, mut out) = speak(&server.url(), "ru", "olga");
    assert_eq!(next(&mut out), "Открытых запросов: 1");
    assert!(next(&mut out).starts_with("#1\t"));
    let olga = server.desk_as("agents/olga");
    fixtures::comment(&olga, &ticket.name, "Видим,\nчиним", v1::Visibility::Public).await.unwrap();
    let line = next(&mut out);
    assert!(line.contains("#1 Нет входящих звонков: написал сообщение: Видим, чиним"), "{line}");
    assert!(!line.contains('\x1b'));
    // Its reader goes away: it ends by itself with the next line, and that is no failure.
    drop(out);
    fixtures::comment(&olga, &ticket.name, "Ещё", v1::Visibility::Public).await.unwrap();
    assert!(child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_the_desk_does_not_know_is_told_so() {
    let (server, _) = desk("Нет входящих звонков").await;
    let home = tempfile::tempdir().unwrap();
    let home = home.path().to_str().unwrap();
    let url = server.url();
    let environment = [("XDG_DATA_HOME", home), ("XDG_CONFIG_HOME", home), ("OPORA_SERVER", &url)];
    let mut terminal = Terminal::opora(&["--as", "petra", "console"], 120, 40, &environment);
    terminal.see("This desk has no agent `petra`");
    terminal.send("\x7f");
    terminal.see_gone("This desk has no agent");
}
