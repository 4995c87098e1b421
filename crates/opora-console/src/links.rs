//! Links in messages: found in what a ticket says, then in the frame that was drawn, so that the terminal can be told
//! where they are. Pure.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::Model;

/// The most characters of a link, and the most links of a ticket: what is more is only text.
const LONGEST: usize = 2_000;
const MOST: usize = 200;

/// A part of a link on the screen: one row of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) x: u16,
    pub(crate) y: u16,
    /// As it is drawn; ASCII, a column each.
    pub(crate) text: String,
    pub(crate) style: Style,
    /// All of the link.
    pub(crate) url: String,
    /// Which link of the frame it is: parts of one have the same.
    pub(crate) id: usize,
}

/// The links of a text: `http://` or `https://`, ASCII, without what closes a sentence.
pub(crate) fn of_text(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("http") {
        let from = rest.get(at..).unwrap_or_default();
        let end = from.find(|c: char| !c.is_ascii_graphic() || "<>\"`{}|\\^".contains(c)).unwrap_or(from.len());
        let url = from.get(..end).unwrap_or_default().trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*']);
        // A bracket closes a link only where it was opened within.
        let count = |which: [char; 2]| url.chars().filter(|c| which.contains(c)).count();
        let closes = count([')', ']']) > count(['(', '[']);
        let url = url.strip_suffix([')', ']']).filter(|_| closes).unwrap_or(url);
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        if host.is_some_and(|host| host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['))
            && url.len() <= LONGEST
        {
            found.push(url);
        }
        rest = from.get(url.len().max(4)..).unwrap_or_default();
    }
    found
}

/// The parts of links that a drawn frame shows in the ticket's pane.
pub(crate) fn on_screen(model: &Model, buffer: &Buffer, area: Rect) -> Vec<Part> {
    let Some(loaded) = model.subject().and_then(|row| model.details.ready(row.number)) else { return Vec::new() };
    let texts = std::iter::once(&loaded.ticket.description).chain(loaded.comments.iter().map(|c| &c.body));
    let mut urls: Vec<&str> = texts.flat_map(|text| of_text(text)).take(MOST).collect();
    // The longest first: one may begin as another does.
    urls.sort_by_key(|url| (std::cmp::Reverse(url.len()), *url));
    urls.dedup();
    if urls.is_empty() {
        return Vec::new();
    }
    find(buffer, area, &urls)
}

fn find(buffer: &Buffer, area: Rect, urls: &[&str]) -> Vec<Part> {
    let rows: Vec<Vec<&str>> = (area.y..area.y + area.height)
        .map(|y| (area.x..area.x + area.width).map(|x| buffer.cell((x, y)).map_or(" ", |cell| cell.symbol())).collect())
        .collect();
    let mut parts = Vec::new();
    let mut id = 0;
    for (y, row) in rows.iter().enumerate() {
        let mut x = 0;
        while x < row.len() {
            // One that is all there rather than one that goes on below.
            let begins = (row.get(x) == Some(&"h")).then(|| {
                let found = || urls.iter().filter_map(|url| Some((url, matched(&rows, x, y, url)?)));
                let whole = |(url, pieces): &(&&str, Vec<(usize, usize, String)>)| {
                    pieces.iter().map(|(_, _, text)| text.len()).sum::<usize>() == url.len()
                };
                found().find(whole).or_else(|| found().next())
            });
            let Some((url, pieces)) = begins.flatten() else {
                x += 1;
                continue;
            };
            id += 1;
            x += pieces.first().map_or(1, |(_, _, text)| text.len());
            parts.extend(pieces.into_iter().map(|(column, line, text)| {
                let (x, y) = (area.x + column as u16, area.y + line as u16);
                let style = buffer.cell((x, y)).map_or(Style::new(), ratatui::buffer::Cell::style);
                Part { x, y, text, style, url: (*url).to_owned(), id }
            }));
        }
    }
    parts
}

/// Where the parts of a link are that begins at a place: the column, the row and the text of each. A link that is too
/// long for its row goes on at the first letter of the next one; below the pane it ends.
fn matched(rows: &[Vec<&str>], x: usize, y: usize, url: &str) -> Option<Vec<(usize, usize, String)>> {
    let mut pieces = Vec::new();
    let (mut x, mut y, mut rest) = (x, y, url);
    while let Some(row) = rows.get(y) {
        let cells = row.get(x..).unwrap_or_default();
        let same = cells.iter().zip(rest.chars()).take_while(|(cell, c)| cell.chars().eq([*c])).count();
        let ends_here = cells.get(same).is_none_or(|cell| cell.trim().is_empty());
        if same == 0 || (same < rest.len() && !ends_here) {
            return None;
        }
        pieces.push((x, y, rest.get(..same)?.to_owned()));
        rest = rest.get(same..)?;
        if rest.is_empty() {
            return Some(pieces);
        }
        y += 1;
        x = rows.get(y).and_then(|row| row.iter().position(|cell| !cell.trim().is_empty())).unwrap_or_default();
    }
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn links_are_found_in_a_text_without_what_closes_the_sentence() {
        let text = "См. https://example.com/a?b=1#c, и (http://example.org/x_(y)). Не http: и не https://. «https://example.com/я»";
        assert_eq!(of_text(text), ["https://example.com/a?b=1#c", "http://example.org/x_(y)", "https://example.com/"]);
        assert_eq!(of_text("[https://example.com]"), ["https://example.com"]);
        assert!(of_text("https://\u{1b}]8;;").is_empty());
    }

    fn drawn(lines: &[&str]) -> (Buffer, Rect) {
        let buffer = Buffer::with_lines(lines.iter().copied());
        let area = buffer.area;
        (buffer, area)
    }

    #[test]
    fn a_link_that_goes_over_rows_is_one_link_with_its_whole_address() {
        let (buffer, area) = drawn(&["  Да: https://example", "  .com/abc, посмотрите", "  https://example.com "]);
        let parts = find(&buffer, area, &["https://example.com/abc", "https://example.com"]);
        let seen: Vec<_> = parts.iter().map(|p| (p.x, p.y, p.text.as_str(), p.url.as_str(), p.id)).collect();
        assert_eq!(
            seen,
            [
                (6, 0, "https://example", "https://example.com/abc", 1),
                (2, 1, ".com/abc", "https://example.com/abc", 1),
                (2, 2, "https://example.com", "https://example.com", 2),
            ]
        );
    }

    #[test]
    fn what_only_looks_like_a_link_of_the_ticket_is_none() {
        let (buffer, area) = drawn(&["https://example.net/x", "hhttps://example.com"]);
        let parts = find(&buffer, area, &["https://example.com"]);
        assert_eq!(parts.iter().map(|p| (p.x, p.y)).collect::<Vec<_>>(), [(1, 1)]);
    }

    proptest! {
        #[test]
        fn a_link_has_nothing_that_a_terminal_would_obey(text in "(http|https)(://)?\\PC{0,30}[\\x00-\\x20\u{9c}]?\\PC{0,9}") {
            for url in of_text(&text) {
                prop_assert!(url.bytes().all(|b| b.is_ascii_graphic()));
                prop_assert!(text.contains(url));
            }
        }

        #[test]
        fn every_part_is_what_the_screen_shows(lines in prop::collection::vec("[ htps:/.xy]{0,24}", 1..5)) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let (buffer, area) = drawn(&lines);
            for part in find(&buffer, area, &["https://x.y", "http://x"]) {
                for (i, c) in part.text.chars().enumerate() {
                    let cell = &buffer[(part.x + i as u16, part.y)];
                    prop_assert_eq!(cell.symbol(), c.to_string());
                }
            }
        }
    }
}
