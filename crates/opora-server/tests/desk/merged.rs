//! What a target lists and finds of what was merged into it, page by page; where a customer's message goes.

use std::collections::HashMap;

use opora_core::model::{Attachment, LogKind, Revision};
use opora_server::desk::{CommentEntry, HistoryQuery, ListQuery};

use super::*;

const ANNA: &str = "anna@example.com";

fn says(body: &str, author: Option<&str>) -> Change {
    let author = author.map(Into::into);
    Change::Comment { body: body.into(), visibility: Visibility::Internal, author, seen_through: None }
}

fn file(name: &str) -> Change {
    Change::Attach(Attachment {
        file_name: name.into(),
        content_type: "text/plain".into(),
        size: 1,
        hash: [1; 32],
        log_kind: LogKind::Other,
        platform: None,
        log_start_time: None,
        modify_time: None,
        from: None,
    })
}

async fn merge(bench: &Bench, source: u64, target: u64) {
    let change = Change::Merge { target: TicketNumber(target), target_etag: None, reason: "".into() };
    bench.change(TicketNumber(source), change).await.unwrap();
}

async fn unmerge(bench: &Bench, source: u64) {
    bench.change(TicketNumber(source), Change::Unmerge { reason: "".into() }).await.unwrap();
}

/// All comments that a ticket lists, in pages of `limit`.
async fn listed(bench: &Bench, ticket: u64, newest_first: bool, limit: usize) -> Vec<CommentEntry> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let query = HistoryQuery { ticket: TicketNumber(ticket), newest_first, after, limit, max_bytes: 2 << 20 };
        let page = bench.desk.comments(&Call::own(), query).await.unwrap();
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

async fn bodies(bench: &Bench, ticket: u64) -> Vec<(u64, String)> {
    let all = listed(bench, ticket, false, 100).await;
    all.into_iter().map(|entry| (entry.ticket.0, entry.comment.body.to_string())).collect()
}

fn pairs(of: &[(u64, &str)]) -> Vec<(u64, String)> {
    of.iter().map(|(ticket, body)| (*ticket, (*body).to_owned())).collect()
}

async fn found(bench: &Bench, text: &str) -> Vec<u64> {
    assert!(bench.desk.searchable(bench.desk.revision(), Duration::from_mins(1)).await);
    let query = ListQuery {
        filter: filter(text),
        order: "number".parse().unwrap(),
        after: None,
        limit: 100,
        max_bytes: 2 << 20,
        with_descriptions: false,
        include_total: true,
    };
    let page = bench.desk.list(&Call::own(), query).await.unwrap();
    assert_eq!(page.total, Some(page.tickets.len() as u64), "counted as they are listed");
    page.tickets.iter().map(|t| t.number.0).collect()
}

#[tokio::test]
async fn messages_and_files_of_a_chain_are_listed_at_its_end_in_order_and_taken_back() {
    let bench = Bench::new();
    for subject in ["один", "два", "три"] {
        bench.create(subject).await;
    }
    for (ticket, body) in [(1, "a"), (3, "b"), (2, "c"), (1, "d"), (3, "e")] {
        bench.change(TicketNumber(ticket), says(body, None)).await.unwrap();
    }
    bench.change(TicketNumber(1), file("one.txt")).await.unwrap();
    merge(&bench, 1, 2).await;
    merge(&bench, 2, 3).await;
    assert_eq!(bodies(&bench, 3).await, pairs(&[(1, "a"), (3, "b"), (2, "c"), (1, "d"), (3, "e")]));
    for limit in 1..6 {
        for newest_first in [false, true] {
            let mut all = listed(&bench, 3, newest_first, limit).await;
            if newest_first {
                all.reverse();
            }
            let all: Vec<_> = all.iter().map(|entry| &*entry.comment.body).collect();
            assert_eq!(all, ["a", "b", "c", "d", "e"], "in pages of {limit}, newest first: {newest_first}");
        }
    }
    let query =
        HistoryQuery { ticket: TicketNumber(3), newest_first: false, after: None, limit: 10, max_bytes: 2 << 20 };
    assert_eq!(bench.desk.attachments(&Call::own(), query).await.unwrap().items.len(), 1);
    // In the middle of the chain.
    unmerge(&bench, 1).await;
    assert_eq!(bodies(&bench, 3).await, pairs(&[(3, "b"), (2, "c"), (3, "e")]));
    assert_eq!(bodies(&bench, 2).await, pairs(&[(2, "c")]));
    assert_eq!(bodies(&bench, 1).await, pairs(&[(1, "a"), (1, "d")]));
    assert_eq!(bench.desk.attachments(&Call::own(), query).await.unwrap().items.len(), 0);
}

#[tokio::test]
async fn messages_of_one_batch_on_both_tickets_are_both_listed_once() {
    let bench = Bench::new();
    bench.create("один").await;
    bench.create("два").await;
    let tickets = [1, 2].map(|n| (TicketRef::Number(TicketNumber(n)), None)).to_vec();
    let action = Action::Batch { tickets, change: says("всем", None) };
    bench.desk.submit(submission(action)).await.unwrap();
    bench.change(TicketNumber(2), says("потом", None)).await.unwrap();
    merge(&bench, 1, 2).await;
    let expected = pairs(&[(1, "всем"), (2, "всем"), (2, "потом")]);
    assert_eq!(bodies(&bench, 2).await, expected);
    let pages: Vec<_> = listed(&bench, 2, false, 1).await.into_iter().map(|e| e.comment.body).collect();
    assert_eq!(pages.len(), 3, "{pages:?}");
}

#[tokio::test]
async fn a_customers_message_is_answered_with_the_ticket_that_it_went_to_in_a_batch_and_after_a_restart_too() {
    let mut bench = Bench::new();
    for subject in ["один", "два"] {
        bench.create(subject).await;
    }
    merge(&bench, 1, 2).await;
    let uid = bench.desk.ticket(&Call::own(), TicketRef::Number(TicketNumber(1))).unwrap().unwrap().uid;
    let ask = |request: u8, body: &str| Submission {
        request: Some((RequestKey([request; 16]), [request; 16])),
        ..submission(Action::Change { ticket: TicketRef::Uid(uid), etag: None, change: says(body, Some(ANNA)) })
    };
    let first = bench.desk.submit(ask(1, "по uid")).await.unwrap();
    assert_eq!((ticket(first.clone()).number.0, ticket(first).comment_count), (2, 1));
    let tickets = [1, 2].map(|n| (TicketRef::Number(TicketNumber(n)), None)).to_vec();
    let action = Action::Batch { tickets, change: says("пачкой", Some(ANNA)) };
    let Answer::Batch(results) = bench.desk.submit(submission(action)).await.unwrap().answer else { panic!() };
    let numbers: Vec<_> = results.into_iter().map(|result| result.unwrap().number.0).collect();
    assert_eq!(numbers, [2, 2]);
    bench.restart().await;
    assert_eq!(ticket(bench.desk.submit(ask(1, "по uid")).await.unwrap()).comment_count, 1, "the first answer again");
    assert_eq!(bodies(&bench, 2).await, pairs(&[(2, "по uid"), (2, "пачкой")]), "both names are one");
    unmerge(&bench, 1).await;
    assert_eq!(bodies(&bench, 2).await.len(), 2, "what arrived since stays");
    let from: Vec<_> = listed(&bench, 2, false, 9).await.into_iter().map(|e| e.comment.from.map(|n| n.0)).collect();
    assert_eq!(from, [Some(1), Some(1)]);
}

#[tokio::test]
async fn words_of_a_merged_ticket_find_its_target_until_it_is_unmerged() {
    let mut bench = Bench::with(true, false, 100);
    for subject in ["Нет звука", "Плохая связь", "Третий"] {
        bench.create(subject).await;
    }
    bench.comment(TicketNumber(1), "маршрутизатор").await;
    bench.change(TicketNumber(1), file("softphone.txt")).await.unwrap();
    assert_eq!(found(&bench, "\"маршрутизатор\"").await, [1]);
    merge(&bench, 1, 2).await;
    assert_eq!(found(&bench, "\"маршрутизатор\"").await, [1, 2]);
    assert_eq!(found(&bench, "\"маршрутизатор\" AND open = true").await, [2]);
    assert_eq!(found(&bench, "\"связь маршрутизатор\"").await, [2], "a word of each");
    assert_eq!(found(&bench, "\"softphone.txt\"").await, [1, 2]);
    merge(&bench, 2, 3).await;
    bench.restart().await;
    assert_eq!(found(&bench, "\"маршрутизатор\"").await, [1, 2, 3], "along the chain, after a restart too");
    unmerge(&bench, 1).await;
    assert_eq!(found(&bench, "\"маршрутизатор\"").await, [1]);
    assert_eq!(found(&bench, "\"связь\"").await, [2, 3]);
}

#[tokio::test]
async fn after_any_merges_each_ticket_lists_what_a_plain_reading_says() {
    // A small generator with a fixed seed: the same story each time.
    let mut seed = 7_u64;
    let mut dice = move |sides: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % sides
    };
    let bench = Bench::new();
    for n in 1..6 {
        bench.create(&format!("{n}")).await;
    }
    let (mut into, mut holder): (HashMap<u64, u64>, Vec<(u64, String)>) = (HashMap::new(), Vec::new());
    for step in 0..200 {
        let number = 1 + dice(5);
        let mut end = number;
        while let Some(next) = into.get(&end) {
            end = *next;
        }
        match dice(4) {
            0 => {
                let target = 1 + dice(5);
                let change = Change::Merge { target: TicketNumber(target), target_etag: None, reason: "".into() };
                if bench.change(TicketNumber(number), change).await.is_ok() {
                    into.insert(number, target);
                }
            }
            1 if into.contains_key(&number) => {
                unmerge(&bench, number).await;
                into.remove(&number);
            }
            _ => {
                let body = format!("{step}");
                bench.change(TicketNumber(number), says(&body, Some(ANNA))).await.unwrap();
                holder.push((end, body));
            }
        }
        for shown in 1..6 {
            let reaches = |from: u64| {
                std::iter::successors(Some(from), |at| into.get(at).copied()).any(|reached| reached == shown)
            };
            let expected: Vec<_> = holder.iter().filter(|(at, _)| reaches(*at)).cloned().collect();
            assert_eq!(bodies(&bench, shown).await, expected, "#{shown} after step {step}: {into:?}");
            let ticket = bench.desk.ticket(&Call::own(), TicketRef::Number(TicketNumber(shown))).unwrap().unwrap();
            assert_eq!(ticket.comment_count as usize, expected.len());
        }
    }
    assert!(bench.desk.revision() > Revision(100));
}
