//! Links told to the terminal (OSC 8) after a frame was drawn: cells know no links, so those that are parts of one are
//! drawn again between the marks, and those that are no longer without them. Only what changed is.

use std::io::{self, Write};

use crossterm::cursor::{RestorePosition, SavePosition};
use crossterm::queue;
use crossterm::style::Print;
use ratatui::backend::{Backend as _, CrosstermBackend};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Margin;

use super::osc;
use crate::layout::{layout, screen};
use crate::links::{self, Part};
use crate::model::Model;

/// Cells to be drawn again, with what is told before them; empty: they are no part of a link.
type Again = Vec<(String, Vec<(u16, u16, Cell)>)>;

/// The links that the terminal knows of.
#[derive(Debug, Default)]
pub(crate) struct Linked(Vec<Part>);

impl Linked {
    /// Whole rows are drawn anew: no link is told on them any more.
    pub(crate) fn erased(&mut self, rows: &[u16]) {
        self.0.retain(|part| !rows.contains(&part.y));
    }

    /// What has to be drawn again after this frame.
    pub(crate) fn tell(&mut self, model: &Model, buffer: &Buffer) -> Again {
        let pane = layout(model, screen(model)).detail.filter(|_| model.settings.links);
        let shown = pane.map_or_else(Vec::new, |area| {
            links::on_screen(model, buffer, area.inner(Margin::new(1, 1)).intersection(buffer.area))
        });
        let before = std::mem::replace(&mut self.0, shown);
        changed(buffer, &before, &self.0)
    }
}

/// First what is a link no more, then what is one now.
fn changed(buffer: &Buffer, before: &[Part], now: &[Part]) -> Again {
    let cells = |part: &Part| -> Vec<(u16, u16, Cell)> {
        let columns = part.x..part.x.saturating_add(part.text.len() as u16);
        columns.filter_map(|x| Some((x, part.y, buffer.cell((x, part.y))?.clone()))).collect()
    };
    let gone = before.iter().filter(|part| !now.contains(part)).map(|part| (String::new(), cells(part)));
    let fresh = now.iter().filter(|part| !before.contains(part));
    gone.chain(fresh.map(|part| (osc::link_begin(&part.url, part.id), cells(part)))).collect()
}

/// Draws cells again.
///
/// # Errors
/// What the terminal refused.
pub(crate) fn draw<W: Write>(backend: &mut CrosstermBackend<W>, again: Again) -> io::Result<()> {
    if again.is_empty() {
        return Ok(());
    }
    queue!(backend, SavePosition)?;
    for (begin, cells) in again {
        queue!(backend, Print(&begin))?;
        backend.draw(cells.iter().map(|(x, y, cell)| (*x, *y, cell)))?;
        if !begin.is_empty() {
            queue!(backend, Print(osc::LINK_END))?;
        }
    }
    queue!(backend, RestorePosition)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    fn part(x: u16, text: &str) -> Part {
        let url = format!("https://example.com/{text}");
        Part { x, y: 0, text: text.to_owned(), style: Style::new(), url, id: 1 }
    }

    fn written(before: &[Part], now: &[Part]) -> String {
        let buffer = Buffer::with_lines(["abcdef"]);
        let mut out = Vec::new();
        draw(&mut CrosstermBackend::new(&mut out), changed(&buffer, before, now)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_link_is_told_once_and_taken_back_where_it_is_none_any_more() {
        let told = written(&[], &[part(1, "bc")]);
        let at = |text: &str| told.find(text).unwrap_or_else(|| panic!("no {text:?} in {told:?}"));
        assert!(at("\x1b]8;id=opora1;https://example.com/bc\x1b\\") < at("bc\x1b[") || told.contains("bc"));
        assert!(at("\x1b7") < at("\x1b]8;;\x1b\\") && at("\x1b]8;;\x1b\\") < at("\x1b8"));
        assert_eq!(written(&[part(1, "bc")], &[part(1, "bc")]), "", "nothing changed");
        let gone = written(&[part(1, "bc")], &[]);
        assert!(gone.contains("bc") && !gone.contains("\x1b]8"), "{gone:?}");
    }
}
