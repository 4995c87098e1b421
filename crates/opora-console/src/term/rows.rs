//! Rows with signs that terminals do not agree on (joined, combined, pictures): what one draws in two columns another
//! draws in one or in four, and a frame that changes single cells would leave pieces behind. Such a row is erased and
//! drawn whole whenever something of it changes, each sign after a doubtful one at its own place.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crossterm::cursor::{MoveTo, RestorePosition, SavePosition};
use crossterm::queue;
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{Clear, ClearType};
use ratatui::backend::{Backend as _, CrosstermBackend};
use ratatui::buffer::{Buffer, Cell};

use crate::text;

/// Nothing goes on in the next row, however wide the terminal thinks it.
pub(crate) const NO_WRAP: &str = "\x1b[?7l";
/// As it was.
pub(crate) const WRAP: &str = "\x1b[?7h";

/// The doubtful rows that are on the screen.
#[derive(Debug, Default)]
pub(crate) struct Rows(BTreeMap<u16, Vec<Cell>>);

impl Rows {
    /// Which rows have to be drawn whole after this frame: those that hold a doubtful sign, or did, and changed.
    pub(crate) fn tell(&mut self, buffer: &Buffer) -> Vec<u16> {
        let before = std::mem::take(&mut self.0);
        let wide = usize::from(buffer.area.width).max(1);
        let mut again = Vec::new();
        for (y, cells) in (buffer.area.y..).zip(buffer.content.chunks(wide)) {
            let doubtful = cells.iter().any(|cell| !text::is_agreed(cell.symbol()));
            let old = before.get(&y);
            if old.map_or(doubtful, |old| old.as_slice() != cells) {
                again.push(y);
            }
            if doubtful {
                self.0.insert(y, cells.to_vec());
            }
        }
        again
    }
}

/// Draws rows whole.
///
/// # Errors
/// What the terminal refused.
pub(crate) fn draw<W: Write>(backend: &mut CrosstermBackend<W>, buffer: &Buffer, rows: &[u16]) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    queue!(backend, SavePosition)?;
    let wide = usize::from(buffer.area.width).max(1);
    for y in rows {
        let at = usize::from(y.saturating_sub(buffer.area.y)) * wide;
        let Some(cells) = buffer.content.get(at..at + wide) else { continue };
        queue!(backend, SetAttribute(Attribute::Reset), MoveTo(buffer.area.x, *y), Clear(ClearType::UntilNewLine))?;
        for run in runs(cells) {
            backend.draw(run.into_iter().map(|(x, cell)| (buffer.area.x + x, *y, cell)))?;
        }
    }
    queue!(backend, RestorePosition)
}

/// The cells of a row that are drawn one after the other; the terminal is told anew where it is after a doubtful one.
fn runs(cells: &[Cell]) -> Vec<Vec<(u16, &Cell)>> {
    let mut runs = vec![Vec::new()];
    let mut hidden = 0;
    for (x, cell) in (0..).zip(cells) {
        if hidden > 0 {
            hidden -= 1;
            continue;
        }
        hidden = text::width(cell.symbol()).saturating_sub(1);
        if let Some(run) = runs.last_mut() {
            run.push((x, cell));
        }
        if !text::is_agreed(cell.symbol()) {
            runs.push(Vec::new());
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Stylize as _;
    use ratatui::text::Line;
    use ratatui::{Terminal, TerminalOptions, Viewport};

    use super::*;
    use crate::paint;

    const SIZE: Rect = Rect { x: 0, y: 0, width: 24, height: 3 };

    /// A terminal with an opinion of its own on how wide a doubtful sign is.
    struct Opinion {
        cells: Vec<Vec<String>>,
        at: (usize, usize),
        kept: (usize, usize),
        doubtful: usize,
    }

    impl Opinion {
        fn new(doubtful: usize) -> Self {
            let row = vec![" ".to_owned(); SIZE.width.into()];
            Self { cells: vec![row; SIZE.height.into()], at: (0, 0), kept: (0, 0), doubtful }
        }

        /// A sign; it never goes on in the next row.
        fn put(&mut self, sign: char) {
            let columns = if text::is_agreed(sign.encode_utf8(&mut [0; 4])) {
                text::width(sign.encode_utf8(&mut [0; 4]))
            } else {
                self.doubtful
            };
            let (x, y) = self.at;
            let last = usize::from(SIZE.width) - 1;
            for column in 0..columns {
                let at = (x + column).min(last);
                self.cells[y][at] = if column == 0 { sign.to_string() } else { "<".to_owned() };
            }
            if self.cells[y].get(x + columns).is_some_and(|next| next == "<") {
                self.cells[y][x + columns] = " ".to_owned();
            }
            self.at.0 = (x + columns).min(last);
        }

        fn hear(&mut self, bytes: &[u8]) {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let mut chars = text.chars();
            while let Some(c) = chars.next() {
                if c != '\x1b' {
                    self.put(c);
                    continue;
                }
                match chars.next() {
                    Some('7') => self.kept = self.at,
                    Some('8') => self.at = self.kept,
                    Some('[') => {
                        let mut numbers = String::new();
                        let end = loop {
                            match chars.next().unwrap() {
                                end if end.is_ascii_alphabetic() => break end,
                                c => numbers.push(c),
                            }
                        };
                        let mut number = numbers.split(';').map(|n| n.parse::<usize>().unwrap_or(1));
                        match end {
                            'H' => {
                                let (y, x) = (number.next().unwrap_or(1), number.next().unwrap_or(1));
                                self.at = (x - 1, y - 1);
                            }
                            'K' => self.cells[self.at.1][self.at.0..].fill(" ".to_owned()),
                            'J' => self.cells.iter_mut().for_each(|row| row.fill(" ".to_owned())),
                            _ => {}
                        }
                    }
                    _ => {}
                }
            }
        }

        fn shown(&self) -> Vec<String> {
            self.cells.iter().map(|row| row.concat()).collect()
        }
    }

    /// What was written, to be taken from outside.
    #[derive(Clone, Default)]
    struct Written(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a terminal shows after these frames, each of three lines.
    fn shown(doubtful: usize, frames: &[[&str; 3]]) -> Vec<String> {
        let options = TerminalOptions { viewport: Viewport::Fixed(SIZE) };
        let written = Written::default();
        let mut terminal = Terminal::with_options(CrosstermBackend::new(written.clone()), options).unwrap();
        let (mut opinion, mut rows) = (Opinion::new(doubtful), Rows::default());
        for lines in frames {
            let lines: Vec<Line<'_>> = lines.iter().map(|line| Line::raw(*line).bold()).collect();
            let frame = terminal
                .draw(|frame| {
                    paint::lines(frame.buffer_mut(), &lines, SIZE);
                    paint::mend(frame.buffer_mut());
                })
                .unwrap();
            let (buffer, again) = (frame.buffer.clone(), rows.tell(frame.buffer));
            draw(terminal.backend_mut(), &buffer, &again).unwrap();
            opinion.hear(&written.0.take());
        }
        opinion.shown()
    }

    #[test]
    fn nothing_of_a_doubtful_sign_stays_whatever_the_terminal_thinks_of_its_width() {
        let strange = ["🇷🇺 нет звука 🇰🇿 ok", "नमस्ते क्षेत्र नि", "a\u{200c}b 👩\u{200d}💻 konец 日"];
        let plain = ["one", "", "three"];
        let other = ["│ 🇷🇺 x", "plain", "e\u{301}e\u{301} 👩 конец"];
        for doubtful in 0..4 {
            for frames in [
                vec![strange, plain],
                vec![plain, strange, plain],
                vec![strange, other],
                vec![plain, other, strange],
                vec![strange, strange, other, plain],
            ] {
                let last = *frames.last().unwrap();
                assert_eq!(shown(doubtful, &frames), shown(doubtful, &[last]), "{doubtful} columns: {frames:?}");
            }
        }
    }

    #[test]
    fn a_row_that_did_not_change_is_not_drawn_again() {
        let mut rows = Rows::default();
        let first = Buffer::with_lines(["नमस्ते", "plain"]);
        assert_eq!(rows.tell(&first), [0]);
        assert_eq!(rows.tell(&first), [] as [u16; 0]);
        assert_eq!(rows.tell(&Buffer::with_lines(["नमस्", "other"])), [0]);
        assert_eq!(rows.tell(&Buffer::with_lines(["plain", "other"])), [0]);
        assert_eq!(rows.tell(&Buffer::with_lines(["other", "plain"])), [] as [u16; 0]);
    }
}
