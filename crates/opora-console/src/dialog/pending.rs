//! The changes that wait for the server, and those that were refused after they had waited: what each is, and the
//! person's decision.

use crossterm::event::{KeyCode, KeyEvent};
use opora_proto::error::ErrorReason;

use super::stale::Stale;
use super::{After, Dialog, choose_by, is_cancel};
use crate::keys::Chord;
use crate::model::{Level, Model};
use crate::msg::Effect;
use crate::outbox::{Entry, Standing};
use crate::update::send;

/// The dialog.
#[derive(Clone, Debug, Default)]
pub(crate) struct PendingList {
    pub(crate) chosen: usize,
    /// The one that is about to be dropped: asked once.
    pub(crate) dropping: Option<String>,
}

impl PendingList {
    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        let chord = Chord::of(event);
        let count = model.outbox.entries().len();
        self.chosen = self.chosen.min(count.saturating_sub(1));
        let entry = model.outbox.entries().get(self.chosen).cloned();
        if let Some(id) = self.dropping.take() {
            if event.code == KeyCode::Enter && entry.as_ref().is_some_and(|entry| entry.id() == id) {
                forget(model, &id, effects);
            }
            return After::Stay(Dialog::Pending(self));
        }
        if is_cancel(event) || matches!(chord.code, KeyCode::Backspace | KeyCode::Char('q')) {
            return After::Close;
        }
        match (event.code, entry) {
            (KeyCode::Delete, Some(entry)) => self.ask(&entry),
            (KeyCode::Char(_), Some(entry)) if chord == Chord::char('d') => self.ask(&entry),
            (KeyCode::Enter, Some(entry)) => {
                if let Some(stale) = decide(model, &entry, effects) {
                    return After::Stay(Dialog::Stale(stale));
                }
            }
            _ => {
                choose_by(event, &mut self.chosen, count, true);
            }
        }
        After::Stay(Dialog::Pending(self))
    }

    fn ask(&mut self, entry: &Entry) {
        // What is on its way may have happened already: its answer is awaited.
        if !matches!(entry.standing, Standing::Sent) {
            self.dropping = Some(entry.id().to_owned());
        }
    }
}

/// A refused change: another state of the ticket is shown; anything else is sent again as it is.
fn decide(model: &mut Model, entry: &Entry, effects: &mut Vec<Effect>) -> Option<Stale> {
    let Standing::Refused(trouble) = &entry.standing else { return None };
    if trouble.reason == Some(ErrorReason::EtagMismatch) {
        return Stale::open(model, entry.id());
    }
    send::again(model, entry.id(), effects);
    None
}

/// Drops a change. A text that it carried stays a draft.
pub(super) fn forget(model: &mut Model, id: &str, effects: &mut Vec<Effect>) {
    model.pending.remove(id);
    if let Some(queued) = send::drop_change(model, id, effects)
        && let Some(key) = queued.draft
        && let Some(draft) = model.drafts.get(key).filter(|draft| draft.request_id == id).cloned()
    {
        model.drafts.sent(key, "");
        effects.push(Effect::SaveDraft(key, crate::drafts::Draft { request_id: String::new(), ..draft }));
    }
    let text = model.texts.get("outbox-dropped");
    model.toast(Level::Done, text);
    send::pump(model, effects);
}
