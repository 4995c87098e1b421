//! How long files of Rust may be: one sitting, about 400 lines. A longer one says why in its first lines.

use std::fs;
use std::path::PathBuf;

use crate::cargo;

/// The most lines that need no reason.
const LIMIT: usize = 400;
/// The lines in which the reason has to stand.
const HEAD: usize = 12;
/// How the reason is marked.
const MARK: &str = "Longer than 400 lines:";

/// The files that are too long without a reason; one sentence each.
pub(crate) fn faults(files: &[PathBuf]) -> Result<Vec<String>, String> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs")) {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        faults.extend(fault(&text).map(|fault| format!("{}: {fault}", cargo::name_of(file))));
    }
    Ok(faults)
}

fn fault(text: &str) -> Option<String> {
    let lines = text.lines().count();
    let reasoned = text.lines().take(HEAD).any(|line| line.contains(MARK));
    (lines > LIMIT && !reasoned)
        .then(|| format!("{lines} lines; over {LIMIT} the first {HEAD} must give a reason after `{MARK}`"))
}

#[cfg(test)]
mod tests {
    use super::{LIMIT, MARK, fault, faults};

    #[test]
    fn no_file_of_this_tree_is_too_long_without_a_reason() {
        let found = faults(&crate::cargo::tracked_files().unwrap()).unwrap();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    #[test]
    fn four_hundred_lines_are_well_and_one_more_is_not() {
        assert_eq!(fault(&"x\n".repeat(LIMIT)), None);
        assert!(fault(&"x\n".repeat(LIMIT + 1)).is_some());
    }

    #[test]
    fn a_reason_in_the_first_lines_excuses_length() {
        let text = format!("//! Tables.\n//! {MARK} one table.\n{}", "x\n".repeat(LIMIT));
        assert_eq!(fault(&text), None);
    }
}
