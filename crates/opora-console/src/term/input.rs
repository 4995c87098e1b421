//! The thread that reads the terminal. It blocks; it pauses while an editor owns the terminal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::sync::mpsc;

use crate::msg::Msg;

/// How long it waits for input before it looks whether it is to pause or to end.
const LOOK: Duration = Duration::from_millis(250);
/// How long the end of the console waits for it.
const END: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct Shared {
    /// Wanted, and reached.
    paused: Mutex<(bool, bool)>,
    ended: Mutex<bool>,
    /// Rings for `ended`.
    over: Condvar,
    changed: Condvar,
    end: AtomicBool,
}

/// The running thread.
#[derive(Debug)]
pub(crate) struct Input {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Input {
    /// Starts reading into the inbox.
    ///
    /// # Errors
    /// When no thread can be had.
    pub(crate) fn start(inbox: mpsc::Sender<Msg>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("opora-input".into()).spawn(move || read(&theirs, &inbox))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Stops reading; returns when the terminal is left alone.
    pub(crate) fn pause(&self) {
        let mut paused = self.shared.paused.lock().unwrap_or_else(PoisonError::into_inner);
        paused.0 = true;
        while !paused.1 && !self.thread.as_ref().is_none_or(JoinHandle::is_finished) {
            paused = self.shared.changed.wait_timeout(paused, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Reads again.
    pub(crate) fn resume(&self) {
        self.shared.paused.lock().unwrap_or_else(PoisonError::into_inner).0 = false;
        self.shared.changed.notify_all();
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.shared.end.store(true, Ordering::SeqCst);
        self.resume();
        let ended = self.shared.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.shared.over.wait_timeout_while(ended, END, |ended| !*ended);
        let ended = *waited.unwrap_or_else(PoisonError::into_inner).0;
        if let Some(thread) = self.thread.take().filter(|_| ended) {
            // A panic in it was told already. A thread that hangs in a terminal that is gone ends with the process.
            let _ = thread.join();
        }
    }
}

/// Tells that the thread ended, however it did.
struct Ended<'a>(&'a Shared);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        *self.0.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.over.notify_all();
    }
}

fn read(shared: &Shared, inbox: &mpsc::Sender<Msg>) {
    let _ended = Ended(shared);
    while !shared.end.load(Ordering::SeqCst) {
        wait_while_paused(shared);
        let msgs = match wait() {
            Ready::Nothing => continue,
            Ready::Input => {
                let msgs = waiting();
                if msgs.is_empty() {
                    announce_again();
                }
                msgs
            }
            Ready::Gone => vec![Msg::Terminate],
        };
        for msg in msgs {
            let ends = matches!(msg, Msg::Terminate);
            if inbox.blocking_send(msg).is_err() || ends {
                return;
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

/// Waits for input. Not with crossterm, which spins for ever once the terminal is gone.
fn wait() -> Ready {
    let stdin = std::io::stdin();
    let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
    let most = Timespec { tv_sec: 0, tv_nsec: LOOK.subsec_nanos().into() };
    match poll(&mut fds, Some(&most)) {
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

fn wait_while_paused(shared: &Shared) {
    let mut paused = shared.paused.lock().unwrap_or_else(PoisonError::into_inner);
    while paused.0 && !shared.end.load(Ordering::SeqCst) {
        paused.1 = true;
        shared.changed.notify_all();
        paused = shared.changed.wait(paused).unwrap_or_else(PoisonError::into_inner);
    }
    paused.1 = false;
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
