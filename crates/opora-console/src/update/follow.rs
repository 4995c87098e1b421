//! What was typed for a ticket that was merged: such a ticket takes no message, so the text goes where messages go.

use opora_proto::v1::{Visibility, ticket_event::Change as Event};

use super::send;
use crate::drafts::DraftKey;
use crate::model::Model;
use crate::msg::{Effect, Happened, Trouble};

/// The number in a ticket's name.
fn number_of(name: &str) -> Option<u64> {
    name.rsplit('/').next().and_then(|number| number.parse().ok())
}

/// A ticket was merged, or what a merged one is part of was read.
pub(super) fn merged(model: &mut Model, happened: &Happened, effects: &mut Vec<Effect>) {
    if let Some(Event::Merged(merged)) = &happened.event.change
        && let (Some(source), Some(target)) = (number_of(&merged.source), number_of(&merged.target))
    {
        bring(model, source, target, effects);
    }
}

/// A ticket was read: what was typed for the parts of it, or for itself where it is a part.
pub(super) fn read(model: &mut Model, number: u64, effects: &mut Vec<Effect>) {
    let Some(loaded) = model.details.ready(number) else { return };
    let into = number_of(&loaded.ticket.merged_into).map(|target| (number, target));
    let parts = loaded.ticket.merged_parts.iter().filter_map(|part| Some((number_of(&part.ticket)?, number)));
    let pairs: Vec<(u64, u64)> = parts.chain(into).collect();
    for (source, target) in pairs {
        bring(model, source, target, effects);
    }
}

/// A message was refused since its ticket is part of another one: where its text is kept now.
pub(super) fn refused(model: &mut Model, number: u64, trouble: &Trouble, effects: &mut Vec<Effect>) -> Option<u64> {
    let target = number_of(trouble.metadata.get("merged_into")?.trim_start_matches('#'))?;
    bring(model, number, target, effects).then_some(target)
}

/// Makes the texts that were typed for a merged ticket drafts of its target, below what was typed there; whether any
/// was. What is being typed or sent stays where it is until it is done with.
fn bring(model: &mut Model, source: u64, target: u64, effects: &mut Vec<Effect>) -> bool {
    let mut any = false;
    let typed = model.dialog.as_ref().and_then(crate::dialog::Dialog::number);
    if typed.is_some_and(|number| number == source || number == target) {
        return any;
    }
    for visibility in [Visibility::Public, Visibility::Internal] {
        let (from, to) = (DraftKey::of(source, visibility), DraftKey::of(target, visibility));
        if model.is_sending(from) || model.is_sending(to) {
            continue;
        }
        let Some(text) = model.drafts.get(from).map(|draft| draft.text.clone()) else { continue };
        let text = match model.drafts.get(to) {
            Some(own) => format!("{}\n\n{text}", own.text.trim_end()),
            None => text,
        };
        send::keep_draft(model, to, &text, effects);
        model.drafts.remove(from);
        effects.push(Effect::DeleteDraft(from));
        any = true;
    }
    any
}
