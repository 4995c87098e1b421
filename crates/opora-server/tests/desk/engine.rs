//! The engine: one total order, whole or not at all, once.

use std::sync::atomic::Ordering;

use opora_core::command::Facet;
use opora_core::decide::Refusal;
use opora_core::model::Revision;
use opora_core::sla::{Length, Policy, PolicyRef, Target};
use opora_core::time::Millis;
use opora_server::desk::{HistoryQuery, PolicyMove};
use opora_store::Record;

use super::*;

fn history(number: TicketNumber, newest_first: bool, limit: usize) -> HistoryQuery {
    HistoryQuery { ticket: number, newest_first, after: None, limit, max_bytes: 1 << 20 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_make_revisions_and_numbers_without_gap_in_few_groups() {
    let bench = Bench::new();
    let gate = bench.store.gate.lock();
    let waiting: Vec<_> = (0..200)
        .map(|n| {
            let desk = bench.desk.clone();
            tokio::spawn(async move { desk.submit(creating(&format!("{n}"), None)).await.unwrap() })
        })
        .collect();
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    drop(gate);
    let mut numbers = Vec::new();
    for done in waiting {
        let done = done.await.unwrap();
        assert_eq!(done.commit.as_ref().unwrap().revision, done.revision);
        numbers.push(ticket(done).number.0);
    }
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(1..=200));
    assert_eq!(bench.desk.revision(), Revision(200));
    assert!(bench.store.groups.load(Ordering::SeqCst) < 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_id_sent_by_sixteen_callers_at_once_makes_one_ticket() {
    let bench = Bench::new();
    let gate = bench.store.gate.lock();
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let desk = bench.desk.clone();
            tokio::spawn(async move { ticket(desk.submit(creating("один", Some((1, 1)))).await.unwrap()) })
        })
        .collect();
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    drop(gate);
    for caller in callers {
        assert_eq!(caller.await.unwrap().number, TicketNumber(1));
    }
    assert_eq!(bench.desk.position().tickets, 1);
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_after_a_restart_and_other_content_is_refused() {
    let mut bench = Bench::new();
    let first = ticket(bench.desk.submit(creating("один", Some((1, 1)))).await.unwrap());
    bench.comment(first.number, "потом").await;
    bench.restart().await;
    let again = bench.desk.submit(creating("один", Some((1, 1)))).await.unwrap();
    assert_eq!(again.revision, first.revision);
    assert_eq!(ticket(again), first);
    let other = bench.desk.submit(creating("другое", Some((1, 2)))).await;
    assert!(matches!(other, Err(Refused::RequestIdReused)));
    assert_eq!(bench.desk.position().tickets, 1);
}

#[tokio::test]
async fn a_batch_shares_one_revision_and_each_stands_or_falls_alone_also_when_repeated() {
    let mut bench = Bench::new();
    let olga = bench.agent("olga").await;
    let mut tickets = Vec::new();
    for n in 0..3 {
        tickets.push((TicketRef::Number(bench.create(&format!("{n}")).await.number), None));
    }
    tickets.push((TicketRef::Number(TicketNumber(99)), None));
    tickets[1].1 = Some("stale".into());
    let batch = Submission {
        request: Some((RequestKey([9; 16]), [9; 16])),
        ..submission(Action::Batch { tickets, change: Change::Assign(Some(olga.clone())) })
    };
    let before = bench.desk.revision();
    let done = bench.desk.submit(batch.clone()).await.unwrap();
    assert_eq!(done.revision, before.next());
    bench.restart().await;
    let again = bench.desk.submit(batch).await.unwrap();
    for done in [done, again] {
        let Answer::Batch(results) = done.answer else { panic!() };
        let olga = Some(olga.clone());
        assert!(results[0].as_ref().is_ok_and(|t| t.assignee == olga && t.revision == before.next()));
        assert!(matches!(&results[1], Err(Refused::Domain(Refusal::Etag { .. }))));
        assert!(results[2].as_ref().is_ok_and(|t| t.assignee == olga));
        assert!(matches!(&results[3], Err(Refused::Domain(Refusal::NoTicket(TicketNumber(99))))));
    }
}

#[tokio::test]
async fn an_external_id_is_taken_once() {
    let bench = Bench::new();
    let import =
        || submission(Action::Create(Box::new(NewTicket { external_id: Some("INC1".into()), ..new_ticket("a") })));
    let gate = bench.store.gate.lock();
    let (one, two) = (bench.desk.submit(import()), bench.desk.submit(import()));
    drop(gate);
    let (one, two) = tokio::join!(one, two);
    assert!(one.is_ok());
    assert!(matches!(two, Err(Refused::Domain(Refusal::ExternalIdTaken(TicketNumber(1))))));
    let three = bench.desk.submit(import()).await;
    assert!(matches!(three, Err(Refused::Domain(Refusal::ExternalIdTaken(TicketNumber(1))))));
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_uses_up_nothing() {
    let bench = Bench::new();
    bench.create("один").await;
    bench.store.full.store(true, Ordering::SeqCst);
    assert!(matches!(bench.desk.submit(creating("два", None)).await, Err(Refused::DiskFull)));
    assert!(bench.desk.ticket(&Call::own(), TicketRef::Number(TicketNumber(1))).unwrap().is_some());
    bench.store.full.store(false, Ordering::SeqCst);
    assert_eq!(bench.create("три").await.number, TicketNumber(2));
    assert_eq!(bench.desk.revision(), Revision(2));
}

#[tokio::test]
async fn a_failed_sync_ends_the_desk_and_says_so() {
    let bench = Bench::new();
    bench.store.broken.store(true, Ordering::SeqCst);
    assert!(matches!(bench.desk.submit(creating("один", None)).await, Err(Refused::StoreFailed)));
    bench.store.broken.store(false, Ordering::SeqCst);
    assert!(matches!(bench.desk.submit(creating("два", None)).await, Err(Refused::StoreFailed)));
    assert!(bench.desk.fatal().await.contains("told to"));
    assert_eq!(bench.desk.revision(), Revision::ZERO);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_when_too_many_wait_is_refused_at_once() {
    let bench = Bench::with(false, false, 2);
    let gate = bench.store.gate.lock();
    // At most two are with the writer and two wait.
    let waiting: Vec<_> = (0..6)
        .map(|_| {
            let desk = bench.desk.clone();
            tokio::spawn(async move { desk.submit(creating("ещё", None)).await })
        })
        .collect();
    until(|| waiting.iter().any(tokio::task::JoinHandle::is_finished)).await;
    drop(gate);
    let mut refused = 0;
    for done in waiting {
        refused += usize::from(matches!(done.await.unwrap(), Err(Refused::Overloaded)));
    }
    assert!((2..6).contains(&refused), "{refused}");
}

#[tokio::test]
async fn an_undo_takes_back_what_nobody_changed_since() {
    let bench = Bench::new();
    let olga = bench.agent("olga").await;
    let number = bench.create("один").await.number;
    let done = bench.change(number, Change::Assign(Some(olga))).await.unwrap();
    let undo = |revision| Change::Undo { revision, facet: Facet::Assignee };
    let undone = ticket(bench.change(number, undo(done.revision)).await.unwrap());
    assert_eq!(undone.assignee, None);
    assert!(bench.change(number, undo(done.revision)).await.is_err());
    assert!(bench.change(number, undo(Revision(1_000))).await.is_err());
}

#[tokio::test]
async fn directory_edits_are_checked_for_id_etag_and_what_they_name() {
    let mut bench = Bench::new();
    let id = bench.agent("olga").await;
    let again = bench.desk.submit(submission(Action::Directory(Box::new(new_agent(&id))))).await;
    assert!(matches!(again, Err(Refused::IdTaken(name)) if name == "agents/olga"));
    let entry = bench.desk.directory().agent(&id).unwrap();
    let rename = |etag: Option<String>| {
        let edit = DirectoryEdit::Agent(
            id.clone(),
            Arc::new(|before| opora_core::model::Agent {
                display_name: "Ольга".into(), ..before.unwrap().clone()
            }),
        );
        submission(Action::Directory(Box::new(DirectoryCommand { create: false, etag, put: edit })))
    };
    assert!(bench.desk.submit(rename(Some(entry.etag()))).await.is_ok());
    assert!(matches!(bench.desk.submit(rename(Some(entry.etag()))).await, Err(Refused::DirectoryEtag(_))));
    bench.restart().await;
    let agent = bench.desk.directory().agent(&id).unwrap();
    assert_eq!(&*agent.value.display_name, "Ольга");
    assert_eq!(agent.create_time, entry.create_time);
    assert_eq!(bench.desk.directory().agents(None, 10).len(), 1);
}

#[tokio::test]
async fn commit_times_never_run_backwards_when_the_wall_clock_is_set_back() {
    let bench = Bench::new();
    let first = bench.create("один").await;
    bench.hands.set_wall(-180);
    // The store in memory refuses a time that runs backwards.
    let second = bench.create("два").await;
    assert_eq!(second.create_time, first.create_time);
    assert!(bench.desk.now() >= first.create_time);
}

#[tokio::test]
async fn a_new_version_of_a_policy_is_applied_to_every_ticket_that_is_not_closed_in_bounded_parts() {
    let mut bench = Bench::new();
    for n in 0..250 {
        bench.create(&format!("{n}")).await;
    }
    bench.transition(TicketNumber(1), TicketState::Resolved).await;
    let mut definition = Policy::builtin().definition().clone();
    definition.cells[1].resolution = Target::Open(Length::Days(3));
    let before = bench.desk.revision();
    let preview = bench.desk.preview_policy(&Call::own(), definition.clone(), None).await.unwrap();
    // What a met clock shows does not move.
    assert_eq!((preview.tickets, preview.moved, preview.moves.len()), (250, 249, 100));
    let apply = || Submission {
        request: Some((RequestKey([5; 16]), [5; 16])),
        ..submission(Action::ApplyPolicy {
            definition: Box::new(definition.clone()),
            reason: "договор".into(),
            etag: None,
        })
    };
    let done = bench.desk.submit(apply()).await.unwrap();
    let Answer::Policy(applied) = &done.answer else { panic!() };
    assert_eq!((applied.definition.policy.version, applied.moved, applied.tickets), (2, 249, 250));
    let moves = |moves: Vec<PolicyMove>| moves.into_iter().map(|m| (m.ticket, m.before, m.after)).collect::<Vec<_>>();
    let first = moves(bench.desk.policy_moves(&Call::own(), applied.clone()).await.unwrap());
    assert_eq!(first.len(), 100);
    // The policy, and three parts.
    assert_eq!(done.revision.0, before.0 + 4);
    let version =
        |n| bench.desk.ticket(&Call::own(), TicketRef::Number(TicketNumber(n))).unwrap().unwrap().sla.policy.version;
    assert_eq!((version(1), version(2), version(250)), (2, 2, 2));
    assert_eq!(bench.desk.submit(apply()).await.unwrap().revision, done.revision);
    bench.transition(TicketNumber(2), TicketState::Resolved).await;
    let later = bench.desk.revision();
    bench.restart().await;
    assert!(bench.desk.policy(&PolicyRef { version: 2, ..PolicyRef::builtin() }).is_some());
    let again = bench.desk.submit(apply()).await.unwrap();
    let Answer::Policy(applied) = again.answer else { panic!() };
    assert_eq!((applied.definition.policy.version, applied.moved, applied.tickets), (2, 249, 250));
    assert_eq!((again.revision, bench.desk.revision()), (done.revision, later));
    // What it did to tickets that changed since is told as it was then.
    assert_eq!(moves(bench.desk.policy_moves(&Call::own(), applied).await.unwrap()), first);
}

#[tokio::test]
async fn a_resolved_and_a_merged_ticket_run_by_the_new_version_once_they_are_reopened_or_unmerged() {
    let bench = Bench::new();
    for subject in ["решён", "слит", "цель", "закрыт"] {
        bench.create(subject).await;
    }
    let (resolved, merged, closed) = (TicketNumber(1), TicketNumber(2), TicketNumber(4));
    bench.transition(resolved, TicketState::Resolved).await;
    bench.transition(closed, TicketState::Resolved).await;
    bench.transition(closed, TicketState::Closed).await;
    let merge = Change::Merge { target: TicketNumber(3), target_etag: None, reason: "".into() };
    bench.change(merged, merge).await.unwrap();
    let mut definition = Policy::builtin().definition().clone();
    definition.cells[1].resolution = Target::Open(Length::Days(3));
    let action = Action::ApplyPolicy { definition: Box::new(definition), reason: "договор".into(), etag: None };
    bench.desk.submit(submission(action)).await.unwrap();
    let three_days = Some(Millis::hours(72));
    let reopened = bench.transition(resolved, TicketState::InProgress).await;
    assert_eq!((reopened.sla.policy.version, reopened.sla.resolution.target), (2, three_days));
    let unmerged = ticket(bench.change(merged, Change::Unmerge { reason: "".into() }).await.unwrap());
    assert_eq!((unmerged.sla.policy.version, unmerged.sla.resolution.target), (2, three_days));
    let closed = bench.desk.ticket(&Call::own(), TicketRef::Number(closed)).unwrap().unwrap();
    assert_eq!(closed.sla.policy.version, 1);
}

#[tokio::test]
async fn finishing_an_import_touches_every_ticket_of_its_origin_once() {
    let bench = Bench::new();
    for n in 0..120 {
        let new = NewTicket { origin: Origin::Import, ..new_ticket(&format!("{n}")) };
        let import_time = Some(Timestamp::from_millis(NINE - 86_400_000));
        bench.desk.submit(Submission { import_time, ..submission(Action::Create(Box::new(new))) }).await.unwrap();
    }
    bench.create("свой").await;
    let finish = || submission(Action::FinishImport(Origin::Import));
    let done = bench.desk.submit(finish()).await.unwrap();
    assert!(matches!(done.answer, Answer::Count(120)), "{:?}", done.answer);
    assert_eq!(done.revision, Revision(123));
    let done = bench.desk.submit(finish()).await.unwrap();
    assert!(matches!((done.answer, done.revision), (Answer::Count(0), Revision::ZERO)));
}

#[tokio::test]
async fn a_history_is_read_in_pages_from_both_ends() {
    let bench = Bench::new();
    let new = NewTicket { description: Some("всё стоит".into()), ..new_ticket("один") };
    let number = ticket(bench.desk.submit(submission(Action::Create(Box::new(new)))).await.unwrap()).number;
    bench.create("другой").await;
    for n in 0..600 {
        bench.comment(number, &format!("{n}")).await;
    }
    for newest_first in [false, true] {
        let (mut query, mut revisions) = (history(number, newest_first, 250), Vec::new());
        loop {
            let page = bench.desk.events(&Call::own(), query).await.unwrap();
            assert!(page.items.len() <= 250);
            revisions.extend(page.items.iter().map(|e| e.revision));
            let Some(next) = page.next else { break };
            query.after = Some(next);
        }
        assert_eq!(revisions.len(), 601);
        assert!(revisions.is_sorted_by(|a, b| if newest_first { a > b } else { a < b }));
    }
    let comments = bench.desk.comments(&Call::own(), history(number, true, 10)).await.unwrap();
    assert_eq!(&*comments.items[0].comment.body, "599");
    let ticket = bench.desk.ticket(&Call::own(), TicketRef::Number(number)).unwrap().unwrap();
    assert_eq!(bench.desk.description(&ticket).unwrap().as_deref(), Some("всё стоит"));
    assert!(bench.desk.attachments(&Call::own(), history(number, true, 10)).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn explanations_and_what_if_speak_of_now() {
    let bench = Bench::new();
    let number = ticket(bench.desk.submit(felt("один", Impact::ServiceIntermittent)).await.unwrap()).number;
    bench.hands.pass(20);
    let explained = bench.desk.explain(&Call::own(), TicketRef::Number(number)).unwrap();
    assert_eq!(explained.first_response.elapsed.0, 20 * 60_000);
    let (_, (previews, _)) = bench.desk.preview_priority(&Call::own(), TicketRef::Number(number)).unwrap();
    assert_eq!(previews.len(), 4);
    assert!(previews[1].current && previews[0].sla.continuous_since.is_some());
    assert_eq!(bench.desk.preview_new(&Call::own(), None, None).unwrap().0.len(), 4);
}

#[tokio::test]
async fn a_stop_answers_what_waits_and_refuses_what_comes_later() {
    let bench = Bench::new();
    let done = bench.desk.submit(creating("один", None));
    let (done, stopped) = tokio::join!(done, bench.desk.stop());
    stopped.unwrap();
    assert!(done.is_ok());
    assert!(matches!(bench.desk.submit(creating("два", None)).await, Err(Refused::Stopping)));
    let commit = bench.store.commit(Revision(1)).unwrap();
    assert!(matches!(&commit.records[..], [Record::Ticket(_)]));
}
