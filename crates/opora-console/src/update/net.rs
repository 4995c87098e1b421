//! What the network tells. Nothing here moves the cursor to another ticket.

use opora_proto::v1::ticket_event::Change as Event;

use super::{alert, answer, directory, follow, send, sent};
use crate::dialog::Dialog;
use crate::model::{Level, Link, Model};
use crate::msg::{Batch, Effect, Happened, Net, PathFault, Trouble, Undoable};
use crate::queue::Left;
use crate::{meanwhile, selection, suggest, text};

/// Applies what the network tells.
pub(super) fn apply(model: &mut Model, net: Net, effects: &mut Vec<Effect>) {
    let quiet = matches!(net, Net::Batch(_));
    match net {
        Net::Offline { mut why, retry_at, foreign } => {
            if foreign {
                why = model.texts.with("queue-foreign", &[("server", (&model.server).into())]);
            }
            offline(model, retry_at, why);
        }
        Net::Mute { retry_at } => {
            let why = model.texts.with("queue-mute", &[("server", (&model.server).into())]);
            offline(model, retry_at, why);
        }
        Net::Head(rows) => model.queue.begin_with(rows),
        Net::Set => {
            model.link = Link::CatchingUp;
            model.details.forget_all();
            model.queue.begin_set();
            model.screens.incident.forget();
            model.screens.dashboard.forget();
            model.suggestions.forget();
        }
        Net::Batch(batch) => {
            let etag = |model: &Model| {
                let [picked, ..] = model.dialog.as_ref()?.picked() else { return None };
                selection::live(model, picked.number()).map(|row| row.etag().to_owned())
            };
            let before = etag(model);
            let many = model.dialog.as_ref().is_some_and(|dialog| dialog.picked().len() > 1);
            apply_batch(model, batch, effects);
            // What an open dialog shows of its tickets is what they are now.
            if many || etag(model) != before {
                changed(model, effects);
            }
            send::pump(model, effects);
        }
        Net::Files { number, generation, result } => {
            if let Some(mut dialog) = model.dialog.take() {
                if let Dialog::Ask(ask) = &mut dialog {
                    ask.files(model, number, generation, result);
                }
                model.dialog = Some(dialog);
            }
        }
        Net::Tags { generation, result } => {
            if let Some(Dialog::Bulk(bulk)) = &mut model.dialog {
                bulk.tags.answer(generation, result);
            }
        }
        Net::Looked { generation, result } => looked(model, generation, result, effects),
        Net::Completed { generation, completed } => {
            if let Some(Dialog::Ask(ask)) = &mut model.dialog {
                ask.completed(generation, completed);
            }
        }
        Net::Progress { name, done, size } => model.transfer = Some((name, done, size)),
        Net::Fetched(result) => fetched(model, result),
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
        Net::Ladder(ladder) => ladder_came(model, ladder),
        Net::Suggested(result) => suggest::answer(model, result),
        Net::Detail { number, generation, result } => {
            model.details.answer(number, generation, result);
            fill(model, number);
            if let Some(Dialog::Write(write)) = model.dialog.as_mut().filter(|dialog| dialog.number() == Some(number))
                && let Some(loaded) = model.details.ready(number)
            {
                write.shown(loaded);
            }
            follow::read(model, number, effects);
        }
        Net::Preview { number, generation, result } => match &mut model.dialog {
            Some(Dialog::Priority(dialog)) => dialog.answer(number, generation, result),
            Some(Dialog::Bulk(bulk)) => bulk.answer(number, generation, result),
            _ => {}
        },
        Net::Found { generation, result } => match &mut model.dialog {
            Some(Dialog::Tie(tie)) => tie.answer(generation, result.map(|found| found.rows)),
            _ => model.screens.search.answer(generation, result, effects),
        },
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
        Net::Ended { generation, result } => model.screens.dashboard.answer(generation, result),
        Net::Incident { generation, result } => model.screens.incident.answer(generation, result),
        Net::Older { number, generation, result } => {
            if let Err(trouble) = model.details.answer_older(number, generation, result) {
                let text = text::clean_line(&trouble.message);
                model.toast_with(Level::Refused, text, trouble.technical);
            }
        }
        Net::Done { request_id, result: Ok(done) } => answer::accepted(model, &request_id, &done, effects),
        Net::Done { request_id, result: Err(trouble) } => answer::refused(model, &request_id, &trouble, effects),
    }
    model.dirty |= !quiet;
}

fn offline(model: &mut Model, retry_at: i64, why: String) {
    let since = match &model.link {
        Link::Offline { since, .. } => *since,
        _ => model.now,
    };
    model.link = Link::Offline { since, retry_at, why };
    model.outbox.hold();
}

fn apply_batch(model: &mut Model, batch: Batch, effects: &mut Vec<Effect>) {
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
    if !batch.events.is_empty() {
        model.suggestions.changed();
    }
    for happened in batch.events {
        follow::merged(model, &happened, effects);
        apply_event(model, happened);
    }
    model.revision = batch.revision;
    let seen = batch.revision;
    model.pending.retain(|_, pending| pending.accepted.is_none_or(|revision| revision > seen));
    model.dirty |= news || !was_live;
}

fn apply_event(model: &mut Model, happened: Happened) {
    let actor = happened.event.actor.clone().unwrap_or_default();
    let who = text::clean_line(actor.name.rsplit('/').next().unwrap_or_default());
    let number = happened.row.number;
    let kind = happened.event.change.as_ref().and_then(send::undoable_of);
    if let Some(kind) = kind {
        changed_since(model, number, kind, happened.event.revision, &who);
    }
    alert::note(model, &happened, &who);
    meanwhile::note(model, &happened);
    if let Some(Dialog::Bulk(bulk)) = &mut model.dialog {
        bulk.tags.happened(&happened);
    }
    model.details.happened(&happened);
    model.screens.happened(&happened);
    if let Some(peek) = model.peek.as_mut().filter(|peek| peek.number == number) {
        *peek = happened.row.clone();
    }
    let created = matches!(happened.event.change, Some(Event::Created(_)));
    let by_others = who != model.me;
    if happened.left_view {
        let left = Left::of(&happened);
        model.queue.remove(happened.row, left);
    } else {
        model.queue.put(happened.row, created, by_others);
    }
}

/// An older change of the same thing can't be taken back any more.
fn changed_since(model: &mut Model, number: u64, kind: Undoable, at: u64, who: &str) {
    let Some(undo) = model.undo.as_mut().filter(|undo| undo.kind.is_of(kind)) else { return };
    for (_, numbers) in undo.parts.iter_mut().filter(|(revision, _)| *revision < at) {
        numbers.retain(|n| *n != number);
    }
    undo.parts.retain(|(_, numbers)| !numbers.is_empty());
    if undo.parts.is_empty() {
        model.undo = None;
        model.overtaken = Some((number, who.to_owned()));
    }
}

/// Who is on the ladder; what is not known takes nothing away.
fn ladder_came(model: &mut Model, ladder: Vec<opora_proto::v1::LadderRung>) {
    if ladder.is_empty() {
        return;
    }
    let was = std::mem::replace(&mut model.ladder, ladder);
    let Some(mut dialog) = model.dialog.take() else { return };
    match &mut dialog {
        Dialog::Ask(ask) => ask.laddered(model, &was),
        Dialog::Reason(reason) => reason.laddered(model, &was),
        Dialog::Bulk(bulk) => bulk.laddered(model),
        _ => {}
    }
    model.dialog = Some(dialog);
}

/// The place that a dialog asked about was looked at: the dialog is done, or says what is wrong.
fn looked(model: &mut Model, generation: u64, result: Result<String, PathFault>, effects: &mut Vec<Effect>) {
    let Some(Dialog::Ask(mut ask)) = model.dialog.take_if(|dialog| matches!(dialog, Dialog::Ask(_))) else { return };
    let sent = effects.len();
    if !ask.looked(model, generation, result, effects) {
        model.dialog = Some(Dialog::Ask(ask));
        return;
    }
    sent::remember(model, Some(Dialog::Ask(ask)), sent, false, effects);
}

fn fetched(model: &mut Model, result: Result<String, Trouble>) {
    model.transfer = None;
    match result {
        Ok(path) => {
            let text = model.texts.with("done-fetched", &[("path", (&text::clean_line(&path)).into())]);
            model.toast(Level::Done, text);
        }
        Err(trouble) => {
            let text = model.texts.with("fetch-failed", &[("why", (&text::clean_line(&trouble.message)).into())]);
            model.toast_with(Level::Refused, text, trouble.technical);
        }
    }
}

fn changed(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(mut dialog) = model.dialog.take() else { return };
    dialog.changed(model, effects);
    model.dialog = Some(dialog);
}

/// A dialog that waited for the ticket gets its fields.
fn fill(model: &mut Model, number: u64) {
    let Some(mut dialog) = model.dialog.take() else { return };
    if dialog.number() == Some(number) {
        dialog.fill(model);
    }
    model.dialog = Some(dialog);
}
