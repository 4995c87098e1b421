//! The signals that the console listens to.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that end the console, and the one that comes when it goes on.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
    goes_on: Signal,
    resized: Signal,
}

impl Signals {
    /// Listens for them.
    ///
    /// # Errors
    /// What the system refused.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            resized: signal(SignalKind::window_change())?,
            goes_on: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    /// The process goes on after it was stopped.
    pub(crate) async fn gone_on(&mut self) {
        self.goes_on.recv().await;
    }

    /// The next that comes.
    pub(crate) async fn next(&mut self) -> Caught {
        tokio::select! {
            _ = self.terminate.recv() => Caught::End,
            _ = self.hangup.recv() => Caught::End,
            _ = self.interrupt.recv() => Caught::Interrupt,
            _ = self.resized.recv() => Caught::Resized,
            _ = self.goes_on.recv() => Caught::GoesOn,
        }
    }
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Caught {
    End,
    /// Ctrl-C, where the terminal makes a signal of it.
    Interrupt,
    Resized,
    /// It was stopped from outside and goes on: the terminal may be another's by now.
    GoesOn,
}
