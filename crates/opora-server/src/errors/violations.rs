//! What is wrong with a request, by field path: collected, never the first alone.

use super::{Outcome, Problem};

/// The most violations that are kept; the rest are counted.
const KEPT: usize = 20;
/// The most characters of what is said about one field, so that all details stay under 4 KiB.
const DETAIL: usize = 70;
/// The most characters of a path.
const PATH: usize = 60;

/// What is wrong with a request.
#[derive(Debug, Default)]
pub(crate) struct Violations {
    kept: Vec<(String, String)>,
    count: usize,
}

impl Violations {
    /// One more.
    pub(crate) fn add(&mut self, field: impl AsRef<str>, detail: impl AsRef<str>) {
        self.count += 1;
        if self.kept.len() < KEPT {
            let cut = |text: &str, max| text.chars().take(max).collect();
            self.kept.push((cut(field.as_ref(), PATH), cut(detail.as_ref(), DETAIL)));
        }
    }

    /// Nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The first 20, and how many there are.
    pub(crate) fn into_parts(self) -> (Vec<(String, String)>, usize) {
        (self.kept, self.count)
    }

    /// The value, if nothing is wrong.
    pub(crate) fn finish<T>(self, value: T) -> Outcome<T> {
        if self.is_empty() { Ok(value) } else { Err(Problem::fields(self)) }
    }

    /// The value, if there is one and nothing is wrong. A value is absent only where a violation was added.
    pub(crate) fn require<T>(self, value: Option<T>) -> Outcome<T> {
        match value {
            Some(value) if self.is_empty() => Ok(value),
            _ => Err(Problem::fields(self)),
        }
    }
}
