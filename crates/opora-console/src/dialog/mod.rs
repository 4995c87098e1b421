//! Dialogs: a file for each kind, with its state, its keys and its view. What they share is here.

pub(crate) mod ask;
mod ask_place;
pub(crate) mod bulk;
pub(crate) mod bulk_tags;
pub(crate) mod checklist;
pub(crate) mod choose;
pub(crate) mod confirm;
pub(crate) mod create;
mod effected;
pub(crate) mod explain;
pub(crate) mod field;
pub(crate) mod fields;
pub(crate) mod filter;
mod follow;
pub(crate) mod help;
pub(crate) mod messages;
pub(crate) mod organisation;
pub(crate) mod palette;
pub(crate) mod pending;
pub(crate) mod pick;
pub(crate) mod priority;
pub(crate) mod reason;
pub(crate) mod results;
pub(crate) mod snippet;
pub(crate) mod stale;
pub(crate) mod suggest;
mod tags;
pub(crate) mod tie;
pub(crate) mod view;
mod view_forms;
pub(crate) mod view_more;
mod view_tie;
pub(crate) mod words;
pub(crate) mod write;
mod writing;

use std::slice;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use crate::model::Model;
use crate::msg::Effect;
use crate::screens::incident::reply::ReplyToAll;
use crate::screens::search::line::SearchLine;
use crate::selection::Picked;

/// A dialog that is open. While one is, the order of the queue is frozen.
#[derive(Clone, Debug)]
pub(crate) enum Dialog {
    /// Whom, or which state.
    Choose(choose::Choose),
    Priority(priority::PriorityDialog),
    Reason(reason::Reason),
    Write(Box<write::Write>),
    Create(Box<create::Create>),
    Explain(Box<explain::Explain>),
    Filter(filter::FilterLine),
    /// The text of a search.
    Search(SearchLine),
    /// A message to all tickets of an incident.
    ReplyToAll(Box<ReplyToAll>),
    Palette(palette::Palette),
    Help(help::Help),
    Messages(messages::Messages),
    /// One of a list, and a line.
    Ask(ask::Ask),
    /// One change of many tickets.
    Bulk(Box<bulk::Bulk>),
    Checklist(checklist::Checklist),
    Fields(Box<fields::FieldsForm>),
    /// What waits for the server.
    Pending(pending::PendingList),
    Results(results::Results),
    Stale(stale::Stale),
    /// What many tickets of one kind suggest.
    Suggest(Box<suggest::Suggest>),
    /// Two tickets brought together.
    Tie(Box<tie::Tie>),
    /// Whether an action is meant.
    Confirm(confirm::Confirm),
}

/// What a key did to a dialog.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it goes back to its place at once")]
pub(crate) enum After {
    /// It stays.
    Stay(Dialog),
    /// It closes.
    Close,
}

impl Dialog {
    /// The size that it would like, with its frame.
    pub(crate) fn size(&self, area: Rect) -> (u16, u16) {
        let wide = |most: u16| area.width.saturating_sub(4).min(most);
        // The frame of what is under it stays in sight.
        let high = |most: u16| area.height.saturating_sub(4).min(most);
        match self {
            Self::Choose(choose) => (wide(56), high(choose.len() as u16 + 4)),
            Self::Priority(_) => (wide(76), high(14)),
            Self::Reason(_) => (wide(76), high(12)),
            Self::Filter(_) | Self::Search(_) => (area.width, 1),
            Self::Write(_) | Self::ReplyToAll(_) | Self::Create(_) | Self::Fields(_) => (wide(90), high(20)),
            Self::Palette(_) | Self::Help(_) => (wide(80), high(30)),
            Self::Messages(_) | Self::Explain(_) | Self::Pending(_) | Self::Results(_) => (wide(100), high(30)),
            Self::Ask(d) if d.kind == ask::Kind::EscalateTo => (wide(110), high(d.choices.len() as u16 + 9)),
            Self::Ask(d) => (wide(76), high(d.choices.len() as u16 + 8 + u16::from(!d.names.is_empty()) * 3)),
            Self::Bulk(d) => match d.stage {
                bulk::Stage::Choose => (wide(56), high(d.choices.len() as u16 + 4)),
                bulk::Stage::Reason => (wide(76), high(8)),
                bulk::Stage::Write => (wide(90), high(20)),
                bulk::Stage::Preview => (wide(110), high(d.effected.len() as u16 + 6)),
            },
            Self::Checklist(d) => (wide(80), high(d.steps.len() as u16 + 6)),
            Self::Stale(_) => (wide(100), high(18)),
            Self::Suggest(_) => (wide(100), high(20)),
            Self::Tie(d) if d.marked => (wide(80), high(d.picked.len().min(20) as u16 + 12)),
            Self::Tie(_) => (wide(80), high(11)),
            Self::Confirm(_) => (wide(64), high(6)),
        }
    }

    /// The ticket that it is about.
    pub(crate) fn number(&self) -> Option<u64> {
        match self {
            Self::Choose(d) => Some(d.number),
            Self::Priority(d) => Some(d.number),
            Self::Reason(d) => Some(d.number),
            Self::Write(d) => Some(d.number),
            Self::ReplyToAll(d) => Some(d.parent),
            Self::Explain(d) => Some(d.number),
            Self::Ask(d) => Some(d.number).filter(|number| *number != 0),
            Self::Checklist(d) => Some(d.number),
            Self::Fields(d) => Some(d.number),
            Self::Stale(d) => Some(d.number),
            _ => None,
        }
    }

    /// The key that makes its change, as it is written.
    pub(crate) fn goes_on_by(&self) -> &'static str {
        match self {
            // Enter is a key of the form itself there.
            Self::Write(_) | Self::ReplyToAll(_) | Self::Create(_) | Self::Fields(_) | Self::Checklist(_) => "Ctrl-D",
            _ => "Enter",
        }
    }

    /// The tickets that it will change, as they were seen.
    pub(crate) fn picked(&self) -> &[Picked] {
        match self {
            Self::Choose(d) => slice::from_ref(&d.picked),
            Self::Priority(d) => slice::from_ref(&d.picked),
            Self::Reason(d) => slice::from_ref(&d.picked),
            Self::Write(d) => slice::from_ref(&d.picked),
            Self::Ask(d) => d.picked.as_slice(),
            Self::Checklist(d) => slice::from_ref(&d.picked),
            Self::Fields(d) => slice::from_ref(&d.picked),
            Self::Bulk(d) => &d.picked,
            Self::Tie(d) => &d.picked,
            Self::Suggest(d) => d.picked(),
            _ => &[],
        }
    }

    /// Something happened to one of its tickets.
    pub(crate) fn changed(&mut self, model: &mut Model, effects: &mut Vec<Effect>) {
        match self {
            Self::Choose(d) => d.changed(model),
            Self::Priority(d) => d.changed(model, effects),
            Self::Reason(d) => d.changed(model),
            Self::Bulk(d) => d.changed(model),
            Self::Suggest(d) => d.changed(model),
            _ => self.fill(model),
        }
    }

    /// A key.
    pub(crate) fn key(self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        match self {
            Self::Choose(d) => d.key(model, event, effects),
            Self::Priority(d) => d.key(model, event, effects),
            Self::Reason(d) => d.key(model, event, effects),
            Self::Write(d) => d.key(model, event, effects),
            Self::Create(d) => d.key(model, event, effects),
            Self::Explain(d) => d.key(event),
            Self::Filter(d) => d.key(model, event),
            Self::Search(d) => d.key(model, event, effects),
            Self::ReplyToAll(d) => d.key(model, event, effects),
            Self::Palette(d) => d.key(model, event, effects),
            Self::Help(d) => d.key(model, event, effects),
            Self::Messages(d) => d.key(event),
            Self::Ask(d) => d.key(model, event, effects),
            Self::Bulk(d) => d.key(model, event, effects),
            Self::Checklist(d) => d.key(model, event, effects),
            Self::Fields(d) => d.key(model, event, effects),
            Self::Pending(d) => d.key(model, event, effects),
            Self::Results(d) => d.key(model, event),
            Self::Stale(d) => d.key(model, event, effects),
            Self::Suggest(d) => d.key(model, event, effects),
            Self::Tie(d) => d.key(model, event, effects),
            Self::Confirm(d) => d.key(model, event, effects),
        }
    }

    /// The ticket that it is about came, or is another by now.
    pub(crate) fn fill(&mut self, model: &Model) {
        match self {
            Self::Ask(d) => d.fill(model),
            Self::Checklist(d) => d.fill(model),
            Self::Fields(d) => d.fill(model),
            Self::Stale(d) => d.fill(model),
            _ => {}
        }
    }

    /// A pasted text. Only text fields take it.
    pub(crate) fn paste(&mut self, model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
        match self {
            Self::Priority(d) => d.reason.paste(text),
            Self::Reason(d) => d.line.paste(text),
            Self::Write(d) => d.paste(model, text, effects),
            Self::Create(d) => d.paste(model, text, effects),
            Self::Filter(d) => d.paste(model, text),
            Self::Search(d) => d.line.paste(text),
            Self::ReplyToAll(d) => d.paste(model, text, effects),
            Self::Palette(d) => d.paste(text),
            Self::Help(d) => d.line.paste(text),
            Self::Ask(d) => d.paste(text),
            Self::Bulk(d) => d.paste(model, text, effects),
            Self::Checklist(d) => d.paste(text),
            Self::Fields(d) => d.paste(model, text, effects),
            Self::Suggest(d) => d.paste(text),
            Self::Tie(d) => d.paste(model, text),
            Self::Choose(_)
            | Self::Messages(_)
            | Self::Explain(_)
            | Self::Pending(_)
            | Self::Results(_)
            | Self::Confirm(_)
            | Self::Stale(_) => {}
        }
    }
}

/// The place in a list where nothing is chosen: the keys lead from it to either end.
pub(crate) const NOTHING: usize = usize::MAX;

/// Puts what can be chosen now in place of what could be before. The same one stays chosen; where that is gone nothing
/// is: no Enter is to take another one that slid under it.
pub(crate) fn choose_of<T: PartialEq>(choices: &mut Vec<(T, String)>, chosen: &mut usize, now: Vec<(T, String)>) {
    if let Some((was, _)) = choices.get(*chosen) {
        *chosen = now.iter().position(|(choice, _)| choice == was).unwrap_or(NOTHING);
    }
    *choices = now;
}

/// Moves a choice among `len` by the keys that every list has. Letters too, where no text is typed.
pub(crate) fn choose_by(event: &KeyEvent, chosen: &mut usize, len: usize, letters: bool) -> bool {
    let last = len.saturating_sub(1);
    let chord = crate::keys::Chord::of(event);
    *chosen = match chord.code {
        // Down from nothing is the first, up from nothing the last.
        KeyCode::Down | KeyCode::Tab => chosen.wrapping_add(1),
        KeyCode::Up | KeyCode::BackTab => chosen.saturating_sub(1),
        KeyCode::Char('n') if chord.ctrl => chosen.wrapping_add(1),
        KeyCode::Char('p') if chord.ctrl => chosen.saturating_sub(1),
        KeyCode::PageDown => chosen.saturating_add(10),
        KeyCode::PageUp => chosen.saturating_sub(10),
        KeyCode::Char('j') if letters && !chord.ctrl => chosen.wrapping_add(1),
        KeyCode::Char('k') if letters && !chord.ctrl => chosen.saturating_sub(1),
        _ => return false,
    }
    .min(last);
    true
}

/// Esc, or Ctrl-c and Ctrl-g for terminals that hold Esc back.
pub(crate) fn is_cancel(event: &KeyEvent) -> bool {
    let chord = crate::keys::Chord::of(event);
    chord.code == KeyCode::Esc || (chord.ctrl && matches!(chord.code, KeyCode::Char('c' | 'g')))
}
