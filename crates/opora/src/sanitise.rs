//! Makes text from elsewhere safe for a terminal: escape sequences, control characters and marks that turn the
//! direction of writing would let a customer's message draw on the screen, or lie about what stands there.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character must not reach a terminal. Line feed and tab are for the caller to know.
fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Text of several lines: what is unsafe becomes `�`, a tab four spaces, CR LF a line feed.
pub(crate) fn block(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| is_unsafe(c) || c == '\t') {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\t' => clean.push_str("    "),
            c if is_unsafe(c) => clean.push('\u{fffd}'),
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}

/// Text of one line: as [`block`], and a line feed becomes a space.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    match block(text) {
        clean if clean.contains('\n') => Cow::Owned(clean.replace('\n', " ")),
        clean => clean,
    }
}

/// JSON for a terminal: what is unsafe is written as `\u….`, which is the same JSON.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(clean, "\\u{unit:04x}");
            }
        } else {
            clean.push(c);
        }
    }
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_controls_and_direction_marks_never_reach_a_terminal() {
        let bad = "a\u{1b}[31mb\u{9b}2Jc\u{202e}d\u{2066}e\u{7}\u{200f}\rf";
        let clean = block(bad);
        assert_eq!(clean, "a�[31mb�2Jc�d�e���f");
        assert_eq!(line("раз\r\nдва\tтри"), "раз два    три");
    }

    #[test]
    fn json_stays_the_same_json() {
        let value = serde_json::json!({"subject": "x\u{9b}\u{202e}y\u{e0041}"});
        let text = value.to_string();
        let clean = json(&text);
        assert!(!clean.contains(is_unsafe));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&clean).unwrap(), value);
    }
}
