//! Stories of two people at one ticket, of writing, and of clocks that are explained.

use opora_proto::error::ErrorReason;
use opora_proto::v1::{self, PresenceActivity as Activity, Visibility, ticket_event::Change as Event};

use super::press;
use crate::dialog::Dialog;
use crate::drafts::DraftKey;
use crate::model::Model;
use crate::msg::{Batch, Call, Change, Effect, Loaded, Msg, Named, Net, Trouble, What};
use crate::presence::{Here, Place, SETTLED, Told};
use crate::testing::{NOW, agent, comment, happened, sample, sample_tickets, time};
use crate::texts::Language;
use crate::theme::Theme;
use crate::update::{settle, update};

fn model() -> Model {
    sample(Language::En, Theme::Dark, (120, 24))
}

pub(super) fn here(who: &str, number: u64, activity: Activity) -> Here {
    Here { session: who.into(), who: who.into(), number: Some(number), activity }
}

fn places(effects: &[Effect]) -> Vec<Place> {
    let place = |effect: &Effect| match effect {
        Effect::Call(Call::Presence(place)) => Some(*place),
        _ => None,
    };
    effects.iter().filter_map(place).collect()
}

/// Lets the time go on until a place that stayed is told.
fn stay(model: &mut Model) -> Vec<Place> {
    let now = model.now + SETTLED;
    update(model, Msg::Now(now));
    places(&settle(model))
}

fn sent(effects: &[Effect]) -> Change {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Call(Call::Change(change)) => Some((**change).clone()),
        _ => None,
    });
    found.expect("a change was sent")
}

fn refuse(model: &mut Model, change: &Change, reason: ErrorReason, metadata: &[(&str, &str)]) {
    let metadata = metadata.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let trouble = Trouble { reason: Some(reason), message: "no".into(), metadata, ..Trouble::default() };
    update(model, Msg::Net(Net::Done { request_id: change.request_id.clone(), result: Err(trouble) }));
}

pub(super) fn snippets() -> Vec<v1::Snippet> {
    let snippet = |name: &str, body: &str, visibility: Visibility, owner: &str| v1::Snippet {
        display_name: name.into(),
        body: body.into(),
        visibility: visibility.into(),
        owner: owner.into(),
        ..Default::default()
    };
    vec![
        snippet(
            "Запросить логи",
            "{{customer}}, по запросу {{number}} пришлите лог {{файл}} за {{дата}}.\n{{agent}}",
            Visibility::Public,
            "",
        ),
        snippet("Принято в работу", "Запрос {{number}} принят.", Visibility::Unspecified, "agents/olga"),
        snippet("Для своих", "Смотрел {{agent}}", Visibility::Internal, ""),
        snippet("Чужой", "…", Visibility::Public, "agents/ivan"),
    ]
}

#[test]
fn where_the_person_is_is_told_once_it_has_stayed_and_writing_too() {
    let mut model = model();
    let place = |number, activity| vec![Place { number: Some(number), activity }];
    assert_eq!(stay(&mut model), place(1042, Activity::Viewing));
    assert!(places(&press(&mut model, "jj")).is_empty(), "who walks through the queue opens nothing");
    assert!(model.wake.is_some());
    assert_eq!(stay(&mut model), place(1039, Activity::Viewing));
    press(&mut model, "r");
    assert_eq!(stay(&mut model), place(1039, Activity::WritingPublic));
    press(&mut model, "<esc>n");
    assert_eq!(stay(&mut model), place(1039, Activity::WritingInternal));
    press(&mut model, "<esc>");
    assert_eq!(stay(&mut model), place(1039, Activity::Viewing));
    assert!(stay(&mut model).is_empty());
    assert_eq!(model.wake, None);
}

#[test]
fn in_a_narrow_window_the_list_alone_opens_nothing() {
    let mut model = sample(Language::En, Theme::Dark, (80, 24));
    assert!(stay(&mut model).is_empty());
    press(&mut model, "<enter>");
    assert_eq!(stay(&mut model), [Place { number: Some(1042), activity: Activity::Viewing }]);
}

#[test]
fn colleagues_come_move_and_go_without_a_frame_for_nothing() {
    let mut model = model();
    let told = |model: &mut Model, told| {
        model.dirty = false;
        update(model, Msg::Net(Net::Presence(told)));
        model.dirty
    };
    let ivan = here("ivan", 1042, Activity::Viewing);
    assert!(told(&mut model, Told::Everybody(vec![ivan.clone()])));
    assert!(!told(&mut model, Told::Moved(vec![ivan], vec![])));
    assert!(told(&mut model, Told::Moved(vec![here("ivan", 1039, Activity::WritingPublic)], vec![])));
    assert!(model.presences.at(1042).is_empty());
    assert!(told(&mut model, Told::Moved(vec![], vec!["ivan".into()])));
    assert!(model.presences.at(1039).is_empty());
}

#[test]
fn a_message_that_held_a_reply_back_must_be_on_the_screen_before_it_is_sent_again() {
    let mut model = model();
    let first = sent(&press(&mut model, "rWe look at it<c-d>"));
    refuse(&mut model, &first, ErrorReason::UnseenMessage, &[("revision", "48300")]);
    let settled = settle(&mut model);
    let effects = press(&mut model, "<c-d>");
    assert!(effects.iter().all(|effect| !matches!(effect, Effect::Call(Call::Change(_)))), "not read yet");
    let Some(Dialog::Write(write)) = &model.dialog else { panic!("{:?}", model.dialog) };
    assert_eq!(write.fault, Some("write-held-loading"));
    let asked = settled.into_iter().find_map(|effect| match effect {
        Effect::Call(Call::Detail { number: 1042, generation }) => Some(generation),
        _ => None,
    });
    let comments = vec![comment(1042, 48_300, agent("ivan"), Visibility::Public, "Already solved")];
    let loaded = Box::new(Loaded { comments, revision: 48_300, ..Loaded::default() });
    update(&mut model, Msg::Net(Net::Detail { number: 1042, generation: asked.unwrap(), result: Ok(loaded) }));
    let Some(Dialog::Write(write)) = &model.dialog else { panic!("{:?}", model.dialog) };
    assert_eq!(write.unseen(&model).iter().map(|c| c.body.as_str()).collect::<Vec<_>>(), ["Already solved"]);
    let again = sent(&press(&mut model, "<c-d>"));
    assert!(matches!(again.what, What::Comment { seen_through: 48_300, .. }), "{again:?}");
}

#[test]
fn a_draft_outlives_refusal_lost_connection_and_a_colleague_who_takes_the_ticket() {
    let mut model = model();
    press(&mut model, "rТекст");
    let text = |model: &Model| model.drafts.get(DraftKey::Reply(1042)).map(|draft| draft.text.clone());
    let (mut ticket, customer) = sample_tickets().into_iter().find(|(ticket, _)| ticket.number == 1042).unwrap();
    ticket.assignee = "agents/ivan".into();
    let taken = Event::Assigned(v1::TicketAssigned { assignee: "agents/ivan".into(), ..Default::default() });
    let events = vec![happened(ticket, customer, 48_212, "ivan", taken, false)];
    update(&mut model, Msg::Net(Net::Batch(Batch { revision: 48_212, events, ..Batch::default() })));
    assert!(matches!(&model.dialog, Some(Dialog::Write(write)) if write.area.text() == "Текст"));
    update(&mut model, Msg::Net(Net::Offline { why: String::new(), retry_at: NOW + 250, foreign: false }));
    let queued = press(&mut model, "<c-d>");
    assert!(queued.iter().any(|effect| matches!(effect, Effect::Queue(_))), "it waits on disk for the server");
    let back = update(&mut model, Msg::Net(Net::Batch(Batch { revision: 48_213, synced: true, ..Batch::default() })));
    let change = sent(&back);
    assert!(!model.is_undelivered(1042), "on its way");
    refuse(&mut model, &change, ErrorReason::TicketState, &[]);
    assert_eq!(text(&model).as_deref(), Some("Текст"));
    assert!(model.is_undelivered(1042));
}

#[test]
fn tab_goes_to_what_did_not_go_out_also_after_a_crash() {
    let mut model = model();
    let draft = crate::drafts::Draft::decode("request-id: 5\n\nТекст");
    update(&mut model, Msg::Drafts(vec![(DraftKey::Reply(1007), draft)]));
    assert!(model.is_undelivered(1007));
    let mut walked = Vec::new();
    for _ in 0..4 {
        press(&mut model, "<tab>");
        walked.extend(model.queue.cursor());
    }
    assert!(walked.contains(&1007), "{walked:?}");
    assert!(!walked.contains(&1040), "nothing is the matter with it: {walked:?}");
}

#[test]
fn a_canned_reply_is_put_in_with_what_is_known_and_the_rest_is_gone_through() {
    let mut model = model();
    let asked = press(&mut model, "r<c-t>");
    assert!(asked.contains(&Effect::Call(Call::Snippets)));
    update(&mut model, Msg::Net(Net::Snippets(Ok(snippets()))));
    let Some(Dialog::Write(write)) = &model.dialog else { panic!() };
    let names: Vec<_> = write.snippets.as_ref().unwrap().list.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Запросить логи", "Принято в работу"], "none for colleagues, none of somebody else");
    // `kjub` is «логи» on the other layout.
    press(&mut model, "kjub<enter>");
    let draft = |model: &Model| model.drafts.get(DraftKey::Reply(1042)).unwrap().text.clone();
    assert_eq!(draft(&model), "Ромашка КЦ, по запросу #1042 пришлите лог {{файл}} за {{дата}}.\nОльга");
    press(&mut model, "bpclient<tab>");
    assert_eq!(draft(&model), "Ромашка КЦ, по запросу #1042 пришлите лог bpclient за {{дата}}.\nОльга");
    let effects = press(&mut model, "<c-d>");
    assert!(effects.iter().all(|effect| !matches!(effect, Effect::Call(Call::Change(_)))), "one is left");
    let change = sent(&press(&mut model, "среду<c-d>"));
    assert!(matches!(&change.what, What::Comment { body, .. } if body.contains("bpclient за среду.")), "{change:?}");
}

#[test]
fn words_of_any_script_are_walked_and_deleted() {
    let mut model = model();
    press(&mut model, "rПривет мир 日本語 слово");
    press(&mut model, "<c-w>");
    let draft = |model: &Model| model.drafts.get(DraftKey::Reply(1042)).unwrap().text.clone();
    assert_eq!(draft(&model), "Привет мир 日本語 ");
    press(&mut model, "<c-left><c-left>новый ");
    assert_eq!(draft(&model), "Привет новый мир 日本語 ");
    // The key of `w` on the Russian layout.
    press(&mut model, "<c-ц>");
    assert_eq!(draft(&model), "Привет мир 日本語 ");
}

#[test]
fn an_organisation_is_chosen_by_name_on_either_layout_and_never_guessed() {
    let mut model = model();
    let asked = press(&mut model, "c");
    assert!(asked.contains(&Effect::Call(Call::Organisations)));
    let named = |id: &str, name: &str| Named { id: id.into(), name: name.into() };
    let list = vec![named("romashka", "Ромашка КЦ"), named("vector", "Вектор+3")];
    update(&mut model, Msg::Net(Net::Organisations(Ok(list))));
    let effects = press(&mut model, "Нет звука<tab>htv<c-d>");
    assert!(effects.iter().all(|effect| !matches!(effect, Effect::Call(Call::Change(_)))));
    // `dtrn` is «вект» on the other layout.
    press(&mut model, "<c-u><backspace><backspace><backspace>dtrn<enter>Анна<tab>anna@example.com");
    let change = sent(&press(&mut model, "<c-d>"));
    let What::Create(new) = change.what else { panic!("{change:?}") };
    assert_eq!(
        (new.organisation.as_str(), new.reporter.as_str(), new.email.as_str()),
        ("vector", "Анна", "anna@example.com")
    );
}

pub(super) fn explanation() -> v1::ExplainTicketResponse {
    use v1::StretchReason::{Closed, Holiday, Open, Paused};
    let stretch = |from: i64, to: i64, reason: v1::StretchReason| v1::Stretch {
        start_time: time(NOW + from * 60_000),
        end_time: time(NOW + to * 60_000),
        reason: reason.into(),
    };
    let hours = |hours: i64| Some(prost_types::Duration { seconds: hours * 3_600, nanos: 0 });
    let obligation = |priority: v1::Priority, target, shown: bool| v1::Obligation {
        priority: priority.into(),
        target,
        start_time: time(NOW - 33 * 60_000),
        due_time: time(NOW + 23 * 3_600_000),
        set_aside: !shown,
        shown,
        calendar: "moscow-office".into(),
    };
    let clock = |elapsed, stretches, obligations| v1::ClockExplanation {
        clock: Some(v1::Clock { due_time: time(NOW + 23 * 3_600_000), ..Default::default() }),
        elapsed,
        stretches,
        obligations,
        truncated: false,
        calendar: "moscow-office".into(),
        time_zone: "Europe/Moscow".into(),
    };
    v1::ExplainTicketResponse {
        first_response: Some(clock(
            hours(1),
            vec![stretch(-60, 0, Open)],
            vec![obligation(v1::Priority::High, hours(2), true)],
        )),
        resolution: Some(clock(
            hours(5),
            vec![
                stretch(-3_000, -2_900, Open),
                stretch(-2_900, -2_000, Closed),
                stretch(-2_000, -560, Holiday),
                stretch(-560, -300, Paused),
                stretch(-300, 0, Open),
            ],
            vec![obligation(v1::Priority::High, None, false), obligation(v1::Priority::Medium, hours(4), true)],
        )),
        as_of_time: time(NOW),
        ..Default::default()
    }
}

#[test]
fn clocks_are_explained_and_a_late_explanation_is_dropped() {
    let mut model = model();
    let asked = press(&mut model, "e");
    let Some(Effect::Call(Call::Explain { number: 1042, generation })) = asked.first() else { panic!("{asked:?}") };
    let answer =
        |generation| Msg::Net(Net::Explained { number: 1042, generation, result: Ok(Box::new(explanation())) });
    update(&mut model, answer(generation - 1));
    press(&mut model, "jjjj");
    update(&mut model, answer(*generation));
    press(&mut model, "jjG");
    assert!(matches!(model.dialog, Some(Dialog::Explain(_))));
    press(&mut model, "q");
    assert!(model.dialog.is_none());
}
