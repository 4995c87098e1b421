//! Stories through `update`: what a person does, what the network tells, what the console asks for.

use opora_proto::error::ErrorReason;
use opora_proto::v1;
use opora_proto::v1::{Priority, TicketState, Visibility, ticket_event::Change as Event};

use super::press;
use crate::drafts::DraftKey;
use crate::model::{Level, Link, Model};
use crate::msg::{Batch, Call, Change, Done, Effect, Happened, Msg, Net, Trouble, Undoable, What};
use crate::queue::Left;
use crate::testing::{NOW, agent, comment, happened, load, sample, sample_tickets, ticket, time};
use crate::texts::Language;
use crate::theme::Theme;
use crate::update::{settle, update};

fn model() -> Model {
    sample(Language::En, Theme::Dark, (120, 24))
}

fn change_of(effects: &[Effect]) -> Change {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Call(Call::Change(change)) => Some((**change).clone()),
        _ => None,
    });
    found.expect("a change was sent")
}

fn batch(model: &mut Model, revision: u64, events: Vec<Happened>) {
    update(model, Msg::Net(Net::Batch(Batch { revision, events, ..Batch::default() })));
    settle(model);
}

fn answer(model: &mut Model, change: &Change, result: Result<Done, Trouble>) -> Vec<Effect> {
    update(model, Msg::Net(Net::Done { request_id: change.request_id.clone(), result }))
}

#[expect(clippy::unnecessary_wraps, reason = "beside the refusals")]
fn done(number: u64, revision: u64) -> Result<Done, Trouble> {
    Ok(Done { number, revision, ..Done::default() })
}

fn refusal(reason: ErrorReason) -> Trouble {
    Trouble { reason: Some(reason), message: "no".into(), ..Trouble::default() }
}

fn last_toast(model: &Model) -> (Level, String) {
    model.toasts.back().map(|toast| (toast.level, toast.text.clone())).unwrap()
}

fn sample_of(number: u64) -> (v1::Ticket, &'static str) {
    sample_tickets().into_iter().find(|(ticket, _)| ticket.number == number).unwrap()
}

fn updated() -> Event {
    Event::Updated(v1::TicketUpdated::default())
}

#[test]
fn the_most_urgent_ticket_is_under_the_cursor_at_first() {
    let model = model();
    let order: Vec<u64> = model.queue.window(20).collect();
    assert_eq!(order, [1042, 1021, 1039, 1040, 1007]);
    assert_eq!(model.queue.cursor(), Some(1042));
    assert_eq!(model.link, Link::Live);
}

#[test]
fn an_assignment_is_pending_until_its_event_and_can_be_taken_back() {
    let mut model = model();
    let sent = change_of(&press(&mut model, "jjaj<enter>"));
    assert_eq!((sent.number, sent.etag.as_str(), &sent.what), (1039, "e1039", &What::Assign("ivan".into())));
    assert!(model.is_pending(1039));
    answer(&mut model, &sent, done(1039, 48_212));
    assert!(model.is_pending(1039), "accepted, but its event is not here yet");
    let (mut ticket, customer) = sample_of(1039);
    ticket.assignee = "agents/ivan".into();
    let assigned =
        Event::Assigned(v1::TicketAssigned { previous_assignee: String::new(), assignee: "agents/ivan".into() });
    batch(&mut model, 48_212, vec![happened(ticket, customer, 48_212, "olga", assigned, false)]);
    assert!(!model.is_pending(1039));
    assert_eq!(&*model.queue.row(1039).unwrap().owner, "ivan");
    let undo = change_of(&press(&mut model, "u"));
    assert_eq!(undo.what, What::Undo(Undoable::Assign, 48_212));
}

#[test]
fn what_somebody_changed_since_is_not_taken_back() {
    let mut model = model();
    let sent = change_of(&press(&mut model, "jjt"));
    answer(&mut model, &sent, done(1039, 48_212));
    let (ticket, customer) = sample_of(1039);
    let assigned =
        Event::Assigned(v1::TicketAssigned { previous_assignee: "agents/olga".into(), assignee: "agents/ivan".into() });
    batch(&mut model, 48_213, vec![happened(ticket, customer, 48_213, "ivan", assigned, false)]);
    let effects = press(&mut model, "u");
    assert!(effects.iter().all(|effect| !matches!(effect, Effect::Call(Call::Change(_)))));
    assert_eq!(
        last_toast(&model),
        (Level::Warning, "#1039 can't be taken back: Иван changed the same thing since".into())
    );
}

#[test]
fn a_stale_etag_is_told_in_a_sentence() {
    let mut model = model();
    let sent = change_of(&press(&mut model, "jjt"));
    answer(&mut model, &sent, Err(refusal(ErrorReason::EtagMismatch)));
    assert!(!model.is_pending(1039));
    let (level, text) = last_toast(&model);
    assert_eq!(level, Level::Refused);
    assert!(text.starts_with("#1039: somebody changed the ticket meanwhile"), "{text}");
}

#[test]
fn a_priority_is_confirmed_only_after_what_it_means_was_shown_and_a_reason_given() {
    let mut model = model();
    let asked = press(&mut model, "pj<enter>");
    assert!(asked.iter().all(|effect| !matches!(effect, Effect::Call(Call::Change(_)))));
    let Some(Effect::Call(Call::Preview { number, generation })) = asked.first() else { panic!("{asked:?}") };
    let preview = |generation| Net::Preview { number: *number, generation, result: Ok(vec![]) };
    update(&mut model, Msg::Net(preview(generation - 1)));
    assert!(press(&mut model, "<enter>").is_empty(), "an answer to an older dialog does not count");
    update(&mut model, Msg::Net(preview(*generation)));
    assert!(press(&mut model, "<enter><enter>").is_empty(), "a reason is required");
    let sent = change_of(&press(&mut model, "it works<enter>"));
    assert_eq!(sent.what, What::Priority(Priority::High, "it works".into()));
}

#[test]
fn a_reply_that_did_not_see_a_newer_message_comes_back_with_it() {
    let mut model = model();
    press(&mut model, "rWe look at it");
    assert_eq!(model.drafts.get(DraftKey::Reply(1042)).unwrap().text, "We look at it");
    let sent = change_of(&press(&mut model, "<c-d>"));
    assert!(
        matches!(sent.what, What::Comment { visibility: Visibility::Public, seen_through: 48_211, .. }),
        "{sent:?}"
    );
    assert_eq!(sent.etag, "", "a step of life that a colleague's answer brings must not hide the answer");
    let (ticket, customer) = sample_of(1042);
    let newer = comment(1042, 48_300, agent("ivan"), Visibility::Public, "Already solved");
    let commented = Event::Commented(v1::CommentAdded { comment: Some(newer) });
    batch(&mut model, 48_300, vec![happened(ticket, customer, 48_300, "ivan", commented, false)]);
    let mut trouble = refusal(ErrorReason::UnseenMessage);
    trouble.metadata.insert("revision".into(), "48300".into());
    answer(&mut model, &sent, Err(trouble));
    assert_eq!(model.drafts.get(DraftKey::Reply(1042)).unwrap().text, "We look at it");
    let again = change_of(&press(&mut model, "<c-d>"));
    assert!(matches!(again.what, What::Comment { seen_through: 48_300, .. }), "{again:?}");
    let effects = answer(&mut model, &again, done(1042, 48_301));
    assert!(effects.contains(&Effect::DeleteDraft(DraftKey::Reply(1042))));
    assert!(model.drafts.get(DraftKey::Reply(1042)).is_none());
}

#[test]
fn a_reply_whose_answer_was_lost_goes_again_by_itself_under_the_same_id() {
    let mut model = model();
    let first = change_of(&press(&mut model, "rText<c-d>"));
    answer(&mut model, &first, Err(Trouble { unreachable: true, ..Trouble::default() }));
    assert_eq!(
        model.drafts.get(DraftKey::Reply(1042)).unwrap().text,
        "Text",
        "it is kept until it is known to be there"
    );
    let back = update(&mut model, Msg::Net(Net::Batch(Batch { revision: 48_212, ..Batch::default() })));
    let second = change_of(&back);
    assert_eq!(first, second);
    let effects = answer(&mut model, &second, done(1042, 48_213));
    assert!(effects.contains(&Effect::DeleteDraft(DraftKey::Reply(1042))));
}

#[test]
fn what_is_typed_in_a_text_field_is_what_was_typed() {
    let mut model = model();
    press(&mut model, "к");
    press(&mut model, "Щось. йц, №");
    assert_eq!(model.drafts.get(DraftKey::Reply(1042)).unwrap().text, "Щось. йц, №");
}

#[test]
fn commands_work_under_a_russian_layout() {
    let mut model = model();
    press(&mut model, "оо");
    assert_eq!(model.queue.cursor(), Some(1039));
    press(&mut model, ".");
    assert!(matches!(model.dialog, Some(crate::dialog::Dialog::Filter(_))));
    press(&mut model, "pdjyrjd<enter>");
    assert_eq!(model.queue.window(20).collect::<Vec<_>>(), [1042]);
}

#[test]
fn the_ticket_under_the_cursor_keeps_its_row_when_others_come_above_it() {
    let mut model = sample(Language::En, Theme::Dark, (120, 14));
    super::dialogs::crowd(&mut model);
    let rows: Vec<Happened> = (101..130_u64)
        .map(|number| {
            let mut ticket = ticket(number, "Нет звука", Priority::Critical, "");
            let clock = v1::Clock {
                state: v1::ClockState::Continuous.into(),
                start_time: time(NOW - 1_000_000_000),
                ..Default::default()
            };
            ticket.sla = Some(v1::TicketSla { resolution: Some(clock), ..Default::default() });
            happened(ticket, "Вектор", 48_212, "ivan", Event::Created(v1::TicketCreated::default()), false)
        })
        .collect();
    press(&mut model, "ggjj");
    let at = |model: &Model| model.queue.window(9).position(|number| number == 1039);
    assert_eq!(at(&model), Some(2));
    batch(&mut model, 48_212, rows);
    assert_eq!(model.queue.cursor(), Some(1039));
    assert_eq!(at(&model), Some(2));
    let above = model.queue.above(9, NOW);
    assert_eq!((above.rows, above.critical, above.fresh, above.fresh_critical), (29, 29, 29, 29));
}

#[test]
fn a_ticket_that_leaves_stays_as_a_ghost_until_the_cursor_moves() {
    let mut model = model();
    let (mut ticket, customer) = sample_of(1042);
    ticket.state = TicketState::Resolved.into();
    let resolved = Event::Transitioned(v1::TicketTransitioned::default());
    batch(&mut model, 48_212, vec![happened(ticket, customer, 48_212, "ivan", resolved, true)]);
    assert_eq!(model.queue.cursor(), Some(1042));
    assert_eq!(model.queue.ghost(1042).map(|g| &g.why), Some(&Left::State(TicketState::Resolved, "ivan".into())));
    press(&mut model, "j");
    assert_eq!(model.queue.cursor(), Some(1021));
    assert_eq!(model.queue.window(20).collect::<Vec<_>>(), [1021, 1039, 1040, 1007]);
}

#[test]
fn the_order_is_held_while_a_dialog_is_open() {
    let mut model = model();
    press(&mut model, "ja");
    let before: Vec<u64> = model.queue.window(20).collect();
    let (mut ticket, customer) = sample_of(1007);
    ticket.state = TicketState::InProgress.into();
    let clock = v1::Clock {
        state: v1::ClockState::Running.into(),
        start_time: time(0),
        due_time: time(1),
        ..Default::default()
    };
    ticket.sla = Some(v1::TicketSla { resolution: Some(clock), ..Default::default() });
    batch(&mut model, 48_212, vec![happened(ticket, customer, 48_212, "ivan", updated(), false)]);
    assert_eq!(model.queue.window(20).collect::<Vec<_>>(), before);
    press(&mut model, "<esc>");
    assert_eq!(model.queue.window(20).collect::<Vec<_>>(), [1042, 1007, 1021, 1039, 1040]);
    assert_eq!(model.queue.cursor(), Some(1021));
}

#[test]
fn after_another_store_the_rows_are_replaced_at_once() {
    let mut model = model();
    press(&mut model, "j");
    update(&mut model, Msg::Net(Net::Set));
    assert_eq!(model.queue.len(), 5, "what was there is shown until the new set is complete");
    let rows = vec![crate::testing::row(3, "Другой", "Вектор", Priority::Low, "")];
    update(&mut model, Msg::Net(Net::Batch(Batch { revision: 3, rows, events: vec![], synced: true })));
    settle(&mut model);
    assert_eq!(model.queue.cursor(), Some(1021));
    assert_eq!(model.queue.ghost(1021).map(|g| &g.why), Some(&Left::Gone));
    press(&mut model, "j");
    assert_eq!(model.queue.window(20).collect::<Vec<_>>(), [3]);
}

#[test]
fn a_late_answer_of_a_ticket_is_dropped_and_an_event_meanwhile_asks_again() {
    let mut model = model();
    let asked = press(&mut model, "j");
    let Some(Effect::Call(Call::Detail { number: 1021, generation })) = asked.first() else { panic!("{asked:?}") };
    let (ticket, customer) = sample_of(1021);
    update(
        &mut model,
        Msg::Net(Net::Batch(Batch {
            revision: 48_212,
            events: vec![happened(ticket, customer, 48_212, "ivan", updated(), false)],
            ..Batch::default()
        })),
    );
    let again = settle(&mut model);
    assert!(
        matches!(again.first(), Some(Effect::Call(Call::Detail { number: 1021, generation: g })) if g != generation)
    );
    update(
        &mut model,
        Msg::Net(Net::Detail { number: 1021, generation: *generation, result: Err(Trouble::default()) }),
    );
    assert!(model.details.ready(1021).is_none());
    load(&mut model);
}

#[test]
fn the_deadline_is_the_next_change_of_a_visible_text() {
    let mut model = model();
    settle(&mut model);
    let deadline = model.deadline.unwrap();
    assert!(deadline > NOW && deadline <= NOW + 60_000);
    model.dirty = false;
    update(&mut model, Msg::Now(deadline - 1));
    assert!(!model.dirty);
    update(&mut model, Msg::Now(deadline));
    assert!(model.dirty);
}

#[test]
fn a_bookmark_that_says_nothing_new_is_no_reason_for_a_frame() {
    let mut model = model();
    model.dirty = false;
    batch(&mut model, 48_211, vec![]);
    assert!(!model.dirty);
}

#[test]
fn a_paste_in_command_mode_is_ignored() {
    let mut model = model();
    update(&mut model, Msg::Paste("q\u{1b}[2J".into()));
    assert!(!model.quit);
    press(&mut model, "r");
    update(&mut model, Msg::Paste("a\u{1b}[2Jb\r\nc".into()));
    assert_eq!(model.drafts.get(DraftKey::Reply(1042)).unwrap().text, "a[2Jb\nc");
}

#[test]
fn offline_is_told_with_the_instant_since_when() {
    let mut model = model();
    let away = |retry_at| Msg::Net(Net::Offline { why: String::new(), retry_at, foreign: false });
    update(&mut model, away(NOW + 250));
    update(&mut model, Msg::Now(NOW + 1000));
    update(&mut model, away(NOW + 2000));
    assert!(matches!(model.link, Link::Offline { since: NOW, .. }));
    batch(&mut model, 48_212, vec![]);
    assert_eq!(model.link, Link::Live);
}
