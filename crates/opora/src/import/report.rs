//! What came of an import: counts, and what was refused, with line numbers.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use opora_proto::save::{self, Existing, SaveError, Saving};
use serde_json::json;

use super::fault::Fault;
use super::read::system_error;
use crate::command::attach::unsaved;
use crate::failure::Failure;
use crate::output::Out;
use crate::text::Text;

/// What came of an import.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    created: u64,
    changed: u64,
    skipped: u64,
    refused: Vec<Line>,
    notes: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    number: u64,
    id: String,
    why: Fault,
}

impl Report {
    /// A row that was not taken.
    pub(crate) fn refuse(&mut self, line: u64, id: &str, why: Fault) {
        self.refused.push(Line { number: line, id: id.to_owned(), why });
    }

    /// A row that was played otherwise than it stands.
    pub(crate) fn note(&mut self, line: u64, id: &str, why: Fault) {
        self.notes.push(Line { number: line, id: id.to_owned(), why });
    }

    /// A ticket that was created now, or was there.
    pub(crate) fn ticket(&mut self, new: bool) {
        if new { self.created += 1 } else { self.skipped += 1 }
    }

    /// A change that was made now.
    pub(crate) fn change(&mut self, new: bool) {
        self.changed += u64::from(new);
    }

    /// What came of one more ticket.
    pub(crate) fn add(&mut self, other: Self) {
        self.created += other.created;
        self.changed += other.changed;
        self.skipped += other.skipped;
        self.refused.extend(other.refused);
        self.notes.extend(other.notes);
    }

    /// How many rows were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.len() as u64
    }

    #[cfg(test)]
    pub(crate) fn notes(&self) -> usize {
        self.notes.len()
    }

    #[cfg(test)]
    pub(crate) fn refused_lines(&self) -> Vec<u64> {
        let mut lines: Vec<u64> = self.refused.iter().map(|one| one.number).collect();
        lines.sort_unstable();
        lines
    }

    #[cfg(test)]
    pub(crate) fn reasons(&self, text: &Text) -> Vec<String> {
        let mut refused: Vec<&Line> = self.refused.iter().collect();
        refused.sort_by_key(|one| one.number);
        refused.iter().map(|one| one.why.told(text)).collect()
    }

    /// Writes the refused rows into a file, if there are any; gives where they are. A file that is there already stays:
    /// the rows go into one with a number, unless one of these says the very same.
    pub(crate) fn write_rejects(&mut self, text: &Text, wanted: &Path) -> Result<Option<PathBuf>, Failure> {
        self.refused.sort_by_key(|one| one.number);
        self.notes.sort_by_key(|one| one.number);
        if self.refused.is_empty() {
            return Ok(None);
        }
        let shown = || wanted.display().to_string();
        let failed = |error: csv::Error| Failure::io(shown(), system_error(error));
        let unsaved = |error: SaveError| unsaved(text, &shown(), error);
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["line", "id", "reason"]).map_err(failed)?;
        for one in &self.refused {
            writer.write_record([&one.number.to_string(), &one.id, &one.why.told(text)]).map_err(failed)?;
        }
        let rows = writer.into_inner().map_err(|error| Failure::io(shown(), error.into_error()))?;
        let name = wanted.file_name().unwrap_or_default().to_string_lossy();
        let places = save::places(wanted.parent().unwrap_or(Path::new("")), &name);
        for path in std::iter::once(wanted.to_owned()).chain(places.skip(1)) {
            match Saving::begin(&path, Existing::Keep) {
                Err(SaveError::Taken) if says(&path, &rows) => return Ok(Some(path)),
                Err(SaveError::Taken) => {}
                begun => {
                    let mut saving = begun.map_err(unsaved)?;
                    saving.write_all(&rows).map_err(|cause| Failure::io(shown(), cause))?;
                    saving.finish().map_err(unsaved)?;
                    return Ok(Some(path));
                }
            }
        }
        Err(unsaved(SaveError::Taken))
    }

    /// Tells what came of it.
    pub(crate) fn tell(&self, out: &Out, rejects: Option<&Path>) -> Result<(), Failure> {
        let lines = |list: &[Line]| -> Vec<_> {
            list.iter()
                .map(|one| json!({"line": one.number, "id": one.id, "reason": one.why.told(&out.text)}))
                .collect()
        };
        if !out.is_table() {
            let value = json!({
                "created": self.created, "changed": self.changed, "skipped": self.skipped,
                "refused": lines(&self.refused), "notes": lines(&self.notes),
                "rejects": rejects.map(|path| path.display().to_string()),
            });
            return out.raw(&format!("{value}\n"));
        }
        out.say("import-created", &[("count", self.created.into())])?;
        out.say("import-changed", &[("count", self.changed.into())])?;
        out.say("import-skipped", &[("count", self.skipped.into())])?;
        Self::tell_lines(out, "import-notes", &self.notes)?;
        Self::tell_lines(out, "import-refused", &self.refused)?;
        let Some(rejects) = rejects else { return Ok(()) };
        out.say("import-rejects", &[("file", rejects.display().to_string().into())])
    }

    /// A count and the first lines of it.
    fn tell_lines(out: &Out, key: &str, list: &[Line]) -> Result<(), Failure> {
        if list.is_empty() {
            return Ok(());
        }
        out.say(key, &[("count", (list.len() as u64).into())])?;
        for one in list.iter().take(10) {
            let arguments = [("line", one.number.to_string().into()), ("reason", one.why.told(&out.text).into())];
            out.line(&format!("  {}", out.text.with("import-line", &arguments)))?;
        }
        Ok(())
    }
}

/// Whether a file is there that says the same.
fn says(path: &Path, content: &[u8]) -> bool {
    let is_alike = std::fs::metadata(path).is_ok_and(|there| there.len() == content.len() as u64);
    is_alike && std::fs::read(path).is_ok_and(|there| there == content)
}
