//! Escalating: whom a rung is, how and when it can be reached, and on which one a ticket stands.

use opora_proto::v1::{self, LadderRung};

use super::press;
use super::screens::{drawn, everywhere, opened};
use crate::clock::HOUR;
use crate::model::Model;
use crate::msg::{Batch, Call, Done, Effect, Loaded, Msg, Net, What};
use crate::queue::row::Row;
use crate::testing::{NOW, loaded, sample, sample_tickets, time};
use crate::texts::Language::{En, Ru};
use crate::theme::Theme;
use crate::update::{settle, update};

/// As the server tells it on a Sunday: rung 2 is a line with hours.
fn sunday() -> Vec<LadderRung> {
    let always = || v1::Calendar {
        time_zone: "UTC".into(),
        weekdays: (1..=7).map(|weekday| v1::WeekdayHours { weekday, hours: vec!["00:00-24:00".into()] }).collect(),
        ..Default::default()
    };
    let office = v1::Calendar {
        time_zone: "Europe/Moscow".into(),
        weekdays: (1..=5).map(|weekday| v1::WeekdayHours { weekday, hours: vec!["10:00-18:00".into()] }).collect(),
        ..Default::default()
    };
    let rung = |rung: u32, whom: &str, means: &str, reach: &str, hours| LadderRung {
        rung,
        whom: whom.into(),
        means: vec![means.into()],
        reach: vec![reach.into()],
        hours: Some(hours),
        ..Default::default()
    };
    vec![
        rung(1, "почта поддержки", "email", "support@example.com", always()),
        LadderRung {
            reachable_time: time(NOW + 20 * HOUR),
            ..rung(2, "линия поддержки", "phone", "+7 495 000-00-00", office)
        },
        rung(3, "технический директор", "phone", "+7 495 000-00-01", always()),
    ]
}

/// The first ticket stands on rung 1.
fn escalated(model: &mut Model) -> v1::Ticket {
    update(model, Msg::Net(Net::Ladder(sunday())));
    let (mut ticket, customer) = sample_tickets().remove(0);
    let reason = "клиент звонил дважды".into();
    ticket.escalation = Some(v1::Escalation { rung: 1, since: time(NOW - HOUR), reason });
    let rows = vec![Row::of(&ticket, customer)];
    update(model, Msg::Net(Net::Set));
    update(model, Msg::Net(Net::Batch(Batch { revision: 48_212, rows, events: vec![], synced: true })));
    ticket
}

#[test]
fn the_dialog_of_escalation_with_a_rung_that_is_closed_now() {
    everywhere("escalate_closed", |model| {
        escalated(model);
        press(model, "EКлиент ждёт");
    });
}

#[test]
fn a_rung_that_can_t_be_reached_now_says_how_and_when_and_offers_the_next() {
    let mut model = sample(En, Theme::Dark, (80, 24));
    escalated(&mut model);
    let effects = press(&mut model, "E");
    assert!(effects.contains(&Effect::Call(Call::Ladder)), "who can be reached is asked anew");
    let shown = drawn(&model, false);
    for words in ["+7 495 000-00-00", "Mon–Fri 10:00-18:00", "can't be reached now", "in 20h", "Tab: on to rung 3"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // Told while it is open: it opens meanwhile.
    update(&mut model, Msg::Now(NOW + 20 * HOUR));
    assert!(drawn(&model, false).contains("can be reached now"));
    update(&mut model, Msg::Now(NOW));
    press(&mut model, "call<tab>");
    assert!(drawn(&model, false).contains("+7 495 000-00-01"));
    let effects = press(&mut model, "<tab> them<enter>");
    let change = effects.into_iter().find_map(|effect| match effect {
        Effect::Call(Call::Change(change)) => Some(change),
        _ => None,
    });
    assert_eq!(change.unwrap().what, What::EscalateTo(3, "call them".into()));
}

#[test]
fn one_may_come_back_to_the_next_rung_and_not_below_it() {
    let mut model = sample(En, Theme::Dark, (80, 24));
    escalated(&mut model);
    press(&mut model, "E<tab><backtab><backtab><backtab>");
    assert!(drawn(&model, false).contains("To rung 2"));
}

/// What would be sent on this Enter.
fn sent(model: &mut Model) -> Option<What> {
    super::dialogs::changes(&press(model, "<enter>")).into_iter().next().map(|change| change.what)
}

/// A ladder whose rungs are of others, and without the second.
fn another() -> Vec<LadderRung> {
    let mut ladder = sunday();
    ladder.remove(1);
    for rung in &mut ladder {
        rung.whom = format!("дежурный {}", rung.rung);
    }
    ladder
}

#[test]
fn a_ladder_that_comes_while_a_dialog_is_open_is_what_the_dialog_goes_by() {
    // Late: none was known when the dialog opened.
    let mut model = sample(En, Theme::Dark, (120, 40));
    escalated(&mut model);
    model.ladder.clear();
    press(&mut model, "Ecall");
    update(&mut model, Msg::Net(Net::Ladder(another())));
    let shown = drawn(&model, false);
    assert!(shown.contains("To rung 3: дежурный 3"), "{shown}");
    assert_eq!(sent(&mut model), None, "whom it goes to was not shown before");
    assert!(drawn(&model, false).contains("Whom it goes to has changed"));
    assert_eq!(sent(&mut model), Some(What::Escalate("call".into())));

    // Another: the rung is there no more, or is somebody else.
    for (keys, to) in [("Ecall", "To rung 3: дежурный 3"), ("E<tab>call", "To rung 3: дежурный 3")] {
        let mut model = sample(En, Theme::Dark, (120, 40));
        escalated(&mut model);
        press(&mut model, keys);
        update(&mut model, Msg::Net(Net::Ladder(another())));
        assert!(drawn(&model, false).contains(to), "{keys}: {}", drawn(&model, false));
        assert_eq!(sent(&mut model), None, "{keys}");
        assert!(sent(&mut model).is_some(), "{keys}");
    }

    // The same ladder again, as each dialog asks for it: nothing to look at.
    let mut model = sample(En, Theme::Dark, (120, 40));
    escalated(&mut model);
    press(&mut model, "Ecall");
    update(&mut model, Msg::Net(Net::Ladder(sunday())));
    assert!(sent(&mut model).is_some());
}

#[test]
fn a_ladder_that_ends_at_the_tickets_rung_leaves_nobody_to_escalate_to() {
    let mut model = sample(En, Theme::Dark, (120, 40));
    escalated(&mut model);
    press(&mut model, "Ecall");
    update(&mut model, Msg::Net(Net::Ladder(sunday().into_iter().take(1).collect())));
    assert_eq!(sent(&mut model), None);
    assert!(drawn(&model, false).contains("stands on the highest rung"), "{}", drawn(&model, false));
}

#[test]
fn the_rungs_to_choose_from_and_those_of_many_go_by_the_ladder_that_came() {
    let mut model = sample(En, Theme::Dark, (120, 40));
    escalated(&mut model);
    press(&mut model, "^<down>call");
    update(&mut model, Msg::Net(Net::Ladder(another())));
    let shown = drawn(&model, false);
    assert!(shown.contains("дежурный 3") && !shown.contains("линия"), "{shown}");
    assert_eq!(sent(&mut model), None);
    assert_eq!(sent(&mut model), Some(What::EscalateTo(3, "call".into())));

    escalated(&mut model);
    model.ladder.clear();
    let asked = press(&mut model, "Dcalm");
    assert!(asked.contains(&Effect::Call(Call::Ladder)));
    assert!(!drawn(&model, false).contains("почта"));
    update(&mut model, Msg::Net(Net::Ladder(sunday())));
    assert!(drawn(&model, false).contains("Off the ladder"), "{}", drawn(&model, false));

    let mut model = sample(En, Theme::Dark, (120, 40));
    escalated(&mut model);
    model.ladder.clear();
    let asked = press(&mut model, "*Eall<enter>");
    assert!(asked.contains(&Effect::Call(Call::Ladder)));
    assert!(!drawn(&model, false).contains("refuse"), "nothing is known of the ladder: {}", drawn(&model, false));
    update(&mut model, Msg::Net(Net::Ladder(another())));
    assert!(drawn(&model, false).contains("1 → 3 дежурный 3"), "{}", drawn(&model, false));
    assert_eq!(sent(&mut model), None);
    assert!(sent(&mut model).is_some());
}

#[test]
fn the_rungs_to_choose_from_say_how_and_when_they_can_be_reached() {
    let mut model = sample(Ru, Theme::Dark, (120, 40));
    press(&mut model, "^");
    escalated(&mut model);
    let shown = drawn(&model, false);
    assert!(shown.contains("сейчас не на связи") && shown.contains("телефон +7 495 000-00-00"), "{shown}");
}

#[test]
fn the_answer_says_when_the_rung_can_be_reached() {
    let mut model = sample(En, Theme::Dark, (120, 40));
    escalated(&mut model);
    let effects = press(&mut model, "Ecall<enter>");
    let id = effects.iter().find_map(|effect| match effect {
        Effect::Queue(queued) => Some(queued.change.request_id.clone()),
        _ => None,
    });
    let done = Done {
        number: 1042,
        whom: "линия поддержки".into(),
        rung: 2,
        reachable: Some(NOW + 20 * HOUR),
        ..Done::default()
    };
    update(&mut model, Msg::Net(Net::Done { request_id: id.unwrap(), result: Ok(done) }));
    let told = &model.toasts.back().unwrap().text;
    assert!(told.contains("can be reached from"), "{told}");
    for words in ["Opora tells nobody", "phone +7 495 000-00-00"] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn who_escalates_is_told_that_nobody_is_told_by_itself() {
    for (language, words, promise) in
        [(En, "Opora tells nobody", "Enter sends"), (Ru, "Opora никому не сообщает", "Enter — отправить")]
    {
        for keys in ["E", "^", "*E"] {
            let mut model = sample(language, Theme::Dark, (80, 24));
            escalated(&mut model);
            press(&mut model, keys);
            let shown = drawn(&model, false);
            assert!(shown.contains(words) && !shown.contains(promise), "{keys}: {shown}");
        }
    }
}

#[test]
fn the_rung_and_whom_are_readable_beside_the_ticket_and_in_its_facts() {
    for size in [(80, 24), (100, 30), (120, 40)] {
        let mut model = sample(Ru, Theme::Dark, size);
        let ticket = escalated(&mut model);
        opened(&mut model, "<enter>");
        let generation = model.next_generation();
        model.details.loading(1042, generation);
        let result = Ok(Box::new(Loaded { ticket, ..loaded(1042) }));
        update(&mut model, Msg::Net(Net::Detail { number: 1042, generation, result }));
        settle(&mut model);
        assert!(drawn(&model, false).contains("ступень 1, почта поддержки"), "{}", drawn(&model, false));
        if size.0 == 100 {
            // The column beside the list is too narrow for an address in one piece.
            continue;
        }
        press(&mut model, "vv");
        let mut facts = String::new();
        for _ in 0..40 {
            facts.push_str(&drawn(&model, false));
            press(&mut model, "j");
        }
        assert!(facts.contains("support@example.com") && facts.contains("звонил"), "{facts}");
    }
}
