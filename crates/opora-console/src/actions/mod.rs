//! The registry of actions: one list feeds the key map, the footer, the help, the palette and the mouse. Says when an
//! action is possible and why not; what it does is the update's business.

mod many;
#[cfg(test)]
mod tests;

use crossterm::event::KeyCode;
use opora_proto::v1::TicketState;

use crate::keys::Chord;
use crate::keys::names::Strokes;
use crate::model::{Model, Pane};
use crate::screens::{self, Screen, incident};
use crate::selection;

/// Where the console stands: a key may mean something else here than there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Queue,
    Ticket,
    Incident,
    Escalations,
    Dashboard,
    Search,
}

impl Place {
    /// All of them, in their own order.
    pub(crate) const ALL: [Self; 6] =
        [Self::Queue, Self::Ticket, Self::Incident, Self::Escalations, Self::Dashboard, Self::Search];

    /// Its name in configuration.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Ticket => "ticket",
            Self::Incident => "incident",
            Self::Escalations => "escalations",
            Self::Dashboard => "dashboard",
            Self::Search => "search",
        }
    }

    /// Where the person is.
    pub(crate) fn of(model: &Model) -> Self {
        match model.screen {
            Screen::Queue if model.pane == Pane::Detail || model.peek.is_some() => Self::Ticket,
            Screen::Queue => Self::Queue,
            Screen::Incident => Self::Incident,
            Screen::Escalations => Self::Escalations,
            Screen::Dashboard => Self::Dashboard,
            Screen::Search => Self::Search,
        }
    }
}

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Down,
    Up,
    PageDown,
    PageUp,
    Top,
    Bottom,
    Open,
    Back,
    NextPane,
    ScrollDown,
    ScrollUp,
    SwitchTab,
    Attention,
    Assign,
    Take,
    Priority,
    Reply,
    Note,
    Escalate,
    Status,
    Explain,
    Create,
    Undo,
    Filter,
    Search,
    ShowQueue,
    ShowIncident,
    ShowEscalations,
    ShowDashboard,
    ReplyAll,
    Palette,
    Help,
    Messages,
    CopyNumber,
    CopyLink,
    CopyMessage,
    Mark,
    Visual,
    MarkAll,
    MarkMatching,
    UnmarkAll,
    Impact,
    EscalateTo,
    Deescalate,
    Fields,
    Tags,
    Checklist,
    Merge,
    Unmerge,
    Link,
    Unlink,
    Attach,
    Fetch,
    Pending,
    Results,
    Suggestions,
    Demo,
    Redraw,
    Suspend,
    Quit,
}

/// An action in the registry.
pub(crate) struct Spec {
    pub(crate) action: Action,
    /// Its name in configuration and in the palette, and the stem of its texts.
    pub(crate) id: &'static str,
    /// The keys that it has unless others are set.
    pub(crate) keys: &'static [Strokes],
    /// Whether the footer shows it.
    pub(crate) footer: bool,
}

const fn key(c: char) -> Strokes {
    Strokes::one(Chord::char(c))
}

const fn code(code: KeyCode) -> Strokes {
    Strokes::one(Chord::plain(code))
}

const fn ctrl(c: char) -> Strokes {
    Strokes::one(Chord::ctrl(c))
}

/// One key after the other.
const fn two(first: char, then: char) -> Strokes {
    Strokes::two(Chord::char(first), Chord::char(then))
}

macro_rules! registry {
    ($($action:ident $id:literal $footer:literal [$($key:expr),* $(,)?];)*) => {
        /// All actions, in the order of the help.
        pub(crate) const REGISTRY: &[Spec] = &[$(
            Spec { action: Action::$action, id: $id, keys: &[$($key),*], footer: $footer },
        )*];
    };
}

registry! {
    Assign "assign" true [key('a')];
    Take "take" false [key('t')];
    Priority "priority" true [key('p')];
    Reply "reply" true [key('r')];
    Note "note" true [key('n')];
    Escalate "escalate" true [key('E')];
    Status "status" true [key('s')];
    Explain "explain" true [key('e')];
    Create "create" true [key('c')];
    Undo "undo" true [key('u')];
    Filter "filter" true [key('/')];
    Palette "palette" true [key(':')];
    Help "help" true [key('?'), code(KeyCode::F(1))];
    ShowQueue "queue" true [key('1'), two('g', 'q')];
    ShowIncident "incident" true [key('2'), two('g', 'i')];
    ShowEscalations "escalations" true [key('3'), two('g', 'l')];
    ShowDashboard "dashboard" true [key('4'), two('g', 'd')];
    Search "search" true [key('5'), key('S'), two('g', 's')];
    ReplyAll "reply-all" false [key('R')];
    Down "down" false [key('j'), code(KeyCode::Down)];
    Up "up" false [key('k'), code(KeyCode::Up)];
    PageDown "page-down" false [code(KeyCode::PageDown), ctrl('f')];
    PageUp "page-up" false [code(KeyCode::PageUp)];
    Top "top" false [two('g', 'g'), code(KeyCode::Home)];
    Bottom "bottom" false [key('G'), code(KeyCode::End), two('g', 'e')];
    Attention "attention" false [code(KeyCode::Tab)];
    Open "open" false [code(KeyCode::Enter), key('l'), code(KeyCode::Right)];
    Back "back" false [code(KeyCode::Esc), code(KeyCode::Backspace), key('h'), code(KeyCode::Left)];
    NextPane "next-pane" false [key('w'), code(KeyCode::BackTab)];
    ScrollDown "scroll-down" false [key('J'), ctrl('d')];
    ScrollUp "scroll-up" false [key('K'), ctrl('u')];
    SwitchTab "switch-tab" false [key('v')];
    Messages "messages" false [key('M')];
    CopyNumber "copy-number" false [two('y', 'n')];
    CopyLink "copy-link" false [two('y', 'l')];
    CopyMessage "copy-message" false [two('y', 'm')];
    Mark "mark" false [key(' ')];
    Visual "visual" false [key('V')];
    MarkAll "mark-all" false [key('*')];
    MarkMatching "mark-matching" false [key('+')];
    UnmarkAll "unmark-all" false [key('-')];
    Impact "impact" false [key('I')];
    EscalateTo "escalate-to" false [key('^')];
    Deescalate "deescalate" false [key('D')];
    Fields "fields" false [key('F')];
    Tags "tags" false [key('T')];
    Checklist "checklist" false [key('C')];
    Merge "merge" false [key('m')];
    Unmerge "unmerge" false [key('X')];
    Link "link" false [key('L')];
    Unlink "unlink" false [key('U')];
    Attach "attach" false [key('A')];
    Fetch "fetch" false [key('O')];
    Pending "pending" false [key('P')];
    Results "results" false [key('B')];
    Demo "demo" false [key('d')];
    Suggestions "suggestions" false [key('6'), two('g', 'u')];
    Redraw "redraw" false [ctrl('l')];
    Suspend "suspend" false [ctrl('z')];
    Quit "quit" false [key('q'), ctrl('c')];
}

/// The registry's entry of an action.
pub(crate) fn spec(action: Action) -> &'static Spec {
    // The registry holds every action: a test looks.
    REGISTRY.iter().find(|spec| spec.action == action).unwrap_or(&QUIT)
}

const QUIT: Spec = Spec { action: Action::Quit, id: "quit", keys: &[], footer: false };

/// Why an action can't be done now: the key of a sentence. `None`: it can.
pub(crate) fn why_not(model: &Model, action: Action) -> Option<&'static str> {
    use Action::{
        Assign, Attention, Bottom, CopyLink, CopyMessage, CopyNumber, Demo, Down, Escalate, Explain, NextPane, Note,
        Open, PageDown, PageUp, Priority, Reply, ReplyAll, ScrollDown, ScrollUp, ShowIncident, Status, SwitchTab, Take,
        Top, Undo, Up,
    };
    if let Some(why) = many::why_not(model, action) {
        return why;
    }
    let state = model.subject().map(|row| row.state);
    match action {
        NextPane | ScrollDown | ScrollUp | SwitchTab if model.screen != Screen::Queue => Some("why-not-here"),
        Attention if model.queue.len() == 0 => Some("why-empty"),
        Down | Up | PageDown | PageUp | Top | Bottom if place(model).1 == 0 => Some("why-empty"),
        ShowIncident if state.is_none() && model.screens.incident.parent.is_none() => Some("why-no-ticket"),
        ReplyAll => incident::why_not(model),
        Open | ScrollDown | ScrollUp | SwitchTab | Assign | Take | Priority | Reply | Note | Escalate | Status
        | Explain | CopyNumber | CopyLink | CopyMessage
            if state.is_none() =>
        {
            Some("why-no-ticket")
        }
        Assign | Take | Priority | Escalate | Status | Reply if ended(state).is_some() => ended(state),
        Take if model.subject().is_some_and(|row| *row.owner == *model.me) => Some("why-yours"),
        Escalate if at_the_top(model) => Some("why-top-rung"),
        CopyMessage if crate::update::copy::message(model).is_none() => Some("why-no-message"),
        Action::Suggestions if model.suggestions.list.is_empty() => Some("suggest-none"),
        Demo => (!crate::queue::view::offers_demo(model)).then_some("why-no-demo"),
        Undo if model.undo.is_none() => Some("why-nothing-to-undo"),
        _ => None,
    }
}

/// Why a ticket that came to its end can't be changed, and what to do instead.
const fn ended(state: Option<TicketState>) -> Option<&'static str> {
    match state {
        Some(TicketState::Closed) => Some("why-closed"),
        Some(TicketState::Merged) => Some("why-merged"),
        _ => None,
    }
}

/// The cursor's place, counted from 1, and how many rows there are.
pub(crate) fn place(model: &Model) -> (usize, usize) {
    if model.screen != Screen::Queue {
        return screens::place(model);
    }
    let at = model.queue.cursor().and_then(|number| model.queue.position(number)).map_or(0, |at| at + 1);
    (at, model.queue.len())
}

/// Whether it changes the ticket that is selected.
pub(crate) fn is_change(action: Action) -> bool {
    use Action::{
        Assign, Attach, Checklist, Deescalate, Escalate, EscalateTo, Fields, Impact, Link, Merge, Note, Priority,
        Reply, Status, Tags, Take, Unlink, Unmerge,
    };
    matches!(
        action,
        Assign
            | Attach
            | Checklist
            | Deescalate
            | Escalate
            | EscalateTo
            | Fields
            | Impact
            | Link
            | Merge
            | Note
            | Priority
            | Reply
            | Status
            | Tags
            | Take
            | Unlink
            | Unmerge
    )
}

fn at_the_top(model: &Model) -> bool {
    let highest = model.ladder.iter().map(|rung| rung.rung).max();
    highest.is_some_and(|highest| model.subject().is_some_and(|row| row.rung >= highest))
}

/// The footer's entries that fit into `width` columns: the first column, the width and the action of each.
pub(crate) fn footer(model: &Model, width: u16) -> Vec<(u16, u16, Action)> {
    let mut entries = Vec::new();
    let mut at = 1;
    let detail_first = model.pane == Pane::Detail;
    let wide = |action| {
        let (key, title) = footer_text(model, action);
        (crate::text::width(&key) + 1 + crate::text::width(&title)) as u16
    };
    // Where there is no room for all, the way to the others stays.
    let help = wide(Action::Help);
    let shown = |spec: &&Spec| spec.footer && !(detail_first && spec.action == Action::Create);
    // Beside the queue the ways to the others come first.
    let back = back_word(model).map(|_| spec(Action::Back));
    let (ways, others): (Vec<&Spec>, Vec<&Spec>) = REGISTRY
        .iter()
        .filter(|spec| spec.action != Action::Help)
        .filter(|spec| shown(spec) || (spec.action == Action::ReplyAll && model.screen == Screen::Incident))
        .partition(|spec| model.screen != Screen::Queue && is_way(spec.action));
    for spec in back.into_iter().chain(ways).chain(others) {
        let wide = wide(spec.action);
        if at + wide + 2 + help > width {
            break;
        }
        entries.push((at, wide, spec.action));
        at += wide + 2;
    }
    if at + help <= width {
        entries.push((at, help, Action::Help));
    }
    entries
}

/// Whether it leads to another screen, or is what a screen is for.
fn is_way(action: Action) -> bool {
    use Action::{ReplyAll, Search, ShowDashboard, ShowEscalations, ShowIncident, ShowQueue};
    matches!(action, ShowQueue | ShowIncident | ShowEscalations | ShowDashboard | Search | ReplyAll)
}

/// `a` and `assign`.
pub(crate) fn footer_text(model: &Model, action: Action) -> (String, String) {
    let spec = spec(action);
    let key = model.settings.keys.keys_of(Place::of(model), action).next();
    let key = key.map(|keys| keys.to_string()).unwrap_or_default();
    let back = back_word(model).filter(|_| action == Action::Back);
    (key, back.map_or_else(|| model.texts.get(&format!("action-{}", spec.id)), |word| model.texts.get(word)))
}

/// What a step back would end, where that is not seen otherwise: a range, marks.
fn back_word(model: &Model) -> Option<&'static str> {
    match () {
        () if !selection::is_at_list(model) => None,
        () if model.queue.marks.is_visual() => Some("footer-end-range"),
        () if !model.queue.marks.is_empty() => Some("footer-clear-marks"),
        () => None,
    }
}
