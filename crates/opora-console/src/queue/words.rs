//! The texts of a row in one piece of memory: the subject as the filter compares it, what of it was written otherwise,
//! the etag. Knows no ticket.

use std::fmt;

use crate::text;

/// What stands before a subject that is kept as a whole. No place is written so: they begin at 1.
const WHOLE: char = '\0';
/// The first place that can't be written as one character.
const FAR: u32 = 0xD800;

/// The subject and the etag of a row.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Words {
    /// The folded subject; its differences from the subject; the etag.
    text: Box<str>,
    /// Where the differences begin.
    differences: u32,
    /// Where the etag begins.
    etag: u32,
}

impl Words {
    /// Of a subject that was cleaned.
    pub(crate) fn new(subject: &str, etag: &str) -> Self {
        let folded = text::fold(subject);
        let mut text = String::with_capacity(folded.len() + etag.len() + 8);
        text.push_str(&folded);
        let differences = text.len() as u32;
        differ(&folded, subject, &mut text);
        let after = text.len() as u32;
        text.push_str(etag);
        // A copy, not the string itself: that would keep what it has reserved.
        Self { text: Box::from(text.as_str()), differences, etag: after }
    }

    /// As the filter compares it.
    pub(crate) fn folded(&self) -> &str {
        self.text.get(..self.differences as usize).unwrap_or_default()
    }

    /// Reads of the text where it begins and where the folded part ends: so it is near when it is compared.
    pub(crate) fn fetch(&self) -> u8 {
        let bytes = self.text.as_bytes();
        let first = bytes.first().copied().unwrap_or_default();
        first ^ bytes.get(self.differences as usize).copied().unwrap_or_default()
    }

    pub(crate) fn etag(&self) -> &str {
        self.text.get(self.etag as usize..).unwrap_or_default()
    }

    /// As it was written.
    pub(crate) fn subject(&self) -> String {
        let differences = self.text.get(self.differences as usize..self.etag as usize).unwrap_or_default();
        if let Some(whole) = differences.strip_prefix(WHOLE) {
            return whole.to_owned();
        }
        let mut pairs = differences.chars();
        let mut next = pairs.next().zip(pairs.next());
        let mut subject = String::with_capacity(self.differences as usize + 8);
        for (place, c) in (1_u32..).zip(self.folded().chars()) {
            match next {
                Some((at, written)) if u32::from(at) == place => {
                    subject.push(written);
                    next = pairs.next().zip(pairs.next());
                }
                _ => subject.push(c),
            }
        }
        subject
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Words").field(&self.subject()).field(&self.etag()).finish()
    }
}

/// Appends the characters in which a subject differs from its folded form, each after its place; the whole subject
/// where folding changed how many there are.
fn differ(folded: &str, subject: &str, out: &mut String) {
    let begin = out.len();
    let mut written = subject.chars();
    for (place, c) in (1_u32..).zip(folded.chars()) {
        match (written.next(), char::from_u32(place)) {
            (Some(same), _) if same == c => {}
            (Some(other), Some(at)) if place < FAR => out.extend([at, other]),
            _ => {
                out.truncate(begin);
                out.push(WHOLE);
                out.push_str(subject);
                return;
            }
        }
    }
    if written.next().is_some() {
        out.truncate(begin);
        out.push(WHOLE);
        out.push_str(subject);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_subject_without_capitals_is_kept_once() {
        let words = Words::new("нет звука", "e1");
        assert_eq!(words.text.len(), "нет звука".len() + 2);
        assert_eq!((words.folded(), words.subject().as_str(), words.etag()), ("нет звука", "нет звука", "e1"));
    }

    #[test]
    fn capitals_are_kept_beside_it() {
        let words = Words::new("Нет ЗВУКА, ёлки", "");
        assert_eq!((words.folded(), words.subject().as_str()), ("нет звука, елки", "Нет ЗВУКА, ёлки"));
        let long = "Ё".repeat(FAR as usize + 1);
        assert_eq!(Words::new(&long, "e").subject(), long);
    }

    proptest! {
        #[test]
        fn what_went_in_comes_out(subject in "[а-яА-ЯёЁa-zA-Zİßǅ \\PC]{0,40}", etag in "\\PC{0,12}") {
            let words = Words::new(&subject, &etag);
            prop_assert_eq!(words.subject(), subject.clone());
            prop_assert_eq!(words.folded(), text::fold(&subject));
            prop_assert_eq!(words.etag(), etag);
        }
    }
}
