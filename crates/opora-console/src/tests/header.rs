//! The line at the top: what burns is told whatever else there is to tell.

use super::press;
use super::screens::drawn;
use super::seen::net;
use crate::clock::{HOUR, MINUTE};
use crate::model::{Level, Model};
use crate::msg::{Batch, Net};
use crate::testing::{NOW, row_due, sample};
use crate::texts::Language::{self, En, Ru};
use crate::theme::Theme;

fn header(model: &Model) -> String {
    drawn(model, false).lines().next().unwrap_or_default().to_owned()
}

/// Breached, due soon, open, as the header says it.
fn burning(model: &Model) -> [String; 3] {
    let summary = model.summary();
    let counts = [("breached", summary.breached), ("due-soon", summary.due_soon), ("open", summary.open)];
    counts.map(|(key, count)| model.texts.with(&format!("count-{key}"), &[("count", count.into())]))
}

/// A queue in which much burns.
fn many(language: Language, size: (u16, u16)) -> Model {
    let mut model = sample(language, Theme::Dark, size);
    let due = |number: u64| match number % 3 {
        0 => NOW - MINUTE,
        1 => NOW + MINUTE,
        _ => NOW + 9 * HOUR,
    };
    let rows = (2000..2400).map(|number| row_due(number, due(number))).collect();
    net(&mut model, Net::Batch(Batch { revision: 48_212, rows, ..Batch::default() }));
    model
}

#[test]
fn what_burns_is_told_at_eighty_columns_whatever_is_marked() {
    for language in [Ru, En] {
        for (name, mut model) in [("few", sample(language, Theme::Dark, (80, 24))), ("many", many(language, (80, 24)))]
        {
            for (keys, glyphs) in [("*", "◆"), ("/вектор<enter>", "◆◇"), ("<enter>", "◇")] {
                press(&mut model, keys);
                let shown = header(&model);
                let told = burning(&model);
                assert!(told.iter().all(|told| shown.contains(told)), "{language:?} {name} {keys}: {shown}");
                if name == "few" {
                    assert!(glyphs.chars().all(|glyph| shown.contains(glyph)), "{language:?} {keys}: {shown}");
                }
            }
        }
    }
}

#[test]
fn what_burns_is_told_at_eighty_columns_while_changes_wait_and_files_come() {
    for language in [Ru, En] {
        let mut model = many(language, (80, 24));
        net(&mut model, Net::Progress { name: "tickets/1/attachments/1".into(), done: 1, size: 2 });
        net(&mut model, Net::Offline { why: String::new(), retry_at: 0, foreign: false });
        press(&mut model, "jjt*");
        let shown = header(&model);
        let [breached, soon, _] = burning(&model);
        assert!(shown.contains(&breached) && shown.contains(&soon), "{language:?}: {shown}");
        assert!(shown.contains("… 1"), "nothing else tells that it waits: {shown}");
    }
}

#[test]
fn where_there_is_room_marks_are_told_in_words() {
    for (language, words) in [(Ru, "◆ отмечено: 5"), (En, "◆ 5 marked")] {
        let mut model = sample(language, Theme::Dark, (120, 40));
        press(&mut model, "*");
        let shown = header(&model);
        assert!(shown.contains(words), "{shown}");
        assert!(burning(&model).iter().all(|told| shown.contains(told)), "{shown}");
    }
}

#[test]
fn a_message_over_the_frame_leaves_what_burns_below_it_to_be_read() {
    let long = "Запрос закрыт окончательно: создайте новый (c) и свяжите с этим (L)";
    for (size, text) in
        [((80, 24), "Ответ отправлен"), ((80, 24), long), ((120, 40), "Ответ отправлен"), ((100, 30), long)]
    {
        for language in [Ru, En] {
            let mut model = many(language, size);
            let calm = drawn(&model, false);
            let below = calm.split('▼').nth(1).and_then(|rest| rest.split(" ┘").next()).unwrap().to_owned();
            assert!(below.contains(','), "much burns there: {below}");
            model.toast(Level::Done, text.to_owned());
            let shown = drawn(&model, false);
            assert!(shown.contains(&format!("▼{below}")), "{below}: {shown}");
            let words = text.split(' ').filter(|word| shown.contains(word)).count();
            assert_eq!(words, text.split(' ').count(), "{shown}");
        }
    }
}
