//! The queue's own filter: substrings joined by AND, `field:value`, `!` before either. Judges rows that are here;
//! the server's filter language is another thing.

use std::io::{Cursor, Write as _};

use memchr::memmem::{self, Finder};
use opora_proto::v1;
use rustc_hash::FxHashMap;

use super::name::Name;
use super::row::Row;
use crate::keys;
use crate::text::fold;

/// A filter that was typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    text: String,
    terms: Vec<Term>,
    me: String,
}

#[derive(Clone, Debug)]
struct Term {
    not: bool,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    /// A substring, as typed and as it would be on the other layout.
    Text(Box<[Needle; 2]>),
    /// A field's value, as typed and as it would be on the other layout.
    Field(Field, [String; 2]),
}

/// A part of a text.
#[derive(Clone, Debug)]
struct Needle {
    finder: Finder<'static>,
    /// It may be a part of `#1042`.
    of_number: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Priority,
    State,
    Owner,
    Customer,
    Number,
}

impl Filter {
    /// Reads what was typed; everything is a filter. `me` is the id that `owner:me` means.
    pub(crate) fn parse(text: &str, me: &str) -> Self {
        let terms = text.split_whitespace().filter_map(term).collect();
        Self { text: text.trim().to_owned(), terms, me: me.to_owned() }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether it was typed alike for the same person.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.text == other.text && self.me == other.me
    }

    pub(crate) fn matches(&self, row: &Row) -> bool {
        self.terms.iter().all(|term| term.not != self.test(&term.test, row, |test, name| test(name)))
    }

    /// As [`Filter::matches`], for many rows.
    pub(crate) fn judge(&self, row: &Row, seen: &mut Seen) -> bool {
        self.terms
            .iter()
            .enumerate()
            .all(|(at, term)| term.not != self.test(&term.test, row, |test, name| seen.or(at, name, || test(name))))
    }

    /// Whether all that matches this matches the other too.
    pub(crate) fn narrows(&self, other: &Self) -> bool {
        let implied = |old: &Term| self.terms.iter().any(|new| new.implies(old));
        self.me == other.me && other.terms.iter().all(implied)
    }

    /// Whether a row passes; `of_name` says what a test says of a name.
    fn test(&self, test: &Test, row: &Row, of_name: impl FnOnce(&dyn Fn(&Name) -> bool, &Name) -> bool) -> bool {
        match test {
            // No term has a space in it, so none can begin in one text and end in the next.
            Test::Text(needles) => {
                let in_name = |name: &Name| needles.iter().any(|needle| needle.is_in(name.folded()));
                of_name(&in_name, &row.customer)
                    || needles.iter().any(|needle| needle.is_in(row.folded()) || needle.is_in_number(row.number))
            }
            Test::Field(field, values) => values.iter().any(|value| self.field(*field, value, row)),
        }
    }

    fn field(&self, field: Field, value: &str, row: &Row) -> bool {
        match field {
            Field::Priority => priority_words(row.priority).iter().any(|w| w.starts_with(value)),
            Field::State => state_words(row.state).iter().any(|w| w.starts_with(value)),
            Field::Owner if matches!(value, "me" | "я") => *row.owner == *self.me,
            Field::Owner if matches!(value, "" | "-" | "nobody" | "никто") => row.owner.is_empty(),
            Field::Owner => row.owner.folded().contains(value),
            Field::Customer => row.customer.folded().contains(value),
            Field::Number => row.number.to_string() == value.trim_start_matches('#'),
        }
    }
}

impl Term {
    /// Whether all that passes this passes the other too.
    fn implies(&self, other: &Self) -> bool {
        match (self.not, other.not) {
            (false, false) => self.test.implies(&other.test),
            (true, true) => other.test.implies(&self.test),
            _ => false,
        }
    }
}

impl Test {
    /// Whether all that passes this passes the other too. Says no where it can't tell.
    fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(new), Self::Text(old)) => {
                let within =
                    |(new, old): (&Needle, &Needle)| memmem::find(new.finder.needle(), old.finder.needle()).is_some();
                new.iter().zip(old.iter()).all(within)
            }
            (Self::Field(field, new), Self::Field(other, old)) if field == other => {
                let longer = |(new, old): (&String, &String)| match field {
                    Field::Priority | Field::State => new.starts_with(old.as_str()),
                    Field::Customer => new.contains(old.as_str()),
                    Field::Owner | Field::Number => new == old,
                };
                new.iter().zip(old.iter()).all(longer)
            }
            _ => false,
        }
    }
}

impl Needle {
    fn new(text: &str) -> Self {
        let digits = text.strip_prefix('#').unwrap_or(text);
        Self { finder: Finder::new(text).into_owned(), of_number: digits.bytes().all(|c| c.is_ascii_digit()) }
    }

    fn is_in(&self, text: &str) -> bool {
        self.finder.find(text.as_bytes()).is_some()
    }

    fn is_in_number(&self, number: u64) -> bool {
        if !self.of_number {
            return false;
        }
        // `#` and the twenty digits of the largest number have room.
        let mut text = Cursor::new([0; 21]);
        write!(text, "#{number}").is_ok() && self.finder.find(text.get_ref()).is_some()
    }
}

/// What the terms of one filter said of the names that many rows share.
#[derive(Debug, Default)]
pub(crate) struct Seen(Vec<FxHashMap<usize, bool>>);

impl Seen {
    /// What the term at this place said of the name, or what it says now.
    fn or(&mut self, term: usize, name: &Name, says: impl FnOnce() -> bool) -> bool {
        if self.0.len() <= term {
            self.0.resize_with(term + 1, FxHashMap::default);
        }
        match self.0.get_mut(term) {
            Some(seen) => *seen.entry(name.identity()).or_insert_with(says),
            None => says(),
        }
    }
}

fn term(word: &str) -> Option<Term> {
    let (not, word) = match word.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    if word.is_empty() {
        return None;
    }
    // Keys are swapped before folding, which makes letters of `№`.
    let both = |typed: &str| [fold(typed), fold(&keys::swapped(typed))];
    if let Some((name, value)) = word.split_once(':')
        && let Some(field) = field(&fold(name))
    {
        return Some(Term { not, test: Test::Field(field, both(value)) });
    }
    let needles = both(word).map(|typed| Needle::new(&typed));
    Some(Term { not, test: Test::Text(Box::new(needles)) })
}

fn field(name: &str) -> Option<Field> {
    Some(match name {
        "p" | "priority" | "приоритет" | "п" => Field::Priority,
        "s" | "state" | "состояние" | "с" => Field::State,
        "o" | "owner" | "assignee" | "сотрудник" | "кто" => Field::Owner,
        "c" | "customer" | "org" | "организация" | "о" => Field::Customer,
        "n" | "number" | "номер" => Field::Number,
        _ => return None,
    })
}

fn priority_words(priority: v1::Priority) -> [&'static str; 2] {
    match priority {
        v1::Priority::Critical => ["critical", "критический"],
        v1::Priority::High => ["high", "высокий"],
        v1::Priority::Medium => ["medium", "средний"],
        v1::Priority::Low => ["low", "низкий"],
        v1::Priority::Unspecified => ["unspecified", "неизвестный"],
    }
}

fn state_words(state: v1::TicketState) -> [&'static str; 2] {
    match state {
        v1::TicketState::New => ["new", "новый"],
        v1::TicketState::InProgress => ["in_progress", "в работе"],
        v1::TicketState::WaitingForCustomer => ["waiting", "ожидает"],
        v1::TicketState::Resolved => ["resolved", "решен"],
        v1::TicketState::Closed => ["closed", "закрыт"],
        v1::TicketState::Merged => ["merged", "объединен"],
        v1::TicketState::Unspecified => ["unspecified", "неизвестно"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::row;
    use proptest::prelude::*;

    /// Filters of few letters, so that some of them narrow others.
    const FILTER: &str = "(!?([аб1#f]{0,2}|(p|c|o|n|s):[аbh1me]{0,2}) ?){0,2}";

    #[test]
    fn terms_are_joined_and_may_be_denied_or_typed_on_the_wrong_layout() {
        let row = row(1042, "Нет входящих звонков", "Ромашка КЦ", v1::Priority::Critical, "olga");
        let matches = |text: &str| Filter::parse(text, "olga").matches(&row);
        for text in [
            "",
            "звонк",
            "ЗВОНК ромашка",
            "pdjyrjd",
            "p:crit",
            "п:крит",
            "o:me",
            "owner:olg",
            "n:1042",
            "#1042",
            "!почта",
        ] {
            assert!(matches(text), "{text}");
        }
        for text in ["почта", "звонк почта", "p:low", "o:-", "!o:me", "!звонк", "n:104", "#042", "1043", "1042нет"]
        {
            assert!(!matches(text), "{text}");
        }
    }

    #[test]
    fn a_number_is_found_by_any_part_of_it() {
        let row = row(u64::MAX, "", "", v1::Priority::Low, "");
        for text in ["#", "#1844", "0955", "1615", "№184"] {
            assert!(Filter::parse(text, "olga").matches(&row), "{text}");
        }
    }

    #[test]
    fn what_is_typed_further_narrows_and_what_is_taken_back_does_not() {
        let narrows = |new: &str, old: &str| Filter::parse(new, "olga").narrows(&Filter::parse(old, "olga"));
        for (new, old) in [
            ("зво", "зв"),
            ("зв", ""),
            ("звонок p:h", "звонок p:"),
            ("c:ром", "c:р"),
            ("b a", "a"),
            ("!а", "!аб"),
            ("#10", "1"),
        ] {
            assert!(narrows(new, old), "{new} | {old}");
        }
        for (new, old) in [("зв", "зво"), ("!аб", "!а"), ("o:me", "o:m"), ("n:12", "n:1"), ("p:", "p"), ("а", "!а")]
        {
            assert!(!narrows(new, old), "{new} | {old}");
        }
    }

    proptest! {
        #[test]
        fn all_that_matches_a_narrower_filter_matches_the_wider(
            old in FILTER, more in FILTER, number in 1_u64..200, subject in "[аб b]{0,4}", owner in "(me|olga|m)?",
        ) {
            let row = row(number, &subject, "Аб", v1::Priority::High, &owner);
            let filters = [&old, &more, &format!("{old}{more}"), &format!("{more} {old}")];
            let filters = filters.map(|text| Filter::parse(text, "olga"));
            for (new, old) in filters.iter().flat_map(|new| filters.iter().map(move |old| (new, old))) {
                if new.narrows(old) && new.matches(&row) {
                    prop_assert!(old.matches(&row), "{} | {}", new.text(), old.text());
                }
            }
        }
    }
}
