//! What many tickets of one kind suggest: a sign in the header, its tickets, one change of all.

use opora_proto::v1::{self, LinkKind, Suggestion, SuggestionKind};

use super::press;
use super::screens::{drawn, everywhere};
use crate::clock::MINUTE;
use crate::dialog::Dialog;
use crate::model::{Model, Pane};
use crate::msg::{Batch, Call, Effect, Msg, Net, Trouble, What};
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
        suggestion(SuggestionKind::SeveralWorkstations, &[1021, 1007]),
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
fn following_a_wider_impact_takes_a_reason_and_goes_to_all_its_tickets() {
    let mut model = sample(En, Theme::Dark, (120, 40));
    suggested(&mut model);
    press(&mut model, "6<down><enter><c-d><c-u><enter>");
    assert!(matches!(model.dialog, Some(Dialog::Suggest(_))), "a reason is missing");
    let (numbers, what) = sent(press(&mut model, "one office<enter>"));
    assert_eq!(numbers, [1021, 1007]);
    assert_eq!(what, What::Impact(v1::Impact::SeveralWorkstations, "one office".into()));
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
