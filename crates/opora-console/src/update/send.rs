//! Sending changes: each with its request id, its etag and a pending mark. And keeping what was typed.

use opora_proto::v1::Priority;

use crate::drafts::DraftKey;
use crate::model::{Level, Model, Pending};
use crate::msg::{Call, Change, Done, Effect, Undoable, What};
use crate::text;
use crate::theme::{priority_word, state_word};

/// Sends a change of a ticket as it was seen under `etag`. A message carries none: a colleague's answer may bring a
/// step of life, and the refusal has to name that answer (`seen_through`) and not the step.
pub(crate) fn change(
    model: &mut Model,
    number: u64,
    etag: &str,
    what: What,
    draft: Option<DraftKey>,
    effects: &mut Vec<Effect>,
) {
    let kept = draft.and_then(|key| model.drafts.get(key)).map(|draft| draft.request_id.clone());
    let request_id = kept.filter(|id| !id.is_empty()).unwrap_or_else(|| model.request_id());
    let etag = if matches!(what, What::Comment { .. }) { String::new() } else { etag.to_owned() };
    if let Some(key) = draft {
        model.drafts.sent(key, &request_id);
        if let Some(draft) = model.drafts.get(key) {
            effects.push(Effect::SaveDraft(key, draft.clone()));
        }
    }
    let change = Change { request_id: request_id.clone(), number, etag, what };
    model.pending.insert(request_id, Pending { change: change.clone(), draft, accepted: None });
    effects.push(Effect::Call(Call::Change(Box::new(change))));
}

/// Takes the last change back.
pub(crate) fn undo(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(undo) = model.undo.take() else { return };
    // No etag: that nobody changed the same thing since is for the server to judge.
    change(model, undo.number, "", What::Undo(undo.kind, undo.revision), None, effects);
}

/// Keeps what was typed, in memory and on disk, or forgets a draft that was emptied.
pub(crate) fn keep_draft(model: &mut Model, key: DraftKey, text: &str, effects: &mut Vec<Effect>) {
    if text.trim().is_empty() {
        if model.drafts.get(key).is_some() {
            model.drafts.remove(key);
            effects.push(Effect::DeleteDraft(key));
        }
        return;
    }
    if model.drafts.keep(key, text)
        && let Some(draft) = model.drafts.get(key)
    {
        effects.push(Effect::SaveDraft(key, draft.clone()));
    }
}

/// What an accepted change is told as.
pub(crate) fn told(model: &Model, change: &Change, done: &Done) -> (Level, String) {
    let texts = &model.texts;
    let number = done.number.max(change.number).to_string();
    let number = ("number", number.as_str().into());
    let text = match &change.what {
        What::Assign(id) if id.is_empty() => texts.with("done-unassign", &[number]),
        What::Assign(id) => {
            let who = text::clean_line(model.agent_name(id));
            texts.with("done-assign", &[number, ("who", (&who).into())])
        }
        What::Priority(priority, _) => {
            let word = texts.get(priority_word(*priority));
            texts.with("done-priority", &[number, ("priority", (&word).into())])
        }
        What::Escalate(_) => {
            let whom = text::clean_line(&done.whom);
            texts.with("done-escalate", &[number, ("whom", (&whom).into())])
        }
        What::State(state, _) => {
            let word = texts.get(state_word(*state));
            texts.with("done-state", &[number, ("state", (&word).into())])
        }
        What::Comment { visibility, .. } if *visibility == opora_proto::v1::Visibility::Public => {
            texts.with("done-reply", &[number])
        }
        What::Comment { .. } => texts.with("done-note", &[number]),
        What::Create(_) => texts.with("done-create", &[number]),
        What::Undo(..) => texts.with("done-undo", &[number]),
    };
    (Level::Done, text)
}

/// What of an event could be taken back: after it, an older change of the same thing can not.
pub(crate) fn undoable_of(change: &opora_proto::v1::ticket_event::Change) -> Option<Undoable> {
    use opora_proto::v1::ticket_event::Change as Event;
    match change {
        Event::Assigned(_) => Some(Undoable::Assign),
        Event::Reprioritised(r) if r.priority() != Priority::Unspecified => Some(Undoable::Priority),
        Event::Transitioned(_) => Some(Undoable::State),
        _ => None,
    }
}
