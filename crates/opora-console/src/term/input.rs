//! What the terminal sends, read by the loop that draws: for a key no other thread has to be woken. While an editor owns
//! the terminal the loop does not ask.

use std::io::Stdin;
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::msg::Msg;

/// How many messages are taken at once at most, about.
const MOST: usize = 4096;

/// The terminal's input.
#[derive(Debug)]
pub(crate) struct Input(AsyncFd<Stdin>);

impl Input {
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the system does not tell what comes on standard input.
    #[expect(
        deprecated,
        reason = "what takes its place is unsafe; standard input is closed by nobody, so this is sound"
    )]
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self(AsyncFd::with_interest(std::io::stdin(), Interest::READABLE)?))
    }

    /// Waits until something comes, and takes all of it. Nothing is lost where the wait is given up.
    pub(crate) async fn next(&self) -> Vec<Msg> {
        loop {
            let Ok(mut ready) = self.0.readable().await else { return vec![Msg::Terminate] };
            let msgs = self.now();
            ready.clear_ready();
            if !msgs.is_empty() {
                return msgs;
            }
        }
    }

    /// Takes all that has come.
    pub(crate) fn now(&self) -> Vec<Msg> {
        let mut msgs = Vec::new();
        loop {
            match look(self.0.get_ref()) {
                Ready::Nothing => return msgs,
                Ready::Gone => {
                    msgs.push(Msg::Terminate);
                    return msgs;
                }
                Ready::Input => {}
            }
            let before = msgs.len();
            msgs.extend(waiting());
            let none = msgs.len() == before;
            if none {
                announce_again();
            }
            if none || msgs.len() > MOST || matches!(msgs.last(), Some(Msg::Terminate)) {
                return msgs;
            }
        }
    }
}

/// What a look at the terminal gives.
enum Ready {
    Nothing,
    Input,
    /// Hung up: the window or the connection was closed.
    Gone,
}

/// Whether there is input. Not asked of crossterm, which spins for ever once the terminal is gone.
fn look(stdin: &Stdin) -> Ready {
    let mut fds = [PollFd::new(stdin, PollFlags::IN)];
    match poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
        Ok(0) | Err(rustix::io::Errno::INTR) => return Ready::Nothing,
        Ok(_) => {}
        Err(_) => return Ready::Gone,
    }
    let [fd] = fds;
    if fd.revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) { Ready::Gone } else { Ready::Input }
}

/// crossterm is told once that there is input, and where a change of the window's size came with it, it forgets that. Any
/// setting of the terminal, be it what is set already, makes the system tell it again.
fn announce_again() {
    let stdin = std::io::stdin();
    if let Ok(settings) = tcgetattr(&stdin) {
        // A terminal that is gone is noticed by the next look.
        let _ = tcsetattr(&stdin, OptionalActions::Now, &settings);
    }
}

/// All events that have come.
fn waiting() -> Vec<Msg> {
    let mut msgs = Vec::new();
    loop {
        match event::poll(Duration::ZERO) {
            Ok(false) => return without_reports(msgs),
            Ok(true) => match event::read() {
                Ok(event) => msgs.extend(message(event)),
                Err(_) => msgs.push(Msg::Terminate),
            },
            Err(_) => msgs.push(Msg::Terminate),
        }
        if matches!(msgs.last(), Some(Msg::Terminate)) {
            return msgs;
        }
    }
}

/// Takes out what a slow terminal answers late to the question for its colours (`ESC ] 11 ; rgb:…`): it comes as keys, and
/// `r` among them would open a reply.
fn without_reports(msgs: Vec<Msg>) -> Vec<Msg> {
    let key = |msg: &Msg| match msg {
        Msg::Key(event) => Some((event.code, event.modifiers)),
        _ => None,
    };
    let mut out = Vec::with_capacity(msgs.len());
    let mut msgs = msgs.into_iter().peekable();
    while let Some(msg) = msgs.next() {
        let begins = key(&msg) == Some((KeyCode::Char(']'), KeyModifiers::ALT));
        let digit = |msg: &Msg| matches!(key(msg), Some((KeyCode::Char('0'..='9'), KeyModifiers::NONE)));
        if !begins || !msgs.peek().is_some_and(digit) {
            out.push(msg);
            continue;
        }
        // Until BEL, which is Ctrl-g, or ESC \, which is Alt-\; what was cut off ends with what has come.
        let ends = [(KeyCode::Char('g'), KeyModifiers::CONTROL), (KeyCode::Char('\\'), KeyModifiers::ALT)];
        while let Some(msg) = msgs.next_if(|msg| key(msg).is_some()) {
            if key(&msg).is_some_and(|key| ends.contains(&key)) {
                break;
            }
        }
    }
    out
}

fn message(event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Some(Msg::Key(key)),
        Event::Mouse(mouse) => Some(Msg::Mouse(mouse)),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(width, height) => Some(Msg::Resize(width, height)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyEvent;

    fn typed(text: &str) -> Vec<Msg> {
        let mut msgs = Vec::new();
        let mut alt = false;
        for c in text.chars() {
            let (c, modifiers) = match c {
                '\x1b' => {
                    alt = true;
                    continue;
                }
                '\x07' => ('g', KeyModifiers::CONTROL),
                c if alt => (c, KeyModifiers::ALT),
                c => (c, KeyModifiers::NONE),
            };
            alt = false;
            msgs.push(Msg::Key(KeyEvent::new(KeyCode::Char(c), modifiers)));
        }
        msgs
    }

    fn left(text: &str) -> String {
        let letter = |msg| match msg {
            Msg::Key(event) => event.code.as_char(),
            _ => None,
        };
        without_reports(typed(text)).into_iter().filter_map(letter).collect()
    }

    #[test]
    fn a_late_answer_of_the_terminal_is_no_command() {
        assert_eq!(left("j\x1b]11;rgb:1e1e/1e1e/1e1e\x07k"), "jk");
        assert_eq!(left("j\x1b]10;rgb:ff/ff/ff\x1b\\k"), "jk");
        assert_eq!(left("\x1b]11;rgb:1e"), "", "cut off");
    }

    #[test]
    fn what_a_person_types_is_left_alone() {
        assert_eq!(left("\x1b]r"), "]r");
        assert_eq!(left("]11;r"), "]11;r");
    }
}
