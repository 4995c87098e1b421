//! Keys, the divider and what is told at first, through `update`: what a person presses and drags, and what is shown.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use opora_proto::v1::{self, ticket_event::Change as Event};
use proptest::prelude::*;
use ratatui::layout::Rect;

use super::press;
use super::screens::{check, drawn};
use crate::config::Config;
use crate::dialog::Dialog;
use crate::layout::layout;
use crate::model::Model;
use crate::msg::{Batch, Msg, Net, ServerInfo};
use crate::testing::{NOW, empty, happened, sample, sample_tickets};
use crate::texts::Language::{self, En, Ru};
use crate::theme::Theme;
use crate::update::{settle, update};

fn model() -> Model {
    sample(En, Theme::Dark, (120, 24))
}

/// The order of the queue after #1007 became the most urgent ticket.
fn overtaken(model: &mut Model) -> Vec<u64> {
    let (mut ticket, customer) = sample_tickets().into_iter().find(|(ticket, _)| ticket.number == 1040).unwrap();
    ticket.set_priority(v1::Priority::Critical);
    ticket.sla = sample_tickets()[0].0.sla.clone();
    let change = Event::Reprioritised(v1::TicketReprioritised::default());
    let events = vec![happened(ticket, customer, 48_212, "ivan", change, false)];
    update(model, Msg::Net(Net::Batch(Batch { revision: 48_212, events, ..Batch::default() })));
    settle(model);
    model.queue.window(20).collect()
}

#[test]
fn two_keys_do_one_thing_on_either_layout() {
    for keys in ["jjgg", "ооПп"] {
        let mut model = model();
        let keys = keys.replace('П', "п");
        press(&mut model, &keys);
        assert_eq!(model.queue.cursor(), Some(1042), "{keys}");
        press(&mut model, "ge");
        assert_eq!(model.queue.cursor(), Some(1007));
        assert_eq!(model.chord, None);
    }
}

#[test]
fn esc_or_a_key_that_does_not_follow_gives_up_what_was_begun() {
    for other in ["<esc>", "x", "j", "<c-c>"] {
        let mut model = model();
        press(&mut model, "g");
        assert!(model.chord.is_some());
        press(&mut model, other);
        assert_eq!(model.chord, None, "{other}");
        assert_eq!(model.queue.cursor(), Some(1042), "{other} did something");
        assert!(!model.quit);
    }
}

#[test]
fn the_order_stands_still_while_a_second_key_is_waited_for() {
    let mut model = model();
    press(&mut model, "j");
    let before: Vec<u64> = model.queue.window(20).collect();
    press(&mut model, "y");
    assert_eq!(overtaken(&mut model), before);
    press(&mut model, "<esc>");
    let after: Vec<u64> = model.queue.window(20).collect();
    assert_ne!(after, before);
    assert_eq!(model.queue.cursor(), Some(1021), "the cursor stays on its ticket");
}

#[test]
fn what_may_follow_is_shown_at_once() {
    for (language, code) in [(Ru, "ru"), (En, "en")] {
        let mut model = sample(language, Theme::Dark, (80, 24));
        press(&mut model, "y");
        check(&format!("chord_{code}"), &mut model);
    }
}

#[test]
fn keys_that_were_set_are_those_that_are_shown_and_obeyed() {
    let mut model = model();
    model.settings = Config::parse("[keys]\nassign = 'ф'\nundo = 'z u'\n", "test").unwrap().0;
    assert!(drawn(&model, false).lines().last().unwrap().contains("z u undo"));
    press(&mut model, "?assign");
    assert!(drawn(&model, false).contains("▌ a                  Give the ticket"), "{}", drawn(&model, false));
    press(&mut model, "<esc>ф");
    assert!(matches!(model.dialog, Some(Dialog::Choose(_))), "the Russian letter is the key it stands on");
}

#[test]
fn the_keys_of_a_place_are_searched_on_either_layout_and_done_with_enter() {
    for typed in ["history", "ршыещкн"] {
        let mut model = model();
        press(&mut model, &format!("<enter>?{typed}"));
        let screen = drawn(&model, false);
        assert!(screen.contains("▌ v "), "{screen}");
        press(&mut model, "<enter>");
        assert!(model.dialog.is_none());
        assert_eq!(model.details.tab, crate::detail::Tab::History);
    }
    let mut model = model();
    press(&mut model, "?undo");
    assert!(drawn(&model, false).contains("There is nothing to take back"), "grey, with the reason");
}

fn drag(model: &mut Model, kind: fn(MouseButton) -> MouseEventKind, column: u16) {
    let event = MouseEvent { kind: kind(MouseButton::Left), column, row: 5, modifiers: KeyModifiers::NONE };
    update(model, Msg::Mouse(event));
    settle(model);
}

fn divider(model: &Model) -> u16 {
    layout(model, Rect::new(0, 0, model.size.0, model.size.1)).detail.unwrap().x
}

#[test]
fn the_divider_is_dragged_and_keeps_its_part_of_another_width() {
    let mut model = model();
    let at = divider(&model);
    drag(&mut model, MouseEventKind::Drag, 60);
    assert_eq!(divider(&model), at, "nobody took hold of it");
    drag(&mut model, MouseEventKind::Down, at);
    drag(&mut model, MouseEventKind::Drag, 60);
    assert_eq!(divider(&model), 60);
    update(&mut model, Msg::Resize(200, 24));
    assert_eq!(divider(&model), 100);
    drag(&mut model, MouseEventKind::Drag, 1);
    assert_eq!(divider(&model), 60, "the list keeps three tenths");
    drag(&mut model, MouseEventKind::Up, 1);
    drag(&mut model, MouseEventKind::Drag, 150);
    assert_eq!(divider(&model), 60);
}

proptest! {
    #[test]
    fn the_divider_leaves_room_for_both_wherever_it_is_dragged(columns in prop::collection::vec(0_u16..320, 1..8), width in 100_u16..300) {
        let mut model = sample(En, Theme::Dark, (width, 24));
        let at = divider(&model);
        drag(&mut model, MouseEventKind::Down, at);
        for column in columns {
            drag(&mut model, MouseEventKind::Drag, column);
            let left = divider(&model);
            prop_assert!(left >= 29 && width - left >= 24, "{left} of {width}");
            drawn(&model, false);
        }
    }
}

#[test]
fn what_has_to_be_known_at_first_stands_over_the_footer() {
    let info = |ahead: i64, version: &str, lacks: &[&'static str]| {
        Net::Server(ServerInfo { version: version.into(), lacks: lacks.to_vec(), ahead })
    };
    let tell = |language: Language, name: &str, net: Option<Net>, me: &str| {
        let mut model = sample(language, Theme::Dark, (80, 24));
        model.me = me.into();
        if let Some(net) = net {
            update(&mut model, Msg::Net(net));
        }
        check(name, &mut model);
    };
    for (language, code) in [(Ru, "ru"), (En, "en")] {
        tell(language, &format!("notice_unknown_{code}"), None, "petra");
        tell(language, &format!("notice_nobody_{code}"), None, "anonymous");
        tell(language, &format!("notice_clock_{code}"), Some(info(-7 * 60_000, "0.1.0", &[])), "olga");
        tell(language, &format!("notice_older_{code}"), Some(info(0, "0.0.3", &[])), "olga");
        tell(language, &format!("notice_lacks_{code}"), Some(info(0, "0.1.0", &["presence"])), "olga");
    }
}

#[test]
fn where_no_server_was_named_or_no_desk_answers_it_is_told_what_to_do() {
    for (language, code) in [(Ru, "ru"), (En, "en")] {
        for (name, foreign) in [("no_server", false), ("no_desk", true)] {
            let mut model = empty(language, Theme::Dark, (80, 24));
            model.unnamed_server = true;
            update(&mut model, Msg::Net(Net::Offline { why: String::new(), retry_at: NOW + 5_000, foreign }));
            check(&format!("{name}_{code}"), &mut model);
        }
    }
}

#[test]
fn a_server_that_takes_the_connection_and_says_nothing_is_told() {
    for (language, code) in [(Ru, "ru"), (En, "en")] {
        let mut model = empty(language, Theme::Dark, (80, 24));
        update(&mut model, Msg::Net(Net::Mute { retry_at: NOW + 5_000 }));
        check(&format!("mute_{code}"), &mut model);
    }
}

#[test]
fn where_no_server_was_named_one_key_leads_to_the_demo_and_nowhere_else() {
    for (language, code) in [(Ru, "ru"), (En, "en")] {
        let mut model = empty(language, Theme::Dark, (80, 24));
        (model.unnamed_server, model.offers_demo) = (true, true);
        let away = |foreign| Msg::Net(Net::Offline { why: String::new(), retry_at: NOW + 5_000, foreign });
        press(&mut model, "d");
        assert!(!model.quit, "it is being connected to");
        update(&mut model, away(true));
        press(&mut model, "d");
        assert!(!model.quit, "something answers there");
        model.toasts.clear();
        update(&mut model, away(false));
        check(&format!("no_server_key_{code}"), &mut model);
        press(&mut model, "d");
        assert!(model.quit && model.wants_demo);
    }
    let mut model = sample(En, Theme::Dark, (80, 24));
    update(&mut model, Msg::Net(Net::Offline { why: String::new(), retry_at: NOW + 5_000, foreign: false }));
    press(&mut model, "d");
    assert!(!model.quit, "a desk that was there is waited for");
}
