//! What is remembered of an answer beside its commit, so that a repeated request gets the first answer again, across
//! restarts. A small protobuf of our own: what follows from the commit is not in it.

use std::sync::Arc;

use opora_core::decide::Refusal;
use opora_core::model::{Priority, Revision, Ticket, TicketNumber, TicketState, Uid};
use opora_core::sla::{Policies, PolicySource as _};
use opora_core::time::Timestamp;
use opora_store::{Commit, Record};
use prost::Message as _;

use super::{Answer, Done, PolicyApplied, Refused};

#[derive(Clone, PartialEq, prost::Message)]
struct Remembered {
    /// 1 a ticket, 2 a batch, 3 the directory, 4 a policy, 5 a count.
    #[prost(uint32, tag = "1")]
    kind: u32,
    /// The ticket spoken of; how many were changed; the count.
    #[prost(uint64, tag = "2")]
    first: u64,
    /// The other ticket, 0: none; how many run by the policy.
    #[prost(uint64, tag = "3")]
    second: u64,
    #[prost(message, repeated, tag = "4")]
    items: Vec<Item>,
    /// How many clocks the policy breached.
    #[prost(uint64, tag = "5")]
    breached: u64,
    /// As of which revision, and when, what the policy moves was reckoned.
    #[prost(uint64, tag = "6")]
    revision: u64,
    #[prost(int64, tag = "7")]
    at: i64,
}

/// One ticket of a batch, or of those that a policy moved.
#[derive(Clone, PartialEq, prost::Message)]
struct Item {
    /// Its number, if it was accepted.
    #[prost(uint64, tag = "1")]
    number: u64,
    #[prost(message, optional, tag = "2")]
    refused: Option<No>,
}

/// A refusal, whatever its kind.
#[derive(Clone, PartialEq, prost::Message)]
struct No {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(uint64, tag = "2")]
    first: u64,
    #[prost(uint64, tag = "3")]
    second: u64,
    #[prost(string, tag = "4")]
    text: String,
    #[prost(uint32, repeated, tag = "5")]
    list: Vec<u32>,
}

/// The coding of an answer.
pub(super) fn encode(answer: &Answer) -> Vec<u8> {
    let remembered = match answer {
        Answer::Ticket(ticket, other) => Remembered {
            kind: 1,
            first: ticket.number.0,
            second: other.as_ref().map_or(0, |other| other.number.0),
            ..Remembered::default()
        },
        Answer::Batch(results) => {
            let item = |result: &Result<Arc<Ticket>, Refused>| match result {
                Ok(ticket) => Item { number: ticket.number.0, refused: None },
                Err(refused) => Item { number: 0, refused: Some(no(refused)) },
            };
            Remembered { kind: 2, items: results.iter().map(item).collect(), ..Remembered::default() }
        }
        Answer::Directory(_) => Remembered { kind: 3, ..Remembered::default() },
        Answer::Policy(applied) => Remembered {
            kind: 4,
            first: applied.moved,
            second: applied.tickets,
            items: applied.shown.iter().map(|number| Item { number: number.0, refused: None }).collect(),
            breached: applied.breached,
            revision: applied.revision.0,
            at: applied.at.as_millis(),
        },
        Answer::Count(count) => Remembered { kind: 5, first: *count, ..Remembered::default() },
    };
    remembered.encode_to_vec()
}

/// The answer of a commit that remembers a request; `None`: it can't be understood.
pub(super) fn decode(commit: Arc<Commit>, policies: &Policies) -> Option<Done> {
    let remembered = Remembered::decode(commit.request.as_ref()?.answer.as_slice()).ok()?;
    let ticket = |number: u64| {
        commit.records.iter().rev().find_map(|record| match record {
            Record::Ticket(event) if event.ticket.number.0 == number => Some(event.ticket.clone()),
            _ => None,
        })
    };
    let answer = match remembered.kind {
        1 => Answer::Ticket(ticket(remembered.first)?, ticket(remembered.second)),
        2 => {
            let mut results = Vec::with_capacity(remembered.items.len());
            for item in remembered.items {
                results.push(match item.refused {
                    Some(no) => Err(refused(no)?),
                    None => Ok(ticket(item.number)?),
                });
            }
            Answer::Batch(results)
        }
        3 => Answer::Directory(commit.records.iter().find_map(|record| match record {
            Record::Directory(_, put) => Some(put.clone()),
            _ => None,
        })?),
        4 => {
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
        5 => Answer::Count(remembered.first),
        _ => return None,
    };
    Some(Done { revision: commit.revision, commit: Some(commit), answer })
}

fn no(refused: &Refused) -> No {
    let simple = |kind| No { kind, ..No::default() };
    match refused {
        Refused::NoTicket(uid) => No { text: uid.to_string(), ..simple(1) },
        Refused::Domain(refusal) => domain(refusal),
        // The others refuse a request as a whole, and are not remembered.
        other => No { text: other.to_string(), ..simple(2) },
    }
}

fn domain(refusal: &Refusal) -> No {
    let simple = |kind| No { kind, ..No::default() };
    let text = |kind, text: &str| No { text: text.to_owned(), ..simple(kind) };
    let pair = |kind, first, second| No { first, second, ..simple(kind) };
    match refusal {
        Refusal::NoTicket(number) => pair(10, number.0, 0),
        Refusal::NoResource(name) => text(11, name),
        Refusal::Archived(name) => text(12, name),
        Refusal::ExternalIdTaken(number) => pair(13, number.0, 0),
        Refusal::Etag { current, revision } => No { first: revision.0, ..text(14, current) },
        Refusal::Unseen { ticket, revision, author } => No { first: ticket.0, second: revision.0, ..text(15, author) },
        Refusal::Transition { from, to, allowed } => {
            let list = allowed.iter().map(|state| *state as u32).collect();
            No { list, ..pair(16, *from as u64, *to as u64) }
        }
        Refusal::State(state) => pair(17, *state as u64, 0),
        Refusal::Merged { ticket, into } => pair(26, ticket.0, into.0),
        Refusal::Parts => simple(27),
        Refusal::SamePriority(priority) => pair(18, *priority as u64, 0),
        Refusal::Rung { rung, highest } => pair(19, u64::from(*rung), u64::from(*highest)),
        Refusal::Cycle => simple(20),
        Refusal::Link => simple(21),
        Refusal::TooManyLinks => simple(40),
        Refusal::Undo(revision) => pair(22, revision.map_or(0, |r| r.0), u64::from(revision.is_some())),
        Refusal::NoChange => simple(23),
        Refusal::ImportOrder { earliest } => pair(24, earliest.as_millis() as u64, 0),
        Refusal::Reckon(error) => text(25, &error.to_string()),
    }
}

fn refused(no: No) -> Option<Refused> {
    let state = |n: u64| TicketState::ALL.get(usize::try_from(n).ok()?).copied();
    let number = TicketNumber(no.first);
    Some(Refused::Domain(match no.kind {
        1 => return Some(Refused::NoTicket(Uid(no.text.parse().ok()?))),
        2 | 25 => return Some(Refused::Corrupt(no.text)),
        10 => Refusal::NoTicket(number),
        11 => Refusal::NoResource(no.text),
        12 => Refusal::Archived(no.text),
        13 => Refusal::ExternalIdTaken(number),
        14 => Refusal::Etag { current: no.text, revision: Revision(no.first) },
        15 => Refusal::Unseen { ticket: number, revision: Revision(no.second), author: no.text.into() },
        16 => {
            let allowed = no.list.iter().map(|n| state(u64::from(*n))).collect::<Option<_>>()?;
            Refusal::Transition { from: state(no.first)?, to: state(no.second)?, allowed }
        }
        17 => Refusal::State(state(no.first)?),
        26 => Refusal::Merged { ticket: number, into: TicketNumber(no.second) },
        27 => Refusal::Parts,
        18 => Refusal::SamePriority(*Priority::ALL.get(usize::try_from(no.first).ok()?)?),
        19 => Refusal::Rung { rung: no.first as u32, highest: no.second as u32 },
        20 => Refusal::Cycle,
        21 => Refusal::Link,
        40 => Refusal::TooManyLinks,
        22 => Refusal::Undo((no.second == 1).then_some(Revision(no.first))),
        23 => Refusal::NoChange,
        24 => Refusal::ImportOrder { earliest: Timestamp::from_millis(no.first as i64) },
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_a_batch_survives_its_coding() {
        let (ticket, revision) = (TicketNumber(7), Revision(9));
        for refusal in [
            Refusal::NoTicket(ticket),
            Refusal::NoResource("agents/olga".into()),
            Refusal::Archived("agents/olga".into()),
            Refusal::ExternalIdTaken(ticket),
            Refusal::Etag { current: "7-1".into(), revision },
            Refusal::Unseen { ticket, revision, author: "anna@example.com".into() },
            Refusal::Transition {
                from: TicketState::Closed,
                to: TicketState::New,
                allowed: vec![TicketState::Merged, TicketState::Resolved],
            },
            Refusal::State(TicketState::Merged),
            Refusal::Merged { ticket, into: TicketNumber(8) },
            Refusal::Parts,
            Refusal::SamePriority(Priority::Critical),
            Refusal::Rung { rung: 9, highest: 4 },
            Refusal::Cycle,
            Refusal::Link,
            Refusal::TooManyLinks,
            Refusal::Undo(None),
            Refusal::Undo(Some(revision)),
            Refusal::NoChange,
            Refusal::ImportOrder { earliest: Timestamp::from_millis(-5) },
        ] {
            match refused(domain(&refusal)) {
                Some(Refused::Domain(again)) => assert_eq!(again, refusal),
                other => panic!("{refusal:?} became {other:?}"),
            }
        }
    }
}
