//! Tells a test when the console has nothing more to do: inbox, effects and frame are all empty. Nothing sleeps then.

use std::io::Write as _;
use std::path::Path;

/// Where idle is told. Without a file it is told nowhere.
#[derive(Debug, Default)]
pub(crate) struct Idle {
    file: Option<std::fs::File>,
    count: u64,
}

impl Idle {
    /// Tells it in a file, a counter a line.
    ///
    /// # Errors
    /// When the file can't be made.
    #[expect(clippy::disallowed_methods, reason = "once, before anything is drawn")]
    pub(crate) fn new(path: Option<&Path>) -> std::io::Result<Self> {
        let file = path.map(std::fs::File::create).transpose()?;
        Ok(Self { file, count: 0 })
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
