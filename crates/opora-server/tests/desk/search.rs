//! Full text in Russian and English.

use opora_core::event::Edit;
use opora_server::desk::ListQuery;

use super::*;

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
    assert_eq!(page.total, Some(page.tickets.len() as u64));
    page.tickets.iter().map(|t| t.number.0).collect()
}

async fn some() -> Bench {
    let bench = Bench::with(true, false, 100);
    let new = NewTicket {
        description: Some("Операторы не слышат клиентов, наушники новые".into()),
        workstations: vec!["WS-14".into()],
        tags: vec!["звук".into()],
        external_id: Some("INC0000045".into()),
        ..new_ticket("Нет звука в звонках")
    };
    bench.desk.submit(submission(Action::Create(Box::new(new)))).await.unwrap();
    bench.create("Calls are dropped after ten minutes").await;
    bench.create("Ёлка на рабочем столе").await;
    bench.comment(TicketNumber(2), "Перезагрузили маршрутизатор").await;
    bench
}

#[tokio::test]
async fn words_are_found_in_any_form_anywhere_on_the_ticket() {
    let bench = some().await;
    assert_eq!(found(&bench, "\"звонок\"").await, [0_u64; 0]);
    assert_eq!(found(&bench, "\"звонки\"").await, [1]);
    assert_eq!(found(&bench, "\"оператор\"").await, [1]);
    assert_eq!(found(&bench, "\"call dropping\"").await, [2]);
    assert_eq!(found(&bench, "\"елки\"").await, [3]);
    assert_eq!(found(&bench, "\"dropped маршрутизаторы\"").await, [2], "one word of the subject, one of a comment");
    assert_eq!(found(&bench, "\"anna@example.com\"").await, [1, 2, 3]);
    assert_eq!(found(&bench, "state = NEW AND \"звука\" AND NOT \"dropped\"").await, [1]);
}

#[tokio::test]
async fn identifiers_are_found_as_they_are() {
    let bench = some().await;
    assert_eq!(found(&bench, "\"#3\"").await, [3]);
    assert_eq!(found(&bench, "\"ws-14\"").await, [1]);
    assert_eq!(found(&bench, "\"inc0000045\"").await, [1]);
    assert_eq!(found(&bench, "\"inc000004\"").await, [0_u64; 0]);
}

#[tokio::test]
async fn edited_words_are_forgotten_and_the_description_stays_found() {
    let bench = some().await;
    let edit = Edit { subject: Some("Тишина".into()), ..Edit::default() };
    bench.change(TicketNumber(1), Change::Update(Box::new(edit))).await.unwrap();
    assert_eq!(found(&bench, "\"звонки\"").await, [0_u64; 0]);
    assert_eq!(found(&bench, "\"тишина наушники\"").await, [1]);
}

#[tokio::test]
async fn the_index_catches_up_after_a_restart_and_is_built_anew_when_lost_or_damaged() {
    let mut bench = some().await;
    found(&bench, "\"звонки\"").await;
    bench.desk.stop().await.unwrap();
    let dir = bench.dir.path().join("followers/search");
    assert!(dir.join("meta.json").exists());
    bench.open_again();
    bench.create("Звонки пропали").await;
    assert_eq!(found(&bench, "\"звонки\"").await, [1, 4]);
    bench.desk.stop().await.unwrap();
    std::fs::write(dir.join("meta.json"), b"{").unwrap();
    bench.open_again();
    assert_eq!(found(&bench, "\"звонки\"").await, [1, 4]);
    bench.desk.stop().await.unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    bench.open_again();
    assert_eq!(found(&bench, "\"звонки\"").await, [1, 4]);
}

#[tokio::test]
async fn an_index_that_is_very_far_behind_is_made_by_more_threads_and_finds_the_same() {
    const MANY: u64 = 21_000;
    let mut bench = some().await;
    found(&bench, "\"звонки\"").await;
    bench.desk.stop().await.unwrap();
    bench.search = false;
    bench.open_again();
    let mut marked = Vec::new();
    while bench.desk.revision().0 < MANY {
        let first = bench.desk.revision().0;
        let subjects =
            (first..first + 500).map(|n| if n % 1_000 == 7 { "Маркер" } else { "Обычное дело" });
        let created = subjects.map(|subject| bench.create(subject));
        for ticket in futures::future::join_all(created).await {
            marked.extend((&*ticket.subject == "Маркер").then_some(ticket.number.0));
        }
    }
    let edit = Edit { subject: Some("Тишина".into()), ..Edit::default() };
    bench.change(TicketNumber(1), Change::Update(Box::new(edit))).await.unwrap();
    bench.desk.stop().await.unwrap();
    bench.search = true;
    bench.open_again();
    assert_eq!(found(&bench, "\"маркеры\"").await, marked);
    assert_eq!(found(&bench, "\"звонки\"").await, [0_u64; 0], "deleted by one thread, written by another");
    assert_eq!(found(&bench, "\"тишина\"").await, [1]);
    bench.create("Маркер").await;
    marked.push(bench.store.position().tickets);
    assert_eq!(found(&bench, "\"маркеры\"").await, marked);
}

/// The segments that a directory's index consists of.
#[cfg(target_os = "linux")]
fn segments(dir: &std::path::Path) -> usize {
    let meta = std::fs::read(dir.join("meta.json")).unwrap();
    let meta: serde_json::Value = serde_json::from_slice(&meta).unwrap();
    meta["segments"].as_array().unwrap().len()
}

/// Whether this process holds files of a directory that were deleted.
#[cfg(target_os = "linux")]
fn holds_deleted(dir: &std::path::Path) -> bool {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().any(|line| line.contains(dir.to_str().unwrap()) && line.ends_with("(deleted)"))
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_was_merged_away_is_let_go_of_without_a_further_change() {
    let bench = Bench::with(true, false, 100);
    let dir = bench.dir.path().join("followers/search");
    let (mut made, mut most) = (Vec::new(), 0);
    // Merged when there are eight.
    for _ in 0..8 {
        made.push(bench.create("Звонки").await.number.0);
        assert_eq!(found(&bench, "\"звонки\"").await, made);
        most = most.max(segments(&dir));
    }
    assert!(most > 4, "{most}");
    let begin = std::time::Instant::now();
    while segments(&dir) > 1 || holds_deleted(&dir) {
        assert!(begin.elapsed() < Duration::from_mins(1), "{} segments", segments(&dir));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(found(&bench, "\"звонки\"").await, made);
}
