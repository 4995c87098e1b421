//! The registry of actions: one list feeds the key map, the footer, the help, the palette and the mouse. Says when an
//! action is possible and why not; what it does is the update's business.

use crossterm::event::{KeyCode, KeyEvent};
use opora_proto::v1::TicketState;

use crate::keys::Chord;
use crate::model::{Model, Pane};
use crate::screens::{self, Screen, incident};

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
    Redraw,
    Suspend,
    Quit,
}

/// An action in the registry.
pub(crate) struct Spec {
    pub(crate) action: Action,
    /// Its name in configuration and in the palette, and the stem of its texts.
    pub(crate) id: &'static str,
    pub(crate) keys: &'static [Chord],
    /// Whether the footer shows it.
    pub(crate) footer: bool,
}

const fn key(c: char) -> Chord {
    Chord::char(c)
}

const fn code(code: KeyCode) -> Chord {
    Chord::plain(code)
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
    Create "create" true [key('c')];
    Undo "undo" true [key('u')];
    Filter "filter" true [key('/')];
    Palette "palette" true [key(':')];
    Help "help" true [key('?'), code(KeyCode::F(1))];
    ShowQueue "queue" true [key('1')];
    ShowIncident "incident" true [key('2')];
    ShowEscalations "escalations" true [key('3')];
    ShowDashboard "dashboard" true [key('4')];
    Search "search" true [key('5'), key('S')];
    ReplyAll "reply-all" false [key('R')];
    Down "down" false [key('j'), code(KeyCode::Down)];
    Up "up" false [key('k'), code(KeyCode::Up)];
    PageDown "page-down" false [code(KeyCode::PageDown), Chord::ctrl('f')];
    PageUp "page-up" false [code(KeyCode::PageUp)];
    Top "top" false [key('g'), code(KeyCode::Home)];
    Bottom "bottom" false [key('G'), code(KeyCode::End)];
    Attention "attention" false [code(KeyCode::Tab)];
    Open "open" false [code(KeyCode::Enter), key('l'), code(KeyCode::Right)];
    Back "back" false [code(KeyCode::Esc), code(KeyCode::Backspace), key('h'), code(KeyCode::Left)];
    NextPane "next-pane" false [key('w'), code(KeyCode::BackTab)];
    ScrollDown "scroll-down" false [key('J'), Chord::ctrl('d')];
    ScrollUp "scroll-up" false [key('K'), Chord::ctrl('u')];
    SwitchTab "switch-tab" false [key('v')];
    Messages "messages" false [key('M')];
    Redraw "redraw" false [Chord::ctrl('l')];
    Suspend "suspend" false [Chord::ctrl('z')];
    Quit "quit" false [key('q'), Chord::ctrl('c')];
}

/// The registry's entry of an action.
pub(crate) fn spec(action: Action) -> &'static Spec {
    // The registry holds every action: a test looks.
    REGISTRY.iter().find(|spec| spec.action == action).unwrap_or(&QUIT)
}

const QUIT: Spec = Spec { action: Action::Quit, id: "quit", keys: &[], footer: false };

/// What a key means, whatever layout is on.
pub(crate) fn find(event: &KeyEvent) -> Option<Action> {
    let chord = Chord::of(event);
    let bound = |chord: Chord| REGISTRY.iter().find(|spec| spec.keys.contains(&chord)).map(|spec| spec.action);
    bound(chord).or_else(|| chord.stand_in().and_then(bound))
}

/// Why an action can't be done now: the key of a sentence. `None`: it can.
pub(crate) fn why_not(model: &Model, action: Action) -> Option<&'static str> {
    use Action::{
        Assign, Attention, Bottom, Down, Escalate, NextPane, Note, Open, PageDown, PageUp, Priority, Reply, ReplyAll,
        ScrollDown, ScrollUp, ShowIncident, Status, SwitchTab, Take, Top, Undo, Up,
    };
    let state = model.subject().map(|row| row.state);
    let ended = matches!(state, Some(TicketState::Closed | TicketState::Merged));
    match action {
        NextPane | ScrollDown | ScrollUp | SwitchTab if model.screen != Screen::Queue => Some("why-not-here"),
        Attention if model.queue.len() == 0 => Some("why-empty"),
        Down | Up | PageDown | PageUp | Top | Bottom if place(model).1 == 0 => Some("why-empty"),
        ShowIncident if state.is_none() && model.screens.incident.parent.is_none() => Some("why-no-ticket"),
        ReplyAll => incident::why_not(model),
        Open | ScrollDown | ScrollUp | SwitchTab | Assign | Take | Priority | Reply | Note | Escalate | Status
            if state.is_none() =>
        {
            Some("why-no-ticket")
        }
        Assign | Take | Priority | Escalate | Status | Reply if ended => Some("why-ended"),
        Take if model.subject().is_some_and(|row| *row.owner == *model.me) => Some("why-yours"),
        Escalate if at_the_top(model) => Some("why-top-rung"),
        Undo if model.undo.is_none() => Some("why-nothing-to-undo"),
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

fn at_the_top(model: &Model) -> bool {
    let highest = model.ladder.iter().map(|rung| rung.rung).max();
    highest.is_some_and(|highest| model.subject().is_some_and(|row| row.rung >= highest))
}

/// The footer's entries that fit into `width` columns: the first column, the width and the action of each.
pub(crate) fn footer(model: &Model, width: u16) -> Vec<(u16, u16, Action)> {
    let mut entries = Vec::new();
    let mut at = 1;
    let detail_first = model.pane == Pane::Detail;
    let wide = |action| crate::text::width(&footer_text(model, action)) as u16;
    // Where there is no room for all, the way to the others stays.
    let help = wide(Action::Help);
    let shown = |spec: &&Spec| spec.footer && !(detail_first && spec.action == Action::Create);
    // Beside the queue the ways to the others come first.
    let (ways, others): (Vec<&Spec>, Vec<&Spec>) = REGISTRY
        .iter()
        .filter(|spec| spec.action != Action::Help)
        .filter(|spec| shown(spec) || (spec.action == Action::ReplyAll && model.screen == Screen::Incident))
        .partition(|spec| model.screen != Screen::Queue && is_way(spec.action));
    for spec in ways.into_iter().chain(others) {
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

/// `a assign`.
pub(crate) fn footer_text(model: &Model, action: Action) -> String {
    let spec = spec(action);
    let key = spec.keys.first().map(ToString::to_string).unwrap_or_default();
    format!("{key} {}", model.texts.get(&format!("action-{}", spec.id)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::texts::{Language, Texts};

    #[test]
    fn no_key_means_two_things() {
        let mut seen = HashSet::new();
        for spec in REGISTRY {
            assert!(!spec.keys.is_empty(), "{} has no key", spec.id);
            for key in spec.keys {
                assert!(seen.insert(*key), "{key} is bound twice");
                assert!(![Chord::ctrl('a'), Chord::ctrl('b'), Chord::ctrl('s'), Chord::ctrl('q')].contains(key));
            }
        }
    }

    #[test]
    fn every_action_has_a_title_and_a_help_in_both_languages() {
        for language in [Language::Ru, Language::En] {
            let texts = Texts::new(language);
            for spec in REGISTRY {
                for stem in ["action", "help"] {
                    let key = format!("{stem}-{}", spec.id);
                    assert_ne!(texts.get(&key), key, "{language:?}");
                }
            }
        }
    }
}
