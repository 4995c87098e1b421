//! The reference: Debian's `neomutt` on a Maildir of generated messages, in the same terminal with the same keys.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use portable_pty::CommandBuilder;

use super::pty::Pty;
use crate::error::Outcome;
use crate::texts;

/// Messages in the Maildir.
pub(super) const MESSAGES: u64 = 20_000;
/// What every subject has.
const MARK: &str = "desk-bench";

/// A Maildir and the settings to read it with; removed when dropped.
pub(super) struct Mail {
    directory: tempfile::TempDir,
}

impl Mail {
    /// Generates the messages.
    pub(super) fn generate(place: &Path) -> Outcome<Self> {
        let directory = tempfile::Builder::new().prefix("mail-").tempdir_in(place.canonicalize()?)?;
        let root = directory.path().join("Maildir");
        for part in ["cur", "new", "tmp"] {
            fs::create_dir_all(root.join(part))?;
        }
        for n in 0..MESSAGES {
            fs::write(root.join("cur").join(format!("{}.{n}.bench:2,S", 1_767_225_600 + n)), message(n))?;
        }
        let settings = "set sleep_time=0\nset mail_check=3600\nset confirm_append=no\nset quit=yes\nset sort=date\n";
        // It asks before it makes a folder that is not there.
        let folder = format!("set folder={}\n", root.display());
        fs::write(directory.path().join("muttrc"), folder + settings)?;
        Ok(Self { directory })
    }

    /// Opens it; gives the terminal and how long the list took to be seen.
    pub(super) fn open(&self) -> Outcome<(Pty, Duration)> {
        let mut command = CommandBuilder::new("neomutt");
        command.args(["-n", "-F"]);
        command.arg(self.directory.path().join("muttrc"));
        command.arg("-f");
        command.arg(self.directory.path().join("Maildir"));
        command.env("HOME", self.directory.path());
        let pty = Pty::start(command)?;
        let seen = pty.until("neomutt's list", |seen| {
            seen.screen().contains(MARK).then(|| seen.chunks.last().copied()).flatten()
        })?;
        let took = seen.saturating_duration_since(pty.started);
        Ok((pty, took))
    }
}

/// A message with the texts of the ticket of that number.
fn message(n: u64) -> String {
    let ticket = texts::ticket(n);
    let reporter = ticket.reporter.unwrap_or_default();
    let mut text = String::new();
    let (day, hour, minute) = (1 + n / 1440 % 28, n / 60 % 24, n % 60);
    let _ = write!(
        text,
        "From: {} <{}>\nTo: desk@example.com\nSubject: {MARK} {n} {}\nDate: {day} Jan 2026 {hour:02}:{minute:02}:00 +0000\n\
         Message-ID: <{n}@example.com>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{}\n",
        format_args!("user{}", n % 997),
        reporter.email,
        ticket.subject,
        ticket.description,
    );
    text
}
