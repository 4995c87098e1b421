//! What came with a merged ticket says so, and a merge is made on both tickets as they were shown.

use opora_proto::error::ErrorReason;
use opora_proto::v1::{self, Visibility, ticket_event::Change as Event};

use super::dialogs::changes;
use super::screens::drawn;
use super::{press, seen};
use crate::detail::Details;
use crate::detail::view::comment_title;
use crate::dialog::Dialog;
use crate::drafts::DraftKey;
use crate::msg::{Batch, Call, Change, Effect, Loaded, Net, Trouble, What};
use crate::testing::{agent, comment, happened, loaded, sample, sample_tickets, ticket};
use crate::texts::Language;
use crate::theme::Theme;

#[test]
fn a_message_that_came_with_a_merged_ticket_names_it_in_both_languages() {
    for (language, mark) in [(Language::En, "(from #67)"), (Language::Ru, "(из #67)")] {
        let model = sample(language, Theme::Dark, (120, 24));
        let customer = v1::Actor { kind: v1::ActorKind::Contact.into(), name: "contacts/anna".into(), verified: false };
        for author in [agent("olga"), customer] {
            let mut written = comment(1042, 9, author, Visibility::Public, "Готово");
            assert!(!comment_title(&model, &written).to_string().contains('#'));
            written.from_ticket = "tickets/67".into();
            let title = comment_title(&model, &written).to_string();
            assert!(title.ends_with(mark), "{title}");
        }
    }
}

#[test]
fn an_opened_ticket_is_read_again_when_another_is_merged_into_it_or_taken_out() {
    let (source, target) = ("tickets/67".to_owned(), "tickets/1042".to_owned());
    let merged = Event::Merged(v1::TicketMerged { source: source.clone(), target: target.clone() });
    let unmerged = Event::Unmerged(v1::TicketUnmerged { source, target });
    for change in [merged, unmerged] {
        let mut details = Details::default();
        details.loading(1042, 1);
        let one: Box<Loaded> = Box::new(loaded(1042));
        details.answer(1042, 1, Ok(one));
        assert!(details.ready(1042).is_some());
        let now = ticket(1042, "?", v1::Priority::Low, "");
        details.happened(&happened(now, "", u64::MAX, "olga", change, false));
        assert!(details.get(1042).is_none());
    }
}

/// The one change that was sent, with the etags of both tickets.
fn sent(effects: &[Effect]) -> Option<(Change, u64, String)> {
    let change = changes(effects).into_iter().next()?;
    let What::Merge(target, _, etag) = change.what.clone() else { return None };
    Some((change, target, etag))
}

#[test]
fn a_merge_is_made_on_the_target_that_was_shown_and_asks_again_where_that_changed() {
    let mut model = sample(Language::En, Theme::Dark, (120, 40));
    press(&mut model, "jjm1021<enter>");
    seen::changed(&mut model, 1021, "ivan", Event::Assigned(v1::TicketAssigned::default()), |ticket| {
        ticket.assignee = "agents/ivan".into();
    });
    assert_eq!(sent(&press(&mut model, "<enter>")), None, "it is another than was shown");
    let shown = drawn(&model, false);
    assert!(shown.contains("The other ticket changed") && shown.contains("Ольга → Иван"), "{shown}");
    let (change, target, etag) = sent(&press(&mut model, "<enter>")).unwrap();
    assert_eq!((change.number, change.etag.as_str(), target, etag.as_str()), (1039, "e1039", 1021, "e1021-48212"));
}

#[test]
fn a_merge_that_the_server_refuses_for_its_target_shows_the_target_and_goes_again_on_it() {
    let mut model = sample(Language::En, Theme::Dark, (120, 40));
    press(&mut model, "jjm1021<enter>");
    let (change, _, etag) = sent(&press(&mut model, "<enter>")).unwrap();
    assert_eq!(etag, "e1021");
    let metadata = [("etag", "e1021-9"), ("revision", "48300"), ("name", "tickets/1021")];
    let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let trouble = Trouble { reason: Some(ErrorReason::EtagMismatch), metadata, ..Trouble::default() };
    let asked = seen::net(&mut model, Net::Done { request_id: change.request_id, result: Err(trouble) });
    let generation = asked.iter().find_map(|effect| match effect {
        Effect::Call(Call::Detail { number: 1021, generation }) => Some(*generation),
        _ => None,
    });
    let mut now = loaded(1021);
    now.ticket.etag = "e1021-9".into();
    now.ticket.subject = "Другая тема".into();
    now.revision = 48_300;
    let result = Ok(Box::new(now));
    seen::net(&mut model, Net::Detail { number: 1021, generation: generation.unwrap(), result });
    assert!(matches!(&model.dialog, Some(Dialog::Stale(stale)) if stale.number == 1021));
    assert!(drawn(&model, false).contains("Другая тема"), "{}", drawn(&model, false));
    let (again, _, etag) = sent(&press(&mut model, "<enter>")).unwrap();
    assert_eq!((again.number, again.etag.as_str(), etag.as_str()), (1039, "e1039", "e1021-9"));
}

#[test]
fn a_merge_that_an_earlier_console_kept_is_read_without_what_it_did_not_know() {
    let kept: What = serde_json::from_str(r#"{"Merge":[7,"одно и то же"]}"#).unwrap();
    assert_eq!(kept, What::Merge(7, "одно и то же".into(), String::new()));
}

#[test]
fn a_part_of_another_says_of_which_where_it_left_and_where_it_is_opened() {
    for (language, words, by) in
        [(Language::En, "merged into #1021", "by Иван"), (Language::Ru, "объединён с #1021", "(Иван)")]
    {
        let mut model = sample(language, Theme::Dark, (120, 40));
        press(&mut model, "jj");
        let (mut part, customer) = sample_tickets().into_iter().find(|(ticket, _)| ticket.number == 1039).unwrap();
        part.state = v1::TicketState::Merged.into();
        part.merged_into = "tickets/1021".into();
        let change = Event::Merged(v1::TicketMerged { source: part.name.clone(), target: part.merged_into.clone() });
        let events = vec![happened(part.clone(), customer, 48_212, "ivan", change, true)];
        seen::net(&mut model, Net::Batch(Batch { revision: 48_212, events, ..Batch::default() }));
        assert!(drawn(&model, false).contains(&format!("{words} {by}")), "{}", drawn(&model, false));
        let generation = model.next_generation();
        model.details.loading(1039, generation);
        let result = Ok(Box::new(Loaded { ticket: part, ..loaded(1039) }));
        seen::net(&mut model, Net::Detail { number: 1039, generation, result });
        let shown = drawn(&model, false);
        assert!(shown.contains(&format!("· {words} ·")), "{shown}");
    }
}

/// The part of that number becomes one of 1021.
fn merge_event(model: &mut crate::model::Model, number: u64) -> Vec<Effect> {
    let change = Event::Merged(v1::TicketMerged { source: format!("tickets/{number}"), target: "tickets/1021".into() });
    seen::changed(model, number, "ivan", change, |ticket| {
        ticket.state = v1::TicketState::Merged.into();
        ticket.merged_into = "tickets/1021".into();
    })
}

#[test]
fn a_text_for_a_ticket_that_was_merged_is_offered_where_its_messages_go_now() {
    let (from, to) = (DraftKey::Reply(1042), DraftKey::Reply(1021));
    let refusal = || Trouble {
        reason: Some(ErrorReason::TicketState),
        message: "#1042 is part of #1021".into(),
        metadata: [("merged_into".into(), "tickets/1021".into())].into(),
        ..Trouble::default()
    };
    // Refused, whether its event came before the answer or has not come yet.
    for told_first in [true, false] {
        let mut model = sample(Language::En, Theme::Dark, (120, 40));
        model.drafts.keep(to, "Its own");
        press(&mut model, "rWe look at it");
        let sent = changes(&press(&mut model, "<c-d>")).remove(0);
        if told_first {
            merge_event(&mut model, 1042);
            assert!(model.drafts.get(from).is_some(), "it may have gone out");
        }
        let effects = seen::net(&mut model, Net::Done { request_id: sent.request_id, result: Err(refusal()) });
        assert_eq!(model.drafts.get(to).unwrap().text, "Its own\n\nWe look at it");
        assert!(model.drafts.get(from).is_none() && effects.contains(&Effect::DeleteDraft(from)));
        let told = &model.toasts.back().unwrap().text;
        assert!(told.contains("the draft of the message on #1021"), "{told}");
    }
    // Typed and not sent.
    let mut model = sample(Language::En, Theme::Dark, (120, 40));
    press(&mut model, "rWe look at it<esc>");
    merge_event(&mut model, 1042);
    assert_eq!(model.drafts.get(to).unwrap().text, "We look at it");
    // Kept from before: found when the target is read.
    let mut model = sample(Language::En, Theme::Dark, (120, 40));
    model.drafts.keep(from, "We look at it");
    let generation = model.next_generation();
    model.details.loading(1021, generation);
    let mut read = loaded(1021);
    read.ticket.merged_parts = vec![v1::MergedPart { ticket: "tickets/1042".into(), ..Default::default() }];
    seen::net(&mut model, Net::Detail { number: 1021, generation, result: Ok(Box::new(read)) });
    assert_eq!(model.drafts.get(to).unwrap().text, "We look at it");
}

#[test]
fn the_list_of_what_waits_shows_the_text_of_a_message() {
    let mut model = sample(Language::En, Theme::Dark, (120, 40));
    let sent = changes(&press(&mut model, "rWe look at it<c-d>")).remove(0);
    let lost = Trouble { unreachable: true, ..Trouble::default() };
    seen::net(&mut model, Net::Done { request_id: sent.request_id, result: Err(lost) });
    press(&mut model, "P");
    assert!(drawn(&model, false).contains("We look at it"), "{}", drawn(&model, false));
}
