//! What a dialog calls current is so now, whatever it was when the dialog opened; what was current before can be chosen
//! like anything else.

use opora_proto::error::ErrorReason;
use opora_proto::v1::{self, Priority, TicketState, ticket_event::Change as Event};

use super::dialogs::changes;
use super::press;
use super::screens::{drawn, opened};
use super::seen::{changed, foreseen, model, net, raised};
use crate::model::Model;
use crate::msg::{Done, Effect, Loaded, Net, Trouble, What};
use crate::testing::{load, loaded, time};

/// The one change that was sent.
fn what(effects: &[Effect]) -> Option<What> {
    changes(effects).into_iter().next().map(|change| change.what)
}

/// Pressed once it is told what others did, pressed again it is sent.
fn twice(model: &mut Model, keys: &str) -> Option<What> {
    assert_eq!(what(&press(model, keys)), None, "the first time only says so");
    what(&press(model, keys))
}

/// A dialog on the third ticket of the samples, which is HIGH, new, and nobody's.
fn on_third(keys: &str) -> (Model, Vec<Effect>) {
    let mut model = model();
    opened(&mut model, "jj");
    let effects = press(&mut model, keys);
    load(&mut model);
    (model, effects)
}

fn updated(model: &mut Model, edit: impl Fn(&mut v1::Ticket)) {
    changed(model, 1039, "ivan", Event::Updated(v1::TicketUpdated::default()), edit);
    load(model);
}

/// Answers what was asked for with another state of the third ticket.
fn load_as(model: &mut Model, edit: impl Fn(&mut v1::Ticket)) {
    let generation = model.next_generation();
    model.details.loading(1039, generation);
    let mut now: Loaded = loaded(1039);
    edit(&mut now.ticket);
    net(model, Net::Detail { number: 1039, generation, result: Ok(Box::new(now)) });
}

fn rung(model: &mut Model, rung: u32) {
    updated(model, |ticket| {
        ticket.escalation = (rung > 0).then(|| v1::Escalation { rung, since: time(0), reason: "ждут".into() });
    });
}

fn state(model: &mut Model, number: u64, to: TicketState) {
    let change = Event::Transitioned(v1::TicketTransitioned::default());
    changed(model, number, "ivan", change, |ticket| ticket.state = to.into());
}

#[test]
fn the_priority_that_is_marked_as_current_is_the_one_that_a_colleague_set() {
    let (mut model, effects) = on_third("p");
    foreseen(&mut model, &effects);
    assert!(drawn(&model, false).contains("HIGH ●"));
    press(&mut model, "<enter>");
    assert!(drawn(&model, false).contains("That is its priority now"));
    let effects = raised(&mut model, 1039);
    foreseen(&mut model, &effects);
    let shown = drawn(&model, false);
    assert!(shown.contains("CRITICAL ●") && !shown.contains("HIGH ●"), "{shown}");
    assert!(!shown.contains("That is its priority now"), "it no longer is: {shown}");
    press(&mut model, "k<enter>");
    assert!(drawn(&model, false).contains("That is its priority now"));
    press(&mut model, "j<enter>it was right");
    let sent = twice(&mut model, "<enter>");
    assert_eq!(sent, Some(What::Priority(Priority::High, "it was right".into())));
}

#[test]
fn the_states_are_those_that_the_ticket_can_go_to_now() {
    let (mut model, _) = on_third("s");
    state(&mut model, 1039, TicketState::InProgress);
    assert_eq!(what(&press(&mut model, "<enter>")), None);
    let shown = drawn(&model, false);
    assert!(shown.contains("Choose one first"), "no other one slides under the Enter: {shown}");
    press(&mut model, "j");
    assert_eq!(twice(&mut model, "<enter>"), Some(What::State(TicketState::WaitingForCustomer, String::new())));
}

#[test]
fn the_state_that_a_ticket_had_before_can_be_chosen() {
    let mut model = model();
    press(&mut model, "jjjs");
    assert_eq!(model.subject().map(|row| row.number), Some(1040), "in progress");
    state(&mut model, 1040, TicketState::WaitingForCustomer);
    // It stood on "waiting", which it is now.
    press(&mut model, "j");
    assert_eq!(twice(&mut model, "<enter>"), Some(What::State(TicketState::InProgress, String::new())));
}

#[test]
fn whoever_had_the_ticket_before_can_be_chosen_and_who_has_it_now_can_not() {
    let mut model = model();
    press(&mut model, "jjja");
    let assigned = Event::Assigned(v1::TicketAssigned::default());
    changed(&mut model, 1040, "ivan", assigned, |ticket| ticket.assignee = "agents/olga".into());
    assert_eq!(what(&press(&mut model, "<enter>")), None, "it is hers already");
    press(&mut model, "<up>");
    assert_eq!(twice(&mut model, "<enter>"), Some(What::Assign("ivan".into())));
}

#[test]
fn the_rungs_are_those_above_and_below_the_one_that_the_ticket_is_on_now() {
    let (mut model, _) = on_third("Ewhy");
    rung(&mut model, 1);
    assert!(drawn(&model, false).contains("линия поддержки"), "{}", drawn(&model, false));
    assert_eq!(twice(&mut model, "<enter>"), Some(What::Escalate("why".into())));

    let (mut model, _) = on_third("E<down><down>why");
    rung(&mut model, 1);
    assert_eq!(twice(&mut model, "<enter>"), Some(What::EscalateTo(3, "why".into())), "who went further stays there");

    let (mut model, _) = on_third("^why");
    rung(&mut model, 1);
    assert_eq!(what(&press(&mut model, "<enter>")), None, "it is on rung 1 already");
    press(&mut model, "<down>");
    assert_eq!(twice(&mut model, "<enter>"), Some(What::EscalateTo(2, "why".into())));

    let (mut model, _) = on_third("");
    rung(&mut model, 3);
    press(&mut model, "Dwhy");
    rung(&mut model, 2);
    assert_eq!(what(&press(&mut model, "<enter>")), None, "it is on rung 2 already");
    press(&mut model, "<up>");
    assert_eq!(twice(&mut model, "<enter>"), Some(What::Deescalate(1, "why".into())));
}

#[test]
fn an_impact_is_chosen_whatever_it_was() {
    let (mut model, _) = on_third("Iwhy");
    updated(&mut model, |ticket| ticket.impact = v1::Impact::OneWorkstation.into());
    assert!(matches!(twice(&mut model, "<enter>"), Some(What::Impact(_, why)) if why == "why"));
}

#[test]
fn tags_that_nobody_typed_at_are_those_of_now() {
    let (mut model, _) = on_third("T");
    updated(&mut model, |ticket| ticket.tags = vec!["sip".into()]);
    press(&mut model, " vip");
    let Some(What::Update(fields)) = twice(&mut model, "<enter>") else { panic!("nothing was sent") };
    assert_eq!(fields.tags, Some(vec!["sip".into(), "vip".into()]));

    let (mut model, _) = on_third("Tvip");
    updated(&mut model, |ticket| ticket.tags = vec!["sip".into()]);
    assert!(drawn(&model, false).contains("sip vip"), "what was typed is not replaced");
    let Some(What::Update(fields)) = twice(&mut model, "<enter>") else { panic!("nothing was sent") };
    assert_eq!(fields.tags, Some(vec!["sip".into(), "vip".into()]), "what a colleague put there stays");
}

#[test]
fn no_list_is_sent_before_the_ticket_that_it_takes_the_place_on_is_here() {
    for keys in ["Tvip", "C<space>", "F<tab><tab><tab><tab><tab><tab><tab><tab><tab>op-7"] {
        let (mut model, _) = on_third(keys);
        let sends = if keys.starts_with('T') { "<enter>" } else { "<c-d>" };
        // The stream does not carry all of it: it is read again.
        let mask = prost_types::FieldMask { paths: vec!["tags".into(), "description".into()] };
        let updated = Event::Updated(v1::TicketUpdated { update_mask: Some(mask), ..Default::default() });
        changed(&mut model, 1039, "ivan", updated, |ticket| ticket.tags = vec!["sip".into()]);
        assert_eq!(twice(&mut model, sends), None, "{keys}: it is still being read");
        assert!(drawn(&model, false).contains("still being asked for"), "{}", drawn(&model, false));
        load_as(&mut model, |ticket| ticket.etag = "e1039-48212".into());
        assert!(what(&press(&mut model, sends)).is_some(), "{keys}");
    }
    let mut model = model();
    model.details.forget_all();
    press(&mut model, "jjTvip");
    assert_eq!(what(&press(&mut model, "<enter>")), None, "what it has is not known yet");
    load_as(&mut model, |ticket| ticket.tags = vec!["sip".into()]);
    let Some(What::Update(fields)) = what(&press(&mut model, "<enter>")) else { panic!("nothing was sent") };
    assert_eq!(fields.tags, Some(vec!["sip".into(), "vip".into()]));
}

#[test]
fn workstations_and_channels_that_a_colleague_put_in_stay() {
    let (mut model, _) = on_third("F<tab><tab><tab><tab><tab> <tab><tab><tab><tab>op-7");
    updated(&mut model, |ticket| {
        ticket.workstations = vec!["op-3".into()];
        ticket.channels = vec![v1::Channel::Chat.into()];
    });
    assert!(drawn(&model, false).contains("op-3, op-7"), "{}", drawn(&model, false));
    let Some(What::Update(fields)) = twice(&mut model, "<c-d>") else { panic!("nothing was sent") };
    assert_eq!(fields.workstations, Some(vec!["op-3".into(), "op-7".into()]));
    assert_eq!(fields.channels, Some(vec![v1::Channel::Calls.into(), v1::Channel::Chat.into()]));
}

#[test]
fn a_list_that_was_refused_as_late_goes_again_with_what_was_put_there_meanwhile() {
    let (mut model, _) = on_third("Tvip");
    let sent = changes(&press(&mut model, "<enter>")).remove(0);
    // The stream is late: the server knows more than this console.
    let metadata = [("etag".into(), "e1039-48212".into()), ("revision".into(), "48212".into())].into();
    let trouble = Trouble { reason: Some(ErrorReason::EtagMismatch), metadata, ..Trouble::default() };
    net(&mut model, Net::Done { request_id: sent.request_id, result: Err(trouble) });
    load_as(&mut model, |ticket| {
        ticket.etag = "e1039-48212".into();
        ticket.tags = vec!["sip".into()];
    });
    let again = changes(&press(&mut model, "<enter>")).remove(0);
    let What::Update(fields) = &again.what else { panic!("{again:?}") };
    assert_eq!((again.etag.as_str(), &fields.tags), ("e1039-48212", &Some(vec!["sip".into(), "vip".into()])));
}

#[test]
fn two_of_ones_own_changes_of_a_list_both_count() {
    let (mut model, _) = on_third("Tvip<enter>");
    let first = model.outbox.entries()[0].id().to_owned();
    assert!(changes(&press(&mut model, "Tsip<enter>")).is_empty(), "one after the other");
    let done = Done { number: 1039, revision: 48_212, etag: "e1039-48212".into(), ..Done::default() };
    let sent = changes(&net(&mut model, Net::Done { request_id: first, result: Ok(done) })).remove(0);
    let What::Update(fields) = &sent.what else { panic!("{sent:?}") };
    assert_eq!((sent.etag.as_str(), &fields.tags), ("e1039-48212", &Some(vec!["vip".into(), "sip".into()])));
}

#[test]
fn the_fields_that_nobody_typed_at_are_those_of_now_and_go_back_as_a_change() {
    let (mut model, _) = on_third("F<c-u>Тише");
    updated(&mut model, |ticket| ticket.requested_priority = Priority::Critical.into());
    // From CRITICAL back to none, which it was when the form opened.
    press(&mut model, "<tab><tab><tab><tab><tab><tab><tab><left>");
    let Some(What::Update(fields)) = twice(&mut model, "<c-d>") else { panic!("nothing was sent") };
    assert_eq!(fields.subject.as_deref(), Some("Тише"));
    assert_eq!(fields.requested_priority, Some(Priority::Unspecified.into()));
}

#[test]
fn steps_that_a_colleague_ticked_stay_ticked() {
    let item = |step: &str| v1::ChecklistItem { step: step.into(), done: true, ..Default::default() };
    let (mut model, _) = on_third("C<space>");
    updated(&mut model, |ticket| ticket.checklist = vec![item("reinstall"), item("save-logs")]);
    let Some(What::Update(fields)) = twice(&mut model, "<c-d>") else { panic!("nothing was sent") };
    let steps: Vec<String> = fields.checklist.unwrap().into_iter().map(|step| step.step).collect();
    assert_eq!(steps, ["sign-out-and-in", "save-logs", "reinstall"]);
}

#[test]
fn a_dialog_that_comes_back_refused_is_about_the_ticket_as_it_is_now() {
    let (mut model, effects) = on_third("p");
    foreseen(&mut model, &effects);
    let sent = changes(&press(&mut model, "j<enter>calm<enter>")).remove(0);
    raised(&mut model, 1039);
    net(&mut model, Net::Done { request_id: sent.request_id, result: Err(Trouble::default()) });
    let shown = drawn(&model, false);
    assert!(shown.contains("CRITICAL ●") && !shown.contains("HIGH ●"), "{shown}");
}
