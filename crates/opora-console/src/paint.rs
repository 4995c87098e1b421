//! Lines put on the frame, and its borders, for what is drawn with every key. Most texts are plain signs of one column
//! each: those need no search for graphemes and no tables of widths. All others go the library's way, as does what is
//! drawn seldom: dialogs and the other screens are the library's paragraphs and blocks.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::border;
use ratatui::text::Line;

use crate::text;

/// Puts lines one under the other, as far as they fit. They stand at the left, whatever they say of it.
pub(crate) fn lines(buffer: &mut Buffer, lines: &[Line<'_>], area: Rect) {
    for (line, y) in lines.iter().zip(area.top()..area.bottom()) {
        self::line(buffer, line, Rect { y, height: 1, ..area });
    }
}

/// Puts a line on the first row of an area.
pub(crate) fn line(buffer: &mut Buffer, line: &Line<'_>, area: Rect) {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    let mut x = area.left();
    for span in &line.spans {
        let room = area.right().saturating_sub(x);
        if room == 0 {
            return;
        }
        let style = line.style.patch(span.style);
        let plain = text::simple_width(&span.content);
        x = if plain.is_some() {
            simple(buffer, &span.content, Rect { x, width: room, ..area }, style)
        } else {
            buffer.set_stringn(x, area.y, &span.content, usize::from(room), style).0
        };
        // What is too wide ends the line, whatever narrow sign comes after it.
        if plain.unwrap_or_else(|| text::width(&span.content)) > usize::from(room) {
            return;
        }
    }
}

/// Puts plain signs on a row that lies within the buffer; gives the column after them.
fn simple(buffer: &mut Buffer, text: &str, row: Rect, style: Style) -> u16 {
    let at = buffer.index_of(row.x, row.y);
    let cells = buffer.content.iter_mut().skip(at).take(usize::from(row.width));
    let mut x = row.x;
    for (cell, c) in cells.zip(text.chars()) {
        // Half of a frame is empty, and is so before.
        if c != ' ' || cell.symbol() != " " {
            cell.set_char(c);
        }
        cell.set_style(style);
        x += 1;
    }
    x
}

/// A border with a title at its left and one at its right; gives what it holds.
pub(crate) fn border(buffer: &mut Buffer, area: Rect, style: Style, left: &Line<'_>, right: Option<&Line<'_>>) -> Rect {
    let area = area.intersection(buffer.area);
    let inner = area.inner(ratatui::layout::Margin::new(1, 1));
    if area.width < 2 || area.height < 2 {
        return inner;
    }
    let set = border::PLAIN;
    let (last_x, last_y) = (area.right() - 1, area.bottom() - 1);
    for y in [area.y, last_y] {
        let (from, to) = if y == area.y { (set.top_left, set.top_right) } else { (set.bottom_left, set.bottom_right) };
        let middle = set.horizontal_top.repeat(usize::from(area.width - 2));
        let words = format!("{from}{middle}{to}");
        simple(buffer, &words, Rect { y, height: 1, ..area }, style);
    }
    for y in area.y + 1..last_y {
        for x in [area.x, last_x] {
            simple(buffer, set.vertical_left, Rect { x, y, width: 1, height: 1 }, style);
        }
    }
    let top = Rect { x: area.x + 1, y: area.y, width: area.width - 2, height: 1 };
    line(buffer, left, top);
    if let Some(right) = right {
        let wide = (right.width() as u16).min(top.width);
        line(buffer, right, Rect { x: top.right() - wide, width: wide, ..top });
    }
    inner
}

/// Takes away the halves of wide signs that something else was drawn over: the terminal would show neither.
pub(crate) fn mend(buffer: &mut Buffer) {
    let wide = usize::from(buffer.area.width).max(1);
    for row in buffer.content.chunks_mut(wide) {
        for x in 0..row.len() {
            let columns = match row.get(x).map(ratatui::buffer::Cell::symbol) {
                Some(symbol) if symbol.len() > 1 => text::width(symbol),
                _ => continue,
            };
            let rest = row.get(x + 1..x + columns.max(1));
            let whole = rest.is_some_and(|rest| rest.iter().all(|cell| cell.symbol() == " "));
            if let Some(cell) = row.get_mut(x).filter(|_| !whole) {
                cell.set_symbol(" ");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::style::Stylize as _;
    use ratatui::widgets::{Block, Paragraph, Widget as _};

    use super::*;

    /// Texts as they come: plain ones, and ones with wide, joined and combining signs.
    fn texts() -> impl Strategy<Value = String> {
        prop_oneof!["[ -~а-яА-ЯёЁ─▌…→№«»]{0,40}", "\\PC{0,20}", "[a-zа-я日本語e\u{301}👩\u{200d}💻\u{fe0f}#]{0,20}"]
    }

    #[test]
    fn half_of_a_wide_sign_is_none() {
        let mut buffer = Buffer::with_lines(["日本語a", "日本  日"]);
        buffer[(1, 0)].set_symbol("│");
        buffer[(2, 1)].set_symbol("│");
        mend(&mut buffer);
        let row = |y: u16| (0..7).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        assert_eq!(row(0), " │本 語 a");
        assert_eq!(row(1), "日 │   日", "what ends at the edge is whole");
    }

    proptest! {
        #[test]
        fn lines_are_put_as_the_library_puts_them(
            texts in proptest::collection::vec((texts(), texts()), 1..5),
            // In a single column the library leaves out what is too wide for it, and goes on.
            width in prop_oneof![Just(0_u16), 2_u16..50],
            height in 0_u16..5,
            x in 0_u16..3,
        ) {
            let all: Vec<Line<'_>> = texts
                .iter()
                .map(|(a, b)| Line::from(vec![a.as_str().bold(), b.as_str().red()]).on_blue())
                .collect();
            let area = Rect { x, y: 1, width, height };
            let whole = Rect::new(0, 0, 60, 8);
            let (mut ours, mut theirs) = (Buffer::empty(whole), Buffer::empty(whole));
            lines(&mut ours, &all, area);
            Paragraph::new(all).render(area, &mut theirs);
            let shown = |buffer: &Buffer| -> Vec<_> {
                // What stands under the second half of a wide sign is not drawn.
                let mut hidden = 0_usize;
                buffer.content.iter().map(|cell| {
                    if hidden > 0 {
                        hidden -= 1;
                        return None;
                    }
                    hidden = text::width(cell.symbol()).saturating_sub(1);
                    Some(cell.clone())
                }).collect()
            };
            prop_assert_eq!(shown(&ours), shown(&theirs));
        }

        #[test]
        fn a_border_is_the_librarys(
            width in 2_u16..30,
            height in 2_u16..6,
            title in "[a-zа-я]{0,30}",
            right in "[a-zа-я]{0,30}",
        ) {
            let whole = Rect::new(0, 0, 40, 8);
            let area = Rect { x: 2, y: 1, width, height };
            let (mut ours, mut theirs) = (Buffer::empty(whole), Buffer::empty(whole));
            // One that is too wide is not cut as the library cuts it.
            let room = usize::from(width - 2);
            let (left, right) = (Line::raw(title).bold(), Line::raw(text::cut(&right, room)).red());
            let inner = border(&mut ours, area, Style::new().blue(), &left, Some(&right));
            let block = Block::bordered().border_style(Style::new().blue()).title(left.clone()).title(right.right_aligned());
            prop_assert_eq!(inner, block.inner(area));
            block.render(area, &mut theirs);
            prop_assert_eq!(ours, theirs);
        }
    }
}
