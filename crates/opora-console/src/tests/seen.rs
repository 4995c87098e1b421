//! A dialog is about the ticket as it was seen when it opened: what others do meanwhile is told in it, and no Enter
//! overwrites it unseen.

use opora_proto::error::ErrorReason;
use opora_proto::v1::{self, Priority, TicketState, ticket_event::Change as Event};

use super::dialogs::changes;
use super::press;
use super::screens::{drawn, opened};
use crate::dialog::Dialog;
use crate::model::Model;
use crate::msg::{Batch, Call, Change, Done, Effect, Loaded, Msg, Net, Tagged, Trouble, What};
use crate::testing::{happened, load, loaded, sample, sample_tickets};
use crate::texts::Language;
use crate::theme::Theme;
use crate::update::{settle, update};

pub(super) fn model() -> Model {
    sample(Language::En, Theme::Dark, (120, 40))
}

pub(super) fn net(model: &mut Model, net: Net) -> Vec<Effect> {
    let mut effects = update(model, Msg::Net(net));
    effects.extend(settle(model));
    effects
}

/// Somebody changes a ticket of the samples.
pub(super) fn changed(
    model: &mut Model,
    number: u64,
    who: &str,
    change: Event,
    edit: impl Fn(&mut v1::Ticket),
) -> Vec<Effect> {
    let revision = model.revision + 1;
    let (mut ticket, customer) = sample_tickets().into_iter().find(|(ticket, _)| ticket.number == number).unwrap();
    ticket.etag = format!("e{number}-{revision}");
    edit(&mut ticket);
    ticket.description = String::new();
    let events = vec![happened(ticket, customer, revision, who, change, false)];
    net(model, Net::Batch(Batch { revision, events, ..Batch::default() }))
}

/// Ivan makes it CRITICAL.
pub(super) fn raised(model: &mut Model, number: u64) -> Vec<Effect> {
    let change = Event::Reprioritised(v1::TicketReprioritised {
        previous_priority: Priority::High.into(),
        priority: Priority::Critical.into(),
        ..Default::default()
    });
    changed(model, number, "ivan", change, |ticket| ticket.priority = Priority::Critical.into())
}

pub(super) fn foreseen(model: &mut Model, effects: &[Effect]) {
    for effect in effects {
        if let Effect::Call(Call::Preview { number, generation }) = effect {
            net(model, Net::Preview { number: *number, generation: *generation, result: Ok(vec![]) });
        }
    }
}

fn etags(changes: &[Change]) -> Vec<(u64, String)> {
    changes.iter().map(|change| (change.number, change.etag.clone())).collect()
}

#[test]
fn a_priority_that_a_colleague_sets_meanwhile_is_shown_and_never_overwritten_unseen() {
    let mut model = model();
    opened(&mut model, "jj");
    let effects = press(&mut model, "pjj<enter>");
    foreseen(&mut model, &effects);
    press(&mut model, "<enter>it is calm");
    let asked = raised(&mut model, 1039);
    let shown = drawn(&model, false);
    assert!(shown.contains("Иван: Priority HIGH → CRITICAL"), "{shown}");
    assert!(asked.iter().any(|effect| matches!(effect, Effect::Call(Call::Preview { number: 1039, .. }))));
    foreseen(&mut model, &asked);
    assert!(changes(&press(&mut model, "<enter>")).is_empty(), "the first Enter only says so");
    assert!(drawn(&model, false).contains("It changed while this was open"));
    let sent = changes(&press(&mut model, "<enter>"));
    assert_eq!(etags(&sent), [(1039, "e1039-48212".into())], "on the state that was looked at");
}

#[test]
fn what_changed_meanwhile_is_gone_on_with_by_the_key_that_the_dialog_says() {
    for (opens, types, sends, key) in
        [("F", "x", "<c-d>", "Ctrl-D"), ("C", "<space>", "<c-d>", "Ctrl-D"), ("a", "", "<enter>", "Enter")]
    {
        for (language, words) in [(Language::En, "goes on on what"), (Language::Ru, "продолжит с тем")] {
            let mut model = sample(language, Theme::Dark, (120, 40));
            opened(&mut model, "jj<enter>");
            let generation = model.next_generation();
            model.details.loading(1039, generation);
            net(&mut model, Net::Detail { number: 1039, generation, result: Ok(Box::new(loaded(1039))) });
            press(&mut model, opens);
            press(&mut model, types);
            raised(&mut model, 1039);
            press(&mut model, sends);
            let told = crate::meanwhile::lines(&model, model.dialog.as_ref().unwrap(), 200);
            let told = told.first().map(ToString::to_string).unwrap_or_default();
            assert!(told.contains(&format!("{key} {words}")), "{opens}: {told}");
        }
    }
}

#[test]
fn what_a_colleague_does_once_more_has_to_be_looked_at_once_more() {
    let mut model = model();
    press(&mut model, "jja");
    raised(&mut model, 1039);
    assert!(changes(&press(&mut model, "<enter>")).is_empty());
    changed(&mut model, 1039, "ivan", Event::Updated(v1::TicketUpdated::default()), |t| t.subject = "Другое".into());
    assert!(changes(&press(&mut model, "<enter>")).is_empty());
    assert_eq!(changes(&press(&mut model, "<enter>")).len(), 1);
}

#[test]
fn a_refused_change_is_held_against_what_was_seen_when_its_dialog_opened() {
    let mut model = model();
    opened(&mut model, "jj");
    press(&mut model, "sj");
    // The stream is late: the server knows more than this console.
    let sent = changes(&press(&mut model, "<enter>")).remove(0);
    raised(&mut model, 1039);
    let trouble = Trouble {
        reason: Some(ErrorReason::EtagMismatch),
        metadata: [("etag".into(), "e1039-48212".into()), ("revision".into(), "48212".into())].into(),
        ..Trouble::default()
    };
    net(&mut model, Net::Done { request_id: sent.request_id, result: Err(trouble) });
    let shown = drawn(&model, false);
    assert!(matches!(model.dialog, Some(Dialog::Stale(_))));
    assert!(!shown.contains("None of the fields that you saw is different now"), "{shown}");
    assert!(shown.contains("CRITICAL"), "{shown}");
    changed(&mut model, 1039, "ivan", Event::Updated(v1::TicketUpdated::default()), |t| t.subject = "Другое".into());
    assert!(changes(&press(&mut model, "<enter>")).is_empty(), "it changed once more while it was read");
    assert!(drawn(&model, false).contains("Другое"));
    assert_eq!(etags(&changes(&press(&mut model, "<enter>"))), [(1039, "e1039-48213".into())]);
}

#[test]
fn what_waited_and_was_refused_is_held_against_what_was_seen_when_it_was_made() {
    let mut model = model();
    opened(&mut model, "jj");
    net(&mut model, Net::Offline { why: String::new(), retry_at: 0, foreign: false });
    press(&mut model, "s<enter>");
    let seen = model.outbox.entries()[0].queued.seen.clone();
    raised(&mut model, 1039);
    let id = model.outbox.entries()[0].id().to_owned();
    let refused = Trouble { reason: Some(ErrorReason::TicketState), ..Trouble::default() };
    net(&mut model, Net::Done { request_id: id, result: Err(refused) });
    press(&mut model, "P<enter>");
    assert_eq!(model.outbox.entries()[0].queued.seen, seen, "sent again it is still what was seen");
}

#[test]
fn every_dialog_of_one_ticket_tells_what_others_do_to_it() {
    for keys in ["a", "s", "p", "E", "I", "^", "D", "T", "X", "A", "C", "F", "m", "L", "r", "n"] {
        let mut model = model();
        opened(&mut model, "jj");
        press(&mut model, keys);
        let Some(dialog) = &model.dialog else { continue };
        assert_eq!(dialog.picked().len(), 1, "{keys}");
        raised(&mut model, 1039);
        let shown = drawn(&model, false);
        assert!(shown.contains("Иван: Priority HIGH → CRITICAL"), "{keys}: {shown}");
    }
}

#[test]
fn a_message_that_came_meanwhile_is_told() {
    let mut model = model();
    press(&mut model, "s");
    changed(&mut model, 1042, "ivan", Event::Commented(v1::CommentAdded::default()), |_| {});
    assert!(drawn(&model, false).contains("Иван wrote a message"));
    assert!(changes(&press(&mut model, "<enter>")).is_empty());
    assert_eq!(changes(&press(&mut model, "<enter>")).len(), 1);
}

#[test]
fn ones_own_change_that_arrives_meanwhile_asks_nothing() {
    let mut model = model();
    let taken = changes(&press(&mut model, "jjt")).remove(0);
    press(&mut model, "s");
    changed(&mut model, 1039, "olga", Event::Assigned(v1::TicketAssigned::default()), |t| {
        t.assignee = "agents/olga".into();
    });
    let done = Done { number: 1039, revision: 48_212, etag: "e1039-48212".into(), ..Done::default() };
    net(&mut model, Net::Done { request_id: taken.request_id, result: Ok(done) });
    assert_eq!(etags(&changes(&press(&mut model, "<enter>"))), [(1039, "e1039-48212".into())]);
}

#[test]
fn a_form_is_sent_on_the_ticket_that_it_shows() {
    let mut model = model();
    model.details.forget_all();
    let effects = press(&mut model, "T");
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Call(Call::Detail { number: 1042, generation }) => Some(*generation),
        _ => None,
    });
    let mut newer: Loaded = loaded(1042);
    newer.ticket.etag = "newer".into();
    newer.ticket.tags = vec!["sip".into()];
    net(&mut model, Net::Detail { number: 1042, generation: asked.unwrap(), result: Ok(Box::new(newer)) });
    let sent = changes(&press(&mut model, " vip<enter>"));
    assert_eq!(etags(&sent), [(1042, "newer".into())]);
    // What is emptied on purpose stays empty when the ticket is read again.
    let effects = press(&mut model, "T<c-u>");
    assert!(changes(&effects).is_empty());
    load(&mut model);
    assert!(matches!(&model.dialog, Some(Dialog::Ask(ask)) if ask.line.as_ref().is_some_and(|l| l.value().is_empty())));
}

#[test]
fn the_list_of_a_change_of_many_shows_what_others_do_and_waits_for_a_look() {
    let mut model = model();
    press(&mut model, "*sj<enter>");
    let waits = |ticket: &mut v1::Ticket| ticket.state = TicketState::WaitingForCustomer.into();
    changed(&mut model, 1040, "ivan", Event::Transitioned(v1::TicketTransitioned::default()), waits);
    let shown = drawn(&model, false);
    assert!(shown.contains("! Иван · waiting"), "{shown}");
    assert!(changes(&press(&mut model, "<enter>")).is_empty());
    let sent = changes(&press(&mut model, "<enter>")).remove(0);
    let What::Many(targets, _) = &sent.what else { panic!("{sent:?}") };
    assert!(targets.iter().all(|target| target.number != 1040), "it is so already: {targets:?}");
}

#[test]
fn tags_of_many_are_sent_on_what_the_list_shows_of_them() {
    let mut model = model();
    let effects = press(&mut model, "*T<enter>vip");
    let generation = effects.iter().find_map(|effect| match effect {
        Effect::Call(Call::Tags { generation, .. }) => Some(*generation),
        _ => None,
    });
    let told = |number: u64| Tagged { number, etag: format!("t{number}"), tags: vec![] };
    let all = [1042, 1021, 1039, 1040, 1007].map(told).to_vec();
    net(&mut model, Net::Tags { generation: generation.unwrap(), result: Ok(all) });
    press(&mut model, "<enter>");
    let mask = prost_types::FieldMask { paths: vec!["tags".into()] };
    let updated = Event::Updated(v1::TicketUpdated { update_mask: Some(mask), ..Default::default() });
    changed(&mut model, 1040, "ivan", updated, |ticket| ticket.tags = vec!["sip".into()]);
    assert!(drawn(&model, false).contains("sip → sip vip"), "{}", drawn(&model, false));
    assert!(changes(&press(&mut model, "<enter>")).is_empty());
    let sent = changes(&press(&mut model, "<enter>"));
    let target = |change: &Change| match &change.what {
        What::Many(targets, _) => targets.iter().find(|target| target.number == 1040).map(|target| target.etag.clone()),
        _ => None,
    };
    assert_eq!(sent.iter().find_map(target).as_deref(), Some("e1040-48212"));
}
