//! Writing on a ticket: to the customer, or a note for agents. What is typed is a draft at once.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use opora_proto::v1::{self, ActorKind, Visibility};

use super::field::Area;
use super::snippet::{self, Snippets};
use super::{After, Dialog, is_cancel};
use crate::drafts::DraftKey;
use crate::keys::Chord;
use crate::model::Model;
use crate::msg::{Call, Effect, Loaded, What};
use crate::selection::Picked;
use crate::update::send;

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) number: u64,
    pub(super) picked: Picked,
    pub(crate) visibility: Visibility,
    pub(crate) area: Area,
    /// Everything on the ticket up to here was on the screen when the writing began.
    seen_through: u64,
    /// The revision of a public message that was not seen: the answer was held back for it.
    pub(crate) held: Option<u64>,
    /// The canned replies, while one is chosen.
    pub(crate) snippets: Option<Snippets>,
    /// That a placeholder is not filled in was told: sent again, it goes out.
    unfilled_told: bool,
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
    pub(crate) fn open(model: &Model, picked: Picked, visibility: Visibility) -> Self {
        let number = picked.number();
        let key = DraftKey::of(number, visibility);
        let text = model.drafts.get(key).map_or("", |draft| draft.text.as_str());
        // Only what was loaded has been shown: the row may be newer than the conversation in the pane.
        let seen = model.details.ready(number).map_or(NOTHING, seen);
        Self {
            number,
            picked,
            visibility,
            area: Area::of(text),
            seen_through: seen,
            held: None,
            snippets: None,
            unfilled_told: false,
            fault: None,
        }
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

    /// The public messages of others that came since the writing began, or for which it was held back; oldest first.
    pub(crate) fn unseen<'a>(&self, model: &'a Model) -> Vec<&'a v1::Comment> {
        let Some(loaded) = model.details.ready(self.number) else { return Vec::new() };
        let by_me = |author: &v1::Actor| {
            author.kind() == ActorKind::Agent && author.name.strip_prefix("agents/") == Some(model.me.as_str())
        };
        let others = |comment: &&v1::Comment| {
            comment.visibility() == Visibility::Public
                && comment.revision > self.seen_through
                && !comment.author.as_ref().is_some_and(by_me)
        };
        let of_hold = |comment: &&v1::Comment| Some(comment.revision) == self.held;
        loaded.comments.iter().filter(|comment| of_hold(comment) || others(comment)).collect()
    }

    fn is_shown(&self, model: &Model, revision: u64) -> bool {
        self.unseen(model).iter().any(|comment| comment.revision == revision)
    }

    /// The canned replies came.
    pub(crate) fn listed(&mut self, model: &Model) {
        if let Some(snippets) = &mut self.snippets {
            snippets.waiting = false;
            snippets.fill(model, self.visibility);
        }
    }

    pub(super) fn key(mut self: Box<Self>, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        if self.snippets.is_some() {
            self.choose_snippet(model, event, effects);
            return After::Stay(Dialog::Write(self));
        }
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
            effects.push(Effect::Editor(self.draft(), self.area.text()));
        } else if chord == Chord::ctrl('t') {
            effects.push(Effect::Call(Call::Snippets));
            self.snippets = Some(Snippets::open(model, self.visibility));
        } else if event.code == KeyCode::Tab && self.area.next_placeholder() {
            // What is typed next takes its place.
        } else if self.area.key(event) {
            self.keep(model, effects);
        }
        After::Stay(Dialog::Write(self))
    }

    fn choose_snippet(&mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) {
        let Some(mut snippets) = self.snippets.take() else { return };
        if is_cancel(event) {
            return;
        }
        if event.code == KeyCode::Enter {
            let Some(body) = snippets.chosen() else {
                self.snippets = Some(snippets);
                return;
            };
            let number = self.number;
            self.area.insert(&snippet::fill(body, |key| snippet::value(model, number, key)));
            self.area.next_placeholder();
            self.unfilled_told = false;
            self.keep(model, effects);
            return;
        }
        if snippets.pick.key(event) {
            snippets.look();
        }
        self.snippets = Some(snippets);
    }

    pub(super) fn paste(&mut self, model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
        if let Some(snippets) = &mut self.snippets {
            snippets.pick.paste(text);
            snippets.look();
            return;
        }
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
            // Nobody has read it yet: it is still being asked for.
            () if self.held.is_some_and(|held| held > 0 && !self.is_shown(model, held)) => Some("write-held-loading"),
            () if self.area.has_placeholder() && !self.unfilled_told => {
                self.unfilled_told = true;
                self.area.next_placeholder();
                Some("write-unfilled")
            }
            () => None,
        };
        if self.fault.is_some() {
            return After::Stay(Dialog::Write(self));
        }
        self.keep(model, effects);
        // Once it was held back, what stands above the text has been read: it counts as seen.
        let shown = self.unseen(model).into_iter().map(|comment| comment.revision).max();
        let held = self.held.map_or(0, |held| shown.map_or(held, |shown| shown.max(held)));
        let what = What::Comment {
            body: self.area.text(),
            visibility: self.visibility,
            seen_through: self.seen_through.max(held),
        };
        send::on(model, &self.picked, what, Some(self.draft()), effects);
        After::Close
    }
}
