//! `update`: what a message does to the model, and what the model asks for. Pure: no I/O, no clock, no terminal.

mod alert;
mod answer;
pub(crate) mod copy;
mod directory;
mod edited;
mod follow;
mod more;
mod mouse;
mod net;
pub(crate) mod send;
mod sent;

use crossterm::event::KeyEvent;
use opora_proto::v1::{PresenceActivity, Visibility};

pub(crate) use answer::sentence;

use crate::actions::{self, Action, Place};
use crate::dialog::Dialog;
use crate::dialog::choose::Choose;
use crate::dialog::confirm::Confirm;
use crate::dialog::create::Create;
use crate::dialog::explain::Explain;
use crate::dialog::filter::FilterLine;
use crate::dialog::help::Help;
use crate::dialog::messages::Messages;
use crate::dialog::palette::Palette;
use crate::dialog::priority::PriorityDialog;
use crate::dialog::reason::Reason;
use crate::dialog::write::Write;
use crate::keys::Chord;
use crate::keys::map::Found;
use crate::layout::{layout, screen};
use crate::model::{Level, Link, Model, Pane, TOAST_TIME};
use crate::msg::{Call, Effect, Msg};
use crate::presence;
use crate::queue::counts::Summary;
use crate::queue::row::Row;
use crate::screens::{self, Screen};
use crate::selection::{self, Selection};
use crate::{suggest, text};

/// Applies one message.
pub(crate) fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let mut effects = Vec::new();
    match msg {
        Msg::Now(now) => {
            model.dirty |= model.deadline.is_some_and(|deadline| deadline <= now);
            model.now = now;
        }
        Msg::Net(net) => net::apply(model, net, &mut effects),
        Msg::Resize(width, height) => {
            model.size = (width, height);
            model.dirty = true;
        }
        Msg::Drafts(found) => found.into_iter().for_each(|(key, draft)| model.drafts.restore(key, draft)),
        Msg::Outbox(found) => send::restored(model, found, &mut effects),
        Msg::DraftFailed(why) => {
            let text = model.texts.get("toast-draft-failed");
            model.toast_with(Level::Refused, text, why);
        }
        Msg::Terminate => model.quit = true,
        Msg::Key(event) => {
            key(model, &event, &mut effects);
            model.dirty = true;
        }
        Msg::Mouse(event) => model.dirty |= mouse::apply(model, event, &mut effects),
        Msg::Paste(text) => {
            // In command mode a paste is ignored: it is no command.
            if let Some(mut dialog) = model.dialog.take() {
                dialog.paste(model, &text, &mut effects);
                model.dialog = Some(dialog);
                model.dirty = true;
            }
        }
        Msg::Edited(edited) => edited::apply(model, edited, &mut effects),
    }
    if model.dialog.is_some() {
        model.chord = None;
    } else {
        model.meanwhile.forget();
    }
    let frozen =
        model.chord.is_some() || model.dialog.as_ref().is_some_and(|dialog| !matches!(dialog, Dialog::Filter(_)));
    model.queue.freeze(frozen || model.queue.marks.is_visual());
    effects
}

/// After all that waited was applied: the screen's window, what has to be loaded for it, and until when it holds.
pub(crate) fn settle(model: &mut Model) -> Vec<Effect> {
    let regions = layout(model, screen(model));
    let height = regions.rows.height as usize;
    model.queue.begin();
    model.queue.clamp(height);
    if regions.list.is_some() && !regions.too_small {
        model.queue.look(height);
    }
    let mut effects = Vec::new();
    let of_dialog = model.dialog.as_ref().and_then(Dialog::number);
    let of_pane = model.subject().map(|row| row.number).filter(|_| regions.detail.is_some());
    for number in [of_dialog, of_pane].into_iter().flatten() {
        if model.details.show(number) {
            let generation = model.next_generation();
            model.details.loading(number, generation);
            effects.push(Effect::Call(Call::Detail { number, generation }));
        }
    }
    screens::settle(model, height, &mut effects);
    older(model, &mut effects);
    effects.extend(alert::call(model));
    let place = place(model, regions.detail.is_some());
    if let Some(place) = model.presences.settle(place, model.now) {
        effects.push(Effect::Call(Call::Presence(place)));
    }
    let suggest = suggest::settle(model, &mut effects);
    model.wake = model.presences.due().into_iter().chain(suggest).min();
    model.deadline = deadline(model, height);
    effects
}

/// Asks for older messages or events, where the person has come to the beginning of those that are here.
fn older(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(number) = model.subject().map(|row| row.number) else { return };
    let Some((of, page_token)) = model.details.older(number) else { return };
    if model.details.scroll == 0 || model.details.scroll < crate::detail::view::most_scroll(model) {
        return;
    }
    let generation = model.next_generation();
    model.details.asking(number, generation);
    effects.push(Effect::Call(Call::Older { number, generation, of, page_token }));
}

/// Where the person is: at the ticket of the dialog or of the pane, and writing or not.
fn place(model: &Model, pane: bool) -> presence::Place {
    let of_dialog = model.dialog.as_ref().and_then(Dialog::number);
    let number = of_dialog.or_else(|| model.subject().filter(|_| pane).map(|row| row.number));
    let activity = match &model.dialog {
        Some(Dialog::Write(write)) if write.visibility == Visibility::Public => PresenceActivity::WritingPublic,
        Some(Dialog::ReplyToAll(_)) => PresenceActivity::WritingPublic,
        Some(Dialog::Write(_)) => PresenceActivity::WritingInternal,
        _ if number.is_some() => PresenceActivity::Viewing,
        _ => PresenceActivity::Unspecified,
    };
    presence::Place { number, activity }
}

/// The next instant at which a visible text changes by time alone.
fn deadline(model: &Model, height: usize) -> Option<i64> {
    let now = model.now;
    let minute = (now / crate::clock::MINUTE + 1) * crate::clock::MINUTE;
    let next = |row: &Row| row.next_change(now);
    let rows = if model.screen == Screen::Queue {
        model.queue.window(height).filter_map(|number| next(model.queue.row(number)?)).min()
    } else {
        screens::window(model, height).into_iter().filter_map(|number| next(screens::row(model, number)?)).min()
    };
    let detail = model.subject().and_then(|row| {
        [row.first_response(), row.resolution()].into_iter().filter_map(|clock| clock.next_change(now)).min()
    });
    let counts = Summary::next_change(&model.queue.rows, now);
    let toast = model.shown_toast().map(|toast| toast.at + TOAST_TIME);
    let retry = match &model.link {
        Link::Offline { retry_at, .. } if *retry_at > now => Some(*retry_at),
        _ => None,
    };
    [Some(minute), rows, detail, counts, toast, retry].into_iter().flatten().filter(|at| *at > now).min()
}

fn key(model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) {
    let Some(dialog) = model.dialog.take() else {
        return command(model, event, effects);
    };
    let chord = Chord::of(event);
    // What another program wrote over the screen has to go, whatever stands on it.
    if chord.ctrl && matches!(model.settings.keys.find(Place::of(model), None, chord), Found::Action(Action::Redraw)) {
        effects.push(Effect::Redraw);
        model.dialog = Some(dialog);
        return;
    }
    // The message under the list of what became of each offers it.
    let undoes = matches!(model.settings.keys.find(Place::of(model), None, chord), Found::Action(Action::Undo));
    if undoes && matches!(dialog, Dialog::Results(_)) {
        return command(model, event, effects);
    }
    model.refusal = None;
    sent::key(model, dialog, event, effects);
}

/// A key where no text is typed: alone, or after the first of two.
fn command(model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) {
    // Who went on to something else is not called back to a dialog.
    model.sent.clear();
    let first = model.chord.take();
    if first.is_some() && crate::dialog::is_cancel(event) {
        return;
    }
    match model.settings.keys.find(Place::of(model), first, Chord::of(event)) {
        Found::Action(found) => action(model, found, effects),
        Found::Begun(first) => model.chord = Some(first),
        Found::Nothing => {}
    }
}

/// Does an action, or says why not.
pub(crate) fn action(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    if let Some(why) = actions::why_not(model, action) {
        let overtaken = model.overtaken.as_ref().filter(|_| action == Action::Undo && why == "why-nothing-to-undo");
        let text = match overtaken {
            Some((number, who)) => {
                let who = text::clean_line(model.agent_name(who));
                model.texts.with("undo-overtaken", &[("number", (&number.to_string()).into()), ("who", (&who).into())])
            }
            None => model.texts.get(why),
        };
        model.toast(Level::Warning, text);
        return;
    }
    if let Some(confirm) = Confirm::before(model, action) {
        model.dialog = Some(Dialog::Confirm(confirm));
        return;
    }
    act(model, action, effects);
}

/// Does an action that is possible and that nothing has to be asked about.
pub(crate) fn act(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    // A range that is being drawn ends before anything else is put away.
    if action == Action::Back
        && !model.queue.marks.is_visual()
        && let Some(notice) = crate::notice::notice(model)
    {
        model.put_away.push(notice);
        return;
    }
    if more::action(model, action, effects) || screens::action(model, action, effects) {
        return;
    }
    match action {
        Action::Assign => model.dialog = Choose::agent(model).map(Dialog::Choose),
        Action::Take => take(model, effects),
        Action::Priority => model.dialog = PriorityDialog::open(model, effects).map(Dialog::Priority),
        Action::Reply => write(model, Visibility::Public),
        Action::Note => write(model, Visibility::Internal),
        Action::Escalate => model.dialog = Reason::escalate(model, effects).map(Dialog::Reason),
        Action::Explain => model.dialog = Explain::open(model, effects).map(|d| Dialog::Explain(Box::new(d))),
        Action::Status => model.dialog = Choose::state(model).map(Dialog::Choose),
        Action::Create => model.dialog = Some(Dialog::Create(Box::new(Create::open(model, effects)))),
        Action::Undo => send::undo(model, effects),
        Action::Filter => model.dialog = Some(Dialog::Filter(FilterLine::open(model))),
        Action::Palette => model.dialog = Some(Dialog::Palette(Palette::default())),
        Action::Help => model.dialog = Some(Dialog::Help(Help::open(model))),
        Action::Messages => {
            let count = model.toasts.len();
            model.dialog = Some(Dialog::Messages(Messages { count, ..Messages::default() }));
        }
        Action::CopyNumber | Action::CopyLink | Action::CopyMessage => copy::copy(model, action, effects),
        Action::Demo => (model.quit, model.wants_demo) = (true, true),
        Action::Redraw => effects.push(Effect::Redraw),
        Action::Suspend => effects.push(Effect::Suspend),
        // Out of an opened ticket first: a terminal may have no key of its own for a step back.
        Action::Quit if !selection::is_at_list(model) || !model.queue.marks.is_empty() => back(model),
        Action::Quit => model.quit = true,
        moving => go(model, moving),
    }
}

fn take(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(picked) = Selection::of(model).one() else { return };
    let me = model.me.clone();
    send::on(model, &picked, crate::msg::What::Assign(me), None, effects);
}

fn write(model: &mut Model, visibility: Visibility) {
    let picked = Selection::of(model).one();
    model.dialog = picked.map(|picked| Dialog::Write(Box::new(Write::open(model, picked, visibility))));
}

/// Moves the cursor, the pane or what it shows.
fn go(model: &mut Model, action: Action) {
    let regions = layout(model, screen(model));
    let height = regions.rows.height as usize;
    let page = height.saturating_sub(1).max(1) as isize;
    let half = (regions.detail.map_or(1, |area| area.height / 2) as usize).max(1);
    if model.pane == Pane::Detail {
        match action {
            Action::Down => return scroll(model, -1),
            Action::Up => return scroll(model, 1),
            Action::PageDown => return scroll(model, -(half as isize)),
            Action::PageUp => return scroll(model, half as isize),
            Action::Top => return scroll(model, isize::MAX),
            Action::Bottom => return scroll(model, isize::MIN),
            _ => {}
        }
    }
    let moves =
        [Action::Down, Action::Up, Action::PageDown, Action::PageUp, Action::Top, Action::Bottom, Action::Attention];
    if moves.contains(&action) {
        model.peek = None;
    }
    match action {
        Action::Down => model.queue.step(1, height),
        Action::Up => model.queue.step(-1, height),
        Action::PageDown => model.queue.step(page, height),
        Action::PageUp => model.queue.step(-page, height),
        Action::Top => model.queue.go(0, height),
        Action::Bottom => model.queue.go(usize::MAX, height),
        Action::Open => model.pane = Pane::Detail,
        Action::Back => back(model),
        Action::NextPane => model.pane = if model.pane == Pane::List { Pane::Detail } else { Pane::List },
        Action::ScrollDown => scroll(model, -(half as isize)),
        Action::ScrollUp => scroll(model, half as isize),
        Action::SwitchTab => {
            let details = &mut model.details;
            details.tab = details.tab.next();
            details.scroll = details.tab.start();
        }
        Action::Attention => attention(model, height),
        _ => {}
    }
}

/// One step back: from a range that is being drawn, from an opened ticket, from marks, from a filter.
fn back(model: &mut Model) {
    if model.queue.marks.is_visual() {
        return model.queue.end_visual();
    }
    let ticket = model.peek.is_some() || model.pane == Pane::Detail;
    if ticket && screens::back(model) {
        return;
    }
    if model.peek.take().is_some() || ticket {
        model.pane = Pane::List;
    } else if !model.queue.marks.is_empty() {
        model.queue.unmark_all();
    } else if !model.queue.filter.is_empty() {
        model.queue.set_filter(crate::queue::filter::Filter::default());
    }
}

/// Lines up from the end of the detail pane; the view stops at the beginning.
fn scroll(model: &mut Model, by: isize) {
    let most = crate::detail::view::most_scroll(model);
    model.details.scroll = match by {
        isize::MAX => most,
        isize::MIN => 0,
        by => model.details.scroll.min(most).saturating_add_signed(by).min(most),
    };
}

/// The next row after the cursor that wants attention: breached, due within the hour, answered by the customer,
/// continuous, or with a message that did not go out.
fn attention(model: &mut Model, height: usize) {
    let now = model.now;
    let len = model.queue.len();
    let start = model.queue.cursor().and_then(|n| model.queue.position(n)).unwrap_or_default();
    let wants = |number: u64| {
        model.queue.row(number).is_some_and(|row| {
            let undelivered = model.is_undelivered(number);
            row.is_breached(now) || row.is_due_soon(now) || row.answered || row.key().class() == 0 || undelivered
        })
    };
    let found = (1..=len).map(|step| (start + step) % len).find(|at| model.queue.at(*at).is_some_and(&wants));
    if let Some(at) = found {
        model.queue.go(at, height);
    } else {
        let text = model.texts.get("toast-nothing-burns");
        model.toast(Level::Done, text);
    }
}
