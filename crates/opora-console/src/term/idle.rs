//! Tells a test when the console has nothing more to do: inbox, effects and frame are all empty. Nothing sleeps then.
//! And what the console told the person, so that a message which nobody expected does not go unseen.

use std::io::Write as _;
use std::path::Path;

/// Where idle is told. Without a file it is told nowhere.
#[derive(Debug, Default)]
pub(crate) struct Idle {
    file: Option<std::fs::File>,
    count: u64,
    /// How many messages were told.
    toasted: u64,
}

impl Idle {
    /// Tells it in a file, a counter a line.
    ///
    /// # Errors
    /// When the file can't be made.
    #[expect(clippy::disallowed_methods, reason = "once, before anything is drawn")]
    pub(crate) fn new(path: Option<&Path>) -> std::io::Result<Self> {
        let file = path.map(std::fs::File::create).transpose()?;
        Ok(Self { file, count: 0, toasted: 0 })
    }

    /// The newest messages, a line each: `toast: TEXT`; `toasted` counts all that there were.
    pub(crate) fn toasts<'a>(&mut self, toasted: u64, newest_first: impl Iterator<Item = &'a str>) {
        let Some(file) = &mut self.file else { return };
        let fresh = usize::try_from(toasted - self.toasted).unwrap_or(usize::MAX);
        let fresh: Vec<&str> = newest_first.take(fresh).collect();
        self.toasted = toasted;
        for text in fresh.into_iter().rev() {
            let _ = writeln!(file, "toast: {}", text.replace('\n', " "));
        }
    }

    /// There is nothing more to do.
    pub(crate) fn tell(&mut self) {
        if let Some(file) = &mut self.file {
            self.count += 1;
            // A test that went away is no reason to end.
            let _ = writeln!(file, "{}", self.count);
        }
    }
}
