//! What the screens look like: the text, and beside it a second grid with a letter for each style.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use opora_proto::v1::{self, Priority};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::people::{explanation, here, snippets};
use super::press;
use crate::clock::HOUR;
use crate::dialog::Dialog;
use crate::model::Model;
use crate::msg::{Batch, Call, Effect, Msg, Named, Net};
use crate::presence::Told;
use crate::testing::{NOW, agent, answer, comment, empty, happened, load, sample, sample_tickets, time};
use crate::texts::Language::{self, En, Ru};
use crate::theme::Theme;
use crate::update::update;
use crate::view::view;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// The screen as text, then its styles.
pub(super) fn drawn(model: &Model, styles: bool) -> String {
    let (width, height) = model.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view(model, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let mut out = String::new();
    let mut legend: BTreeMap<String, char> = BTreeMap::new();
    let mut grid = String::new();
    for y in 0..height {
        let (mut line, mut marks) = (String::new(), String::new());
        let mut hidden = 0;
        for x in 0..width {
            let cell = &buffer[(x, y)];
            if hidden == 0 {
                line.push_str(cell.symbol());
                hidden = crate::text::width(cell.symbol()).saturating_sub(1);
            } else {
                hidden -= 1;
            }
            let style = format!("{:?} on {:?} {:?}", cell.fg, cell.bg, cell.modifier);
            let next = char::from(b'a' + u8::try_from(legend.len()).unwrap());
            let mark = if style == "Reset on Reset NONE" { '.' } else { *legend.entry(style).or_insert(next) };
            marks.push(mark);
        }
        out.push_str(line.trim_end());
        out.push('\n');
        grid.push_str(marks.trim_end_matches('.'));
        grid.push('\n');
    }
    if styles {
        write!(out, "--- styles\n{grid}").unwrap();
        for (style, mark) in legend {
            writeln!(out, "{mark} {style}").unwrap();
        }
    }
    out
}

pub(super) fn check(name: &str, model: &mut Model) {
    load(model);
    let (width, height) = model.size;
    // Styles are the same at each size and in each language: once is enough.
    insta::assert_snapshot!(format!("{name}_{width}x{height}"), drawn(model, false));
}

pub(super) fn everywhere(name: &str, prepare: impl Fn(&mut Model)) {
    for (language, code) in [(Ru, "ru"), (En, "en")] {
        for size in SIZES {
            let mut model = sample(language, Theme::Dark, size);
            prepare(&mut model);
            check(&format!("{name}_{code}"), &mut model);
        }
    }
}

#[test]
fn the_queue_with_the_ticket_beside_it() {
    everywhere("queue", |_| {});
}

/// Presses keys, and the ticket is loaded.
pub(super) fn opened(model: &mut Model, keys: &str) {
    let asked = press(model, keys);
    answer(model, asked);
}

#[test]
fn the_opened_ticket_and_its_history() {
    everywhere("ticket", |model| opened(model, "<enter>"));
    everywhere("history", |model| opened(model, "<enter>v"));
}

#[test]
fn the_dialogs() {
    everywhere("assign", |model| drop(press(model, "a")));
    everywhere("status", |model| drop(press(model, "s")));
    everywhere("escalate", |model| drop(press(model, "EКлиент ждёт")));
    everywhere("reply", |model| drop(press(model, "rДобрый день!<enter>Проверяем.")));
    everywhere("note", |model| drop(press(model, "nСмотрю дамп")));
    everywhere("create", |model| drop(press(model, "cНет звука<tab>acme<tab><space><space>")));
    everywhere("filter", |model| drop(press(model, "/звонк")));
    everywhere("priority", preview);
}

/// The dialog of the priority, with its answer.
fn preview(model: &mut Model) {
    let asked = press(model, "p");
    let Some(Effect::Call(Call::Preview { number, generation })) = asked.into_iter().next() else {
        panic!("the preview was not asked for")
    };
    let clock = |hours: i64| v1::Clock {
        state: v1::ClockState::Running.into(),
        start_time: time(NOW - HOUR),
        due_time: time(NOW + hours * HOUR),
        ..Default::default()
    };
    let continuous =
        v1::Clock { state: v1::ClockState::Continuous.into(), start_time: time(NOW), ..Default::default() };
    let preview = |priority: Priority, resolution| v1::PriorityPreview {
        priority: priority.into(),
        first_response: Some(clock(1)),
        resolution: Some(resolution),
        current: false,
    };
    let previews = vec![
        preview(Priority::Critical, continuous),
        preview(Priority::High, clock(24)),
        preview(Priority::Medium, clock(24 * 7)),
        preview(Priority::Low, clock(24 * 14)),
    ];
    update(model, Msg::Net(Net::Preview { number, generation, result: Ok(previews) }));
    press(model, "j<enter>Сервис снова работает");
}

#[test]
fn others_at_the_ticket() {
    use v1::PresenceActivity::{Viewing, WritingInternal, WritingPublic};
    let others = |model: &mut Model| {
        let all =
            vec![here("ivan", 1042, WritingPublic), here("maria", 1042, Viewing), here("petr", 1039, WritingInternal)];
        update(model, Msg::Net(Net::Presence(Told::Everybody(all))));
    };
    everywhere("others", others);
    everywhere("others_reply", |model| {
        others(model);
        press(model, "rДобрый день!");
    });
    for theme in [Theme::Dark, Theme::Mono] {
        let mut model = sample(Ru, theme, (120, 40));
        others(&mut model);
        insta::assert_snapshot!(format!("styles_others_{theme:?}").to_lowercase(), drawn(&model, true));
    }
}

#[test]
fn clocks_explained_as_a_time_line() {
    everywhere("explain", |model| {
        let asked = press(model, "e");
        let Some(Effect::Call(Call::Explain { number, generation })) = asked.into_iter().next() else {
            panic!("the explanation was not asked for")
        };
        update(model, Msg::Net(Net::Explained { number, generation, result: Ok(Box::new(explanation())) }));
    });
}

#[test]
fn a_canned_reply_is_chosen_and_an_organisation_too() {
    everywhere("snippets", |model| {
        press(model, "r<c-t>");
        update(model, Msg::Net(Net::Snippets(Ok(snippets()))));
        press(model, "логи");
    });
    everywhere("snippet", |model| {
        press(model, "r<c-t>");
        update(model, Msg::Net(Net::Snippets(Ok(snippets()))));
        press(model, "логи<enter>");
    });
    everywhere("organisations", |model| {
        press(model, "c");
        let named = |id: &str, name: &str| Named { id: id.into(), name: name.into() };
        let list = vec![named("romashka", "Ромашка КЦ"), named("vector", "Вектор+3"), named("n", "Northern Lights")];
        update(model, Msg::Net(Net::Organisations(Ok(list))));
        press(model, "Нет звука<tab>р");
    });
}

#[test]
fn a_reply_that_is_held_back_shows_why() {
    everywhere("held", |model| {
        press(model, "rСмотрим.");
        let (ticket, customer) = sample_tickets().remove(0);
        let newer = comment(1042, 48_300, agent("ivan"), v1::Visibility::Public, "Уже решено: перезапустили шлюз.");
        let change = v1::ticket_event::Change::Commented(v1::CommentAdded { comment: Some(newer) });
        let events = vec![happened(ticket, customer, 48_300, "ivan", change, false)];
        update(model, Msg::Net(Net::Batch(Batch { revision: 48_300, events, ..Batch::default() })));
        let Some(Dialog::Write(write)) = &mut model.dialog else { panic!() };
        write.hold(48_300);
    });
}

#[test]
fn help_and_palette() {
    everywhere("help", |model| drop(press(model, "?")));
    everywhere("palette", |model| drop(press(model, ":фтр")));
}

#[test]
fn without_the_server() {
    let away = |model: &mut Model| {
        let net = Net::Offline { why: String::new(), retry_at: NOW + 5_000, foreign: false };
        update(model, Msg::Net(net));
    };
    everywhere("offline", away);
    for (language, code) in [(Ru, "ru"), (En, "en")] {
        let mut model = empty(language, Theme::Dark, (80, 24));
        away(&mut model);
        check(&format!("never_reached_{code}"), &mut model);
    }
}

#[test]
fn a_window_that_is_too_small() {
    for (language, code) in [(Ru, "ru"), (En, "en")] {
        check(&format!("too_small_{code}"), &mut sample(language, Theme::Dark, (30, 8)));
    }
}

#[test]
fn the_palettes_of_the_screen() {
    for (theme, name) in [(Theme::Dark, "dark"), (Theme::Light, "light"), (Theme::Mono, "mono")] {
        for (screen, keys) in [("queue", ""), ("reply", "rТекст"), ("note", "nТекст"), ("palette", ":")] {
            let mut model = sample(Language::Ru, theme, (120, 40));
            press(&mut model, keys);
            load(&mut model);
            insta::assert_snapshot!(format!("styles_{screen}_{name}"), drawn(&model, true));
        }
    }
}

#[test]
fn every_size_is_drawn_without_a_panic() {
    for width in [1, 2, 10, 30, 59, 60, 79, 99, 100, 101, 300] {
        for height in [1, 2, 3, 8, 13, 14, 15, 24, 100] {
            for keys in [
                "",
                "<enter>",
                "a",
                "p",
                "r",
                "c",
                "/",
                ":",
                "?",
                "M",
                "S",
                "E",
                "e",
                "r<c-t>",
                "2",
                "3",
                "4",
                "5<esc>",
                "<enter>vv",
                "<enter>vvv",
            ] {
                let mut model = sample(Language::En, Theme::Dark, (width, height));
                press(&mut model, keys);
                drawn(&model, false);
            }
        }
    }
}
