//! Both clocks of a ticket count wherever one is told.

use opora_proto::v1::{self, ClockState, Priority};

use super::press;
use super::screens::drawn;
use crate::clock::{HOUR, MINUTE, Units};
use crate::model::Model;
use crate::msg::{Batch, Msg, Net};
use crate::once;
use crate::queue::row::Row;
use crate::screens::Screen;
use crate::testing::{NOW, empty, ticket, time};
use crate::texts::Language::{En, Ru};
use crate::texts::Texts;
use crate::theme::Theme;
use crate::update::{settle, update};

/// A CRITICAL since so many milliseconds, its first answer due in so many; `None`: it was given.
fn critical(number: u64, age: i64, due: Option<i64>, owner: &str) -> Row {
    let mut ticket = ticket(number, "Нет звонков", Priority::Critical, owner);
    let clock = |state: ClockState, due: Option<i64>| v1::Clock {
        state: state.into(),
        start_time: time(NOW - age),
        due_time: due.and_then(|due| time(NOW + due)),
        ..Default::default()
    };
    let answer = if due.is_some() { ClockState::Running } else { ClockState::Met };
    ticket.sla = Some(v1::TicketSla {
        first_response: Some(clock(answer, due)),
        resolution: Some(clock(ClockState::Continuous, None)),
        ..Default::default()
    });
    Row::of(&ticket, "Вектор")
}

fn with(language: crate::texts::Language, size: (u16, u16), rows: Vec<Row>) -> Model {
    let mut model = empty(language, Theme::Dark, size);
    for net in [Net::Set, Net::Batch(Batch { revision: 1, rows, events: vec![], synced: true })] {
        update(&mut model, Msg::Net(net));
    }
    settle(&mut model);
    model
}

#[test]
fn the_first_answer_that_is_owed_stands_in_its_row_beside_the_age() {
    for size in [(80, 24), (120, 40)] {
        let rows = vec![critical(7, 4 * MINUTE, Some(26 * MINUTE), ""), critical(8, 3 * HOUR, Some(-2 * HOUR), "")];
        let shown = drawn(&with(En, size, rows), false);
        assert!(shown.contains("∞ 4m →26m"), "{shown}");
        assert!(shown.contains("∞ 3h →-2h"), "{shown}");
    }
    let answered = drawn(&with(En, (80, 24), vec![critical(7, 4 * MINUTE, None, "olga")]), false);
    assert!(answered.contains("∞ 4m ") && !answered.contains('→'), "{answered}");
}

#[test]
fn the_header_counts_first_answers_of_continuous_tickets_and_changes_with_the_time() {
    let rows = vec![
        critical(7, 4 * MINUTE, Some(26 * MINUTE), ""),
        critical(8, HOUR, Some(-30 * MINUTE), ""),
        critical(9, HOUR, None, "olga"),
    ];
    let mut model = with(En, (120, 40), rows);
    let summary = model.summary();
    assert_eq!((summary.due_soon, summary.breached, summary.open), (1, 1, 3));
    let at = crate::queue::counts::Summary::next_change(&model.queue.rows, NOW);
    assert_eq!(at, Some(NOW + 26 * MINUTE));
    update(&mut model, Msg::Now(NOW + 26 * MINUTE));
    assert_eq!((model.summary().due_soon, model.summary().breached), (0, 2));
    // It is answered: nothing is left of it.
    let rows = vec![critical(7, 4 * MINUTE, None, "olga")];
    update(&mut model, Msg::Net(Net::Batch(Batch { revision: 2, rows, ..Batch::default() })));
    assert_eq!(model.summary().breached, 1);
}

#[test]
fn the_dashboard_names_first_answers_among_the_next_due_times() {
    let rows = vec![
        critical(7, 4 * MINUTE, Some(26 * MINUTE), ""),
        crate::testing::row_due(8, NOW + 40 * MINUTE),
        crate::testing::row_due(9, NOW + 10 * MINUTE),
        critical(10, HOUR, Some(-30 * MINUTE), ""),
    ];
    let mut model = with(En, (120, 40), rows);
    press(&mut model, "4");
    assert_eq!(model.screen, Screen::Dashboard);
    assert_eq!(model.queue.rows.due_next(model.now, 10), [9, 7, 8]);
    assert_eq!(model.queue.rows.due_next(model.now, 2), [9, 7]);
    let shown = drawn(&model, false);
    let row = shown.lines().find(|line| line.contains("∞ 4m →26m")).unwrap_or_else(|| panic!("{shown}"));
    assert!(row.contains("14:28"), "when it is due: {row}");
}

#[test]
fn among_continuous_tickets_those_without_a_first_answer_stand_first() {
    let rows = vec![
        critical(7, 40 * HOUR, None, "olga"),
        critical(8, 4 * MINUTE, Some(26 * MINUTE), ""),
        critical(9, 2 * HOUR, Some(-90 * MINUTE), ""),
        critical(10, 50 * HOUR, None, "olga"),
        crate::testing::row_due(11, NOW - HOUR),
    ];
    let model = with(En, (120, 40), rows);
    let order: Vec<u64> = model.queue.window(9).collect();
    assert_eq!(order, [9, 8, 10, 7, 11]);
}

#[test]
fn plain_lines_tell_the_first_answer_in_words() {
    let texts = Texts::new(Ru);
    let line = once::line(&critical(7, 4 * MINUTE, Some(26 * MINUTE), ""), NOW, &texts, &Units::new(&texts));
    assert!(line.contains("∞ 4м, первый ответ"), "{line}");
    assert!(line.contains("26м\t"), "{line}");
    let answered = once::line(&critical(7, 4 * MINUTE, None, "olga"), NOW, &texts, &Units::new(&texts));
    assert!(!answered.contains("первый ответ"), "{answered}");
}

#[test]
fn what_needs_attention_is_walked_by_either_clock() {
    // Its resolution is due in a day, its first answer within the hour: a clock that is looked at is enough.
    let mut due = ticket(8, "Не входит", Priority::High, "");
    let clock = |due: i64| v1::Clock {
        state: ClockState::Running.into(),
        start_time: time(NOW - HOUR),
        due_time: time(NOW + due),
        ..Default::default()
    };
    due.sla = Some(v1::TicketSla {
        first_response: Some(clock(12 * MINUTE)),
        resolution: Some(clock(24 * HOUR)),
        ..Default::default()
    });
    let calm = crate::testing::row_due(9, NOW + 20 * HOUR);
    let rows = vec![critical(7, 4 * MINUTE, Some(26 * MINUTE), ""), Row::of(&due, "Вектор"), calm];
    let mut model = with(En, (120, 40), rows);
    let mut walked = Vec::new();
    for _ in 0..3 {
        press(&mut model, "<tab>");
        walked.extend(model.queue.cursor());
    }
    assert_eq!(walked, [8, 7, 8]);
}
