//! The screens beside the queue: what they look like, and what a person does on them.

use opora_proto::v1::{self, Priority, TicketState, ticket_event::Change as Event};

use super::press;
use super::screens::{check, drawn, everywhere, opened};
use crate::drafts::DraftKey;
use crate::model::{Level, Model, Pane};
use crate::msg::{Batch, Call, Change, Done, Effect, Found, Msg, Net, Older, Part, Trouble, What};
use crate::queue::row::Row;
use crate::screens::Screen;
use crate::screens::dashboard::trends::BUCKET;
use crate::testing::{NOW, board, happened, load, sample, sample_tickets, ticket, time, with_incident};
use crate::texts::Language::{En, Ru};
use crate::theme::Theme;
use crate::update::{settle, update};

fn model() -> Model {
    let mut model = sample(En, Theme::Dark, (120, 24));
    with_incident(&mut model);
    model
}

fn call(effects: Vec<Effect>) -> Option<Call> {
    effects.into_iter().find_map(|effect| match effect {
        Effect::Call(call) => Some(call),
        _ => None,
    })
}

fn net(model: &mut Model, net: Net) -> Vec<Effect> {
    let mut effects = update(model, Msg::Net(net));
    effects.extend(settle(model));
    effects
}

/// The incident board of the ticket under the cursor, answered.
fn incident(model: &mut Model) {
    with_incident(model);
    let Some(Call::Incident { generation, number: 1042 }) = call(press(model, "2")) else {
        panic!("the incident was not asked for")
    };
    let result = Ok(Box::new(board(model)));
    net(model, Net::Incident { generation, result });
}

/// The board after an answer to all, one of which was refused.
fn answered(model: &mut Model) {
    incident(model);
    let reply = replied(model, "RСервис восстановлен.<c-d>");
    went_out(model, &reply, &[1039]);
}

/// The answer to all reached everybody but these.
fn went_out(model: &mut Model, reply: &Change, refused: &[u64]) -> Vec<Effect> {
    let why =
        || Trouble { message: "есть более новое сообщение".to_owned(), ..Trouble::default() };
    let fate = |number: u64| (number, if refused.contains(&number) { Err(why()) } else { Ok("e".to_owned()) });
    let done = Done { revision: 48_300, each: reply.numbers().map(fate).collect(), ..Done::default() };
    net(model, Net::Done { request_id: reply.request_id.clone(), result: Ok(done) })
}

fn replied(model: &mut Model, keys: &str) -> Change {
    match call(press(model, keys)) {
        Some(Call::Change(change)) => *change,
        other => panic!("nothing was sent: {other:?}"),
    }
}

/// To whom, and what.
fn to_all(change: &Change) -> (Vec<u64>, String, u64) {
    let What::Many(_, what) = &change.what else { panic!("{change:?}") };
    let What::Comment { body, seen_through, visibility: v1::Visibility::Public } = &**what else {
        panic!("{change:?}")
    };
    (change.numbers().collect(), body.clone(), *seen_through)
}

/// A session of half an hour in which tickets came and went.
fn dashboard(model: &mut Model) {
    with_incident(model);
    for (i, minutes) in [0, 2, 7, 8, 9, 16, 21, 22, 23, 24, 27].into_iter().enumerate() {
        let number = 2000 + i as u64;
        let mut new = ticket(number, "Не входит оператор", Priority::Medium, "");
        new.sla = sample_tickets().pop().and_then(|(ticket, _)| ticket.sla);
        let mut events =
            vec![happened(new.clone(), "Вектор", 48_213, "ivan", Event::Created(v1::TicketCreated::default()), false)];
        if i % 2 == 0 {
            new.state = TicketState::Resolved.into();
            let change = Event::Transitioned(v1::TicketTransitioned {
                state: TicketState::Resolved.into(),
                ..Default::default()
            });
            events.push(happened(new, "Вектор", 48_213, "ivan", change, true));
        }
        for event in &mut events {
            event.event.event_time = time(NOW + minutes * 60_000);
        }
        net(model, Net::Batch(Batch { revision: 48_213, events, ..Batch::default() }));
    }
    update(model, Msg::Now(NOW + 28 * 60_000));
    let Some(Call::Ended { generation }) = call(press(model, "4")) else {
        panic!("what was resolved was not asked for")
    };
    let ended = (3000..3020).map(|number| {
        let mut resolved = ticket(number, "Нет звука", Priority::Medium, "ivan");
        resolved.state = TicketState::Resolved.into();
        let met = v1::Clock { state: v1::ClockState::Met.into(), met_time: time(NOW - 60_000), ..Default::default() };
        let late = v1::Clock { breach_time: time(NOW - 120_000), ..met };
        let resolution = Some(if number % 7 == 0 { late } else { met });
        resolved.sla = Some(v1::TicketSla { first_response: Some(met), resolution, ..Default::default() });
        Row::of(&resolved, "Вектор")
    });
    net(model, Net::Ended { generation, result: Ok(ended.collect()) });
}

fn found(count: u64, next: &str) -> Found {
    let mut rows: Vec<Row> = sample_tickets().iter().map(|(ticket, customer)| Row::of(ticket, *customer)).collect();
    for number in 0..count {
        let mut closed = ticket(900 - number, "Нет звонков после обновления", Priority::Low, "ivan");
        closed.state = TicketState::Closed.into();
        rows.push(Row::of(&closed, "Северный ветер"));
    }
    Found { rows, next: next.into() }
}

/// A search that was typed on the wrong layout, with its answer.
fn search(model: &mut Model) {
    with_incident(model);
    let Some(Call::Search { generation, .. }) = call(press(model, "5pdjyrb<enter>")) else {
        panic!("nothing was searched for")
    };
    let again = net(model, Net::Found { generation, result: Ok(Found::default()) });
    assert!(matches!(call(again), Some(Call::Search { text, .. }) if text == "звонки"));
    let result = Ok(found(4, "more"));
    net(model, Net::Found { generation, result });
}

#[test]
fn the_screens_beside_the_queue() {
    everywhere("incident", incident);
    everywhere("incident_answered", answered);
    everywhere("reply_all", |model| {
        incident(model);
        press(model, "RДобрый день!<enter>Причина найдена.");
    });
    everywhere("escalations", |model| {
        with_incident(model);
        press(model, "3");
    });
    everywhere("dashboard", dashboard);
    everywhere("search", search);
    everywhere("search_empty", |model| drop(press(model, "5")));
}

#[test]
fn the_facts_and_the_files_of_a_ticket() {
    everywhere("facts", |model| opened(model, "<enter>vv"));
    everywhere("files", |model| opened(model, "<enter>vvv"));
}

#[test]
fn the_palettes_of_the_screens_beside_the_queue() {
    type Prepare = fn(&mut Model);
    let screens: [(&str, Prepare); 7] = [
        ("incident", answered),
        ("escalations", |model| {
            with_incident(model);
            press(model, "3");
        }),
        ("dashboard", dashboard),
        ("search", search),
        ("ticket", |model| opened(model, "<enter>")),
        ("facts", |model| opened(model, "<enter>vv")),
        ("help", |model| drop(press(model, "?"))),
    ];
    for (theme, name) in [(Theme::Dark, "dark"), (Theme::Light, "light"), (Theme::Mono, "mono")] {
        for (screen, prepare) in screens {
            let mut model = sample(Ru, theme, (120, 40));
            prepare(&mut model);
            load(&mut model);
            insta::assert_snapshot!(format!("styles_{screen}_{name}"), drawn(&model, true));
        }
    }
}

#[test]
fn screens_without_anything_say_so() {
    for (screen, keys) in [("escalations_none", "3"), ("dashboard_none", "4")] {
        for (language, code) in [(Ru, "ru"), (En, "en")] {
            let mut model = crate::testing::empty(language, Theme::Dark, (80, 24));
            press(&mut model, keys);
            check(&format!("{screen}_{code}"), &mut model);
        }
    }
}

#[test]
fn digits_lead_to_the_screens_and_q_leads_back_before_it_quits() {
    let mut model = model();
    for (key, screen) in [
        ("2", Screen::Incident),
        ("3", Screen::Escalations),
        ("4", Screen::Dashboard),
        ("5<esc>", Screen::Search),
        ("1", Screen::Queue),
    ] {
        press(&mut model, key);
        assert_eq!(model.screen, screen);
    }
    press(&mut model, "3q");
    assert_eq!((model.screen, model.quit), (Screen::Queue, false));
    press(&mut model, "q");
    assert!(model.quit);
}

#[test]
fn actions_are_about_the_ticket_under_the_cursor_of_the_screen_that_is_shown() {
    let mut model = model();
    press(&mut model, "3j");
    assert_eq!(model.subject().map(|row| row.number), Some(1021));
    press(&mut model, "1");
    assert_eq!(model.subject().map(|row| row.number), Some(1042));
}

#[test]
fn a_ticket_opened_on_a_screen_leads_back_to_it() {
    let mut model = model();
    press(&mut model, "3j<enter>");
    assert_eq!((model.screen, model.pane, model.queue.cursor()), (Screen::Queue, Pane::Detail, Some(1021)));
    press(&mut model, "<esc>");
    assert_eq!(model.screen, Screen::Escalations);
}

#[test]
fn a_ticket_that_came_down_the_ladder_stays_under_the_cursor() {
    let mut model = model();
    press(&mut model, "3");
    let (down, customer) = sample_tickets().into_iter().find(|(ticket, _)| ticket.number == 1042).unwrap();
    let change = Event::Deescalated(v1::TicketDeescalated { previous_rung: 3, rung: 0 });
    let events = vec![happened(down, customer, 48_213, "ivan", change, false)];
    net(&mut model, Net::Batch(Batch { revision: 48_213, events, ..Batch::default() }));
    assert_eq!(model.subject().map(|row| row.number), Some(1042));
    press(&mut model, "j");
    assert_eq!(model.subject().map(|row| row.number), Some(1021));
    assert_eq!(crate::screens::shown(&model), [1021]);
}

#[test]
fn one_answer_goes_to_the_incident_and_to_every_child_that_is_not_closed() {
    let mut model = model();
    incident(&mut model);
    let reply = replied(&mut model, "RFixed<c-d>");
    assert_eq!(to_all(&reply), (vec![1001, 1039, 1040, 1042], "Fixed".into(), 48_212));
    assert!(model.drafts.get(DraftKey::All(1042)).is_some(), "the text is kept until it went out");
    let effects = went_out(&mut model, &reply, &[]);
    assert!(effects.contains(&Effect::DeleteDraft(DraftKey::All(1042))));
    assert_eq!(model.drafts.get(DraftKey::All(1042)), None);
    assert_eq!(model.toasts.back().map(|toast| toast.level), Some(Level::Done));
    assert!(model.outbox.entries().is_empty());
}

#[test]
fn those_that_refused_an_answer_to_all_are_tried_again_alone_and_under_another_id() {
    let mut model = sample(En, Theme::Dark, (120, 24));
    incident(&mut model);
    let first = replied(&mut model, "RСервис восстановлен.<c-d>");
    went_out(&mut model, &first, &[1039]);
    assert_eq!(model.toasts.back().map(|toast| toast.level), Some(Level::Refused));
    assert!(model.drafts.get(DraftKey::All(1042)).is_some());
    let again = replied(&mut model, "R<c-d>");
    assert_eq!(to_all(&again).0, [1039]);
    assert_eq!(to_all(&again).1, "Сервис восстановлен.");
    assert_ne!(again.request_id, first.request_id);
}

#[test]
fn an_answer_to_all_without_the_server_waits_on_disk_and_goes_once_when_it_is_back() {
    let mut model = model();
    incident(&mut model);
    net(&mut model, Net::Offline { why: String::new(), retry_at: NOW + 5_000, foreign: false });
    let effects = press(&mut model, "RFixed<c-d>");
    let queued = effects.iter().find_map(|effect| match effect {
        Effect::Queue(queued) => Some((**queued).clone()),
        _ => None,
    });
    let queued = queued.expect("it is kept on disk");
    assert_eq!(queued.draft, Some(DraftKey::All(1042)));
    assert!(effects.iter().all(|effect| !matches!(effect, Effect::Call(Call::Change(_)))));
    assert_eq!(crate::actions::why_not(&model, crate::actions::Action::ReplyAll), Some("write-sending"));
    let back = net(&mut model, Net::Batch(Batch { revision: 48_213, synced: true, ..Batch::default() }));
    let Some(Call::Change(sent)) = back.into_iter().find_map(|effect| match effect {
        Effect::Call(call @ Call::Change(_)) => Some(call),
        _ => None,
    }) else {
        panic!("it was not sent")
    };
    assert_eq!(*sent, queued.change, "under the id under which it was kept");
    went_out(&mut model, &sent, &[]);
    assert_eq!(model.drafts.get(DraftKey::All(1042)), None);
    assert!(model.outbox.entries().is_empty());
    let later = net(&mut model, Net::Batch(Batch { revision: 48_301, ..Batch::default() }));
    assert!(later.iter().all(|effect| !matches!(effect, Effect::Call(Call::Change(_)))), "once");
}

#[test]
fn an_answer_to_all_that_was_lost_is_sent_again_under_the_same_id() {
    let mut model = model();
    incident(&mut model);
    let first = replied(&mut model, "RFixed<c-d>");
    let result = Err(Trouble { unreachable: true, ..Trouble::default() });
    net(&mut model, Net::Done { request_id: first.request_id.clone(), result });
    let again = net(&mut model, Net::Batch(Batch { revision: 48_213, synced: true, ..Batch::default() }));
    assert!(again.contains(&Effect::Call(Call::Change(Box::new(first)))));
}

#[test]
fn a_search_goes_on_at_the_end_of_the_list() {
    let mut model = model();
    search(&mut model);
    assert!(matches!(call(press(&mut model, "G")), Some(Call::Search { page_token, .. }) if page_token == "more"));
    assert_eq!(call(press(&mut model, "kG")), None, "the next page is asked for once");
}

#[test]
fn a_closed_ticket_that_was_found_opens_apart_from_the_queue() {
    let mut model = model();
    search(&mut model);
    press(&mut model, "G<enter>");
    assert_eq!(model.peek.as_ref().map(|row| row.number), Some(897));
    press(&mut model, "<esc>");
    assert_eq!((model.screen, model.subject().map(|row| row.number)), (Screen::Search, Some(897)));
}

#[test]
fn a_history_shows_the_newest_and_goes_on_where_one_scrolls_up() {
    let mut model = sample(En, Theme::Dark, (80, 14));
    opened(&mut model, "<enter>v");
    let number = 1042;
    let mut loaded = model.details.ready(number).cloned().unwrap();
    let event = loaded.events.first().cloned().unwrap();
    loaded.events = (0..40).map(|_| event.clone()).collect();
    loaded.more_events = "older".into();
    model.details.forget(number);
    model.details.loading(number, 77);
    net(&mut model, Net::Detail { number, generation: 77, result: Ok(Box::new(loaded)) });
    assert_eq!(call(press(&mut model, "k")), None);
    let Some(Call::Older { generation, of: Part::Events, page_token, .. }) = call(press(&mut model, "<home>")) else {
        panic!("the older events were not asked for")
    };
    assert_eq!(page_token, "older");
    let result = Ok(Box::new(Older::Events(vec![event; 3], String::new())));
    net(&mut model, Net::Older { number, generation, result });
    assert_eq!(model.details.ready(number).map(|loaded| loaded.events.len()), Some(43));
    assert_eq!(call(press(&mut model, "<home>")), None, "all are here");
}

#[test]
fn the_dashboard_counts_what_comes_through_the_stream_and_asks_once_for_what_was_resolved() {
    let mut model = model();
    assert!(matches!(call(press(&mut model, "4")), Some(Call::Ended { .. })));
    assert_eq!(call(press(&mut model, "14")), None);
    let new = ticket(2000, "Нет звука", Priority::High, "");
    let events = vec![happened(new, "Вектор", 48_213, "ivan", Event::Created(v1::TicketCreated::default()), false)];
    assert_eq!(call(net(&mut model, Net::Batch(Batch { revision: 48_213, events, ..Batch::default() }))), None);
    assert_eq!(model.screens.dashboard.trends.series(NOW + BUCKET, 10).0, [1, 0]);
}

#[test]
fn a_click_chooses_a_row_of_a_screen_and_opens_it_when_it_is_chosen() {
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let mut model = model();
    press(&mut model, "3");
    let rows = crate::layout::layout(&model, crate::layout::screen(&model)).rows;
    let kind = MouseEventKind::Down(MouseButton::Left);
    let click = Msg::Mouse(MouseEvent { kind, column: rows.x + 3, row: rows.y + 1, modifiers: KeyModifiers::NONE });
    update(&mut model, click.clone());
    settle(&mut model);
    assert_eq!(model.subject().map(|row| row.number), Some(1021));
    update(&mut model, click);
    assert_eq!((model.screen, model.pane), (Screen::Queue, Pane::Detail));
}
