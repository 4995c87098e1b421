//! What comes back from the external editor: it is the draft, whatever became of the dialog that it was opened from.

use super::send;
use crate::dialog::Dialog;
use crate::drafts::DraftKey;
use crate::model::{Level, Model};
use crate::msg::{Edited, EditorFault, Effect};
use crate::text::clean_line;

/// Takes what the editor left, and tells what went wrong.
pub(super) fn apply(model: &mut Model, edited: Edited, effects: &mut Vec<Effect>) {
    let Edited { key, text, fault, file } = edited;
    if let Some(fault) = &fault {
        let why = why(model, fault);
        let key = if text.is_some() && !file.is_empty() { "toast-editor-saved" } else { "toast-editor-failed" };
        let words = model.texts.with(key, &[("why", (&why).into())]);
        model.toast(Level::Warning, words);
    }
    if let Some(text) = text {
        take(model, key, &text, effects);
    }
    if !file.is_empty() {
        effects.push(Effect::Unedit(file));
    }
    model.dirty = true;
}

fn take(model: &mut Model, key: DraftKey, text: &str, effects: &mut Vec<Effect>) {
    let mut dialog = model.dialog.take();
    match &mut dialog {
        Some(Dialog::Write(write)) if write.draft() == key => write.edited(model, text, effects),
        Some(Dialog::Create(create)) if key == DraftKey::Create => create.edited(model, text, effects),
        Some(Dialog::Fields(form)) if key == DraftKey::Description(form.number) => form.edited(model, text, effects),
        Some(Dialog::ReplyToAll(reply)) if key == DraftKey::All(reply.parent) => reply.edited(model, text, effects),
        Some(Dialog::Bulk(bulk)) if key == DraftKey::Many => bulk.edited(model, text, effects),
        // The dialog is no longer there: the text waits for it.
        _ => {
            let kept = model.drafts.get(key).map(|draft| draft.text.clone()).unwrap_or_default();
            send::keep_draft(model, key, &key.put(&kept, text), effects);
        }
    }
    model.dialog = dialog;
}

/// What went wrong, in words.
fn why(model: &Model, fault: &EditorFault) -> String {
    let texts = &model.texts;
    match fault {
        EditorFault::Quote(command) => texts.with("editor-quote", &[("command", (&clean_line(command)).into())]),
        EditorFault::Missing(program) => texts.with("editor-missing", &[("program", (&clean_line(program)).into())]),
        EditorFault::Exit(code) => texts.with("editor-exit", &[("code", (&code.to_string()).into())]),
        EditorFault::Signal(signal) => texts.with("editor-signal", &[("signal", (&signal.to_string()).into())]),
        EditorFault::Encoding(path) => texts.with("editor-encoding", &[("path", (&clean_line(path)).into())]),
        EditorFault::System(said) => clean_line(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msg::Msg;
    use crate::testing::sample;
    use crate::tests::press;
    use crate::texts::Language;
    use crate::theme::Theme;
    use crate::update::update;

    fn edited(key: DraftKey, text: Option<&str>, fault: Option<EditorFault>) -> Msg {
        let file = if text.is_some() { "editing-1-0-x.txt".to_owned() } else { String::new() };
        Msg::Edited(Edited { key, text: text.map(str::to_owned), fault, file })
    }

    #[test]
    fn a_text_of_a_killed_editor_is_in_the_dialog_and_its_file_goes_after_it_is_kept() {
        let mut model = sample(Language::En, Theme::Dark, (120, 40));
        press(&mut model, "rbefore");
        let key = DraftKey::Reply(1042);
        let effects = update(&mut model, edited(key, Some("the long text\n"), Some(EditorFault::Signal(9))));
        assert_eq!(model.drafts.get(key).unwrap().text, "the long text");
        let Some(Dialog::Write(write)) = &model.dialog else { panic!("{:?}", model.dialog) };
        assert_eq!(write.area.text(), "the long text");
        assert!(matches!(&effects[..], [Effect::SaveDraft(..), Effect::Unedit(_)]), "{effects:?}");
        let told = model.toasts.back().unwrap().text.clone();
        assert!(told.contains('9') && told.contains("saved"), "{told}");
    }

    #[test]
    fn an_editor_that_is_not_there_is_named_and_nothing_is_lost() {
        let mut model = sample(Language::En, Theme::Dark, (120, 40));
        press(&mut model, "rbefore");
        update(&mut model, edited(DraftKey::Reply(1042), None, Some(EditorFault::Missing("/opt/my tools/ed".into()))));
        assert_eq!(model.drafts.get(DraftKey::Reply(1042)).unwrap().text, "before");
        let told = model.toasts.back().unwrap().text.clone();
        assert!(told.contains("/opt/my tools/ed"), "{told}");
    }

    #[test]
    fn a_text_whose_dialog_is_gone_is_a_draft_all_the_same() {
        let mut model = sample(Language::En, Theme::Dark, (120, 40));
        update(&mut model, edited(DraftKey::Reply(1039), Some("for later"), None));
        assert_eq!(model.drafts.get(DraftKey::Reply(1039)).unwrap().text, "for later");
        model.drafts.keep(DraftKey::Create, "Тема\nacme\n1\n2\nbefore");
        update(&mut model, edited(DraftKey::Create, Some("description"), None));
        assert_eq!(model.drafts.get(DraftKey::Create).unwrap().text, "Тема\nacme\n1\n2\ndescription");
    }
}
