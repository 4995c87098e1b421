//! Stories of many tickets at once, of the fields of one, and of what wants attention.

use opora_proto::v1::{self, Priority, ticket_event::Change as Event};

use super::dialogs::{changes, crowd, on};
use super::press;
use super::screens::everywhere;
use super::selected::{batch, last_toast, resolved};
use crate::change::Fields;
use crate::dialog::Dialog;
use crate::drafts::{Draft, DraftKey};
use crate::model::Model;
use crate::msg::{Batch, Call, Change, Done, Effect, Msg, Named, Net, Tagged, Undoable, What};
use crate::testing::{NOW, comment, happened, sample, sample_tickets, ticket, time};
use crate::texts::Language;
use crate::theme::Theme;
use crate::update::{settle, update};

fn model() -> Model {
    sample(Language::En, Theme::Dark, (120, 24))
}

fn net(model: &mut Model, net: Net) -> Vec<Effect> {
    let mut effects = update(model, Msg::Net(net));
    effects.extend(settle(model));
    effects
}

/// The tags of the marked tickets are told: those of #1042 and #1021 are `sip`, the others have none.
fn told_tags(model: &mut Model, effects: &[Effect]) {
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Call(Call::Tags { numbers, generation }) => Some((numbers.clone(), *generation)),
        _ => None,
    });
    let (numbers, generation) = asked.expect("the tags were not asked for");
    let tags = |number: u64| if [1042, 1021].contains(&number) { vec!["sip".to_owned()] } else { Vec::new() };
    let tagged = |number: u64| Tagged { number, etag: format!("t{number}"), tags: tags(number) };
    let result = Ok(numbers.into_iter().map(tagged).collect());
    net(model, Net::Tags { generation, result });
}

fn accepted(model: &mut Model, change: &Change, revision: u64) -> Vec<Effect> {
    let each = change.numbers().map(|number| (number, Ok("e".to_owned()))).collect();
    let done = Done { revision, each, ..Done::default() };
    net(model, Net::Done { request_id: change.request_id.clone(), result: Ok(done) })
}

/// The tags that each ticket is given, and the etag under which.
fn given(changes: &[Change]) -> Vec<(u64, String, Vec<String>)> {
    let mut given = Vec::new();
    for change in changes {
        let What::Many(targets, what) = &change.what else { panic!("{change:?}") };
        let What::Update(fields) = &**what else { panic!("{change:?}") };
        let Fields { tags: Some(tags), .. } = &**fields else { panic!("{change:?}") };
        given.extend(targets.iter().map(|target| (target.number, target.etag.clone(), tags.clone())));
    }
    given.sort();
    given
}

#[test]
fn tags_are_added_to_many_whatever_each_has_already_and_taken_back_together() {
    let mut model = model();
    let effects = press(&mut model, "*T<enter>VIP<enter>");
    assert!(changes(&effects).is_empty());
    assert!(matches!(&model.dialog, Some(Dialog::Bulk(b)) if b.fault == Some("bulk-tags-waiting")), "not guessed");
    told_tags(&mut model, &effects);
    let sent = changes(&press(&mut model, "<enter><enter>"));
    let vip = || "VIP".to_owned();
    assert_eq!(
        given(&sent),
        [
            (1007, "t1007".into(), vec![vip()]),
            (1021, "t1021".into(), vec!["sip".into(), vip()]),
            (1039, "t1039".into(), vec![vip()]),
            (1040, "t1040".into(), vec![vip()]),
            (1042, "t1042".into(), vec!["sip".into(), vip()]),
        ]
    );
    assert_eq!(sent.len(), 2, "one change for each set of tags");
    accepted(&mut model, &sent[0], 48_212);
    accepted(&mut model, &sent[1], 48_213);
    assert_eq!(model.results.len(), 5);
    let undo: Vec<What> = changes(&press(&mut model, "<esc>u"))
        .into_iter()
        .map(|change| match change.what {
            What::Many(_, what) => *what,
            what => what,
        })
        .collect();
    assert_eq!(undo, [What::Undo(Undoable::Tags, 48_212), What::Undo(Undoable::Tags, 48_213)]);
}

#[test]
fn tags_are_taken_from_those_that_have_them_and_nothing_is_sent_for_the_others() {
    let mut model = model();
    let effects = press(&mut model, "*T");
    told_tags(&mut model, &effects);
    let sent = changes(&press(&mut model, "j<enter>sip<enter><enter>"));
    assert_eq!(given(&sent), [(1021, "t1021".into(), vec![]), (1042, "t1042".into(), vec![])]);
}

#[test]
fn a_tag_in_another_spelling_is_the_tag_that_stands_there() {
    let mut model = model();
    let effects = press(&mut model, "*T<enter>SIP,Sip<enter>");
    told_tags(&mut model, &effects);
    let sent = changes(&press(&mut model, "<enter><enter>"));
    let added: Vec<u64> = given(&sent).into_iter().map(|(number, ..)| number).collect();
    assert_eq!(added, [1007, 1039, 1040], "those that have none; one spelling of it");
    assert!(given(&sent).iter().all(|(.., tags)| tags == &["SIP"]));
    let mut model = self::model();
    let effects = press(&mut model, "*T");
    told_tags(&mut model, &effects);
    let sent = changes(&press(&mut model, "j<enter>SIP<enter><enter>"));
    assert_eq!(given(&sent), [(1021, "t1021".into(), vec![]), (1042, "t1042".into(), vec![])]);
}

#[test]
fn what_a_change_of_many_leaves_out_is_named_in_its_results() {
    let mut model = model();
    press(&mut model, "*sj<enter>");
    batch(&mut model, 48_300, vec![resolved(1039)]);
    assert!(changes(&press(&mut model, "<enter>")).is_empty());
    let sent = changes(&press(&mut model, "<enter>")).remove(0);
    assert!(sent.numbers().all(|number| number != 1039));
    accepted(&mut model, &sent, 48_301);
    let why = model.results.iter().find(|one| one.number == 1039).and_then(|one| one.why.as_deref());
    assert_eq!(why, Some("resolved by Иван · left out"));
    assert!(last_toast(&model).contains("1 left out"), "{}", last_toast(&model));
}

#[test]
fn tags_of_many_step_by_step() {
    everywhere("bulk_tags", |model| drop(press(model, "*T")));
    everywhere("bulk_tags_typed", |model| {
        let effects = press(model, "*T<enter>vip срочно");
        told_tags(model, &effects);
    });
    everywhere("bulk_tags_preview", |model| {
        let effects = press(model, "*T<enter>vip срочно");
        told_tags(model, &effects);
        press(model, "<enter>");
    });
}

#[test]
fn an_earlier_change_is_not_taken_back_with_a_later_one_of_many() {
    let mut model = model();
    let first = changes(&press(&mut model, "*s<enter><enter>")).remove(0);
    accepted(&mut model, &first, 48_212);
    let second = changes(&press(&mut model, "<esc>*sj<enter><enter>")).remove(0);
    accepted(&mut model, &second, 48_213);
    assert_eq!(model.undo.as_ref().map(|undo| undo.parts.len()), Some(1));
    assert_eq!(model.undo.as_ref().map(|undo| undo.parts[0].0), Some(48_213));
}

#[test]
fn a_change_of_many_leaves_the_row_under_the_cursor_where_it_is_on_the_screen() {
    let mut model = sample(Language::En, Theme::Dark, (120, 14));
    crowd(&mut model);
    press(&mut model, "gg<c-f><c-f>jjjk");
    let number = model.queue.cursor().unwrap();
    let place = |model: &Model| model.queue.window(9).position(|n| n == number);
    let before = place(&model).unwrap();
    assert!(before > 1, "{before}");
    // All of them, the one under the cursor too, get another place in the order: that one near the end.
    let events = (1..=40_u64).map(|n| {
        let mut one = ticket(n, "Не слышно клиента", Priority::High, "ivan");
        let due = if n == number { NOW + 9_000_000_000 } else { NOW + 3_600_000 * (41 - n as i64) };
        let clock = v1::Clock {
            state: v1::ClockState::Running.into(),
            start_time: time(NOW),
            due_time: time(due),
            ..Default::default()
        };
        one.sla = Some(v1::TicketSla { resolution: Some(clock), ..Default::default() });
        happened(one, "Вектор", 48_213, "olga", Event::Reprioritised(v1::TicketReprioritised::default()), false)
    });
    let events: Vec<_> = events.collect();
    press(&mut model, "B?");
    net(&mut model, Net::Batch(Batch { revision: 48_213, events, ..Batch::default() }));
    press(&mut model, "<esc>");
    assert_eq!(model.queue.cursor(), Some(number));
    assert!(model.queue.position(number).unwrap() > 30, "it has another place in the order");
    assert_eq!(place(&model), Some(before), "and the same on the screen");
}

#[test]
fn tab_walks_the_breached_the_due_the_answered_and_the_undelivered_and_nothing_else() {
    let mut model = model();
    crowd(&mut model);
    let answered = {
        let (mut ticket, customer) = sample_tickets().into_iter().find(|(t, _)| t.number == 1007).unwrap();
        ticket.customer_wrote_last = true;
        let contact = v1::Actor { kind: v1::ActorKind::Contact.into(), name: "contacts/a".into(), verified: false };
        let said = comment(1007, 48_300, contact, v1::Visibility::Public, "Всё ещё нет писем");
        let change = Event::Commented(v1::CommentAdded { comment: Some(said) });
        happened(ticket, customer, 48_300, "a", change, false)
    };
    net(&mut model, Net::Batch(Batch { revision: 48_300, events: vec![answered], ..Batch::default() }));
    let undelivered = Draft { text: "Текст".into(), request_id: String::new(), undelivered: true };
    let waiting = Draft { undelivered: false, ..undelivered.clone() };
    let kept = [(5, &undelivered), (6, &waiting)].map(|(n, draft)| (DraftKey::Reply(n), draft.clone()));
    let form = (DraftKey::Description(7), undelivered);
    update(&mut model, Msg::Drafts(kept.into_iter().chain([form]).collect()));
    // 1042 goes on without a target, 1021 is breached, 1039 is due within the hour.
    let walked: Vec<u64> = (0..8)
        .filter_map(|_| {
            press(&mut model, "<tab>");
            model.queue.cursor()
        })
        .collect();
    assert_eq!(walked, [1021, 1039, 1007, 5, 7, 1042, 1021, 1039]);
}

#[test]
fn a_description_is_edited_kept_as_a_draft_and_sent_alone() {
    let mut model = model();
    let effects = on(&mut model, "F", |ticket| ticket.description = "Старое".into());
    assert!(effects.contains(&Effect::Call(Call::Organisations)));
    let typed = press(&mut model, "<backtab>, новое");
    let key = DraftKey::Description(1042);
    assert!(typed.iter().any(|effect| matches!(effect, Effect::SaveDraft(k, _) if *k == key)));
    press(&mut model, "<esc>");
    on(&mut model, "F", |ticket| ticket.description = "Старое".into());
    let sent = changes(&press(&mut model, "<c-d>")).remove(0);
    let fields = Fields { description: Some("Старое, новое".into()), ..Fields::default() };
    assert_eq!(sent.what, What::Update(Box::new(fields)));
    let done = Done { number: 1042, revision: 48_212, ..Done::default() };
    let effects = net(&mut model, Net::Done { request_id: sent.request_id, result: Ok(done) });
    assert!(effects.contains(&Effect::DeleteDraft(key)));
}

#[test]
fn a_description_that_is_as_it_was_is_no_draft() {
    let mut model = model();
    on(&mut model, "F", |ticket| ticket.description = "Старое".into());
    press(&mut model, "<backtab>x");
    assert!(model.drafts.get(DraftKey::Description(1042)).is_some());
    let effects = press(&mut model, "<backspace>");
    assert!(effects.contains(&Effect::DeleteDraft(DraftKey::Description(1042))));
    assert!(changes(&press(&mut model, "<c-d>")).is_empty());
    assert!(model.dialog.is_none());
}

#[test]
fn the_organisation_of_a_ticket_is_chosen_by_name_and_never_guessed() {
    let mut model = model();
    on(&mut model, "F", |ticket| ticket.organisation = "organisations/romashka".into());
    let named = |id: &str, name: &str| Named { id: id.into(), name: name.into() };
    net(&mut model, Net::Organisations(Ok(vec![named("romashka", "Ромашка КЦ"), named("vector", "Вектор+3")])));
    assert!(changes(&press(&mut model, "<tab><c-u>вект<c-d>")).is_empty());
    assert!(matches!(&model.dialog, Some(Dialog::Fields(f)) if f.fault == Some("create-no-organisation")));
    // `dtrn` is «вект» on the other layout.
    let sent = changes(&press(&mut model, "<c-u>dtrn<enter><c-d>")).remove(0);
    let fields = Fields { organisation: Some("vector".into()), ..Fields::default() };
    assert_eq!(sent.what, What::Update(Box::new(fields)));
}
