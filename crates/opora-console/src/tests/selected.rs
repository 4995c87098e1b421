//! What keys act on: the ticket under the cursor, or the marked ones that match the filter; never what is not shown.

use opora_proto::v1::{self, Priority, TicketState, ticket_event::Change as Event};

use super::dialogs::{changes, crowd};
use super::press;
use super::screens::drawn;
use crate::change::Change;
use crate::dialog::Dialog;
use crate::model::{Model, Pane};
use crate::msg::{Batch, Done, Found, Happened, Msg, Net, What};
use crate::queue::row::Row;
use crate::selection::Picked;
use crate::testing::{NOW, board, happened, sample, sample_tickets, ticket, time, with_incident};
use crate::texts::Language;
use crate::theme::Theme;
use crate::update::{settle, update};

pub(super) fn model() -> Model {
    sample(Language::En, Theme::Dark, (120, 24))
}

/// More tickets than there are rows.
fn crowded() -> Model {
    let mut model = sample(Language::En, Theme::Dark, (120, 14));
    crowd(&mut model);
    press(&mut model, "gg");
    model
}

pub(super) fn batch(model: &mut Model, revision: u64, events: Vec<Happened>) {
    update(model, Msg::Net(Net::Batch(Batch { revision, events, ..Batch::default() })));
    settle(model);
}

/// An event of Ivan's on a ticket of the samples, edited.
pub(super) fn ivans(number: u64, change: Event, left: bool, edit: impl Fn(&mut v1::Ticket)) -> Happened {
    let (mut ticket, customer) = sample_tickets().into_iter().find(|(ticket, _)| ticket.number == number).unwrap();
    ticket.etag = format!("ivan{number}");
    edit(&mut ticket);
    happened(ticket, customer, 48_300, "ivan", change, left)
}

pub(super) fn resolved(number: u64) -> Happened {
    let transitioned = Event::Transitioned(v1::TicketTransitioned::default());
    ivans(number, transitioned, true, |ticket| ticket.state = TicketState::Resolved.into())
}

/// The tickets of the open dialog.
pub(super) fn picked(model: &Model) -> Vec<u64> {
    model.dialog.iter().flat_map(Dialog::picked).map(Picked::number).collect()
}

fn rows(model: &Model) -> Vec<u64> {
    model.queue.window(100).collect()
}

pub(super) fn last_toast(model: &Model) -> String {
    model.toasts.back().map(|toast| toast.text.clone()).unwrap_or_default()
}

#[test]
fn after_a_filter_a_reply_goes_to_its_first_match() {
    let mut model = model();
    press(&mut model, "jjj/mail<enter>");
    assert_eq!((rows(&model), model.queue.cursor()), (vec![1007], Some(1007)));
    press(&mut model, "r");
    assert!(matches!(&model.dialog, Some(Dialog::Write(write)) if write.number == 1007));
}

#[test]
fn a_filter_that_nothing_matches_leaves_nothing_to_act_on() {
    let mut model = model();
    press(&mut model, "jj/ничего такого<enter>");
    assert_eq!((model.queue.len(), model.queue.cursor()), (0, None));
    assert!(changes(&press(&mut model, "t")).is_empty());
    assert_eq!(last_toast(&model), "No ticket is selected");
}

#[test]
fn a_filter_is_about_the_list_whatever_ticket_was_opened_beside_it() {
    let mut model = model();
    press(&mut model, "5срок<enter>");
    let generation = (1..40).find(|generation| {
        let found = Found {
            rows: vec![Row::of(&ticket(80, "Срок", Priority::Low, ""), "Вектор")],
            next: String::new(),
        };
        update(&mut model, Msg::Net(Net::Found { generation: *generation, result: Ok(found) }));
        settle(&mut model);
        model.screens.search.count() > 0
    });
    assert!(generation.is_some());
    press(&mut model, "<enter>");
    assert_eq!(model.peek.as_ref().map(|row| row.number), Some(80));
    press(&mut model, "/mail<enter>");
    assert_eq!((model.peek.is_none(), model.pane), (true, Pane::List));
    assert_eq!(changes(&press(&mut model, "sj<enter>"))[0].number, 1007);
}

#[test]
fn a_filter_that_is_taken_back_leaves_the_cursor_where_it_was() {
    let mut model = crowded();
    press(&mut model, "<c-f>jj");
    let (cursor, before) = (model.queue.cursor(), model.queue.window(9).collect::<Vec<_>>());
    press(&mut model, "/звонк");
    assert_ne!(model.queue.cursor(), cursor);
    press(&mut model, "<esc>");
    assert_eq!((model.queue.cursor(), model.queue.window(9).collect::<Vec<_>>()), (cursor, before));
}

#[test]
fn a_new_filter_starts_at_the_top_and_shows_all_that_has_room() {
    let mut model = crowded();
    press(&mut model, "G/клиента<enter>");
    assert_eq!(model.queue.top(9), 0);
    assert_eq!(model.queue.window(9).count(), 9);
    press(&mut model, "G/<c-u>o:ivan<enter>");
    assert_eq!((model.queue.top(9), model.queue.cursor()), (0, model.queue.at(0)));
    press(&mut model, "G<esc>");
    assert_eq!((model.queue.top(9), model.queue.cursor()), (0, model.queue.at(0)), "no filter is another filter");
}

#[test]
fn a_ticket_that_moves_to_the_end_leaves_no_empty_lines() {
    let mut model = crowded();
    press(&mut model, "jj");
    let waits = |ticket: &mut v1::Ticket| ticket.sla = None;
    let number = model.queue.cursor().unwrap();
    batch(&mut model, 48_300, vec![ivans(number, Event::Updated(v1::TicketUpdated::default()), false, waits)]);
    assert_eq!(model.queue.cursor(), Some(number));
    assert_eq!(model.queue.window(9).count(), 9);
}

#[test]
fn what_burns_above_and_below_the_screen_is_told_in_the_frame() {
    let mut model = crowded();
    press(&mut model, "G");
    let frame = |model: &Model| drawn(model, false).lines().nth(1).unwrap().to_owned();
    assert!(frame(&model).contains("▲ 36, 1 critical, 1 breached"), "{}", frame(&model));
    press(&mut model, "gg");
    assert!(!frame(&model).contains('▲'));
    assert!(drawn(&model, false).contains("▼ 36"));
    let mut model = sample(Language::Ru, Theme::Dark, (120, 14));
    crowd(&mut model);
    press(&mut model, "G");
    assert!(frame(&model).contains("▲ 36, критических: 1, просроченных: 1"), "{}", frame(&model));
}

#[test]
fn what_a_colleague_pushes_off_the_top_is_told_in_the_frame() {
    let mut model = crowded();
    press(&mut model, "jjjjj");
    let moved = |ticket: &mut v1::Ticket| {
        let clock = v1::Clock {
            state: v1::ClockState::Running.into(),
            start_time: time(NOW),
            due_time: time(NOW + 1_000_000),
            ..Default::default()
        };
        ticket.sla = Some(v1::TicketSla { resolution: Some(clock), ..Default::default() });
    };
    let numbers: Vec<u64> = (20..30).collect();
    let created = || Event::Created(v1::TicketCreated::default());
    let events = numbers.iter().map(|number| {
        let mut one = ticket(*number, "Нет звука", Priority::Low, "");
        moved(&mut one);
        happened(one, "Вектор", 48_300, "ivan", created(), false)
    });
    batch(&mut model, 48_300, events.collect());
    let above = model.queue.above(9, NOW);
    assert!(above.rows > 0 && above.critical == 1, "{above:?}");
    assert!(drawn(&model, false).contains(&format!("▲ {}, 1 critical", above.rows)));
}

#[test]
fn every_list_tells_what_is_hidden_and_leaves_no_empty_lines() {
    let mut model = sample(Language::En, Theme::Dark, (120, 14));
    let events = (1..=30_u64).map(|number| {
        let priority = if number == 3 { Priority::Critical } else { Priority::Low };
        let mut one = ticket(number, "Не слышно", priority, "");
        one.escalation =
            Some(v1::Escalation { rung: 1, since: time(NOW - number as i64 * 1000), ..Default::default() });
        happened(one, "Вектор", 48_300, "ivan", Event::Escalated(v1::TicketEscalated::default()), false)
    });
    batch(&mut model, 48_300, events.collect());
    press(&mut model, "3gg");
    assert!(drawn(&model, false).contains("▼ 22, 1 critical"), "{}", drawn(&model, false));
    press(&mut model, "G");
    let number = crate::screens::current(&model).unwrap().number;
    let mut off = ticket(number + 1, "Не слышно", Priority::Low, "");
    off.escalation = None;
    batch(
        &mut model,
        48_301,
        vec![happened(off, "Вектор", 48_301, "ivan", Event::Deescalated(v1::TicketDeescalated::default()), false)],
    );
    assert_eq!(crate::screens::window(&model, 8).len(), 8);
    let shown = drawn(&model, false);
    assert!(shown.lines().filter(|line| line.contains("Не слышно")).count() == 8, "{shown}");
}

#[test]
fn marks_outside_the_filter_are_not_touched() {
    let mut model = model();
    press(&mut model, "<space><space>/mail<enter>");
    assert_eq!((model.queue.marks.len(), model.queue.cursor()), (2, Some(1007)));
    let sent = changes(&press(&mut model, "s<enter>"));
    assert_eq!(sent.iter().map(|change| change.number).collect::<Vec<_>>(), [1007]);
    press(&mut model, "/<c-u><enter>s");
    assert_eq!(picked(&model), [1042, 1021], "shown again they are what is selected");
}

#[test]
fn a_change_of_many_goes_to_those_that_it_lists() {
    let mut model = model();
    press(&mut model, "*sjj<enter>");
    let Some(Dialog::Bulk(bulk)) = &model.dialog else { panic!("{:?}", model.dialog) };
    assert_eq!(bulk.effected.len(), 5);
    batch(&mut model, 48_300, vec![resolved(1039)]);
    let shown = drawn(&model, false);
    assert!(shown.contains("resolved by Иван · left out"), "{shown}");
    assert!(changes(&press(&mut model, "<enter>")).is_empty(), "the list is another: it is looked at first");
    let sent = changes(&press(&mut model, "<enter>"));
    let numbers: Vec<u64> = sent.iter().flat_map(Change::numbers).collect();
    assert_eq!(numbers, [1042, 1021, 1040, 1007]);
}

#[test]
fn the_marked_tickets_that_are_tied_to_another_are_listed() {
    let mut model = sample(Language::En, Theme::Dark, (120, 30));
    press(&mut model, "<space><space>L1007<enter>");
    let shown = drawn(&model, false);
    assert!(shown.contains("#1042 Нет входящих") && shown.contains("#1021 Плохо слышно"), "{shown}");
    let sent = changes(&press(&mut model, "<enter>"));
    assert_eq!(sent[0].numbers().collect::<Vec<_>>(), [1042, 1021]);
}

#[test]
fn what_is_done_on_one_ticket_is_not_done_on_another_than_the_marked_ones() {
    let mut model = model();
    press(&mut model, "<space>");
    for keys in ["n", "F", "C", "I", "m", "A", "U", "D", "^"] {
        press(&mut model, keys);
        assert!(model.dialog.is_none(), "{keys}");
    }
    assert!(last_toast(&model).starts_with("Tickets are marked"), "{}", last_toast(&model));
    press(&mut model, "<enter>n");
    assert!(matches!(&model.dialog, Some(Dialog::Write(write)) if write.number == 1021), "an opened ticket is one");
}

#[test]
fn an_opened_ticket_is_acted_on_alone_whatever_is_marked() {
    for size in [(120, 24), (80, 24)] {
        let mut model = sample(Language::En, Theme::Dark, size);
        press(&mut model, "<space><space><enter>");
        let sent = changes(&press(&mut model, "s<enter>"));
        assert_eq!(sent.iter().map(|change| change.number).collect::<Vec<_>>(), [1039], "{size:?}");
        assert!(!drawn(&model, false).contains('◆'), "{size:?}");
    }
}

#[test]
fn marks_of_the_queue_are_nothing_to_the_other_screens() {
    let mut model = model();
    with_incident(&mut model);
    press(&mut model, "jjj<space>3");
    let number = crate::screens::current(&model).unwrap().number;
    assert_ne!(number, 1040);
    let sent = changes(&press(&mut model, "s<enter>"));
    assert_eq!(sent.iter().map(|change| change.number).collect::<Vec<_>>(), [number]);
    press(&mut model, "<space>V*");
    assert_eq!(model.queue.marks.iter().collect::<Vec<_>>(), [1040], "nor are they made from there");
    assert_eq!(last_toast(&model), "Not on this screen");
}

#[test]
fn escape_ends_a_range_then_takes_the_marks_then_the_filter() {
    for key in ["<esc>", "<backspace>"] {
        let mut model = model();
        press(&mut model, "/o:olga<enter>Vj");
        assert!(drawn(&model, false).lines().last().unwrap().contains("end the range"));
        press(&mut model, key);
        assert_eq!((model.queue.marks.is_visual(), model.queue.marks.len()), (false, 2));
        assert!(drawn(&model, false).lines().last().unwrap().contains("take the marks"));
        press(&mut model, key);
        assert_eq!((model.queue.marks.len(), model.queue.filter.is_empty()), (0, false));
        press(&mut model, key);
        assert!(model.queue.filter.is_empty());
    }
}

#[test]
fn the_last_change_is_taken_back_at_once_only_while_the_screen_tells_of_it() {
    let mut model = model();
    let sent = changes(&press(&mut model, "jjt")).remove(0);
    let done = Done { number: 1039, revision: 48_212, ..Done::default() };
    update(&mut model, Msg::Net(Net::Done { request_id: sent.request_id, result: Ok(done) }));
    press(&mut model, "gg");
    let mut later = model.clone();
    assert_eq!(changes(&press(&mut model, "u")).len(), 1);
    update(&mut later, Msg::Now(NOW + 20_000));
    assert!(changes(&press(&mut later, "u")).is_empty());
    assert!(drawn(&later, false).contains("Assignee: taken back on 1 ticket: #1039"), "{}", drawn(&later, false));
    let sent = changes(&press(&mut later, "<enter>"));
    assert!(matches!(sent[0].what, What::Undo(..)) && sent[0].number == 1039);
    let (request_id, done) = (sent[0].request_id.clone(), Done { number: 1039, ..Done::default() });
    update(&mut later, Msg::Net(Net::Done { request_id, result: Ok(done) }));
    assert!(later.toasts.back().unwrap().text.contains("taken back — Assignee"));
}

#[test]
fn why_a_ticket_at_its_end_can_t_be_changed_says_what_to_do_instead() {
    for (state, next) in [(TicketState::Closed, "make a new one (c)"), (TicketState::Merged, "take it out of it (X)")] {
        let mut model = model();
        press(&mut model, "jj");
        let ended = Event::Transitioned(v1::TicketTransitioned::default());
        batch(&mut model, 48_300, vec![ivans(1039, ended, false, |ticket| ticket.state = state.into())]);
        for key in ["r", "T", "m", "E", "s"] {
            press(&mut model, key);
            assert!(model.dialog.is_none());
            let told = &model.toasts.back().unwrap().text;
            assert!(told.contains(next), "{key}: {told}");
        }
    }
}

#[test]
fn a_reply_to_all_goes_to_those_that_the_board_lists() {
    let mut model = model();
    with_incident(&mut model);
    press(&mut model, "2");
    for generation in 1..40 {
        let result = Ok(Box::new(board(&model)));
        update(&mut model, Msg::Net(Net::Incident { generation, result }));
    }
    press(&mut model, "RЧиним");
    let off =
        ivans(1039, Event::Unlinked(v1::TicketUnlinked::default()), false, |ticket| ticket.incident = String::new());
    batch(&mut model, 48_300, vec![off]);
    assert!(changes(&press(&mut model, "<c-d>")).is_empty(), "who gets it has changed");
    assert!(drawn(&model, false).contains("Who gets it has changed"));
    let sent = changes(&press(&mut model, "<c-d>"));
    assert!(!sent[0].numbers().any(|number| number == 1039), "{sent:?}");
}

#[test]
fn what_of_a_bulk_change_is_not_seen_is_counted_and_says_where_it_has_to_be_looked_at() {
    let mut model = crowded();
    press(&mut model, "*sj<enter>");
    let shown = drawn(&model, false);
    assert!(!shown.contains("#40 ") && shown.contains("… and "), "{shown}");
    assert!(!shown.contains("! … and"), "{shown}");
    let mut one = ticket(40, "Не слышно клиента", Priority::Low, "ivan");
    one.etag = "e40-2".into();
    let assigned = Event::Assigned(v1::TicketAssigned::default());
    batch(&mut model, 48_300, vec![happened(one, "Северный ветер", 48_300, "ivan", assigned, false)]);
    assert!(drawn(&model, false).contains("! … and"), "{}", drawn(&model, false));
    press(&mut model, &"j".repeat(60));
    let shown = drawn(&model, false);
    assert!(shown.contains("#40 ") && !shown.contains("… and "), "{shown}");
}
