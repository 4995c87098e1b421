//! One public message to every ticket of an incident. What is typed is a draft at once.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use opora_proto::v1::Visibility;

use super::is_sending;
use crate::dialog::field::Area;
use crate::dialog::{After, Dialog, is_cancel};
use crate::drafts::DraftKey;
use crate::keys::Chord;
use crate::model::Model;
use crate::msg::{Effect, What};
use crate::selection::{self, Picked};
use crate::update::send;

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct ReplyToAll {
    pub(crate) parent: u64,
    /// The tickets of the board that it goes to.
    pub(crate) to: Vec<Picked>,
    pub(crate) area: Area,
    /// The store's revision when the writing began: a ticket with a newer public message holds the answer back.
    seen_through: u64,
    pub(crate) fault: Option<&'static str>,
}

impl ReplyToAll {
    pub(crate) fn open(model: &Model) -> Option<Self> {
        let parent = model.screens.incident.parent?;
        let text = model.drafts.get(DraftKey::All(parent)).map_or("", |draft| draft.text.as_str());
        let (to, seen_through) = (selection::of_board(model), model.revision.max(1));
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
            effects.push(Effect::Editor(DraftKey::All(self.parent), self.area.text()));
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
            () if is_sending(model) => Some("write-sending"),
            () => None,
        };
        if self.fault.is_some() {
            return After::Stay(Dialog::ReplyToAll(self));
        }
        let to = selection::of_board(model);
        if !to.iter().map(Picked::number).eq(self.to.iter().map(Picked::number)) {
            // Tickets came or went while it was written: who gets it is looked at first.
            (self.to, self.fault) = (to, Some("reply-all-changed"));
            return After::Stay(Dialog::ReplyToAll(self));
        }
        self.keep(model, effects);
        model.screens.incident.results.clear();
        let what =
            What::Comment { body: self.area.text(), visibility: Visibility::Public, seen_through: self.seen_through };
        send::on_many(model, &[(to, what)], Some(DraftKey::All(self.parent)), effects);
        After::Close
    }
}
