//! What a dialog calls current is so now, whatever it was when the dialog opened; what was current before can be chosen
//! like anything else.

use opora_proto::v1::{self, Priority, TicketState, ticket_event::Change as Event};

use super::dialogs::changes;
use super::press;
use super::screens::{drawn, opened};
use super::seen::{changed, foreseen, model, net, raised};
use crate::model::Model;
use crate::msg::{Effect, Net, Trouble, What};
use crate::testing::{load, time};

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
    let Some(What::Update(fields)) = twice(&mut model, "<enter>") else { panic!("nothing was sent") };
    assert_eq!(fields.tags, Some(vec!["vip".into()]), "what was typed is not replaced");
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
