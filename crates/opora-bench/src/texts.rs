//! Invented tickets: the same for the same number on every run, about 600 bytes each, in two languages, with words
//! that are rare and words that are common.

use bytes::Bytes;
use opora_proto::v1;
use prost::Message as _;

/// The size of a ticket as it is sent, and of an etcd value.
pub(crate) const BYTES: usize = 600;
/// How many organisations the tickets belong to.
pub(crate) const ORGANISATIONS: u64 = 100;

/// Words by how common they are: a word of the first line is in most texts, one of the last in few.
const WORDS: &[&[&str]] = &[
    &["не", "звонок", "оператор", "the", "call", "с", "на", "agent"],
    &["звука", "нет", "вход", "гарнитура", "audio", "browser", "channel", "рабочее", "место", "login"],
    &["разрыв", "соединение", "очередь", "письмо", "чат", "эхо", "delay", "noise", "disconnect", "timeout", "panel"],
    &["маршрутизация", "запись", "сертификат", "обновление", "роуминг", "firewall", "codec", "jitter", "transfer"],
    &["голосование", "суммаризация", "оркестр", "тарификация", "kaleidoscope", "quorum", "zeppelin", "obelisk"],
];

/// A number that looks random and is the same for the same input (splitmix64).
pub(crate) fn scatter(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The organisation of a ticket.
pub(crate) fn organisation(n: u64) -> String {
    format!("organisations/{}", organisation_id(n % ORGANISATIONS))
}

/// The id of that organisation.
pub(crate) fn organisation_id(n: u64) -> String {
    format!("bench-{n}")
}

/// The impact of a ticket: of twenty 1, 4, 9 and 6 from the worst to the least.
fn impact(n: u64) -> v1::Impact {
    // One in ten stays open: those must have all impacts too, so the tens count.
    match (n / 10 + n) % 20 {
        0 => v1::Impact::ServiceDown,
        1..=4 => v1::Impact::ServiceIntermittent,
        5..=13 => v1::Impact::SeveralWorkstations,
        _ => v1::Impact::OneWorkstation,
    }
}

/// The ticket of that number, as it is sent: `BYTES` long.
pub(crate) fn ticket(n: u64) -> v1::Ticket {
    let mut words = Words(n);
    let mut ticket = v1::Ticket {
        organisation: organisation(n),
        reporter: Some(v1::Reporter { display_name: format!("Анна {}.", n % 97), email: reporter(n) }),
        subject: words.take(48),
        category: v1::Category::ChannelFailure.into(),
        channels: vec![v1::Channel::Calls.into()],
        impact: impact(n).into(),
        workstations: vec![format!("ws-{}", n % 211)],
        ..v1::Ticket::default()
    };
    // What is left, less the field's tag and its two bytes of length.
    ticket.description = words.take(BYTES.saturating_sub(ticket.encoded_len() + 3));
    ticket
}

/// The bytes of the ticket of that number.
pub(crate) fn ticket_bytes(n: u64) -> Bytes {
    Bytes::from(ticket(n).encode_to_vec())
}

fn reporter(n: u64) -> String {
    format!("user{}@example.com", n % 997)
}

/// Queries for full text, with words from common to rare, one and two together, with endings that stemming removes.
pub(crate) const QUERIES: &[&str] = &[
    "нет звука",
    "операторам",
    "разрыв соединения",
    "оператора чат",
    "сертификаты",
    "тарификации",
    "disconnects",
    "login browser",
    "jitter codec",
    "zeppelin",
    "kaleidoscope quorum",
    "гарнитура эхо",
];

/// Syllables of which further words are made, so that a text has as many different words as people use.
const SYLLABLES: [&[&str]; 2] = [
    &["ра", "бо", "ти", "лен", "ку", "став", "не", "зор", "мы", "при", "вод", "ча", "сер", "дин", "пла", "го"],
    &["ra", "con", "ti", "ler", "mo", "str", "ne", "sor", "by", "pre", "vid", "cha", "ser", "din", "pla", "go"],
];
/// Of how many words one is made of syllables.
const MADE: u64 = 3;

struct Words(u64);

impl Words {
    /// Words up to that many bytes, filled up with full stops.
    fn take(&mut self, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes + 32);
        loop {
            let before = text.len();
            self.push(&mut text);
            text.push(' ');
            if text.len() > bytes {
                text.truncate(before);
                break;
            }
        }
        while text.len() < bytes {
            text.push('.');
        }
        text
    }

    fn push(&mut self, text: &mut String) {
        self.0 = scatter(self.0);
        let dice = self.0 >> 32;
        if dice.is_multiple_of(MADE) {
            return made(dice / MADE, text);
        }
        // Each line is four times as rare as the one before.
        let line = (self.0.trailing_ones() / 2) as usize;
        let words = WORDS.get(line).or(WORDS.last()).copied().unwrap_or_default();
        text.push_str(words.get(dice as usize % words.len().max(1)).copied().unwrap_or_default());
    }
}

/// A word of one language, the same for the same dice: short ones are common, of the many long ones none is.
fn made(dice: u64, text: &mut String) {
    let syllables = SYLLABLES.get(dice as usize % 2).copied().unwrap_or_default();
    let length = 1 + (dice >> 1).trailing_ones().min(3);
    for place in 0..=length {
        let at = (scatter(dice >> 6) >> (4 * place)) as usize % syllables.len().max(1);
        text.push_str(syllables.get(at).copied().unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_has_the_size_that_the_references_get() {
        for n in [0, 1, 7, 1_000, 999_999, u64::MAX / 2] {
            let length = ticket_bytes(n).len();
            assert_eq!(length, BYTES, "ticket {n}");
        }
    }

    #[test]
    fn the_same_number_gives_the_same_ticket_and_another_gives_another() {
        assert_eq!(ticket_bytes(5), ticket_bytes(5));
        assert_ne!(ticket_bytes(5), ticket_bytes(6));
    }

    #[test]
    fn of_the_tickets_that_stay_open_seven_of_ten_are_medium_or_more() {
        let open: Vec<v1::Impact> = (0..1000).step_by(10).map(impact).collect();
        let matching = open.iter().filter(|i| **i != v1::Impact::OneWorkstation).count();
        assert_eq!(matching, 70);
        assert_eq!(open.iter().filter(|i| **i == v1::Impact::ServiceDown).count(), 5);
    }

    #[test]
    fn texts_have_as_many_different_words_as_people_use() {
        let mut words = std::collections::BTreeSet::new();
        for n in 0..2_000 {
            words.extend(ticket(n).description.split_whitespace().map(str::to_owned));
        }
        assert!((2_000..60_000).contains(&words.len()), "{}", words.len());
    }

    #[test]
    fn some_words_are_common_and_some_are_rare() {
        let having = |word: &str| (0..2_000).filter(|n| ticket(*n).description.contains(word)).count();
        assert!(having("звонок") > 1_500);
        let rare = having("zeppelin");
        assert!(rare > 0 && rare < 500, "{rare}");
    }
}
