//! What others do to the tickets of an open dialog: told in it as it happens, with who did it, so that no Enter is
//! pressed on a state that was not seen. Forgotten when the dialog closes.

use std::collections::BTreeMap;

use opora_proto::v1::{self, ticket_event::Change};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::dialog::Dialog;
use crate::model::Model;
use crate::msg::Happened;
use crate::queue::Left;
use crate::seen;
use crate::selection::Picked;
use crate::text::{clean_line, wrap};

/// The most events of one ticket that are kept: of more than these only who did the last ones is told.
const KEPT: usize = 32;
/// The most lines that are told above what a dialog shows.
const LINES: usize = 5;

/// What happened to a ticket while a dialog about it was open.
#[derive(Clone, Debug)]
struct News {
    /// As it stood after the last of them.
    ticket: Box<v1::Ticket>,
    /// Oldest first, each with whether it is this console's own doing.
    events: Vec<(v1::TicketEvent, bool)>,
}

/// All that happened to the tickets of the open dialog.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meanwhile(BTreeMap<u64, News>);

impl Meanwhile {
    /// The dialog is closed.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}

/// Notes an event, if a dialog is open on its ticket.
pub(crate) fn note(model: &mut Model, happened: &Happened) {
    let number = happened.row.number;
    let concerns = |dialog: &Dialog| dialog.picked().iter().any(|picked| picked.number() == number);
    if !model.dialog.as_ref().is_some_and(concerns) {
        return;
    }
    let revision = happened.event.revision;
    let by_me = who(&happened.event) == model.me;
    let own = by_me
        && model.pending.values().any(|p| p.change.concerns(number) && p.accepted.is_none_or(|at| at == revision));
    let news = News { ticket: happened.ticket.clone(), events: Vec::new() };
    let news = model.meanwhile.0.entry(number).or_insert(news);
    news.ticket.clone_from(&happened.ticket);
    if news.events.len() == KEPT {
        news.events.remove(0);
    }
    news.events.push((happened.event.clone(), own));
}

/// Whose doing an event is: the agent's id, or what else did it.
fn who(event: &v1::TicketEvent) -> String {
    let name = event.actor.as_ref().map(|actor| actor.name.as_str()).unwrap_or_default();
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

/// What happened to a ticket since it was seen.
fn since<'a>(model: &'a Model, picked: &Picked) -> Option<(&'a News, Vec<&'a (v1::TicketEvent, bool)>)> {
    let news = model.meanwhile.0.get(&picked.number())?;
    let events = news.events.iter().filter(|(event, _)| event.revision > picked.revision()).collect();
    Some((news, events))
}

/// Whether all that happened to a ticket since it was seen is this console's own doing.
pub(crate) fn is_own(model: &Model, picked: &Picked) -> bool {
    since(model, picked).is_some_and(|(_, events)| !events.is_empty() && events.iter().all(|(_, own)| *own))
}

/// What others did to a ticket since it was seen, a sentence each: who, which field, from what to what.
pub(crate) fn sentences(model: &Model, picked: &Picked) -> Vec<String> {
    if !picked.has_changed(model) || is_own(model, picked) {
        return Vec::new();
    }
    let name = |id: &str| if id.is_empty() { "?".to_owned() } else { clean_line(model.agent_name(id)) };
    let texts = &model.texts;
    let Some((news, events)) = since(model, picked) else { return vec![texts.get("meanwhile-unknown")] };
    let all: Vec<v1::TicketEvent> = events.iter().map(|(event, _)| event.clone()).collect();
    let mut sentences = Vec::new();
    for one in seen::differences(picked.seen(), picked.revision(), &news.ticket, &all) {
        // The stream does not carry a description: that it is another one is told by the event.
        if one.field == "description" && !all.iter().any(is_description) {
            continue;
        }
        let (before, now) = (seen::words(model, &one.field, &one.before), seen::words(model, &one.field, &one.now));
        let now = if one.field == "description" { "…".to_owned() } else { now };
        let field = texts.get(&format!("field-{}", one.field));
        let by = name(&one.who);
        let arguments = [("field", &field), ("before", &before), ("now", &now), ("who", &by)];
        let arguments = arguments.map(|(key, value)| (key, value.into()));
        sentences.push(texts.with("meanwhile-field", &arguments));
    }
    let mut others = events.iter().filter(|(_, own)| !own).map(|(event, _)| event);
    for event in others.clone().filter(|event| matches!(event.change, Some(Change::Commented(_)))) {
        sentences.push(texts.with("meanwhile-message", &[("who", (&name(&who(event))).into())]));
    }
    if sentences.is_empty() {
        let last = others.next_back().map(who).unwrap_or_default();
        sentences.push(texts.with("meanwhile-other", &[("who", (&name(&last)).into())]));
    }
    sentences
}

/// Who else changed a ticket since it was seen.
pub(crate) fn others(model: &Model, picked: &Picked) -> String {
    let Some((_, events)) = since(model, picked) else { return "?".to_owned() };
    let others = events.iter().filter(|(_, own)| !own).map(|(event, _)| who(event));
    let mut names: Vec<String> = others.map(|id| clean_line(model.agent_name(&id))).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

/// Why a ticket is no longer open, as far as it was seen.
pub(crate) fn left(model: &Model, number: u64) -> Option<Left> {
    let news = model.meanwhile.0.get(&number)?;
    let (event, _) = news.events.last().filter(|(event, _)| event.left_view)?;
    Some(Left::by(event, &news.ticket))
}

fn is_description(event: &v1::TicketEvent) -> bool {
    let Some(Change::Updated(update)) = &event.change else { return false };
    update.update_mask.as_ref().is_some_and(|mask| mask.paths.iter().any(|path| path == "description"))
}

/// What is told above what a dialog shows; a dialog on many tells it at each of them.
pub(crate) fn lines(model: &Model, dialog: &Dialog, wide: usize) -> Vec<Line<'static>> {
    let [picked] = dialog.picked() else { return Vec::new() };
    if matches!(dialog, Dialog::Bulk(_) | Dialog::Suggest(_)) {
        return Vec::new();
    }
    let mut sentences = sentences(model, picked);
    if sentences.is_empty() {
        return Vec::new();
    }
    if picked.is_told(model) {
        sentences.insert(0, model.texts.with("meanwhile-told", &[("key", dialog.goes_on_by().into())]));
    }
    let words = sentences.into_iter().flat_map(|sentence| wrap(&format!("! {sentence}"), wide));
    words.take(LINES).map(|line| Line::styled(line, model.theme.bad())).collect()
}

/// Draws it; gives what is left below.
pub(crate) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect, dialog: &Dialog) -> Rect {
    let lines = lines(model, dialog, area.width as usize);
    let height = (lines.len() as u16).min(area.height);
    frame.render_widget(Paragraph::new(lines), Rect { height, ..area });
    Rect { y: area.y + height, height: area.height - height, ..area }
}
