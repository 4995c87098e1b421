//! Sending changes: each with its request id, its etag and a pending mark, on disk until it was answered. And keeping
//! what was typed.

use opora_proto::v1::{self, Priority, Visibility};

use crate::change::{BATCH, Target};
use crate::dialog::words::{fields_words, what_words};
use crate::drafts::DraftKey;
use crate::model::{Level, Link, Model, Pending};
use crate::msg::{Call, Change, Done, Effect, NewTicket, Undoable, What};
use crate::outbox::{Queued, Seen, Standing};
use crate::queue::row::Row;
use crate::selection::Picked;
use crate::theme::{priority_word, state_word};
use crate::{ladder, seen, text};

/// What a change is made on, and what of it was seen.
struct On {
    number: u64,
    etag: String,
    seen: Seen,
    revision: u64,
    /// What was seen of the other ticket that the change is made on.
    other: Seen,
}

impl On {
    /// No ticket, or many.
    fn none(model: &Model) -> Self {
        Self { number: 0, etag: String::new(), seen: Seen::new(), revision: model.revision, other: Seen::new() }
    }
}

/// Sends a change of a ticket that is selected, on the state that was seen of it. A message carries no etag: a
/// colleague's answer may bring a step of life, and the refusal has to name that answer (`seen_through`) and not the step.
pub(crate) fn on(model: &mut Model, picked: &Picked, what: What, draft: Option<DraftKey>, effects: &mut Vec<Effect>) {
    let (etag, seen) = (picked.etag().to_owned(), picked.seen().clone());
    let (number, revision) = (picked.number(), picked.revision());
    send(model, On { number, etag, seen, revision, other: Seen::new() }, what, draft, effects);
}

/// Makes a ticket that is selected a part of another, each on the state that was seen of it.
pub(crate) fn merge(model: &mut Model, picked: &Picked, target: &Row, effects: &mut Vec<Effect>) {
    let (etag, seen, other) = (picked.etag().to_owned(), picked.seen().clone(), seen::of(model, target));
    let what = What::Merge(target.number, String::new(), target.etag().to_owned());
    let (number, revision) = (picked.number(), picked.revision());
    send(model, On { number, etag, seen, revision, other }, what, None, effects);
}

/// Sends a new ticket.
pub(crate) fn create(model: &mut Model, new: NewTicket, draft: DraftKey, effects: &mut Vec<Effect>) {
    let on = On::none(model);
    send(model, on, What::Create(Box::new(new)), Some(draft), effects);
}

/// Sends a refused change again as it is: on what was seen when it was made.
pub(crate) fn again(model: &mut Model, request_id: &str, effects: &mut Vec<Effect>) {
    let Some(Queued { change, draft, seen, revision, other, .. }) = drop_change(model, request_id, effects) else {
        return;
    };
    send(model, On { number: change.number, etag: change.etag, seen, revision, other }, change.what, draft, effects);
}

/// Sends a refused change of one ticket again, on another state of that, or of the other that it is made on: on the one
/// that was shown.
pub(crate) fn again_on(
    model: &mut Model,
    request_id: &str,
    shown: &v1::Ticket,
    revision: u64,
    effects: &mut Vec<Effect>,
) {
    let is_of = |entry: &crate::outbox::Entry| entry.queued.change.is_made_on(shown.number);
    if !model.outbox.get(request_id).is_some_and(is_of) {
        return;
    }
    let Some(mut queued) = drop_change(model, request_id, effects) else { return };
    let Change { number, etag, what, .. } = &mut queued.change;
    match what {
        What::Merge(target, _, target_etag) if *target == shown.number && *number != shown.number => {
            shown.etag.clone_into(target_etag);
            queued.other = seen::fields(shown);
        }
        _ => {
            what.bring_onto(shown);
            shown.etag.clone_into(etag);
            queued.seen = seen::fields(shown);
            queued.revision = revision;
        }
    }
    let Queued { change, draft, seen, revision, other, .. } = queued;
    send(model, On { number: change.number, etag: change.etag, seen, revision, other }, change.what, draft, effects);
}

/// Sends a change: with its request id, on disk until it was answered.
fn send(model: &mut Model, on: On, what: What, draft: Option<DraftKey>, effects: &mut Vec<Effect>) {
    if model.outbox.is_full() {
        let text = model.texts.get("outbox-full");
        return model.toast(Level::Refused, text);
    }
    let kept = draft.and_then(|key| model.drafts.get(key)).map(|draft| draft.request_id.clone());
    let request_id = kept.filter(|id| !id.is_empty()).unwrap_or_else(|| model.request_id());
    // A refused change that is sent again under its id takes the place of the refused one.
    if model.outbox.get(&request_id).is_some_and(crate::outbox::Entry::is_refused) {
        drop_change(model, &request_id, effects);
    }
    let On { number, etag, seen, revision, other } = on;
    let etag = if matches!(what, What::Comment { .. }) { String::new() } else { etag };
    if let Some(key) = draft {
        model.drafts.sent(key, &request_id);
        if let Some(draft) = model.drafts.get(key) {
            effects.push(Effect::SaveDraft(key, draft.clone()));
        }
    }
    let change = Change { request_id: request_id.clone(), number, etag, what };
    let queued = Queued {
        draft,
        at: model.now,
        order: model.outbox.next_order(),
        server: model.server.clone(),
        me: model.me.clone(),
        seen,
        revision,
        other,
        change,
    };
    model.pending.insert(request_id, Pending { change: queued.change.clone(), draft, accepted: None });
    effects.push(Effect::Queue(Box::new(queued.clone())));
    let away = is_away(model);
    model.outbox.add(queued, away);
    if away {
        let text = model.texts.get("outbox-kept");
        model.toast(Level::Warning, text);
    }
    pump(model, effects);
}

/// Sends changes of many tickets that are selected, each on the state that was seen of it.
pub(crate) fn on_many(
    model: &mut Model,
    parts: &[(Vec<Picked>, What)],
    draft: Option<DraftKey>,
    effects: &mut Vec<Effect>,
) {
    let target = |picked: &Picked| Target { number: picked.number(), etag: picked.etag().to_owned() };
    let parts: Vec<_> = parts.iter().map(|(all, what)| (all.iter().map(target).collect(), what.clone())).collect();
    many(model, &parts, draft, effects);
}

/// Sends changes of many tickets. What can be taken back goes in parts of so many as the contract takes at once, for
/// each has a revision of its own; a text goes as one change, for it is one draft.
fn many(model: &mut Model, parts: &[(Vec<Target>, What)], draft: Option<DraftKey>, effects: &mut Vec<Effect>) {
    model.results.clear();
    if let Some(undo) = &mut model.undo {
        undo.grows = false;
    }
    for (targets, what) in parts {
        let whole = matches!(what, What::Comment { .. });
        for part in targets.chunks(if whole { targets.len().max(1) } else { BATCH }) {
            let bare = |target: &Target| Target { number: target.number, etag: String::new() };
            let part = if whole { part.iter().map(bare).collect() } else { part.to_vec() };
            let on = On::none(model);
            send(model, on, What::Many(part, Box::new(what.clone())), draft.filter(|_| whole), effects);
        }
    }
}

fn is_away(model: &Model) -> bool {
    matches!(model.link, Link::Offline { .. } | Link::Connecting)
}

/// Sends what may be sent now.
pub(crate) fn pump(model: &mut Model, effects: &mut Vec<Effect>) {
    if is_away(model) {
        return;
    }
    while let Some(change) = model.outbox.next().map(|queued| queued.change.clone()) {
        model.outbox.set(&change.request_id, Standing::Sent);
        effects.push(Effect::Call(Call::Change(Box::new(change))));
    }
}

/// A change is answered for good, or the person drops it.
pub(crate) fn drop_change(model: &mut Model, request_id: &str, effects: &mut Vec<Effect>) -> Option<Queued> {
    let queued = model.outbox.remove(request_id)?;
    effects.push(Effect::Unqueue(queued.file_name()));
    Some(queued)
}

/// Changes that an earlier console left without an answer. Those of other desks and people stay where they are.
pub(crate) fn restored(model: &mut Model, found: Vec<Queued>, effects: &mut Vec<Effect>) {
    let (server, me) = (model.server.clone(), model.me.clone());
    let mut count = 0_usize;
    for queued in found.into_iter().filter(|queued| queued.is_of(&server, &me)) {
        let change = queued.change.clone();
        model.pending.insert(change.request_id.clone(), Pending { change, draft: queued.draft, accepted: None });
        model.outbox.add(queued, true);
        count += 1;
    }
    if count > 0 {
        let text = model.texts.with("outbox-restored", &[("count", count.into())]);
        model.toast(Level::Warning, text);
    }
    pump(model, effects);
}

/// Takes the last change back.
pub(crate) fn undo(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(undo) = model.undo.take() else { return };
    model.overtaken = None;
    // No etag: that nobody changed the same thing since is for the server to judge.
    for (revision, numbers) in undo.parts {
        let what = What::Undo(undo.kind, revision);
        if let [number] = numbers.as_slice() {
            let on = On { number: *number, ..On::none(model) };
            send(model, on, what, None, effects);
        } else {
            let targets: Vec<Target> =
                numbers.into_iter().map(|number| Target { number, etag: String::new() }).collect();
            many(model, &[(targets, what)], None, effects);
        }
    }
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
        What::Escalate(_) | What::EscalateTo(..) => escalated(model, number, done),
        What::State(state, _) => {
            let word = texts.get(state_word(*state));
            texts.with("done-state", &[number, ("state", (&word).into())])
        }
        What::Comment { visibility, .. } if *visibility == Visibility::Public => texts.with("done-reply", &[number]),
        What::Comment { .. } => texts.with("done-note", &[number]),
        What::Create(_) => texts.with("done-create", &[number]),
        What::Undo(kind, _) => {
            let what = texts.get(kind.word());
            texts.with("done-undo", &[number, ("what", (&what).into())])
        }
        What::Many(targets, what) => return told_many(model, what, targets.len(), done),
        other => told_more(model, other, number, done),
    };
    (Level::Done, text)
}

/// To whom it was escalated, how and when they can be reached: the agent does it, nobody is told by the server
/// (docs/domain.md §8).
fn escalated(model: &Model, number: (&str, crate::texts::Arg<'_>), done: &Done) -> String {
    // Where the ladder was changed since it was read, its address may be another one's.
    let rung = ladder::rung(model, done.rung).filter(|rung| rung.whom == done.whom);
    let how = rung.map(|rung| ladder::how(model, rung)).filter(|how| !how.is_empty());
    let whom = text::clean_line(&done.whom);
    let whom = ("whom", (&whom).into());
    let told = match done.reachable.filter(|at| *at > model.now) {
        Some(at) => {
            let at = crate::clock::moment(at, model.now, &model.zone);
            model.texts.with("done-escalate-later", &[number, whom, ("at", (&at).into())])
        }
        None => model.texts.with("done-escalate", &[number, whom]),
    };
    match how {
        Some(how) => format!("{told} · {how}"),
        None => told,
    }
}

fn told_many(model: &Model, what: &What, count: usize, done: &Done) -> (Level, String) {
    let refused = done.each.iter().filter(|(_, fate)| fate.is_err()).count();
    let is_escalation = matches!(what, What::Escalate(_) | What::EscalateTo(..));
    let what = what_words(model, what);
    let left_out = model.results.iter().filter(|one| one.left_out).count();
    let counts = [("done", (count - refused.min(count)).into()), ("refused", refused.into()), ("what", (&what).into())];
    let level = if refused == 0 { Level::Done } else { Level::Refused };
    let mut words = model.texts.with("done-many", &counts);
    if left_out > 0 {
        words = format!("{words}, {}", model.texts.with("done-left-out", &[("count", left_out.into())]));
    }
    if is_escalation && refused < count {
        words = format!("{words} · {}", model.texts.get("escalate-untold"));
    }
    (level, words)
}

fn told_more(model: &Model, what: &What, number: (&str, crate::texts::Arg<'_>), done: &Done) -> String {
    let texts = &model.texts;
    let other = |key: &str, target: u64| texts.with(key, &[number, ("target", (&target.to_string()).into())]);
    match what {
        What::Impact(impact, _) => {
            let word = texts.get(seen::impact_word(*impact));
            texts.with("done-impact", &[number, ("impact", (&word).into())])
        }
        What::Deescalate(rung, _) => texts.with("done-deescalate", &[number, ("rung", (*rung).into())]),
        What::Merge(target, ..) => other("done-merge", *target),
        What::Unmerge(_) => texts.with("done-unmerge", &[number]),
        What::Link(target, _) => other("done-link", *target),
        What::Unlink(target) => other("done-unlink", *target),
        What::Attach(_) => {
            let file = text::clean_line(&done.whom);
            texts.with("done-attach", &[number, ("file", (&file).into())])
        }
        what => {
            let fields = fields_words(model, what);
            texts.with("done-update", &[number, ("fields", (&fields).into())])
        }
    }
}

/// What of an event could be taken back: after it, an older change of the same thing can not.
pub(crate) fn undoable_of(change: &opora_proto::v1::ticket_event::Change) -> Option<Undoable> {
    use opora_proto::v1::ticket_event::Change as Event;
    match change {
        Event::Assigned(_) => Some(Undoable::Assign),
        Event::Reprioritised(r) if r.priority() != Priority::Unspecified => Some(Undoable::Priority),
        Event::Transitioned(_) => Some(Undoable::State),
        Event::Linked(_) => Some(Undoable::Link),
        Event::Unlinked(_) => Some(Undoable::Unlink),
        Event::Updated(update) => {
            let tags = update.update_mask.as_ref().is_some_and(|mask| mask.paths.iter().any(|path| path == "tags"));
            tags.then_some(Undoable::Tags)
        }
        _ => None,
    }
}
