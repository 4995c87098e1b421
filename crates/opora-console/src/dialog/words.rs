//! What changes are, in words: for lists of them and for what is said when they are made.

use crate::change::{Change, What};
use crate::model::Model;
use crate::seen;
use crate::text::{clean_line, cut};
use crate::theme::{priority_word, state_word};

/// A change in words: the ticket and what is done with it.
pub(crate) fn change_words(model: &Model, change: &Change) -> String {
    match &change.what {
        What::Many(targets, what) => {
            let count = model.texts.with("count-tickets", &[("count", targets.len().into())]);
            format!("{count}: {}", what_words(model, what))
        }
        what if change.number == 0 => what_words(model, what),
        what => format!("#{}: {}", change.number, what_words(model, what)),
    }
}

/// What a change does, in words.
pub(crate) fn what_words(model: &Model, what: &What) -> String {
    let texts = &model.texts;
    let title = |id: &str| texts.get(&format!("action-{id}"));
    let to = |id: &str, words: &str| format!("{} → {}", title(id), clean_line(words));
    match what {
        What::Assign(id) if id.is_empty() => to("assign", &texts.get("nobody")),
        What::Assign(id) => to("assign", model.agent_name(id)),
        What::Priority(priority, _) => to("priority", &texts.get(priority_word(*priority))),
        What::Impact(impact, _) => to("impact", &texts.get(seen::impact_word(*impact))),
        What::Escalate(_) => title("escalate"),
        What::EscalateTo(rung, _) => to("escalate", &rung.to_string()),
        What::Deescalate(rung, _) => to("deescalate", &rung.to_string()),
        What::State(state, _) => to("status", &texts.get(state_word(*state))),
        What::Comment { body, visibility, .. } => {
            let id = if *visibility == opora_proto::v1::Visibility::Public { "reply" } else { "note" };
            format!("{} «{}»", title(id), cut(&clean_line(body), 40))
        }
        What::Create(new) => format!("{} «{}»", title("create"), clean_line(&new.subject)),
        What::Update(_) => format!("{}: {}", title("fields"), fields_words(model, what)),
        What::Merge(target, ..) => to("merge", &format!("#{target}")),
        What::Unmerge(_) => title("unmerge"),
        What::Link(target, _) => to("link", &format!("#{target}")),
        What::Unlink(target) => to("unlink", &format!("#{target}")),
        What::Attach(path) => format!("{} {}", title("attach"), clean_line(path)),
        What::Undo(kind, _) => to("undo", &texts.get(kind.word())),
        What::Many(_, what) => what_words(model, what),
    }
}

/// The names of the fields that a change edits.
pub(crate) fn fields_words(model: &Model, what: &What) -> String {
    let mask = what.fields().map(|fields| fields.wire("").1).unwrap_or_default();
    let names: Vec<String> = mask.into_iter().map(|name| field_name(model, &name.replace('_', "-"))).collect();
    names.join(", ")
}

/// The name of a field.
pub(super) fn field_name(model: &Model, field: &str) -> String {
    model.texts.get(&format!("field-{field}"))
}
