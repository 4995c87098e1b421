//! Both clocks of a ticket count wherever one is told.

use opora_proto::v1::{self, ClockState, Priority};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::press;
use super::screens::drawn;
use crate::clock::{HOUR, MINUTE, Units, millis, stretch};
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

/// A ticket of which the clocks are in these states, with these instants in minutes.
fn clocked(number: u64, answer: (ClockState, i64), resolution: (ClockState, i64, i64), beside: bool) -> v1::Ticket {
    let clock = |(state, at): (ClockState, i64)| v1::Clock {
        state: state.into(),
        start_time: time(NOW - 100 * MINUTE),
        due_time: (state == ClockState::Running).then(|| time(NOW + at * MINUTE)).flatten(),
        remaining: (state == ClockState::Paused).then_some(prost_types::Duration { seconds: at.abs() * 60, nanos: 0 }),
        met_time: (state == ClockState::Met).then(|| time(NOW)).flatten(),
        ..Default::default()
    };
    let mut solved = clock((resolution.0, resolution.1));
    if resolution.0 == ClockState::Continuous {
        solved.continuous_since_time = time(NOW - resolution.2 * MINUTE);
        // An obligation with a target beside it is what the clock shows.
        solved.due_time = beside.then(|| time(NOW + resolution.1 * MINUTE)).flatten();
    }
    let mut answered = clock(answer);
    if answer.0 == ClockState::Continuous {
        answered.due_time = beside.then(|| time(NOW + answer.1 * MINUTE)).flatten();
    }
    let sla = v1::TicketSla { first_response: Some(answered), resolution: Some(solved), ..Default::default() };
    v1::Ticket { sla: Some(sla), ..ticket(number, "Нет звонков", Priority::Critical, "") }
}

/// The order of docs/contract.md "Requests", as the server reckons it: what the wire tells, read anew.
fn place(ticket: &v1::Ticket) -> (u8, i64, u64) {
    let sla = ticket.sla.as_ref().unwrap();
    let clocks = [sla.first_response.as_ref().unwrap(), sla.resolution.as_ref().unwrap()];
    let passes = |clock: &&&v1::Clock| matches!(clock.state(), ClockState::Running | ClockState::Continuous);
    if let Some(since) = millis(clocks[1].continuous_since_time.as_ref()) {
        return (u8::from(clocks[0].met_time.is_some()), since, ticket.number);
    }
    if let Some(due) = clocks.iter().filter(passes).filter_map(|clock| millis(clock.due_time.as_ref())).min() {
        return (2, due, ticket.number);
    }
    let left = clocks.iter().filter_map(|clock| stretch(clock.remaining.as_ref())).min();
    left.map_or((4, 0, ticket.number), |left| (3, left, ticket.number))
}

proptest! {
    #[test]
    fn the_order_of_the_queue_is_the_servers(
        all in vec((select(ANSWER), -90..90_i64, select(RESOLUTION), -90..90_i64, 0..90_i64, any::<bool>()), 1..12),
    ) {
        let number = |at: usize| 40 - at as u64;
        let mut tickets: Vec<v1::Ticket> = all.into_iter().enumerate()
            .map(|(at, (answer, due, state, until, age, beside))| {
                clocked(number(at), (answer, due), (state, until, age), beside)
            })
            .collect();
        let rows = tickets.iter().map(|ticket| Row::of(ticket, "Вектор")).collect();
        let model = with(En, (120, 40), rows);
        tickets.sort_by_key(place);
        let order: Vec<u64> = tickets.iter().map(|ticket| ticket.number).collect();
        prop_assert_eq!(model.queue.window(40).collect::<Vec<_>>(), order);
    }
}

const ANSWER: &[ClockState] = &[ClockState::Running, ClockState::Met, ClockState::Continuous];
const RESOLUTION: &[ClockState] = &[ClockState::Running, ClockState::Paused, ClockState::Continuous];

#[test]
fn a_raised_ticket_is_as_old_as_it_is_continuous() {
    let met = (ClockState::Met, 0);
    let raised = clocked(2, met, (ClockState::Continuous, 600, 4), true);
    let reported = clocked(41, met, (ClockState::Continuous, 0, 10), false);
    let rows = [raised, reported].map(|ticket| Row::of(&ticket, "Вектор")).to_vec();
    let model = with(En, (120, 40), rows);
    assert_eq!(model.queue.window(9).collect::<Vec<_>>(), [41, 2]);
    let shown = drawn(&model, false);
    assert!(shown.contains("∞ 4m") && shown.contains("∞ 10m"), "{shown}");
}
