//! The actions on many tickets, and the rarer ones on a single ticket: which dialog each opens, or what it does.

use crate::actions::Action;
use crate::dialog::Dialog;
use crate::dialog::ask::{Ask, Kind};
use crate::dialog::bulk::{self, Bulk};
use crate::dialog::bulk_tags;
use crate::dialog::checklist::Checklist;
use crate::dialog::fields::FieldsForm;
use crate::dialog::pending::PendingList;
use crate::dialog::results::Results;
use crate::dialog::suggest::Suggest;
use crate::dialog::tie::Tie;
use crate::layout::{layout, screen};
use crate::model::{Level, Model};
use crate::msg::Effect;
use crate::queue::view::left_words;
use crate::selection;

/// Does an action, if it is one of these.
pub(super) fn action(model: &mut Model, action: Action, effects: &mut Vec<Effect>) -> bool {
    if selection::marks_act(model) && many(model, action, effects) {
        return true;
    }
    if marks(model, action) {
        return true;
    }
    let asked = match action {
        Action::Impact => Kind::Impact,
        Action::EscalateTo => Kind::EscalateTo,
        Action::Deescalate => Kind::Deescalate,
        Action::Tags => Kind::Tags,
        Action::Unlink => Kind::Unlink,
        Action::Unmerge => Kind::Unmerge,
        Action::Attach => Kind::Attach,
        Action::Fetch => Kind::Fetch,
        Action::MarkMatching => Kind::MarkMatching,
        _ => {
            let dialog = match action {
                Action::Fields => FieldsForm::open(model, effects).map(|form| Dialog::Fields(Box::new(form))),
                Action::Checklist => Checklist::open(model).map(Dialog::Checklist),
                Action::Merge => Tie::merge(model).map(|tie| Dialog::Tie(Box::new(tie))),
                Action::Link => Tie::link(model).map(|tie| Dialog::Tie(Box::new(tie))),
                Action::Pending => Some(Dialog::Pending(PendingList::default())),
                Action::Suggestions => Some(Dialog::Suggest(Box::new(Suggest::open()))),
                Action::Results => Some(Dialog::Results(Results::default())),
                _ => return false,
            };
            model.dialog = dialog;
            return true;
        }
    };
    model.dialog = Ask::open(model, asked, effects).map(Dialog::Ask);
    true
}

/// With marks, the actions that can be done on many are about those.
fn many(model: &mut Model, action: Action, effects: &mut Vec<Effect>) -> bool {
    let kind = match action {
        Action::Assign => bulk::Kind::Assign,
        Action::Priority => bulk::Kind::Priority,
        Action::Status => bulk::Kind::State,
        Action::Reply => bulk::Kind::Reply,
        Action::Escalate => bulk::Kind::Escalate,
        Action::Tags => bulk::Kind::Tags,
        Action::Take => {
            take(model, effects);
            return true;
        }
        _ => return false,
    };
    if kind == bulk::Kind::Tags && selection::count(model) > bulk_tags::MOST {
        let text = model.texts.with("bulk-tags-most", &[("most", bulk_tags::MOST.into())]);
        model.toast(Level::Warning, text);
        return true;
    }
    model.dialog = Some(Dialog::Bulk(Box::new(Bulk::open(model, kind, effects))));
    true
}

/// The marked tickets are mine: shown first, like every change of many.
fn take(model: &mut Model, effects: &mut Vec<Effect>) {
    let mut bulk = Box::new(Bulk::open(model, bulk::Kind::Assign, effects));
    bulk.preview(model, effects);
    model.dialog = Some(Dialog::Bulk(bulk));
}

/// A ghost is not marked: says which, and why it is one.
fn ghost(model: &mut Model) {
    let Some((number, why)) = selection::ghost_at_cursor(model) else { return };
    let (number, why) = (number.to_string(), left_words(model, &why));
    let text = model.texts.with("ghost-unmarked", &[("number", (&number).into()), ("why", (&why).into())]);
    model.toast(Level::Warning, text);
}

fn marks(model: &mut Model, action: Action) -> bool {
    let height = layout(model, screen(model)).rows.height as usize;
    match action {
        Action::Mark if model.queue.marks.is_visual() => model.queue.end_visual(),
        Action::Mark if model.queue.toggle_mark() => model.queue.step(1, height),
        Action::Visual if model.queue.toggle_visual() => {}
        Action::Mark | Action::Visual => ghost(model),
        Action::MarkAll => model.queue.toggle_all(),
        Action::UnmarkAll => model.queue.unmark_all(),
        _ => return false,
    }
    true
}
