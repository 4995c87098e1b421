//! The terminal console: a client of `opora.v1` and nothing else.
//!
//! One network task speaks to an inbox; the loop takes what waits there and what was typed, `update` applies it to the
//! model and says what is to be done; `view` draws at most one frame. `update` and `view` are pure: no I/O, no clock, no terminal.

mod actions;
mod breaks;
mod change;
mod clock;
mod config;
mod detail;
mod dialog;
mod drafts;
mod edge;
mod header;
mod hint;
mod keys;
mod ladder;
mod layout;
mod links;
mod lists;
mod meanwhile;
mod model;
mod msg;
mod net;
mod notice;
mod once;
mod outbox;
mod pace;
mod paint;
mod place;
mod plain;
mod presence;
mod queue;
mod run;
mod screens;
mod seen;
mod selection;
mod suggest;
mod term;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text;
mod texts;
mod theme;
mod update;
mod view;

use std::path::PathBuf;

pub use config::{Config, ConfigError, key_table, print_keys};
pub use once::once;
pub use plain::plain;
pub use run::run;
pub use texts::Language;
pub use theme::Theme;

/// How a console is opened.
#[derive(Clone, Debug)]
pub struct ConsoleOptions {
    /// The server, `http://127.0.0.1:7420`; the scheme may be left out.
    pub server: String,
    /// Who sits here, `agents/olga`; the bare id will do.
    pub actor: String,
    /// The language of the console and of the server's messages.
    pub language: Language,
    /// Where drafts are kept until they were sent, each desk's and agent's apart below it.
    pub drafts: PathBuf,
    /// The palette. `None`: monochrome where `NO_COLOR` is set, else as the terminal's ground is.
    pub theme: Option<Theme>,
    /// The time zone in which times are shown, an IANA name. `None`: this machine's.
    pub zone: Option<String>,
    /// Keys, bell, theme and screen.
    pub config: Config,
    /// No server was named: the built-in address is tried.
    pub unnamed_server: bool,
    /// The caller can run a demo desk in place of this console: a key for it is offered where no server was named.
    pub demo: bool,
    /// Where the console panics on purpose, for tests of how the terminal is left: `draw`, `network`, or `typed`: once
    /// a draft that ends with `!` is to be kept.
    pub panic: Option<String>,
    /// A file in which the console tells, a line each time, that it has nothing more to do: for tests.
    pub idle: Option<PathBuf>,
}

impl ConsoleOptions {
    /// The id of the one who sits here, `olga`.
    pub(crate) fn me(&self) -> &str {
        self.actor.strip_prefix("agents/").unwrap_or(&self.actor)
    }

    /// The zone in which times are shown.
    pub(crate) fn time_zone(&self) -> Result<jiff::tz::TimeZone, ConsoleError> {
        match self.zone.as_ref().or(self.config.0.zone.as_ref()) {
            None => Ok(edge::zone()),
            Some(name) => jiff::tz::TimeZone::get(name).map_err(|_| ConsoleError::Zone(name.clone())),
        }
    }
}

/// How the console was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// By the person, or by a signal.
    Done,
    /// The person wants to see the demo.
    ForDemo,
}

/// Why the console ended, or never began. Never the network: that is shown, and tried again.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// Standard input or output is no terminal.
    #[error("the console needs a terminal; `opora console --once` prints the queue without one")]
    NoTerminal,
    /// The terminal or a thread could not be had.
    #[error("the terminal can't be used: {0}")]
    Terminal(#[from] std::io::Error),
    /// The address or the actor can't be one.
    #[error(transparent)]
    Connect(#[from] opora_proto::client::ConnectError),
    /// The time zone is not known.
    #[error("`{0}` is not a time zone, such as Europe/Moscow")]
    Zone(String),
    /// The server refused or could not be reached; only for [`once`].
    #[error("{0}")]
    Server(String),
    /// A part of the console ended by itself: a bug.
    #[error("a part of the console broke: {0}")]
    Broken(String),
}
