//! Texts from outside made fit for a terminal, measured in columns. Knows nothing of tickets.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Bidirectional controls and other characters that draw nothing but change what stands around them.
fn is_unwelcome(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2028}' | '\u{2029}'
        | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Signs that draw nothing of their own, or join and vary those around them: one terminal gives a sequence of them two
/// columns, another four, and pieces of it would stay on the screen.
fn is_joining(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{34F}' | '\u{488}' | '\u{489}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200C}' | '\u{200D}' | '\u{2060}'..='\u{206F}' | '\u{20DD}'..='\u{20E0}'
        | '\u{20E2}'..='\u{20E4}' | '\u{3164}' | '\u{A670}'..='\u{A672}' | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}'
        | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0100}'..='\u{E01EF}')
}

/// A sign as it is drawn: of a flag the letters of its country, of what joins others nothing.
fn drawn(c: char) -> Option<char> {
    match c {
        '\u{1F1E6}'..='\u{1F1FF}' => char::from_u32(u32::from(c) - 0x1_F1E6 + u32::from('A')),
        c if is_joining(c) => None,
        c => Some(c),
    }
}

/// One line to be drawn: no escape, C0 or C1 control, no bidirectional control, nothing that joins signs; line breaks
/// and tabs are spaces.
pub(crate) fn clean_line(text: &str) -> String {
    typed_line(text).chars().filter_map(drawn).collect()
}

/// A sentence of the server as people write: `#4` for `tickets/4`. What is below a ticket, `tickets/4/comments/7`, stays.
pub(crate) fn numbered(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("tickets/") {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        // Digits are one byte each.
        let (number, behind) = after.split_at(digits);
        let part = before.ends_with(|c: char| c.is_alphanumeric() || c == '/')
            || behind.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '-'));
        out.push_str(before);
        out.push_str(if number.is_empty() || part { "tickets/" } else { "#" });
        out.push_str(number);
        rest = behind;
    }
    out + rest
}

/// Many lines to be drawn: as [`clean_line`], but line breaks stay and a tab is four spaces.
pub(crate) fn clean_block(text: &str) -> String {
    typed_block(text).chars().filter_map(drawn).collect()
}

/// A line that is edited and sent on: as [`clean_line`], but signs stay joined.
pub(crate) fn typed_line(text: &str) -> String {
    text.chars()
        .filter(|c| !is_unwelcome(*c))
        .filter_map(|c| match c {
            '\n' | '\r' | '\t' => Some(' '),
            c if c.is_control() => None,
            c => Some(c),
        })
        .collect()
}

/// Many lines that are edited and sent on: as [`clean_block`], but signs stay joined.
pub(crate) fn typed_block(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_unwelcome(*c)) {
        match c {
            '\n' => out.push('\n'),
            '\t' => out.push_str("    "),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Whether every terminal gives a sign the columns that it is reckoned with here. Where one does not, the row that the
/// sign stands on is drawn whole whenever it changes.
pub(crate) fn is_agreed(sign: &str) -> bool {
    let mut chars = sign.chars();
    let (Some(first), None) = (chars.next(), chars.next()) else { return sign.is_empty() };
    // Greek, mathematical signs, the console's own marks, then the wide signs that no terminal joins.
    is_simple(first)
        || matches!(first, '\u{370}'..='\u{3ff}' | '\u{2200}'..='\u{22ff}' | '\u{270e}' | '\u{2717}'
            | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// Whether a sign takes one column and stands for itself, whatever plain sign stands beside it: Latin, Cyrillic,
/// punctuation, arrows, lines and blocks.
const fn is_simple(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{400}'..='\u{482}' | '\u{48a}'..='\u{52f}'
        | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{2190}'..='\u{21ff}' | '\u{2500}'..='\u{25fc}')
}

/// Columns that a text of plain signs takes; nothing where there are others.
pub(crate) fn simple_width(text: &str) -> Option<usize> {
    let mut columns = 0;
    for c in text.chars() {
        if !is_simple(c) {
            return None;
        }
        columns += 1;
    }
    Some(columns)
}

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    simple_width(text).unwrap_or_else(|| text.width())
}

/// At most `columns` columns of a text, with `…` where it was cut.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    let simple = simple_width(text);
    if simple.unwrap_or_else(|| text.width()) <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    if simple.is_some() {
        return text.chars().take(columns - 1).chain(std::iter::once('…')).collect();
    }
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let wide = width(grapheme);
        if used + wide > columns - 1 {
            break;
        }
        used += wide;
        out.push_str(grapheme);
    }
    out.push('…');
    out
}

/// Exactly `columns` columns: cut or filled with spaces on the right.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    let mut out = cut(text, columns);
    let missing = columns.saturating_sub(width(&out));
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// Exactly `columns` columns, filled with spaces on the left.
pub(crate) fn fit_right(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    let missing = columns.saturating_sub(width(&text));
    format!("{}{text}", " ".repeat(missing))
}

/// A text broken into lines of at most `columns` columns, between words where that is possible.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut used = 0;
        // A comma stays with its word: lines break at spaces only.
        for piece in paragraph.split_inclusive(char::is_whitespace) {
            let word = piece.trim_end();
            let wide = width(word);
            if used + wide <= columns {
                line.push_str(word);
                used += wide;
            } else if wide <= columns {
                lines.push(std::mem::replace(&mut line, word.to_owned()));
                used = wide;
            } else {
                for grapheme in word.graphemes(true) {
                    // Some signs are wider than a narrow column.
                    let grapheme = if width(grapheme) > columns { "…" } else { grapheme };
                    let wide = width(grapheme);
                    if used + wide > columns {
                        lines.push(std::mem::take(&mut line));
                        used = 0;
                    }
                    line.push_str(grapheme);
                    used += wide;
                }
            }
            let space = piece.strip_prefix(word).unwrap_or_default();
            if used + width(space) <= columns {
                line.push_str(space);
                used += width(space);
            }
        }
        lines.push(line);
    }
    lines
}

/// Sentences one after the other, with a full stop after each that has no end of its own and is followed by another.
pub(crate) fn sentences(parts: impl IntoIterator<Item = String>) -> String {
    let mut out = String::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        if !out.is_empty() {
            out.push_str(if out.ends_with(['.', '!', '?', '…']) { " " } else { ". " });
        }
        out.push_str(&part);
    }
    out
}

/// A text as it is compared: as the desk's filters compare it.
pub(crate) fn fold(text: &str) -> String {
    opora_fold::text(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_and_bidirectional_controls_are_taken_out() {
        assert_eq!(clean_line("a\u{1b}[31mb\u{9b}c\u{202e}d\ne"), "a[31mbcd e");
        assert_eq!(clean_block("a\r\n\tb\u{2066}"), "a\n    b");
    }

    #[test]
    fn a_ticket_in_a_sentence_of_the_server_is_written_by_its_number() {
        for (said, shown) in [
            ("There is no tickets/4", "There is no #4"),
            ("tickets/4 is part of tickets/39; change that one", "#4 is part of #39; change that one"),
            ("Нет запроса tickets/4.", "Нет запроса #4."),
            (
                "tickets/4/comments/7 and tickets/01900000-ab and mytickets/4",
                "tickets/4/comments/7 and tickets/01900000-ab and mytickets/4",
            ),
            ("tickets/", "tickets/"),
        ] {
            assert_eq!(numbered(said), shown);
        }
    }

    #[test]
    fn what_joins_signs_is_not_drawn_and_a_flag_is_its_letters() {
        assert_eq!(clean_line("Сбой 🇷🇺 и 🇰🇿"), "Сбой RU и KZ");
        assert_eq!(clean_line("می\u{200c}خواهم 👩\u{200d}💻 👍🏽 ☎\u{fe0f} 1\u{fe0f}\u{20e3}"), "میخواهم 👩💻 👍 ☎ 1");
        assert_eq!(clean_block("a\u{ad}b\n🇫🇮"), "ab\nFI");
        // What a person writes goes out as it was written.
        let typed = "می\u{200c}خواهم 👩\u{200d}💻 🇷🇺";
        assert_eq!((typed_line(typed), typed_block(typed)), (typed.to_owned(), typed.to_owned()));
        for sign in ["a", "я", "─", "∞", "日", " ", ""] {
            assert!(is_agreed(sign), "{sign}");
        }
        for sign in ["नि", "क्ष", "👩", "e\u{301}", "☎", "म"] {
            assert!(!is_agreed(sign), "{sign}");
        }
    }

    #[test]
    fn width_is_counted_in_columns_not_in_bytes() {
        assert_eq!(cut("Нет входящих", 6), "Нет в…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日… ");
        assert_eq!(fit_right("7", 3), "  7");
        assert_eq!(fold("ЁЛКА"), "елка");
    }

    #[test]
    fn sentences_are_parted() {
        let of = |parts: &[&str]| sentences(parts.iter().map(|&part| part.to_owned()));
        assert_eq!(of(&["#1: not sent", "", "It is kept.", "Again?"]), "#1: not sent. It is kept. Again?");
        assert_eq!(of(&["", "once"]), "once");
    }

    #[test]
    fn plain_signs_take_a_column_each_and_stand_for_themselves() {
        let simple: Vec<char> = ('\0'..=char::MAX).filter(|c| is_simple(*c)).collect();
        assert!(simple.len() > 900, "{}", simple.len());
        for c in simple {
            for text in [format!("a{c}я"), format!("{c}{c}"), format!("©{c}#")] {
                let signs = text.chars().count();
                assert_eq!(text.width(), signs, "{c:?}");
                assert_eq!(text.graphemes(true).count(), signs, "{c:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_line_of_a_wrapped_text_is_too_wide(text in "\\PC{0,80}", columns in 2_usize..30) {
            for line in wrap(&clean_block(&text), columns) {
                prop_assert!(width(&line) <= columns, "{line:?}");
            }
        }
    }
}
