//! What is stored is read as it was.

use std::sync::Arc;

use opora_core::event::TicketEvent;
use opora_core::model::{Part, Revision, TicketNumber};
use proptest::prelude::*;

use super::{
    decode_commit, decode_policy, decode_put, decode_ticket, decode_ticket_of, encode_commit, encode_policy,
    encode_put, encode_ticket, previous_in,
};
use crate::api::{Commit, Record};
use crate::conformance::sample;

fn there_and_back(commit: &Commit) -> Commit {
    let mut bytes = Vec::new();
    encode_commit(commit, |_| Revision(3), &mut bytes);
    decode_commit(commit.revision, commit.at, &bytes).unwrap()
}

#[test]
fn tickets_with_everything_and_with_nothing_survive() {
    let mut full = sample::full_ticket(5, 9);
    let (last_public_message, logs) = (full.last_public_message.clone(), full.logs.clone());
    full.parts.push(Part { ticket: TicketNumber(27), last_public_message, logs, ..full.parts[0].clone() });
    for ticket in [full, sample::bare_ticket(1, 1)] {
        assert_eq!(decode_ticket(&encode_ticket(&ticket)).unwrap(), ticket);
    }
}

#[test]
fn every_change_by_every_actor_survives_in_a_commit() {
    for actor in sample::actors() {
        let records = sample::changes().into_iter().map(|change| {
            Record::Ticket(TicketEvent {
                at: sample::full_ticket(1, 1).update_time,
                actor: actor.clone(),
                reason: "потому".into(),
                change,
                ticket: Arc::new(sample::full_ticket(1, 1)),
            })
        });
        let commit = sample::commit(8, records.collect());
        assert_eq!(there_and_back(&commit), *commit);
    }
}

#[test]
fn the_directory_and_policies_survive() {
    for put in sample::directory(4) {
        assert_eq!(decode_put(&encode_put(&put)).unwrap(), put);
        let commit =
            sample::commit(4, sample::actors().into_iter().map(|a| Record::Directory(a, put.clone())).collect());
        assert_eq!(there_and_back(&commit), *commit);
    }
    let policy = sample::policy(2, 2_000);
    assert_eq!(decode_policy(&encode_policy(&policy)).unwrap(), policy);
    let record = Record::Policy(sample::actors().remove(0), "новый договор".into(), Arc::new(policy));
    let mut commit = Commit::clone(&sample::commit(5, vec![record]));
    commit.request = None;
    assert_eq!(there_and_back(&commit), commit);
}

#[test]
fn a_commit_tells_the_ticket_after_its_last_event_and_the_revision_before() {
    let change = || sample::changes().remove(0);
    let (mut first, last) = (sample::full_ticket(1, 9), sample::full_ticket(1, 9));
    first.comment_count = 77;
    let records = vec![
        sample::event(first, change()),
        sample::event(sample::bare_ticket(2, 9), change()),
        sample::event(last.clone(), change()),
    ];
    let mut bytes = Vec::new();
    encode_commit(&sample::commit(9, records), |n| Revision(n.0 + 3), &mut bytes);
    assert_eq!(decode_ticket_of(&bytes, TicketNumber(1)).unwrap(), Some(last));
    assert_eq!(decode_ticket_of(&bytes, TicketNumber(3)).unwrap(), None);
    assert_eq!(previous_in(&bytes, TicketNumber(2)).unwrap(), Some(Revision(5)));
    assert_eq!(previous_in(&bytes, TicketNumber(3)).unwrap(), None);
}

proptest! {
    #[test]
    fn garbage_is_an_error_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_ticket(&bytes);
        let _ = decode_put(&bytes);
        let _ = decode_policy(&bytes);
        let _ = decode_commit(Revision(1), opora_core::time::Timestamp::MIN, &bytes);
    }

    #[test]
    fn texts_and_times_of_any_kind_survive(text in ".{0,300}", ms in any::<i64>(), n in any::<u64>()) {
        let mut ticket = sample::full_ticket(n, n);
        ticket.subject = text.as_str().into();
        ticket.tags = vec![text.as_str().into()];
        ticket.occur_time = Some(opora_core::time::Timestamp::from_millis(ms));
        prop_assert_eq!(decode_ticket(&encode_ticket(&ticket)).unwrap(), ticket);
    }
}
