//! What the network tells of the directory, for the dialogs that choose from it.

use crate::dialog::Dialog;
use crate::model::{Level, Model};
use crate::msg::{Named, Trouble};
use crate::text;

/// The canned replies are here, or are not to be had.
pub(super) fn snippets(model: &mut Model, result: Result<Vec<opora_proto::v1::Snippet>, Trouble>) {
    match result {
        Ok(snippets) => model.snippets = snippets,
        // What was read before can still be used.
        Err(trouble) => missing(model, &trouble),
    }
    if let Some(Dialog::Write(mut write)) = model.dialog.take() {
        write.listed(model);
        model.dialog = Some(Dialog::Write(write));
    }
}

/// The organisations are here, or are not to be had.
pub(super) fn organisations(model: &mut Model, result: Result<Vec<Named>, Trouble>) {
    match result {
        Ok(organisations) => model.organisations = organisations,
        Err(trouble) => missing(model, &trouble),
    }
    match &mut model.dialog {
        Some(Dialog::Create(create)) => create.organisation.listed(&model.organisations),
        Some(Dialog::Fields(form)) => form.listed(&model.organisations),
        _ => {}
    }
}

fn missing(model: &mut Model, trouble: &Trouble) {
    let sentence =
        if trouble.unreachable { model.texts.get("refused-unreachable") } else { text::clean_line(&trouble.message) };
    let text = model.texts.with("directory-missing", &[("why", (&sentence).into())]);
    model.toast_with(Level::Warning, text, trouble.technical.clone());
}
