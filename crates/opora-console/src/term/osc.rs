//! What is told to the terminal beside the frame: clipboard (OSC 52), notification (OSC 9) and links (OSC 8), also
//! through tmux. Makes texts; writes nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::text::clean_line;

/// The most bytes that are copied: terminals drop what is longer.
pub(crate) const LONGEST_COPY: usize = 74_000;
/// The most characters of a notification.
const LONGEST_CALL: usize = 200;

/// Puts a text into the clipboard of the machine where the terminal is.
///
/// Within tmux it is said twice: once to tmux itself (`set-clipboard on`), once past it (`allow-passthrough on`).
pub(crate) fn copy(text: &str, tmux: bool) -> String {
    let osc = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
    if tmux { format!("{osc}{}", past_tmux(&osc)) } else { osc }
}

/// The bell, a notification, or both.
pub(crate) fn call(text: &str, sound: bool, notify: bool, tmux: bool) -> String {
    let mut out = String::new();
    if notify {
        let words: String = clean_line(text).chars().take(LONGEST_CALL).collect();
        let osc = format!("\x1b]9;{words}\x07");
        out.push_str(&if tmux { past_tmux(&osc) } else { osc });
    }
    if sound {
        out.push('\x07');
    }
    out
}

/// What follows is a link, until [`LINK_END`]. Parts of one link have the same id.
pub(crate) fn link_begin(url: &str, id: usize) -> String {
    format!("\x1b]8;id=opora{id};{url}\x1b\\")
}

/// The end of a link.
pub(crate) const LINK_END: &str = "\x1b]8;;\x1b\\";

/// A sequence that tmux hands on to the terminal as it is.
fn past_tmux(sequence: &str) -> String {
    format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_copied_as_base64() {
        assert_eq!(copy("#1042", false), "\x1b]52;c;IzEwNDI=\x07");
        assert_eq!(copy("да", true), "\x1b]52;c;0LTQsA==\x07\x1bPtmux;\x1b\x1b]52;c;0LTQsA==\x07\x1b\\");
    }

    #[test]
    fn a_call_has_a_bell_a_notification_or_both() {
        assert_eq!(call("#1", true, false, true), "\x07");
        assert_eq!(call("#1", false, true, false), "\x1b]9;#1\x07");
        assert_eq!(call("#1", true, true, true), "\x1bPtmux;\x1b\x1b]9;#1\x07\x1b\\\x07");
        assert_eq!(call("#1", false, false, false), "");
    }

    proptest! {
        #[test]
        fn no_text_from_outside_ends_a_notification(text in "[\\x00-\\x1f\\x7f\u{9c}\u{9b}a-z]{0,40}") {
            let said = call(&text, false, true, false);
            let inner = said.strip_prefix("\x1b]9;").and_then(|rest| rest.strip_suffix('\x07'));
            prop_assert!(inner.is_some_and(|inner| !inner.chars().any(char::is_control)));
        }
    }
}
