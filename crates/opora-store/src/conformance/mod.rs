//! What every store has to do. Each test gets a fresh store and a way to open it again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the suite is run by tests and fails by panicking"
)]

pub mod sample;

use std::sync::Arc;

use opora_core::event::Change;
use opora_core::model::{Revision, TicketNumber};

use crate::api::{AppendError, Commit, Epoch, ReadError, Record, Remembered, Store};
use crate::index::Index;

/// How the suite gets stores.
pub trait Stores {
    /// The store under test.
    type Store: Store;

    /// A new and empty one.
    fn fresh(&mut self) -> Self::Store;

    /// Closes the newest one and opens it again.
    fn again(&mut self, store: Self::Store) -> Self::Store;

    /// The same, with all that is derived from its commits made anew from them.
    fn rebuilt(&mut self, store: Self::Store) -> Self::Store {
        self.again(store)
    }
}

/// Runs all of the suite.
///
/// # Panics
/// When the store does not do what it has to.
pub fn all<S: Stores>(stores: &mut S) {
    an_empty_store_has_nothing(stores);
    what_was_appended_is_read(stores);
    only_the_next_revision_is_taken(stores);
    only_what_follows_on_the_revision_that_it_names_is_taken(stores);
    who_does_not_lead_any_more_appends_nothing_for_good(stores);
    what_is_appended_by_a_newer_epoch_hands_it_the_lead(stores);
    commits_are_read_from_anywhere_within_the_bounds(stores);
    tickets_are_read_upwards_and_downwards(stores);
    a_history_is_read_newest_first_in_pages(stores);
    requests_are_found(stores);
    tickets_are_found_for_good_by_each_kind_of_key_and_by_that_kind_alone(stores);
    of_two_that_were_given_one_key_the_newest_is_found(stores);
    a_ticket_is_found_by_each_letter_that_came_to_it(stores);
    the_directory_and_policies_stand_as_put_last(stores);
    large_tickets_and_policies_are_kept(stores);
    readers_see_what_was_appended_while_it_is_appended(stores);
}

fn an_empty_store_has_nothing<S: Stores>(stores: &mut S) {
    let store = stores.fresh();
    let position = store.position();
    assert_eq!((position.newest, position.tickets, position.newest_at), (Revision::ZERO, 0, None));
    assert_eq!(store.ticket(TicketNumber(1)).unwrap(), None);
    assert!(store.tickets(TicketNumber(1), false, 10).unwrap().is_empty());
    assert!(store.tickets(TicketNumber(u64::MAX), true, 10).unwrap().is_empty());
    assert!(store.commits(Revision(1), 10, 1_000).unwrap().is_empty());
    assert!(matches!(store.commits(Revision(2), 10, 1_000), Err(ReadError::NoRevision(_))));
    assert!(matches!(store.commit(Revision(1)), Err(ReadError::NoRevision(_))));
    assert!(store.history(TicketNumber(1), None, 10).unwrap().is_empty());
    assert!(store.directory().unwrap().is_empty() && store.policies().unwrap().is_empty());
    sample::append(&store, &[]).unwrap();
    let uid = store.uid();
    assert_eq!(stores.again(store).uid(), uid);
}

/// `creates` tickets, then `changes` changes of them in turn, in groups.
fn fill(store: &impl Store, creates: u64, changes: u64) -> Vec<Arc<Commit>> {
    let mut commits: Vec<_> = (1..=creates).map(|n| sample::create(n, n)).collect();
    commits.extend((1..=changes).map(|n| sample::change(creates + n, (n - 1) % creates + 1)));
    for (n, group) in commits.chunks(7).enumerate() {
        // Groups of different sizes.
        let (one, two) = group.split_at(n % 7 % group.len());
        sample::append(store, one).unwrap();
        sample::append(store, two).unwrap();
    }
    commits
}

fn what_was_appended_is_read<S: Stores>(stores: &mut S) {
    let mut store = stores.fresh();
    let commits = fill(&store, 30, 50);
    for _ in 0..2 {
        let position = store.position();
        assert_eq!((position.newest, position.oldest, position.tickets), (Revision(80), Revision(1), 30));
        assert_eq!(position.newest_at, Some(commits[79].at));
        for commit in &commits {
            assert_eq!(&store.commit(commit.revision).unwrap(), commit);
        }
        for number in 1..=30 {
            let last = commits.iter().rev().find_map(|c| match &c.records[0] {
                Record::Ticket(event) if event.ticket.number.0 == number => Some(event.ticket.clone()),
                _ => None,
            });
            assert_eq!(store.ticket(TicketNumber(number)).unwrap(), last);
        }
        assert_eq!(store.ticket(TicketNumber(0)).unwrap(), None);
        assert_eq!(store.ticket(TicketNumber(31)).unwrap(), None);
        store = stores.again(store);
    }
}

fn only_the_next_revision_is_taken<S: Stores>(stores: &mut S) {
    let store = stores.fresh();
    sample::append(&store, &[sample::create(1, 1)]).unwrap();
    for wrong in
        [vec![sample::create(1, 2)], vec![sample::create(3, 2)], vec![sample::create(2, 2), sample::create(4, 3)]]
    {
        assert!(matches!(sample::append(&store, &wrong), Err(AppendError::NotNext { .. })));
    }
    assert_eq!(store.position().newest, Revision(1));
    assert_eq!(store.ticket(TicketNumber(2)).unwrap(), None);
    sample::append(&store, &[sample::create(2, 2)]).unwrap();
    assert_eq!(store.position().newest, Revision(2));
}

fn only_what_follows_on_the_revision_that_it_names_is_taken<S: Stores>(stores: &mut S) {
    let store = stores.fresh();
    fill(&store, 3, 0);
    for after in [0, 2, 4, u64::MAX] {
        let appended = store.append(Epoch::FIRST, Revision(after), &[sample::create(4, 4)]);
        assert!(matches!(appended, Err(AppendError::NotNext { .. })), "after {after}");
        let appended = store.append(Epoch::FIRST, Revision(after), &[]);
        assert!(matches!(appended, Err(AppendError::NotNext { .. })), "after {after}, and nothing to append");
    }
    assert_eq!((store.position().newest, store.position().tickets), (Revision(3), 3));
    store.append(Epoch::FIRST, Revision(3), &[sample::create(4, 4)]).unwrap();
}

fn who_does_not_lead_any_more_appends_nothing_for_good<S: Stores>(stores: &mut S) {
    let mut store = stores.fresh();
    assert_eq!(store.epoch(), Epoch::FIRST);
    store.append(Epoch::FIRST, Revision::ZERO, &[sample::create(1, 1)]).unwrap();
    store.lead(Epoch(3)).unwrap();
    for _ in 0..2 {
        assert_eq!(store.epoch(), Epoch(3));
        store.lead(Epoch(3)).unwrap();
        for given in [Epoch::FIRST, Epoch(2)] {
            let appended = store.append(given, Revision(1), &[sample::create(2, 2)]);
            let fenced = |error| matches!(error, AppendError::Fenced { given: g, current: Epoch(3) } if g == given);
            assert!(appended.is_err_and(fenced), "{given:?}");
            assert!(store.lead(given).is_err_and(fenced), "{given:?}");
        }
        assert_eq!((store.position().newest, store.ticket(TicketNumber(2)).unwrap()), (Revision(1), None));
        store = stores.again(store);
    }
    store.append(Epoch(3), Revision(1), &[sample::create(2, 2)]).unwrap();
}

fn what_is_appended_by_a_newer_epoch_hands_it_the_lead<S: Stores>(stores: &mut S) {
    let mut store = stores.fresh();
    store.append(Epoch(1), Revision::ZERO, &[sample::create(1, 1)]).unwrap();
    for _ in 0..2 {
        assert_eq!(store.epoch(), Epoch(1));
        assert!(matches!(store.append(Epoch::FIRST, Revision(1), &[]), Err(AppendError::Fenced { .. })));
        store = stores.again(store);
    }
}

fn commits_are_read_from_anywhere_within_the_bounds<S: Stores>(stores: &mut S) {
    let mut store = stores.fresh();
    let commits = fill(&store, 20, 20);
    for _ in 0..2 {
        for from in [1, 2, 17, 39, 40] {
            for max in [1, 5, 1_000] {
                let read = store.commits(Revision(from), max, usize::MAX).unwrap();
                let start = from as usize - 1;
                assert_eq!(read, commits[start..commits.len().min(start + max)]);
            }
        }
        assert_eq!(store.commits(Revision(3), 10, 1).unwrap(), commits[2..3], "one at least");
        let some = store.commits(Revision(1), 100, 10_000).unwrap();
        assert!(some.len() > 1 && some.len() < 40, "{}", some.len());
        assert!(store.commits(Revision(41), 10, 10).unwrap().is_empty());
        assert!(store.commits(Revision(3), 0, usize::MAX).unwrap().is_empty());
        for outside in [0, 42] {
            assert!(matches!(store.commits(Revision(outside), 1, 1), Err(ReadError::NoRevision(_))));
        }
        store = stores.again(store);
    }
}

fn tickets_are_read_upwards_and_downwards<S: Stores>(stores: &mut S) {
    let mut store = stores.fresh();
    fill(&store, 25, 10);
    let numbers = |store: &S::Store, from: u64, descending: bool, limit: usize| -> Vec<u64> {
        store.tickets(TicketNumber(from), descending, limit).unwrap().iter().map(|t| t.number.0).collect()
    };
    for _ in 0..2 {
        assert_eq!(numbers(&store, 0, false, 3), [1, 2, 3]);
        assert_eq!(numbers(&store, 24, false, 9), [24, 25]);
        assert_eq!(numbers(&store, 3, true, 9), [3, 2, 1]);
        assert_eq!(numbers(&store, u64::MAX, true, 2), [25, 24]);
        assert_eq!(numbers(&store, 26, false, 2), [0; 0]);
        assert_eq!((numbers(&store, 1, false, 0), numbers(&store, 9, true, 0)), (vec![], vec![]));
        assert_eq!(numbers(&store, 1, false, 1_000).len(), 25);
        store = stores.again(store);
    }
}

fn a_history_is_read_newest_first_in_pages<S: Stores>(stores: &mut S) {
    let mut store = stores.fresh();
    fill(&store, 4, 12);
    // Two events on one ticket in one commit, and one of another ticket beside them.
    let twice = ["раз", "два"].map(|_| sample::change(17, 1).records[0].clone());
    let records = twice.into_iter().chain([sample::change(17, 2).records[0].clone()]).collect();
    sample::append(&store, &[sample::commit(17, records), sample::change(18, 1)]).unwrap();
    for _ in 0..2 {
        let history = |from: Option<u64>, limit: usize| -> Vec<u64> {
            store.history(TicketNumber(1), from.map(Revision), limit).unwrap().iter().map(|r| r.0).collect()
        };
        assert_eq!(history(None, 100), [18, 17, 13, 9, 5, 1]);
        assert_eq!(history(None, 2), [18, 17]);
        assert_eq!(history(Some(17), 2), [17, 13]);
        assert_eq!(history(Some(12), 2), [9, 5], "from between two of them");
        assert_eq!(history(Some(99), 1), [18]);
        assert_eq!(store.history(TicketNumber(2), None, 9).unwrap()[0], Revision(17));
        assert!(store.history(TicketNumber(5), None, 9).unwrap().is_empty());
        assert!(store.history(TicketNumber(1), Some(Revision::ZERO), 9).unwrap().is_empty());
        assert_eq!(history(Some(18), 0), [0; 0]);
        store = stores.again(store);
    }
}

fn requests_are_found<S: Stores>(stores: &mut S) {
    let mut store = stores.fresh();
    fill(&store, 10, 10);
    for _ in 0..2 {
        for revision in 1..=20 {
            let found = store.remembered(&sample::request_key(revision)).unwrap();
            assert_eq!(found, Some(Remembered { revision: Revision(revision), content: [revision as u8; 16] }));
        }
        assert_eq!(store.remembered(&sample::request_key(21)).unwrap(), None);
        store = stores.again(store);
    }
}

/// Opened again, then built again, then opened again after that.
fn reopened<S: Stores>(stores: &mut S, store: S::Store, round: usize) -> S::Store {
    if round == 1 { stores.rebuilt(store) } else { stores.again(store) }
}

fn tickets_are_found_for_good_by_each_kind_of_key_and_by_that_kind_alone<S: Stores>(stores: &mut S) {
    let mut store = stores.fresh();
    let kinds = Index::ALL.len() as u64;
    let numbered = || (1..).zip(Index::ALL.iter().copied());
    // Under one text a ticket for each kind; then one for each kind under a text that no other has; then one with all.
    let same = numbered().map(|(n, index)| sample::keyed(n, n, &[(index, "INC0000007")]));
    let own = numbered().map(|(n, index)| sample::keyed(kinds + n, kinds + n, &[(index, index.name())]));
    let all: Vec<_> = Index::ALL.iter().map(|index| (*index, "<a@example.com>")).collect();
    let last = 2 * kinds + 1;
    let commits: Vec<_> = same.chain(own).chain([sample::keyed(last, last, &all)]).collect();
    sample::append(&store, &commits).unwrap();
    // Later events of a ticket bring nothing, and take nothing away.
    sample::append(&store, &[sample::change(last + 1, last)]).unwrap();
    for round in 0..4 {
        for (n, index) in numbered() {
            let found = |key: &str| store.find(index, key).unwrap().map(|number| number.0);
            assert_eq!(found("INC0000007"), Some(n), "{index}, {round}");
            assert_eq!(found("<a@example.com>"), Some(last), "{index}, {round}");
            for (other, of) in numbered() {
                let wanted = if of == index { Some(kinds + other) } else { None };
                assert_eq!(found(of.name()), wanted, "{} as {index}, {round}", of.name());
            }
            for nobodys in ["", "inc0000007", "INC000000", &format!("INC{last:07}")] {
                assert_eq!(found(nobodys), None, "{index} {nobodys}, {round}");
            }
        }
        store = reopened(stores, store, round);
    }
}

fn of_two_that_were_given_one_key_the_newest_is_found<S: Stores>(stores: &mut S) {
    let mut store = stores.fresh();
    let kinds = Index::ALL.len() as u64;
    // Under the name of each kind one ticket by every kind, then another by that kind alone.
    let append = |store: &S::Store, revision: u64, name: &str, by: &[Index]| {
        let keys: Vec<_> = by.iter().map(|index| (*index, name)).collect();
        sample::append(store, &[sample::keyed(revision, revision, &keys)]).unwrap();
    };
    for (n, index) in (1..).zip(Index::ALL) {
        append(&store, n, index.name(), Index::ALL);
    }
    store = stores.again(store);
    for (n, index) in (1..).zip(Index::ALL) {
        append(&store, kinds + n, index.name(), &[*index]);
    }
    for round in 0..4 {
        for (n, given) in (1..).zip(Index::ALL) {
            for index in Index::ALL {
                let wanted = TicketNumber(if index == given { kinds + n } else { n });
                let found = store.find(*index, given.name()).unwrap();
                assert_eq!(found, Some(wanted), "{index} where {given} was given again, {round}");
            }
        }
        store = reopened(stores, store, round);
    }
}

fn a_ticket_is_found_by_each_letter_that_came_to_it<S: Stores>(stores: &mut S) {
    let mut store = stores.fresh();
    let first = sample::keyed(1, 1, &[(Index::ExternalId, "INC0000001"), (Index::MessageId, "<1@example.com>")]);
    let said = sample::changes().into_iter().find(|change| matches!(change, Change::Commented(_))).unwrap();
    let letters = (2..=9).map(|n| {
        let mut record = sample::event(sample::full_ticket(1, n), said.clone());
        if let Record::Ticket(event) = &mut record {
            event.message_id = Some(format!("<{n}@example.com>").into());
        }
        sample::commit(n, vec![record])
    });
    let commits: Vec<_> = [first].into_iter().chain(letters).collect();
    sample::append(&store, &commits).unwrap();
    for round in 0..4 {
        for n in 1..=9 {
            let found = store.find(Index::MessageId, &format!("<{n}@example.com>")).unwrap();
            assert_eq!(found, Some(TicketNumber(1)), "{n}, {round}");
            assert_eq!(&store.commit(Revision(n)).unwrap(), &commits[n as usize - 1]);
        }
        assert_eq!(store.find(Index::ExternalId, "INC0000001").unwrap(), Some(TicketNumber(1)));
        store = reopened(stores, store, round);
    }
}

fn the_directory_and_policies_stand_as_put_last<S: Stores>(stores: &mut S) {
    let mut store = stores.fresh();
    let actor = || sample::actors().remove(0);
    for revision in 1..=3 {
        let puts = sample::directory(revision).into_iter().map(|put| Record::Directory(actor(), put));
        let policy = Record::Policy(actor(), "".into(), Arc::new(sample::policy(revision as u32, 2)));
        sample::append(&store, &[sample::commit(revision, puts.chain([policy]).collect())]).unwrap();
    }
    for _ in 0..2 {
        let (found, wanted) = (store.directory().unwrap(), sample::directory(3));
        assert!(found.len() == wanted.len() && wanted.iter().all(|put| found.contains(put)));
        let policies = store.policies().unwrap();
        assert_eq!(policies.len(), 3);
        assert!((1..=3).all(|version| policies.contains(&Arc::new(sample::policy(version, 2)))));
        store = stores.again(store);
    }
}

fn large_tickets_and_policies_are_kept<S: Stores>(stores: &mut S) {
    let mut store = stores.fresh();
    let mut ticket = sample::full_ticket(1, 1);
    ticket.workstations = (0..200).map(|n| format!("{n} {}", "ж".repeat(60)).into()).collect();
    let policy = Arc::new(sample::policy(1, 2_000));
    let change = sample::changes().remove(0);
    let records = vec![
        sample::event(ticket.clone(), change.clone()),
        Record::Policy(sample::actors().remove(0), "".into(), policy.clone()),
    ];
    sample::append(&store, &[sample::commit(1, records)]).unwrap();
    for _ in 0..2 {
        assert_eq!(store.ticket(TicketNumber(1)).unwrap().as_deref(), Some(&ticket));
        assert_eq!(store.policies().unwrap(), std::slice::from_ref(&policy));
        store = stores.again(store);
    }
}

fn readers_see_what_was_appended_while_it_is_appended<S: Stores>(stores: &mut S) {
    let store = stores.fresh();
    sample::append(&store, &[sample::create(1, 1)]).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut seen = 0;
                while !done.load(std::sync::atomic::Ordering::Acquire) {
                    let newest = store.position().newest;
                    let ticket = store.ticket(TicketNumber(1)).unwrap().unwrap();
                    assert!(ticket.revision >= newest && ticket.revision.0 >= seen, "an old ticket was read");
                    seen = ticket.revision.0;
                    assert_eq!(store.commit(newest).unwrap().revision, newest);
                    assert!(store.remembered(&sample::request_key(newest.0)).unwrap().is_some());
                }
            });
        }
        let appended = (2..=150).try_for_each(|revision| sample::append(&store, &[sample::change(revision, 1)]));
        done.store(true, std::sync::atomic::Ordering::Release);
        appended.unwrap();
    });
}
