//! Pages: how many, and where the next one begins. A token is opaque, bound to its query and its store, and can't be
//! made by hand.

use opora_core::model::Revision;
use opora_store::StoreUid;
use prost::Message;

use super::call::hash;
use crate::desk::{HistoryPage, Place};
use crate::errors::{Outcome, Problem, Violations};
use crate::secret::Secret;
use crate::size::Room;

const VERSION: u8 = 1;
const DEFAULT_SIZE: usize = 50;
const MAX_SIZE: i32 = 1_000;
/// The longest token that is looked at.
const MAX_TOKEN: usize = 512;
/// Bytes of the hash of the query, and of the seal.
const PART: usize = 8;

/// Makes and reads page tokens.
pub(crate) struct Tokens {
    key: [u8; 32],
}

/// What a page belongs to: the hash of its call and of all that must stay the same from page to page.
#[derive(Clone, Copy)]
pub(crate) struct Query([u8; PART]);

impl Query {
    pub(super) fn new(method: &str, parts: &[&str]) -> Self {
        let all: Vec<&[u8]> = std::iter::once(method).chain(parts.iter().copied()).map(str::as_bytes).collect();
        Self(first(&hash(&all)))
    }
}

impl Tokens {
    /// Tokens of one store, sealed with the desk's secret: those of another are refused.
    pub(crate) fn new(secret: &Secret, store: StoreUid) -> Self {
        let context = blake3::derive_key("opora.v1 page tokens", secret);
        Self { key: *blake3::keyed_hash(&context, store.as_bytes()).as_bytes() }
    }

    /// A token after which the next page begins.
    pub(super) fn make(&self, query: Query, place: &[u8]) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&query.0);
        bytes.extend_from_slice(place);
        let seal = self.seal(&bytes);
        bytes.extend_from_slice(&seal);
        let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0');
        bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }

    /// The place in a token; `None`: no token, the first page.
    ///
    /// # Errors
    /// `INVALID_PAGE_TOKEN`.
    pub(super) fn read(&self, query: Query, token: &str) -> Outcome<Option<Vec<u8>>> {
        if token.is_empty() {
            return Ok(None);
        }
        let bytes = unhex(token).ok_or_else(Problem::page_token)?;
        let place = || {
            let (body, seal) = bytes.split_at_checked(bytes.len().checked_sub(PART)?)?;
            let (head, place) = body.split_at_checked(1 + PART)?;
            let belongs = head.split_first() == Some((&VERSION, query.0.as_slice()));
            (belongs && self.seal(body) == seal).then(|| place.to_vec())
        };
        place().map(Some).ok_or_else(Problem::page_token)
    }

    /// The same for a place in a history.
    pub(super) fn read_place(&self, query: Query, token: &str) -> Outcome<Option<Place>> {
        let Some(place) = self.read(query, token)? else { return Ok(None) };
        let read = || {
            let (revision, shown) = place.split_first_chunk()?;
            let revision = Revision(u64::from_be_bytes(*revision));
            let shown = if shown.is_empty() { None } else { Some(u32::from_be_bytes(shown.try_into().ok()?)) };
            Some(Place { revision, shown })
        };
        read().map(Some).ok_or_else(Problem::page_token)
    }

    /// A token whose place is one in a history; empty: there is no next page.
    pub(super) fn place(&self, query: Query, next: Option<Place>) -> String {
        let Some(place) = next else { return String::new() };
        let mut bytes = place.revision.0.to_be_bytes().to_vec();
        bytes.extend(place.shown.iter().flat_map(|shown| shown.to_be_bytes()));
        self.make(query, &bytes)
    }

    fn seal(&self, bytes: &[u8]) -> [u8; PART] {
        first(blake3::keyed_hash(&self.key, bytes).as_bytes())
    }
}

/// What of a page of a history goes into an answer, as it is sent, and where the next page begins.
pub(super) fn packed<T, W: Message>(
    page: &HistoryPage<T>,
    on_wire: impl Fn(&T) -> Option<W>,
) -> (Vec<W>, Option<Place>) {
    let (mut items, mut room, mut last) = (Vec::new(), Room::new(), None);
    for (item, place) in page.items.iter().zip(&page.places) {
        if let Some(wire) = on_wire(item) {
            if !room.takes(wire.encoded_len()) {
                return (items, last);
            }
            items.push(wire);
        }
        last = Some(*place);
    }
    (items, page.next)
}

/// How many a page may hold.
pub(super) fn size(asked: i32, wrong: &mut Violations) -> usize {
    if !(0..=MAX_SIZE).contains(&asked) {
        wrong.add("page_size", "is not from 0 (which means 50) to 1,000");
    }
    usize::try_from(asked).ok().filter(|n| *n > 0).unwrap_or(DEFAULT_SIZE)
}

fn first(bytes: &[u8]) -> [u8; PART] {
    let mut part = [0; PART];
    part.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    part
}

/// Bytes of lower-case hexadecimal digits.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() > MAX_TOKEN || !text.len().is_multiple_of(2) {
        return None;
    }
    let (pairs, _) = text.as_bytes().as_chunks::<2>();
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_by_its_own_query_and_store_alone() {
        let tokens = Tokens::new(&[7; 32], StoreUid::from_u128(1));
        let query = Query::new("ListTickets", &["state = NEW", ""]);
        let token = tokens.make(query, b"place");
        assert_eq!(tokens.read(query, &token).unwrap().as_deref(), Some(b"place".as_slice()));
        assert_eq!(tokens.read(query, "").unwrap(), None);
        for (tokens, query) in [
            (&tokens, Query::new("ListTickets", &["state = NEW ", ""])),
            (&tokens, Query::new("ListEvents", &["state = NEW", ""])),
            (&Tokens::new(&[7; 32], StoreUid::from_u128(2)), query),
            (&Tokens::new(&[8; 32], StoreUid::from_u128(1)), query),
        ] {
            assert!(tokens.read(query, &token).is_err());
        }
    }

    #[test]
    fn a_place_in_a_history_survives_its_token() {
        let tokens = Tokens::new(&[7; 32], StoreUid::from_u128(1));
        let query = Query::new("ListEvents", &["tickets/1"]);
        for shown in [None, Some(0), Some(u32::MAX)] {
            let place = Some(Place { revision: Revision(u64::MAX), shown });
            assert_eq!(tokens.read_place(query, &tokens.place(query, place)).unwrap(), place);
        }
        assert_eq!(tokens.read_place(query, &tokens.place(query, None)).unwrap(), None);
        for bad in [1, 7, 9, 11, 13] {
            assert!(tokens.read_place(query, &tokens.make(query, &vec![1; bad])).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_that_was_tampered_with_is_refused() {
        let tokens = Tokens::new(&[7; 32], StoreUid::from_u128(1));
        let query = Query::new("x", &[]);
        let token = tokens.make(query, b"place");
        for n in 0..token.len() {
            let mut other: Vec<char> = token.chars().collect();
            other[n] = if other[n] == '0' { '1' } else { '0' };
            assert!(tokens.read(query, &other.into_iter().collect::<String>()).is_err(), "at {n}");
        }
        for bad in ["мусор", "0", "zz", &format!("{token}A"), &format!("{token}00"), &token[2..], &"0".repeat(600)]
        {
            assert!(tokens.read(query, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_page_holds_fifty_unless_asked() {
        let mut wrong = Violations::default();
        assert_eq!((size(0, &mut wrong), size(1_000, &mut wrong)), (50, 1_000));
        assert!(wrong.is_empty());
        size(-1, &mut wrong);
        size(1_001, &mut wrong);
        assert_eq!(wrong.into_parts().1, 2);
    }
}
