//! What was typed into a dialog stays with the person until it is accepted.

use opora_proto::v1;

use super::press;
use super::screens::drawn;
use crate::clock::MINUTE;
use crate::dialog::Dialog;
use crate::model::Model;
use crate::msg::{Call, Completed, Effect, Msg, Net, PathFault, Purpose, Trouble, What};
use crate::testing::{NOW, agent, sample, time};
use crate::texts::Language::{En, Ru};
use crate::theme::Theme;
use crate::update::update;

fn model() -> Model {
    sample(En, Theme::Dark, (120, 40))
}

fn call(effects: Vec<Effect>) -> Option<Call> {
    effects.into_iter().find_map(|effect| match effect {
        Effect::Call(call) => Some(call),
        _ => None,
    })
}

fn looked(model: &mut Model, effects: Vec<Effect>, result: Result<String, PathFault>) -> Vec<Effect> {
    let Some(Call::Look { generation, .. }) = call(effects) else { panic!("the place was not looked at") };
    update(model, Msg::Net(Net::Looked { generation, result }))
}

fn refused(model: &mut Model, id: &str, message: &str) {
    let trouble = Trouble { message: message.to_owned(), ..Trouble::default() };
    update(model, Msg::Net(Net::Done { request_id: id.to_owned(), result: Err(trouble) }));
}

fn sent(effects: &[Effect]) -> Option<(String, What)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Call(Call::Change(change)) => Some((change.request_id.clone(), change.what.clone())),
        _ => None,
    })
}

#[test]
fn a_wrong_place_of_a_file_stays_in_its_dialog_and_what_is_typed_next_is_no_command() {
    let mut model = model();
    let effects = press(&mut model, "A/tmp/none.log<enter>");
    // Typed before the answer came: still no command.
    press(&mut model, "x");
    looked(&mut model, effects, Err(PathFault::Missing));
    assert!(drawn(&model, false).contains("/tmp/none.logx"), "{}", drawn(&model, false));
    let effects = press(&mut model, "<backspace><enter>");
    looked(&mut model, effects, Err(PathFault::Missing));
    let shown = drawn(&model, false);
    assert!(shown.contains("/tmp/none.log") && shown.contains("There is no such file"), "{shown}");
    press(&mut model, "qtE");
    assert!(!model.quit && model.pending.is_empty());
    assert!(drawn(&model, false).contains("/tmp/none.logqtE"));
    let effects = press(&mut model, "<enter>");
    let effects = looked(&mut model, effects, Ok("/tmp/none.logqtE".into()));
    assert_eq!(sent(&effects).unwrap().1, What::Attach("/tmp/none.logqtE".into()));
    assert!(model.dialog.is_none());
}

#[test]
fn a_file_that_the_server_refuses_comes_back_with_its_place() {
    let mut model = model();
    let effects = press(&mut model, "A/tmp/a.log<enter>");
    let effects = looked(&mut model, effects, Ok("/tmp/a.log".into()));
    refused(&mut model, &sent(&effects).unwrap().0, "the file is too large");
    let shown = drawn(&model, false);
    assert!(shown.contains("/tmp/a.log") && shown.contains("the file is too large"), "{shown}");
    assert!(matches!(model.dialog, Some(Dialog::Ask(_))));
}

#[test]
fn a_place_to_save_at_that_is_taken_stays_in_its_dialog() {
    let mut model = model();
    let Some(Call::Files { number, generation }) = call(press(&mut model, "O")) else { panic!("no files") };
    let file = v1::Attachment {
        name: "tickets/1042/attachments/1".into(),
        file_name: "../a.log".into(),
        ..Default::default()
    };
    update(&mut model, Msg::Net(Net::Files { number, generation, result: Ok(vec![file]) }));
    let effects = press(&mut model, "<enter>");
    let purpose = Purpose::Save { name: "a.log".into() };
    assert!(matches!(call(effects.clone()), Some(Call::Look { purpose: p, .. }) if p == purpose));
    looked(&mut model, effects, Err(PathFault::Taken));
    let shown = drawn(&model, false);
    assert!(shown.contains("a.log") && shown.contains("already"), "{shown}");
    let effects = press(&mut model, "2<enter>");
    let effects = looked(&mut model, effects, Ok("/home/olga/a.log2".into()));
    assert!(matches!(call(effects), Some(Call::Fetch { to, .. }) if to == "/home/olga/a.log2"));
}

#[test]
fn files_of_one_name_are_told_apart_and_each_can_be_fetched_under_a_name_of_its_own() {
    let file = |revision: u64, size: u64, who: &str, minutes: i64, from: &str| v1::Attachment {
        name: format!("tickets/1042/attachments/{revision}"),
        file_name: format!("{}.log", "bpclient_2026_03_02_13_36_00".repeat(3)),
        size,
        author: Some(agent(who)),
        create_time: time(NOW - minutes * MINUTE),
        from_ticket: from.into(),
        ..Default::default()
    };
    let files = vec![file(1, 2_048, "olga", 30, ""), file(2, 2_048, "ivan", 30, ""), file(3, 2_048, "ivan", 20, "")];
    for (width, at) in [(80, 0), (120, 1), (80, 2)] {
        let mut model = sample(Ru, Theme::Dark, (width, 24));
        let Some(Call::Files { number, generation }) = call(press(&mut model, "O")) else { panic!("no files") };
        update(&mut model, Msg::Net(Net::Files { number, generation, result: Ok(files.clone()) }));
        let shown = drawn(&model, false);
        for words in ["1 · 2 КиБ · 13:32 · Ольга", "2 · 2 КиБ · 13:32 · Иван", "3 · 2 КиБ · 13:42 · Иван"]
        {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        let effects = press(&mut model, &format!("{}<enter>", "<down>".repeat(at)));
        let Some(Call::Look { typed, purpose, .. }) = call(effects.clone()) else { panic!("{effects:?}") };
        let end = ["00.log", "00-2.log", "00-3.log"][at];
        assert!(typed.ends_with(end), "{typed}");
        assert!(matches!(purpose, Purpose::Save { name } if name == typed));
        let effects = looked(&mut model, effects, Ok(format!("/tmp/{typed}")));
        let name = format!("tickets/1042/attachments/{}", at + 1);
        assert!(matches!(call(effects), Some(Call::Fetch { name: n, .. }) if n == name));
    }
}

#[test]
fn tab_completes_a_place() {
    let mut model = model();
    let effects = press(&mut model, "A~/за<tab>");
    let Some(Call::Complete { typed, generation }) = call(effects) else { panic!("nothing was completed") };
    assert_eq!(typed, "~/за");
    let names = vec!["запись-1.log".to_owned(), "запись-2.log".to_owned()];
    let completed = Completed { line: "~/запись-".into(), names };
    update(&mut model, Msg::Net(Net::Completed { generation, completed: completed.clone() }));
    let shown = drawn(&model, false);
    assert!(shown.contains("~/запись-") && shown.contains("запись-2.log"), "{shown}");
    // Typed on before the answer came: it is not overwritten.
    let Some(Call::Complete { generation, .. }) = call(press(&mut model, "<tab>")) else { panic!() };
    press(&mut model, "1");
    update(&mut model, Msg::Net(Net::Completed { generation, completed }));
    assert!(drawn(&model, false).contains("~/запись-1"));
}

#[test]
fn what_is_refused_comes_back_with_what_was_typed() {
    for (keys, typed) in [
        ("Eклиент звонит<enter>", "клиент звонит"),
        ("L1039<enter><enter>", "1039"),
        ("T<c-u>vip sip<enter>", "vip sip"),
    ] {
        let mut model = sample(Ru, Theme::Dark, (120, 40));
        let effects = press(&mut model, keys);
        let (id, _) = sent(&effects).unwrap_or_else(|| panic!("{keys}: {effects:?}"));
        refused(&mut model, &id, "так нельзя");
        let shown = drawn(&model, false);
        assert!(model.dialog.is_some(), "{keys}");
        assert!(shown.contains(typed) && shown.contains("так нельзя"), "{keys}: {shown}");
    }
}

#[test]
fn who_went_on_is_not_called_back_to_a_dialog() {
    let mut model = model();
    let (id, _) = sent(&press(&mut model, "Ecall them<enter>")).unwrap();
    press(&mut model, "j");
    refused(&mut model, &id, "no");
    assert!(model.dialog.is_none());
}

#[test]
fn an_impossible_action_of_the_palette_says_why_and_leaves_it_open() {
    for (keys, kind) in [(":demo", "palette"), ("?nothing", "help")] {
        let mut model = model();
        press(&mut model, keys);
        if kind == "palette" {
            press(&mut model, "<enter>q");
            assert!(matches!(model.dialog, Some(Dialog::Palette(_))) && !model.quit, "{:?}", model.dialog);
        } else {
            press(&mut model, "<enter>q");
            assert!(matches!(model.dialog, Some(Dialog::Help(_))) && !model.quit, "{:?}", model.dialog);
        }
    }
}

#[test]
fn the_screen_can_be_drawn_anew_while_a_dialog_is_open() {
    for keys in ["r", "/", ":", "?", "p", "A"] {
        let mut model = model();
        press(&mut model, keys);
        let effects = press(&mut model, "<c-l>");
        assert!(effects.contains(&Effect::Redraw), "{keys}");
        assert!(model.dialog.is_some(), "{keys}");
        // On a Cyrillic layout the key gives another letter.
        assert!(press(&mut model, "<c-д>").contains(&Effect::Redraw), "{keys}");
    }
}
