//! What the network tells. Nothing here moves the cursor to another ticket.

use opora_proto::error::ErrorReason;
use opora_proto::v1::{ActorKind, Visibility, ticket_event::Change as Event};

use super::{alert, directory, send};
use crate::dialog::Dialog;
use crate::dialog::write::Write;
use crate::drafts::DraftKey;
use crate::model::{Level, Link, Model, Undo};
use crate::msg::{Batch, Done, Effect, Happened, Net, Trouble, What};
use crate::queue::Left;
use crate::screens::incident;
use crate::text;

/// Applies what the network tells.
pub(super) fn apply(model: &mut Model, net: Net, effects: &mut Vec<Effect>) {
    let quiet = matches!(net, Net::Batch(_));
    match net {
        Net::Offline { mut why, retry_at, foreign } => {
            if foreign {
                why = model.texts.with("queue-foreign", &[("server", (&model.server).into())]);
            }
            let since = match &model.link {
                Link::Offline { since, .. } => *since,
                _ => model.now,
            };
            model.link = Link::Offline { since, retry_at, why };
        }
        Net::Head(rows) => model.queue.begin_with(rows),
        Net::Set => {
            model.link = Link::CatchingUp;
            model.details.forget_all();
            model.queue.begin_set();
            model.screens.incident.forget();
            model.screens.dashboard.forget();
        }
        Net::Batch(batch) => apply_batch(model, batch),
        Net::Agents(agents) => {
            model.agents = agents;
            model.agents_known = true;
        }
        Net::Server(mut info) => {
            // What the same server was found to lack it lacks still.
            if let Some(known) = model.info.take().filter(|known| known.version == info.version) {
                info.lacks = known.lacks;
            }
            model.info = Some(info);
        }
        Net::Lacks(what) => {
            let lacks = &mut model.info.get_or_insert_default().lacks;
            if !lacks.contains(&what) {
                lacks.push(what);
            }
        }
        Net::Ladder(ladder) => model.ladder = ladder,
        Net::Detail { number, generation, result } => {
            model.details.answer(number, generation, result);
            if let Some(Dialog::Write(write)) = model.dialog.as_mut().filter(|dialog| dialog.number() == Some(number))
                && let Some(loaded) = model.details.ready(number)
            {
                write.shown(loaded);
            }
        }
        Net::Preview { number, generation, result } => {
            if let Some(Dialog::Priority(dialog)) = &mut model.dialog {
                dialog.answer(number, generation, result);
            }
        }
        Net::Presence(told) => {
            model.dirty |= model.presences.apply(told);
            return;
        }
        Net::Explained { number, generation, result } => {
            if let Some(Dialog::Explain(explain)) = &mut model.dialog {
                explain.answer(number, generation, result);
            }
        }
        Net::Snippets(result) => directory::snippets(model, result),
        Net::Organisations(result) => directory::organisations(model, result),
        Net::Found { generation, result } => {
            model.screens.search.answer(generation, result, effects);
        }
        Net::Ended { generation, result } => model.screens.dashboard.answer(generation, result),
        Net::Incident { generation, result } => model.screens.incident.answer(generation, result),
        Net::Replied { parent, request_id, result } => {
            incident::answered(model, parent, &request_id, result, effects);
        }
        Net::Older { number, generation, result } => {
            if let Err(trouble) = model.details.answer_older(number, generation, result) {
                let text = text::clean_line(&trouble.message);
                model.toast_with(Level::Refused, text, trouble.technical);
            }
        }
        Net::Done { request_id, result: Ok(done) } => accepted(model, &request_id, &done, effects),
        Net::Done { request_id, result: Err(trouble) } => refused(model, &request_id, &trouble, effects),
    }
    model.dirty |= !quiet;
}

fn apply_batch(model: &mut Model, batch: Batch) {
    let news = !batch.rows.is_empty() || !batch.events.is_empty() || batch.revision != model.revision || batch.synced;
    if !batch.rows.is_empty() {
        model.queue.add_set(batch.rows);
    }
    if batch.synced {
        model.queue.end_set();
    }
    let was_live = model.link == Link::Live;
    if batch.synced || model.link != Link::CatchingUp {
        if matches!(model.link, Link::Offline { .. }) {
            model.details.forget_failed();
            model.screens.incident.forget_failed();
            model.screens.dashboard.forget();
        }
        model.link = Link::Live;
    }
    for happened in batch.events {
        apply_event(model, happened);
    }
    model.revision = batch.revision;
    let seen = batch.revision;
    model.pending.retain(|_, pending| pending.accepted.is_none_or(|revision| revision > seen));
    model.dirty |= news || !was_live;
}

fn apply_event(model: &mut Model, mut happened: Happened) {
    let actor = happened.event.actor.clone().unwrap_or_default();
    let who = text::clean_line(actor.name.rsplit('/').next().unwrap_or_default());
    let number = happened.row.number;
    happened.row.answered = match &happened.event.change {
        Some(Event::Commented(added)) => match added.comment.as_ref() {
            Some(c) if c.author.as_ref().is_some_and(|a| a.kind() == ActorKind::Contact) => true,
            Some(c) if c.visibility() == Visibility::Public => false,
            _ => model.queue.row(number).is_some_and(|row| row.answered),
        },
        _ => model.queue.row(number).is_some_and(|row| row.answered),
    };
    let kind = happened.event.change.as_ref().and_then(send::undoable_of);
    if let Some(undo) = &model.undo
        && undo.number == number
        && Some(undo.kind) == kind
        && undo.revision < happened.event.revision
    {
        model.undo = None;
    }
    alert::note(model, &happened, &who);
    model.details.happened(&happened);
    model.screens.happened(&happened);
    if let Some(peek) = model.peek.as_mut().filter(|peek| peek.number == number) {
        *peek = happened.row.clone();
    }
    let created = matches!(happened.event.change, Some(Event::Created(_)));
    let by_others = who != model.me;
    if happened.left_view {
        let state = happened.row.state;
        model.queue.remove(happened.row, Left::State(state, who));
    } else {
        model.queue.put(happened.row, created, by_others);
    }
}

fn accepted(model: &mut Model, request_id: &str, done: &Done, effects: &mut Vec<Effect>) {
    let Some(pending) = model.pending.get_mut(request_id) else { return };
    pending.accepted = Some(done.revision);
    let (change, draft) = (pending.change.clone(), pending.draft);
    if done.revision <= model.revision {
        model.pending.remove(request_id);
    }
    if let Some(key) = draft
        && model.drafts.get(key).is_some_and(|draft| draft.request_id == request_id)
    {
        // Only the very text that was sent: what was typed since stays.
        model.drafts.remove(key);
        effects.push(Effect::DeleteDraft(key));
    }
    if let Some(kind) = change.what.undoable() {
        model.undo = Some(Undo { number: change.number, kind, revision: done.revision });
    }
    let (level, mut text) = send::told(model, &change, done);
    if change.what.undoable().is_some() {
        text = format!("{text} · {}", model.texts.get("undo-hint"));
    }
    model.toast(level, text);
}

fn refused(model: &mut Model, request_id: &str, trouble: &Trouble, effects: &mut Vec<Effect>) {
    let Some(pending) = model.pending.remove(request_id) else { return };
    let number = pending.change.number;
    let held = trouble.reason == Some(ErrorReason::UnseenMessage);
    if held && let What::Comment { visibility, .. } = pending.change.what {
        hold_back(model, number, visibility, trouble);
    }
    if trouble.reason == Some(ErrorReason::RequestIdReused)
        && let Some(key) = pending.draft
        && let Some(draft) = model.drafts.get(key).cloned()
    {
        model.drafts.sent(key, "");
        effects.push(Effect::SaveDraft(
            key,
            crate::drafts::Draft { request_id: String::new(), undelivered: true, ..draft },
        ));
    }
    let sentence = match trouble.reason {
        Some(ErrorReason::EtagMismatch) => model.texts.get("refused-stale"),
        Some(ErrorReason::UnseenMessage) => model.texts.get("refused-unseen"),
        Some(ErrorReason::CannotUndo) => model.texts.get("refused-undo"),
        Some(ErrorReason::RequestIdReused) => model.texts.get("refused-reused"),
        _ if trouble.unreachable => model.texts.get("refused-unreachable"),
        _ => text::clean_line(&trouble.message),
    };
    let kept = if pending.draft.is_some() { model.texts.get("draft-kept") } else { String::new() };
    let text = if number == 0 { format!("{sentence} {kept}") } else { format!("#{number}: {sentence} {kept}") };
    model.toast_with(Level::Refused, text.trim_end().to_owned(), trouble.technical.clone());
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
        && model.subject().is_some_and(|row| row.number == number)
        && let Some(mut write) = Write::open(model, visibility)
    {
        write.hold(revision);
        model.dialog = Some(Dialog::Write(Box::new(write)));
    }
}
