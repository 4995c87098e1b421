//! A key for a dialog, and the dialogs whose change is on its way. What was refused comes back with what was typed, unless
//! the person went on to something else.

use crossterm::event::KeyEvent;

use crate::dialog::{After, Dialog, is_cancel};
use crate::model::Model;
use crate::msg::Effect;

/// How many dialogs are remembered: changes are answered one after the other.
const MOST: usize = 16;

/// Whether something is typed in it that no draft keeps.
const fn is_typed(dialog: &Dialog) -> bool {
    matches!(
        dialog,
        Dialog::Ask(_)
            | Dialog::Reason(_)
            | Dialog::Priority(_)
            | Dialog::Tie(_)
            | Dialog::Checklist(_)
            | Dialog::Fields(_)
            | Dialog::Bulk(_)
            | Dialog::Suggest(_)
    )
}

/// Gives the dialog its key.
pub(super) fn key(model: &mut Model, dialog: Dialog, event: &KeyEvent, effects: &mut Vec<Effect>) {
    let kept = (is_typed(&dialog) && !is_cancel(event)).then(|| dialog.clone());
    let (before, full) = (effects.len(), model.outbox.is_full());
    match dialog.key(model, event, effects) {
        After::Stay(dialog) => model.dialog = Some(dialog),
        After::Close => remember(model, kept, before, full, effects),
    }
}

/// The dialog closed: it may have sent something.
pub(super) fn remember(model: &mut Model, kept: Option<Dialog>, before: usize, full: bool, effects: &[Effect]) {
    let Some(dialog) = kept else { return };
    let id = effects.iter().skip(before).find_map(|effect| match effect {
        Effect::Queue(queued) => Some(queued.change.request_id.clone()),
        _ => None,
    });
    match id {
        Some(id) => {
            if model.sent.len() == MOST {
                model.sent.remove(0);
            }
            model.sent.push((id, dialog));
        }
        // Nothing could be taken on: what was typed is still the person's.
        None if full && effects.len() == before => {
            model.refusal = Some(model.texts.get("outbox-full"));
            model.dialog = Some(dialog);
        }
        None => {}
    }
}

/// A change was accepted: its dialog is not needed any more.
pub(super) fn accepted(model: &mut Model, request_id: &str) {
    model.sent.retain(|(id, _)| id != request_id);
}

/// A change was refused for this reason: its dialog comes back, if the person did nothing else since.
pub(super) fn refused(model: &mut Model, request_id: &str, why: &str, effects: &mut Vec<Effect>) {
    let Some(at) = model.sent.iter().position(|(id, _)| id == request_id) else { return };
    let (_, mut dialog) = model.sent.remove(at);
    if model.dialog.is_none() {
        // What it shows of the ticket is from before it was sent.
        if dialog.picked().iter().any(|picked| picked.has_changed(model)) {
            dialog.changed(model, effects);
        }
        model.dialog = Some(dialog);
        model.refusal = Some(why.to_owned());
    }
}
