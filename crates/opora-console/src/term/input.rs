//! The thread that reads the terminal. It blocks; it pauses while an editor owns the terminal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossterm::event::{self, Event, KeyEventKind};
use tokio::sync::mpsc;

use crate::msg::Msg;

/// How long it waits for input before it looks whether it is to pause or to end.
const LOOK: Duration = Duration::from_millis(100);

#[derive(Debug, Default)]
struct Shared {
    /// Wanted, and reached.
    paused: Mutex<(bool, bool)>,
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
        if let Some(thread) = self.thread.take() {
            // A panic in it was told already.
            let _ = thread.join();
        }
    }
}

fn read(shared: &Shared, inbox: &mpsc::Sender<Msg>) {
    while !shared.end.load(Ordering::SeqCst) {
        wait_while_paused(shared);
        let msg = match event::poll(LOOK) {
            Ok(false) => None,
            Ok(true) => match event::read() {
                Ok(event) => message(event),
                // The terminal is gone.
                Err(_) => Some(Msg::Terminate),
            },
            Err(_) => Some(Msg::Terminate),
        };
        let ends = matches!(msg, Some(Msg::Terminate));
        if let Some(msg) = msg
            && inbox.blocking_send(msg).is_err()
        {
            return;
        }
        if ends {
            return;
        }
    }
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
