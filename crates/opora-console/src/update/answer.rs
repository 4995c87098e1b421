//! What became of a change: accepted, refused, or not known. Nothing is guessed: what was refused after it had waited
//! stays until the person decides.

use opora_proto::error::ErrorReason;
use opora_proto::v1::Visibility;

use super::{follow, send, sent};
use crate::dialog::Dialog;
use crate::dialog::results::{Outcome, Results};
use crate::dialog::stale::Stale;
use crate::dialog::write::Write;
use crate::drafts::{Draft, DraftKey};
use crate::model::{Level, Model, Pending, Undo};
use crate::msg::{Change, Done, Effect, Trouble, What};
use crate::outbox::Standing;
use crate::queue::row::Row;
use crate::screens::incident;
use crate::selection;
use crate::text;

/// A change was accepted.
pub(super) fn accepted(model: &mut Model, request_id: &str, done: &Done, effects: &mut Vec<Effect>) {
    let Some(pending) = model.pending.get_mut(request_id) else { return };
    pending.accepted = Some(done.revision);
    let (change, draft) = (pending.change.clone(), pending.draft);
    if done.revision <= model.revision {
        model.pending.remove(request_id);
    }
    sent::accepted(model, request_id);
    model.transfer = model.transfer.take().filter(|_| !matches!(change.what, What::Attach(_)));
    send::drop_change(model, request_id, effects);
    moved_on(model, &change, done, effects);
    let refused = done.each.iter().any(|(_, fate)| fate.is_err());
    if let Some(key) = draft {
        delete_draft(model, key, request_id, refused, effects);
    }
    remember(model, &change, done);
    if let Some(DraftKey::All(parent)) = draft {
        incident::answered(model, parent, done);
        return send::pump(model, effects);
    }
    let (level, mut text) = send::told(model, &change, done);
    if change.what.undoable().is_some() && model.undo.is_some() {
        text = format!("{text} · {}", model.texts.get("undo-hint"));
    }
    model.toast(level, text);
    if change.what.undoable().is_some()
        && let Some(undo) = &mut model.undo
    {
        undo.told = model.toasted;
    }
    if matches!(change.what, What::Many(..)) {
        results(model, &change, done);
    }
    send::pump(model, effects);
}

/// Later changes of one's own were made on what this one changed.
fn moved_on(model: &mut Model, change: &Change, done: &Done, effects: &mut Vec<Effect>) {
    let one = (change.number != 0).then(|| (change.number, done.etag.clone()));
    let many = done.each.iter().filter_map(|(number, fate)| Some((*number, fate.as_ref().ok()?.clone())));
    for (number, etag) in one.into_iter().chain(many) {
        let Some(old) = change.etag_of(number) else { continue };
        for queued in model.outbox.moved_on(&change.what, number, old, &etag) {
            effects.push(Effect::Queue(Box::new(queued)));
        }
    }
}

/// Only the very text that was sent goes: what was typed since stays, and so does what some did not get.
fn delete_draft(model: &mut Model, key: DraftKey, request_id: &str, refused: bool, effects: &mut Vec<Effect>) {
    let Some(draft) = model.drafts.get(key).filter(|draft| draft.request_id == request_id).cloned() else { return };
    if refused {
        // For those the text goes out under another id.
        model.drafts.sent(key, "");
        effects.push(Effect::SaveDraft(key, Draft { request_id: String::new(), undelivered: true, ..draft }));
    } else {
        model.drafts.remove(key);
        effects.push(Effect::DeleteDraft(key));
    }
}

/// What can be taken back from now on.
fn remember(model: &mut Model, change: &Change, done: &Done) {
    let Some(kind) = change.what.undoable() else { return };
    let numbers: Vec<u64> = match &change.what {
        What::Many(..) => done.each.iter().filter(|(_, fate)| fate.is_ok()).map(|(number, _)| *number).collect(),
        _ => vec![change.number],
    };
    if numbers.is_empty() || done.revision == 0 {
        return;
    }
    let part = (done.revision, numbers);
    let grows = matches!(change.what, What::Many(..));
    match model.undo.as_mut().filter(|undo| grows && undo.grows && undo.kind == kind) {
        // A further part of the same bulk change.
        Some(undo) => undo.parts.push(part),
        None => model.undo = Some(Undo { kind, parts: vec![part], grows, told: 0 }),
    }
    model.overtaken = None;
}

/// What became of each of many: those done lose their mark.
fn results(model: &mut Model, change: &Change, done: &Done) {
    let What::Many(_, _) = &change.what else { return };
    for (number, fate) in &done.each {
        let subject = model.queue.row(*number).map(Row::subject).unwrap_or_default();
        if fate.is_ok() {
            model.queue.unmark(*number);
        }
        let why = fate.as_ref().err().map(|trouble| sentence(model, trouble));
        model.results.push(Outcome { number: *number, subject, why, left_out: false });
    }
    if model.dialog.is_none() || matches!(model.dialog, Some(Dialog::Results(_))) {
        model.dialog = Some(Dialog::Results(Results::default()));
    }
}

/// A change was refused, or the server could not be reached.
pub(super) fn refused(model: &mut Model, request_id: &str, trouble: &Trouble, effects: &mut Vec<Effect>) {
    if !model.pending.contains_key(request_id) {
        return;
    }
    model.transfer = None;
    if trouble.unreachable {
        // Not known what became of it: the same request goes again when the server is back.
        model.outbox.set(request_id, Standing::Waiting);
        let text = model.texts.get("outbox-kept");
        return model.toast_with(Level::Warning, text, trouble.technical.clone());
    }
    let Some(pending) = model.pending.remove(request_id) else { return };
    let stale = trouble.reason == Some(ErrorReason::EtagMismatch);
    let waited = model.outbox.get(request_id).is_some_and(|entry| entry.waited);
    if waited || stale {
        model.outbox.set_refused(request_id, trouble.clone());
    } else {
        send::drop_change(model, request_id, effects);
    }
    let number = pending.change.number;
    if trouble.reason == Some(ErrorReason::UnseenMessage)
        && let What::Comment { visibility, .. } = pending.change.what
    {
        hold_back(model, number, visibility, trouble);
    }
    forget_id(model, &pending, trouble, effects);
    let sentence = sentence(model, trouble);
    let kept = match follow::refused(model, number, trouble, effects) {
        Some(target) => model.texts.with("draft-moved", &[("number", (&target.to_string()).into())]),
        None if pending.draft.is_some() => model.texts.get("draft-kept"),
        None => String::new(),
    };
    let hint = if waited || stale { model.texts.get("outbox-hint") } else { String::new() };
    let about = match pending.draft {
        Some(DraftKey::All(parent)) => format!("#{parent}: "),
        _ if number == 0 => String::new(),
        _ => format!("#{number}: "),
    };
    let words = text::sentences([format!("{about}{sentence}"), kept, hint]);
    model.toast_with(Level::Refused, words, trouble.technical.clone());
    if stale && model.dialog.is_none() {
        model.dialog = Stale::open(model, request_id).map(Dialog::Stale);
    } else if !stale && !waited {
        sent::refused(model, request_id, &sentence, effects);
    }
    send::pump(model, effects);
}

/// The id was used for something else: the text is sent under another one next time.
fn forget_id(model: &mut Model, pending: &Pending, trouble: &Trouble, effects: &mut Vec<Effect>) {
    if trouble.reason == Some(ErrorReason::RequestIdReused)
        && let Some(key) = pending.draft
        && let Some(draft) = model.drafts.get(key).cloned()
    {
        model.drafts.sent(key, "");
        effects.push(Effect::SaveDraft(key, Draft { request_id: String::new(), undelivered: true, ..draft }));
    }
}

/// Why it was refused, in a sentence.
pub(crate) fn sentence(model: &Model, trouble: &Trouble) -> String {
    match trouble.reason {
        Some(ErrorReason::EtagMismatch) => model.texts.get("refused-stale"),
        Some(ErrorReason::UnseenMessage) => model.texts.get("refused-unseen"),
        Some(ErrorReason::CannotUndo) => model.texts.get("refused-undo"),
        Some(ErrorReason::RequestIdReused) => model.texts.get("refused-reused"),
        _ => text::clean_line(&trouble.message),
    }
}

/// The answer comes back to the one who wrote it, with the message that held it back.
fn hold_back(model: &mut Model, number: u64, visibility: Visibility, trouble: &Trouble) {
    let revision = trouble.metadata.get("revision").and_then(|r| r.parse().ok()).unwrap_or_default();
    // Its event may still be on the way: the message is asked for, so that it can be read.
    let known = |loaded: &crate::msg::Loaded| loaded.comments.iter().any(|comment| comment.revision == revision);
    if model.details.ready(number).is_some_and(|loaded| !known(loaded)) {
        model.details.forget(number);
    }
    if let Some(Dialog::Write(write)) = &mut model.dialog {
        if write.draft() == DraftKey::of(number, visibility) {
            write.hold(revision);
        }
        return;
    }
    if model.dialog.is_none()
        && let Some(picked) = selection::under_cursor(model).filter(|picked| picked.number() == number)
    {
        let mut write = Write::open(model, picked, visibility);
        write.hold(revision);
        model.dialog = Some(Dialog::Write(Box::new(write)));
    }
}
