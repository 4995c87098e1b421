//! Lists, counts, orders.

use opora_core::command::Reprioritise;
use opora_core::model::Priority;
use opora_core::order::OrderBy;
use opora_core::time::Millis;
use opora_server::desk::{ListPage, ListQuery};

use super::*;

fn query(text: &str, order: &str, limit: usize) -> ListQuery {
    ListQuery {
        filter: filter(text),
        order: order.parse::<OrderBy>().unwrap(),
        after: None,
        limit,
        max_bytes: 2 << 20,
        with_descriptions: false,
        include_total: false,
    }
}

fn numbers(page: &ListPage) -> Vec<u64> {
    page.tickets.iter().map(|t| t.number.0).collect()
}

/// All pages of a list.
async fn all(bench: &Bench, mut query: ListQuery) -> Vec<u64> {
    let mut found = Vec::new();
    loop {
        let page = bench.desk.list(&Call::own(), query.clone()).await.unwrap();
        assert!(page.tickets.len() <= query.limit);
        found.extend(numbers(&page));
        match page.next {
            Some(next) => query.after = Some(next),
            None => return found,
        }
    }
}

/// Four priorities in turn, some resolved, one closed, one waiting.
async fn mixed() -> Bench {
    let bench = Bench::new();
    let impacts =
        [Impact::OneWorkstation, Impact::SeveralWorkstations, Impact::ServiceIntermittent, Impact::ServiceDown];
    for n in 0..40_usize {
        bench.desk.submit(felt(&format!("{n}"), impacts[n % 4])).await.unwrap();
        bench.hands.pass(1);
    }
    for n in [5, 6, 7, 8] {
        bench.transition(TicketNumber(n), TicketState::Resolved).await;
    }
    bench.transition(TicketNumber(6), TicketState::Closed).await;
    bench.transition(TicketNumber(9), TicketState::WaitingForCustomer).await;
    bench
}

#[tokio::test]
async fn by_urgency_the_continuous_come_first_then_by_due_time_then_the_rest_by_number() {
    let bench = mixed().await;
    let all = all(&bench, query("", "", 7)).await;
    let continuous: Vec<u64> = (4..=40).step_by(4).filter(|n| *n != 8).collect();
    assert!(all.starts_with(&continuous), "{all:?}");
    assert_eq!(all.len(), 40);
    assert!(all.ends_with(&[5, 6, 7, 8]), "{all:?}");
    assert_eq!(all[continuous.len()], 3, "HIGH is due before LOW and MEDIUM");
}

#[tokio::test]
async fn every_order_gives_every_ticket_once_whatever_the_page_size() {
    let bench = mixed().await;
    for order in ["urgency", "number", "create_time", "update_time", "priority"] {
        for direction in ["", " desc"] {
            let order = format!("{order}{direction}");
            let mut reference = None;
            for limit in [1, 3, 40, 1_000] {
                let found = all(&bench, query("", &order, limit)).await;
                let mut sorted = found.clone();
                sorted.sort_unstable();
                assert!(sorted.into_iter().eq(1..=40), "{order} by {limit}: {found:?}");
                assert_eq!(*reference.get_or_insert(found.clone()), found, "{order} by {limit}");
            }
        }
    }
    assert_eq!(all(&bench, query("", "number desc", 9)).await[..2], [40, 39]);
}

#[tokio::test]
async fn a_filter_and_the_exact_total_go_over_open_and_closed_ones() {
    let bench = mixed().await;
    let count = async |text: &str| {
        let page =
            bench.desk.list(&Call::own(), ListQuery { include_total: true, ..query(text, "", 2) }).await.unwrap();
        assert_eq!(bench.desk.count(&Call::own(), &filter(text)).await.unwrap(), page.total.unwrap());
        (page.total.unwrap(), all(&bench, query(text, "", 2)).await.len() as u64)
    };
    assert_eq!(count("").await, (40, 40));
    assert_eq!(count("priority >= HIGH").await, (20, 20));
    assert_eq!(count("state = NEW AND priority >= HIGH").await, (18, 18));
    assert_eq!(count("state = RESOLVED OR state = CLOSED").await, (4, 4));
    assert_eq!(count("state = CLOSED").await, (1, 1));
}

#[tokio::test]
async fn a_page_ends_at_its_byte_budget_with_at_least_one_ticket() {
    let bench = mixed().await;
    let page = bench.desk.list(&Call::own(), ListQuery { max_bytes: 10, ..query("", "", 50) }).await.unwrap();
    assert_eq!(page.tickets.len(), 1);
    assert!(page.next.is_some());
    assert_eq!(all(&bench, ListQuery { max_bytes: 3_000, ..query("", "", 50) }).await.len(), 40);
}

#[tokio::test]
async fn no_ticket_is_skipped_or_shown_twice_while_others_come_and_go() {
    let bench = mixed().await;
    let mut query = query("", "", 5);
    let mut found = Vec::new();
    loop {
        let page = bench.desk.list(&Call::own(), query.clone()).await.unwrap();
        found.extend(numbers(&page));
        bench.desk.submit(felt("новая", Impact::ServiceIntermittent)).await.unwrap();
        let Some(next) = page.next else { break };
        query.after = Some(next);
    }
    let mut old: Vec<_> = found.iter().copied().filter(|n| *n <= 40).collect();
    old.sort_unstable();
    assert!(old.into_iter().eq(1..=40), "{found:?}");
    found.sort_unstable();
    found.dedup();
    assert!(found.len() >= 40);
}

#[tokio::test]
async fn the_summary_counts_open_tickets() {
    let bench = mixed().await;
    let olga = bench.agent("olga").await;
    bench.change(TicketNumber(1), Change::Assign(Some(olga.clone()))).await.unwrap();
    bench.change(TicketNumber(1), Change::Escalate { rung: None, reason: "долго".into() }).await.unwrap();
    let (summary, revision) = bench.desk.summary(&Call::own(), &filter(""), Millis::minutes(30)).await.unwrap();
    assert_eq!(revision, bench.desk.revision());
    assert_eq!((summary.open, summary.continuous, summary.unassigned, summary.escalated), (36, 9, 35, 1));
    assert_eq!(summary.by_state[0], (TicketState::New, 34));
    assert_eq!(summary.by_priority[0].count, 9);
    assert_eq!((summary.by_assignee[0].count, summary.by_assignee[1].assignee.as_ref()), (35, Some(&olga)));
    assert!(summary.breached > 0 && summary.due_soon > 0 && summary.next_due.is_some());
    let (summary, _) = bench.desk.summary(&Call::own(), &filter("priority = CRITICAL"), Millis::ZERO).await.unwrap();
    assert_eq!(summary.open, 9);
}

#[tokio::test]
async fn among_continuous_tickets_those_whose_first_response_is_owed_come_first_each_by_age() {
    let bench = Bench::new();
    for n in 1..=4 {
        bench.desk.submit(felt(&format!("{n}"), Impact::ServiceDown)).await.unwrap();
        bench.hands.pass(1);
    }
    for n in [1, 3] {
        let answer = Change::Comment {
            body: "Смотрим".into(),
            visibility: Visibility::Public,
            author: None,
            seen_through: None,
        };
        bench.change(TicketNumber(n), answer).await.unwrap();
    }
    assert_eq!(all(&bench, query("", "", 9)).await, [2, 4, 1, 3]);
}

#[tokio::test]
async fn what_a_continuous_ticket_was_held_for_counts_once_in_its_age() {
    let bench = Bench::new();
    let down = |subject: &'static str| bench.desk.submit(felt(subject, Impact::ServiceDown));
    let first = ticket(down("А").await.unwrap()).number;
    let to = |priority| Change::Reprioritise { to: Reprioritise::Priority(priority), reason: "так".into() };
    bench.transition(first, TicketState::WaitingForCustomer).await;
    bench.change(first, to(Priority::Medium)).await.unwrap();
    bench.hands.pass(3);
    bench.change(first, to(Priority::Critical)).await.unwrap();
    bench.transition(first, TicketState::InProgress).await;
    bench.hands.pass(1);
    let second = ticket(down("Б").await.unwrap()).number;
    assert_eq!(all(&bench, query("", "", 9)).await, [first.0, second.0]);
}

#[tokio::test]
async fn what_is_due_soon_counts_both_clocks_of_a_continuous_ticket() {
    let bench = Bench::new();
    let number = ticket(bench.desk.submit(felt("Не работает", Impact::ServiceDown)).await.unwrap()).number;
    let (summary, _) = bench.desk.summary(&Call::own(), &filter(""), Millis::hours(1)).await.unwrap();
    assert_eq!((summary.due_soon, summary.continuous), (1, 1));
    assert_eq!(summary.next_due, Some(Timestamp::from_millis(NINE + 30 * 60_000)), "its first answer");
    // MEDIUM that became CRITICAL: what MEDIUM owes stands beside it.
    let answer =
        Change::Comment {
            body: "Смотрим".into(), visibility: Visibility::Public, author: None, seen_through: None
        };
    bench.change(number, answer).await.unwrap();
    let other = ticket(bench.desk.submit(felt("Вход", Impact::SeveralWorkstations)).await.unwrap());
    let raise = Change::Reprioritise { to: Reprioritise::Priority(Priority::Critical), reason: "хуже".into() };
    let raised = ticket(bench.change(other.number, raise).await.unwrap());
    let (summary, _) = bench.desk.summary(&Call::own(), &filter(""), Millis::hours(1)).await.unwrap();
    assert_eq!((summary.due_soon, summary.next_due), (1, raised.sla.first_response.due));
    let week = Millis::hours(7 * 24);
    let answer =
        Change::Comment { body: "Чиним".into(), visibility: Visibility::Public, author: None, seen_through: None };
    bench.change(other.number, answer).await.unwrap();
    let (summary, _) = bench.desk.summary(&Call::own(), &filter(""), week).await.unwrap();
    assert_eq!((summary.due_soon, summary.next_due), (1, other.sla.resolution.due));
}

#[tokio::test]
async fn the_queue_is_the_same_after_a_stop_a_crash_and_with_a_checkpoint_lost_or_damaged() {
    let mut bench = mixed().await;
    let expected = all(&bench, query("", "", 9)).await;
    bench.restart().await;
    assert_eq!(all(&bench, query("", "", 9)).await, expected);
    let last = bench.transition(TicketNumber(10), TicketState::Resolved).await;
    let more = bench.create("ещё одна").await;
    let expected = all(&bench, query("", "", 9)).await;
    bench.open_again();
    assert_eq!(all(&bench, query("", "", 9)).await, expected);
    let checkpoint = bench.dir.path().join("followers/queue");
    assert!(checkpoint.exists());
    std::fs::write(&checkpoint, b"garbage").unwrap();
    bench.open_again();
    assert_eq!(all(&bench, query("", "", 9)).await, expected);
    std::fs::remove_file(&checkpoint).unwrap();
    bench.open_again();
    assert_eq!(all(&bench, query("", "", 9)).await, expected);
    assert_eq!(bench.desk.ticket(&Call::own(), TicketRef::Uid(more.uid)).unwrap().unwrap(), more);
    assert_eq!(bench.desk.ticket(&Call::own(), TicketRef::Number(last.number)).unwrap().unwrap(), last);
}
