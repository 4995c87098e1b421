//! One public message to every ticket of an incident. What is typed is a draft at once.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::recipients;
use crate::dialog::field::Area;
use crate::dialog::{After, Dialog, is_cancel};
use crate::drafts::DraftKey;
use crate::keys::Chord;
use crate::model::Model;
use crate::msg::{Call, Effect, ReplyAll};
use crate::update::send;

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct ReplyToAll {
    pub(crate) parent: u64,
    pub(crate) to: Vec<u64>,
    pub(crate) area: Area,
    /// The store's revision when the writing began: a ticket with a newer public message holds the answer back.
    seen_through: u64,
    pub(crate) fault: Option<&'static str>,
}

impl ReplyToAll {
    pub(crate) fn open(model: &Model) -> Option<Self> {
        let parent = model.screens.incident.parent?;
        let text = model.drafts.get(DraftKey::All(parent)).map_or("", |draft| draft.text.as_str());
        let (to, seen_through) = (recipients(model), model.revision.max(1));
        Some(Self { parent, to, area: Area::of(text), seen_through, fault: None })
    }

    pub(crate) fn key(mut self: Box<Self>, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        if is_cancel(event) {
            return After::Close;
        }
        let chord = Chord::of(event);
        let sends = chord == Chord::ctrl('d')
            || (event.code == KeyCode::Enter && event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::CONTROL));
        if sends {
            return self.send(model, effects);
        }
        self.fault = None;
        if chord == Chord::ctrl('e') || chord == Chord::ctrl('o') {
            effects.push(Effect::Editor(self.area.text()));
        } else if self.area.key(event) {
            self.keep(model, effects);
        }
        After::Stay(Dialog::ReplyToAll(self))
    }

    pub(crate) fn paste(&mut self, model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
        self.area.paste(text);
        self.keep(model, effects);
    }

    /// The text comes back from the external editor.
    pub(crate) fn edited(&mut self, model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
        self.area = Area::of(text.trim_end_matches('\n'));
        self.keep(model, effects);
    }

    fn keep(&self, model: &mut Model, effects: &mut Vec<Effect>) {
        send::keep_draft(model, DraftKey::All(self.parent), &self.area.text(), effects);
    }

    fn send(mut self: Box<Self>, model: &mut Model, effects: &mut Vec<Effect>) -> After {
        self.fault = match () {
            () if self.area.is_blank() => Some("write-empty"),
            () if model.screens.incident.sending.is_some() => Some("write-sending"),
            () => None,
        };
        if self.fault.is_some() {
            return After::Stay(Dialog::ReplyToAll(self));
        }
        self.keep(model, effects);
        let key = DraftKey::All(self.parent);
        let kept = model.drafts.get(key).map(|draft| draft.request_id.clone()).filter(|id| !id.is_empty());
        let request_id = kept.unwrap_or_else(|| model.request_id());
        model.drafts.sent(key, &request_id);
        if let Some(draft) = model.drafts.get(key) {
            effects.push(Effect::SaveDraft(key, draft.clone()));
        }
        let board = &mut model.screens.incident;
        board.sending = Some(request_id.clone());
        board.results.clear();
        effects.push(Effect::Call(Call::ReplyAll(Box::new(ReplyAll {
            request_id,
            parent: self.parent,
            to: self.to,
            body: self.area.text(),
            seen_through: self.seen_through,
        }))));
        After::Close
    }
}
