//! Whatever keys are pressed, whatever others do and whatever filter is typed: what an action would touch is what the
//! screen shows as selected. The screen is drawn and read back; nothing of the model is believed.

use std::collections::{BTreeSet, HashSet};

use crossterm::event::{KeyModifiers, MouseEvent, MouseEventKind};
use opora_proto::v1::{self, Priority, TicketState, ticket_event::Change as Event};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::dialogs::changes;
use super::press;
use crate::dialog::Dialog;
use crate::layout::{Regions, layout, screen};
use crate::model::Model;
use crate::msg::{Batch, Msg, Net};
use crate::notice::notice;
use crate::queue::row::Row;
use crate::screens::Screen;
use crate::selection::{self, Picked, Selection};
use crate::testing::{NOW, happened, load, sample, ticket, time};
use crate::texts::Language;
use crate::theme::Theme;
use crate::update::{settle, update};
use crate::view::view;

/// How many tickets there are: more than any screen of the test has rows.
const TICKETS: u64 = 36;

#[derive(Clone, Debug)]
enum Step {
    /// Keys as [`press`] takes them.
    Keys(&'static str),
    /// A filter typed in full, in place of the one before.
    Filter(&'static str),
    /// What others did in one batch: the ticket, its due time, and what.
    Others(Vec<(u64, i64, u8)>),
    Resize(u16, u16),
    Wheel(bool),
}

fn step() -> impl Strategy<Value = Step> {
    const KEYS: &[&str] = &[
        "j",
        "k",
        "j",
        "k",
        "gg",
        "G",
        "<tab>",
        "<space>",
        "<space>",
        "V",
        "V",
        "*",
        "-",
        "<esc>",
        "<esc>",
        "<backspace>",
        "<enter>",
        "w",
        "a",
        "s",
        "p",
        "r",
        "T",
        "L",
        "g",
        "?",
        "1",
        "2",
        "3",
        "4",
        "q",
        "+зв<enter>",
        "t",
        "u",
        "п",
        "о",
        "л",
    ];
    const FILTERS: &[&str] = &["", "зв", "звонк", "p:c", "o:ivan", "!o:ivan", "o:-", "s:new", "№7", "никого", "вектор"];
    prop_oneof![
        10 => prop::sample::select(KEYS).prop_map(Step::Keys),
        2 => prop::sample::select(FILTERS).prop_map(Step::Filter),
        5 => prop::collection::vec((1..TICKETS + 8, -60_i64..600, 0_u8..8), 1..6).prop_map(Step::Others),
        1 => (60_u16..160, 14_u16..30).prop_map(|(width, height)| Step::Resize(width, height)),
        1 => any::<bool>().prop_map(Step::Wheel),
    ]
}

fn one(number: u64, due: i64) -> v1::Ticket {
    let priority = if number.is_multiple_of(9) { Priority::Critical } else { Priority::Medium };
    let subject = if due % 2 == 0 { "Нет звонков" } else { "Плохо слышно" };
    let mut one = ticket(number, subject, priority, if due % 3 == 0 { "ivan" } else { "" });
    one.etag = format!("e{number}-{due}");
    let state = if due % 7 == 0 { v1::ClockState::Continuous } else { v1::ClockState::Running };
    let due = if due % 7 == 0 { None } else { time(NOW + due * 60_000) };
    let clock =
        v1::Clock { state: state.into(), start_time: time(NOW - 3_600_000), due_time: due, ..Default::default() };
    one.sla = Some(v1::TicketSla { resolution: Some(clock), ..Default::default() });
    if number.is_multiple_of(4) {
        one.escalation = Some(v1::Escalation { rung: 1, ..Default::default() });
    }
    one
}

struct World {
    model: Model,
    revision: u64,
    /// The tickets that others changed since the filter was set.
    changed: HashSet<u64>,
}

impl World {
    fn new(size: (u16, u16)) -> Self {
        let model = sample(Language::En, Theme::Dark, size);
        let mut world = Self { model, revision: 48_211, changed: HashSet::new() };
        world.others((1..=TICKETS).map(|number| (number, (number * 7 % 41) as i64 * 15, 0)).collect());
        press(&mut world.model, "gg");
        world
    }

    fn others(&mut self, all: Vec<(u64, i64, u8)>) {
        self.revision += 1;
        let events = all.into_iter().map(|(number, due, kind)| {
            self.changed.insert(number);
            let mut one = one(number, due);
            let (left, change) = match kind {
                0 | 1 => (false, Event::Created(v1::TicketCreated::default())),
                2 | 3 => (true, Event::Transitioned(v1::TicketTransitioned::default())),
                4 => (false, Event::Commented(v1::CommentAdded::default())),
                _ => (false, Event::Assigned(v1::TicketAssigned::default())),
            };
            if left {
                one.state = TicketState::Resolved.into();
            }
            happened(one, "Вектор", self.revision, "ivan", change, left)
        });
        let batch = Batch { revision: self.revision, events: events.collect(), ..Batch::default() };
        update(&mut self.model, Msg::Net(Net::Batch(batch)));
        settle(&mut self.model);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Keys(keys) => drop(press(&mut self.model, keys)),
            Step::Filter(text) => {
                if self.model.dialog.is_none() {
                    press(&mut self.model, &format!("1/<c-u>{text}<enter>"));
                }
            }
            Step::Others(all) => self.others(all),
            Step::Resize(width, height) => drop(update(&mut self.model, Msg::Resize(width, height))),
            Step::Wheel(down) => {
                let kind = if down { MouseEventKind::ScrollDown } else { MouseEventKind::ScrollUp };
                let modifiers = KeyModifiers::NONE;
                update(&mut self.model, Msg::Mouse(MouseEvent { kind, column: 3, row: 5, modifiers }));
            }
        }
        self.model.quit = false;
        load(&mut self.model);
    }
}

/// The screen without what lies over it: a dialog, a message, a list of keys.
fn drawn(model: &Model) -> Buffer {
    let mut bare = model.clone();
    bare.toasts.clear();
    bare.put_away.extend(notice(&bare));
    (bare.dialog, bare.chord) = (None, None);
    let (width, height) = model.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view(&bare, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// Where things are on that screen.
fn regions(model: &Model) -> Regions {
    let mut bare = model.clone();
    bare.dialog = None;
    layout(&bare, screen(model))
}

fn words(buffer: &Buffer, area: Rect) -> String {
    (area.left()..area.right()).map(|x| buffer[(x, area.y)].symbol()).collect()
}

/// A row as it is read from the screen.
#[derive(Debug)]
struct Line {
    number: u64,
    cursor: char,
    mark: char,
    text: String,
}

/// The rows of the list, and how many of its lines are empty.
fn lines(buffer: &Buffer, rows: Rect) -> (Vec<Line>, usize) {
    let (mut lines, mut empty) = (Vec::new(), 0);
    for y in rows.top()..rows.bottom() {
        let text = words(buffer, Rect { y, height: 1, ..rows });
        // Cursor, mark, breach, priority, state: then the number.
        let number: String = text.chars().skip(7).skip_while(|c| *c == ' ').take_while(char::is_ascii_digit).collect();
        let mut signs = text.chars();
        match (number.parse(), signs.next(), signs.next()) {
            (Ok(number), Some(cursor), Some(mark)) => lines.push(Line { number, cursor, mark, text }),
            _ => empty += 1,
        }
    }
    (lines, empty)
}

/// The tickets that an action really goes to, tried on a copy, and whether it asked before.
fn touched(model: &Model) -> (BTreeSet<u64>, bool) {
    let mut model = model.clone();
    let sent = changes(&press(&mut model, "a"));
    assert!(sent.is_empty(), "nothing is sent before it was chosen");
    let asked = matches!(model.dialog, Some(Dialog::Confirm(_)));
    if asked {
        press(&mut model, "<enter>");
    }
    (model.dialog.iter().flat_map(Dialog::picked).map(Picked::number).collect(), asked)
}

/// Whether a row says that it is a ghost.
fn is_ghost(line: &Line) -> bool {
    let said = ["does not match the filter", "no longer in", "resolved by"];
    said.iter().any(|words| line.text.contains(words))
}

fn check(world: &World) -> Result<(), TestCaseError> {
    let model = &world.model;
    let regions = regions(model);
    if regions.too_small || regions.rows.height == 0 {
        return Ok(());
    }
    let buffer = drawn(model);
    let (lines, empty) = lines(&buffer, regions.rows);
    let list = regions.list.or(regions.screen);
    let order: Vec<u64> = match model.screen {
        Screen::Queue => (0..model.queue.len()).filter_map(|at| model.queue.at(at)).collect(),
        _ => crate::screens::shown(model),
    };
    if let Some(list) = list.filter(|_| !order.is_empty()) {
        check_list(model, &buffer, list, &lines, empty, &order)?;
    }
    for line in &lines {
        if list.is_some() && model.screen == Screen::Queue && is_ghost(line) {
            prop_assert!(world.changed.contains(&line.number), "a ghost that nobody's change made: {line:?}");
        }
    }
    check_selection(model, &buffer, list.is_some(), &lines)
}

/// The cursor is seen, no line is empty while rows are hidden, and those that are hidden are told.
fn check_list(
    model: &Model,
    buffer: &Buffer,
    list: Rect,
    lines: &[Line],
    empty: usize,
    order: &[u64],
) -> Result<(), TestCaseError> {
    prop_assert!(empty == 0 || lines.len() == order.len(), "{empty} empty lines, {} of {}", lines.len(), order.len());
    let at_cursor: Vec<u64> = lines.iter().filter(|line| "▌▏".contains(line.cursor)).map(|line| line.number).collect();
    prop_assert_eq!(at_cursor.len(), 1, "{:?}", lines);
    let first = lines.first().map(|line| line.number);
    let above: Vec<u64> = order.iter().copied().take_while(|number| Some(*number) != first).collect();
    let seen: Vec<u64> = lines.iter().map(|line| line.number).collect();
    prop_assert_eq!(&seen[..], &order[above.len()..above.len() + seen.len()], "what is seen is not what is listed");
    if model.screen != Screen::Queue {
        return Ok(());
    }
    let critical = above.iter().filter(|n| model.queue.rows.get(**n).is_some_and(Row::is_critical)).count();
    // What came while the order is held has no place in it: it is told beside what has.
    let height = lines.len() + empty;
    let (all_above, all_below) = (model.queue.above(height, model.now), model.queue.below(height, model.now));
    let listed: BTreeSet<u64> = order.iter().copied().collect();
    let matching = model.queue.rows.matching(&model.queue.filter);
    let held = matching.iter().filter(|key| !listed.contains(&key.number)).count();
    prop_assert_eq!(all_above.rows + all_below.rows, order.len() - lines.len() + held, "all that is not seen");
    prop_assert!(all_above.rows >= above.len() && all_above.critical >= critical);
    let (rows, critical) = (all_above.rows, all_above.critical);
    let frame = words(buffer, Rect { height: 1, ..list });
    let told = match (rows, critical) {
        (0, _) => None,
        (rows, 0) => Some(format!("▲ {rows}")),
        (rows, critical) => Some(format!("▲ {rows}, {critical} critical")),
    };
    match told {
        None => prop_assert!(!frame.contains('▲'), "nothing is above: {frame}"),
        Some(told) => prop_assert!(frame.contains(&told), "{told}: {frame}"),
    }
    let below = all_below.rows;
    let frame = words(buffer, Rect { y: list.bottom() - 1, height: 1, ..list });
    prop_assert_eq!(frame.contains(&format!("▼ {below}")), below > 0, "{} below: {}", below, frame);
    Ok(())
}

/// What an action touches is what is seen as selected.
fn check_selection(model: &Model, buffer: &Buffer, list: bool, lines: &[Line]) -> Result<(), TestCaseError> {
    let selection: BTreeSet<u64> = match Selection::of(model) {
        Selection::Nothing => BTreeSet::new(),
        Selection::One(picked) => [picked.number()].into(),
        Selection::Marked(marked) => marked.iter().map(Picked::number).collect(),
    };
    let is_marked = selection::marks_act(model);
    let header = words(buffer, Rect { x: 0, y: 0, width: model.size.0, height: 1 });
    // Where there is no room for the words, the number is told all the same.
    let told = format!("◆ {} ", selection.len());
    prop_assert_eq!(header.contains(&told), is_marked, "{}: {}", told, header);
    for line in lines.iter().filter(|_| list && model.screen == Screen::Queue) {
        prop_assert_eq!(line.mark == '◆', is_marked && selection.contains(&line.number), "{:?}", line);
        prop_assert!(line.mark != '◆' || !is_ghost(line), "a ghost is touched with the marked ones: {line:?}");
    }
    if is_marked {
        prop_assert!(list && model.screen == Screen::Queue, "marks act where they are not seen");
        let matches = |number: &u64| model.queue.rows.get(*number).is_some_and(|row| model.queue.filter.matches(row));
        prop_assert!(selection.iter().all(matches), "marks act outside the filter");
    }
    if let Some(number) = selection.first().filter(|_| !is_marked) {
        let shown = lines.iter().find(|line| list && line.cursor == '▌').map(|line| line.number);
        let detail = regions(model).detail;
        let title = detail.map(|area| words(buffer, Rect { height: 1, ..area }));
        let titled = title.is_some_and(|title| title.contains(&format!(" #{number} ")));
        prop_assert!(shown == Some(*number) || titled, "#{number} would be touched, and {shown:?} is shown");
        prop_assert!(shown.is_none_or(|shown| shown == *number), "another is shown as selected");
    }
    if model.dialog.is_none() && model.chord.is_none() {
        let (touched, asked) = touched(model);
        prop_assert!(touched.is_empty() || touched == selection, "{touched:?} in place of {selection:?}");
        let of_ghost = lines.iter().any(|line| list && !is_marked && line.cursor == '▌' && is_ghost(line));
        // An opened ticket that hides the list says so by itself.
        prop_assert!(touched.is_empty() || !list || asked == of_ghost, "asked: {asked}, a ghost: {of_ghost}");
    }
    Ok(())
}

proptest! {
    // Each case draws some thirty screens: a quarter of the usual number, whatever that is set to.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

    #[test]
    fn an_action_touches_what_the_screen_shows_as_selected(
        size in (60_u16..160, 14_u16..30), steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut world = World::new(size);
        for step in steps {
            let before = world.model.queue.filter.text().to_owned();
            let told = format!("{step:?}");
            world.step(step);
            if world.model.queue.filter.text() != before {
                let queue = &world.model.queue;
                world.changed.clear();
                prop_assert_eq!(queue.cursor(), queue.at(0), "a new filter starts on its first match");
            }
            check(&world).map_err(|why| TestCaseError::fail(format!("after {told}: {why}")))?;
        }
    }
}
