//! The parts that requests are made of, each read into a type or told to be wrong.

use std::fmt::Display;
use std::sync::Arc;

use opora_core::model::IdError;
use opora_core::time::Timestamp;

use super::time::instant;
use super::word::Word;
use crate::errors::Violations;

/// The most bytes of a description or a comment.
pub(super) const TEXT_BYTES: usize = 256 * 1024;
/// The most characters of a reason.
pub(super) const REASON: usize = 2_000;
/// The most characters of an address.
pub(super) const EMAIL: usize = 254;

impl Violations {
    /// Text on one line of `min` to `max` characters. A blank one is as good as none.
    pub(super) fn line(&mut self, field: impl Display, text: &str, min: usize, max: usize) -> Arc<str> {
        if let Err(detail) = check_line(text, min, max) {
            self.add(field.to_string(), detail);
        }
        text.into()
    }

    /// Text on one line of at most `max` characters; `None`: empty.
    pub(super) fn some_line(&mut self, field: impl Display, text: &str, max: usize) -> Option<Arc<str>> {
        if text.is_empty() { None } else { Some(self.line(field, text, 1, max)) }
    }

    /// Text on many lines of at most 256 KiB; NUL has no place in a text.
    pub(super) fn text(&mut self, field: impl Display, text: &str, min: usize) -> Arc<str> {
        if text.len() > TEXT_BYTES {
            self.add(field.to_string(), "is longer than 256 KiB");
            return Arc::from("");
        }
        if min > 0 && text.trim().is_empty() {
            self.add(field.to_string(), "is needed");
        } else if text.as_bytes().contains(&0) {
            self.add(field.to_string(), "has a NUL character");
        }
        text.into()
    }

    /// A reason of at most 2,000 characters, on as many lines as it takes.
    pub(super) fn reason(&mut self, field: impl Display, text: &str, needed: bool) -> Arc<str> {
        if needed && text.trim().is_empty() {
            self.add(field.to_string(), "is needed: 1 to 2,000 characters");
        } else if longer(text, REASON) {
            self.add(field.to_string(), "is longer than 2,000 characters");
            return Arc::from("");
        } else if text.as_bytes().contains(&0) {
            self.add(field.to_string(), "has a NUL character");
        }
        text.into()
    }

    /// A word; `None`: not given, or wrong.
    pub(super) fn word<T: Word>(&mut self, field: impl Display, number: i32) -> Option<T> {
        let word = T::of(number);
        if word.is_none() && number != 0 {
            self.add(field.to_string(), format!("{number} is not a value of this field"));
        }
        word
    }

    /// A word that has to be given.
    pub(super) fn needed_word<T: Word>(&mut self, field: impl Display, number: i32) -> Option<T> {
        if number == 0 {
            self.add(field.to_string(), "a value is needed");
            return None;
        }
        self.word(field, number)
    }

    /// An instant that a caller tells, in the years 2000 to 2099; `None`: not given, or wrong.
    pub(super) fn time(&mut self, field: impl Display, at: Option<prost_types::Timestamp>) -> Option<Timestamp> {
        let read = instant(at?).filter(|at| at.can_be_told());
        if read.is_none() {
            self.add(field.to_string(), "is not an instant of the years 2000 to 2099 (UTC)");
        }
        read
    }

    /// A name such as `agents/olga`; `None`: empty, or wrong.
    pub(super) fn name<T>(
        &mut self,
        field: impl Display,
        text: &str,
        parse: fn(&str) -> Result<T, IdError>,
    ) -> Option<T> {
        if text.is_empty() { None } else { self.needed_name(field, text, parse) }
    }

    /// A name that has to be given.
    pub(super) fn needed_name<T>(
        &mut self,
        field: impl Display,
        text: &str,
        parse: fn(&str) -> Result<T, IdError>,
    ) -> Option<T> {
        match parse(text) {
            Ok(id) => Some(id),
            Err(error) => {
                self.add(field.to_string(), error.to_string());
                None
            }
        }
    }

    /// An address. Only its form is looked at: something, one `@`, something, no white space.
    pub(super) fn email(&mut self, field: impl Display, text: &str, needed: bool) -> Arc<str> {
        if (needed || !text.is_empty()) && !is_email(text) {
            self.add(field.to_string(), "is not an e-mail address of at most 254 characters");
        }
        text.into()
    }
}

/// Whether a text has the form of an address.
pub(crate) fn is_email(text: &str) -> bool {
    let ends = text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    ends && !longer(text, EMAIL) && !text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>,;\"".contains(c))
}

/// Whether a text has more than `max` characters; most are told by their bytes.
fn longer(text: &str, max: usize) -> bool {
    text.len() > max && text.chars().nth(max).is_some()
}

fn check_line(text: &str, min: usize, max: usize) -> Result<(), String> {
    if min > 0 && text.trim().is_empty() {
        return Err(format!("is needed: {min} to {max} characters"));
    }
    if longer(text, max) {
        return Err(format!("is longer than {max} characters"));
    }
    // Line and paragraph separators break a line as a control character does.
    if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err("has a control character or a line break".to_owned());
    }
    Ok(())
}
