//! The words of a text: as they are compared, and what is left of them when their endings are taken away.
//!
//! A desk's texts have few different words: a stem that was found is remembered. What it is decides the stemmer alone.

use std::sync::Arc;

use opora_store::Activity;
use quick_cache::sync::Cache;
use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TextAnalyzer, Token, TokenStream, Tokenizer};
use unicode_normalization::char::is_combining_mark;

/// The longest word that is searched, in bytes, and one more.
const TOO_LONG: usize = 100;
/// How many words are remembered with their stems.
const STEMS: usize = 16 * 1024;

/// As everything is compared. Signs that folding would make letters of (`№5`, `Opora™`) part words, as signs do.
pub(super) fn fold(text: &str) -> String {
    if text.contains(is_sign) {
        return opora_core::fold::text(&text.replace(is_sign, " "));
    }
    opora_core::fold::text(text)
}

/// Whether a character is neither of a word nor on one; asked of the frequent ones first.
fn is_sign(letter: char) -> bool {
    match letter {
        'А'..='я' | 'Ё' | 'ё' | '«' | '»' | '–' | '—' => false,
        _ if letter.is_ascii() => false,
        _ => !letter.is_alphanumeric() && !is_combining_mark(letter),
    }
}

/// Whether a letter or digit is one; asked of the frequent ones first.
fn is_of_word(letter: char) -> bool {
    match letter {
        'а'..='я' => true,
        _ if letter.is_ascii() => letter.is_ascii_alphanumeric(),
        _ => letter.is_alphanumeric(),
    }
}

/// Takes texts that were folded apart into stems of words.
#[derive(Clone)]
pub(super) struct Words {
    token: Token,
    stems: Arc<Cache<Box<str>, Arc<str>>>,
    stemmer: TextAnalyzer,
    /// What each text gives way to.
    activity: Option<Arc<Activity>>,
}

impl Words {
    /// Words that give way to `activity` before each text.
    pub(super) fn new(activity: Arc<Activity>) -> Self {
        // Each stemmer leaves the words of the other's alphabet alone.
        let stemmer = TextAnalyzer::builder(RawTokenizer::default())
            .filter(Stemmer::new(Language::Russian))
            .filter(Stemmer::new(Language::English))
            .build();
        Self { token: Token::default(), stems: Arc::new(Cache::new(STEMS)), stemmer, activity: Some(activity) }
    }

    /// The same, for a text that somebody waits for.
    pub(super) fn at_once(&self) -> Self {
        Self { activity: None, ..self.clone() }
    }
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        if let Some(activity) = &self.activity {
            activity.give_way();
        }
        self.token.reset();
        WordStream { text, at: 0, words: self }
    }
}

/// The words of one text.
pub(super) struct WordStream<'a> {
    text: &'a str,
    at: usize,
    words: &'a mut Words,
}

impl<'a> WordStream<'a> {
    /// The next word, not stemmed, and where it begins.
    fn next_word(&mut self) -> Option<(usize, &'a str)> {
        let rest = self.text.get(self.at..)?;
        let begin = self.at + rest.find(is_of_word)?;
        let word = self.text.get(begin..)?;
        let word = word.get(..word.find(|letter| !is_of_word(letter)).unwrap_or(word.len()))?;
        self.at = begin + word.len();
        Some((begin, word))
    }
}

impl Words {
    fn stem(&mut self, word: &str) {
        if let Some(stem) = self.stems.get(word) {
            self.token.text.push_str(&stem);
            return;
        }
        let mut stream = self.stemmer.token_stream(word);
        if let Some(stem) = stream.next() {
            self.token.text.push_str(&stem.text);
            self.stems.insert(word.into(), stem.text.as_str().into());
        }
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        while let Some((begin, word)) = self.next_word() {
            let token = &mut self.words.token;
            token.position = token.position.wrapping_add(1);
            if word.len() >= TOO_LONG {
                continue;
            }
            (token.offset_from, token.offset_to) = (begin, begin + word.len());
            token.text.clear();
            self.words.stem(word);
            return true;
        }
        false
    }

    fn token(&self) -> &Token {
        &self.words.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.words.token
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tantivy::tokenizer::{RemoveLongFilter, SimpleTokenizer};

    use super::*;

    /// What the library makes of a folded text by itself.
    fn plainly(text: &str) -> Vec<Token> {
        let mut analyser = TextAnalyzer::builder(SimpleTokenizer::default())
            .filter(RemoveLongFilter::limit(TOO_LONG))
            .filter(Stemmer::new(Language::Russian))
            .filter(Stemmer::new(Language::English))
            .build();
        tokens(&mut analyser, text)
    }

    fn tokens(analyser: &mut TextAnalyzer, text: &str) -> Vec<Token> {
        let (mut stream, mut tokens) = (analyser.token_stream(text), Vec::new());
        while let Some(token) = stream.next() {
            tokens.push(token.clone());
        }
        tokens
    }

    fn assert_same(text: &str) {
        let folded = fold(text);
        let mut analyser = TextAnalyzer::builder(Words::new(Arc::default())).build();
        // Once found, once remembered.
        for _ in 0..2 {
            assert_eq!(tokens(&mut analyser, &folded), plainly(&folded), "{text:?}");
        }
    }

    #[test]
    fn words_are_what_the_library_makes_of_them() {
        for text in [
            "",
            " .,",
            "Нет звука у ОПЕРАТОРОВ, ёлки: Ещё ЁЖ",
            "No sound: calls are dropping, browsers' connections timed-out (x86_64)",
            "ΟΔΟΣ ὈΔΥΣΣΕΎΣ Straße İstanbul ǅ ﬁ ß",
            "№5 «звонки» — 100% 😀 a\u{301} ы́ 東京 ٣٤",
        ] {
            assert_same(text);
        }
    }

    #[test]
    fn a_word_is_searched_up_to_its_longest_and_not_beyond() {
        for length in [TOO_LONG - 2, TOO_LONG - 1, TOO_LONG, TOO_LONG + 1] {
            assert_same(&format!("до {} после", "x".repeat(length)));
            assert_same(&format!("до {} после", "щ".repeat(length / 2)));
        }
    }

    #[test]
    fn a_text_is_folded_as_everything_is_but_signs_part_its_words() {
        for text in ["Нет ЗВУКА, ёлки", "«АРМ-14» — Straße", "е\u{308}лка ＡＣＭＥ"] {
            assert_eq!(fold(text), opora_core::fold::text(text));
        }
        assert_eq!(fold("№5 Opora™ 20℃"), " 5 opora  20 ");
        for letter in '\0'..=char::MAX {
            assert_eq!(is_of_word(letter), letter.is_alphanumeric(), "{letter:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_the_words_that_the_library_finds(text in "([а-яА-ЯёЁ]{1,9}|[a-zA-Z]{1,9}|\\PC{1,5}|[ .,-]){0,30}") {
            assert_same(&text);
        }
    }
}
