//! What many tickets of one kind suggest: a sign in the header, its tickets, one change of all.

use opora_proto::v1::{self, LinkKind, Priority, Suggestion, SuggestionKind, ticket_event::Change as Event};

use super::dialogs::changes;
use super::press;
use super::screens::{drawn, everywhere};
use super::selected::{batch, ivans, last_toast, picked, resolved};
use crate::clock::MINUTE;
use crate::dialog::Dialog;
use crate::model::{Model, Pane};
use crate::msg::{Batch, Call, Done, Effect, Msg, Net, Trouble, What};
use crate::testing::{NOW, happened, sample, ticket, time};
use crate::texts::Language::En;
use crate::theme::Theme;
use crate::update::{settle, update};

fn suggestion(kind: SuggestionKind, tickets: &[u64]) -> Suggestion {
    let impact = match kind {
        SuggestionKind::Incident => v1::Impact::ServiceIntermittent,
        _ => v1::Impact::SeveralWorkstations,
    };
    Suggestion {
        kind: kind.into(),
        category: v1::Category::SignIn.into(),
        organisations: vec!["organisations/acme".into(), "organisations/vector".into()],
        impact: impact.into(),
        tickets: tickets.iter().map(|number| format!("tickets/{number}")).collect(),
        since_time: time(NOW - 40 * MINUTE),
        ticket_count: tickets.len() as u32,
        organisation_count: 2,
        ..Default::default()
    }
}

fn suggested(model: &mut Model) {
    let list = vec![
        suggestion(SuggestionKind::Incident, &[1039, 1040, 1042]),
        suggestion(SuggestionKind::SeveralWorkstations, &[1021, 1007, 1040]),
    ];
    update(model, Msg::Net(Net::Suggested(Ok(list))));
    settle(model);
}

fn asked(effects: &[Effect]) -> bool {
    effects.contains(&Effect::Call(Call::Suggestions))
}

/// What was sent, to which tickets.
fn sent(effects: Vec<Effect>) -> (Vec<u64>, What) {
    let change = effects.into_iter().find_map(|effect| match effect {
        Effect::Call(Call::Change(change)) => Some(change),
        _ => None,
    });
    let What::Many(targets, what) = change.unwrap().what else { panic!("not of many") };
    assert!(targets.iter().all(|target| !target.etag.is_empty()), "on what was seen");
    (targets.into_iter().map(|target| target.number).collect(), *what)
}

#[test]
fn the_suggestions_and_what_following_one_does() {
    everywhere("suggestions", |model| {
        suggested(model);
        press(model, "6");
    });
    everywhere("suggestion_tickets", |model| {
        suggested(model);
        press(model, "6<enter>");
    });
    everywhere("suggestion_incident", |model| {
        suggested(model);
        press(model, "6<enter><down><c-d>");
    });
    everywhere("suggestion_wider", |model| {
        suggested(model);
        press(model, "6<down><enter><c-d>");
    });
}

#[test]
fn the_header_tells_that_something_is_suggested() {
    let mut model = sample(En, Theme::Dark, (120, 40));
    assert!(!drawn(&model, false).contains("suggested"));
    suggested(&mut model);
    assert!(drawn(&model, false).lines().next().unwrap().contains("2 suggested"), "{}", drawn(&model, false));
    update(&mut model, Msg::Net(Net::Suggested(Ok(vec![]))));
    assert!(!drawn(&model, false).contains("suggested"));
}

#[test]
fn following_an_incident_makes_the_others_children_of_the_chosen_ticket() {
    let mut model = sample(En, Theme::Dark, (120, 40));
    suggested(&mut model);
    let (numbers, what) = sent(press(&mut model, "6<enter><down><c-d><enter>"));
    assert_eq!(numbers, [1039, 1042]);
    assert_eq!(what, What::Link(1040, LinkKind::ChildOfIncident));
    assert!(model.dialog.is_none());
}

#[test]
fn following_a_wider_impact_takes_a_reason_and_goes_to_those_that_it_raises() {
    let mut model = sample(En, Theme::Dark, (120, 40));
    suggested(&mut model);
    press(&mut model, "6<down><enter><c-d><c-u><enter>");
    assert!(matches!(model.dialog, Some(Dialog::Suggest(_))), "a reason is missing");
    let (numbers, what) = sent(press(&mut model, "one office<enter>"));
    assert_eq!(numbers, [1007, 1040], "#1021 is HIGH");
    assert_eq!(what, What::Impact(v1::Impact::SeveralWorkstations, "one office".into()));
}

/// The dialog that follows a suggestion: the incident under #1040, or the wider impact.
fn following(keys: &str) -> Model {
    let mut model = sample(En, Theme::Dark, (120, 40));
    suggested(&mut model);
    press(&mut model, keys);
    model
}

const INCIDENT: &str = "6<enter><down><c-d>";
const WIDER: &str = "6<down><enter><c-d>";

/// Accepts what was sent; gives what became of each, as the results tell it.
fn results(model: &mut Model, effects: &[Effect]) -> Vec<(u64, Option<String>)> {
    let change = changes(effects).remove(0);
    let each = change.numbers().map(|number| (number, Ok("e".to_owned()))).collect();
    let done = Done { revision: 48_400, each, ..Done::default() };
    update(model, Msg::Net(Net::Done { request_id: change.request_id, result: Ok(done) }));
    settle(model);
    model.results.iter().map(|one| (one.number, one.why.clone())).collect()
}

#[test]
fn a_wider_impact_lowers_no_ticket_and_says_what_becomes_of_each() {
    let mut model = following(WIDER);
    let shown = drawn(&model, false);
    assert!(shown.contains("The impact of 2 tickets"), "{shown}");
    assert!(shown.contains("HIGH already: this would not raise it · left out"), "{shown}");
    assert!(shown.contains("LOW → MEDIUM") && shown.contains("MEDIUM → MEDIUM"), "{shown}");
    let raised = ivans(1007, Event::Reprioritised(v1::TicketReprioritised::default()), false, |ticket| {
        (ticket.priority, ticket.impact) = (Priority::Critical.into(), v1::Impact::ServiceDown.into());
    });
    batch(&mut model, 48_300, vec![raised]);
    let shown = drawn(&model, false);
    assert!(shown.contains("The impact of 1 ticket ") && shown.contains("CRITICAL already"), "{shown}");
    assert!(changes(&press(&mut model, "<enter>")).is_empty(), "fewer than were looked at");
    assert_eq!(sent(press(&mut model, "<enter>")).0, [1040]);
    let known = ivans(1040, Event::Updated(v1::TicketUpdated::default()), false, |ticket| {
        ticket.impact = v1::Impact::SeveralWorkstations.into();
    });
    let mut model = following(WIDER);
    batch(&mut model, 48_300, vec![known]);
    press(&mut model, "<enter>");
    assert_eq!(sent(press(&mut model, "<enter>")).0, [1007], "the impact of the other is known");
}

#[test]
fn what_a_colleague_changed_while_a_suggestion_is_followed_is_looked_at_before_it_is_sent() {
    for (keys, number) in [(WIDER, 1007), (INCIDENT, 1039), (INCIDENT, 1040)] {
        let mut model = following(keys);
        assert!(picked(&model).contains(&number));
        let change = Event::Updated(v1::TicketUpdated::default());
        batch(&mut model, 48_300, vec![ivans(number, change, false, |ticket| ticket.subject = "Другое".into())]);
        assert!(drawn(&model, false).contains("Другое"), "{}", drawn(&model, false));
        assert!(changes(&press(&mut model, "<enter>")).is_empty(), "{keys} #{number}");
        let shown = drawn(&model, false);
        assert!(shown.contains("It changed while this was open"), "{shown}");
        let sent = changes(&press(&mut model, "<enter>")).remove(0);
        let What::Many(targets, _) = sent.what else { panic!("not of many") };
        let etag = |of: u64| targets.iter().find(|target| target.number == of).map(|target| target.etag.clone());
        assert_eq!(etag(number), (number != 1040).then(|| format!("ivan{number}")), "on what was looked at");
    }
}

#[test]
fn what_leaves_a_suggestion_is_counted_no_more_and_named_with_the_reason() {
    // A filter that hides them takes none away, and is no reason not to see them go.
    for filter in ["", "/Плохо<enter>"] {
        let mut model = following(&format!("{filter}{WIDER}"));
        assert!(drawn(&model, false).contains("several workstations: 2 tickets"));
        batch(&mut model, 48_300, vec![resolved(1007)]);
        let shown = drawn(&model, false);
        assert!(shown.contains("The impact of 1 ticket ") && shown.contains("resolved by"), "{shown}");
        assert!(changes(&press(&mut model, "<enter>")).is_empty());
        let effects = press(&mut model, "<enter>");
        let What::Many(_, what) = changes(&effects).remove(0).what else { panic!("not of many") };
        let reason = "several workstations, like other tickets of the customer";
        assert_eq!(*what, What::Impact(v1::Impact::SeveralWorkstations, reason.into()));
        let told = results(&mut model, &effects);
        let why = |number| told.iter().find(|one| one.0 == number).and_then(|one| one.1.clone());
        assert_eq!((told.len(), why(1040)), (3, None));
        assert_eq!(why(1007).as_deref(), Some("resolved by Иван · left out"));
        assert_eq!(why(1021).as_deref(), Some("HIGH already: this would not raise it · left out"));
        assert!(last_toast(&model).contains("1 done, 0 refused, 2 left out"), "{}", last_toast(&model));
    }
}

#[test]
fn a_reason_that_was_typed_stays_when_a_ticket_leaves() {
    let mut model = following(&format!("{WIDER}, one office"));
    batch(&mut model, 48_300, vec![resolved(1007)]);
    press(&mut model, "<enter>");
    let (_, what) = sent(press(&mut model, "<enter>"));
    let reason = "several workstations: 2 tickets of one customer, one office";
    assert_eq!(what, What::Impact(v1::Impact::SeveralWorkstations, reason.into()));
}

#[test]
fn a_ticket_that_is_a_child_already_stays_the_child_of_its_incident() {
    let mut model = following(INCIDENT);
    assert!(drawn(&model, false).contains("2 tickets become children"));
    let linked = ivans(1039, Event::Linked(v1::TicketLinked::default()), false, |ticket| {
        ticket.incident = "tickets/1021".into();
    });
    batch(&mut model, 48_300, vec![linked]);
    let shown = drawn(&model, false);
    assert!(shown.contains("1 ticket becomes a child") && shown.contains("part of incident #1021 already"), "{shown}");
    press(&mut model, "<enter>");
    assert_eq!(sent(press(&mut model, "<enter>")).0, [1042]);
}

#[test]
fn an_incident_is_led_by_a_ticket_that_left_only_where_that_is_meant() {
    let mut model = following(INCIDENT);
    batch(&mut model, 48_300, vec![resolved(1040)]);
    assert!(drawn(&model, false).contains("! #1040: resolved by Иван"));
    assert!(changes(&press(&mut model, "<enter>")).is_empty());
    let shown = drawn(&model, false);
    assert!(shown.contains("#1040: resolved by Иван. Enter goes on with it all the same."), "{shown}");
    let (numbers, what) = sent(press(&mut model, "<enter>"));
    assert_eq!((numbers, what), (vec![1039, 1042], What::Link(1040, LinkKind::ChildOfIncident)));
}

#[test]
fn a_ticket_of_a_suggestion_opens_also_where_a_filter_hides_it() {
    let mut model = sample(En, Theme::Dark, (120, 40));
    suggested(&mut model);
    press(&mut model, "6<enter><down><enter>");
    assert_eq!((model.subject().map(|row| row.number), model.pane), (Some(1040), Pane::Detail));
    press(&mut model, "q/Плохо<enter>");
    press(&mut model, "6<enter><enter>");
    assert_eq!(model.subject().map(|row| row.number), Some(1039));
}

#[test]
fn it_is_asked_for_when_tickets_changed_and_not_for_each_of_them() {
    let mut model = sample(En, Theme::Dark, (120, 40));
    suggested(&mut model);
    let created = |model: &mut Model, number: u64| {
        let change = v1::ticket_event::Change::Created(v1::TicketCreated::default());
        let new = ticket(number, "Не входит", v1::Priority::High, "");
        let event = happened(new, "Вектор", 48_300 + number, "ivan", change, false);
        let batch = Batch { revision: 48_300 + number, events: vec![event], ..Batch::default() };
        update(model, Msg::Net(Net::Batch(batch)));
        settle(model)
    };
    assert!(!asked(&settle(&mut model)), "nothing changed");
    assert!(!asked(&created(&mut model, 1)), "it was asked for just now");
    assert!(model.wake.is_some_and(|wake| wake <= NOW + MINUTE));
    update(&mut model, Msg::Now(NOW + MINUTE));
    assert!(asked(&settle(&mut model)));
    assert!(!asked(&created(&mut model, 2)), "one answer is waited for");
}

#[test]
fn a_server_that_does_not_know_the_question_is_not_asked_again() {
    let mut model = sample(En, Theme::Dark, (120, 40));
    update(&mut model, Msg::Net(Net::Suggested(Err(Trouble::default()))));
    update(&mut model, Msg::Now(NOW + 60 * MINUTE));
    assert!(!asked(&settle(&mut model)));
    assert!(model.toasts.is_empty());
}
