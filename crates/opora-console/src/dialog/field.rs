//! Text fields: one line, and many. They get what was typed, whatever layout is on.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui_textarea::{TextArea, WrapMode};
use tui_input::{Input, InputRequest, backend::crossterm::to_input_request};

use super::snippet;
use crate::keys;
use crate::text;

/// The most characters of a line.
const LONGEST: usize = 2_000;
/// The most bytes of a long text (docs/contract.md "Promises": 256 KiB).
pub(crate) const LONGEST_TEXT: usize = 256 * 1024;

/// One line of text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(Input);

impl Line {
    pub(crate) fn of(text: &str) -> Self {
        Self(Input::new(text::typed_line(text)))
    }

    pub(crate) fn value(&self) -> &str {
        self.0.value()
    }

    /// Another text in place of what is there: the cursor stays as far from the end, and a blank there stays too.
    pub(crate) fn retype(&mut self, text: &str) {
        let length = |text: &str| text.chars().count();
        let from_end = length(self.0.value()).saturating_sub(self.0.cursor());
        let blank = if self.0.value().ends_with(' ') && !text.is_empty() { " " } else { "" };
        let text = text::typed_line(&format!("{text}{blank}"));
        let cursor = length(&text).saturating_sub(from_end);
        self.0 = Input::new(text).with_cursor(cursor);
    }

    /// The text and the column of the cursor as they are shown in so many columns.
    pub(crate) fn shown(&self, columns: usize) -> (String, usize) {
        let scroll = self.0.visual_scroll(columns.saturating_sub(1));
        let mut skipped = 0;
        let rest: String = self
            .0
            .value()
            .chars()
            .skip_while(|c| {
                let skip = skipped < scroll;
                if skip {
                    skipped += text::width(c.encode_utf8(&mut [0; 4]));
                }
                skip
            })
            .collect();
        (text::cut(&rest, columns), self.0.visual_cursor().saturating_sub(skipped).min(columns.saturating_sub(1)))
    }

    /// A key; true where the text changed.
    pub(crate) fn key(&mut self, event: &KeyEvent) -> bool {
        let event = with_latin_chords(event);
        let Some(request) = to_input_request(&Event::Key(event)) else { return false };
        if let InputRequest::InsertChar(c) = request
            && (c.is_control() || self.0.value().chars().count() >= LONGEST)
        {
            return false;
        }
        self.0.handle(request).is_some_and(|change| change.value)
    }

    pub(crate) fn paste(&mut self, text: &str) {
        for c in text::typed_line(text).chars() {
            if self.0.value().chars().count() < LONGEST {
                self.0.handle(InputRequest::InsertChar(c));
            }
        }
    }
}

/// A long text.
#[derive(Clone, Debug)]
pub(crate) struct Area(TextArea<'static>);

impl Area {
    pub(crate) fn of(text: &str) -> Self {
        let mut area = TextArea::new(text::typed_block(text).split('\n').map(str::to_owned).collect());
        area.set_wrap_mode(WrapMode::WordOrGlyph);
        area.set_cursor_line_style(ratatui::style::Style::new());
        // A colour of the library's own could be that of the letters.
        let reversed = ratatui::style::Style::new().add_modifier(ratatui::style::Modifier::REVERSED);
        area.set_selection_style(reversed);
        area.move_cursor(ratatui_textarea::CursorMove::Bottom);
        area.move_cursor(ratatui_textarea::CursorMove::End);
        Self(area)
    }

    pub(crate) fn text(&self) -> String {
        self.0.lines().join("\n")
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.0.lines().iter().all(|line| line.trim().is_empty())
    }

    /// A key; true where the text changed.
    pub(crate) fn key(&mut self, event: &KeyEvent) -> bool {
        let mut event = with_latin_chords(event);
        // A line feed comes as Ctrl-j; the editor would take the line away.
        if event.code == KeyCode::Char('j') && event.modifiers == KeyModifiers::CONTROL {
            event = KeyEvent::from(KeyCode::Enter);
        }
        match event.code {
            KeyCode::Char(c) if c.is_control() => false,
            KeyCode::Char(_) if event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
                self.0.input(Event::Key(event))
            }
            KeyCode::Char(_) | KeyCode::Enter if self.bytes() >= LONGEST_TEXT => false,
            _ => self.0.input(Event::Key(event)),
        }
    }

    pub(crate) fn paste(&mut self, text: &str) {
        let room = LONGEST_TEXT.saturating_sub(self.bytes());
        let mut text = text::typed_block(&text.replace("\r\n", "\n").replace('\r', "\n"));
        while text.len() > room {
            text.pop();
        }
        self.0.insert_str(text);
    }

    /// Puts a text in at the cursor.
    pub(crate) fn insert(&mut self, text: &str) {
        self.paste(text);
    }

    /// Marks the next placeholder after the cursor, or else the first, so that what is typed takes its place. False
    /// where there is none.
    pub(crate) fn next_placeholder(&mut self) -> bool {
        use ratatui_textarea::CursorMove;
        let at = self.0.cursor();
        let places: Vec<(usize, usize, usize)> = self
            .0
            .lines()
            .iter()
            .enumerate()
            .flat_map(|(row, line)| placeholders(line).into_iter().map(move |(from, to)| (row, from, to)))
            .collect();
        let after = |place: &&(usize, usize, usize)| (place.0, place.1) >= (at.0, at.1);
        let Some((row, from, to)) = places.iter().find(after).or_else(|| places.first()).copied() else { return false };
        let jump = |row: usize, column: usize| {
            let small = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
            CursorMove::Jump(small(row), small(column))
        };
        self.0.cancel_selection();
        self.0.move_cursor(jump(row, from));
        self.0.start_selection();
        self.0.move_cursor(jump(row, to));
        true
    }

    /// Whether a placeholder of a canned reply is still to be filled in.
    pub(crate) fn has_placeholder(&self) -> bool {
        self.0.lines().iter().any(|line| snippet::placeholder(line).is_some())
    }

    pub(crate) fn widget(&self) -> &TextArea<'static> {
        &self.0
    }

    fn bytes(&self) -> usize {
        self.0.lines().iter().map(|line| line.len() + 1).sum()
    }
}

/// Where the placeholders of a line begin and end, in characters.
fn placeholders(line: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut rest, mut skipped) = (line, 0);
    while let Some((from, to)) = snippet::placeholder(rest) {
        let (before, tail) = rest.split_at(from);
        let (inside, after) = tail.split_at(to - from);
        let start = skipped + before.chars().count();
        skipped = start + inside.chars().count();
        found.push((start, skipped));
        rest = after;
    }
    found
}

/// A chord with Ctrl or Alt means the physical key; a letter alone is what was typed.
fn with_latin_chords(event: &KeyEvent) -> KeyEvent {
    match event.code {
        KeyCode::Char(c) if event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
            KeyEvent { code: KeyCode::Char(keys::latin(c)), ..*event }
        }
        _ => *event,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_feed_is_a_new_line_and_takes_nothing_away() {
        for key in ['j', 'о'] {
            let mut area = Area::of("one");
            assert!(area.key(&KeyEvent::new(KeyCode::Char(key), KeyModifiers::CONTROL)));
            area.paste("two");
            assert_eq!(area.text(), "one\ntwo");
        }
    }
}
