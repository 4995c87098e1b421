//! Text fields: one line, and many. They get what was typed, whatever layout is on.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui_textarea::{TextArea, WrapMode};
use tui_input::{Input, InputRequest, backend::crossterm::to_input_request};

use crate::keys;
use crate::text;

/// The most characters of a line.
const LONGEST: usize = 2_000;
/// The most bytes of a long text (`contract.md`: 256 KiB).
pub(crate) const LONGEST_TEXT: usize = 256 * 1024;

/// One line of text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(Input);

impl Line {
    pub(crate) fn of(text: &str) -> Self {
        Self(Input::new(text::clean_line(text)))
    }

    pub(crate) fn value(&self) -> &str {
        self.0.value()
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
        for c in text::clean_line(text).chars() {
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
        let mut area = TextArea::new(text::clean_block(text).split('\n').map(str::to_owned).collect());
        area.set_wrap_mode(WrapMode::WordOrGlyph);
        area.set_cursor_line_style(ratatui::style::Style::new());
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
        let event = with_latin_chords(event);
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
        let mut text = text::clean_block(&text.replace("\r\n", "\n").replace('\r', "\n"));
        while text.len() > room {
            text.pop();
        }
        self.0.insert_str(text);
    }

    pub(crate) fn widget(&self) -> &TextArea<'static> {
        &self.0
    }

    fn bytes(&self) -> usize {
        self.0.lines().iter().map(|line| line.len() + 1).sum()
    }
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
