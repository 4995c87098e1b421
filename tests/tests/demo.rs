//! `opora demo`: a whole desk without any configuration, that leaves nothing behind but its log.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use opora_proto::client::{ClientOptions, Desk};
use opora_proto::v1::{self, ClockState};
use opora_tests::{Terminal, binary, list_all};
use rustix::process::{Pid, Signal, kill_process};

/// A demo without a console, with a directory of its own for temporary files, and its server's address.
fn demo(temp: &Path) -> (Child, String) {
    let mut child = Command::new(binary())
        .args(["demo", "--no-console", "--seed", "3"])
        .env("TMPDIR", temp)
        .env("LANG", "en_GB.UTF-8")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = loop {
        let line = lines.next().expect("the demo ended").unwrap();
        if let Some(start) = line.find("http://127.0.0.1:") {
            let digit = |c: char| c.is_ascii_alphanumeric() || "/:.".contains(c);
            break line[start..].chars().take_while(|c| digit(*c)).collect::<String>().trim_end_matches('.').to_owned();
        }
    };
    // Keeps the pipe empty.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    (child, address)
}

#[tokio::test]
async fn two_hundred_tickets_in_all_states_with_clocks_in_all_states_and_nothing_stays_behind() {
    let temp = tempfile::tempdir().unwrap();
    let (mut child, server) = demo(temp.path());
    let desk = Desk::new(&ClientOptions { server, ..ClientOptions::default() }).unwrap();
    let request = v1::ListTicketsRequest { page_size: 1000, ..Default::default() };
    let tickets = list_all(&desk, request).await.unwrap();
    assert!((180..=260).contains(&tickets.len()), "{} tickets", tickets.len());
    let states: BTreeSet<i32> = tickets.iter().map(|t| t.state).collect();
    assert_eq!(states, (1..=6).collect(), "not all states");
    let clocks: BTreeSet<i32> = tickets
        .iter()
        .filter_map(|t| t.sla.as_ref())
        .flat_map(|sla| [&sla.first_response, &sla.resolution])
        .filter_map(|clock| Some(clock.as_ref()?.state))
        .collect();
    for state in [ClockState::Running, ClockState::Paused, ClockState::Met, ClockState::Continuous, ClockState::Stopped]
    {
        assert!(clocks.contains(&state.into()), "no clock is {}", state.as_str_name());
    }
    let breached = tickets
        .iter()
        .filter_map(|t| t.sla.as_ref())
        .flat_map(|sla| [&sla.first_response, &sla.resolution])
        .filter(|clock| clock.as_ref().is_some_and(|c| c.breach_time.is_some()));
    assert!(breached.count() >= 5, "hardly a clock is breached");
    let russian = tickets.iter().filter(|t| t.subject.chars().any(|c| ('а'..='я').contains(&c))).count();
    assert!(russian > 40 && russian < tickets.len() - 20, "{russian} of {} subjects are Russian", tickets.len());
    kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    let left: Vec<_> = std::fs::read_dir(temp.path()).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(left.iter().all(|path| path.is_file()), "directories stay behind: {left:?}");
}

#[test]
fn the_console_is_on_it_and_leaving_restores_the_terminal_and_names_the_log() {
    let temp = tempfile::tempdir().unwrap();
    let temp_text = temp.path().to_str().unwrap();
    let mut terminal =
        Terminal::opora(&["demo", "--seed", "3"], 120, 40, &[("TMPDIR", temp_text), ("HOME", temp_text)]);
    terminal.see("● live");
    terminal.until("the queue", |screen| screen.contains("Queue") && screen.contains("Customer"));
    assert!(terminal.with_screen(vt100::Screen::alternate_screen));
    terminal.send("q");
    assert_eq!(terminal.wait().exit_code(), 0, "{}", terminal.screen());
    assert!(!terminal.with_screen(vt100::Screen::alternate_screen), "{}", terminal.screen());
    assert!(terminal.screen().contains(".log"), "{}", terminal.screen());
}
