//! The screens beside the queue: a file or folder for each, with its part of the model, its update and its view. What
//! they share is here: which one is shown, its list and cursor, and how one gets there and back.

pub(crate) mod dashboard;
pub(crate) mod escalations;
pub(crate) mod incident;
pub(crate) mod list;
pub(crate) mod search;
pub(crate) mod table;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::actions::Action;
use crate::dialog::Dialog;
use crate::layout::{layout, screen};
use crate::model::{Model, Pane};
use crate::msg::{Effect, Happened};
use crate::queue::Left;
use crate::queue::row::Row;
use list::List;

/// What is on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Screen {
    /// The queue with the ticket beside it.
    #[default]
    Queue,
    Incident,
    Escalations,
    Dashboard,
    Search,
}

/// What the screens keep.
#[derive(Clone, Debug)]
pub(crate) struct Screens {
    pub(crate) incident: incident::Incident,
    pub(crate) escalations: List,
    pub(crate) dashboard: dashboard::Dashboard,
    pub(crate) search: search::Search,
    /// Where the way back leads from a ticket that was opened on another screen.
    from: Option<Screen>,
}

impl Screens {
    pub(crate) fn new(now: i64) -> Self {
        Self {
            incident: incident::Incident::default(),
            escalations: List::default(),
            dashboard: dashboard::Dashboard::new(now),
            search: search::Search::default(),
            from: None,
        }
    }

    /// An event, whichever screen is shown.
    pub(crate) fn happened(&mut self, happened: &Happened) {
        for list in [&mut self.incident.list, &mut self.escalations, &mut self.dashboard.due, &mut self.search.list] {
            list.happened(happened);
        }
        self.incident.happened(happened);
        self.dashboard.trends.happened(happened);
        self.search.happened(happened);
    }

    fn list(&self, screen: Screen) -> Option<&List> {
        match screen {
            Screen::Queue => None,
            Screen::Incident => Some(&self.incident.list),
            Screen::Escalations => Some(&self.escalations),
            Screen::Dashboard => Some(&self.dashboard.due),
            Screen::Search => Some(&self.search.list),
        }
    }

    fn list_mut(&mut self, screen: Screen) -> Option<&mut List> {
        match screen {
            Screen::Queue => None,
            Screen::Incident => Some(&mut self.incident.list),
            Screen::Escalations => Some(&mut self.escalations),
            Screen::Dashboard => Some(&mut self.dashboard.due),
            Screen::Search => Some(&mut self.search.list),
        }
    }
}

/// The tickets that the screen would list now.
fn found(model: &Model) -> Vec<u64> {
    match model.screen {
        Screen::Queue => Vec::new(),
        Screen::Incident => incident::numbers(model),
        Screen::Escalations => escalations::numbers(model),
        Screen::Dashboard => dashboard::numbers(model),
        Screen::Search => search::numbers(model),
    }
}

/// The tickets that the screen lists, in order: the one under the cursor stays, and while a dialog is open all do.
pub(crate) fn shown(model: &Model) -> Vec<u64> {
    model.screens.list(model.screen).map_or_else(Vec::new, |list| list.shown(found(model)))
}

/// A row of the screen's list.
pub(crate) fn row(model: &Model, number: u64) -> Option<&Row> {
    let found = match model.screen {
        Screen::Queue => None,
        Screen::Incident => incident::row(model, number),
        Screen::Escalations => escalations::row(model, number),
        Screen::Dashboard => dashboard::row(model, number),
        Screen::Search => search::row(model, number),
    };
    found.map(|(row, _)| row)
}

/// Why a ticket that the screen shows is no longer one of those that it lists; `None`: it is.
pub(crate) fn left(model: &Model, number: u64) -> Option<Left> {
    if found(model).contains(&number) {
        return None;
    }
    let list = model.screens.list(model.screen)?;
    let unlisted = || if model.queue.rows.get(number).is_some() { Left::Unlisted } else { Left::Gone };
    Some(list.left(number).unwrap_or_else(unlisted))
}

/// The row under the screen's cursor.
pub(crate) fn current(model: &Model) -> Option<&Row> {
    row(model, model.screens.list(model.screen)?.cursor()?)
}

/// The cursor's place among those shown, and how many there are.
pub(crate) fn place(model: &Model) -> (usize, usize) {
    let shown = shown(model);
    (model.screens.list(model.screen).map_or(0, |list| list.ordinal(&shown)), shown.len())
}

/// The rows that are seen on a screen of `height` rows.
pub(crate) fn window(model: &Model, height: usize) -> Vec<u64> {
    let shown = shown(model);
    let top = model.screens.list(model.screen).map_or(0, |list| list.top(&shown, height));
    shown.into_iter().skip(top).take(height).collect()
}

/// Where the rows of the screen's list stand.
pub(crate) fn rows_area(screen: Screen, area: Rect) -> Rect {
    match screen {
        Screen::Queue => area,
        Screen::Incident => incident::view::rows_area(area),
        Screen::Escalations => escalations::rows_area(area),
        Screen::Dashboard => dashboard::view::rows_area(area),
        Screen::Search => search::view::rows_area(area),
    }
}

/// Draws the screen.
pub(crate) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let shown = shown(model);
    match model.screen {
        Screen::Queue => {}
        Screen::Incident => incident::view::draw(model, frame, area, &shown),
        Screen::Escalations => escalations::draw(model, frame, area, &shown),
        Screen::Dashboard => dashboard::view::draw(model, frame, area, &shown),
        Screen::Search => search::view::draw(model, frame, area, &shown),
    }
}

/// Does an action that means something of its own here, whatever the screen; false where it is the queue's business.
pub(crate) fn action(model: &mut Model, action: Action, effects: &mut Vec<Effect>) -> bool {
    match action {
        Action::ShowQueue => show(model, Screen::Queue),
        Action::ShowIncident => {
            if model.screen != Screen::Incident
                && let Some(parent) = model.subject().map(parent_of)
            {
                model.screens.incident.open(parent);
            }
            show(model, Screen::Incident);
        }
        Action::ShowEscalations => show(model, Screen::Escalations),
        Action::ShowDashboard => show(model, Screen::Dashboard),
        Action::Search => {
            show(model, Screen::Search);
            model.dialog = Some(Dialog::Search(search::line::SearchLine::open(model)));
        }
        Action::ReplyAll => {
            model.dialog = incident::reply::ReplyToAll::open(model).map(|d| Dialog::ReplyToAll(Box::new(d)));
        }
        _ if model.screen == Screen::Queue => return false,
        Action::Filter if model.screen == Screen::Search => {
            model.dialog = Some(Dialog::Search(search::line::SearchLine::open(model)));
        }
        Action::Filter | Action::Attention => {
            show(model, Screen::Queue);
            return false;
        }
        Action::Back | Action::Quit => show(model, Screen::Queue),
        Action::Open => open(model),
        _ => return moved(model, action, effects),
    }
    true
}

/// The incident that a ticket belongs to: its own, where it is a child of none.
fn parent_of(row: &Row) -> u64 {
    if row.incident == 0 { row.number } else { row.incident }
}

fn show(model: &mut Model, screen: Screen) {
    model.screen = screen;
    model.screens.from = None;
    if screen != Screen::Queue {
        model.peek = None;
        model.pane = Pane::List;
    }
}

/// Shows the ticket under the cursor: in its place in the queue, or apart from it. The way back leads here.
fn open(model: &mut Model) {
    let Some(row) = current(model).cloned() else { return };
    let from = model.screen;
    model.screen = Screen::Queue;
    let height = layout(model, screen(model)).rows.height as usize;
    model.peek = if model.queue.go_to(row.number, height) { None } else { Some(row) };
    model.pane = Pane::Detail;
    model.screens.from = Some(from);
}

/// Back from a ticket that was opened on another screen; false where it was not.
pub(crate) fn back(model: &mut Model) -> bool {
    let Some(from) = model.screens.from.take() else { return false };
    show(model, from);
    true
}

/// Moves the screen's cursor; false where the action is another.
fn moved(model: &mut Model, action: Action, effects: &mut Vec<Effect>) -> bool {
    let height = layout(model, screen(model)).rows.height as usize;
    let page = height.saturating_sub(1).max(1) as isize;
    match action {
        Action::Down => step(model, 1),
        Action::Up => step(model, -1),
        Action::PageDown => step(model, page),
        Action::PageUp => step(model, -page),
        Action::Top => go(model, 0),
        Action::Bottom => go(model, usize::MAX),
        _ => return false,
    }
    if model.screen == Screen::Search {
        search::more(model, effects);
    }
    true
}

/// Moves the screen's cursor by rows.
pub(crate) fn step(model: &mut Model, by: isize) {
    let height = layout(model, screen(model)).rows.height as usize;
    let shown = shown(model);
    if let Some(list) = model.screens.list_mut(model.screen) {
        list.step(&shown, by, height);
    }
}

/// Puts the screen's cursor on the row at a place.
fn go(model: &mut Model, at: usize) {
    let height = layout(model, screen(model)).rows.height as usize;
    let shown = shown(model);
    if let Some(list) = model.screens.list_mut(model.screen) {
        list.go(&shown, at, height);
    }
}

/// A click on a row of the screen, counted from the first that is seen. On the row under the cursor it opens it.
pub(crate) fn click(model: &mut Model, line: usize) {
    let height = layout(model, screen(model)).rows.height as usize;
    let shown = shown(model);
    let Some(list) = model.screens.list(model.screen) else { return };
    let at = list.top(&shown, height) + line;
    if at + 1 == list.ordinal(&shown) {
        open(model);
    } else if at < shown.len() {
        go(model, at);
    }
}

/// After all that waited was applied: the cursor's first place, the window, what has to be asked.
pub(crate) fn settle(model: &mut Model, height: usize, effects: &mut Vec<Effect>) {
    if model.screen == Screen::Queue {
        return;
    }
    if model.screen == Screen::Incident {
        incident::ask(model, effects);
    }
    if model.screen == Screen::Dashboard {
        dashboard::ask(model, effects);
    }
    let shown = shown(model);
    let cursor = model.screens.list(model.screen).and_then(List::cursor).filter(|number| shown.contains(number));
    let row = cursor.or(shown.first().copied()).and_then(|number| row(model, number)).cloned();
    let frozen = model.dialog.is_some();
    if let Some(list) = model.screens.list_mut(model.screen) {
        list.settle(&shown, row, height, frozen);
    }
}
