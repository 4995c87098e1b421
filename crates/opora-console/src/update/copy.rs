//! What is copied to the clipboard: the ticket's number, a link to it, its newest message.

use crate::actions::Action;
use crate::model::{Level, Model};
use crate::msg::Effect;
use crate::term::osc::LONGEST_COPY;
use crate::text::clean_block;

/// Copies, and says what.
pub(super) fn copy(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    let Some(number) = model.subject().map(|row| row.number) else { return };
    let (text, told) = match action {
        Action::CopyNumber => (format!("#{number}"), "copied-number"),
        Action::CopyLink => (link(&model.server, number), "copied-link"),
        _ => (message(model).unwrap_or_default(), "copied-message"),
    };
    if text.len() > LONGEST_COPY {
        let words = model.texts.get("copy-too-long");
        model.toast(Level::Warning, words);
        return;
    }
    let words = model.texts.with(told, &[("number", (&number.to_string()).into())]);
    model.toast(Level::Done, words);
    effects.push(Effect::Copy(text));
}

/// The newest message of the ticket, its description where there is none. `None`: not loaded, or nothing is written.
pub(crate) fn message(model: &Model) -> Option<String> {
    let loaded = model.details.ready(model.subject()?.number)?;
    let newest = loaded.comments.last().map_or(&loaded.ticket.description, |comment| &comment.body);
    let text = clean_block(newest);
    (!text.trim().is_empty()).then_some(text)
}

/// A link to a ticket that the command line and the search take.
fn link(server: &str, number: u64) -> String {
    let scheme = if server.contains("://") { "" } else { "http://" };
    format!("{scheme}{}/tickets/{number}", server.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample;
    use crate::tests::press;
    use crate::texts::Language;
    use crate::theme::Theme;

    #[test]
    fn the_number_a_link_and_the_newest_message_are_copied() {
        let mut model = sample(Language::En, Theme::Dark, (120, 24));
        let mut copied = |keys: &str| {
            press(&mut model, keys).into_iter().find_map(|effect| match effect {
                Effect::Copy(text) => Some(text),
                _ => None,
            })
        };
        assert_eq!(copied("yn").as_deref(), Some("#1042"));
        assert_eq!(copied("нт").as_deref(), Some("#1042"), "on a Russian layout too");
        assert_eq!(copied("yl").as_deref(), Some("http://127.0.0.1:7420/tickets/1042"));
        assert_eq!(copied("ym").as_deref(), Some("Похоже на SIP-транк, смотрю."));
        assert_eq!(copied("jym"), None, "the message of a ticket that is not loaded yet");
        assert_eq!(model.toasts.back().map(|toast| toast.level), Some(Level::Warning));
    }
}
