//! The queue's own filter: substrings joined by AND, `field:value`, `!` before either. Judges rows that are here;
//! the server's filter language is another thing.

use memchr::memmem::Finder;
use opora_proto::v1;

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
    Text(Box<[Finder<'static>; 2]>),
    Field(Field, String, String),
}

#[derive(Clone, Copy, Debug)]
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

    pub(crate) fn matches(&self, row: &Row) -> bool {
        self.terms.iter().all(|term| term.not != self.test(&term.test, row))
    }

    fn test(&self, test: &Test, row: &Row) -> bool {
        match test {
            // No term has a space in it, so none can begin in one text and end in the next.
            Test::Text(finders) => {
                let texts = [&*row.folded, row.customer.folded()];
                finders.iter().any(|finder| texts.iter().any(|text| finder.find(text.as_bytes()).is_some()))
            }
            Test::Field(field, typed, swapped) => {
                [typed, swapped].into_iter().any(|value| self.field(*field, value, row))
            }
        }
    }

    fn field(&self, field: Field, value: &str, row: &Row) -> bool {
        match field {
            Field::Priority => priority_words(row.priority).iter().any(|w| w.starts_with(value)),
            Field::State => state_words(row.state).iter().any(|w| w.starts_with(value)),
            Field::Owner if matches!(value, "me" | "я") => *row.owner == *self.me,
            Field::Owner if matches!(value, "" | "-" | "nobody" | "никто") => row.owner.is_empty(),
            Field::Owner => fold(&row.owner).contains(value),
            Field::Customer => row.customer.folded().contains(value),
            Field::Number => row.number.to_string() == value.trim_start_matches('#'),
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
    let typed = fold(word);
    if let Some((name, value)) = typed.split_once(':')
        && let Some(field) = field(name)
    {
        return Some(Term { not, test: Test::Field(field, value.to_owned(), fold(&keys::swapped(value))) });
    }
    let finder = |text: &str| Finder::new(text).into_owned();
    Some(Term { not, test: Test::Text(Box::new([finder(&typed), finder(&fold(&keys::swapped(&typed)))])) })
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
        for text in ["почта", "звонк почта", "p:low", "o:-", "!o:me", "!звонк", "n:104"] {
            assert!(!matches(text), "{text}");
        }
    }
}
