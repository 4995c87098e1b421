//! How many tests passed and failed, read from what cargo's test runner and nextest print.

use std::ops::AddAssign;

/// The tests of a suite, or of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Passed.
    pub(crate) passed: u64,
    /// Failed, or ended by a signal or a time-out.
    pub(crate) failed: u64,
    /// Marked to be left out. There should be none.
    pub(crate) ignored: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

/// Reads one line of output: the closing line of `cargo test` for a binary, or nextest's summary. Any other: `None`.
pub(crate) fn of_line(line: &str) -> Option<Counts> {
    let line = without_escapes(line);
    if let Some(rest) = line.trim_start().strip_prefix("test result:") {
        return Some(Counts {
            passed: before(rest, "passed").unwrap_or(0),
            failed: before(rest, "failed").unwrap_or(0),
            ignored: before(rest, "ignored").unwrap_or(0),
        });
    }
    let (_, rest) = line.trim_start().strip_prefix("Summary [")?.split_once("run:")?;
    let failed = ["failed", "exec failed", "timed out"].iter().filter_map(|what| before(rest, what)).sum();
    Some(Counts { passed: before(rest, "passed").unwrap_or(0), failed, ignored: 0 })
}

/// The number that stands before `what`: 3 of "1 failed, 3 passed" for `passed`.
fn before(text: &str, what: &str) -> Option<u64> {
    let mut parts = text.split([',', ';', '.', '(', ')']).map(str::trim);
    parts.find_map(|part| part.strip_suffix(what)?.trim_end().parse().ok())
}

/// The line without the terminal's colour sequences.
fn without_escapes(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut inside = false;
    for character in line.chars() {
        match character {
            '\u{1b}' => inside = true,
            'm' if inside => inside = false,
            _ if inside => {}
            _ => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{Counts, of_line};

    #[test]
    fn the_closing_line_of_cargo_test_is_read() {
        let line = "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(of_line(line), Some(Counts { passed: 12, failed: 2, ignored: 1 }));
    }

    #[test]
    fn the_summary_of_nextest_is_read_with_colours() {
        let line = "\u{1b}[32;1m     Summary\u{1b}[0m [   0.019s] \u{1b}[1m5\u{1b}[0m tests run: \u{1b}[1m4\u{1b}[0m passed, 1 failed, 7 skipped";
        assert_eq!(of_line(line), Some(Counts { passed: 4, failed: 1, ignored: 0 }));
    }

    #[test]
    fn what_nextest_calls_slow_or_timed_out_is_told_apart() {
        let line = "     Summary [  61.000s] 9/12 tests run: 6 passed (1 slow), 1 failed, 2 timed out, 0 skipped";
        assert_eq!(of_line(line), Some(Counts { passed: 6, failed: 3, ignored: 0 }));
    }

    #[test]
    fn other_lines_say_nothing() {
        assert_eq!(of_line("test suites::a_name ... ok"), None);
        assert_eq!(of_line("Summary of the day"), None);
    }
}
