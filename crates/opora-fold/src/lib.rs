//! How names and texts from outside are compared. They are kept as they were written; two are the same if they fold to
//! the same: by NFKC, by Unicode's case folding, and with ё as е, as Russian is written either way.
//!
//! The one place that knows it: filters, tags, the search, the import, the command line and the console fold with this.

use unicase::UniCase;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

/// The two dots over ё, where it is written as two characters.
const DIAERESIS: char = '\u{308}';
/// How often a text is folded at most until it stays as it is. Two rounds are enough for every text that is known.
const ROUNDS: usize = 4;

/// A text as it is compared. Folding what was folded changes nothing.
pub fn text(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        match plain(c) {
            Some(c) => folded.push(c),
            None => return whole(text),
        }
    }
    folded
}

/// A name as it is compared: as a text is, and whatever space stands around and between its words.
pub fn name(name: &str) -> String {
    let folded = text(name);
    if is_spaced(&folded) {
        return folded;
    }
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a name is the one that `folded`, which is folded already, stands for. Folds nothing for most names.
pub fn is_name(name: &str, folded: &str) -> bool {
    let mut wanted = folded.chars();
    let mut same = true;
    for c in name.chars() {
        match plain(c) {
            Some(c) if !c.is_whitespace() => same = same && wanted.next() == Some(c),
            // Spaces may have to be taken together; a sign may change what stands before it.
            _ => return self::name(name) == folded,
        }
    }
    same && wanted.next().is_none()
}

/// Whether two names are one.
pub fn same_name(one: &str, other: &str) -> bool {
    one == other || is_name(one, &name(other))
}

/// The names of some that are different, each as it was first written, in their order.
pub fn distinct<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = std::collections::HashSet::new();
    names.into_iter().filter(|one| seen.insert(name(one.as_ref()))).collect()
}

/// What a character folds to that has nothing to do with its neighbours; `None`: that takes more than a look.
const fn plain(c: char) -> Option<char> {
    match c {
        'ё' | 'Ё' => Some('е'),
        'а'..='я' | '«' | '»' | '–' | '—' => Some(c),
        // As far from it as `а` from `А`.
        'А'..='Я' => char::from_u32(c as u32 + ('а' as u32 - 'А' as u32)),
        _ if c.is_ascii() => Some(c.to_ascii_lowercase()),
        _ => None,
    }
}

/// Whether words are parted by one blank each, and nothing stands around them.
fn is_spaced(text: &str) -> bool {
    let mut before = ' ';
    for c in text.chars() {
        if c.is_whitespace() && (c != ' ' || before == ' ') {
            return false;
        }
        before = c;
    }
    before != ' ' || text.is_empty()
}

/// The whole of Unicode's rules.
fn whole(text: &str) -> String {
    let mut folded = once(text);
    for _ in 1..ROUNDS {
        let again = once(&folded);
        if again == folded {
            break;
        }
        folded = again;
    }
    folded
}

fn once(text: &str) -> String {
    let apart: String = text.nfkd().collect();
    let cased = UniCase::unicode(apart).to_folded_case();
    // The signs on a letter follow it up to the next one: a ё may have more of them than its two dots.
    let mut is_ye = false;
    let signs = cased.nfkd().filter(move |&c| {
        if canonical_combining_class(c) == 0 {
            is_ye = c == 'е';
        }
        !(is_ye && c == DIAERESIS)
    });
    signs.nfkc().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_name_fold_to_the_same() {
        for [one, other] in [
            ["VIP", "vip"],
            ["Семёнов Пётр", "СЕМЕНОВ  ПЕТР"],
            ["Семе\u{308}нов", "Семёнов"],
            ["СЕМЕ\u{308}НОВ", "семенов"],
            ["АРМ-14", "арм-14"],
            ["ＡＣＭＥ", "acme"],
            ["ﬁlm", "FILM"],
            ["Straße", "STRASSE"],
            ["ΟΔΟΣ", "οδος"],
            ["ООО\u{a0}«Ромашка»", "ооо «ромашка» "],
            ["й", "и\u{306}"],
            ["№ 5", "no 5"],
        ] {
            assert!(same_name(one, other) && same_name(other, one), "{one} {other}: {:?} {:?}", name(one), name(other));
        }
    }

    #[test]
    fn different_names_stay_different() {
        for [one, other] in [
            ["vip", "vip2"],
            ["vip2", "vip"],
            ["е", "э"],
            ["и", "й"],
            ["АРМ-14", "АРМ 14"],
            ["", "a"],
            ["a", ""],
            ["a b", "ab"],
        ] {
            assert!(!same_name(one, other), "{one} {other}");
        }
        assert_ne!(text("a  b"), text("a b"), "the spaces of a text are its own");
        assert_eq!(text("ЁЛКА  №1"), "елка  no1");
    }

    #[test]
    fn of_equal_names_the_first_is_kept_as_it_was_written() {
        assert_eq!(distinct(["VIP", "sip", "vip", "Ёлка", "елка"]), ["VIP", "sip", "Ёлка"]);
    }

    fn written() -> impl Strategy<Value = String> {
        "([а-яА-ЯёЁ«»—]{0,6}|[a-zA-Z0-9]{0,6}|[еЕёЁиИ]\u{323}?[\u{308}\u{306}\u{301}]{0,3}|\\PC{0,5}|[ \u{a0}\t]{0,2}){0,8}"
    }

    proptest! {
        #[test]
        fn folding_what_was_folded_changes_nothing(written in written()) {
            prop_assert_eq!(text(&text(&written)), text(&written));
            prop_assert_eq!(name(&name(&written)), name(&written));
        }

        #[test]
        fn case_and_form_and_ye_make_no_difference(written in written()) {
            let folded = name(&written);
            for other in [
                written.nfc().collect::<String>(),
                written.nfd().collect(),
                written.nfkc().collect(),
                written.nfkd().collect(),
                written.to_lowercase(),
                written.nfc().collect::<String>().replace('ё', "е").replace('Ё', "Е"),
                // Unicode folds decomposed texts: the iota below a Greek letter stands after all other signs then.
                UniCase::unicode(written.nfd().collect::<String>()).to_folded_case(),
                format!(" {written}\u{a0}"),
            ] {
                prop_assert_eq!(&name(&other), &folded, "{:?}", other);
            }
        }

        #[test]
        fn the_short_way_is_the_long_way(written in "([а-яА-ЯёЁ«»–—]{0,6}|[ -~]{0,6}){0,6}", other in written()) {
            prop_assert_eq!(text(&written), whole(&written));
            for one in [&written, &other] {
                prop_assert!(is_name(one, &name(one)));
                prop_assert_eq!(is_name(one, &name(&written)), name(one) == name(&written));
                prop_assert_eq!(is_name(&written, &name(one)), name(one) == name(&written));
            }
        }
    }
}
