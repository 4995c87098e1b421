//! A data directory of a version that kept other clocks: told once at the first start, and counted before by a dry run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;

use opora_core::command::Reprioritise;
use opora_core::event::{Change as Happened, TicketEvent};
use opora_core::model::{Priority, Revision};
use opora_core::sla::Clock as SlaClock;
use opora_core::time::Millis;
use opora_server::desk::HistoryQuery;
use opora_server::{Config, DryRun, dry_run};
use opora_store::{Commit, Embedded, EmbeddedOptions, Record};

use super::*;

/// Puts what an earlier version kept beside the same facts into a store: of a MEDIUM that became CRITICAL it showed
/// CRITICAL's start and no target beside MEDIUM's due time.
fn keep_otherwise(store: &dyn Store, numbers: &[u64]) -> Vec<SlaClock> {
    let position = store.position();
    let revision = position.newest.next();
    let at = position.newest_at.unwrap();
    let mut kept = Vec::new();
    let mut records = Vec::new();
    for number in numbers {
        let mut ticket = Ticket::clone(&store.ticket(TicketNumber(*number)).unwrap().unwrap());
        ticket.sla.resolution.start = ticket.update_time;
        ticket.sla.resolution.target = None;
        ticket.revision = revision;
        kept.push(ticket.sla.resolution);
        let change = Happened::SlaNeglected { since: at };
        let (actor, reason, ticket) = (Actor::SYSTEM, "".into(), Arc::new(ticket));
        records.push(Record::Ticket(TicketEvent::new(at, actor, reason, change, ticket)));
    }
    let commit = Arc::new(Commit { revision, at, records, request: None });
    store.append(store.epoch(), position.newest, &[commit]).unwrap();
    kept
}

/// Creates MEDIUM tickets that became CRITICAL.
async fn raised(desk: &Desk, count: usize) {
    for n in 0..count {
        let created = desk.submit(felt(&format!("{n}"), Impact::SeveralWorkstations)).await.unwrap();
        let raise = Change::Reprioritise { to: Reprioritise::Priority(Priority::Critical), reason: "хуже".into() };
        desk.submit(changing(ticket(created).number, raise)).await.unwrap();
    }
}

/// Every event on a ticket that says that its clocks were reckoned anew: what they had shown, and what they show.
async fn told(desk: &Desk, number: u64) -> Vec<(SlaClock, SlaClock)> {
    let ticket = TicketNumber(number);
    let query = HistoryQuery { ticket, newest_first: false, after: None, limit: 100, max_bytes: 1 << 20 };
    let events = desk.events(&Call::own(), query).await.unwrap().items;
    let anew = |event: &TicketEvent| match &event.change {
        Happened::ClocksRecomputed { previous } => Some((previous.resolution, event.ticket.sla.resolution)),
        _ => None,
    };
    events.iter().filter_map(|entry| anew(&entry.event)).collect()
}

#[tokio::test]
async fn each_open_ticket_whose_clocks_change_is_told_once_whenever_the_first_start_ends() {
    let mut bench = Bench::new();
    raised(&bench.desk, 250).await;
    let right: Vec<SlaClock> = (1..=250)
        .map(|n| bench.desk.ticket(&Call::own(), TicketRef::Number(TicketNumber(n))).unwrap().unwrap().sla.resolution)
        .collect();
    bench.transition(TicketNumber(249), TicketState::Resolved).await;
    bench.desk.stop().await.unwrap();
    // All but the last, and one of them is resolved.
    let numbers: Vec<u64> = (1..250).collect();
    let kept = keep_otherwise(&*bench.store, &numbers);
    // The first start ends in the middle: one part is written, nothing after it.
    let groups = bench.store.groups.load(Ordering::SeqCst);
    bench.store.full_after.store(groups + 1, Ordering::SeqCst);
    bench.open_again();
    assert_eq!(told(&bench.desk, 1).await, [(kept[0], right[0])]);
    assert_eq!(told(&bench.desk, 248).await, []);
    bench.store.full_after.store(0, Ordering::SeqCst);
    bench.open_again();
    for n in 1..=248 {
        assert_eq!(told(&bench.desk, n).await, [(kept[n as usize - 1], right[n as usize - 1])], "#{n}");
    }
    assert_eq!((told(&bench.desk, 249).await, told(&bench.desk, 250).await), (vec![], vec![]));
    let newest = bench.desk.revision();
    bench.restart().await;
    assert_eq!(bench.desk.revision(), newest, "a second start tells nothing");
}

#[tokio::test]
async fn they_are_told_before_timers_tell_anything() {
    let mut bench = Bench::with(false, true, 100);
    raised(&bench.desk, 1).await;
    bench.desk.stop().await.unwrap();
    keep_otherwise(&*bench.store, &[1]);
    bench.hands.pass(60);
    bench.open_again();
    let ticket = TicketNumber(1);
    // The breach shows as soon as its clocks are reckoned anew; the timers tell it in their own time.
    let events = loop {
        let query = HistoryQuery { ticket, newest_first: true, after: None, limit: 100, max_bytes: 1 << 20 };
        let events = bench.desk.events(&Call::own(), query).await.unwrap().items;
        if events.iter().any(|entry| matches!(entry.event.change, Happened::SlaBreached { .. })) {
            break events;
        }
        tokio::task::yield_now().await;
    };
    let place = |wanted: fn(&Happened) -> bool| events.iter().position(|entry| wanted(&entry.event.change)).unwrap();
    let anew = place(|change| matches!(change, Happened::ClocksRecomputed { .. }));
    assert!(place(|change| matches!(change, Happened::SlaBreached { .. })) < anew, "newest first");
}

/// Every file of a directory with what is in it.
fn files(dir: &Path, into: &mut BTreeMap<std::path::PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
}

fn config(dir: &Path) -> Config {
    Config::for_demo(dir).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_counts_them_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let store = Arc::new(Embedded::open(EmbeddedOptions::new(dir.path())).unwrap());
        Desk::open(store, DeskOptions { search: false, timers: false, ..DeskOptions::new(dir.path().to_owned()) })
            .unwrap()
    };
    let desk = open();
    raised(&desk, 3).await;
    desk.submit(changing(TicketNumber(3), Change::Transition { state: TicketState::Resolved, reason: "".into() }))
        .await
        .unwrap();
    assert!(dry_run(&config(dir.path())).is_err(), "it is in use");
    desk.stop().await.unwrap();
    drop(desk);
    assert_eq!(dry_run(&config(dir.path())).unwrap(), DryRun { open: 2, recomputed: 0 });
    let store = Embedded::open(EmbeddedOptions::new(dir.path())).unwrap();
    keep_otherwise(&store, &[1, 2, 3]);
    store.close().unwrap();
    drop(store);

    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    files(dir.path(), &mut before);
    assert_eq!(dry_run(&config(dir.path())).unwrap(), DryRun { open: 2, recomputed: 2 });
    files(dir.path(), &mut after);
    assert_eq!(before, after);

    let desk = open();
    assert_eq!((told(&desk, 1).await.len(), told(&desk, 3).await.len()), (1, 0));
    let revision = desk.revision();
    assert_eq!(revision, Revision(9));
    desk.stop().await.unwrap();
    drop(desk);
    assert_eq!(dry_run(&config(dir.path())).unwrap(), DryRun { open: 2, recomputed: 0 });
}

#[tokio::test]
async fn a_breach_that_comes_to_light_is_told_with_it_and_one_that_was_recorded_stays() {
    let mut bench = Bench::new();
    raised(&bench.desk, 2).await;
    bench.hands.pass(45);
    bench.change(TicketNumber(1), Change::Tick).await.unwrap();
    let breached =
        bench.desk.ticket(&Call::own(), TicketRef::Number(TicketNumber(1))).unwrap().unwrap().sla.first_response;
    assert_eq!(breached.breach.unwrap().at, breached.due.unwrap());
    bench.desk.stop().await.unwrap();
    keep_otherwise(&*bench.store, &[1, 2]);
    bench.hands.pass(600);
    bench.open_again();
    let now = bench.desk.ticket(&Call::own(), TicketRef::Number(TicketNumber(1))).unwrap().unwrap();
    assert_eq!(now.sla.first_response, breached);
    assert_eq!(now.sla.resolution.target, Some(Millis::hours(7 * 24)));
}
