//! Timers: each thing that falls due is told once, whatever the clocks of the machine do.

use opora_core::event::Change as Happened;
use opora_server::desk::HistoryQuery;

use super::*;

async fn told(bench: &Bench, number: TicketNumber) -> Vec<&'static str> {
    let query = HistoryQuery { ticket: number, newest_first: false, after: None, limit: 100, max_bytes: 1 << 20 };
    let events = bench.desk.events(&Call::own(), query).await.unwrap().items;
    let word = |change: &Happened| match change {
        Happened::SlaWarned { .. } => Some("warned"),
        Happened::SlaBreached { .. } => Some("breached"),
        Happened::SlaNeglected { .. } => Some("neglected"),
        Happened::Transitioned { .. } => Some("moved"),
        _ => None,
    };
    events.iter().filter_map(|e| word(&e.event.change)).collect()
}

async fn high(bench: &Bench) -> TicketNumber {
    ticket(bench.desk.submit(felt("часы", Impact::ServiceIntermittent)).await.unwrap()).number
}

/// Waits until the timers have told something more.
async fn until_told(bench: &Bench, number: TicketNumber, count: usize) -> Vec<&'static str> {
    loop {
        let told = told(bench, number).await;
        if told.len() >= count {
            return told;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn warnings_and_the_breach_are_told_once_as_they_fall_due() {
    let bench = Bench::with(false, true, 100);
    let number = high(&bench).await;
    // One step is no jump: it takes longer than five minutes on both clocks.
    bench.hands.pass(23);
    assert_eq!(until_told(&bench, number, 1).await, ["warned"]);
    bench.hands.pass(14);
    assert_eq!(until_told(&bench, number, 2).await, ["warned", "warned"]);
    bench.hands.pass(9);
    assert_eq!(until_told(&bench, number, 3).await, ["warned", "warned", "breached"]);
}

#[tokio::test]
async fn what_fell_due_while_the_desk_was_down_is_told_once() {
    let mut bench = Bench::with(false, true, 100);
    let number = high(&bench).await;
    bench.desk.stop().await.unwrap();
    bench.hands.pass(60);
    bench.open_again();
    let first = until_told(&bench, number, 1).await;
    assert_eq!(first.iter().filter(|w| **w == "breached").count(), 1);
    bench.restart().await;
    let other = high(&bench).await;
    bench.hands.pass(23);
    until_told(&bench, other, 1).await;
    assert_eq!(told(&bench, number).await, first);
}

#[tokio::test]
async fn a_resolved_ticket_closes_after_seven_days() {
    let bench = Bench::with(false, true, 100);
    let number = high(&bench).await;
    bench.transition(number, TicketState::Resolved).await;
    bench.hands.pass(7 * 24 * 60);
    until_told(&bench, number, 2).await;
    let ticket = bench.desk.ticket(&Call::own(), TicketRef::Number(number)).unwrap().unwrap();
    assert_eq!(ticket.state, TicketState::Closed);
}

#[tokio::test]
async fn a_jump_of_hours_tells_nothing_until_it_has_held_and_nothing_when_taken_back() {
    let bench = Bench::with(false, true, 100);
    let number = high(&bench).await;
    bench.hands.set_wall(8 * 60);
    assert!(!bench.desk.timers_healthy());
    // A change under the jump has the time from before it, and breaches nothing.
    let commented = bench.comment(number, "что с часами?").await;
    assert_eq!(commented.update_time.as_millis(), NINE);
    bench.hands.set_wall(-8 * 60);
    assert!(bench.desk.timers_healthy());
    bench.hands.pass(23);
    assert_eq!(until_told(&bench, number, 1).await, ["warned"]);
    bench.hands.set_wall(8 * 60);
    assert!(!bench.desk.timers_healthy());
    bench.hands.pass(6);
    let told = until_told(&bench, number, 2).await;
    assert!(told.contains(&"breached"), "{told:?}");
    assert!(bench.desk.timers_healthy());
}

#[tokio::test]
async fn a_jump_back_tells_nothing_twice() {
    let bench = Bench::with(false, true, 100);
    let number = high(&bench).await;
    bench.hands.pass(23);
    until_told(&bench, number, 1).await;
    bench.hands.set_wall(-180);
    let other = high(&bench).await;
    assert!(!bench.desk.timers_healthy());
    assert_eq!(told(&bench, number).await, ["warned"]);
    // The other one's first warning comes after all that could come twice.
    bench.hands.pass(23);
    until_told(&bench, other, 1).await;
    assert_eq!(until_told(&bench, number, 2).await, ["warned", "breached"]);
    // The wall is where it was believed to be: at once, and nothing is told anew.
    bench.hands.set_wall(180);
    assert!(bench.desk.timers_healthy());
    assert_eq!(bench.desk.now().as_millis(), NINE + 46 * 60_000);
    assert_eq!(told(&bench, number).await.len(), 2);
}

#[tokio::test]
async fn after_a_jump_back_time_and_due_times_run_on_and_timers_fire() {
    let bench = Bench::with(false, true, 100);
    bench.hands.pass(10);
    bench.hands.set_wall(-60);
    let first = ticket(bench.desk.submit(felt("часы", Impact::ServiceIntermittent)).await.unwrap());
    assert_eq!(first.create_time.as_millis(), NINE + 10 * 60_000);
    bench.hands.pass(5);
    let second = ticket(bench.desk.submit(felt("часы", Impact::ServiceIntermittent)).await.unwrap());
    let due = |ticket: &Ticket| ticket.sla.first_response.due.unwrap();
    assert_eq!(due(&second).since(due(&first)), opora_core::time::Millis::minutes(5));
    bench.hands.pass(18);
    assert_eq!(until_told(&bench, first.number, 1).await, ["warned"]);
    assert!(!bench.desk.timers_healthy());
}

#[tokio::test]
async fn a_desk_that_starts_with_the_clock_set_back_goes_on_from_its_newest_change() {
    let mut bench = Bench::with(false, true, 100);
    bench.hands.pass(10);
    let number = high(&bench).await;
    bench.desk.stop().await.unwrap();
    bench.hands.set_wall(-60);
    bench.open_again();
    assert!(!bench.desk.timers_healthy());
    assert_eq!(bench.desk.now().as_millis(), NINE + 10 * 60_000);
    bench.hands.pass(23);
    assert_eq!(bench.desk.now().as_millis(), NINE + 33 * 60_000);
    assert_eq!(until_told(&bench, number, 1).await, ["warned"]);
}

#[tokio::test]
async fn an_import_is_left_alone_until_it_is_finished_and_then_caught_up() {
    let bench = Bench::with(false, true, 100);
    let new =
        NewTicket { origin: Origin::Import, impact: Some(Impact::ServiceIntermittent), ..new_ticket("давно") };
    let import_time = Some(Timestamp::from_millis(NINE - 3_600_000));
    let create = Submission { import_time, ..submission(Action::Create(Box::new(new))) };
    let number = ticket(bench.desk.submit(create).await.unwrap()).number;
    let other = high(&bench).await;
    bench.hands.pass(23);
    until_told(&bench, other, 1).await;
    assert!(told(&bench, number).await.is_empty());
    bench.desk.submit(submission(Action::FinishImport(Origin::Import))).await.unwrap();
    assert!(until_told(&bench, number, 1).await.contains(&"breached"));
}
