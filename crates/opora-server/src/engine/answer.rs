//! What is remembered of an answer beside its commit, so that a repeated request gets the first answer again, across
//! restarts, as `opora-store/proto/answer.proto` describes it. What follows from the commit is not in it.

use std::sync::Arc;

use opora_core::decide::Refusal;
use opora_core::model::{Priority, Revision, Ticket, TicketNumber, TicketState, Uid};
use opora_core::sla::{Policies, PolicySource as _};
use opora_core::time::Timestamp;
use opora_store::answer::{self as stored, AnswerItem, AnswerKind, AnswerRefusal, RefusalKind as K};
use opora_store::{Commit, Record};
use prost::Message as _;

use super::{Answer, Done, PolicyApplied, Refused};

const STATES: [(TicketState, stored::AnswerState); 6] = [
    (TicketState::New, stored::AnswerState::New),
    (TicketState::InProgress, stored::AnswerState::InProgress),
    (TicketState::WaitingForCustomer, stored::AnswerState::WaitingForCustomer),
    (TicketState::Resolved, stored::AnswerState::Resolved),
    (TicketState::Closed, stored::AnswerState::Closed),
    (TicketState::Merged, stored::AnswerState::Merged),
];
const PRIORITIES: [(Priority, stored::AnswerPriority); 4] = [
    (Priority::Low, stored::AnswerPriority::Low),
    (Priority::Medium, stored::AnswerPriority::Medium),
    (Priority::High, stored::AnswerPriority::High),
    (Priority::Critical, stored::AnswerPriority::Critical),
];

fn of_state(state: TicketState) -> i32 {
    let found = STATES.iter().find(|(known, _)| *known == state);
    found.map_or(stored::AnswerState::New, |(_, stored)| *stored) as i32
}

fn to_state(stored: u64) -> Option<TicketState> {
    STATES.iter().find(|(_, known)| u64::from(*known as u8) == stored).map(|(state, _)| *state)
}

fn of_priority(priority: Priority) -> i32 {
    let found = PRIORITIES.iter().find(|(known, _)| *known == priority);
    found.map_or(stored::AnswerPriority::Low, |(_, stored)| *stored) as i32
}

fn to_priority(stored: u64) -> Option<Priority> {
    PRIORITIES.iter().find(|(_, known)| u64::from(*known as u8) == stored).map(|(priority, _)| *priority)
}

/// The coding of an answer.
pub(super) fn encode(answer: &Answer) -> Vec<u8> {
    let remembered = match answer {
        Answer::Ticket(ticket, other) => stored::Answer {
            kind: AnswerKind::Ticket.into(),
            first: ticket.number.0,
            second: other.as_ref().map_or(0, |other| other.number.0),
            ..stored::Answer::default()
        },
        Answer::Batch(results) => {
            let item = |result: &Result<Arc<Ticket>, Refused>| match result {
                Ok(ticket) => AnswerItem { number: ticket.number.0, refused: None },
                Err(refused) => AnswerItem { number: 0, refused: Some(no(refused)) },
            };
            stored::Answer {
                kind: AnswerKind::Batch.into(),
                items: results.iter().map(item).collect(),
                ..stored::Answer::default()
            }
        }
        Answer::Directory(_) => stored::Answer { kind: AnswerKind::Directory.into(), ..stored::Answer::default() },
        Answer::Policy(applied) => stored::Answer {
            kind: AnswerKind::Policy.into(),
            first: applied.moved,
            second: applied.tickets,
            items: applied.shown.iter().map(|number| AnswerItem { number: number.0, refused: None }).collect(),
            breached: applied.breached,
            revision: applied.revision.0,
            at: applied.at.as_millis(),
        },
        Answer::Count(count) => {
            stored::Answer { kind: AnswerKind::Count.into(), first: *count, ..stored::Answer::default() }
        }
    };
    remembered.encode_to_vec()
}

/// The answer of a commit that remembers a request; `None`: it can't be understood.
pub(super) fn decode(commit: Arc<Commit>, policies: &Policies) -> Option<Done> {
    let remembered = stored::Answer::decode(commit.request.as_ref()?.answer.as_slice()).ok()?;
    let ticket = |number: u64| {
        commit.records.iter().rev().find_map(|record| match record {
            Record::Ticket(event) if event.ticket.number.0 == number => Some(event.ticket.clone()),
            _ => None,
        })
    };
    let answer = match remembered.kind() {
        AnswerKind::Ticket => Answer::Ticket(ticket(remembered.first)?, ticket(remembered.second)),
        AnswerKind::Batch => {
            let mut results = Vec::with_capacity(remembered.items.len());
            for item in remembered.items {
                results.push(match item.refused {
                    Some(no) => Err(refused(no)?),
                    None => Ok(ticket(item.number)?),
                });
            }
            Answer::Batch(results)
        }
        AnswerKind::Directory => Answer::Directory(commit.records.iter().find_map(|record| match record {
            Record::Directory(_, put) => Some(put.clone()),
            _ => None,
        })?),
        AnswerKind::Policy => {
            let definition = commit.records.iter().find_map(|record| match record {
                Record::Policy(_, _, definition) => Some(definition.clone()),
                _ => None,
            })?;
            policies.policy(&definition.policy)?;
            Answer::Policy(Arc::new(PolicyApplied {
                definition,
                tickets: remembered.second,
                moved: remembered.first,
                breached: remembered.breached,
                shown: remembered.items.iter().map(|item| TicketNumber(item.number)).collect(),
                revision: Revision(remembered.revision),
                at: Timestamp::from_millis(remembered.at),
            }))
        }
        AnswerKind::Count => Answer::Count(remembered.first),
        AnswerKind::Unspecified => return None,
    };
    Some(Done { revision: commit.revision, commit: Some(commit), answer })
}

fn no(refused: &Refused) -> AnswerRefusal {
    let text = |kind: K, text: String| AnswerRefusal { kind: kind.into(), text, ..AnswerRefusal::default() };
    match refused {
        Refused::NoTicket(uid) => text(K::NoUid, uid.to_string()),
        Refused::Domain(refusal) => domain(refusal),
        // The others refuse a request as a whole, and are not remembered.
        other => text(K::Other, other.to_string()),
    }
}

fn domain(refusal: &Refusal) -> AnswerRefusal {
    let pair = |kind: K, first, second| AnswerRefusal { kind: kind.into(), first, second, ..AnswerRefusal::default() };
    let simple = |kind| pair(kind, 0, 0);
    let text = |kind, text: &str| AnswerRefusal { text: text.to_owned(), ..simple(kind) };
    let state = |state: TicketState| u64::from(of_state(state).unsigned_abs());
    match refusal {
        Refusal::NoTicket(number) => pair(K::NoTicket, number.0, 0),
        Refusal::NoResource(name) => text(K::NoResource, name),
        Refusal::Archived(name) => text(K::Archived, name),
        Refusal::ExternalIdTaken(number) => pair(K::ExternalIdTaken, number.0, 0),
        Refusal::Etag { current, revision } => AnswerRefusal { first: revision.0, ..text(K::Etag, current) },
        Refusal::OtherEtag { ticket, current, revision } => {
            AnswerRefusal { first: ticket.0, second: revision.0, ..text(K::OtherEtag, current) }
        }
        Refusal::Unseen { ticket, revision, author } => {
            AnswerRefusal { first: ticket.0, second: revision.0, ..text(K::Unseen, author) }
        }
        Refusal::Transition { from, to, allowed } => {
            let states = allowed.iter().map(|state| of_state(*state)).collect();
            AnswerRefusal { states, ..pair(K::Transition, state(*from), state(*to)) }
        }
        Refusal::State(found) => pair(K::State, state(*found), 0),
        Refusal::Merged { ticket, into } => pair(K::Merged, ticket.0, into.0),
        Refusal::Parts => simple(K::Parts),
        Refusal::PartsBytes => simple(K::PartsBytes),
        Refusal::SamePriority(priority) => pair(K::SamePriority, u64::from(of_priority(*priority).unsigned_abs()), 0),
        Refusal::Rung { rung, highest } => pair(K::Rung, u64::from(*rung), u64::from(*highest)),
        Refusal::Cycle => simple(K::Cycle),
        Refusal::Link => simple(K::Link),
        Refusal::TooManyLinks => simple(K::TooManyLinks),
        Refusal::Undo(revision) => pair(K::Undo, revision.map_or(0, |r| r.0), u64::from(revision.is_some())),
        Refusal::NoChange => simple(K::NoChange),
        Refusal::ImportOrder { earliest } => pair(K::ImportOrder, earliest.as_millis() as u64, 0),
        Refusal::Reckon(error) => text(K::Reckon, &error.to_string()),
    }
}

fn refused(no: AnswerRefusal) -> Option<Refused> {
    let number = TicketNumber(no.first);
    Some(Refused::Domain(match no.kind() {
        K::NoUid => return Some(Refused::NoTicket(Uid(no.text.parse().ok()?))),
        K::Other | K::Reckon => return Some(Refused::Corrupt(no.text)),
        K::NoTicket => Refusal::NoTicket(number),
        K::NoResource => Refusal::NoResource(no.text),
        K::Archived => Refusal::Archived(no.text),
        K::ExternalIdTaken => Refusal::ExternalIdTaken(number),
        K::Etag => Refusal::Etag { current: no.text, revision: Revision(no.first) },
        K::OtherEtag => Refusal::OtherEtag { ticket: number, current: no.text, revision: Revision(no.second) },
        K::Unseen => Refusal::Unseen { ticket: number, revision: Revision(no.second), author: no.text.into() },
        K::Transition => {
            let allowed = no.states.iter().map(|n| to_state(u64::try_from(*n).ok()?)).collect::<Option<_>>()?;
            Refusal::Transition { from: to_state(no.first)?, to: to_state(no.second)?, allowed }
        }
        K::State => Refusal::State(to_state(no.first)?),
        K::Merged => Refusal::Merged { ticket: number, into: TicketNumber(no.second) },
        K::Parts => Refusal::Parts,
        K::PartsBytes => Refusal::PartsBytes,
        K::SamePriority => Refusal::SamePriority(to_priority(no.first)?),
        K::Rung => Refusal::Rung { rung: no.first as u32, highest: no.second as u32 },
        K::Cycle => Refusal::Cycle,
        K::Link => Refusal::Link,
        K::TooManyLinks => Refusal::TooManyLinks,
        K::Undo => Refusal::Undo((no.second == 1).then_some(Revision(no.first))),
        K::NoChange => Refusal::NoChange,
        K::ImportOrder => Refusal::ImportOrder { earliest: Timestamp::from_millis(no.first as i64) },
        K::Unspecified => return None,
    }))
}

#[cfg(test)]
mod tests {
    use opora_core::sla::Policy;

    use super::*;

    /// Refusals of a batch as they were stored in November 2026, before the format had a schema: they are read for ever.
    fn fixture() -> Vec<(&'static str, Refused)> {
        let (ticket, revision) = (TicketNumber(7), Revision(9));
        let olga: Arc<str> = "agents/olga".into();
        let stored = |hex, refusal| (hex, Refused::Domain(refusal));
        vec![
            stored("080222061204080a1007", Refusal::NoTicket(ticket)),
            stored("08022211120f080b220b6167656e74732f6f6c6761", Refusal::NoResource(olga.to_string())),
            stored("08022211120f080c220b6167656e74732f6f6c6761", Refusal::Archived(olga.to_string())),
            stored("080222061204080d1007", Refusal::ExternalIdTaken(ticket)),
            stored("0802220b1209080e10092203372d31", Refusal::Etag { current: "7-1".into(), revision }),
            stored(
                "0802220d120b081c100718092203372d31",
                Refusal::OtherEtag { ticket, current: "7-1".into(), revision },
            ),
            stored(
                "0802221a1218080f100718092210616e6e61406578616d706c652e636f6d",
                Refusal::Unseen { ticket, revision, author: "anna@example.com".into() },
            ),
            stored(
                "0802220e120c081010042a06000102030405",
                Refusal::Transition {
                    from: TicketState::Closed,
                    to: TicketState::New,
                    allowed: TicketState::ALL.to_vec(),
                },
            ),
            stored("08022206120408111005", Refusal::State(TicketState::Merged)),
            stored("080222081206081a10071808", Refusal::Merged { ticket, into: TicketNumber(8) }),
            stored("080222041202081b", Refusal::Parts),
            stored("0802220412020829", Refusal::PartsBytes),
            stored("0802220412020812", Refusal::SamePriority(Priority::Low)),
            stored("08022206120408121001", Refusal::SamePriority(Priority::Medium)),
            stored("08022206120408121002", Refusal::SamePriority(Priority::High)),
            stored("08022206120408121003", Refusal::SamePriority(Priority::Critical)),
            stored("080222081206081310091804", Refusal::Rung { rung: 9, highest: 4 }),
            stored("0802220412020814", Refusal::Cycle),
            stored("0802220412020815", Refusal::Link),
            stored("0802220412020828", Refusal::TooManyLinks),
            stored("0802220412020816", Refusal::Undo(None)),
            stored("080222081206081610091801", Refusal::Undo(Some(revision))),
            stored("0802220412020817", Refusal::NoChange),
            stored(
                "0802220f120d081810fbffffffffffffffff01",
                Refusal::ImportOrder { earliest: Timestamp::from_millis(-5) },
            ),
            (
                "0802222a12280801222430313935366133632d356330302d373030302d383030302d303030303030303030303037",
                Refused::NoTicket(Uid("01956a3c-5c00-7000-8000-000000000007".parse().unwrap())),
            ),
        ]
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn what_is_remembered_is_written_and_read_as_it_was_before_it_had_a_schema() {
        for (stored, refused) in fixture() {
            let encoded = encode(&Answer::Batch(vec![Err(refused.clone())]));
            assert_eq!(hex(&encoded), stored, "{refused:?}");
            let mut read = stored::Answer::decode(bytes(stored).as_slice()).unwrap();
            assert_eq!(read.kind(), AnswerKind::Batch);
            let again = super::refused(read.items.remove(0).refused.unwrap()).unwrap();
            assert_eq!(format!("{again:?}"), format!("{refused:?}"));
        }
        let applied = PolicyApplied {
            definition: Arc::new(Policy::builtin().definition().clone()),
            tickets: 250,
            moved: 249,
            breached: 3,
            shown: vec![TicketNumber(1), TicketNumber(300)],
            revision: Revision(77),
            at: Timestamp::from_millis(1_772_442_000_000),
        };
        let stored = "080410f90118fa0122020801220308ac022803304d3880b59aeeca33";
        assert_eq!(hex(&encode(&Answer::Policy(Arc::new(applied)))), stored);
        assert_eq!(hex(&encode(&Answer::Count(120))), "08051078");
    }
}
