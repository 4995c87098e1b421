//! A choice by name among many, found by fuzzy matching on what was typed or would be on the other layout. Knows
//! nothing of what is chosen.

use crossterm::event::KeyEvent;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::choose_by;
use super::field::Line;
use crate::keys;

/// The most matches that are kept: nobody looks at more.
const MOST: usize = 200;

/// What was typed, and what of the list matches it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pick {
    pub(crate) line: Line,
    /// The places in the list of what matches, the best first.
    pub(crate) found: Vec<usize>,
    pub(crate) chosen: usize,
}

impl Pick {
    /// The list, or what was typed, is another one.
    pub(crate) fn look<'a>(&mut self, list: impl Iterator<Item = &'a str>) {
        self.found = ranked(self.line.value(), list);
        self.chosen = self.chosen.min(self.found.len().saturating_sub(1));
    }

    /// The place in the list of the one that is marked.
    pub(crate) fn chosen(&self) -> Option<usize> {
        self.found.get(self.chosen).copied()
    }

    /// A key; true where the text changed, and the list is to be looked through again.
    pub(crate) fn key(&mut self, event: &KeyEvent) -> bool {
        if choose_by(event, &mut self.chosen, self.found.len(), false) || !self.line.key(event) {
            return false;
        }
        self.chosen = 0;
        true
    }

    pub(crate) fn paste(&mut self, text: &str) {
        self.line.paste(text);
        self.chosen = 0;
    }
}

/// The places of what matches, the best first; all in their order where nothing was typed.
fn ranked<'a>(typed: &str, list: impl Iterator<Item = &'a str>) -> Vec<usize> {
    if typed.trim().is_empty() {
        return list.take(MOST).enumerate().map(|(at, _)| at).collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let patterns = [typed.to_owned(), keys::swapped(typed)]
        .map(|text| Pattern::parse(&text, CaseMatching::Ignore, Normalization::Smart));
    let mut buffer = Vec::new();
    let mut found: Vec<(u32, usize)> = Vec::new();
    for (at, text) in list.enumerate() {
        let haystack = Utf32Str::new(text, &mut buffer);
        if let Some(score) = patterns.iter().filter_map(|p| p.score(haystack, &mut matcher)).max() {
            found.push((score, at));
        }
    }
    found.sort_by_key(|(score, at)| (std::cmp::Reverse(*score), *at));
    found.into_iter().take(MOST).map(|(_, at)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_its_letters_and_on_the_wrong_layout() {
        let list = ["Ромашка КЦ", "ТелеЛайн", "Вектор+3", "Northern Lights"];
        for (typed, at) in [("рмшк", 0), ("hjvf", 0), ("векто", 2), ("ntkt", 1), ("nrth", 3), ("тщкер", 3)]
        {
            assert_eq!(ranked(typed, list.into_iter()).first(), Some(&at), "{typed}");
        }
        assert_eq!(ranked(" ", list.into_iter()), [0, 1, 2, 3]);
        assert!(ranked("zzz", list.into_iter()).is_empty());
    }
}
