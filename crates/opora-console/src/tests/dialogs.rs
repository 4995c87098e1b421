//! What the dialogs of many tickets, of what waits for the server and of two versions of a ticket look like.

use opora_proto::error::ErrorReason;
use opora_proto::v1::{self, Priority, ticket_event::Change as Event};

use super::press;
use super::screens::{drawn, everywhere, opened, opened as keys};
use crate::clock::HOUR;
use crate::model::Model;
use crate::msg::{Batch, Call, Change, Done, Effect, Loaded, Msg, Net, Trouble, What};
use crate::testing::{NOW, agent, happened, loaded, sample, sample_tickets, ticket, time};
use crate::texts::Language::{self, Ru};
use crate::theme::Theme;
use crate::update::{settle, update};

/// The changes that were sent.
pub(super) fn changes(effects: &[Effect]) -> Vec<Change> {
    let change = |effect: &Effect| match effect {
        Effect::Call(Call::Change(change)) => Some((**change).clone()),
        _ => None,
    };
    effects.iter().filter_map(change).collect()
}

fn net(model: &mut Model, net: Net) -> Vec<Effect> {
    let mut effects = update(model, Msg::Net(net));
    effects.extend(settle(model));
    effects
}

fn refuse(model: &mut Model, change: &Change, trouble: Trouble) {
    net(model, Net::Done { request_id: change.request_id.clone(), result: Err(trouble) });
}

/// Presses keys on the ticket under the cursor, which is loaded as `edit` makes it.
pub(super) fn on(model: &mut Model, typed: &str, edit: impl Fn(&mut v1::Ticket)) -> Vec<Effect> {
    let number = model.subject().map(|row| row.number).unwrap();
    model.details.forget_all();
    let effects = press(model, typed);
    fill(model, number, &effects, |loaded| edit(&mut loaded.ticket));
    effects
}

fn fill(model: &mut Model, number: u64, effects: &[Effect], edit: impl Fn(&mut Loaded)) {
    let asked = effects.iter().rev().find_map(|effect| match effect {
        Effect::Call(Call::Detail { number: n, generation }) if *n == number => Some(*generation),
        _ => None,
    });
    let mut answer = loaded(number);
    edit(&mut answer);
    let generation = asked.unwrap_or_else(|| panic!("#{number} was not asked for: {effects:?}"));
    net(model, Net::Detail { number, generation, result: Ok(Box::new(answer)) });
}

/// More tickets than a screen has rows.
pub(super) fn crowd(model: &mut Model) {
    let created = || Event::Created(v1::TicketCreated::default());
    let events = (1..=40_u64).map(|number| {
        let owner = if number % 3 == 0 { "ivan" } else { "" };
        let one = ticket(number, "Не слышно клиента на входящей линии после обновления", Priority::Low, owner);
        happened(one, "Северный ветер", 48_212, "ivan", created(), false)
    });
    net(model, Net::Batch(Batch { revision: 48_212, events: events.collect(), ..Batch::default() }));
}

/// What a priority would mean is answered for each that it was asked for.
fn foreseen(model: &mut Model, effects: &[Effect]) {
    for effect in effects {
        let Effect::Call(Call::Preview { number, generation }) = effect else { continue };
        let clock = v1::Clock {
            state: v1::ClockState::Running.into(),
            start_time: time(NOW - HOUR),
            due_time: time(NOW + 24 * HOUR),
            ..Default::default()
        };
        let preview = v1::PriorityPreview {
            priority: Priority::High.into(),
            first_response: Some(clock),
            resolution: Some(clock),
            current: false,
        };
        net(model, Net::Preview { number: *number, generation: *generation, result: Ok(vec![preview]) });
    }
}

fn previewed(model: &mut Model) {
    let effects = press(model, "*pj<enter>Линия упала у всех<enter>");
    foreseen(model, &effects);
}

#[test]
fn many_tickets_are_changed_step_by_step() {
    everywhere("bulk_assign", |model| keys(model, "*a"));
    everywhere("bulk_state", |model| keys(model, "*sjj"));
    everywhere("bulk_reason", |model| keys(model, "*pj<enter>Линия упала у всех"));
    everywhere("bulk_no_reason", |model| keys(model, "*E<enter>"));
    everywhere("bulk_write", |model| keys(model, "*rДобрый день!<enter>Проверяем."));
    everywhere("bulk_preview_reply", |model| keys(model, "*rДобрый день!<c-d>"));
    everywhere("bulk_preview_state", |model| keys(model, "*sjjj<enter>"));
    everywhere("bulk_preview_priority", previewed);
    everywhere("bulk_count", |model| {
        crowd(model);
        press(model, "*aj<enter>jjj4");
    });
    everywhere("bulk_wrong_count", |model| {
        crowd(model);
        press(model, "*aj<enter>4<enter>");
    });
}

/// Five resolved at once: one was changed meanwhile, one is of a state that can't be resolved.
fn resulted(model: &mut Model) {
    let change = changes(&press(model, "*sjj<enter><enter>")).remove(0);
    let refused =
        |reason, message: &str| Trouble { reason: Some(reason), message: message.into(), ..Trouble::default() };
    let each = change.numbers().map(|number| {
        let fate = match number {
            1039 => Err(refused(ErrorReason::EtagMismatch, "")),
            1021 => Err(refused(ErrorReason::TicketState, "Запрос закрыт, изменить его нельзя.")),
            _ => Ok("e".to_owned()),
        };
        (number, fate)
    });
    let done = Done { revision: 48_215, each: each.collect(), ..Done::default() };
    net(model, Net::Done { request_id: change.request_id, result: Ok(done) });
}

#[test]
fn what_became_of_each_is_told() {
    everywhere("results", resulted);
}

#[test]
fn what_became_of_each_is_taken_back_by_the_key_that_the_message_under_it_says() {
    let mut model = sample(Language::En, Theme::Dark, (120, 40));
    resulted(&mut model);
    let told = &model.toasts.back().unwrap().text;
    assert!(told.contains("u undoes it") && model.dialog.is_some(), "{told}");
    let sent = changes(&press(&mut model, "u"));
    assert!(matches!(sent.first().map(|change| &change.what), Some(What::Many(..) | What::Undo(..))), "{sent:?}");
}

#[test]
fn a_refused_ticket_that_has_no_subject_here_ends_in_its_reason() {
    let mut model = sample(Language::En, Theme::Dark, (120, 40));
    resulted(&mut model);
    for one in &mut model.results {
        one.subject.clear();
    }
    let shown = drawn(&model, false);
    assert!(!shown.lines().any(|line| line.trim_end_matches([' ', '│']).ends_with('·')), "{shown}");
}

fn away(model: &mut Model) {
    net(model, Net::Offline { why: String::new(), retry_at: NOW + 5_000, foreign: false });
}

/// Changes that wait for the server, one of which was refused before.
fn waiting(model: &mut Model) {
    let change = changes(&press(model, "jjt")).remove(0);
    away(model);
    press(model, "rВидим, уже чиним. Напишем, как только линия заработает снова.<c-d>");
    press(model, "jE");
    press(model, "Клиент ждёт второй день<enter>");
    press(model, "*sj<enter><enter>-");
    refuse(model, &change, stale_trouble());
    press(model, "<esc>P");
}

#[test]
fn what_waits_for_the_server() {
    everywhere("pending", waiting);
    everywhere("pending_chosen", |model| {
        waiting(model);
        press(model, "j");
    });
    everywhere("pending_drop", |model| {
        waiting(model);
        press(model, "jd");
    });
    everywhere("pending_none", |model| {
        model.dialog = Some(crate::dialog::Dialog::Pending(crate::dialog::pending::PendingList::default()));
    });
}

fn stale_trouble() -> Trouble {
    let metadata = [("etag".to_owned(), "e2".to_owned()), ("revision".to_owned(), "48300".to_owned())];
    Trouble { reason: Some(ErrorReason::EtagMismatch), metadata: metadata.into(), ..Trouble::default() }
}

/// A change on a ticket that Ivan changed in many fields meanwhile.
fn stale(model: &mut Model) {
    opened(model, "");
    let change = changes(&press(model, "sj<enter>")).remove(0);
    model.details.forget(1042);
    let mut effects =
        update(model, Msg::Net(Net::Done { request_id: change.request_id, result: Err(stale_trouble()) }));
    effects.extend(settle(model));
    fill(model, 1042, &effects, |loaded| {
        let ticket = &mut loaded.ticket;
        ticket.etag = "e2".into();
        ticket.subject = "Нет входящих звонков на всех операторах, и исходящих с утра тоже нет".into();
        ticket.priority = Priority::High.into();
        ticket.impact = v1::Impact::ServiceIntermittent.into();
        ticket.assignee = "agents/ivan".into();
        ticket.category = v1::Category::ChannelFailure.into();
        ticket.channels = vec![v1::Channel::Calls.into(), v1::Channel::Email.into()];
        ticket.workstations = vec!["оператор-14".into(), "оператор-15".into()];
        ticket.checklist =
            vec![v1::ChecklistItem { step: "save-logs".into(), done: true, note: "прислали".into() }];
        let changes =
            [Event::Reprioritised(v1::TicketReprioritised::default()), Event::Assigned(v1::TicketAssigned::default())];
        loaded.events.extend(changes.into_iter().enumerate().map(|(i, change)| v1::TicketEvent {
            revision: 48_299 + i as u64,
            event_time: time(NOW),
            actor: Some(agent("ivan")),
            change: Some(change),
            ..Default::default()
        }));
    });
}

#[test]
fn both_versions_of_a_ticket_field_by_field() {
    everywhere("stale", stale);
    everywhere("stale_nothing", |model| {
        let change = changes(&press(model, "sj<enter>")).remove(0);
        model.details.forget(1042);
        let mut effects =
            update(model, Msg::Net(Net::Done { request_id: change.request_id, result: Err(stale_trouble()) }));
        effects.extend(settle(model));
        fill(model, 1042, &effects, |_| {});
    });
}

#[test]
fn messages_can_be_read_again_with_their_technical_text() {
    everywhere("messages", |model| {
        let (one, two) = (changes(&press(model, "jjt")), changes(&press(model, "jt")));
        for change in one {
            refuse(model, &change, Trouble { message: "Запрос уже закрыт.".into(), ..Trouble::default() });
        }
        for change in two {
            let technical = "FailedPrecondition: TICKET_STATE: ticket 1021 is closed; request 7f0c1de2-6c1f".to_owned();
            let message = "Запрос закрыт и не меняется: создайте новый, со ссылкой на него, и напишите клиенту.".into();
            refuse(model, &change, Trouble { message, technical, ..Trouble::default() });
        }
        away(model);
        press(model, "kE");
        press(model, "Клиент ждёт<enter>M<enter>j");
    });
    everywhere("messages_none", |model| keys(model, "M"));
}

#[test]
fn the_palettes_of_these_dialogs() {
    type Prepare = fn(&mut Model);
    let prepared: [(&str, Prepare); 3] = [("bulk", previewed), ("stale", stale), ("pending", waiting)];
    for (theme, name) in [(Theme::Dark, "dark"), (Theme::Light, "light"), (Theme::Mono, "mono")] {
        for (dialog, prepare) in prepared {
            let mut model = sample(Ru, theme, (120, 40));
            prepare(&mut model);
            insta::assert_snapshot!(format!("styles_{dialog}_{name}"), drawn(&model, true));
        }
    }
}

#[test]
fn samples_have_five_tickets() {
    // What is marked above counts on it: five change without typing how many they are, more do not.
    assert_eq!(sample_tickets().len(), 5);
}
