//! What left and is still shown: it says why, it stays until the cursor moves, and nothing is done to it unasked.

use opora_proto::v1::{self, TicketState, ticket_event::Change as Event};

use super::dialogs::changes;
use super::press;
use super::screens::drawn;
use super::selected::{batch, ivans, last_toast, model, picked, resolved};
use crate::dialog::Dialog;
use crate::msg::{Msg, Net};
use crate::queue::Left;
use crate::testing::{board, with_incident};
use crate::update::update;

#[test]
fn an_action_on_a_ghost_asks_by_enter_with_its_number_and_the_reason() {
    for (keys, sends) in
        [("t", true), ("s", false), ("r", false), ("p", false), ("m", false), ("F", false), ("A", false)]
    {
        let mut model = model();
        press(&mut model, "jj");
        batch(&mut model, 48_300, vec![resolved(1039)]);
        assert!(changes(&press(&mut model, keys)).is_empty(), "{keys}");
        assert!(matches!(model.dialog, Some(Dialog::Confirm(_))), "{keys}");
        let shown = drawn(&model, false);
        assert!(shown.contains("#1039: resolved by") && shown.contains("Enter"), "{shown}");
        press(&mut model, "y");
        assert!(matches!(model.dialog, Some(Dialog::Confirm(_))), "letters answer nothing");
        let sent = changes(&press(&mut model, "<enter>"));
        assert_eq!(
            sent.iter().map(|change| change.number).collect::<Vec<_>>(),
            if sends { vec![1039] } else { vec![] }
        );
        assert_eq!(model.dialog.is_some(), !sends, "{keys}");
    }
    let mut model = model();
    batch(&mut model, 48_300, vec![resolved(1042)]);
    assert!(changes(&press(&mut model, "t<esc>")).is_empty());
    assert!(model.dialog.is_none());
}

#[test]
fn a_ghost_that_comes_back_before_the_answer_is_asked_about_no_more() {
    let mut model = model();
    batch(&mut model, 48_300, vec![resolved(1039)]);
    press(&mut model, "jj");
    let number = model.queue.cursor().unwrap();
    batch(&mut model, 48_301, vec![resolved(number)]);
    press(&mut model, "a");
    let back = ivans(number, Event::Transitioned(v1::TicketTransitioned::default()), false, |_| {});
    batch(&mut model, 48_302, vec![back]);
    press(&mut model, "<enter>");
    assert!(matches!(&model.dialog, Some(Dialog::Choose(choose)) if choose.number == number));
}

#[test]
fn a_ghost_is_never_marked() {
    let mut model = model();
    press(&mut model, "/зв<enter>");
    press(&mut model, "<esc>jj");
    batch(&mut model, 48_300, vec![resolved(1039)]);
    press(&mut model, "*");
    assert_eq!(model.queue.marks.iter().collect::<Vec<_>>(), [1007, 1021, 1040, 1042]);
    press(&mut model, "-<space>");
    assert!(model.queue.marks.is_empty());
    assert_eq!(last_toast(&model), "#1039 is not marked: resolved by Иван");
    press(&mut model, "V");
    assert!(!model.queue.marks.is_visual());
}

#[test]
fn a_row_that_a_change_takes_out_of_the_filter_is_no_longer_touched_with_the_marked_ones() {
    let mut model = model();
    press(&mut model, "/o:olga<enter>*");
    assert_eq!(model.queue.marks.len(), 3);
    let given =
        ivans(1042, Event::Assigned(v1::TicketAssigned::default()), false, |t| t.assignee = "agents/ivan".into());
    batch(&mut model, 48_300, vec![given]);
    let shown = drawn(&model, false);
    assert!(shown.contains("◇") && shown.contains("◆ 2 marked"), "{shown}");
    press(&mut model, "s");
    assert_eq!(picked(&model), [1021, 1007]);
}

#[test]
fn a_row_that_left_a_screens_list_is_a_ghost_there_too() {
    for (screen, left) in [("3", true), ("3", false), ("4", true), ("2", true)] {
        let mut model = model();
        with_incident(&mut model);
        press(&mut model, screen);
        let generation = (1..40).find(|generation| {
            let result = Ok(Box::new(board(&model)));
            update(&mut model, Msg::Net(Net::Incident { generation: *generation, result }));
            matches!(model.screens.incident.answer, crate::screens::incident::Answer::Here { .. })
        });
        assert_eq!(generation.is_some(), screen == "2");
        if screen == "2" {
            press(&mut model, "j");
        }
        let number = crate::screens::current(&model).unwrap().number;
        let off = ivans(number, Event::Deescalated(v1::TicketDeescalated::default()), left, |ticket| {
            ticket.incident = String::new();
            ticket.escalation = None;
            if left {
                ticket.state = TicketState::Resolved.into();
            }
        });
        batch(&mut model, 48_300, vec![off]);
        assert_eq!(crate::screens::current(&model).map(|row| row.number), Some(number), "it stays");
        let why = if left { "resolved by Иван" } else { "no longer in this list" };
        assert!(drawn(&model, false).contains(why), "{screen}: {}", drawn(&model, false));
        assert!(changes(&press(&mut model, "n")).is_empty());
        assert!(matches!(model.dialog, Some(Dialog::Confirm(_))), "{screen}");
        let shown = drawn(&model, false);
        assert!(shown.contains(&format!("#{number}: {why}")), "{shown}");
    }
}

#[test]
fn a_ghost_tells_why_it_is_one_by_the_last_that_happened() {
    let mut model = model();
    press(&mut model, "/o:olga<enter>");
    let given =
        ivans(1042, Event::Assigned(v1::TicketAssigned::default()), false, |t| t.assignee = "agents/ivan".into());
    batch(&mut model, 48_300, vec![given]);
    assert_eq!(model.queue.ghost(1042).map(|ghost| &ghost.why), Some(&Left::Filtered));
    batch(&mut model, 48_301, vec![resolved(1042)]);
    let state = Left::State(TicketState::Resolved, "ivan".into());
    assert_eq!(model.queue.ghost(1042).map(|ghost| &ghost.why), Some(&state));
}
