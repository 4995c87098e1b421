//! A change that was made on an older state of its ticket: what the person saw, what it is now and who changed it,
//! field by field. It is sent again on what is shown, or dropped.

use crossterm::event::{KeyCode, KeyEvent};

use super::{After, Dialog, is_cancel};
use crate::keys::Chord;
use crate::model::Model;
use crate::msg::Effect;
use crate::seen::{self, Difference};
use crate::update::send;

/// The dialog.
#[derive(Clone, Debug)]
pub(crate) struct Stale {
    /// The request id of the refused change.
    pub(crate) id: String,
    pub(crate) number: u64,
    /// The state that is shown; `None` until the ticket is here.
    shown: Option<String>,
    /// What is shown must be the state that it is sent on.
    pub(crate) fault: Option<&'static str>,
}

impl Stale {
    /// Opens on a refused change; what is known of the ticket is asked for again where it is older than the refusal.
    pub(crate) fn open(model: &mut Model, id: &str) -> Option<Self> {
        let entry = model.outbox.get(id)?;
        let crate::outbox::Standing::Refused(trouble) = &entry.standing else { return None };
        let change = &entry.queued.change;
        // Which of the two tickets of a merge is another by now is told by its name.
        let told = trouble.metadata.get("name").and_then(|name| name.rsplit('/').next()?.parse().ok());
        let number = told.filter(|number| change.is_made_on(*number)).unwrap_or(change.number);
        let current = trouble.metadata.get("etag").cloned().unwrap_or_default();
        let revision = trouble.metadata.get("revision").and_then(|r| r.parse::<u64>().ok()).unwrap_or_default();
        if number == 0 {
            return None;
        }
        if model.details.ready(number).is_none_or(|loaded| loaded.ticket.etag != current && loaded.revision < revision)
        {
            model.details.forget(number);
        }
        let mut dialog = Self { id: id.to_owned(), number, shown: None, fault: None };
        dialog.fill(model);
        Some(dialog)
    }

    /// The ticket is here.
    pub(crate) fn fill(&mut self, model: &Model) {
        if self.shown.is_none() {
            self.shown = model.details.ready(self.number).map(|loaded| loaded.ticket.etag.clone());
        }
    }

    /// What differs; `None` until the ticket is here.
    pub(crate) fn differences(&self, model: &Model) -> Option<Vec<Difference>> {
        let queued = &model.outbox.get(&self.id)?.queued;
        let loaded = model.details.ready(self.number)?;
        let seen = if queued.change.number == self.number { &queued.seen } else { &queued.other };
        Some(seen::differences(seen, queued.revision, &loaded.ticket, &loaded.events))
    }

    pub(super) fn key(mut self, model: &mut Model, event: &KeyEvent, effects: &mut Vec<Effect>) -> After {
        let chord = Chord::of(event);
        if is_cancel(event) {
            return After::Close;
        }
        if chord == Chord::char('d') || event.code == KeyCode::Delete {
            super::pending::forget(model, &self.id, effects);
            return After::Close;
        }
        if event.code != KeyCode::Enter {
            return After::Stay(Dialog::Stale(self));
        }
        let loaded = model.details.ready(self.number).filter(|loaded| !loaded.ticket.etag.is_empty());
        let Some(loaded) = loaded else {
            self.fault = Some("stale-loading");
            return After::Stay(Dialog::Stale(self));
        };
        let (ticket, revision) = (loaded.ticket.clone(), loaded.revision.max(model.revision));
        if self.shown.as_ref() != Some(&ticket.etag) {
            // It changed once more while it was read: what is on the screen now has to be looked at first.
            (self.shown, self.fault) = (Some(ticket.etag), Some("stale-again"));
            return After::Stay(Dialog::Stale(self));
        }
        // On the very state that is on the screen: what comes after it is refused again, and shown again.
        send::again_on(model, &self.id, &ticket, revision, effects);
        After::Close
    }
}
