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
use crate::index::Index;

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
            let ticket = Arc::new(sample::full_ticket(1, 1));
            Record::Ticket(TicketEvent::new(ticket.update_time, actor.clone(), "потому".into(), change, ticket))
        });
        let commit = sample::commit(8, records.collect());
        assert_eq!(there_and_back(&commit), *commit);
    }
}

#[test]
fn a_key_of_each_kind_survives_in_the_event_that_brings_it() {
    let keys: Vec<_> = Index::ALL.iter().map(|index| (*index, index.name())).collect();
    let commit = there_and_back(&sample::keyed(8, 1, &keys));
    let Record::Ticket(event) = &commit.records[0] else { panic!("{commit:?}") };
    assert_eq!(Index::of(event).map(|(index, key)| (index, key.as_ref())).collect::<Vec<_>>(), keys);
    assert_eq!(commit, *sample::keyed(8, 1, &keys));
}

/// A field that is absent takes no byte: what is written without it is read by those who don't know it, and as before.
#[test]
fn an_event_with_nothing_in_it_is_written_as_ever() {
    let mut bytes = Vec::new();
    encode_commit(&sample::keyed(8, 1, &[]), |_| Revision(3), &mut bytes);
    let written = [
        "0a84010a8101080110031888d8c1a28c34220612046f6c6761326a0801121001a0c4506c007001800000000000000118",
        "08200832003a0ed0b7d0b0d18fd0b2d0bad0b0203168017801a80101d00101e201200a080a04676f6c6410011a090801",
        "1080d8c1a28c34220908011080d8c1a28c34800280d8c1a28c34880288d8c1a28c34c20200520012290a10783b517cbd",
        "ee46b786ef6dc4968398921210080808080808080808080808080808081a03010203",
    ];
    assert_eq!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat(), written.concat());
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
