//! Writing on a ticket: to the customer, or a note for agents. What is typed is a draft at once.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use opora_proto::v1::Visibility;

use super::field::Area;
use super::{After, Dialog, is_cancel};
use crate::drafts::DraftKey;
use crate::keys::Chord;
use crate::model::Model;
use crate::msg::{Effect, Loaded, What};
use crate::update::send;

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) number: u64,
    etag: String,
    pub(crate) visibility: Visibility,
    pub(crate) area: Area,
    /// Everything on the ticket up to here was on the screen when the writing began.
    seen_through: u64,
    /// The revision of a public message that was not seen: the answer was held back for it.
    pub(crate) held: Option<u64>,
    /// The key of what is wrong.
    pub(crate) fault: Option<&'static str>,
}

/// No conversation was on the screen. Not 0: that would mean that nothing is to be checked.
const NOTHING: u64 = 1;

/// Up to which revision a loaded ticket shows the conversation.
fn seen(loaded: &Loaded) -> u64 {
    loaded.comments.iter().map(|c| c.revision).max().unwrap_or_default().max(loaded.revision)
}

impl Write {
    pub(crate) fn open(model: &Model, visibility: Visibility) -> Option<Self> {
        let row = model.subject()?;
        let key = DraftKey::of(row.number, visibility);
        let text = model.drafts.get(key).map_or("", |draft| draft.text.as_str());
        // Only what was loaded has been shown: the row may be newer than the conversation in the pane.
        let seen = model.details.ready(row.number).map_or(NOTHING, seen);
        Some(Self {
            number: row.number,
            etag: row.etag.to_string(),
            visibility,
            area: Area::of(text),
            seen_through: seen,
            held: None,
            fault: None,
        })
    }

    pub(crate) fn draft(&self) -> DraftKey {
        DraftKey::of(self.number, self.visibility)
    }

    /// The conversation came after the dialog was opened and is shown beside it.
    pub(crate) fn shown(&mut self, loaded: &Loaded) {
        if self.seen_through == NOTHING {
            self.seen_through = seen(loaded);
        }
    }

    /// The server held it back for a newer message.
    pub(crate) fn hold(&mut self, revision: u64) {
        self.held = Some(revision);
    }

    pub(super) fn key(mut self: Box<Self>, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
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
        After::Stay(Dialog::Write(self))
    }

    pub(super) fn paste(&mut self, model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
        self.area.paste(text);
        self.keep(model, effects);
    }

    /// The text comes back from the external editor.
    pub(crate) fn edited(&mut self, model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
        self.area = Area::of(text.trim_end_matches('\n'));
        self.keep(model, effects);
    }

    fn keep(&self, model: &mut Model, effects: &mut Vec<Effect>) {
        send::keep_draft(model, self.draft(), &self.area.text(), effects);
    }

    fn send(mut self: Box<Self>, model: &mut Model, effects: &mut Vec<Effect>) -> After {
        self.fault = match () {
            () if self.area.is_blank() => Some("write-empty"),
            () if model.is_sending(self.draft()) => Some("write-sending"),
            () => None,
        };
        if self.fault.is_some() {
            return After::Stay(Dialog::Write(self));
        }
        self.keep(model, effects);
        // A message that held it back is on the screen now: it counts as seen.
        let held = self.held.unwrap_or_default();
        let what = What::Comment {
            body: self.area.text(),
            visibility: self.visibility,
            seen_through: self.seen_through.max(held),
        };
        send::change(model, self.number, &self.etag, what, Some(self.draft()), effects);
        After::Close
    }
}
