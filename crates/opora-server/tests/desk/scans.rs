//! Reads of many tickets: who leaves stops costing, and a desk that stops waits for none of them. Work is counted.

use opora_server::desk::{HistoryQuery, ListQuery};

use super::*;

/// Tickets of each desk: more than a hundred turns for all the lists of a test.
const TICKETS: usize = 3_000;
/// Lists at once.
const LISTS: usize = 40;

async fn bench() -> Bench {
    let bench = Bench::with(false, false, TICKETS);
    let created = (0..TICKETS).map(|_| bench.desk.submit(felt("Нет звука", Impact::OneWorkstation)));
    for done in futures::future::join_all(created).await {
        done.unwrap();
    }
    bench
}

/// A list of the dearest kind: it looks at every ticket, and finds none.
fn dear() -> ListQuery {
    let filter = Arc::new(Filter::parse(&vec!["subject:\"нет такого\""; 95].join(" OR ")).unwrap());
    let order = "create_time desc".parse().unwrap();
    ListQuery {
        filter,
        order,
        after: None,
        limit: 50,
        max_bytes: 1 << 20,
        with_descriptions: false,
        include_total: true,
    }
}

/// Begins many lists.
fn begin(bench: &Bench) -> Vec<tokio::task::JoinHandle<()>> {
    let list = |desk: Desk| async move {
        // What became of it is nobody's business: its caller leaves.
        drop(desk.list(&Call::own(), dear()).await);
    };
    (0..LISTS).map(|_| tokio::spawn(list(bench.desk.clone()))).collect()
}

async fn until(mut so: impl FnMut() -> bool) {
    while !so() {
        tokio::task::yield_now().await;
    }
}

/// As many rows as all scans that run at once may still look at: 512 each.
fn most() -> u64 {
    512 * std::thread::available_parallelism().unwrap().get() as u64
}

#[tokio::test]
async fn lists_whose_callers_left_look_at_no_more_than_512_tickets() {
    let bench = bench().await;
    let calls = begin(&bench);
    until(|| bench.desk.scanned().0 > 0 && bench.desk.scanned().1 > LISTS / 2).await;
    for call in &calls {
        call.abort();
    }
    for call in calls {
        assert!(call.await.is_err_and(|error| error.is_cancelled()));
    }
    let before = bench.desk.scanned().0;
    until(|| bench.desk.scanned().1 == 0).await;
    let after = bench.desk.scanned().0 - before;
    assert!(after <= most(), "{after} rows for nobody");
    // Everybody else is served as before.
    assert_eq!(
        bench.desk.list(&Call::own(), ListQuery { filter: Arc::default(), ..dear() }).await.unwrap().total,
        Some(TICKETS as u64)
    );
}

#[tokio::test]
async fn a_desk_that_stops_ends_the_lists_under_way() {
    let bench = bench().await;
    let calls = begin(&bench);
    until(|| bench.desk.scanned().0 > 0 && bench.desk.scanned().1 > LISTS / 2).await;
    let before = bench.desk.scanned().0;
    bench.desk.stop().await.unwrap();
    for call in calls {
        call.await.unwrap();
    }
    let after = bench.desk.scanned().0 - before;
    // Others took their turn before the stop was asked for; the rest looked at nothing.
    assert!(
        after <= most() + (LISTS * 512) as u64 && after < (LISTS * TICKETS / 2) as u64,
        "{after} rows while it stopped"
    );
    assert!(matches!(bench.desk.list(&Call::own(), dear()).await, Err(Refused::Stopping)));
}

#[tokio::test]
async fn a_dry_run_of_a_policy_whose_caller_left_reckons_no_more_than_512_tickets() {
    let bench = bench().await;
    let default =
        bench.desk.rules().policies.newest(&opora_core::decide::default_policy()).unwrap().definition().clone();
    let desk = bench.desk.clone();
    let call = tokio::spawn(async move { drop(desk.preview_policy(&Call::own(), default, None).await) });
    until(|| bench.desk.scanned().0 > 0).await;
    call.abort();
    drop(call.await);
    let before = bench.desk.scanned().0;
    until(|| bench.desk.scanned().1 == 0).await;
    assert!(bench.desk.scanned().0 - before <= 512);
}

#[tokio::test]
async fn a_look_for_mass_trouble_whose_caller_left_looks_at_no_more_than_512_tickets() {
    let bench = bench().await;
    let whole = bench.desk.scanned().0;
    bench.desk.suggestions(&Call::own()).await.unwrap();
    assert!(bench.desk.scanned().0 - whole >= TICKETS as u64, "each ticket is counted");
    let desk = bench.desk.clone();
    let before = bench.desk.scanned().0;
    let call = tokio::spawn(async move { drop(desk.suggestions(&Call::own()).await) });
    until(|| bench.desk.scanned().0 > before).await;
    call.abort();
    drop(call.await);
    let before = bench.desk.scanned().0;
    until(|| bench.desk.scanned().1 == 0).await;
    assert!(bench.desk.scanned().0 - before <= 512);
}

#[tokio::test]
async fn a_long_history_is_read_whole_in_both_directions_page_by_page() {
    let bench = Bench::with(false, false, 100);
    let ticket = bench.create("Долгий разговор").await.number;
    for n in 0..600 {
        bench.comment(ticket, &format!("Ответ {n}")).await;
    }
    for newest_first in [false, true] {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let query = HistoryQuery { ticket, newest_first, after, limit: 100, max_bytes: 1 << 20 };
            let page = bench.desk.events(&Call::own(), query).await.unwrap();
            all.extend(page.items.iter().map(|entry| entry.revision));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        if newest_first {
            all.reverse();
        }
        assert_eq!(all.len(), 601);
        assert!(all.is_sorted_by(|a, b| a < b));
    }
}

/// The most tickets that a list looks at in one go, without hearing whether its caller is still there, until it has looked
/// at so many.
async fn longest_stretch(bench: &Bench, query: ListQuery, until: u64) -> u64 {
    let began = bench.desk.scanned().0;
    let own = Call::own();
    let mut list = std::pin::pin!(bench.desk.list(&own, query));
    let mut longest = 0;
    while bench.desk.scanned().0 - began < until {
        let before = bench.desk.scanned().0;
        let polled = futures::poll!(list.as_mut());
        longest = longest.max(bench.desk.scanned().0 - before);
        if polled.is_ready() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(bench.desk.scanned().0 - began >= until, "it looked at fewer");
    longest
}

#[tokio::test]
async fn a_list_on_its_callers_own_thread_hears_within_512_tickets_that_nobody_waits_for_it() {
    let bench = Bench::with(true, false, TICKETS);
    for n in 0..TICKETS {
        // One in twenty says something else: few enough to be looked up at once.
        let subject = if n % 20 == 0 { "Принтер молчит" } else { "Нет звука" };
        bench.desk.submit(felt(subject, Impact::OneWorkstation)).await.unwrap();
    }
    assert!(bench.desk.searchable(bench.desk.revision(), Duration::from_mins(1)).await);
    let page = ListQuery { order: "urgency".parse().unwrap(), include_total: false, ..dear() };
    let filter = |text: &str| Arc::new(Filter::parse(text).unwrap());
    let cheap = ListQuery { filter: filter("subject:\"нет такого\" AND state = NEW"), ..page.clone() };
    let found = ListQuery { filter: filter("принтер AND state = NEW"), limit: 1_000, ..page.clone() };
    let costly = ListQuery { filter: page.filter.clone(), ..page };
    // Before they leave it to the queue of scans.
    for (what, query, until) in [("cheap", cheap, 600), ("found", found, TICKETS as u64 / 10), ("costly", costly, 1)] {
        let longest = longest_stretch(&bench, query, until).await;
        assert!(longest <= 512, "{what}: {longest} rows in one go");
    }
}
